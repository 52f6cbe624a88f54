//! The footer index: where each frame is, and a second copy of the header.

use super::fields::{Fields, put_bytes, put_varint};
use crate::{Error, Result};

/// Start of an index.
pub(super) const SYNC: [u8; 4] = [0xF7, b'I', b'X', 0x1E];
/// End of an index, and with it of a stream that has one.
pub(super) const TAIL: [u8; 4] = [0xF7, b'E', b'N', 0x1A];
/// Length of what follows the index's body: checksum, length, tail.
pub(super) const TAIL_LEN: usize = 12;

/// One frame of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexEntry {
    /// Length of the whole frame in the file, header included, in bytes.
    pub frame_len: u64,
    /// Length of its content, in the media's unit.
    pub content_len: u64,
}

/// The index of a stream with more than one frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// Every frame in order.
    pub entries: Vec<IndexEntry>,
    /// The stream's header, bytes as at the start of the stream.
    pub header: Vec<u8>,
}

impl Index {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put_bytes(&mut body, &self.header);
        put_varint(&mut body, self.entries.len() as u64);
        for entry in &self.entries {
            put_varint(&mut body, entry.frame_len);
            put_varint(&mut body, entry.content_len);
        }
        let mut out = SYNC.to_vec();
        put_bytes(&mut out, &body);
        let crc = crc32c::crc32c(&out);
        out.extend(crc.to_le_bytes());
        let len = (out.len() + 8) as u32;
        out.extend(len.to_le_bytes());
        out.extend(TAIL);
        out
    }

    /// The index in `bytes`, which must hold exactly one and start at offset `at` of the input.
    pub(super) fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let mut fields = Fields::new(bytes, at);
        if fields.take(SYNC.len(), "index")? != SYNC {
            return Err(Error::corrupt(at, "no index starts here"));
        }
        let body = fields.bytes("index body")?;
        let body_at = fields.at().saturating_sub(body.len() as u64);
        let checked = bytes.len().saturating_sub(fields.left());
        let crc_at = fields.at();
        let stored = fields.u32("index checksum")?;
        let computed = crc32c::crc32c(bytes.get(..checked).unwrap_or_default());
        if stored != computed {
            return Err(Error::corrupt(
                crc_at,
                format!("index checksum is {stored:08x}, its bytes give {computed:08x}"),
            ));
        }
        let len_at = fields.at();
        let len = fields.u32("index length")?;
        if len as usize != bytes.len() {
            return Err(Error::corrupt(
                len_at,
                format!("index length is {len}, the index has {} bytes", bytes.len()),
            ));
        }
        if fields.take(TAIL.len(), "end of stream")? != TAIL {
            return Err(Error::corrupt(
                len_at.saturating_add(4),
                "end of stream is not marked",
            ));
        }
        parse_body(&mut Fields::new(body, body_at))
    }

    /// Total content of the stream, in the media's unit.
    #[must_use]
    pub fn content_len(&self) -> u64 {
        self.entries
            .iter()
            .fold(0, |sum, entry| sum.saturating_add(entry.content_len))
    }
}

fn parse_body(body: &mut Fields<'_>) -> Result<Index> {
    let header = body.bytes("copy of the header")?.to_vec();
    let count_at = body.at();
    let count = body.varint("frame count")?;
    // Two bytes are the least that an entry takes.
    if count > body.left() as u64 / 2 {
        return Err(Error::corrupt(
            count_at,
            format!("{count} frames do not fit the index"),
        ));
    }
    let mut entries = Vec::with_capacity(count as usize);
    for _ in 0..count {
        entries.push(IndexEntry {
            frame_len: body.varint("frame length")?,
            content_len: body.varint("content length")?,
        });
    }
    Ok(Index { entries, header })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_survives_and_its_damage_is_noticed() {
        let index = Index {
            entries: vec![
                IndexEntry {
                    frame_len: 1000,
                    content_len: 4 << 20,
                },
                IndexEntry {
                    frame_len: 17,
                    content_len: 1,
                },
            ],
            header: b"header".to_vec(),
        };
        let bytes = index.to_bytes();
        assert_eq!(Index::parse(&bytes, 0).unwrap(), index);
        assert_eq!(index.content_len(), (4 << 20) + 1);
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Index::parse(&bad, 0).is_err(), "bit {bit}");
        }
    }
}
