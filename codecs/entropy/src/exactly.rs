//! Our intervals as constriction's models.

use std::borrow::Borrow;
use std::num::NonZeroU32;

use constriction::stream::model::{DecoderModel, EncoderModel, EntropyModel};

use crate::Interval;
use crate::interval::MAX_PRECISION;

/// The model that knows only the symbol at hand: an interval of 2^[`MAX_PRECISION`].
///
/// Our models find the interval, constriction's coders take the step; this is what they need to
/// be told. The interval must be [widened](Interval::widened), and when decoding contain the point.
#[derive(Clone, Copy)]
pub(crate) struct Exactly(pub(crate) Interval);

const PRECISION: usize = MAX_PRECISION as usize;

impl EntropyModel<PRECISION> for Exactly {
    type Symbol = ();
    type Probability = u32;
}

impl EncoderModel<PRECISION> for Exactly {
    #[inline(always)]
    fn left_cumulative_and_probability(&self, _: impl Borrow<()>) -> Option<(u32, NonZeroU32)> {
        Some((self.0.start(), NonZeroU32::new(self.0.frequency())?))
    }
}

impl DecoderModel<PRECISION> for Exactly {
    #[inline(always)]
    fn quantile_function(&self, _: u32) -> ((), u32, NonZeroU32) {
        let frequency = NonZeroU32::new(self.0.frequency()).unwrap_or(NonZeroU32::MIN);
        ((), self.0.start(), frequency)
    }
}
