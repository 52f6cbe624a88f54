//! A directory to work in, commands run in it, and content to work on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use codec_suite::core::container::{Frame, StreamHeader, Writer};
use codec_suite::core::{FrameSink, MediaDescription};
use tempfile::TempDir;

/// The binary under test.
pub(crate) const CODEC: &str = env!("CARGO_BIN_EXE_codec");

/// An empty directory that is removed at the end of the test.
pub(crate) struct Dir(TempDir);

/// What a command that ended left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Dir {
    pub(crate) fn new() -> Self {
        Dir(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Names of everything in the directory, hidden files too, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        names_in(self.0.path())
    }

    /// Runs `codec` with nothing on standard input.
    pub(crate) fn codec(&self, args: &[&str]) -> Ran {
        self.codec_reading(b"", args)
    }

    /// Runs `codec` with `input` on standard input.
    pub(crate) fn codec_reading(&self, input: &[u8], args: &[&str]) -> Ran {
        self.run(CODEC, input, args)
    }

    /// Runs any program in the directory.
    pub(crate) fn run(&self, program: &str, input: &[u8], args: &[&str]) -> Ran {
        let output = assert_cmd::Command::new(program)
            .args(args)
            .current_dir(&self.0)
            .env_remove("CODEC_THREADS")
            .env_remove("CODEC_MODEL_DIR")
            .write_stdin(input)
            .timeout(Duration::from_secs(50))
            .output()
            .unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts `codec` with pipes on both sides.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        Command::new(CODEC)
            .args(args)
            .current_dir(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Waits until a temporary file is there: then the source is open and the output begun.
    pub(crate) fn wait_for_temporary(&self) {
        let patience = Instant::now() + Duration::from_secs(20);
        while !self.names().iter().any(|name| name.ends_with(".tmp")) {
            assert!(
                Instant::now() < patience,
                "no temporary file in {:?}",
                self.names()
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Encodes `content` as `name` with blocks of 64 KiB, and removes the source.
    pub(crate) fn encoded(&self, name: &str, content: &[u8]) {
        let ran = self.codec_reading(
            content,
            &["encode", "-c", "zstd", "--block", "64k", "-o", name],
        );
        ran.succeeds();
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn succeeds(&self) -> &Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }

    /// Ended with `code`, and the messages hold every one of `parts`.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, parts: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "no {part:?} in: {}",
                self.stderr
            );
        }
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// Standard output as JSON, one object a line.
    #[track_caller]
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        let text = self.text();
        let objects = text.lines().map(|line| serde_json::from_str(line).unwrap());
        objects.collect()
    }
}

pub(crate) fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Compressible text of exactly `len` bytes, the same every time.
pub(crate) fn text(len: usize) -> Vec<u8> {
    const WORDS: [&str; 12] = [
        "entropy", "code", "the", "of", "length", "frame", "window", "a", "model", "bits", "and",
        "\n",
    ];
    let mut out = Vec::with_capacity(len + 16);
    let mut state: u64 = 42;
    while out.len() < len {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let word = WORDS[(state >> 33) as usize % WORDS.len()];
        out.extend_from_slice(word.as_bytes());
        out.extend_from_slice(format!(" {} ", (state >> 50) % 97).as_bytes());
    }
    out.truncate(len);
    out
}

/// A well-formed stream that names any codec in any version.
pub(crate) fn stream_naming(codec: &str, codec_version: u32) -> Vec<u8> {
    stream_of(codec, codec_version, MediaDescription::bytes("txt"))
}

/// The same of any media; the content is `content`, whose frame counts 7.
pub(crate) fn stream_of(codec: &str, codec_version: u32, media: MediaDescription) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    let header = StreamHeader {
        codec: codec.to_owned(),
        codec_version,
        media,
        max_content: 1 << 20,
        params: Vec::new(),
        model: Vec::new(),
    };
    writer.begin(&header).unwrap();
    writer
        .frame(Frame::new(b"content", b"content".to_vec()))
        .unwrap();
    writer.finish().unwrap();
    bytes
}

/// Where frame `number` of a container file starts, as `codec info` tells it, and its length.
pub(crate) fn frame_of(dir: &Dir, name: &str, number: usize) -> (usize, usize) {
    let ran = dir.codec(&["info", "--frames", "--json", name]);
    let frame = &ran.succeeds().json()[0]["frames"][number];
    let field = |name: &str| frame[name].as_u64().unwrap() as usize;
    (field("at"), field("encoded_bytes"))
}
