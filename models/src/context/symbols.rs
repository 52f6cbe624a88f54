//! Integers by a table: choosing, writing and reading one.

use codec_core::{Error, Result};
use codec_entropy::golomb::{decode_exp_golomb, encode_exp_golomb};
use codec_entropy::range::{RangeDecoder, RangeEncoder};
use codec_entropy::{EntropyDecoder, EntropyEncoder, EntropyError};

use super::tables::{Centre, PRECISION, Tables, class_of, plain_bits};

/// Order of the code for how far a value is beyond its table.
const BEYOND_ORDER: u32 = 2;

/// What is expected at a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// Class of the scale.
    pub(crate) class: usize,
    /// Low bits that are coded as they are.
    plain: u32,
    centre: Centre,
}

impl Expected {
    /// For a mean in 1/4096 and a class.
    #[inline]
    pub(crate) fn new(class: usize, mean: i32) -> Self {
        let plain = plain_bits(class);
        Expected {
            class,
            plain,
            centre: Centre::of(mean, plain),
        }
    }

    /// For a mean and a scale in 1/4096, also one beyond the last class.
    #[inline]
    pub(crate) fn at_scale(mut scale: i32, mean: i32) -> Self {
        let mut more = 0;
        while scale >= 1 << 18 {
            scale >>= 1;
            more += 1;
        }
        let class = class_of(scale);
        let plain = plain_bits(class) + more;
        Expected {
            class,
            plain,
            centre: Centre::of(mean, plain),
        }
    }

    /// Index of the table and of the symbol in it that stand for `value`.
    #[inline]
    pub(crate) fn entry(self, value: i32) -> (usize, usize) {
        let table = Tables::table(self.class, self.centre);
        (table, self.centre.symbol(value >> self.plain))
    }

    /// The integer for `wanted` that costs least, where a bit is worth `bit` squared steps: of
    /// magnitude `most` at most.
    #[inline]
    pub(crate) fn chosen(self, tables: &Tables, wanted: f32, bit: f32, most: i32) -> i32 {
        let most = most as f32;
        let wanted = if wanted.is_nan() {
            0.0
        } else {
            wanted.clamp(-most, most)
        };
        let nearest = wanted.round();
        if bit <= 0.0 || nearest == 0.0 {
            return nearest as i32;
        }
        let toward = nearest - nearest.signum();
        let cost = |value: f32| {
            let symbol = self.centre.symbol(value as i32 >> self.plain);
            let bits = tables.cost(self.class, self.centre, symbol) as f32 / 256.0;
            (wanted - value) * (wanted - value) + bit * bits
        };
        let best = if cost(toward) < cost(nearest) {
            toward
        } else {
            nearest
        };
        let zero_is_near = best.abs() == 1.0 && toward != 0.0;
        if zero_is_near && cost(0.0) < cost(best) {
            return 0;
        }
        best as i32
    }

    /// Writes `value`.
    #[inline]
    pub(crate) fn put(self, encoder: &mut RangeEncoder, tables: &Tables, value: i32) {
        let unit = value >> self.plain;
        let symbol = self.centre.symbol(unit);
        if let Some(interval) = tables.interval(self.class, self.centre, symbol) {
            encoder.encode(interval);
        }
        if symbol == 0 {
            let (below, by) = self.centre.beyond(unit);
            encoder.encode_bits(u32::from(below), 1);
            encode_exp_golomb(encoder, by, BEYOND_ORDER);
        }
        if self.plain > 0 {
            encoder.encode_bits(value as u32 & ((1 << self.plain) - 1), self.plain);
        }
    }

    /// Reads a value of magnitude `most` at most.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the position.
    #[inline]
    pub(crate) fn take(
        self,
        decoder: &mut RangeDecoder<'_>,
        tables: &Tables,
        most: i32,
    ) -> Result<i32> {
        let corrupt = |error: EntropyError| Error::corrupt(0, error.to_string());
        let point = decoder.point(PRECISION).map_err(corrupt)?;
        let symbol = tables.symbol_at(self.class, self.centre, point);
        let interval = tables
            .interval(self.class, self.centre, symbol)
            .ok_or_else(|| Error::Internal("an empty interval".to_owned()))?;
        decoder.advance(interval).map_err(corrupt)?;
        let unit = if symbol == 0 {
            let below = decoder.decode_bits(1).map_err(corrupt)? == 1;
            let by = decode_exp_golomb(decoder, BEYOND_ORDER).map_err(corrupt)?;
            self.centre.value_beyond(below, by)
        } else {
            self.centre.value(symbol)
        };
        let low = if self.plain > 0 {
            decoder.decode_bits(self.plain).map_err(corrupt)?
        } else {
            0
        };
        let value = (i64::from(unit) << self.plain) | i64::from(low);
        i32::try_from(value)
            .ok()
            .filter(|value| value.unsigned_abs() <= most.unsigned_abs())
            .ok_or_else(|| {
                Error::corrupt(decoder.position() as u64, format!("a latent of {value}"))
            })
    }
}
