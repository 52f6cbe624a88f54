//! The trait every codec implements, and what goes with it.

use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::container::{Frame, StreamHeader};
use crate::{Budget, Error, Media, MediaKind, ParamSpec, Params, Result};

/// What a codec is, for people and for the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Identifier in files and on the command line: `a-z`, `0-9` and `-`, at most 32 bytes.
    pub id: &'static str,
    /// Version of the codec's payload format. A decoder reads its own version and older ones.
    pub version: u32,
    /// One line for a person.
    pub summary: &'static str,
    /// Kinds of media it takes.
    pub media: &'static [MediaKind],
    /// Whether decoding gives back the identical media.
    pub lossless: bool,
    /// What it can be told.
    pub params: &'static [ParamSpec],
}

/// Turns media into frame payloads and back.
///
/// Encoding is deterministic: the same media, parameters and model give the same frames, for every
/// thread count.
///
/// Codecs whose media fall into independent blocks of bytes implement [`crate::BlockCodec`]
/// instead and get parallel, memory-bounded coding from [`crate::Blocks`].
pub trait Codec: Send + Sync {
    /// What this codec is.
    fn descriptor(&self) -> &Descriptor;

    /// Memory that one worker needs with these parameters, in bytes, blocks included.
    fn memory(&self, params: &Params) -> Memory;

    /// Encodes `media` into frames: [`FrameSink::begin`] once, then every frame in order.
    /// The caller finishes the sink.
    ///
    /// # Errors
    /// [`Error::Io`] from the media or the sink, [`Error::Limit`] where one worker alone passes the
    /// memory limit, [`Error::Unsupported`] for media this codec does not take.
    fn encode(
        &self,
        media: Media<'_>,
        params: &Params,
        job: &Job,
        frames: &mut dyn FrameSink,
    ) -> Result<Stats>;

    /// Decodes the frames that follow `header` into `media`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the position in the input, [`Error::Limit`], [`Error::Unsupported`],
    /// or [`Error::Io`]. Content delivered before the error is correct.
    fn decode(
        &self,
        header: &StreamHeader,
        frames: &mut dyn FrameSource,
        job: &Job,
        media: &mut dyn MediaSink,
    ) -> Result<Stats>;

    /// Code lengths without writing a file, where the codec offers them.
    fn code_length(&self) -> Option<&dyn CodeLength> {
        None
    }

    /// The format's own stream that standard tools open, where there is one.
    fn native(&self) -> Option<&dyn NativeStream> {
        None
    }
}

/// How an operation may run.
#[derive(Debug, Clone)]
pub struct Job {
    /// Worker threads. The bytes written do not depend on it.
    pub threads: NonZeroUsize,
    /// The account that memory and output are charged to.
    pub budget: Budget,
    /// Content that encoder and decoder both have beside the file, for codecs that can use it.
    pub reference: Option<Arc<[u8]>>,
    /// The file of a model, for codecs that have models: encode with this one, and decode streams
    /// that name it.
    pub model: Option<Arc<[u8]>>,
    /// Where to look for the models of streams that neither this build nor [`model`](Self::model)
    /// has.
    pub models: Option<Arc<dyn Models>>,
}

/// Finds models by the hash that the headers of streams have of them.
pub trait Models: std::fmt::Debug + Send + Sync {
    /// The file of the model with that hash; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read.
    fn find(&self, hash: &[u8]) -> Result<Option<Arc<[u8]>>>;
}

impl Job {
    /// One thread under the default [`crate::Limits`].
    #[must_use]
    pub fn single_threaded() -> Self {
        Job {
            threads: NonZeroUsize::MIN,
            budget: Budget::default(),
            reference: None,
            model: None,
            models: None,
        }
    }

    /// How many workers to run when each item in flight takes `need` bytes: from 1 to the job's
    /// threads, such that they and one item in waiting fit the memory that is left.
    #[must_use]
    pub fn workers(&self, need: u64) -> NonZeroUsize {
        let fit = self.budget.memory_left() / need.max(1);
        let fit = usize::try_from(fit.saturating_sub(1)).unwrap_or(usize::MAX);
        self.threads
            .min(NonZeroUsize::new(fit).unwrap_or(NonZeroUsize::MIN))
    }
}

/// Memory that one worker needs, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// For encoding.
    pub encode: u64,
    /// For decoding.
    pub decode: u64,
}

/// What an operation went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Bytes of content: what the user sees as the file. Of images and audio the bytes of the file
    /// that was read, or that was written in decoding.
    pub content_bytes: u64,
    /// Bytes of payload: what the codec made of them, without framing.
    pub payload_bytes: u64,
    /// Number of frames.
    pub frames: u64,
    /// What records came to, for codecs of records.
    pub records: Option<RecordStats>,
}

/// What records came to that were encoded under a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecordStats {
    /// Number of records.
    pub records: u64,
    /// Values of all records: their dimensions, counted together.
    pub values: u64,
    /// Bytes of their codewords.
    pub codeword_bytes: u64,
    /// Bytes of the models that it takes to decode them.
    pub model_bytes: u64,
    /// Whether these models are in the stream.
    pub is_model_inside: bool,
}

impl Stats {
    /// Counts one more frame.
    pub fn add_frame(&mut self, content_bytes: u64, payload_bytes: u64) {
        self.content_bytes = self.content_bytes.saturating_add(content_bytes);
        self.payload_bytes = self.payload_bytes.saturating_add(payload_bytes);
        self.frames = self.frames.saturating_add(1);
    }
}

/// Where an encoder puts its frames; [`crate::container::Writer`] is one.
pub trait FrameSink {
    /// Starts the stream.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    fn begin(&mut self, header: &StreamHeader) -> Result<()>;

    /// Adds the next frame.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    fn frame(&mut self, frame: Frame) -> Result<()>;
}

/// Where a decoder gets its frames from; [`crate::container::Reader`] is one.
pub trait FrameSource {
    /// The next frame of the stream with its checksums verified, or `None` after the last one.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the next bytes are not an intact frame.
    fn next_frame(&mut self) -> Result<Option<Frame>>;
}

/// Where a decoder puts media.
pub trait MediaSink {
    /// Takes the next bytes: of [`MediaKind::Bytes`] media the content, of other kinds the standard
    /// file ([`MediaKind::standard_suffix`]) that the decoder writes, from its start to its end.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be written.
    fn bytes(&mut self, content: &[u8]) -> Result<()>;
}

impl<W: Write> MediaSink for W {
    fn bytes(&mut self, content: &[u8]) -> Result<()> {
        self.write_all(content).map_err(Error::io("write output"))
    }
}

/// Code lengths: how many bits a codec would spend, without a file.
///
/// The one interface for compression distances, class models and anomaly scores.
pub trait CodeLength: Send + Sync {
    /// Bits for `x` alone.
    ///
    /// # Errors
    /// As encoding would.
    fn bits(&self, x: &[u8], params: &Params) -> Result<f64>;

    /// Bits for `x` when the decoder already has `given`.
    ///
    /// # Errors
    /// As encoding would.
    fn bits_given(&self, x: &[u8], given: &[u8], params: &Params) -> Result<f64> {
        self.primed(&[given], params)?.bits(x)
    }

    /// A model that has seen the pieces of `given`, one after the other, to be asked for many code
    /// lengths.
    ///
    /// # Errors
    /// As encoding would.
    fn primed<'a>(&'a self, given: &[&[u8]], params: &Params) -> Result<Box<dyn Primed + 'a>>;

    /// One model of several classes, each made of its pieces, where that is quicker than one for
    /// each class from [`primed`](Self::primed); `None` otherwise.
    ///
    /// # Errors
    /// As encoding would.
    fn class_models<'a>(
        &'a self,
        _classes: &[Vec<&[u8]>],
        _params: &Params,
    ) -> Result<Option<Box<dyn ClassLengths + 'a>>> {
        Ok(None)
    }
}

/// Code lengths of one content under each of several classes; see [`CodeLength::class_models`].
pub trait ClassLengths: Send + Sync {
    /// Bits for `x` under each class, in their order: at least 0.
    ///
    /// # Errors
    /// As encoding would.
    fn bits(&self, x: &[u8]) -> Result<Vec<f64>>;
}

/// What a codec has learned from what it was given, for many questions; see [`CodeLength::primed`].
///
/// No question changes the answers to others.
pub trait Primed: Send + Sync {
    /// Bits for what was given and `x` behind it, as one content.
    ///
    /// # Errors
    /// As encoding would.
    fn joint_bits(&self, x: &[u8]) -> Result<f64>;

    /// Bits for `x` when the decoder has what was given: at least 0.
    ///
    /// # Errors
    /// As encoding would.
    fn bits(&self, x: &[u8]) -> Result<f64>;
}

/// A format's own stream, without the suite's container, that standard tools open.
pub trait NativeStream: Send + Sync {
    /// The usual file name suffix without its dot, such as `gz`.
    fn suffix(&self) -> &'static str;

    /// Whether a file that starts with these bytes (at least 16, unless it is shorter) is such a
    /// stream. Formats without a magic number always say no.
    fn recognises(&self, start: &[u8]) -> bool;

    /// Encodes everything from `reader` as one stream.
    ///
    /// # Errors
    /// [`Error::Io`] from either side.
    fn encode(
        &self,
        reader: &mut dyn Read,
        params: &Params,
        writer: &mut dyn Write,
    ) -> Result<Stats>;

    /// Decodes all concatenated streams of `reader`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for damaged, truncated or trailing data, [`Error::Limit`], or
    /// [`Error::Io`]. Content written before the error may be damaged.
    fn decode(
        &self,
        reader: &mut dyn Read,
        budget: &Budget,
        writer: &mut dyn Write,
    ) -> Result<Stats>;
}
