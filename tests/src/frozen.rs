//! What the frozen files hold. Changing anything here breaks the promise they stand for; new
//! contents may be added.

use codec_corpora::generate::{digits, sensor_table};

/// The content of a frozen file of a codec.
pub struct Content {
    /// Name of the file, without `.cdc`.
    pub name: &'static str,
    /// The content of each stream.
    pub bytes: Vec<u8>,
    /// Number of concatenated streams.
    pub streams: usize,
    /// The codec's level, where it is not the default.
    pub level: Option<&'static str>,
    /// Whether this build writes the very file. It does not where only the choices of an encoder have
    /// become better: such a file stays, and another of the same content is frozen beside it.
    pub is_written: bool,
}

/// The contents of a codec, each frozen once per version.
#[must_use]
pub fn contents(codec: &str) -> Vec<Content> {
    let mut contents = contents_of_all();
    match codec {
        "log" => contents.extend(contents_of_logs()),
        "dna" => contents.extend(contents_of_sequences()),
        "circuit" => contents.extend(contents_of_records()),
        _ => {}
    }
    contents
}

/// Records: under the model that is part of the program, under one of their own, as one stream.
fn contents_of_records() -> Vec<Content> {
    let pictures = |count, side| digits(count, side, 5).pictures;
    let contents = [
        ("shipped", pictures(20, 28), "3", true),
        ("fitted", pictures(900, 8), "3", false),
        ("solid", pictures(900, 8), "6", false),
        ("small-fitted", pictures(900, 8), "3", true),
        ("small-solid", pictures(900, 8), "6", true),
        ("table", sensor_table(500, 5), "3", true),
    ];
    contents
        .map(|(name, bytes, level, is_written)| Content {
            name,
            bytes,
            streams: 1,
            level: Some(level),
            is_written,
        })
        .into()
}

/// Sequences, with a level for each method that bases have, and one for each layout.
fn contents_of_sequences() -> Vec<Content> {
    let packed = sequence(3_000, 1).to_lowercase();
    let contents = [
        ("packed", packed, "1"),
        ("fast", fasta(1, "\n"), "3"),
        ("mid", fasta(2, "\r\n"), "6"),
        ("max", fasta(3, "\n"), "9"),
        ("reads-light", reads(40), "2"),
        (
            "reads-mixed",
            reads(41) + "@cut\nACGT\n+\nII\n" + &reads(3),
            "7",
        ),
        ("rna", sequence(500, 5).replace('T', "U") + "\n", "4"),
    ];
    contents
        .map(|(name, text, level)| Content {
            name,
            bytes: text.into_bytes(),
            streams: 1,
            level: Some(level),
            is_written: true,
        })
        .into()
}

/// Letters with repeats, forward and as the reverse complement.
fn sequence(len: usize, seed: u64) -> String {
    let mut state = seed;
    let mut below = move |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % bound
    };
    let mut letters: Vec<u8> = Vec::new();
    while letters.len() < len {
        let piece = below(letters.len() as u64 + 1) as usize;
        let repeated = letters.get(piece..).unwrap_or_default();
        let repeated: Vec<u8> = repeated.iter().copied().take(90).collect();
        match below(5) {
            0 => letters.extend(repeated),
            1 => letters.extend(repeated.iter().rev().map(|letter| match letter {
                b'A' => b'T',
                b'C' => b'G',
                b'G' => b'C',
                _ => b'A',
            })),
            _ => letters.extend((0..60).map(|_| b"ACGT"[below(4) as usize])),
        }
    }
    letters.truncate(len);
    letters.into_iter().map(char::from).collect()
}

/// Records with lower case, unknown letters and a blank line.
fn fasta(seed: u64, end: &str) -> String {
    let record = |n: u64| {
        let mut letters = sequence(700 + 90 * n as usize, seed + n);
        letters.replace_range(100..150, &"N".repeat(50));
        let (upper, masked) = letters.split_at(400);
        let letters = upper.to_owned() + &masked.to_lowercase() + "RYACGT";
        let lines = letters.as_bytes().chunks(60);
        let lines = lines.map(|line| String::from_utf8_lossy(line).into_owned() + end);
        format!(
            ">contig_{n:03} len={}{end}{}",
            letters.len(),
            lines.collect::<String>()
        )
    };
    (7..12).map(record).collect::<String>() + end
}

/// Reads of an instrument, some with unknown letters.
fn reads(count: u64) -> String {
    let read = |n: u64| {
        let len = if n % 7 == 6 { 60 } else { 75 };
        let mut letters = sequence(len, n);
        let quality = |at: usize| {
            let fall = (at as u64 * (n % 5)) / 20 + (at as u64 * n) % 4;
            char::from(b'J' - fall as u8)
        };
        let mut qualities: String = (0..len).map(quality).collect();
        if n % 6 == 1 {
            letters.replace_range(50..53, "NNN");
            qualities.replace_range(50..53, "###");
        }
        let name = format!(
            "UNIT7:12:FC01:3:{}:{}:{}",
            1101 + n / 9,
            1_000 + n * 37,
            (n * 7_919) % 90_000
        );
        format!("@{name} 1:N:0:7\n{letters}\n+\n{qualities}\n")
    };
    (0..count).map(read).collect()
}

/// Logs, with a level for each method that lines have.
fn contents_of_logs() -> Vec<Content> {
    let logs = [
        ("columns", syslog(400), "3"),
        ("columns-with-repeats", boots(25), "3"),
        ("columns-dense", syslog(401), "5"),
        ("rows-quick", syslog(120), "7"),
        ("rows-mid", syslog(121), "8"),
        ("rows-max", syslog(122), "9"),
    ];
    logs.map(|(name, bytes, level)| Content {
        name,
        bytes,
        streams: 1,
        level: Some(level),
        is_written: true,
    })
    .into()
}

fn contents_of_all() -> Vec<Content> {
    vec![
        Content {
            name: "empty",
            bytes: Vec::new(),
            streams: 1,
            level: None,
            is_written: true,
        },
        Content {
            name: "one-byte",
            bytes: b"x".to_vec(),
            streams: 1,
            level: None,
            is_written: true,
        },
        Content {
            name: "text",
            bytes: text(),
            streams: 1,
            level: None,
            is_written: true,
        },
        Content {
            name: "every-byte",
            bytes: (0..=255).collect(),
            streams: 1,
            level: None,
            is_written: true,
        },
        Content {
            name: "two-frames",
            bytes: counters(),
            streams: 1,
            level: None,
            is_written: true,
        },
        Content {
            name: "two-streams",
            bytes: text(),
            streams: 2,
            level: None,
            is_written: true,
        },
    ]
}

/// A frozen file as this build writes it.
///
/// # Panics
/// If the codec does not exist or fails.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "only tests and the freeze example call this"
)]
pub fn encode(codec: &str, content: &Content) -> Vec<u8> {
    let mut settings = vec![("block", "65536")];
    settings.extend(content.level.map(|level| ("level", level)));
    let stream =
        codec_suite::encode(&content.bytes, codec, &settings).expect("the codec takes any bytes");
    stream.repeat(content.streams)
}

/// A short text with repeats and a number in every line.
fn text() -> Vec<u8> {
    let lines = (1..=12).map(|n| {
        format!("line {n:02}: what was written once must decode for ever, in every build\n")
    });
    lines.collect::<String>().into_bytes()
}

/// 66,000 bytes of slowly counting numbers: one whole block and a rest.
fn counters() -> Vec<u8> {
    (0..16_500u32)
        .flat_map(|n| (n / 97).to_le_bytes())
        .collect()
}

/// A syslog of `lines` lines.
fn syslog(lines: u64) -> Vec<u8> {
    let mut state = lines;
    let mut below = move |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % bound
    };
    let users = ["root", "alice", "bob", "guest", "carol"];
    let mut second = 0;
    let mut line = || {
        second += below(5);
        let clock = format!(
            "{:02}:{:02}:{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        );
        let (user, pid) = (users[below(5) as usize], 1000 + below(9000));
        let text = match below(4) {
            0 => format!("sshd[{pid}]: session opened for user {user} by (uid=0)"),
            1 => format!(
                "sshd[{pid}]: Failed password for {user} from 10.0.0.{} port {}",
                below(256),
                below(65_536)
            ),
            2 => format!("kernel: eth0: link up, {} Mbps", 10 * below(3)),
            _ => format!("CRON[{pid}]: ({user}) CMD (run-parts /etc/cron.hourly)"),
        };
        format!("Jun 14 {clock} combo {text}\n")
    };
    (0..lines).map(|_| line()).collect::<String>().into_bytes()
}

/// The lines of a machine that boots `times` times, its devices in a slightly other order each time.
fn boots(times: usize) -> Vec<u8> {
    let line = |boot: usize, step: usize| {
        let step = if boot % 3 == 1 && step % 10 == 4 {
            step + 1
        } else {
            step
        };
        format!(
            "pcib{step}: <PCI bridge {}> at device {}.{} on pci{}\n",
            step * 7,
            step / 3,
            step % 3,
            step / 9
        )
    };
    let boots = (0..times).flat_map(|boot| (0..40).map(move |step| line(boot, step)));
    boots.collect::<String>().into_bytes()
}
