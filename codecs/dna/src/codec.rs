//! `dna` as a codec of the suite.

use std::num::NonZeroUsize;
use std::sync::Arc;

use codec_core::container::{Frame, StreamHeader};
use codec_core::{
    BlockCodec, Blocks, CodeLength, Codec, Descriptor, Error, FrameSink, FrameSource, Job, Media,
    MediaKind, MediaSink, Memory, ParamKind, ParamSpec, Params, Result, Stats,
};
use xxhash_rust::xxh64::xxh64;

use crate::block;
use crate::sequence::Method;

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        name: "level",
        doc: "1 two bits a base, 2-4 quick contexts, 5-7 mixed contexts and repeats, 8-9 smallest",
        kind: ParamKind::Integer {
            min: 1,
            max: 9,
            default: 3,
        },
        needed_to_decode: false,
    },
    ParamSpec {
        name: "block",
        doc: "bytes per independent block: larger is smaller, more blocks use more threads",
        kind: ParamKind::Size {
            min: 64 << 10,
            max: block::LARGEST_BLOCK,
            default: "16 MiB up to level 4, 32 MiB above",
        },
        needed_to_decode: false,
    },
];

/// The codec `dna`: nucleotide sequences, alone or against a reference.
///
/// [`Job::reference`] holds the file that the bases are coded against: FASTA, FASTQ or plain
/// sequences, of which only the bases count. Streams record a hash of them and are decoded with
/// a file of the same bases only.
///
/// ```
/// use codec_core::{Codec, Job, Media, Params, Registry, decode_streams, encode_stream};
/// use codec_dna::Dna;
/// use std::sync::Arc;
///
/// let mut content = &b">seq 1\nACGTACCA\nGATTACA\n"[..];
/// let params = Params::defaults(Dna.descriptor().params);
/// let job = Job {
///     reference: Some(Arc::from(&b">like it\nACGTACGAGATTACA\n"[..])),
///     ..Job::single_threaded()
/// };
/// let mut file = Vec::new();
/// encode_stream(&Dna, Media::bytes(&mut content, "fa"), &params, &job, &mut file)?;
///
/// let mut registry = Registry::new();
/// registry.register(Arc::new(Dna));
/// let mut decoded = Vec::new();
/// decode_streams(&registry, &file[..], &job, &mut decoded)?;
/// assert_eq!(decoded, b">seq 1\nACGTACCA\nGATTACA\n");
/// # Ok::<(), codec_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Dna;

impl Dna {
    /// Its identifier in files.
    pub const ID: &'static str = "dna";
    /// The version of its payloads.
    pub const VERSION: u32 = 1;

    /// As [`Codec::memory`], against a reference of at most `reference_len` bases.
    #[must_use]
    pub fn memory_with(&self, params: &Params, reference_len: usize) -> Memory {
        let blocks = DnaBlocks::default();
        let block_len = blocks.block_len(params);
        let Memory { encode, decode } = block::memory(level(params), block_len, reference_len);
        let beside = (reference_len as u64).saturating_add(2 * block_len as u64);
        Memory {
            encode: encode.saturating_add(beside),
            decode: decode.saturating_add(beside),
        }
    }

    const DESCRIPTOR: Descriptor = Descriptor {
        id: Self::ID,
        version: Self::VERSION,
        summary: "nucleotide sequences: FASTA, FASTQ and plain; against a reference with --reference",
        media: &[MediaKind::Bytes],
        lossless: true,
        params: PARAMS,
    };
}

impl Codec for Dna {
    fn descriptor(&self) -> &Descriptor {
        &Self::DESCRIPTOR
    }

    fn memory(&self, params: &Params) -> Memory {
        self.memory_with(params, 0)
    }

    fn encode(
        &self,
        media: Media<'_>,
        params: &Params,
        job: &Job,
        frames: &mut dyn FrameSink,
    ) -> Result<Stats> {
        if job.reference.is_some() && block::class_of(level(params)) == Method::Packed {
            return Err(Error::Usage(
                "level 1 packs bases and has no use for --reference; take level 2 or higher".into(),
            ));
        }
        let reference = Reference::of(job)?;
        let reserved = job
            .budget
            .reserve("the reference's bases", reference.bases.len() as u64)?;
        let mut frames = Described {
            frames,
            model: reference.hash(),
        };
        let blocks = Blocks(DnaBlocks {
            reference: reference.bases,
        });
        let stats = blocks.encode(media, params, job, &mut frames)?;
        drop(reserved);
        Ok(stats)
    }

    fn code_length(&self) -> Option<&dyn CodeLength> {
        Some(self)
    }

    fn decode(
        &self,
        header: &StreamHeader,
        frames: &mut dyn FrameSource,
        job: &Job,
        media: &mut dyn MediaSink,
    ) -> Result<Stats> {
        let reference = if header.model.is_empty() {
            Reference::default()
        } else {
            Reference::matching(job, &header.model)?
        };
        let reserved = job
            .budget
            .reserve("the reference's bases", reference.bases.len() as u64)?;
        let first = frames.next_frame()?;
        let mut header = header.clone();
        if let Some(frame) = first.as_ref().filter(|frame| frame.content_len > 0) {
            let level = block::level_of(&frame.payload)
                .map_err(|error| error.offset_by(frame.payload_at))?;
            header.params = vec![("level".to_owned(), level.to_string())];
        }
        let mut frames = Peeked { first, frames };
        let blocks = Blocks(DnaBlocks {
            reference: reference.bases,
        });
        let stats = blocks.decode(&header, &mut frames, job, media)?;
        drop(reserved);
        Ok(stats)
    }
}

/// The bases that a stream is coded against; none if there is no reference.
#[derive(Debug, Default)]
struct Reference {
    bases: Arc<[u8]>,
}

impl Reference {
    /// The reference of a job.
    fn of(job: &Job) -> Result<Self> {
        let Some(content) = &job.reference else {
            return Ok(Self::default());
        };
        let bases = block::bases_of(content);
        if bases.is_empty() {
            return Err(Error::Usage(
                "the file given with --reference has no bases in it: no letter A, C, G, T or U outside of headers"
                    .to_owned(),
            ));
        }
        Ok(Self {
            bases: bases.into(),
        })
    }

    /// The reference of a job, if its hash is `model`.
    fn matching(job: &Job, model: &[u8]) -> Result<Self> {
        let needed = format!(
            "the stream was encoded against a reference whose bases have the hash {}",
            hex(model)
        );
        if job.reference.is_none() {
            return Err(Error::Unsupported(format!(
                "{needed}: name it with --reference FILE"
            )));
        }
        let reference = Self::of(job)?;
        let hash = reference.hash();
        if hash != model {
            return Err(Error::Unsupported(format!(
                "{needed}, that of the file given has {}: name the right one with --reference FILE",
                hex(&hash)
            )));
        }
        Ok(reference)
    }

    /// XXH64 of the bases, one byte each; empty without any.
    fn hash(&self) -> Vec<u8> {
        if self.bases.is_empty() {
            return Vec::new();
        }
        xxh64(&self.bases, 0).to_le_bytes().to_vec()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Passes frames on, under a header that names the reference.
struct Described<'a> {
    frames: &'a mut dyn FrameSink,
    model: Vec<u8>,
}

impl FrameSink for Described<'_> {
    fn begin(&mut self, header: &StreamHeader) -> Result<()> {
        self.frames.begin(&StreamHeader {
            // Every payload says what it needs to be decoded.
            params: Vec::new(),
            model: self.model.clone(),
            ..header.clone()
        })
    }

    fn frame(&mut self, frame: Frame) -> Result<()> {
        self.frames.frame(frame)
    }
}

/// Frames of which the first was looked at.
struct Peeked<'a> {
    first: Option<Frame>,
    frames: &'a mut dyn FrameSource,
}

impl FrameSource for Peeked<'_> {
    fn next_frame(&mut self) -> Result<Option<Frame>> {
        match self.first.take() {
            Some(frame) => Ok(Some(frame)),
            None => self.frames.next_frame(),
        }
    }
}

/// Blocks of nucleotide sequences, coded against the bases of a reference.
#[derive(Debug, Clone, Default)]
pub struct DnaBlocks {
    /// Bases that both sides have, 0 to 3 for A, C, G and T; may be empty.
    pub reference: Arc<[u8]>,
}

pub(crate) fn level(params: &Params) -> u8 {
    u8::try_from(params.integer("level")).unwrap_or(9)
}

impl BlockCodec for DnaBlocks {
    fn descriptor(&self) -> &Descriptor {
        &Dna::DESCRIPTOR
    }

    fn block_len(&self, params: &Params) -> usize {
        let default = if level(params) <= 4 {
            16 << 20
        } else {
            32 << 20
        };
        let len = params.size("block").unwrap_or(default);
        usize::try_from(len).unwrap_or(usize::MAX)
    }

    fn memory(&self, params: &Params, block_len: usize) -> Memory {
        block::memory(level(params), block_len, self.reference.len())
    }

    fn encode_block(&self, content: &[u8], params: &Params) -> Result<Vec<u8>> {
        self.encode_block_with(content, params, NonZeroUsize::MIN)
    }

    fn encode_block_with(
        &self,
        content: &[u8],
        params: &Params,
        threads: NonZeroUsize,
    ) -> Result<Vec<u8>> {
        block::encode(content, level(params), &self.reference, threads)
    }

    fn decode_block(&self, payload: &[u8], content_len: usize, params: &Params) -> Result<Vec<u8>> {
        block::decode(payload, content_len, level(params), &self.reference)
    }

    fn block_end(&self, block: &[u8]) -> usize {
        block::end_of(block)
    }
}
