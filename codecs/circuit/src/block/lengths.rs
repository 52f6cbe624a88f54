//! How long codewords are.

use codec_core::Result;

use crate::fields::{Fields, write_number};

/// Writes how long all codewords but the last are.
pub(super) fn write_lengths(codewords: &[Vec<u8>], out: &mut Vec<u8>) {
    let Some((_, but_last)) = codewords
        .split_last()
        .filter(|(_, others)| !others.is_empty())
    else {
        return;
    };
    let lengths = || but_last.iter().map(Vec::len);
    let least = lengths().min().unwrap_or(0);
    let most = lengths().max().unwrap_or(0);
    let width = usize::BITS - (most - least).leading_zeros();
    write_number(least as u64, out);
    out.push(width as u8);
    let mut bits = BitWriter::default();
    for length in lengths() {
        bits.put((length - least) as u64, width, out);
    }
    bits.finish(out);
}

/// Where each of `count` codewords but the last ends in what follows the lengths.
pub(super) fn read_lengths(fields: &mut Fields<'_>, count: usize) -> Result<Vec<usize>> {
    let mut ends = Vec::new();
    if count < 2 {
        return Ok(ends);
    }
    let least = fields.number_up_to(u64::from(u32::MAX), "the length of a codeword")?;
    let width = u32::from(fields.byte()?);
    if width > 32 {
        return Err(fields.corrupt("lengths of more than 32 bits"));
    }
    let packed = fields.take(((count - 1) * width as usize).div_ceil(8))?;
    let mut bits = BitReader {
        bytes: packed.iter(),
        held: 0,
        count: 0,
    };
    let mut end = 0usize;
    for _ in 1..count {
        end = end.saturating_add(least + bits.take(width) as usize);
        ends.push(end);
    }
    Ok(ends)
}

/// Numbers of some bits, low ones first.
#[derive(Default)]
struct BitWriter {
    held: u64,
    count: u32,
}

impl BitWriter {
    fn put(&mut self, value: u64, width: u32, out: &mut Vec<u8>) {
        self.held |= value << self.count;
        self.count += width;
        while self.count >= 8 {
            out.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    fn finish(self, out: &mut Vec<u8>) {
        if self.count > 0 {
            out.push(self.held as u8);
        }
    }
}

struct BitReader<'a> {
    bytes: std::slice::Iter<'a, u8>,
    held: u64,
    count: u32,
}

impl BitReader<'_> {
    /// A number of up to 32 bits; zeros behind the end.
    fn take(&mut self, width: u32) -> u64 {
        while self.count < width {
            let byte = self.bytes.next().copied().unwrap_or(0);
            self.held |= u64::from(byte) << self.count;
            self.count += 8;
        }
        let value = self.held & ((1 << width) - 1);
        self.held >>= width;
        self.count -= width;
        value
    }
}
