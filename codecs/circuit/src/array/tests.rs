//! What files come back as they were, and what is refused, with which message.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use codec_core::{Error, Result};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use image::ExtendedColorType;
use proptest::prelude::*;

use super::*;
use crate::Kind;

/// Parts the content, puts it together again, and checks that nothing has changed.
fn round_trip(content: &[u8]) -> ArrayParts {
    let parts = part(content).unwrap();
    assert!(recognises(&content[..6.min(content.len())]));
    let whole = whole(&parts.schema, &parts.records, &parts.rest, content.len()).unwrap();
    assert!(whole == content, "the content has changed");
    assert_eq!(parts.schema.len(), parts.records.width());
    assert!(
        parts
            .schema
            .variables
            .iter()
            .all(|variable| variable.symbols == 256 && variable.kind == Kind::Ordinal)
    );
    parts
}

fn idx_bytes(code: u8, extents: &[u32], values: &[u8]) -> Vec<u8> {
    let mut content = vec![0, 0, code, extents.len() as u8];
    for extent in extents {
        content.extend_from_slice(&extent.to_be_bytes());
    }
    content.extend_from_slice(values);
    content
}

/// A `.npy` file with that text for a header.
fn npy_of(version: u8, text: &str, values: &[u8]) -> Vec<u8> {
    let mut content = b"\x93NUMPY".to_vec();
    content.extend_from_slice(&[version, 0]);
    match version {
        1 => content.extend_from_slice(&(text.len() as u16).to_le_bytes()),
        _ => content.extend_from_slice(&(text.len() as u32).to_le_bytes()),
    }
    content.extend_from_slice(text.as_bytes());
    content.extend_from_slice(values);
    content
}

fn corrupt<T: std::fmt::Debug>(result: Result<T>) -> (u64, String) {
    match result {
        Err(Error::Corrupt { at, problem }) => (at, problem),
        other => panic!("expected a corrupt input, found {other:?}"),
    }
}

fn unsupported<T: std::fmt::Debug>(result: Result<T>) -> String {
    match result {
        Err(Error::Unsupported(problem)) => problem,
        other => panic!("expected something unsupported, found {other:?}"),
    }
}

/// One to four extents, the number of records first, and as many values of one byte.
fn arrays() -> impl Strategy<Value = (Vec<u32>, Vec<u8>)> {
    (0u32..6, prop::collection::vec(1u32..6, 0..4)).prop_flat_map(|(number, mut extents)| {
        extents.insert(0, number);
        let count = extents.iter().product::<u32>() as usize;
        (
            Just(extents),
            prop::collection::vec(any::<u8>(), count..=count),
        )
    })
}

/// Rows and columns of a picture, if the extents are those of pictures.
fn grid_of(extents: &[u32]) -> Option<(usize, usize)> {
    (extents.len() >= 3).then(|| (extents[1] as usize, extents[2] as usize))
}

proptest! {
    #[test]
    fn idx_comes_back((extents, values) in arrays(), code in prop::sample::select(vec![8u8, 9, 11])) {
        let values = if code == 11 { values.repeat(2) } else { values };
        let parts = round_trip(&idx_bytes(code, &extents, &values));
        prop_assert_eq!(parts.schema.grid, grid_of(&extents));
        prop_assert_eq!(parts.records.len(), extents[0] as usize);
        if code == 8 {
            prop_assert_eq!(parts.records.values(), &values[..]);
        }
    }

    #[test]
    fn npy_comes_back(
        (extents, values) in arrays(),
        descr in prop::sample::select(vec!["|u1", "|i1", "|b1", "u1", "<u2", ">u2", "<i2", ">i2"]),
        version in 1u8..4,
        [a, b, c] in prop::array::uniform3("[ \t\n]{0,4}"),
        keys in Just(vec![0, 1, 2]).prop_shuffle(),
    ) {
        let values = if descr.ends_with('2') { values.repeat(2) } else { values };
        let shape: String = extents.iter().map(|extent| format!("{a}{extent}{b},")).collect();
        let entries = [
            format!("'descr'{a}:{b}'{descr}'"),
            format!("\"fortran_order\"{c}:False{a}"),
            format!("{b}'shape':{c}({shape}{c})"),
        ];
        let entries: Vec<&str> = keys.iter().map(|key| entries[*key].as_str()).collect();
        let text = format!("{a}{{{}{b}}}{c}", entries.join(","));
        let parts = round_trip(&npy_of(version, &text, &values));
        prop_assert_eq!(parts.schema.grid, grid_of(&extents));
        prop_assert_eq!(parts.records.len(), extents[0] as usize);
        prop_assert_eq!(parts.rest.len(), text.len() + if version == 1 { 10 } else { 12 });
    }

    #[test]
    fn pictures_of_netpbm_come_back(
        colour in any::<bool>(),
        (rows, columns) in (1usize..7, 1usize..7),
        largest in prop::sample::select(vec![1, 9, 255, 256, 65535]),
        spaces in prop::array::uniform4("([ \t\r\n]|#[a-z 0-9]{0,5}\n){1,3}"),
        end in "([ \t\r\n]|#[a-z 0-9]{0,5}\n)",
        seed in any::<u8>(),
    ) {
        let per_pixel = if colour { 3 } else { 1 } * if largest > 255 { 2 } else { 1 };
        let [a, b, c, _] = spaces;
        let mark = if colour { 6 } else { 5 };
        let mut content = format!("P{mark}{a}{columns}{b}{rows}{c}{largest}{end}").into_bytes();
        content.extend((0..rows * columns * per_pixel).map(|i| seed.wrapping_add(i as u8)));
        let parts = round_trip(&content);
        prop_assert_eq!(parts.schema.grid, Some((rows, columns)));
        prop_assert_eq!(parts.schema.len(), rows * columns * per_pixel);
        prop_assert_eq!(parts.records.len(), 1);
        prop_assert_eq!(parts.records.record(0)[0], seed);
    }

    #[test]
    fn any_content_is_refused_or_comes_back(
        start in prop::sample::select(vec![
            &b""[..], b"\0\0\x08\x02", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00\x30\0\0\0{'descr':", b"P5 ", b"P6 2 2 ",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let content = [start, &bytes].concat();
        if part(&content).is_ok() {
            round_trip(&content);
        }
    }

    #[test]
    fn a_changed_file_is_refused_or_comes_back(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for content in [
            idx_bytes(8, &[2, 2, 3], &[7; 12]),
            npy_bytes(&[2, 2, 3], 2, &[7; 24]),
            b"P6\n2 2\n255\nabcdefghijkl".to_vec(),
        ] {
            let parts = part(&content).unwrap();
            let mut changed = content.clone();
            changed[at.index(content.len())] = byte;
            if part(&changed).is_ok() {
                round_trip(&changed);
            }
            // The same with the decoder, which knows only the header.
            let header = &changed[..parts.rest.len()];
            if let Ok(whole) = whole(&parts.schema, &parts.records, header, content.len()) {
                prop_assert_eq!(whole.len(), content.len());
            }
        }
    }

    #[test]
    fn written_npy_is_read(
        (extents, values) in arrays(),
        bytes_per_value in 1usize..3,
    ) {
        let values = values.repeat(bytes_per_value);
        let shape: Vec<usize> = extents.iter().map(|extent| *extent as usize).collect();
        let file = npy_bytes(&shape, bytes_per_value, &values);
        prop_assert_eq!((file.len() - values.len()) % 64, 0);
        let parts = round_trip(&file);
        prop_assert_eq!(parts.records.values(), &values[..]);
        prop_assert_eq!(parts.records.len(), shape[0]);
    }
}

#[test]
fn symbols_have_the_order_of_values() {
    // -1, 0 and 258, which is 0x0102.
    let values = [0xff, 0xff, 0, 0, 0x02, 0x01];
    let little = npy_of(
        1,
        "{'descr': '<i2', 'fortran_order': False, 'shape': (3,)}",
        &values,
    );
    let symbols = [0x7f, 0xff, 0x80, 0x00, 0x81, 0x02];
    assert_eq!(round_trip(&little).records.values(), symbols);
    let idx = idx_bytes(11, &[3], &[0xff, 0xff, 0, 0, 0x01, 0x02]);
    assert_eq!(round_trip(&idx).records.values(), symbols);
    assert_eq!(
        round_trip(&idx_bytes(9, &[2], &[0xff, 1])).records.values(),
        [127, 129]
    );
    let unsigned = little
        .iter()
        .map(|byte| if *byte == b'i' { b'u' } else { *byte });
    let unsigned: Vec<u8> = unsigned.collect();
    // No other letter i is in the header.
    assert_eq!(
        round_trip(&unsigned).records.values(),
        [0xff, 0xff, 0, 0, 1, 2]
    );
}

#[test]
fn labels_are_records_of_one_variable() {
    let parts = round_trip(&idx_bytes(8, &[4], &[3, 1, 4, 1]));
    assert_eq!((parts.schema.len(), parts.records.len()), (1, 4));
    assert_eq!(parts.schema.grid, None);
}

#[test]
fn no_records_come_back_and_empty_records_are_refused() {
    let parts = round_trip(&idx_bytes(8, &[0, 28, 28], &[]));
    assert_eq!((parts.schema.len(), parts.records.len()), (784, 0));
    for empty in [
        idx_bytes(8, &[5, 0, 28], &[]),
        npy_bytes(&[0, 0], 1, &[]),
        b"P5 0 7 255\n".to_vec(),
    ] {
        let problem = unsupported(part(&empty));
        assert!(problem.contains("without values"), "{problem}");
    }
}

#[test]
fn a_wrong_count_is_refused_with_the_first_wrong_byte() {
    let content = idx_bytes(8, &[2, 3, 4], &[0; 24]);
    assert_eq!(
        corrupt(part(&content[..39])),
        (
            39,
            "an array of [2, 3, 4] has 24 bytes of values after its header, but there are 23"
                .to_owned()
        )
    );
    let longer = [&content[..], b"abc"].concat();
    let (at, problem) = corrupt(part(&longer));
    assert_eq!(at, 40);
    assert!(
        problem.contains("24") && problem.contains("27"),
        "{problem}"
    );

    let npy = npy_bytes(&[2, 3], 2, &[0; 12]);
    assert_eq!(corrupt(part(&npy[..npy.len() - 1])).0, 139);
    let pgm = b"P5 2 2 255\nabcdP5 2 2 255\nabcd";
    assert_eq!(corrupt(part(pgm)).0, 15);
}

#[test]
fn every_header_that_ends_early_is_refused() {
    for (content, header) in [
        (idx_bytes(8, &[1, 2, 3], &[0; 6]), 16),
        (npy_bytes(&[1, 2, 3], 1, &[0; 6]), 128),
        (b"P5 3 2 255\nabcdef".to_vec(), 11),
    ] {
        assert_eq!(part(&content).unwrap().rest.len(), header);
        for len in 0..content.len() {
            match part(&content[..len]) {
                Err(Error::Corrupt { at, .. }) => assert_eq!(at, len as u64),
                Err(Error::Unsupported(_)) => assert!(!recognises(&content[..len])),
                other => panic!("{len} bytes: {other:?}"),
            }
        }
    }
}

#[test]
fn extents_whose_product_overflows_are_refused() {
    let most = u32::MAX;
    let problem = unsupported(part(&idx_bytes(8, &[most, most, most, most], &[0; 8])));
    assert!(problem.contains("at most 65536"), "{problem}");
    // 2^32 - 1 records of 65535 values are justified by nothing.
    let (at, problem) = corrupt(part(&idx_bytes(8, &[most, 65535], &[0; 8])));
    assert_eq!(at, 20);
    assert!(problem.contains("281470681677825 bytes"), "{problem}");
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (18446744073709551615, 65536)}";
    corrupt(part(&npy_of(1, text, &[0; 8])));
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (18446744073709551616, 1)}";
    assert!(corrupt(part(&npy_of(1, text, &[]))).1.contains("64 bits"));
    let huge = b"P5 99999999999999999999 1 255\n";
    assert!(corrupt(part(huge)).1.contains("64 bits"));
}

#[test]
fn records_of_too_many_variables_are_refused_with_their_number() {
    let problem = unsupported(part(&npy_bytes(&[1, 256, 257], 1, &[0; 256 * 257])));
    assert!(problem.contains("65792 variables"), "{problem}");
    let values = vec![0; 65536];
    assert_eq!(
        round_trip(&npy_bytes(&[1, 256, 256], 1, &values))
            .schema
            .len(),
        MOST_VALUES
    );
    let problem = unsupported(part(&npy_bytes(&[1, 128, 257], 2, &[0; 2 * 128 * 257])));
    assert!(problem.contains("16 bits"), "{problem}");
}

#[test]
fn other_types_and_shapes_are_refused_with_what_is_read() {
    let npy = |descr: &str, fortran: &str, shape: &str| {
        let text = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}}}");
        unsupported(part(&npy_of(1, &text, &[0; 8])))
    };
    let problem = npy("'<f4'", "False", "(2,)");
    assert!(
        problem.contains("\"<f4\"") && problem.contains("u2"),
        "{problem}"
    );
    assert!(npy("[('a', '|u1')]", "False", "(8,)").contains("several fields"));
    assert!(npy("'=u2'", "False", "(4,)").contains("=u2"));
    assert!(npy("'|u1'", "True", "(2, 4)").contains("C order"));
    assert!(npy("'|u1'", "False", "()").contains("1 to 4"));
    assert!(npy("'|u1'", "False", "(1, 1, 1, 1, 8)").contains("1 to 4"));
    let version = unsupported(part(&npy_of(4, "{}", &[])));
    assert!(version.contains("version 4.0"), "{version}");
    for (code, name) in [(12, "i32"), (13, "f32"), (14, "f64")] {
        let problem = unsupported(part(&idx_bytes(code, &[1], &[0; 8])));
        assert!(
            problem.contains(name) && problem.contains("i16"),
            "{problem}"
        );
    }
    assert!(unsupported(part(&idx_bytes(8, &[1; 5], &[0]))).contains("1 to 4"));
    assert!(unsupported(part(b"P4 8 1\n\0")).contains("neither IDX"));
    assert!(!recognises(b"P5"));
    assert!(!recognises(b"\0\0\x0a\x01"));
}

#[test]
fn headers_that_break_the_rules_are_refused_where_they_do() {
    let at = |text: &str| corrupt(part(&npy_of(1, text, &[0; 4]))).0 as usize - 10;
    assert_eq!(at("['descr']"), 0);
    assert_eq!(at("{'descr' '|u1'}"), 9);
    assert_eq!(at("{'descr': '|u1"), 10);
    assert_eq!(at("{'colour': 1}"), 1);
    assert_eq!(at("{'descr': '|u1', 'descr': '|u1'}"), 17);
    assert_eq!(at("{'fortran_order': false}"), 18);
    assert_eq!(at("{'shape': (4)}"), 9);
    assert_eq!(at("{'shape': (2 2,)}"), 13);
    assert_eq!(at("{'shape': (-1,)}"), 11);
    assert_eq!(at("{'shape': (,)}"), 11);
    assert_eq!(at("{'descr': '|u1', 'shape': (4,)}"), 31);
    assert_eq!(
        at("{'descr': '|u1', 'fortran_order': False, 'shape': (4,)} x"),
        56
    );
    assert_eq!(corrupt(part(b"P5 x 1 255\n")).0, 3);
    assert_eq!(corrupt(part(b"P5 1 1 255x")).0, 10);
    assert_eq!(corrupt(part(b"P5 1 1 0\n")).0, 7);
    assert_eq!(corrupt(part(b"P5 1 1 65536\n")).0, 7);
    assert_eq!(corrupt(part(b"P5 1 1 # never ends")).0, 19);
}

#[test]
fn parts_that_contradict_each_other_are_refused() {
    let content = idx_bytes(8, &[2, 3], b"abcdef");
    let ArrayParts {
        schema,
        records,
        rest,
    } = part(&content).unwrap();
    let len = content.len();
    let contradicts = |schema: &Schema, records: &Records, rest: &[u8], len, what: &str| {
        let (_, problem) = corrupt(whole(schema, records, rest, len));
        assert!(problem.contains(what), "{problem}");
    };
    contradicts(
        &schema,
        &records,
        &rest,
        len + 1,
        "expected 19 bytes of content, found 18",
    );
    contradicts(&schema, &records, &rest, usize::MAX, "bytes of content");
    contradicts(
        &schema,
        &records.range(0..1),
        &rest,
        len,
        "expected 1 records, found 2",
    );
    contradicts(
        &Schema::bytes(4),
        &records,
        &rest,
        len,
        "expected 4 variables, found 3",
    );
    let wider = Records::new(6, b"abcdef".to_vec());
    contradicts(&schema, &wider, &rest, len, "values a record");
    contradicts(
        &schema,
        &records,
        &[&rest[..], b"x"].concat(),
        len + 1,
        "bytes, found 12",
    );
    let claims = idx_bytes(8, &[u32::MAX, 3], &[]);
    contradicts(&schema, &records, &claims, len, "found 4294967295");
    assert!(whole(&schema, &records, b"", 6).is_err());
}

fn save(folder: &Path, name: &str, extent: (u32, u32), colour: ExtendedColorType, values: &[u8]) {
    let (columns, rows) = extent;
    image::save_buffer(folder.join(name), values, columns, rows, colour).unwrap();
}

#[test]
fn folders_of_pictures_become_records_and_arrays() {
    for (colour, per_pixel, bytes) in [
        (ExtendedColorType::L8, 1, 1),
        (ExtendedColorType::La8, 2, 1),
        (ExtendedColorType::Rgb8, 3, 1),
        (ExtendedColorType::Rgba8, 4, 1),
        (ExtendedColorType::L16, 2, 2),
        (ExtendedColorType::La16, 4, 2),
        (ExtendedColorType::Rgb16, 6, 2),
        (ExtendedColorType::Rgba16, 8, 2),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let width = 5 * 3 * per_pixel;
        let values = |number: usize| -> Vec<u8> {
            (0..width).map(|i| (i * 7 + number * 31) as u8).collect()
        };
        // The encoder takes 16-bit values in the byte order of the machine.
        let native = |number| -> Vec<u8> {
            let values = values(number);
            if bytes == 1 {
                return values;
            }
            let pairs = values.chunks_exact(2);
            pairs
                .flat_map(|pair| u16::from_be_bytes([pair[0], pair[1]]).to_ne_bytes())
                .collect()
        };
        for (number, name) in ["a.png", "b.png", "c.png"].into_iter().enumerate().rev() {
            save(folder.path(), name, (5, 3), colour, &native(number));
        }
        fs::write(folder.path().join(".hidden"), "no picture").unwrap();
        let pictures = read_folder(folder.path(), 10_000).unwrap();
        assert_eq!(pictures.names, ["a.png", "b.png", "c.png"]);
        assert_eq!(pictures.schema.grid, Some((3, 5)));
        assert_eq!(pictures.schema.len(), width);
        assert_eq!(pictures.bytes_per_value, bytes);
        for (number, record) in pictures.records.iter().enumerate() {
            assert_eq!(record, values(number), "{colour:?}");
        }
        let parts = round_trip(&pictures.to_npy());
        assert_eq!(parts.schema, pictures.schema);
        assert_eq!(parts.records, pictures.records);
    }
}

#[test]
fn folders_of_other_things_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let gray = ExtendedColorType::L8;
    match read_folder(path, 1000) {
        Err(Error::Usage(problem)) => assert!(problem.contains("no pictures"), "{problem}"),
        other => panic!("{other:?}"),
    }
    save(path, "a.png", (2, 3), gray, &[0; 6]);
    save(path, "b.png", (3, 2), gray, &[0; 6]);
    let problem = unsupported(read_folder(path, 1000));
    for part in [
        "b.png",
        "3 x 2 pixels of 8-bit gray",
        "2 x 3 pixels",
        "a.png",
    ] {
        assert!(problem.contains(part), "{problem}");
    }
    save(path, "b.png", (2, 3), ExtendedColorType::Rgb8, &[0; 18]);
    let problem = unsupported(read_folder(path, 1000));
    assert!(problem.contains("8-bit RGB"), "{problem}");

    save(path, "b.png", (300, 300), gray, &[0; 90_000]);
    let problem = unsupported(read_folder(path, 1 << 20));
    assert!(
        problem.contains("b.png") && problem.contains("90000"),
        "{problem}"
    );

    fs::write(path.join("b.png"), "no picture").unwrap();
    assert!(corrupt(read_folder(path, 1000)).1.contains("b.png"));
    let whole = fs::read(path.join("a.png")).unwrap();
    fs::write(path.join("b.png"), &whole[..whole.len() - 20]).unwrap();
    assert!(corrupt(read_folder(path, 1000)).1.contains("b.png"));
    fs::remove_file(path.join("b.png")).unwrap();

    fs::write(path.join("notes.txt"), "no picture").unwrap();
    let problem = unsupported(read_folder(path, 1000));
    assert!(problem.contains("notes.txt"), "{problem}");
    fs::remove_file(path.join("notes.txt")).unwrap();

    fs::write(path.join("c.pgm"), b"P5 2 3 255\n123456").unwrap();
    assert_eq!(
        read_folder(path, 1000).unwrap().records.record(1),
        b"123456"
    );
    assert!(matches!(
        read_folder(path, 11),
        Err(Error::Limit {
            needed: 12,
            allowed: 11,
            ..
        })
    ));
    fs::create_dir(path.join("d")).unwrap();
    assert!(unsupported(read_folder(path, 1000)).contains("found a folder"));
}

#[test]
fn records_are_read_from_packed_files_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let content = idx_bytes(8, &[2, 2, 2], b"abcdefgh");
    let (plain, packed) = (folder.path().join("a.idx"), folder.path().join("a.idx.gz"));
    fs::write(&plain, &content).unwrap();
    let mut encoder = GzEncoder::new(File::create(&packed).unwrap(), Compression::fast());
    encoder.write_all(&content).unwrap();
    encoder.finish().unwrap();
    let expected = part(&content).unwrap();
    for path in [&plain, &packed] {
        let (schema, records) = read_records(path, 24).unwrap();
        assert_eq!(
            (schema, records),
            (expected.schema.clone(), expected.records.clone())
        );
        assert!(matches!(
            read_records(path, 23),
            Err(Error::Limit { allowed: 23, .. })
        ));
    }
    let gzip = fs::read(&packed).unwrap();
    fs::write(&packed, &gzip[..gzip.len() - 9]).unwrap();
    assert!(corrupt(read_records(&packed, 24)).1.contains("a.idx.gz"));
    fs::write(&plain, &content[..20]).unwrap();
    let (at, problem) = corrupt(read_records(&plain, 24));
    assert!(at == 20 && problem.contains("a.idx"), "{problem}");
    match read_records(&folder.path().join("absent"), 24) {
        Err(error @ Error::Io { .. }) => assert!(error.to_string().contains("absent")),
        other => panic!("{other:?}"),
    }

    let pictures = tempfile::tempdir().unwrap();
    save(
        pictures.path(),
        "a.png",
        (2, 1),
        ExtendedColorType::L8,
        b"ab",
    );
    let (schema, records) = read_records(pictures.path(), 24).unwrap();
    assert_eq!((schema.grid, records.values()), (Some((1, 2)), &b"ab"[..]));
}

#[test]
fn the_files_of_mnist_come_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/images/mnist");
    for (name, shape) in [
        ("train-images-idx3-ubyte.gz", (60_000, 784)),
        ("train-labels-idx1-ubyte.gz", (60_000, 1)),
    ] {
        let Ok(packed) = File::open(folder.join(name)) else {
            eprintln!("skipped: {} is not there", folder.join(name).display());
            continue;
        };
        let mut content = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut content).unwrap();
        let parts = round_trip(&content);
        assert_eq!((parts.records.len(), parts.schema.len()), shape);
        let (schema, records) = read_records(&folder.join(name), 1 << 30).unwrap();
        assert_eq!((schema, records), (parts.schema, parts.records));
    }
}
