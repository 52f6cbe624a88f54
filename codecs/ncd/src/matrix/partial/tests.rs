//! Parts that are cut off, damaged, foreign or missing.

use super::*;
use std::io::Cursor;

fn header(n: usize, shard: &str) -> Header {
    let names: Vec<String> = (0..n).map(|i| format!("item {i}")).collect();
    Header {
        items: items_hash(names.iter().map(|name| (name.as_str(), &b"content"[..]))),
        names,
        measure: "ncd gzip level=9".to_owned(),
        order: Order::Upper,
        shard: shard.parse().unwrap(),
    }
}

fn values(tile: &Tile) -> Vec<f32> {
    tile.targets()
        .map(|column| 1.0 / (tile.row * 31 + column) as f32)
        .collect()
}

/// Computes at most `tiles` more tiles of the file.
fn go_on(file: &mut Cursor<Vec<u8>>, header: &Header, tiles: usize) -> Result<usize> {
    let (mut writer, done) = Writer::resume(file, header)?;
    for tile in header.plan().shard(header.shard).skip(done).take(tiles) {
        writer.record(&tile, &values(&tile))?;
    }
    Ok(done)
}

fn whole(header: &Header) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    go_on(&mut file, header, usize::MAX).unwrap();
    file.into_inner()
}

#[test]
fn a_file_cut_anywhere_resumes_to_the_same_bytes() {
    let header = header(12, "1/2");
    let bytes = whole(&header);
    for cut in 0..=bytes.len() {
        let mut file = Cursor::new(bytes[..cut].to_vec());
        go_on(&mut file, &header, usize::MAX).unwrap();
        assert!(file.into_inner() == bytes, "cut at {cut}");
    }
}

#[test]
fn every_flipped_byte_is_recognised_and_nothing_is_written() {
    let header = header(6, "1/1");
    let bytes = whole(&header);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(read(&damaged[..]).is_err(), "byte {at}");
        let mut file = Cursor::new(damaged.clone());
        let error = go_on(&mut file, &header, usize::MAX).unwrap_err();
        assert!(
            matches!(error, Error::Corrupt { .. } | Error::Unsupported(_)),
            "byte {at}: {error}"
        );
        assert_eq!(file.into_inner(), damaged);
    }
    let error = read(&[&bytes[..], b"x"].concat()[..]).unwrap_err();
    assert!(matches!(error, Error::Corrupt { at, .. } if at == bytes.len() as u64));
}

#[test]
fn a_part_of_another_matrix_is_refused_with_the_reason() {
    let own = header(6, "1/2");
    for (change, reason) in [
        (
            Header {
                measure: "cdm".into(),
                ..own.clone()
            },
            "another measure: cdm",
        ),
        (
            Header {
                items: 1,
                ..own.clone()
            },
            "other content",
        ),
        (
            Header {
                order: Order::Mean,
                ..own.clone()
            },
            "--symmetric",
        ),
        (header(7, "1/2"), "7 items"),
        (header(6, "2/2"), "shard 2/2, not 1/2"),
        (header(6, "1/3"), "one of 3 shards"),
    ] {
        let mut file = Cursor::new(whole(&change));
        let before = file.get_ref().clone();
        let error = go_on(&mut file, &own, usize::MAX).unwrap_err();
        assert!(matches!(error, Error::Mismatch(_)));
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(file.into_inner(), before);
    }
}

#[test]
fn merging_wants_every_shard_once_and_whole() {
    let part = |shard: &str| read(&whole(&header(9, shard))[..]).unwrap();
    let whole_matrix = merge(vec![part("1/1")]).unwrap();
    let parts = ["3/4", "1/4", "4/4", "2/4"].map(part).to_vec();
    assert_eq!(merge(parts.clone()).unwrap(), whole_matrix);

    let text = |parts: Vec<_>| merge(parts).unwrap_err().to_string();
    assert!(text(parts[..3].to_vec()).contains("shard 2/4 is missing"));
    assert!(text(parts[1..3].to_vec()).contains("2 shards are missing: 2/4, 3/4"));
    assert!(text(vec![part("1/4"), part("2/3")]).contains("one of 3 shards, here of 4"));
    assert!(text([&parts[..], &[part("2/4")]].concat()).contains("2/4 is there twice"));
    let mut file = Cursor::new(Vec::new());
    go_on(&mut file, &header(9, "1/4"), 1).unwrap();
    let error = read(&file.get_ref()[..]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("shard 1/4 is not complete: 1 of")
    );
}

/// Found by fuzzing: the larger of both directions hid a negative one.
#[test]
fn a_tile_with_a_value_that_is_no_distance_is_corrupt() {
    let header = Header {
        order: Order::Larger,
        ..header(2, "1/1")
    };
    for value in [-2.0, f32::NAN, f32::INFINITY] {
        let mut file = Cursor::new(Vec::new());
        let (mut writer, _) = Writer::resume(&mut file, &header).unwrap();
        let start = writer.out.get_ref().len() as u64;
        for (tile, value) in header.plan().tiles().zip([value, 0.5]) {
            writer.record(&tile, &[value]).unwrap();
        }
        let error = read(&file.get_ref()[..]).unwrap_err();
        assert!(
            matches!(error, Error::Corrupt { at, .. } if at == start),
            "{error}"
        );
    }
}

#[test]
fn the_format_stays_as_it_is() {
    let bytes = whole(&header(3, "1/2"));
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let frozen = concat!(
        "894e4344504152540100000047000000969bc3f3d1ccae28010000000200000000100000006e6364",
        "20677a6970206c6576656c3d3903000000060000006974656d2030060000006974656d2031060000",
        "006974656d2032b838c1940000000001000000020000000000803f0000003fb2e049a7",
    );
    assert_eq!(hex, frozen);
}
