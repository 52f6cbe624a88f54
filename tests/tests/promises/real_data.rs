//! Round trips over real files, where they are at hand.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The folder of real data: `$CODEC_DATA`, or `../shared/data` beside the checkout.
fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("CODEC_DATA").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no real data at {}", folder.display());
    None
}

/// Up to `per_folder` files from every folder below `folder`, in order of name.
fn files(folder: &Path, per_folder: usize) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let (folders, mut found): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|path| path.is_dir());
    found.truncate(per_folder);
    for folder in folders {
        found.extend(files(&folder, per_folder));
    }
    found
}

#[test]
fn every_codec_gives_back_the_start_of_real_files() {
    let Some(folder) = data() else { return };
    let files = files(&folder, 3);
    assert!(!files.is_empty());
    let registry = codec_suite::registry();
    for path in files {
        let mut content = Vec::new();
        fs::File::open(&path)
            .unwrap()
            .take(96 << 10)
            .read_to_end(&mut content)
            .unwrap();
        for codec in registry.lossless() {
            let id = codec.descriptor().id;
            let file = codec_suite::encode(&content, id, &[]).unwrap();
            assert!(
                codec_suite::decode(&file).unwrap() == content,
                "{id} on {}",
                path.display()
            );
        }
    }
}
