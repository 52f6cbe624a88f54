//! From options to what they mean: the codec with its parameters, and the resources of a job.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use codec_suite::circuit::CircuitCodec;
use codec_suite::core::{Budget, Codec, Job, Limits, Memory, NativeStream, Params, Registry};
use codec_suite::dna::Dna;

use crate::args::{EncodeArgs, ResourceArgs};
use crate::beside::Beside;
use crate::failure::Failure;
use crate::inputs::Folders;
use crate::names;

/// Memory that an operation stays within if nothing else is asked for, in bytes.
pub(crate) const DEFAULT_MEMORY: u64 = 320 << 20;

/// The codec that the options of quality and rate are for, and which of its kind takes sound.
const WALLOC: &str = "walloc";
const WALLOC_AUDIO: &str = "walloc-audio";
const VQ: &str = "vq";

/// How to encode.
pub(crate) struct Encoding<'r> {
    pub(crate) codec: &'r dyn Codec,
    pub(crate) params: Params,
    /// The format whose own stream is written; `None` for the container.
    pub(crate) native: Option<&'r dyn NativeStream>,
}

impl<'r> Encoding<'r> {
    /// What the options of `codec encode` ask for.
    pub(crate) fn new(registry: &'r Registry, args: &EncodeArgs) -> Result<Self, Failure> {
        let (codec, native) = choose_codec(registry, args)?;
        if native.is_some()
            && (args.block.is_some() || args.set.iter().any(|(key, _)| key == "block"))
        {
            return Err(Failure::usage("a native stream has no blocks")
                .hint("leave --block away, or write a .cdc file"));
        }
        Ok(Encoding {
            codec,
            params: parameters(codec, args)?,
            native,
        })
    }

    /// How files whose names stand for the codec `id` are encoded, if no codec is named and nothing
    /// is asked for that this one does not have.
    pub(crate) fn by_name(
        &self,
        registry: &'r Registry,
        args: &EncodeArgs,
        id: &str,
    ) -> Option<Self> {
        let is_chosen = is_chosen(args) || self.native.is_some();
        let codec = registry.find(id).filter(|_| !is_chosen)?;
        Some(Encoding {
            codec,
            params: parameters(codec, args).ok()?,
            native: None,
        })
    }

    /// How files of sound are encoded where the codec of pictures is asked for: by its like for sound.
    pub(crate) fn for_sound(
        &self,
        registry: &'r Registry,
        args: &EncodeArgs,
    ) -> Result<Option<Self>, Failure> {
        if self.codec.descriptor().id != WALLOC {
            return Ok(None);
        }
        let codec = registry.named(WALLOC_AUDIO)?;
        Ok(Some(Encoding {
            codec,
            params: parameters(codec, args)?,
            native: None,
        }))
    }

    /// Whether content that is compressed with gzip is unpacked and encoded, not the file as it is:
    /// where sequences were asked for.
    pub(crate) fn peels(&self, args: &EncodeArgs) -> bool {
        is_chosen(args) && self.codec.descriptor().id == Dna::ID
    }

    /// What becomes of directories: pictures of one size are records.
    pub(crate) fn takes_folders(&self) -> Folders {
        match self.codec.descriptor().id {
            CircuitCodec::ID => Folders::Taken,
            _ => Folders::Refused,
        }
    }

    /// The suffix of the files written.
    pub(crate) fn suffix(&self) -> &'static str {
        self.native
            .map_or(names::CONTAINER_SUFFIX, NativeStream::suffix)
    }

    /// Threads and memory for encoding: unless `--memory` says otherwise, one worker may take what
    /// it needs, and more workers run only within the default.
    pub(crate) fn job(&self, resources: ResourceArgs, beside: &Beside) -> Job {
        let need = self.memory(beside).encode;
        let memory = resources.memory.unwrap_or(DEFAULT_MEMORY.max(need));
        beside.given_to(job(resources, memory, u64::MAX))
    }

    /// Memory that one worker needs.
    fn memory(&self, beside: &Beside) -> Memory {
        match beside.reference_len() {
            0 => self.codec.memory(&self.params),
            len => Dna.memory_with(&self.params, len),
        }
    }

    /// Threads and memory for decoding what was just encoded.
    pub(crate) fn verification_job(&self, resources: ResourceArgs, beside: &Beside) -> Job {
        let need = self.memory(beside).decode;
        let memory = resources.memory.unwrap_or(DEFAULT_MEMORY.max(need));
        beside.given_to(job(resources, memory, u64::MAX))
    }
}

/// Threads and memory for encoding with a codec, see [`Encoding::job`].
pub(crate) fn encoding_job(codec: &dyn Codec, params: &Params, resources: ResourceArgs) -> Job {
    let need = codec.memory(params).encode;
    let memory = resources.memory.unwrap_or(DEFAULT_MEMORY.max(need));
    job(resources, memory, u64::MAX)
}

/// Threads and limits for decoding.
pub(crate) fn decoding_job(resources: ResourceArgs, max_output: Option<u64>) -> Job {
    let memory = resources.memory.unwrap_or(DEFAULT_MEMORY);
    job(resources, memory, max_output.unwrap_or(u64::MAX))
}

/// The codec that encodes if none is named.
pub(crate) fn default_codec(registry: &Registry) -> Result<&dyn Codec, Failure> {
    match registry.find("auto") {
        Some(auto) => Ok(auto),
        None => Ok(registry.named("zstd")?),
    }
}

fn job(resources: ResourceArgs, memory: u64, output: u64) -> Job {
    let all = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    Job {
        threads: NonZeroUsize::new(resources.threads).unwrap_or_else(all),
        budget: Budget::new(Limits { memory, output }),
        reference: None,
        model: None,
        models: None,
    }
}

/// The codecs that an option goes with, the one first that it implies, with that option.
fn implied(args: &EncodeArgs) -> Option<(&'static [&'static str], &'static str)> {
    const LOSSY: &[&str] = &[WALLOC, WALLOC_AUDIO, VQ];
    let (beside, rate) = (&args.beside, &args.rate);
    let options: [(bool, &[&str], &str); 7] = [
        (beside.reference.is_some(), &[Dna::ID], "--reference"),
        (
            beside.model.is_some(),
            &[CircuitCodec::ID, WALLOC, WALLOC_AUDIO, VQ],
            "--model",
        ),
        (args.fit, &[CircuitCodec::ID], "--fit"),
        (rate.quality.is_some(), LOSSY, "--quality"),
        (rate.bpp.is_some(), &[WALLOC, VQ], "--bpp"),
        (rate.bitrate.is_some(), &[WALLOC_AUDIO], "--bitrate"),
        (rate.target_size.is_some(), LOSSY, "--target-size"),
    ];
    let mut given = options.into_iter().filter(|(is_given, ..)| *is_given);
    given.next().map(|(_, codecs, option)| (codecs, option))
}

/// Whether the options name a codec.
fn is_chosen(args: &EncodeArgs) -> bool {
    args.codec.is_some() || implied(args).is_some()
}

/// The codec, and its native format where the options or the output's name ask for that.
fn choose_codec<'r>(
    registry: &'r Registry,
    args: &EncodeArgs,
) -> Result<(&'r dyn Codec, Option<&'r dyn NativeStream>), Failure> {
    let mut named = match &args.codec {
        Some(name) => Some(registry.named(name)?),
        None => None,
    };
    if let Some((wanted, option)) = implied(args) {
        match named.map(|codec| codec.descriptor().id) {
            Some(id) if !wanted.contains(&id) => {
                return Err(
                    Failure::usage(format!("codec '{id}' has no use for {option}"))
                        .hint(format!("{option} goes with -c {}", wanted.join(" or "))),
                );
            }
            Some(_) => {}
            None => {
                let first = wanted.first().copied().unwrap_or_default();
                named = Some(registry.named(first)?);
            }
        }
    }
    let suffix = args.target.output.as_deref().and_then(names::native_suffix);
    let by_suffix = suffix.and_then(|suffix| registry.native_by_suffix(&suffix));
    let (codec, native) = match (named, by_suffix) {
        (None, Some((codec, native))) => return Ok((codec, Some(native))),
        (Some(named), Some((codec, native))) => {
            let (name, other) = (named.descriptor().id, codec.descriptor().id);
            if name != other {
                let output = args.target.output.as_deref().unwrap_or(Path::new(""));
                let output = crate::shown::path(output);
                return Err(Failure::usage(format!(
                    "-o {output} asks for {other}, but -c names {name}"
                )));
            }
            return Ok((codec, Some(native)));
        }
        (Some(named), None) => (named, named.native()),
        (None, None) => {
            let codec = default_codec(registry)?;
            (codec, codec.native().filter(|_| args.codec.is_some()))
        }
    };
    match (args.native, native) {
        (false, _) => Ok((codec, None)),
        (true, Some(native)) => Ok((codec, Some(native))),
        (true, None) => Err(without_native(registry, args.codec.as_deref())),
    }
}

fn without_native(registry: &Registry, named: Option<&str>) -> Failure {
    let natives = registry.iter().filter(|codec| codec.native().is_some());
    let names: Vec<&str> = natives.map(|codec| codec.descriptor().id).collect();
    let hint = format!("-c takes one of {}", names.join(", "));
    match named {
        Some(name) => Failure::usage(format!("codec '{name}' has no native stream")).hint(hint),
        None => Failure::usage("--native needs a codec by name").hint(hint),
    }
}

fn parameters(codec: &dyn Codec, args: &EncodeArgs) -> Result<Params, Failure> {
    let descriptor = codec.descriptor();
    let id = descriptor.id;
    let mut params = Params::defaults(descriptor.params);
    let mut settings: Vec<(&str, String)> = Vec::new();
    if let Some(level) = args.level.get() {
        if !params.has("level") {
            return Err(Failure::usage(format!("codec '{id}' has no levels"))
                .hint(format!("codec list {id} shows its parameters")));
        }
        settings.push(("level", level.to_string()));
    }
    if args.fit {
        settings.push(("fit", "always".to_owned()));
    }
    let rate = [
        ("quality", &args.rate.quality),
        ("bpp", &args.rate.bpp),
        ("bitrate", &args.rate.bitrate),
        ("target-size", &args.rate.target_size),
    ];
    for (key, value) in rate {
        settings.extend(value.clone().map(|value| (key, value)));
    }
    if let Some(block) = &args.block {
        settings.push(("block", block.clone()));
    }
    settings.extend(
        args.set
            .iter()
            .map(|(key, value)| (key.as_str(), value.clone())),
    );
    for (key, value) in settings {
        params.set(key, &value).map_err(|error| {
            Failure::usage(format!("codec '{id}': {error}")).hint(format!(
                "codec list {id} shows its parameters and their ranges"
            ))
        })?;
    }
    Ok(params)
}
