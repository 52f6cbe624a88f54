//! The codecs of general data, ours and the libraries'.

use codec_suite::classic::{Auto, Brotli, Bwt, Cm, Deflate, Gzip, Store, Xz, Zstd};
use codec_suite::core::{BlockCodec, Params};

use super::{MAX_CONTENT, budget};

/// The payload decoder of `auto`, and through it those of its methods.
pub fn auto_payload(data: &[u8]) {
    payload(&Auto, data);
}

/// The payload decoder of `bwt`.
pub fn bwt_payload(data: &[u8]) {
    payload(&Bwt, data);
}

/// The payload decoder of `cm`.
pub fn cm_payload(data: &[u8]) {
    payload(&Cm, data);
}

/// The payload decoders over kept libraries. The first byte chooses one.
pub fn library_payload(data: &[u8]) {
    let codecs: [&dyn BlockCodec; 6] = [&Zstd, &Gzip, &Deflate, &Brotli, &Xz, &Store];
    if let Some((&choice, data)) = data.split_first()
        && let Some(codec) = codecs.get(usize::from(choice) % codecs.len())
    {
        payload(*codec, data);
    }
}

/// The native stream decoders. The first byte chooses one.
pub fn native_stream(data: &[u8]) {
    let codecs: [&dyn BlockCodec; 4] = [&Zstd, &Gzip, &Brotli, &Xz];
    if let Some((&choice, mut data)) = data.split_first()
        && let Some(codec) = codecs.get(usize::from(choice) % codecs.len())
        && let Some(native) = codec.native()
    {
        let _ = native.decode(&mut data, &budget(), &mut Vec::new());
    }
}

/// Encoding and decoding with our own codecs. The first byte chooses codec and level.
///
/// # Panics
/// If the content does not come back.
#[expect(clippy::expect_used, reason = "a failure here is the finding")]
pub fn round_trip(data: &[u8]) {
    let codecs: [&dyn BlockCodec; 3] = [&Bwt, &Cm, &Auto];
    let Some((&choice, content)) = data.split_first() else {
        return;
    };
    let Some(codec) = codecs.get(usize::from(choice) % codecs.len()) else {
        return;
    };
    let mut params = Params::defaults(codec.descriptor().params);
    let _ = params.set("level", &(choice / 3 % 10).to_string());
    let payload = codec
        .encode_block(content, &params)
        .expect("any content can be encoded");
    let decoded = codec.decode_block(&payload, content.len(), &params);
    assert_eq!(decoded.expect("what was encoded can be decoded"), content);
}

/// The payload decoder of a codec. The first bytes choose the content length and the level.
fn payload(codec: &dyn BlockCodec, data: &[u8]) {
    let [low, high, level, payload @ ..] = data else {
        return;
    };
    let mut params = Params::defaults(codec.descriptor().params);
    // A level out of range leaves the default.
    let _ = params.set("level", &(level % 23).to_string());
    let content_len = (usize::from(*low) | usize::from(*high) << 8).min(MAX_CONTENT);
    if let Ok(content) = codec.decode_block(payload, content_len, &params) {
        // The container refuses any other length; a decoder must not run far past it either.
        assert!(content.len() <= content_len.saturating_add(1 << 16));
    }
}
