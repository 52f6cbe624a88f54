//! Damage is an error with a position, or does not matter; it never changes what comes out.

use codec_suite::core::container::{Reader, read_indexes, recover};
use codec_suite::core::{Budget, Error};
use std::io::Cursor;

use crate::vectors::vectors;

/// Decodes a damaged file and says whether it gave back something else than an error or `content`.
fn is_harmless(file: &[u8], content: &[u8]) -> bool {
    match codec_suite::decode(file) {
        Ok(decoded) => decoded == content,
        Err(Error::Corrupt { at, .. }) => at <= file.len() as u64,
        Err(Error::Unsupported(_) | Error::Limit { .. }) => true,
        Err(_) => false,
    }
}

/// Places of a file to damage: all of them in a small file; in a large one both ends, where the
/// structure is, and a sample of the rest.
fn places(len: usize) -> impl Iterator<Item = usize> {
    (0..len).filter(move |at| len < 4096 || *at < 600 || *at + 600 > len || at % 997 == 0)
}

#[test]
fn a_flipped_bit_is_an_error_or_does_not_matter() {
    for vector in vectors() {
        for at in places(vector.file.len()) {
            let ends = at < 100 || at + 60 > vector.file.len();
            for bit in if ends { 0..8 } else { at % 8..at % 8 + 1 } {
                let mut file = vector.file.clone();
                file[at] ^= 1 << bit;
                assert!(
                    is_harmless(&file, &vector.content),
                    "{} byte {at}.{bit}",
                    vector.name
                );
            }
        }
    }
}

#[test]
fn a_truncated_file_is_an_error() {
    for vector in vectors() {
        for len in places(vector.file.len()) {
            let result = codec_suite::decode(&vector.file[..len]);
            // A cut between two concatenated streams leaves a whole file.
            let whole = result
                .as_ref()
                .is_ok_and(|decoded| vector.content.starts_with(decoded));
            let error = matches!(result, Err(Error::Corrupt { at, .. }) if at <= len as u64);
            assert!(
                error || (whole && vector.streams > 1),
                "{} at {len}",
                vector.name
            );
        }
    }
}

#[test]
fn trailing_garbage_is_an_error_at_its_position() {
    for vector in vectors() {
        let file = [&vector.file[..], b"garbage"].concat();
        let at = vector.file.len() as u64;
        let result = codec_suite::decode(&file);
        assert!(matches!(result, Err(Error::Corrupt { at: found, .. }) if found == at));
    }
}

#[test]
fn random_access_agrees_with_reading_or_reports_the_damage() {
    for vector in vectors() {
        let streams = read_indexes(&mut Cursor::new(&vector.file)).unwrap();
        let total: u64 = streams.iter().map(|stream| stream.content_len()).sum();
        assert_eq!(total, vector.content.len() as u64);
        for at in places(vector.file.len()) {
            let mut file = vector.file.clone();
            file[at] ^= 1 << (at % 8);
            // Frames are not read, so damage within them is not found here; nothing may panic.
            if let Ok(streams) = read_indexes(&mut Cursor::new(&file)) {
                assert!(!streams.is_empty());
            }
        }
    }
}

#[test]
fn recover_saves_every_frame_but_the_damaged_one() {
    let content: Vec<u8> = (0..300_000u32)
        .flat_map(|n| (n / 7).to_le_bytes())
        .collect();
    let whole = codec_suite::encode(&content, "zstd", &[("block", "65536")]).unwrap();
    let streams = read_indexes(&mut Cursor::new(&whole)).unwrap();
    let stream = &streams[0];
    for damaged in 0..stream.entries.len() {
        let before = &stream.entries[..damaged];
        let frame_at =
            stream.first_frame_at + before.iter().map(|entry| entry.frame_len).sum::<u64>();
        let content_at: u64 = before.iter().map(|entry| entry.content_len).sum();
        let content_end = content_at + stream.entries[damaged].content_len;
        for offset in [0, 6, stream.entries[damaged].frame_len - 1] {
            let mut file = whole.clone();
            file[(frame_at + offset) as usize] ^= 0x10;
            assert!(codec_suite::decode(&file).is_err());
            let mut saved = Vec::new();
            let report = recover(&mut Cursor::new(&file), &mut saved).unwrap();
            assert_eq!(report.frames as usize, stream.entries.len() - 1);
            assert!(!report.gaps.is_empty());
            let expected = [
                &content[..content_at as usize],
                &content[content_end as usize..],
            ]
            .concat();
            assert!(codec_suite::decode(&saved).unwrap() == expected);
        }
    }
}

#[test]
fn recover_finds_the_header_in_the_index() {
    let content: Vec<u8> = (0..100_000u32)
        .flat_map(|n| (n / 3).to_le_bytes())
        .collect();
    let mut file = codec_suite::encode(&content, "gzip", &[("block", "65536")]).unwrap();
    file[3] ^= 1;
    assert!(codec_suite::decode(&file).is_err());
    let mut saved = Vec::new();
    let report = recover(&mut Cursor::new(&file), &mut saved).unwrap();
    assert_eq!(report.content_bytes, content.len() as u64);
    assert_eq!(codec_suite::decode(&saved).unwrap(), content);
}

#[test]
fn recover_of_an_intact_file_reports_no_gap() {
    for vector in vectors() {
        let mut saved = Vec::new();
        let report = recover(&mut Cursor::new(&vector.file), &mut saved).unwrap();
        assert_eq!(report.gaps, [], "{}", vector.name);
        assert_eq!(codec_suite::decode(&saved).unwrap(), vector.content);
    }
}

#[test]
fn an_empty_input_is_not_a_stream() {
    let mut reader = Reader::new(&[][..], &Budget::default());
    assert!(matches!(
        reader.next_stream(),
        Err(Error::Corrupt { at: 0, .. })
    ));
}
