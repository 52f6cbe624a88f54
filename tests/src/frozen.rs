//! What the frozen files hold. Changing anything here breaks the promise they stand for; new
//! contents may be added.

/// The content of one frozen file per codec.
pub struct Content {
    /// Name of the file, without `.cdc`.
    pub name: &'static str,
    /// The content of each stream.
    pub bytes: Vec<u8>,
    /// Number of concatenated streams.
    pub streams: usize,
}

/// The contents, each frozen once per codec and version.
#[must_use]
pub fn contents() -> Vec<Content> {
    vec![
        Content {
            name: "empty",
            bytes: Vec::new(),
            streams: 1,
        },
        Content {
            name: "one-byte",
            bytes: b"x".to_vec(),
            streams: 1,
        },
        Content {
            name: "text",
            bytes: text(),
            streams: 1,
        },
        Content {
            name: "every-byte",
            bytes: (0..=255).collect(),
            streams: 1,
        },
        Content {
            name: "two-frames",
            bytes: counters(),
            streams: 1,
        },
        Content {
            name: "two-streams",
            bytes: text(),
            streams: 2,
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
    let stream = codec_suite::encode(&content.bytes, codec, &[("block", "65536")])
        .expect("the codec takes any bytes");
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
