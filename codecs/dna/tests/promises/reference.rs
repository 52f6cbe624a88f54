//! Coding against a reference: the right one is needed to decode, and is told from others.

use std::sync::Arc;

use codec_core::{Error, Job, Media, Registry, decode_streams, encode_stream};
use codec_dna::{Dna, bases_of};

use crate::{bases, lines, params, reads};

fn job(reference: Option<&str>) -> Job {
    Job {
        reference: reference.map(|content| Arc::from(content.as_bytes())),
        ..Job::single_threaded()
    }
}

fn encoded(content: &str, reference: Option<&str>) -> codec_core::Result<Vec<u8>> {
    let mut input = content.as_bytes();
    let mut file = Vec::new();
    let media = Media::bytes(&mut input, "fa");
    encode_stream(&Dna, media, &params(6), &job(reference), &mut file)?;
    Ok(file)
}

fn decoded(file: &[u8], reference: Option<&str>) -> codec_core::Result<String> {
    let mut registry = Registry::new();
    registry.register(Arc::new(Dna));
    let mut content = Vec::new();
    decode_streams(&registry, file, &job(reference), &mut content)?;
    Ok(String::from_utf8(content).unwrap())
}

#[test]
fn only_the_bases_of_the_reference_count() {
    let sequence = bases(3_000, 1);
    let content = format!(">x\n{}", lines(&sequence, 60, "\n"));
    let file = encoded(&content, Some(&content)).unwrap();
    let same = format!(
        ">other name\n{}NN\n",
        lines(&sequence.to_lowercase(), 71, "\r\n")
    );
    for reference in [&content, &same, &sequence] {
        assert_eq!(decoded(&file, Some(reference)).unwrap(), content);
    }
}

#[test]
fn a_missing_or_another_reference_is_named() {
    let content = format!(">x\n{}", bases(3_000, 1));
    let file = encoded(&content, Some(&content)).unwrap();
    let hash = xxhash(&content);
    for reference in [None, Some("ACGT")] {
        let Err(Error::Unsupported(text)) = decoded(&file, reference) else {
            panic!("decoded with another reference");
        };
        assert!(
            text.contains(&hash) && text.contains("--reference FILE"),
            "{text}"
        );
    }
    assert!(matches!(
        encoded(&content, Some(">none\n")),
        Err(Error::Usage(_))
    ));
}

fn xxhash(content: &str) -> String {
    let hash = xxhash_rust::xxh64::xxh64(&bases_of(content.as_bytes()), 0);
    hash.to_le_bytes()
        .map(|byte| format!("{byte:02x}"))
        .concat()
}

#[test]
fn a_reference_that_is_not_needed_does_not_matter() {
    let content = bases(500, 2);
    let file = encoded(&content, None).unwrap();
    assert_eq!(decoded(&file, Some("ACGT")).unwrap(), content);
}

#[test]
fn bases_are_found_in_every_kind_of_file() {
    assert_eq!(bases_of(b">ACGT\nACNGtu\r\n"), [0, 1, 2, 3, 3]);
    assert_eq!(bases_of(b"acgt"), [0, 1, 2, 3]);
    let read = reads(1);
    let letters = read.lines().nth(1).unwrap().replace('N', "");
    assert_eq!(bases_of(read.as_bytes()).len(), letters.len());
}

#[test]
fn an_empty_file_comes_back() {
    let file = encoded("", None).unwrap();
    assert_eq!(decoded(&file, None).unwrap(), "");
    let file = encoded("", Some("ACGT")).unwrap();
    assert_eq!(decoded(&file, Some("ACGT")).unwrap(), "");
}

#[test]
fn level_1_has_no_use_for_a_reference() {
    let mut content = &b">a\nACGT\n"[..];
    let refused = encode_stream(
        &Dna,
        Media::bytes(&mut content, "fa"),
        &params(1),
        &job(Some("ACGTTGCA")),
        &mut Vec::new(),
    );
    assert!(matches!(refused, Err(Error::Usage(_))));
}
