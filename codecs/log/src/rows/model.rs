//! The model of a block: what is known of its lines, and how each byte is coded.

use super::Effort;
use super::bytes::ByteModel;
use super::experts::{Experts, NO_BYTE};
use super::flag::FlagModel;
use super::line::Line;
use codec_entropy::mixing::BitCoder;

/// The model of [`Effort::Quick`].
pub(super) type Quick = Model<5, 24, 8, 32>;
/// The model of [`Effort::Mid`].
pub(super) type Mid = Model<5, 24, 12, 40>;
/// The model of [`Effort::Max`].
pub(super) type Max = Model<12, 40, 16, 48>;

/// What the efforts do differently, beside the numbers of contexts.
#[derive(Clone, Copy, Debug)]
struct Settings {
    all_experts: bool,
    /// Probability from which on the surest expert's byte is first offered as a whole.
    offer_from: u16,
    /// Limits of the tables: cells of flags and lines of contexts, as powers of two.
    flag_bits: u32,
    line_bits: u32,
}

impl Effort {
    fn settings(self) -> Settings {
        match self {
            Self::Quick => Settings {
                all_experts: false,
                offer_from: 0,
                flag_bits: 20,
                line_bits: 18,
            },
            Self::Mid => Settings {
                all_experts: true,
                offer_from: 0,
                flag_bits: 21,
                line_bits: 19,
            },
            Self::Max => Settings {
                all_experts: true,
                offer_from: 65_000,
                flag_bits: 22,
                line_bits: 21,
            },
        }
    }
}

/// The model of a block, with `F` contexts of flags and `C` contexts of bytes; their mixers have
/// `FN` and `CN` inputs.
#[derive(Clone, Debug)]
pub(super) struct Model<const F: usize, const FN: usize, const C: usize, const CN: usize> {
    line: Line,
    experts: Experts,
    flag: FlagModel<F, FN>,
    bytes: ByteModel<C, CN>,
    offer_from: u16,
}

impl<const F: usize, const FN: usize, const C: usize, const CN: usize> Model<F, FN, C, CN> {
    /// A model for a block of `len` bytes.
    pub(super) fn new(len: usize, effort: Effort) -> Self {
        let settings = effort.settings();
        Self {
            line: Line::default(),
            experts: Experts::new(len, settings.all_experts),
            flag: FlagModel::new(flag_bits(len, settings)),
            bytes: ByteModel::new(line_bits(len, settings)),
            offer_from: settings.offer_from,
        }
    }

    /// Bytes of memory that a model for a block of `len` bytes takes.
    pub(super) fn memory_bytes(len: usize, effort: Effort) -> usize {
        let settings = effort.settings();
        Experts::memory_bytes(len)
            + FlagModel::<F, FN>::memory_bytes(flag_bits(len, settings))
            + ByteModel::<C, CN>::memory_bytes(line_bits(len, settings))
            + size_of::<Self>()
    }

    /// Codes the next byte and returns it; [`advance`](Self::advance) must follow.
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

fn flag_bits(len: usize, settings: Settings) -> u32 {
    len_bits(len).clamp(12, settings.flag_bits)
}

fn line_bits(len: usize, settings: Settings) -> u32 {
    len_bits(len)
        .saturating_sub(2)
        .clamp(10, settings.line_bits)
}
