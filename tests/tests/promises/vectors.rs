//! Frozen files: what was written once decodes for ever.
//!
//! `cargo run -p codec-tests --example freeze` adds files for new codecs or new versions and never
//! changes one that is there.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use codec_suite::log::archive::Archive;
use codec_tests::frozen;

/// A frozen file.
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) codec: String,
    pub(crate) file: Vec<u8>,
    pub(crate) content: Vec<u8>,
    /// Number of concatenated streams in the file.
    pub(crate) streams: usize,
}

/// Every frozen file of every version of every codec.
pub(crate) fn vectors() -> Vec<Vector> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut vectors = Vec::new();
    for codec in fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        let id = codec.file_name().unwrap().to_string_lossy().into_owned();
        for version in fs::read_dir(&codec)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            for content in frozen::contents(&id) {
                let path = version.join(format!("{}.cdc", content.name));
                vectors.push(Vector {
                    name: path.display().to_string(),
                    codec: id.clone(),
                    file: fs::read(&path).unwrap(),
                    content: content.bytes.repeat(content.streams),
                    streams: content.streams,
                });
            }
        }
    }
    vectors
}

#[test]
fn every_frozen_file_decodes() {
    for vector in vectors() {
        assert!(
            codec_suite::decode(&vector.file).unwrap() == vector.content,
            "{}",
            vector.name
        );
    }
}

#[test]
fn every_codec_has_frozen_files_of_its_version() {
    let frozen: BTreeSet<String> = vectors().into_iter().map(|vector| vector.codec).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    for codec in codec_suite::registry().lossless() {
        let descriptor = codec.descriptor();
        assert!(frozen.contains(descriptor.id), "{} has none", descriptor.id);
        let version = root
            .join(descriptor.id)
            .join(format!("v{}", descriptor.version));
        assert!(version.is_dir(), "{} is missing", version.display());
    }
}

#[test]
fn the_frozen_logs_have_lines_written_in_every_way() {
    let logs = vectors().into_iter().filter(|vector| vector.codec == "log");
    let mut methods = BTreeSet::new();
    for log in logs {
        let mut archive = Archive::open(Cursor::new(log.file)).unwrap();
        archive
            .summaries(|summary, _, _| {
                methods.insert(summary.method.name());
            })
            .unwrap();
    }
    for method in ["columns", "rows-quick", "rows-mid", "rows-max"] {
        assert!(
            methods.contains(method),
            "{method} is not among {methods:?}"
        );
    }
}

/// Codecs written here, not in a library that may change its choices, must also keep encoding to
/// the same bytes: a change is a new version, or at least a new frozen file.
#[test]
fn our_own_codecs_still_encode_to_the_frozen_bytes() {
    for vector in vectors() {
        if ["store", "bwt", "cm", "dna", "circuit"].contains(&vector.codec.as_str()) {
            let contents = frozen::contents(&vector.codec);
            let content = contents
                .iter()
                .find(|content| Path::new(&vector.name).file_stem() == Some(content.name.as_ref()))
                .unwrap();
            assert!(
                !content.is_written || frozen::encode(&vector.codec, content) == vector.file,
                "{}",
                vector.name
            );
        }
    }
}
