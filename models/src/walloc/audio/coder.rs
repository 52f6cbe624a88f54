//! Coding the latents of a frame.

use codec_core::{Error, Result};
use codec_entropy::EntropyError;
use codec_entropy::range::{RangeDecoder, RangeEncoder};

use super::field::Field;
use super::model::AudioModel;
use super::predict::{Filter, TERMS};
use super::{BANDS, MOST};
use crate::context::Expected;

/// Planes of a frame: which one is the side of plane 0, and how many bands of each are coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Bands of each plane that are not all zero.
    pub(super) bands: Vec<usize>,
    /// Latents of a band.
    pub(super) columns: usize,
}

/// A place and what is known about it.
pub(super) struct Place {
    pub(super) plane: usize,
    pub(super) band: usize,
    pub(super) column: usize,
    /// In 1/4096.
    pub(super) mean: i32,
    /// Terms of the scale.
    pub(super) terms: [i32; TERMS],
}

impl Place {
    /// Index of the latent in `[planes, BANDS, columns]`.
    pub(super) fn index(&self, columns: usize) -> usize {
        (self.plane * BANDS + self.band) * columns + self.column
    }

    /// Whether the plane is a side.
    pub(super) fn is_side(&self) -> bool {
        self.plane == 1
    }
}

/// Goes through all places in order: planes, bands from the lowest, columns; asks `value` for the
/// latent at each.
pub(super) fn walk(layout: &Layout, mut value: impl FnMut(&Place) -> Result<i32>) -> Result<()> {
    let mut middle: Option<Field> = None;
    for (plane, &bands) in layout.bands.iter().enumerate() {
        let mut field = Field::new(layout.columns);
        let beside = middle.as_ref().filter(|_| plane == 1);
        for band in 0..bands {
            let mut filter = Filter::new();
            for column in 0..layout.columns {
                let at = field.at(band, column);
                let place = Place {
                    plane,
                    band,
                    column,
                    mean: filter.mean(&field, beside, at),
                    terms: filter.terms(&field, beside, at),
                };
                let found = value(&place)?;
                filter.learn(found, place.mean);
                field.set(at, found, place.mean);
            }
        }
        if plane == 0 {
            middle = Some(field);
        }
    }
    Ok(())
}

/// What is expected at a place.
#[inline]
pub(super) fn expected(model: &AudioModel, place: &Place) -> Expected {
    let scale = model.scale(place.is_side(), place.band, &place.terms);
    Expected::at_scale(scale, place.mean)
}

/// Codes latents (`[planes, BANDS, columns]` in steps); a bit is worth `bit` squared steps. `chosen`
/// hears each integer.
pub(super) fn encode(
    model: &AudioModel,
    latents: &[f32],
    layout: &Layout,
    bit: f32,
    mut chosen: impl FnMut(&Place, Expected, i32),
) -> Result<Vec<u8>> {
    if latents.len() != layout.bands.len() * BANDS * layout.columns {
        return Err(Error::Internal("latents of another shape".to_owned()));
    }
    let mut encoder = RangeEncoder::new();
    walk(layout, |place| {
        let expected = expected(model, place);
        let wanted = latents[place.index(layout.columns)];
        let value = expected.chosen(&model.tables, wanted, bit, MOST);
        expected.put(&mut encoder, &model.tables, value);
        chosen(place, expected, value);
        Ok(value)
    })?;
    Ok(encoder.finish())
}

/// Latents of a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decoded {
    /// The integers, `[planes, BANDS, columns]`.
    pub(super) values: Vec<i32>,
    /// What they most probably were, in steps.
    pub(super) restored: Vec<f32>,
}

/// The latents behind `bytes`.
///
/// # Errors
/// [`Error::Corrupt`] with the position in `bytes`.
pub(super) fn decode(model: &AudioModel, bytes: &[u8], layout: &Layout) -> Result<Decoded> {
    let mut decoder = RangeDecoder::new(bytes);
    let len = layout.bands.len() * BANDS * layout.columns;
    let mut out = Decoded {
        values: vec![0; len],
        restored: vec![0.0; len],
    };
    walk(layout, |place| {
        let expected = expected(model, place);
        let value = expected.take(&mut decoder, &model.tables, MOST)?;
        let at = place.index(layout.columns);
        out.values[at] = value;
        out.restored[at] = model.restored(expected.class, value, place.mean);
        Ok(value)
    })?;
    decoder
        .finish()
        .map_err(|error: EntropyError| Error::corrupt(0, error.to_string()))?;
    Ok(out)
}
