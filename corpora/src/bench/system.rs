//! The compressors of the system, run as peers of the codecs.

use std::path::Path;
use std::process::{Command, Stdio};

use codec_core::{Error, ParamKind, ParamSpec, Params, Result};

use super::spec::{Program, Spec};

/// A compressor that may be installed on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// GNU gzip.
    Gzip,
    /// XZ Utils.
    Xz,
    /// The `zstd` command.
    Zstd,
    /// The `brotli` command.
    Brotli,
    /// bzip2.
    Bzip2,
    /// bzip3.
    Bzip3,
}

/// Variables through which the tools take options: they must not change what is measured.
const OPTION_VARIABLES: [&str; 8] = [
    "GZIP",
    "XZ_OPT",
    "XZ_DEFAULTS",
    "ZSTD_CLEVEL",
    "ZSTD_NBTHREADS",
    "BZIP",
    "BZIP2",
    "BROTLI",
];

impl Tool {
    /// Every tool.
    pub const ALL: [Tool; 6] = [
        Tool::Gzip,
        Tool::Xz,
        Tool::Zstd,
        Tool::Brotli,
        Tool::Bzip2,
        Tool::Bzip3,
    ];

    /// The command's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Tool::Gzip => "gzip",
            Tool::Xz => "xz",
            Tool::Zstd => "zstd",
            Tool::Brotli => "brotli",
            Tool::Bzip2 => "bzip2",
            Tool::Bzip3 => "bzip3",
        }
    }

    /// The tool of that name.
    ///
    /// # Errors
    /// [`Error::Usage`] that lists the tools there are.
    pub fn named(name: &str) -> Result<Tool> {
        Tool::ALL
            .into_iter()
            .find(|tool| tool.name() == name)
            .ok_or_else(|| {
                let known = Tool::ALL.map(Tool::name).join(", ");
                Error::Usage(format!("unknown system tool '{name}' (known: {known})"))
            })
    }

    /// The settings of it that a [`Spec`] can name, with the tool's own defaults.
    #[must_use]
    pub fn params(self) -> &'static [ParamSpec] {
        match self {
            Tool::Gzip => const { &[level(1, 9, 6)] },
            Tool::Xz => const { &[level(0, 9, 6), flag("extreme", "-e")] },
            Tool::Zstd => const { &[level(1, 22, 3), flag("long", "--long=27")] },
            Tool::Brotli => const { &[level(0, 11, 11), WINDOW] },
            Tool::Bzip2 => const { &[level(1, 9, 9)] },
            Tool::Bzip3 => const { &[BLOCK] },
        }
    }

    /// The version it reports, or `None` if it is not installed.
    #[must_use]
    pub fn version(self) -> Option<String> {
        let output = Command::new(self.name())
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = [output.stdout, output.stderr].concat();
        version_in(&String::from_utf8_lossy(&text))
    }

    /// Whether it runs on several threads when asked to.
    #[must_use]
    pub fn has_threads(self) -> bool {
        matches!(self, Tool::Xz | Tool::Zstd | Tool::Bzip3)
    }

    /// The command that compresses the file `input` to its standard output.
    #[must_use]
    pub fn encode(self, params: &Params, threads: usize, input: &Path) -> Command {
        let mut command = self.command();
        command
            .args(self.encode_options(params, threads))
            .arg(input);
        command
    }

    /// The command that decompresses its standard input to its standard output.
    #[must_use]
    pub fn decode(self, threads: usize) -> Command {
        let mut command = self.command();
        command.args(["-d", "-c"]);
        match self {
            Tool::Xz => command.arg(format!("-T{threads}")),
            Tool::Zstd => command.arg("-q"),
            Tool::Bzip3 => command.arg(format!("-j{threads}")),
            Tool::Gzip | Tool::Brotli | Tool::Bzip2 => &mut command,
        };
        command
    }

    fn command(self) -> Command {
        let mut command = Command::new(self.name());
        for variable in OPTION_VARIABLES {
            command.env_remove(variable);
        }
        command
    }

    fn encode_options(self, params: &Params, threads: usize) -> Vec<String> {
        let level = params.integer("level");
        let mut options = vec!["-c".to_owned()];
        match self {
            Tool::Gzip => options.extend(["-n".to_owned(), format!("-{level}")]),
            Tool::Bzip2 => options.push(format!("-{level}")),
            Tool::Xz => {
                let extreme = if params.flag("extreme") { "e" } else { "" };
                options.extend([format!("-{level}{extreme}"), format!("-T{threads}")]);
            }
            Tool::Zstd => {
                let words = ["-q".to_owned(), "--ultra".to_owned()];
                options.extend(words);
                options.extend([format!("-{level}"), format!("-T{threads}")]);
                if params.flag("long") {
                    options.push("--long=27".to_owned());
                }
            }
            Tool::Brotli => {
                let window = params.integer("window");
                let words = ["-q".to_owned(), level.to_string()];
                options.extend(words);
                options.extend(["-w".to_owned(), window.to_string()]);
            }
            Tool::Bzip3 => {
                let mebibytes = params.size("block").map_or(16, |bytes| bytes >> 20);
                options.extend([format!("-b{mebibytes}"), format!("-j{threads}")]);
            }
        }
        options
    }
}

/// The system tools that do what `spec` does, with the same settings as far as they have them.
/// Empty for a codec no tool corresponds to, and for tools.
#[must_use]
pub fn peers(spec: &Spec) -> Vec<Spec> {
    let Program::Codec(id) = spec.program else {
        return Vec::new();
    };
    let tools: &[Tool] = match id {
        "gzip" | "deflate" => &[Tool::Gzip],
        "xz" => &[Tool::Xz],
        "zstd" => &[Tool::Zstd],
        "brotli" => &[Tool::Brotli],
        "bwt" => &[Tool::Bzip3, Tool::Bzip2],
        _ => &[],
    };
    tools.iter().map(|tool| peer(*tool, spec)).collect()
}

/// `tool` with those settings of `ours` that it has too; bzip2 and bzip3 keep their own levels, which
/// mean something else.
fn peer(tool: Tool, ours: &Spec) -> Spec {
    let mut spec = Spec::of_tool(tool);
    for known in tool.params() {
        let name = known.name;
        let value = match known.kind {
            ParamKind::Integer { .. } if ours.params.has(name) && tool != Tool::Bzip2 => {
                ours.params.integer(name).to_string()
            }
            ParamKind::Flag if ours.params.flag(name) => "true".to_owned(),
            ParamKind::Size { min, .. } => match ours.size(name) {
                Some(bytes) => bytes.max(min).to_string(),
                None => continue,
            },
            _ => continue,
        };
        // A value outside the tool's range leaves the tool at its default.
        let _kept_default = spec.params.set(name, &value);
    }
    spec
}

const WINDOW: ParamSpec = ParamSpec {
    name: "window",
    doc: "log2 of the window in bytes",
    kind: ParamKind::Integer {
        min: 10,
        max: 24,
        default: 24,
    },
    needed_to_decode: false,
};

const BLOCK: ParamSpec = ParamSpec {
    name: "block",
    doc: "bytes per block, in whole MiB",
    kind: ParamKind::Size {
        min: 1 << 20,
        max: 511 << 20,
        default: "16 MiB",
    },
    needed_to_decode: false,
};

const fn level(min: i64, max: i64, default: i64) -> ParamSpec {
    ParamSpec {
        name: "level",
        doc: "the tool's level",
        kind: ParamKind::Integer { min, max, default },
        needed_to_decode: false,
    }
}

const fn flag(name: &'static str, doc: &'static str) -> ParamSpec {
    ParamSpec {
        name,
        doc,
        kind: ParamKind::Flag,
        needed_to_decode: false,
    }
}

/// The first word that looks like a version number: digits with a dot in between.
pub(crate) fn version_in(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
        .map(|word| word.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::testing::registry;

    fn options(tool: Tool, settings: &[(&str, &str)], threads: usize) -> String {
        let mut params = Params::defaults(tool.params());
        for (name, value) in settings {
            params.set(name, value).unwrap();
        }
        tool.encode_options(&params, threads).join(" ")
    }

    #[test]
    fn settings_become_the_options_of_the_tool() {
        assert_eq!(options(Tool::Gzip, &[("level", "9")], 4), "-c -n -9");
        let extreme = [("level", "6"), ("extreme", "true")];
        assert_eq!(options(Tool::Xz, &extreme, 2), "-c -6e -T2");
        let long = [("level", "19"), ("long", "true")];
        assert_eq!(
            options(Tool::Zstd, &long, 1),
            "-c -q --ultra -19 -T1 --long=27"
        );
        assert_eq!(options(Tool::Brotli, &[], 1), "-c -q 11 -w 24");
        assert_eq!(
            options(Tool::Bzip3, &[("block", "64MiB")], 1),
            "-c -b64 -j1"
        );
    }

    #[test]
    fn a_peer_has_the_settings_of_the_codec_as_far_as_it_can() {
        let registry = registry();
        let peer = |tool, text| peer(tool, &Spec::parse(text, &registry).unwrap()).label();
        assert_eq!(peer(Tool::Xz, "plain:7"), "system-xz:7");
        assert_eq!(peer(Tool::Bzip2, "plain:1"), "system-bzip2:9");
        assert_eq!(
            peer(Tool::Bzip3, "plain:block=8MiB"),
            "system-bzip3:block=8MiB"
        );
        assert_eq!(peer(Tool::Bzip3, "plain"), "system-bzip3:block=1MiB");
        assert_eq!(peer(Tool::Bzip3, "none"), "system-bzip3");
    }

    #[test]
    fn versions_are_found_in_what_the_tools_print() {
        for (text, version) in [
            ("gzip 1.12\nCopyright", "1.12"),
            ("xz (XZ Utils) 5.4.1\nliblzma 5.4.1", "5.4.1"),
            (
                "*** Zstandard CLI (64-bit) v1.5.4, by Yann Collet ***",
                "1.5.4",
            ),
            (
                "bzip2, a block-sorting file compressor.  Version 1.0.8, 13-Jul-2019.",
                "1.0.8",
            ),
        ] {
            assert_eq!(version_in(text).as_deref(), Some(version));
        }
        assert_eq!(version_in("no such option"), None);
    }
}
