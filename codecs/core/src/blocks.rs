//! Codecs for independent blocks of bytes, and the adapter that makes a [`Codec`] of them.

use std::io::Read;
use std::num::NonZeroUsize;

use crate::container::{Frame, StreamHeader};
use crate::{
    CodeLength, Codec, Content, Descriptor, Error, FrameSink, FrameSource, Job, Media, MediaSink,
    Memory, NativeStream, Params, Primed, Result, Stats, ordered,
};

/// Turns one block of bytes into one payload and back, with no state between blocks.
pub trait BlockCodec: Send + Sync {
    /// What this codec is.
    fn descriptor(&self) -> &Descriptor;

    /// Length of a block in bytes (at least 1), except the last, which may be shorter.
    fn block_len(&self, params: &Params) -> usize;

    /// Working memory for a block of `block_len` bytes, in bytes, beside the block and its payload.
    fn memory(&self, params: &Params, block_len: usize) -> Memory;

    /// The payload for a block.
    ///
    /// # Errors
    /// [`Error::Internal`] if a library refuses; no block is invalid.
    fn encode_block(&self, content: &[u8], params: &Params) -> Result<Vec<u8>>;

    /// The block of exactly `content_len` bytes behind a payload.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the position within the payload. A decoder must not allocate much
    /// more than what it has decoded so far, whatever `content_len` says.
    fn decode_block(&self, payload: &[u8], content_len: usize, params: &Params) -> Result<Vec<u8>>;

    /// As [`encode_block`](Self::encode_block) with several threads for the one block, which happens
    /// when there are more threads than blocks fit the memory. The payload is the same.
    ///
    /// # Errors
    /// As [`encode_block`](Self::encode_block).
    fn encode_block_with(
        &self,
        content: &[u8],
        params: &Params,
        _threads: NonZeroUsize,
    ) -> Result<Vec<u8>> {
        self.encode_block(content, params)
    }

    /// How much of `block` to code as one block when more follows it: at least 1 and at most its
    /// length, which is the default. What is left out begins the next block.
    fn block_end(&self, block: &[u8]) -> usize {
        block.len()
    }

    /// Bytes of the format's own file with this payload alone, for code lengths: those of the payload
    /// where it is such a file, or where there is none.
    fn file_len(&self, payload_len: usize, _content_len: usize) -> u64 {
        payload_len as u64
    }

    /// Code lengths found in another way than by encoding, where there is one.
    fn code_length(&self) -> Option<&dyn CodeLength> {
        None
    }

    /// The format's own stream, where there is one.
    fn native(&self) -> Option<&dyn NativeStream> {
        None
    }
}

/// A [`Codec`] made of a [`BlockCodec`]: blocks in parallel, memory bounded by the block length,
/// the same bytes for every thread count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Blocks<C>(pub C);

impl<C: BlockCodec> Blocks<C> {
    /// Memory for one block in flight: the codec's own, the block and its payload.
    fn memory_for(&self, params: &Params, block_len: usize) -> Memory {
        let Memory { encode, decode } = self.0.memory(params, block_len);
        let buffers = (block_len as u64).saturating_mul(2);
        Memory {
            encode: encode.saturating_add(buffers),
            decode: decode.saturating_add(buffers),
        }
    }
}

impl<C: BlockCodec> Codec for Blocks<C> {
    fn descriptor(&self) -> &Descriptor {
        self.0.descriptor()
    }

    fn memory(&self, params: &Params) -> Memory {
        self.memory_for(params, self.0.block_len(params))
    }

    fn encode(
        &self,
        media: Media<'_>,
        params: &Params,
        job: &Job,
        frames: &mut dyn FrameSink,
    ) -> Result<Stats> {
        let Content::Bytes(reader) = media.content;
        let block_len = self.0.block_len(params).max(1);
        let need = self.memory(params).encode;
        drop(job.budget.reserve("encoder memory", need)?);
        let max_content = block_len as u64;
        frames.begin(&StreamHeader::new(
            self.descriptor(),
            params,
            media.description,
            max_content,
        ))?;
        let mut stats = Stats::default();
        let workers = job.workers(need);
        let threads = NonZeroUsize::new(job.threads.get() / workers).unwrap_or(NonZeroUsize::MIN);
        let mut carried = Vec::new();
        ordered(
            workers,
            || self.read_block(reader, block_len, &mut carried),
            |block: Vec<u8>| {
                let payload = self.0.encode_block_with(&block, params, threads)?;
                Ok(Frame::new(&block, payload))
            },
            |frame| {
                stats.add_frame(frame.content_len, frame.payload.len() as u64);
                frames.frame(frame)
            },
        )?;
        Ok(stats)
    }

    fn decode(
        &self,
        header: &StreamHeader,
        frames: &mut dyn FrameSource,
        job: &Job,
        media: &mut dyn MediaSink,
    ) -> Result<Stats> {
        let params = Params::from_header(self.descriptor().params, &header.params)?;
        let block_len = usize::try_from(header.max_content).unwrap_or(usize::MAX);
        let mut stats = Stats::default();
        ordered(
            job.workers(self.memory_for(&params, block_len).decode),
            || {
                let Some(frame) = frames.next_frame()? else {
                    return Ok(None);
                };
                job.budget.produce(frame.content_len)?;
                let len = usize::try_from(frame.content_len).unwrap_or(usize::MAX);
                let need = self.memory_for(&params, len).decode;
                let reserved = job.budget.reserve("decoder memory", need)?;
                Ok(Some((frame, reserved)))
            },
            |(frame, reserved)| {
                let content = self.decode_frame(&frame, &params)?;
                Ok((content, frame.payload.len() as u64, reserved))
            },
            |(content, payload_bytes, _reserved)| {
                stats.add_frame(content.len() as u64, payload_bytes);
                media.bytes(&content)
            },
        )?;
        Ok(stats)
    }

    fn code_length(&self) -> Option<&dyn CodeLength> {
        Some(self.0.code_length().unwrap_or(self))
    }

    fn native(&self) -> Option<&dyn NativeStream> {
        self.0.native()
    }
}

impl<C: BlockCodec> Blocks<C> {
    /// The next block: `block_len` bytes or as many of them as the codec takes, fewer at the end of
    /// the input, `None` after it. `carried` is what the codec did not take.
    fn read_block(
        &self,
        reader: &mut (dyn Read + Send),
        block_len: usize,
        carried: &mut Vec<u8>,
    ) -> Result<Option<Vec<u8>>> {
        let mut block = std::mem::take(carried);
        fill(reader, &mut block, block_len)?;
        if block.len() == block_len {
            let end = self.0.block_end(&block).clamp(1, block_len);
            *carried = block.split_off(end);
        }
        Ok((!block.is_empty()).then_some(block))
    }

    fn decode_frame(&self, frame: &Frame, params: &Params) -> Result<Vec<u8>> {
        if frame.content_len == 0 && frame.payload.is_empty() {
            return Ok(Vec::new());
        }
        let at = frame.payload_at;
        let content_len = usize::try_from(frame.content_len)
            .map_err(|_| Error::corrupt(at, "block is larger than this machine's memory"))?;
        let content = self
            .0
            .decode_block(&frame.payload, content_len, params)
            .map_err(|error| error.offset_by(at))?;
        frame.check_content(&content)?;
        Ok(content)
    }
}

/// Code lengths by encoding, in one block: the length of the payload or of the format's own file, and
/// for conditional lengths how much longer that is when `x` follows what was given.
impl<C: BlockCodec> CodeLength for Blocks<C> {
    fn bits(&self, x: &[u8], params: &Params) -> Result<f64> {
        let payload = self.0.encode_block(x, params)?;
        Ok(self.0.file_len(payload.len(), x.len()) as f64 * 8.0)
    }

    fn primed<'a>(&'a self, given: &[&[u8]], params: &Params) -> Result<Box<dyn Primed + 'a>> {
        let given = given.concat();
        Ok(Box::new(Concatenation {
            given_bits: self.bits(&given, params)?,
            given,
            lengths: self,
            params: params.clone(),
        }))
    }
}

/// What was given, to be encoded again with every question.
struct Concatenation<'a, C> {
    given: Vec<u8>,
    given_bits: f64,
    lengths: &'a Blocks<C>,
    params: Params,
}

impl<C: BlockCodec> Primed for Concatenation<'_, C> {
    fn joint_bits(&self, x: &[u8]) -> Result<f64> {
        let both = [&self.given[..], x].concat();
        self.lengths.bits(&both, &self.params)
    }

    fn bits(&self, x: &[u8]) -> Result<f64> {
        Ok((self.joint_bits(x)? - self.given_bits).max(0.0))
    }
}

/// Reads on until `block` has `block_len` bytes or the input ends.
fn fill(reader: &mut (dyn Read + Send), block: &mut Vec<u8>, block_len: usize) -> Result<()> {
    /// Small inputs are common: the whole block is only set aside once this much has come.
    const FIRST: usize = 64 << 10;
    for target in [block_len.min(FIRST), block_len] {
        block.reserve_exact(target.saturating_sub(block.len()));
        let missing = target.saturating_sub(block.len()) as u64;
        let mut part = Read::take(&mut *reader, missing);
        part.read_to_end(block).map_err(Error::io("read input"))?;
        if block.len() < target {
            break;
        }
    }
    Ok(())
}
