//! One function for each fuzz target: any bytes must run through it without a panic, a hang, or
//! memory beyond the budget.

use std::io::Cursor;

use codec_suite::classic::{Auto, Brotli, Bwt, Cm, Deflate, Gzip, Store, Xz, Zstd};
use codec_suite::core::container::{read_indexes, recover};
use codec_suite::core::{BlockCodec, Budget, Job, Limits, Params, Registry, decode_streams};
use codec_suite::entropy::EntropyDecoder;
use codec_suite::entropy::adaptive::{ByteModel, CountModel};
use codec_suite::entropy::ans::{AnsDecoder, StaticDecoder, decode_bytes};
use codec_suite::entropy::range::RangeDecoder;
use codec_suite::entropy::stack::StackCoder;
use codec_suite::entropy::table::{EscapedTable, StaticTable};

/// Largest content a target asks a decoder for, in bytes: enough for every code path, and quick.
const MAX_CONTENT: usize = 1 << 16;

fn budget() -> Budget {
    Budget::new(Limits {
        memory: 64 << 20,
        output: 1 << 20,
    })
}

fn job() -> Job {
    Job {
        budget: budget(),
        ..Job::single_threaded()
    }
}

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

/// The readers of tables and of blocks with tables.
///
/// # Panics
/// If a table that was read does not survive being written.
#[expect(clippy::expect_used, reason = "a failure here is the finding")]
pub fn entropy_tables(data: &[u8]) {
    let _ = decode_bytes(data, MAX_CONTENT);
    let _ = EscapedTable::read(data, 300);
    if let Ok((table, read)) = StaticTable::read(data, 1 << 16) {
        assert!(read <= data.len());
        let mut written = Vec::new();
        table.write(&mut written);
        let (again, _) = StaticTable::read(&written, 1 << 16).expect("a written table is valid");
        assert_eq!(again.precision(), table.precision());
        let mut symbols = vec![0u8; 1000];
        let rest = data.get(read..).unwrap_or_default();
        if table.alphabet() <= 256 {
            let _ = StaticDecoder::new(&table).decode(rest, &mut symbols);
        }
    }
}

/// The sequential decoders with adaptive models. The first byte chooses the coder.
pub fn entropy_coders(data: &[u8]) {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    match choice % 3 {
        0 => {
            let mut coder = RangeDecoder::new(data);
            decode_adaptively(&mut coder);
            let _ = coder.finish();
        }
        1 => {
            if let Ok(mut coder) = AnsDecoder::new(data) {
                decode_adaptively(&mut coder);
                let _ = coder.finish();
            }
        }
        _ => {
            let mut coder = StackCoder::from_bits(data);
            decode_adaptively(&mut coder);
            let _ = coder.into_bits();
        }
    }
}

/// Decodes until the coder reports an error, but not for ever: an adaptive model may need next to no
/// input for a symbol.
fn decode_adaptively(coder: &mut impl EntropyDecoder) {
    let mut bytes = ByteModel::new();
    let Ok(mut counts) = CountModel::new(1000) else {
        return;
    };
    for _ in 0..4096 {
        if bytes.decode(coder).is_err() || counts.decode(coder).is_err() {
            return;
        }
    }
}
