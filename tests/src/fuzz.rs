//! One function for each fuzz target: any bytes must run through it without a panic, a hang, or
//! memory beyond the budget.

use std::io::Cursor;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use codec_suite::classic::{Auto, Brotli, Bwt, Cm, Deflate, Gzip, Store, Xz, Zstd};
use codec_suite::core::container::{Frame, StreamHeader, Writer, read_indexes, recover};
use codec_suite::core::{
    BlockCodec, Budget, FrameSink, Job, Limits, MediaDescription, Params, Registry, decode_streams,
};
use codec_suite::dna::{DnaBlocks, bases_of, fastq};
use codec_suite::entropy::EntropyDecoder;
use codec_suite::entropy::adaptive::{ByteModel, CountModel};
use codec_suite::entropy::ans::{AnsDecoder, StaticDecoder, decode_bytes};
use codec_suite::entropy::range::RangeDecoder;
use codec_suite::entropy::stack::StackCoder;
use codec_suite::entropy::table::{EscapedTable, StaticTable};
use codec_suite::log::Log;
use codec_suite::log::archive::{Archive, Pattern, Query, Range};
use codec_suite::log::columns::{ColumnOptions, Kernel, Structure, decode_block, encode_block};
use codec_suite::log::structure::timestamp::Timestamp;

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

/// The payload decoder of `log`. The first three bytes are the content length, up to 1 MiB; the
/// payload begins with the number of its method.
pub fn log_payload(data: &[u8]) {
    let [low, middle, high, payload @ ..] = data else {
        return;
    };
    let content_len = usize::from(*low) | usize::from(*middle) << 8 | usize::from(*high) << 16;
    let content_len = content_len & ((1 << 20) - 1);
    let params = Params::defaults(Log.descriptor().params);
    if let Ok(content) = Log.decode_block(payload, content_len, &params) {
        // The container refuses any other length; a decoder must not run far past it either.
        assert!(content.len() <= content_len.saturating_add(1 << 16));
    }
}

/// Summaries of 300 lines in columns that end with a newline; the second has times.
const SUMMARIES: [&[u8]; 2] = [
    &[1, 0xac, 0x02, 2],
    &[1, 0xac, 0x02, 3, 0xd0, 0x0f, 0xd0, 0x0f],
];

thread_local! {
    /// Payloads of two logs, the second of which has few distinct lines, and their lengths.
    static LOGS: [(Vec<u8>, usize); 2] = [(SUMMARIES[0], seed_log(97)), (SUMMARIES[1], seed_log(3))]
        .map(|(summary, content)| {
            let options = ColumnOptions {
                structure: Structure::Mapped,
                kernel: Some(Kernel::Store),
                dense: false,
            };
            let columns = encode_block(&content, &options, NonZeroUsize::MIN);
            ([summary, &columns].concat(), content.len())
        });
}

/// A log with times whose lines repeat after `period`.
fn seed_log(period: usize) -> Vec<u8> {
    let line = |n: usize| {
        let second = n % period;
        format!(
            "Jun 14 15:{:02}:{:02} combo sshd[{second}]: session opened for user u{}\n",
            second / 60,
            second % 60,
            second % 7
        )
    };
    (0..300).map(line).collect::<String>().into_bytes()
}

/// Searches in an archive of two blocks whose payloads are damaged but have checksums that fit. The
/// first byte chooses what is searched for; then every three bytes are a place in the archive's
/// payloads and what is added there.
pub fn log_search(data: &[u8]) {
    let Some((&choice, changes)) = data.split_first() else {
        return;
    };
    let file = LOGS.with(|logs| damaged_archive(logs, changes));
    let Ok(mut archive) = file.and_then(|file| Archive::open(Cursor::new(file))) else {
        return;
    };
    let pattern = match choice % 4 {
        0 => None,
        1 => Pattern::literal(b"session", false).ok(),
        2 => Pattern::wildcard("comb?*user", true).ok(),
        _ => Pattern::regex("[0-9]+: .*u3$", false).ok(),
    };
    let query = Query {
        pattern,
        invert: choice & 4 != 0,
        times: Range {
            from: (choice & 8 != 0).then(|| Timestamp::from_milliseconds(0)),
            to: None,
        },
        lines: Range {
            from: (choice & 16 != 0).then_some(250),
            to: (choice & 32 != 0).then_some(400),
        },
        template: None,
    };
    let _ = archive.summaries(|_, _, _| ());
    let _ = archive.search(&query, &search_job(), |_| Ok(ControlFlow::Continue(())));
    let _ = archive.for_each_chunk(&search_job(), |_, _| Ok(()));
}

/// Columns claim more memory than the other targets have, whatever their length.
fn search_job() -> Job {
    Job {
        budget: Budget::new(Limits {
            memory: 1 << 30,
            output: 1 << 20,
        }),
        ..Job::single_threaded()
    }
}

/// An archive of payloads with changes.
fn damaged_archive(
    logs: &[(Vec<u8>, usize); 2],
    changes: &[u8],
) -> codec_suite::core::Result<Vec<u8>> {
    let mut payloads: Vec<Vec<u8>> = logs.iter().map(|(payload, _)| payload.clone()).collect();
    let len = payloads.iter().map(Vec::len).sum::<usize>().max(1);
    for change in changes.chunks_exact(3) {
        let at = usize::from(change[0]) | usize::from(change[1]) << 8;
        if let Some(byte) = payloads.iter_mut().flatten().nth(at % len) {
            *byte = byte.wrapping_add(change[2]);
        }
    }
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file);
    writer.begin(&StreamHeader {
        codec: Log::ID.to_owned(),
        codec_version: Log::VERSION,
        media: MediaDescription::bytes("log"),
        max_content: 1 << 20,
        params: Vec::new(),
        model: Vec::new(),
    })?;
    for (payload, (_, content_len)) in payloads.into_iter().zip(logs) {
        writer.frame(Frame::new(&vec![0; *content_len], payload))?;
    }
    writer.finish()?;
    Ok(file)
}

/// Encoding and decoding lines as columns. The first byte chooses the options.
///
/// # Panics
/// If the content does not come back.
#[expect(clippy::expect_used, reason = "a failure here is the finding")]
pub fn log_columns_round_trip(data: &[u8]) {
    let Some((&choice, content)) = data.split_first() else {
        return;
    };
    let options = ColumnOptions {
        structure: match choice % 3 {
            0 => Structure::Fields,
            1 => Structure::Templates,
            _ => Structure::Mapped,
        },
        kernel: match choice / 3 % 3 {
            0 => None,
            1 => Some(Kernel::Store),
            _ => Some(Kernel::Zstd),
        },
        dense: choice >= 128,
    };
    let payload = encode_block(content, &options, NonZeroUsize::MIN);
    let decoded = decode_block(&payload, content.len());
    assert_eq!(decoded.expect("what was encoded can be decoded"), content);
}

/// The payload decoder of `dna`. The first two bytes are the content length, the next one the level
/// and whether there is a reference.
pub fn dna_payload(data: &[u8]) {
    let [low, high, choice, payload @ ..] = data else {
        return;
    };
    let blocks = dna_blocks(*choice);
    let mut params = Params::defaults(blocks.descriptor().params);
    // A level out of range leaves the default.
    let _ = params.set("level", &(choice % 10).to_string());
    let content_len = usize::from(*low) | usize::from(*high) << 8;
    if let Ok(content) = blocks.decode_block(payload, content_len, &params) {
        // The container refuses any other length; a decoder must not run far past it either.
        assert!(content.len() <= content_len.saturating_add(1 << 16));
    }
}

/// Blocks with a reference of a few bases, or without one.
fn dna_blocks(choice: u8) -> DnaBlocks {
    let reference: &[u8] = if choice >= 128 {
        &[0, 1, 2, 3, 3, 1]
    } else {
        &[]
    };
    DnaBlocks {
        reference: reference.repeat(20).into(),
    }
}

/// Encoding and decoding with `dna`, in blocks that end where it wants them to. The first byte
/// chooses level and reference, the second one the length of blocks; the rest stands for letters and
/// marks that sequences are made of, or for itself.
///
/// # Panics
/// If the content does not come back.
#[expect(clippy::expect_used, reason = "a failure here is the finding")]
pub fn dna_round_trip(data: &[u8]) {
    let [choice, len, rest @ ..] = data else {
        return;
    };
    let blocks = dna_blocks(*choice);
    let mut params = Params::defaults(blocks.descriptor().params);
    let _ = params.set("level", &(choice % 10).to_string());
    let letters = b"ACGTACGTACGTacgtNNnU\n\n\n\r>@+!I-* 1R";
    let letter = |byte: &u8| letters[usize::from(*byte) % letters.len()];
    let content: Vec<u8> = match choice / 10 % 4 {
        0 => rest.to_vec(),
        _ => rest.iter().map(letter).collect(),
    };
    let block_len = 16 * (usize::from(*len) + 1);
    let mut rest = &content[..];
    while !rest.is_empty() {
        let block = rest.get(..block_len).unwrap_or(rest);
        let end = blocks.block_end(block);
        assert!((1..=block.len()).contains(&end));
        let (block, behind) = rest.split_at(end);
        rest = behind;
        let payload = blocks.encode_block(block, &params);
        let payload = payload.expect("any content can be encoded");
        let decoded = blocks.decode_block(&payload, block.len(), &params);
        assert!(decoded.expect("what was encoded can be decoded") == block);
    }
}

/// The readers of FASTA and FASTQ.
///
/// # Panics
/// If they contradict each other.
pub fn dna_readers(data: &[u8]) {
    assert!(bases_of(data).len() <= data.len());
    let records = fastq::Records::new(data);
    let whole: Vec<_> = records.clone().flatten().collect();
    for record in &whole {
        assert_eq!(record.sequence.len(), record.qualities.len());
    }
    match fastq::check(data) {
        Ok(count) => assert_eq!(count, whole.len() as u64),
        Err(malformed) => {
            assert_eq!(malformed.record, whole.len() as u64 + 1);
            assert!(malformed.line <= 4 * malformed.record);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_for_sequences_run_on_sequences() {
        let fastq = b"@r1 x\nACGTN\n+\nIII!#\n@r2 x\nAC\n+r2 x\nII\n";
        dna_readers(fastq);
        dna_readers(b">a\nACGT\n");
        for choice in 0..=255 {
            dna_round_trip(&[&[choice, 3], &fastq[..], &fastq[..30]].concat());
            dna_payload(&[&[200, 0, choice], &fastq[..]].concat());
        }
    }

    #[test]
    fn without_changes_the_fuzzed_archive_is_whole() {
        let file = LOGS.with(|logs| damaged_archive(logs, &[])).unwrap();
        let mut archive = Archive::open(Cursor::new(file)).unwrap();
        let mut lines = 0;
        let query = Query {
            pattern: Pattern::literal(b"session opened", false).ok(),
            ..Query::default()
        };
        let found = archive.search(&query, &search_job(), |_| {
            lines += 1;
            Ok(ControlFlow::Continue(()))
        });
        assert_eq!(found.unwrap().decoded, 2);
        assert_eq!(lines, 600);
    }
}
