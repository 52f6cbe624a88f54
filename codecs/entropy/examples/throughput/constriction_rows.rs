//! The same table in constriction's coders, with the fastest models it has for it.

use std::borrow::Borrow;
use std::num::NonZeroU32;

use codec_entropy::adaptive::ByteModel;
use codec_entropy::table::StaticTable;
use codec_entropy::{EntropyDecoder, EntropyEncoder, EntropyError, Interval};
use constriction::backends::Cursor;
use constriction::stream::model::{
    ContiguousCategoricalEntropyModel, DecoderModel, EncoderModel, EntropyModel,
    NonContiguousLookupDecoderModel,
};
use constriction::stream::queue::{DefaultRangeDecoder, DefaultRangeEncoder};
use constriction::stream::stack::{AnsCoder, SmallAnsCoder};
use constriction::stream::{Decode, Encode};

use crate::{Outcome, measure};

const PRECISION: usize = 12;

pub(crate) fn ans(data: &[u8], table: &StaticTable) -> Outcome<()> {
    // Its tables take no frequency of zero, so that the symbols have to be numbered anew.
    let used: Vec<u8> = (0..=255)
        .filter(|&byte| table.frequency(u32::from(byte)) > 0)
        .collect();
    let mut numbers = [0usize; 256];
    for (number, &byte) in used.iter().enumerate() {
        numbers[usize::from(byte)] = number;
    }
    let frequencies: Vec<u16> = used
        .iter()
        .map(|&byte| table.frequency(u32::from(byte)) as u16)
        .collect();
    let encoder_model =
        ContiguousCategoricalEntropyModel::<u16, Vec<u16>, PRECISION>::from_nonzero_fixed_point_probabilities(
            &frequencies,
            false,
        )
        .map_err(|()| "constriction refuses the table")?;
    let decoder_model =
        NonContiguousLookupDecoderModel::<u8, u16, _, _, PRECISION>::from_symbols_and_nonzero_fixed_point_probabilities(
            used.iter().copied(),
            &frequencies,
            false,
        )
        .map_err(|()| "constriction refuses the table")?;
    measure(
        "constriction AnsCoder, 12-bit table",
        1,
        data,
        |piece, out| {
            let mut coder = SmallAnsCoder::new();
            let numbers = piece.iter().map(|&byte| numbers[usize::from(byte)]);
            coder.encode_iid_symbols_reverse(numbers, &encoder_model)?;
            let words = coder.into_compressed().map_err(|_| "out of memory")?;
            out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
            Ok(())
        },
        |coded, out| {
            let (words, _) = coded.as_chunks::<2>();
            let words: Vec<u16> = words.iter().map(|word| u16::from_le_bytes(*word)).collect();
            let mut coder = AnsCoder::<u16, u32, _>::from_compressed_slice(&words)?;
            for (byte, decoded) in out
                .iter_mut()
                .zip(coder.decode_iid_symbols(crate::PIECE, &decoder_model))
            {
                *byte = decoded?;
            }
            Ok(())
        },
    )
}

pub(crate) fn range(data: &[u8], table: &StaticTable) -> Outcome<()> {
    measure(
        "constriction range coder, 12-bit table",
        1,
        data,
        |piece, out| {
            let mut coder = DefaultRangeEncoder::new();
            for &byte in piece {
                coder.encode_symbol(u32::from(byte), SameTable(table))?;
            }
            let words = coder.into_compressed().map_err(|_| "out of memory")?;
            out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
            Ok(())
        },
        |coded, out| {
            let (words, _) = coded.as_chunks::<4>();
            let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
            let mut coder = DefaultRangeDecoder::<Cursor<u32, _>>::from_compressed(words)
                .map_err(|_| "constriction refuses the data")?;
            for byte in out {
                *byte = coder.decode_symbol(SameTable(table))? as u8;
            }
            Ok(())
        },
    )
}

/// Our table and its look-up behind constriction's interface, so that only the coders differ.
#[derive(Clone, Copy)]
struct SameTable<'a>(&'a StaticTable);

impl EntropyModel<PRECISION> for SameTable<'_> {
    type Symbol = u32;
    type Probability = u32;
}

impl EncoderModel<PRECISION> for SameTable<'_> {
    #[inline]
    fn left_cumulative_and_probability(
        &self,
        symbol: impl Borrow<u32>,
    ) -> Option<(u32, NonZeroU32)> {
        let interval = self.0.interval(*symbol.borrow()).ok()?;
        Some((interval.start(), NonZeroU32::new(interval.frequency())?))
    }
}

impl DecoderModel<PRECISION> for SameTable<'_> {
    #[inline]
    fn quantile_function(&self, quantile: u32) -> (u32, u32, NonZeroU32) {
        let (symbol, interval) = self.0.symbol_at(quantile);
        let frequency = NonZeroU32::new(interval.frequency()).unwrap_or(NonZeroU32::MIN);
        (symbol, interval.start(), frequency)
    }
}

pub(crate) fn adaptive(data: &[u8]) -> Outcome<()> {
    measure(
        "constriction range coder, adaptive bytes",
        2,
        data,
        |piece, out| {
            let (mut coder, mut model) = (Encoder(DefaultRangeEncoder::new()), ByteModel::new());
            for &byte in piece {
                model.encode(&mut coder, byte);
            }
            let words = coder.0.into_compressed().map_err(|_| "out of memory")?;
            out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
            Ok(())
        },
        |coded, out| {
            let (words, _) = coded.as_chunks::<4>();
            let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
            let coder = DefaultRangeDecoder::from_compressed(words.as_slice())
                .map_err(|_| "constriction refuses the data")?;
            let (mut coder, mut model) = (Decoder(coder), ByteModel::new());
            for byte in out {
                *byte = model.decode(&mut coder)?;
            }
            Ok(())
        },
    )
}

/// Constriction's range coder behind our interface, so that it can be used with our models.
struct Encoder(DefaultRangeEncoder);

impl EntropyEncoder for Encoder {
    #[inline(always)]
    fn encode(&mut self, interval: Interval) {
        let encoded = self.0.encode_symbol((), Exactly(interval));
        debug_assert!(encoded.is_ok());
    }
}

struct Decoder<'a>(DefaultRangeDecoder<Cursor<u32, &'a [u32]>>);

impl EntropyDecoder for Decoder<'_> {
    #[inline(always)]
    fn point(&mut self, precision: u32) -> Result<u32, EntropyError> {
        let (_, state, point) = self.0.clone().into_raw_parts();
        Ok((point.wrapping_sub(state.lower()) / (state.range().get() >> precision)) as u32)
    }

    #[inline(always)]
    fn reaches(&self, bound: u32, precision: u32) -> bool {
        let (_, state, point) = self.0.clone().into_raw_parts();
        let distance = point.wrapping_sub(state.lower());
        distance >= (state.range().get() >> precision) * u64::from(bound)
    }

    #[inline(always)]
    fn advance(&mut self, interval: Interval) -> Result<(), EntropyError> {
        self.0
            .decode_symbol(Exactly(interval))
            .map_err(|_| EntropyError::Truncated { at: 0 })
    }

    fn position(&self) -> usize {
        0
    }
}

/// A model of the 15 bits of [`ByteModel`] that knows only the symbol at hand.
#[derive(Clone, Copy)]
struct Exactly(Interval);

impl EntropyModel<15> for Exactly {
    type Symbol = ();
    type Probability = u32;
}

impl EncoderModel<15> for Exactly {
    #[inline(always)]
    fn left_cumulative_and_probability(&self, _: impl Borrow<()>) -> Option<(u32, NonZeroU32)> {
        Some((self.0.start(), NonZeroU32::new(self.0.frequency())?))
    }
}

impl DecoderModel<15> for Exactly {
    #[inline(always)]
    fn quantile_function(&self, _: u32) -> ((), u32, NonZeroU32) {
        let frequency = NonZeroU32::new(self.0.frequency()).unwrap_or(NonZeroU32::MIN);
        ((), self.0.start(), frequency)
    }
}
