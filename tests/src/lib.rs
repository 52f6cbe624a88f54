//! The bodies of the fuzz targets, so that `cargo test` can replay findings without a fuzzer.

pub mod frozen;
pub mod fuzz;

/// Whether a codec takes any bytes, and so promises to give them back.
#[must_use]
pub fn takes_bytes(codec: &&dyn codec_suite::core::Codec) -> bool {
    let media = codec.descriptor().media;
    media.contains(&codec_suite::core::MediaKind::Bytes)
}
