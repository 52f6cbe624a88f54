//! Logs and searches in their archives.

use std::io::Cursor;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use codec_suite::core::container::{Frame, StreamHeader, Writer};
use codec_suite::core::{BlockCodec, Budget, FrameSink, Job, Limits, MediaDescription, Params};
use codec_suite::log::Log;
use codec_suite::log::archive::{Archive, Pattern, Query, Range};
use codec_suite::log::columns::{ColumnOptions, Kernel, Structure, decode_block, encode_block};
use codec_suite::log::structure::timestamp::Timestamp;

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

#[cfg(test)]
mod tests {
    use super::*;

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
