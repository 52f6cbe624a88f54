//! Frames: independent, checksummed pieces of a stream.

use xxhash_rust::xxh64::xxh64;

use super::fields::{Fields, put_varint};
use crate::{Error, Result};

/// Start of every frame: how `recover` finds frames behind damage.
pub(super) const SYNC: [u8; 4] = [0xF7, b'F', b'R', 0x1E];

/// Kind of a frame with content.
const KIND_DATA: u8 = 0;
const KIND_MASK: u8 = 0x0F;
/// The frame is the last of its stream.
const FLAG_LAST: u8 = 0x80;
/// The frame header holds a hash of the content.
const FLAG_HASH: u8 = 0x40;

/// A piece of a stream that decodes on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Length of the content behind the payload, in the media's unit
    /// ([`MediaKind::unit`](crate::MediaKind::unit)).
    pub content_len: u64,
    /// XXH64 (seed 0) of the content, where the codec gives back identical content.
    pub content_hash: Option<u64>,
    /// CRC-32C of the payload.
    pub payload_crc: u32,
    /// The codec's bytes.
    pub payload: Vec<u8>,
    /// Offset of the payload in the input it was read from, in bytes; 0 for a new frame.
    pub payload_at: u64,
}

impl Frame {
    /// A frame of a lossless codec, with the hash of its content.
    #[must_use]
    pub fn new(content: &[u8], payload: Vec<u8>) -> Self {
        Frame {
            content_len: content.len() as u64,
            content_hash: Some(xxh64(content, 0)),
            payload_crc: crc32c::crc32c(&payload),
            payload,
            payload_at: 0,
        }
    }

    /// A frame of a lossy codec: `content_len` in the media's unit, and no hash.
    #[must_use]
    pub fn lossy(content_len: u64, payload: Vec<u8>) -> Self {
        Frame {
            content_len,
            content_hash: None,
            payload_crc: crc32c::crc32c(&payload),
            payload,
            payload_at: 0,
        }
    }

    /// Checks decoded content against the frame's length and hash.
    ///
    /// # Errors
    /// [`Error::Corrupt`] at the frame's payload if either differs.
    pub fn check_content(&self, content: &[u8]) -> Result<()> {
        if content.len() as u64 != self.content_len {
            return Err(Error::corrupt(
                self.payload_at,
                format!(
                    "frame decodes to {} bytes, not {}",
                    content.len(),
                    self.content_len
                ),
            ));
        }
        match self.content_hash {
            Some(hash) if xxh64(content, 0) != hash => Err(Error::corrupt(
                self.payload_at,
                "decoded content does not match its hash",
            )),
            _ => Ok(()),
        }
    }

    /// The frame's header for place `number` of the stream; the payload follows it.
    pub(super) fn header_bytes(&self, number: u64, last: bool) -> Vec<u8> {
        let mut out = SYNC.to_vec();
        let last = if last { FLAG_LAST } else { 0 };
        let hash = if self.content_hash.is_some() {
            FLAG_HASH
        } else {
            0
        };
        out.push(KIND_DATA | last | hash);
        put_varint(&mut out, number);
        put_varint(&mut out, self.payload.len() as u64);
        put_varint(&mut out, self.content_len);
        if let Some(hash) = self.content_hash {
            out.extend(hash.to_le_bytes());
        }
        out.extend(self.payload_crc.to_le_bytes());
        let crc = crc32c::crc32c(&out);
        out.extend(crc.to_le_bytes());
        out
    }
}

/// The fields of a frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) last: bool,
    pub(super) number: u64,
    pub(super) payload_len: u64,
    pub(super) content_len: u64,
    pub(super) content_hash: Option<u64>,
    pub(super) payload_crc: u32,
    /// Length of the header itself, in bytes.
    pub(super) len: u64,
}

/// Longest frame header, in bytes.
pub(super) const MAX_HEADER: usize = 4 + 1 + 3 * super::fields::VARINT_MAX + 8 + 4 + 4;

impl FrameHeader {
    /// The frame header at the start of `bytes`, which start at offset `at` of the input and may
    /// run past the header.
    pub(super) fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let mut fields = Fields::new(bytes, at);
        let sync = fields.take(SYNC.len(), "frame")?;
        if sync != SYNC {
            return Err(Error::corrupt(at, "no frame starts here"));
        }
        let kind = fields.byte("frame kind")?;
        let number = fields.varint("frame number")?;
        let payload_len = fields.varint("payload length")?;
        let content_len = fields.varint("content length")?;
        let content_hash = match kind & FLAG_HASH {
            0 => None,
            _ => {
                let low = u64::from(fields.u32("content hash")?);
                Some(u64::from(fields.u32("content hash")?) << 32 | low)
            }
        };
        let payload_crc = fields.u32("payload checksum")?;
        let checked = bytes.len().saturating_sub(fields.left());
        let crc_at = fields.at();
        let stored = fields.u32("frame header checksum")?;
        let computed = crc32c::crc32c(bytes.get(..checked).unwrap_or_default());
        if stored != computed {
            return Err(Error::corrupt(
                crc_at,
                format!("frame header checksum is {stored:08x}, its bytes give {computed:08x}"),
            ));
        }
        // Checked after the checksum: damage is more likely than a newer format.
        if kind & !(FLAG_LAST | FLAG_HASH) != KIND_DATA {
            let kind = kind & KIND_MASK;
            return Err(Error::Unsupported(format!(
                "frame kind {kind} is newer than this build"
            )));
        }
        Ok(FrameHeader {
            last: kind & FLAG_LAST != 0,
            number,
            payload_len,
            content_len,
            content_hash,
            payload_crc,
            len: fields.at().saturating_sub(at),
        })
    }

    /// The frame of this header at offset `at` of the input, once its payload is there.
    pub(super) fn with_payload(&self, payload: Vec<u8>, at: u64) -> Result<Frame> {
        let payload_at = at.saturating_add(self.len);
        let computed = crc32c::crc32c(&payload);
        if computed != self.payload_crc {
            return Err(Error::corrupt(
                payload_at,
                format!(
                    "payload checksum of frame {} is {:08x}, its {} bytes give {computed:08x}",
                    self.number,
                    self.payload_crc,
                    payload.len()
                ),
            ));
        }
        Ok(Frame {
            content_len: self.content_len,
            content_hash: self.content_hash,
            payload_crc: self.payload_crc,
            payload,
            payload_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_and_its_damage_is_noticed() {
        let frame = Frame::new(b"content", b"payload".to_vec());
        let bytes = frame.header_bytes(300, true);
        let header = FrameHeader::parse(&bytes, 0).unwrap();
        assert_eq!(
            (header.number, header.last, header.payload_len),
            (300, true, 7)
        );
        assert_eq!(
            header
                .with_payload(b"payload".to_vec(), 0)
                .unwrap()
                .content_len,
            7
        );
        assert!(header.with_payload(b"payloaf".to_vec(), 0).is_err());
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(FrameHeader::parse(&bad, 0).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn content_is_checked_for_length_and_hash() {
        let frame = Frame::new(b"content", Vec::new());
        assert!(frame.check_content(b"content").is_ok());
        assert!(frame.check_content(b"content!").is_err());
        assert!(frame.check_content(b"contemt").is_err());
    }
}
