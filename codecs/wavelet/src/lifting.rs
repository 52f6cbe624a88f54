//! The lifting steps of CDF 9/7, and in which order they run over a signal.
//!
//! In the order of the samples, level `l` of the full packet tree splits every band of the level
//! before at once: it changes the samples whose index has bit `l` set from their neighbours at
//! distance `2^l` (predict), and then the others (update), twice. Nothing is moved between levels.
//!
//! Signals are therefore cut into *blocks* of `2^J` samples, and `2^J` steps at one distance become
//! loops over consecutive values: over time in a signal ([`crate::polyphase`]), over columns in an
//! image ([`crate::columns`]).
//!
//! The source is Daubechies and Sweldens, "Factoring Wavelet Transforms into Lifting Steps" (1998),
//! section 7.7. Its gains are multiplied together and applied once, after the last level.

/// Predict, update, predict, update.
const STEPS: [f32; 4] = [-1.586_134_3, -0.052_980_12, 0.882_911_1, 0.443_506_85];

/// Gain of the low band of one level, so that its response to a constant is `sqrt(2)`; the high band
/// has the inverse.
const LOW_GAIN: f64 = 1.149_604_398_860_241_6;

/// What the lifting steps leave in a band is multiplied by this: a band that took the high side
/// `highs` times on one axis of `levels` levels.
pub(crate) fn gain(levels: u32, highs: u32) -> f64 {
    let power = |exponent: u32| (0..exponent).fold(1.0, |product, _| product * LOW_GAIN);
    power(levels - highs) / power(highs)
}

/// One lifting step of one level.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Distance of neighbours, `2^l`.
    pub(crate) distance: usize,
    /// Whether samples with the bit of the level change, or those without.
    pub(crate) predicts: bool,
    /// What the sum of both neighbours is multiplied by.
    pub(crate) factor: f32,
}

/// The blocks that a step changes, and whether they begin and end where the signal does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) first: bool,
    pub(crate) last: bool,
}

/// How far a signal has come: blocks `..before` were there already, blocks `..now` are.
///
/// A predict step needs the block after its own, an update step the one before; so each of the four
/// steps of a level stops one block short of the predict step before it, and every level ends
/// two blocks behind the level before. [`Front::settled`] blocks are final.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Front {
    pub(crate) before: usize,
    pub(crate) now: usize,
    /// Whether block 0 is the signal's first.
    pub(crate) first: bool,
    /// Whether there is no block after `now`.
    pub(crate) last: bool,
}

impl Front {
    /// All of a signal at once.
    pub(crate) fn whole(blocks: usize) -> Self {
        Self {
            before: 0,
            now: blocks,
            first: true,
            last: true,
        }
    }

    /// Blocks whose values change no more, whichever direction the transform has. The last of them
    /// is still read by later steps.
    pub(crate) fn settled(self, levels: u32) -> usize {
        if self.last {
            self.now
        } else {
            self.now.saturating_sub(lag(levels))
        }
    }

    /// The blocks for a step that stays as many blocks behind, if there are any.
    fn span(self, behind: usize) -> Option<Span> {
        let from = self.before.saturating_sub(behind);
        let to = if self.last {
            self.now
        } else {
            self.now.saturating_sub(behind)
        };
        (from < to).then_some(Span {
            from,
            to,
            first: self.first && from == 0,
            last: self.last,
        })
    }
}

/// Blocks by which the results are behind the samples.
pub(crate) fn lag(levels: u32) -> usize {
    2 * levels as usize
}

/// The steps forward in their order, each with the blocks that it can change now.
pub(crate) fn analysis(levels: u32, front: Front) -> impl Iterator<Item = (Step, Span)> {
    (0..4 * levels).filter_map(move |at| {
        let (level, number) = (at / 4, at % 4);
        let span = front.span(lag(level) + 1 + number as usize / 2)?;
        Some((step(level, number, 1.0), span))
    })
}

/// The steps backward in their order, each with the blocks that it can change now.
pub(crate) fn synthesis(levels: u32, front: Front) -> impl Iterator<Item = (Step, Span)> {
    (0..4 * levels).filter_map(move |at| {
        let (done, number) = (at / 4, at % 4);
        let span = front.span(lag(done) + (number as usize).div_ceil(2))?;
        Some((step(levels - 1 - done, 3 - number, -1.0), span))
    })
}

fn step(level: u32, number: u32, sign: f32) -> Step {
    Step {
        distance: 1 << level,
        predicts: number.is_multiple_of(2),
        factor: sign * STEPS[number as usize],
    }
}

/// Adds `factor` times the sum of both neighbours. Multiplication and addition are rounded each for
/// itself, on every processor.
#[inline(always)]
pub(crate) fn lift(target: &mut [f32], left: &[f32], right: &[f32], factor: f32) {
    for ((value, left), right) in target.iter_mut().zip(left).zip(right) {
        *value += factor * (left + right);
    }
}

/// Multiplies values by a gain into other memory.
#[inline(always)]
pub(crate) fn scale(source: &[f32], gain: f32, target: &mut [f32]) {
    for (value, source) in target.iter_mut().zip(source) {
        *value = source * gain;
    }
}
