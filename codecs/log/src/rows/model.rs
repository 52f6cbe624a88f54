//! The model of a block: what is known of its lines, and how each byte is coded.

use super::Effort;
use super::bytes::ByteModel;
use super::coder::BitCoder;
use super::experts::{Experts, NO_BYTE};
use super::flag::FlagModel;
use super::line::Line;

/// Models of the three efforts.
pub(super) type Quick = Model<5, 24, 8, 32>;
pub(super) type Mid = Model<12, 40, 20, 56>;
pub(super) type Max = Model<12, 40, 16, 48>;

/// The model of a block, with `F` contexts of flags and `C` contexts of bytes.
#[derive(Clone, Debug)]
pub(super) struct Model<const F: usize, const FN: usize, const C: usize, const CN: usize> {
    line: Line,
    experts: Experts,
    flag: FlagModel<F, FN>,
    bytes: ByteModel<C, CN>,
    /// Probability from which on the surest expert's byte is first offered as a whole.
    offer_from: u16,
}

impl<const F: usize, const FN: usize, const C: usize, const CN: usize> Model<F, FN, C, CN> {
    /// A model for a block of `len` bytes.
    pub(super) fn new(len: usize, effort: Effort) -> Self {
        Self {
            line: Line::default(),
            experts: Experts::new(len, effort != Effort::Quick),
            flag: FlagModel::new(flag_bits(len)),
            bytes: ByteModel::new(line_bits(len)),
            offer_from: match effort {
                Effort::Quick | Effort::Mid => 0,
                Effort::Max => 65_000,
            },
        }
    }

    /// Bytes of memory that a model for a block of `len` bytes takes.
    pub(super) fn memory_bytes(len: usize) -> usize {
        Experts::memory_bytes(len)
            + FlagModel::<F, FN>::memory_bytes(flag_bits(len))
            + ByteModel::<C, CN>::memory_bytes(line_bits(len))
            + size_of::<Self>()
    }

    /// Codes the byte behind `history` and returns it; the next one is predicted after
    /// [`advance`](Self::advance).
    pub(super) fn code(&mut self, coder: &mut impl BitCoder, byte: u8) -> u8 {
        let view = self.experts.view(&self.line);
        let expected = view.forecast.byte as u8;
        if view.forecast.byte == NO_BYTE {
            return self.bytes.code(coder, byte, view, 0, false);
        }
        let surety = self.flag.predict(view);
        if surety < self.offer_from {
            let byte = self.bytes.code(coder, byte, view, surety, false);
            self.flag.update(byte == expected);
            return byte;
        }
        let hit = coder.code(byte == expected, surety);
        self.flag.update(hit);
        if hit {
            return expected;
        }
        self.bytes.code(coder, byte, view, surety, true)
    }

    /// Takes in the last byte of `history`.
    pub(super) fn advance(&mut self, history: &[u8]) {
        let Some(&byte) = history.last() else { return };
        self.line.push(byte);
        self.experts.advance(history, &self.line);
    }
}

fn len_bits(len: usize) -> u32 {
    usize::BITS - len.leading_zeros()
}

fn flag_bits(len: usize) -> u32 {
    len_bits(len).clamp(12, 20)
}

fn line_bits(len: usize) -> u32 {
    len_bits(len).saturating_sub(2).clamp(10, 20)
}
