//! Whole `.cdc` files.

use std::io::Cursor;

use codec_suite::core::container::{read_indexes, recover};
use codec_suite::core::{Registry, decode_streams};

use super::job;

thread_local! {
    static REGISTRY: Registry = codec_suite::registry();
}

/// A whole `.cdc` file.
pub fn container(data: &[u8]) {
    REGISTRY.with(|registry| {
        let mut content = Vec::new();
        let _ = decode_streams(registry, data, &job(), &mut content);
    });
}

/// Random access and recovery. What is recovered must be intact.
///
/// # Panics
/// If a recovered file is not a valid container.
pub fn container_seek_and_recover(data: &[u8]) {
    let _ = read_indexes(&mut Cursor::new(data));
    let mut saved = Vec::new();
    if recover(&mut Cursor::new(data), &mut saved).is_ok() {
        assert!(read_indexes(&mut Cursor::new(&saved)).is_ok());
    }
}
