//! What to measure: a codec or a system tool, with its settings.

use codec_core::{Codec, Error, ParamKind, ParamSpec, Params, Registry, Result, parse_size};

use super::system::Tool;

/// Marks the specs of system tools, as in `system-xz:6`.
const SYSTEM: &str = "system-";
/// Asks for the format's own stream, as in `zstd:19:native`.
const NATIVE: &str = "native";
const LEVEL: &str = "level";

/// A codec or a system tool with its settings: one row of a report.
///
/// Written `NAME`, then settings, each after a `:` or a `,`: a number is the level, `key=value` sets
/// a parameter, a word alone turns a flag on or picks a choice, and `native` asks for the format's
/// own stream without the container. `system-NAME` is the tool of that name on this machine.
///
/// | spec | is |
/// |---|---|
/// | `zstd` | `zstd` at its default level |
/// | `zstd:19` | level 19 |
/// | `zstd:level=19,block=64MiB` | the same in blocks of 64 MiB |
/// | `xz:6:extreme` | level 6 with the flag `extreme` |
/// | `gzip:9:native` | what `codec encode` writes into a `.gz` file |
/// | `system-xz:6` | `xz -6` |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// What runs.
    pub program: Program,
    /// Its parameters.
    pub params: Params,
    /// Whether a codec writes its format's own stream; `false` for tools.
    pub native: bool,
    known: &'static [ParamSpec],
}

/// What a [`Spec`] runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The codec of this identifier.
    Codec(&'static str),
    /// A tool of the system.
    System(Tool),
}

impl Spec {
    /// Reads a spec.
    ///
    /// # Errors
    /// [`Error::Usage`] for an unknown codec or tool, a setting it lacks, a value out of range, or
    /// `native` where the codec has no stream of its own.
    pub fn parse(text: &str, registry: &Registry) -> Result<Spec> {
        let mut pieces = text.split([':', ',']).map(str::trim);
        let name = pieces.next().unwrap_or_default();
        let mut spec = Spec::of_name(name, registry)?;
        for piece in pieces {
            if piece == NATIVE && !spec.params.has(NATIVE) {
                spec.make_native(registry)?;
            } else {
                spec.set(piece)
                    .map_err(|error| Error::Usage(format!("'{text}': {error}")))?;
            }
        }
        Ok(spec)
    }

    /// `codec` at its defaults.
    #[must_use]
    pub fn of_codec(codec: &dyn Codec) -> Spec {
        let descriptor = codec.descriptor();
        Spec::new(Program::Codec(descriptor.id), descriptor.params)
    }

    /// `tool` at its defaults.
    #[must_use]
    pub fn of_tool(tool: Tool) -> Spec {
        Spec::new(Program::System(tool), tool.params())
    }

    /// What a bench measures when nothing is named: every lossless codec at its lowest,
    /// default and highest level.
    #[must_use]
    pub fn defaults(registry: &Registry) -> Vec<Spec> {
        registry.lossless().flat_map(spread).collect()
    }

    /// Whether this is a tool of the system.
    #[must_use]
    pub fn is_tool(&self) -> bool {
        matches!(self.program, Program::System(_))
    }

    /// Whether the codec has a stream of its own, beside the container.
    #[must_use]
    pub fn has_native(&self, registry: &Registry) -> bool {
        match self.program {
            Program::Codec(id) => registry
                .find(id)
                .is_some_and(|codec| codec.native().is_some()),
            Program::System(_) => false,
        }
    }

    /// Asks for the format's own stream.
    ///
    /// # Errors
    /// [`Error::Usage`] if the codec has none.
    pub fn make_native(&mut self, registry: &Registry) -> Result<()> {
        if self.is_tool() {
            return Err(Error::Usage(format!(
                "'{}' is a system tool: it writes its own stream in any case",
                self.label()
            )));
        }
        if !self.has_native(registry) {
            let id = self.codec();
            return Err(Error::Usage(format!("codec '{id}' has no native stream")));
        }
        self.native = true;
        Ok(())
    }

    /// Sets the parameter `name`, if there is one of that name and it was left to the codec.
    ///
    /// # Errors
    /// [`Error::Usage`] for a value out of range.
    pub fn set_if_open(&mut self, name: &str, value: &str) -> Result<()> {
        if self.params.has(name) && self.params.size(name).is_none() {
            self.params.set(name, value)?;
        }
        Ok(())
    }

    /// A size parameter: as set, or the codec's default where that is the same at every setting.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        self.params.size(name).or_else(|| {
            let spec = self.known.iter().find(|spec| spec.name == name)?;
            match spec.kind {
                ParamKind::Size { default, .. } => parse_size(default).ok(),
                _ => None,
            }
        })
    }

    /// The codec's or tool's name: `zstd`, `system-zstd`.
    #[must_use]
    pub fn codec(&self) -> String {
        match self.program {
            Program::Codec(id) => id.to_owned(),
            Program::System(tool) => format!("{SYSTEM}{}", tool.name()),
        }
    }

    /// The spec in its shortest form that reads back as itself: `zstd:19`, `xz:6:extreme`.
    #[must_use]
    pub fn label(&self) -> String {
        let mut label = self.codec();
        for (name, value) in self.settings() {
            label.push(':');
            match (name, value.as_str()) {
                (LEVEL, _) => label.push_str(&value),
                (_, "true") => label.push_str(name),
                _ => label.push_str(&format!("{name}={value}")),
            }
        }
        if self.native {
            label.push(':');
            label.push_str(NATIVE);
        }
        label
    }

    /// The level, whether set or not, and every other setting that differs from its default.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings: Vec<(&'static str, String)> = self
            .known
            .iter()
            .filter_map(|spec| Some((spec.name, self.setting(spec)?)))
            .collect();
        settings.sort_by_key(|(name, _)| *name != LEVEL);
        settings
    }

    fn new(program: Program, known: &'static [ParamSpec]) -> Spec {
        Spec {
            program,
            params: Params::defaults(known),
            native: false,
            known,
        }
    }

    fn of_name(name: &str, registry: &Registry) -> Result<Spec> {
        if let Some(tool) = name.strip_prefix(SYSTEM) {
            return Tool::named(tool).map(Spec::of_tool);
        }
        registry.named(name).map(Spec::of_codec)
    }

    fn set(&mut self, piece: &str) -> Result<()> {
        if let Some((name, value)) = piece.split_once('=') {
            return self.params.set(name.trim(), value.trim());
        }
        if piece.parse::<i64>().is_ok() {
            return self.params.set(LEVEL, piece);
        }
        let choice = self.known.iter().find(|spec| match spec.kind {
            ParamKind::Choice { values, .. } => values.contains(&piece),
            _ => false,
        });
        match choice {
            Some(spec) => self.params.set(spec.name, piece),
            None => self.params.set(piece, "true"),
        }
    }

    fn setting(&self, spec: &ParamSpec) -> Option<String> {
        let name = spec.name;
        match spec.kind {
            ParamKind::Integer { default, .. } => {
                let value = self.params.integer(name);
                (name == LEVEL || value != default).then(|| value.to_string())
            }
            ParamKind::Size { .. } => self.params.size(name).map(size_text),
            ParamKind::Flag => self.params.flag(name).then(|| "true".to_owned()),
            ParamKind::Choice { default, .. } => {
                let word = self.params.choice(name);
                (word != default).then(|| word.to_owned())
            }
            _ => None,
        }
    }
}

/// The lowest, default and highest level of a codec, or just the codec if it has no levels.
fn spread(codec: &dyn Codec) -> Vec<Spec> {
    let base = Spec::of_codec(codec);
    let level = base.known.iter().find(|spec| spec.name == LEVEL);
    let Some(ParamKind::Integer { min, max, default }) = level.map(|spec| spec.kind) else {
        return vec![base];
    };
    let mut levels = vec![min, default, max];
    levels.dedup();
    levels
        .into_iter()
        .filter_map(|level| {
            let mut spec = base.clone();
            spec.params.set(LEVEL, &level.to_string()).ok()?;
            Some(spec)
        })
        .collect()
}

/// A number of bytes in the largest unit that divides it.
fn size_text(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes > 0 && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::testing::registry;

    fn label(text: &str) -> String {
        Spec::parse(text, &registry()).unwrap().label()
    }

    #[test]
    fn specs_are_read_in_every_form() {
        assert_eq!(label("plain"), "plain:3");
        assert_eq!(label("plain:9"), "plain:9");
        assert_eq!(label("plain:level=9,block=64MiB"), "plain:9:block=64MiB");
        assert_eq!(label("plain:7:hard"), "plain:7:hard");
        assert_eq!(label("plain, hard=yes, 2"), "plain:2:hard");
        assert_eq!(label("plain:slow"), "plain:3:order=slow");
        assert_eq!(label("plain:1:native"), "plain:1:native");
        assert_eq!(label("system-xz:6:extreme"), "system-xz:6:extreme");
    }

    #[test]
    fn a_label_reads_back_as_its_spec() {
        for text in ["plain:9:block=100000", "plain:slow:hard:native", "none"] {
            let spec = Spec::parse(text, &registry()).unwrap();
            let again = Spec::parse(&spec.label(), &registry()).unwrap();
            assert_eq!(again.label(), spec.label());
            assert_eq!(again.params.to_header(), spec.params.to_header());
            assert_eq!(again.native, spec.native);
        }
    }

    #[test]
    fn what_cannot_be_is_a_usage_error() {
        for text in [
            "",
            "soup",
            "plain:99",
            "plain:",
            "plain:colour=red",
            "plain:soft",
            "none:3",
            "none:native",
            "system-soup",
            "system-xz:native",
            "plain:block=1",
        ] {
            let result = Spec::parse(text, &registry());
            assert!(matches!(result, Err(Error::Usage(_))), "{text}");
        }
    }

    #[test]
    fn the_default_set_spans_the_levels() {
        let labels: Vec<String> = Spec::defaults(&registry())
            .iter()
            .map(Spec::label)
            .collect();
        assert_eq!(labels, ["plain:1", "plain:3", "plain:9", "none"]);
    }

    #[test]
    fn an_open_block_is_filled_and_a_set_one_kept() {
        let mut open = Spec::parse("plain", &registry()).unwrap();
        open.set_if_open("block", "1MiB").unwrap();
        assert_eq!(open.label(), "plain:3:block=1MiB");
        open.set_if_open("block", "2MiB").unwrap();
        assert_eq!(open.label(), "plain:3:block=1MiB");
        let mut none = Spec::parse("none", &registry()).unwrap();
        none.set_if_open("block", "1MiB").unwrap();
        assert_eq!(none.label(), "none");
    }
}
