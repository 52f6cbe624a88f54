//! `circuit` as a codec of the suite.

use std::io::Read;
use std::ops::Range;

use codec_core::container::{Frame, StreamHeader};
use codec_core::{
    CodeLength, Codec, Content, Descriptor, Error, FrameSink, FrameSource, Job, Media, MediaKind,
    MediaSink, Memory, ParamKind, ParamSpec, Params, RecordStats, Result, Stats,
};

use crate::block::{self, Coded, Fitting, How, Solid};
use crate::fit::Effort;
use crate::front::Parts;
use crate::prepared::Prepared;
use crate::{Front, Shipped, array};

/// Content of a block if nothing else is asked for, in bytes.
const BLOCK: u64 = 64 << 20;
/// Largest block, in bytes.
const LARGEST_BLOCK: u64 = 1 << 30;
/// Memory for content, records and codewords while encoding, as a multiple of the content.
const ENCODING_SHARE: u64 = 4;

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        name: "level",
        doc: "effort of learning a model: 1 is 4 states and 2 passes, 5 is 32 and 5, 9 is 64 and 16",
        kind: ParamKind::Integer {
            min: 1,
            max: 9,
            default: 5,
        },
        needed_to_decode: false,
    },
    ParamSpec {
        name: "fit",
        doc: "learn a model for the very records and store it where that is smaller: auto does if no other model is",
        kind: ParamKind::Choice {
            values: &["auto", "always", "never"],
            default: "auto",
        },
        needed_to_decode: false,
    },
    ParamSpec {
        name: "solid",
        doc: "one stream that adapts to the records: smaller, but none is readable alone; auto is for tables, and from level 6",
        kind: ParamKind::Choice {
            values: &["auto", "always", "never"],
            default: "auto",
        },
        needed_to_decode: false,
    },
    ParamSpec {
        name: "states",
        doc: "most states of a hidden variable of a learned model; 0 is as the level and the number of records say",
        kind: ParamKind::Integer {
            min: 0,
            max: crate::Circuit::MOST_STATES as i64,
            default: 0,
        },
        needed_to_decode: false,
    },
    ParamSpec {
        name: "block",
        doc: "bytes per independent block: an array must fit one",
        kind: ParamKind::Size {
            min: 64 << 10,
            max: LARGEST_BLOCK,
            default: "64 MiB",
        },
        needed_to_decode: false,
    },
    ParamSpec {
        name: "seed",
        doc: "seed of what is random in learning",
        kind: ParamKind::Integer {
            min: 0,
            max: i64::MAX,
            default: 0,
        },
        needed_to_decode: false,
    },
];

/// The codec `circuit`: records of arrays and tables under a probabilistic circuit.
///
/// Content is taken apart as [`Front`] says, and its records are coded under the model of
/// [`Job::model`], a [shipped](Shipped) one, or one that is learned for these very records and stored
/// in the payload; what has no records, or is smaller that way, is coded as bytes. Streams record a
/// hash of a model that is not stored in them.
///
/// ```
/// use codec_circuit::{CircuitCodec, array};
/// use codec_core::{Codec, Job, Media, Params, Registry, decode_streams, encode_stream};
/// use std::sync::Arc;
///
/// // 300 records of 8 values, in which each value is near to the one before.
/// let values = (0..2400u32).map(|at| (at / 8 * 37 % 101 + at % 8 * 2) as u8);
/// let content = array::npy_bytes(&[300, 8], 1, &values.collect::<Vec<u8>>());
/// let params = Params::defaults(CircuitCodec.descriptor().params);
/// let job = Job::single_threaded();
/// let mut file = Vec::new();
/// encode_stream(&CircuitCodec, Media::bytes(&mut &content[..], "npy"), &params, &job, &mut file)?;
///
/// let mut registry = Registry::new();
/// registry.register(Arc::new(CircuitCodec));
/// let mut decoded = Vec::new();
/// decode_streams(&registry, &file[..], &job, &mut decoded)?;
/// assert_eq!(decoded, content);
/// # Ok::<(), codec_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct CircuitCodec;

impl CircuitCodec {
    /// Its identifier in files.
    pub const ID: &'static str = "circuit";
    /// The version of its payloads.
    pub const VERSION: u32 = 1;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: Self::ID,
        version: Self::VERSION,
        summary: "records of arrays (IDX, .npy, PGM) and tables (CSV) under a learned model",
        media: &[MediaKind::Bytes],
        lossless: true,
        params: PARAMS,
    };

    /// The records `numbers` of a frame of arrays as they lie in its content, and how many records
    /// the frame has: a range beyond them gives what there is. Only the codewords that hold them are
    /// decoded.
    ///
    /// # Errors
    /// As [`Codec::decode`]; [`Error::Usage`] if the frame holds a table or was coded as bytes.
    pub fn records(
        &self,
        header: &StreamHeader,
        frame: &Frame,
        numbers: Range<u64>,
        job: &Job,
    ) -> Result<(Vec<u8>, u64)> {
        let named = named(header, job)?;
        let len = usize::try_from(frame.content_len).unwrap_or(usize::MAX);
        block::decode_range(
            &frame.payload,
            len,
            numbers,
            named.as_ref(),
            (job.threads, &job.budget),
        )
        .map_err(|error| error.offset_by(frame.payload_at))
    }
}

impl Codec for CircuitCodec {
    fn descriptor(&self) -> &Descriptor {
        &Self::DESCRIPTOR
    }

    /// For a full block at the level, and a model of 64 MiB.
    fn memory(&self, params: &Params) -> Memory {
        let block = block_len(params) as u64;
        let learning = effort(params).memory();
        Memory {
            encode: block
                .saturating_mul(ENCODING_SHARE)
                .saturating_add(learning)
                .saturating_add(block::memory(0)),
            decode: block.saturating_add(block::memory(block_len(params))),
        }
    }

    fn encode(
        &self,
        media: Media<'_>,
        params: &Params,
        job: &Job,
        frames: &mut dyn FrameSink,
    ) -> Result<Stats> {
        let Content::Bytes(reader) = media.content else {
            return Err(Error::Unsupported("circuit takes bytes".to_owned()));
        };
        let fitting = fitting(params);
        let given = match &job.model {
            Some(_) if fitting == Fitting::Always => {
                return Err(Error::Usage(
                    "a model is given and one is to be learned: leave away --model or --fit".into(),
                ));
            }
            Some(file) => Some(Prepared::read(file, &job.budget)?),
            None => None,
        };
        let mut encoder = Encoder {
            fitting,
            solid: solid(params),
            is_strict: given.is_some() || fitting == Fitting::Always,
            effort: effort(params),
            named: given,
            job,
        };
        let mut blocks = Blocks {
            reader,
            len: block_len(params),
            carried: Vec::new(),
        };
        let mut stats = Stats::default();
        let mut is_begun = false;
        let mut header = StreamHeader {
            // Payloads say what they need to be decoded.
            params: Vec::new(),
            ..StreamHeader::new(
                self.descriptor(),
                params,
                media.description,
                blocks.len as u64,
            )
        };
        while let Some((block, is_all)) = blocks.next()? {
            let coded = if is_begun {
                encoder.next(&block)?
            } else {
                encoder.first(&block, is_all)?
            };
            if !std::mem::replace(&mut is_begun, true) {
                if let Some(named) = &encoder.named {
                    header.model = named.name().to_vec();
                }
                frames.begin(&header)?;
            }
            encoder.count(&coded, &mut stats);
            stats.add_frame(block.len() as u64, coded.payload.len() as u64);
            frames.frame(Frame::new(&block, coded.payload))?;
        }
        if !is_begun {
            frames.begin(&header)?;
        }
        Ok(stats)
    }

    fn decode(
        &self,
        header: &StreamHeader,
        frames: &mut dyn FrameSource,
        job: &Job,
        media: &mut dyn MediaSink,
    ) -> Result<Stats> {
        let mut model = None;
        let mut stats = Stats::default();
        while let Some(frame) = frames.next_frame()? {
            job.budget.produce(frame.content_len)?;
            // Reading a model takes longer than finding that a frame is damaged.
            let named = match &mut model {
                Some(named) => named,
                None => model.insert(named(header, job)?),
            };
            let content = decode_frame(&frame, named.as_ref(), job)?;
            stats.add_frame(frame.content_len, frame.payload.len() as u64);
            media.bytes(&content)?;
        }
        Ok(stats)
    }

    fn code_length(&self) -> Option<&dyn CodeLength> {
        Some(self)
    }
}

fn decode_frame(frame: &Frame, named: Option<&Prepared>, job: &Job) -> Result<Vec<u8>> {
    if frame.content_len == 0 && frame.payload.is_empty() {
        return Ok(Vec::new());
    }
    let at = frame.payload_at;
    let len = usize::try_from(frame.content_len)
        .map_err(|_| Error::corrupt(at, "the block is larger than this machine's memory"))?;
    let reserved = job.budget.reserve("decoder memory", frame.content_len)?;
    let content = block::decode(&frame.payload, len, named, job.threads, &job.budget)
        .map_err(|error| error.offset_by(at))?;
    drop(reserved);
    frame.check_content(&content)?;
    Ok(content)
}

/// Encodes the blocks of a stream, one after the other.
struct Encoder<'a> {
    fitting: Fitting,
    solid: Solid,
    /// Whether content without records is refused: a model was asked for.
    is_strict: bool,
    effort: Effort,
    /// The model that the header names: before the first block the one that was given.
    named: Option<Prepared>,
    job: &'a Job,
}

impl Encoder<'_> {
    /// Encodes the first block, after which it is settled which model the header names.
    fn first(&mut self, block: &[u8], is_all: bool) -> Result<Coded> {
        if !is_all && self.is_strict && array::recognises(block) {
            return Err(Error::Usage(format!(
                "the array is longer than a block of {} bytes: a larger --block holds it",
                block.len()
            )));
        }
        let parts = match self.parts(block) {
            Ok(parts) => Some(parts),
            Err(error) if self.is_strict => return Err(error),
            // An array that breaks its own rules was meant to be one.
            Err(Error::Corrupt { at, problem }) if is_all && self.fitting != Fitting::Never => {
                let problem = format!("{problem}; with --set fit=never it is coded as bytes");
                return Err(Error::Corrupt { at, problem });
            }
            Err(_) => None,
        };
        if self.named.is_none()
            && self.fitting != Fitting::Always
            && let Some(parts) = &parts
            && let Some(shipped) = Shipped::fitting(&parts.front.schema()).next()
            && matches!(parts.front, Front::Array(_))
        {
            self.named = Some(Prepared::read(shipped.file, &self.job.budget)?);
        }
        if self.is_strict && self.named.is_some() {
            self.fitting = Fitting::Never;
        }
        let coded = self.encode(block, parts)?;
        // A model that the first block has no use for is not worth asking decoders for.
        self.named = self.named.take().filter(|_| uses_named(&coded));
        Ok(coded)
    }

    /// Encodes another block.
    fn next(&self, block: &[u8]) -> Result<Coded> {
        self.encode(block, self.parts(block).ok())
    }

    fn parts(&self, block: &[u8]) -> Result<Parts> {
        match &self.named {
            Some(named) => {
                let (records, rest) = named.front.part_alike(block)?;
                Ok(Parts {
                    front: named.front.clone(),
                    records,
                    rest,
                })
            }
            None => Front::part(block),
        }
    }

    fn encode(&self, block: &[u8], parts: Option<Parts>) -> Result<Coded> {
        let len = block.len() as u64;
        let bytes = block::bytes_memory(self.effort.level, block.len())?;
        let budget = &self.job.budget;
        let beside = len.saturating_mul(ENCODING_SHARE);
        let reserved = budget.reserve("encoder memory", beside.saturating_add(bytes))?;
        let how = How {
            fitting: self.fitting,
            solid: self.solid,
            effort: self.effort,
            threads: self.job.threads,
            budget,
        };
        let coded = block::encode(block, parts, self.named.as_ref(), &how);
        drop(reserved);
        coded
    }

    /// Adds what the records of a block came to.
    fn count(&self, coded: &Coded, stats: &mut Stats) {
        let Some(coded) = &coded.records else {
            return;
        };
        let model = match &self.named {
            Some(named) if coded.model_inside == 0 => named.len as u64,
            _ => 0,
        };
        let sum = stats.records.get_or_insert_with(RecordStats::default);
        sum.records += coded.records;
        sum.values += coded.values;
        sum.codeword_bytes += coded.codeword_bytes;
        sum.model_bytes = model.max(sum.model_bytes + coded.model_inside);
        sum.is_model_inside |= coded.model_inside > 0;
    }
}

fn uses_named(coded: &Coded) -> bool {
    coded
        .records
        .is_some_and(|records| records.model_inside == 0)
}

/// Content in blocks.
struct Blocks<'a> {
    reader: &'a mut (dyn Read + Send),
    len: usize,
    /// What was read but does not belong to the block before.
    carried: Vec<u8>,
}

impl Blocks<'_> {
    /// The next block, and whether it is all that is left. Blocks of text end with a line where they
    /// can.
    fn next(&mut self) -> Result<Option<(Vec<u8>, bool)>> {
        let mut block = std::mem::take(&mut self.carried);
        let missing = (self.len + 1).saturating_sub(block.len()) as u64;
        Read::take(&mut *self.reader, missing)
            .read_to_end(&mut block)
            .map_err(Error::io("read input"))?;
        if block.len() <= self.len {
            return Ok((!block.is_empty()).then_some((block, true)));
        }
        let line_end = block[..self.len].iter().rposition(|&byte| byte == b'\n');
        let end = match line_end {
            Some(at) if at >= self.len / 2 && !array::recognises(&block) => at + 1,
            _ => self.len,
        };
        self.carried = block.split_off(end);
        Ok(Some((block, false)))
    }
}

/// The model that a stream's header names.
fn named(header: &StreamHeader, job: &Job) -> Result<Option<Prepared>> {
    let name = &header.model[..];
    if name.is_empty() {
        return Ok(None);
    }
    let hash = <[u8; 8]>::try_from(name).map(u64::from_le_bytes).ok();
    if let Some(shipped) = hash.and_then(Shipped::named) {
        return Prepared::read(shipped.file, &job.budget).map(Some);
    }
    let needed = format!(
        "the stream was encoded under a model with the hash {}",
        hex(name)
    );
    let mut given = None;
    if let Some(file) = &job.model {
        let prepared = Prepared::read(file, &job.budget)?;
        if prepared.name() == name {
            return Ok(Some(prepared));
        }
        given = Some(prepared.name());
    }
    if let Some(models) = &job.models
        && let Some(file) = models.find(name)?
    {
        return Prepared::read(&file, &job.budget).map(Some);
    }
    Err(Error::Unsupported(match given {
        Some(given) => format!(
            "{needed}, the model given has {}: name the right one with --model FILE",
            hex(&given)
        ),
        None => format!(
            "{needed}, which is neither in this program nor given: name it with --model FILE, or put it into CODEC_MODEL_DIR"
        ),
    }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn block_len(params: &Params) -> usize {
    usize::try_from(params.size("block").unwrap_or(BLOCK)).unwrap_or(usize::MAX)
}

fn fitting(params: &Params) -> Fitting {
    match params.choice("fit") {
        "always" => Fitting::Always,
        "never" => Fitting::Never,
        _ => Fitting::Auto,
    }
}

/// Level from which records are one stream unless they are asked to be readable alone.
const SOLID_LEVEL: i64 = 6;

fn solid(params: &Params) -> Solid {
    match params.choice("solid") {
        "always" => Solid::Always,
        "never" => Solid::Never,
        _ if params.integer("level") >= SOLID_LEVEL => Solid::Always,
        _ => Solid::Tables,
    }
}

pub(crate) fn effort(params: &Params) -> Effort {
    let states = usize::try_from(params.integer("states")).unwrap_or(0);
    Effort {
        level: u8::try_from(params.integer("level")).unwrap_or(9),
        states: (states > 0).then_some(states),
        seed: params.integer("seed").unsigned_abs(),
    }
}
