//! Fits a model to sounds.
//!
//! In turns: the encoder chooses integers with the model that there is; weights of the scales are
//! fitted to them by maximum likelihood, tables by counting, and what an integer most probably was by
//! least squares.

use codec_core::{Error, Result};
use codec_corpora::sound::Sound;

use super::coder::{self, Layout};
use super::model::{AudioModel, CLASSES, GROUPS, group};
use super::predict::TERMS;
use super::rate::{BIT, scaled};
use super::transform::{Analysis, Columns};
use super::{BANDS, MOST_CHANNELS, STEPS};
use crate::context::{Counts, fit_weights};
use crate::random::Random;

/// Places that a group of bands is fitted to, at most.
const PLACES: usize = 60_000;
/// Turns of choosing and fitting.
const TURNS: usize = 3;
/// Frames that each turn looks at, at most.
const FRAMES: usize = 400;

/// Terms and errors of places of one group of bands.
#[derive(Default)]
struct Sample {
    seen: usize,
    terms: Vec<f32>,
    targets: Vec<f32>,
}

impl Sample {
    /// Keeps an even sample of all places that it sees.
    fn add(&mut self, random: &mut Random, terms: &[i32; TERMS], target: f32) {
        self.seen += 1;
        let at = if self.targets.len() < PLACES {
            self.targets.push(0.0);
            self.terms.extend([0.0; TERMS]);
            self.targets.len() - 1
        } else {
            random.below(self.seen)
        };
        if at >= PLACES {
            return;
        }
        self.targets[at] = target;
        for (kept, &term) in self.terms[at * TERMS..].iter_mut().zip(terms) {
            *kept = term as f32 / 16.0;
        }
    }
}

/// Sums for the least squares of one class and magnitude: of `toward` and `away` in what is missing.
#[derive(Debug, Clone, Copy, Default)]
struct Missing {
    toward: [f64; 2],
    away: [f64; 2],
    missing: [f64; 2],
}

/// A frame to learn from, and its step.
struct Example {
    columns: Columns,
    step: usize,
}

/// Fits a model to sounds. The result depends on nothing but the sounds, their order and `seed`.
///
/// # Errors
/// [`Error::Usage`] if there are no sounds; [`Error::Unsupported`] for sounds of too many channels.
pub fn fit(sounds: &[Sound], seed: u64) -> Result<AudioModel> {
    let examples = examples(sounds, seed)?;
    let mut scales = first_scales();
    let mut counts = Counts::new();
    let mut restored = vec![0.0; CLASSES * 3 * 2];
    for _ in 0..TURNS {
        let model = AudioModel::new(scales.clone(), counts.tables()?, restored)?;
        scales = fitted_scales(&model, &examples, seed)?;
        let model = AudioModel::new(scales.clone(), counts.tables()?, vec![0.0; CLASSES * 6])?;
        (counts, restored) = fitted_tables(&model, &examples)?;
    }
    AudioModel::new(scales, counts.tables()?, restored)
}

/// Frames of all sounds at steps from coarse to fine.
fn examples(sounds: &[Sound], seed: u64) -> Result<Vec<Example>> {
    let mut random = Random::new(seed, 0);
    let mut all = Vec::new();
    for sound in sounds {
        let channels = sound.shape().channels;
        if channels == 0 || channels > MOST_CHANNELS {
            return Err(Error::Unsupported(format!(
                "{channels} channels of sound, at most {MOST_CHANNELS}"
            )));
        }
        let mut analysis = Analysis::new(channels.into())?;
        analysis.push(&sound.to_f32())?;
        all.extend(analysis.finish());
    }
    if all.is_empty() {
        return Err(Error::Usage("there are no sounds to learn from".to_owned()));
    }
    let keep = (FRAMES as f32 / all.len() as f32).min(1.0);
    all.retain(|_| random.unit() < keep);
    let steps = STEPS as f32;
    let with_step = |columns| Example {
        columns,
        step: (steps * (0.25 + 0.6 * random.unit())) as usize,
    };
    Ok(all.into_iter().map(with_step).collect())
}

/// Weights before anything is fitted: the mean of what is nearest.
fn first_scales() -> Vec<i16> {
    let mut weights = [0i16; TERMS];
    weights[0] = 40;
    weights[1] = 1000;
    weights[2] = 500;
    weights[4] = 1000;
    weights[5] = 800;
    weights[6] = 300;
    weights.repeat(2 * GROUPS)
}

fn each_place(
    model: &AudioModel,
    examples: &[Example],
    mut seen: impl FnMut(&coder::Place, crate::context::Expected, i32, f32),
) -> Result<()> {
    for Example { columns, step } in examples {
        let (latents, layout): (_, Layout) = scaled(columns, *step, BANDS);
        coder::encode(model, &latents, &layout, BIT, |place, expected, value| {
            seen(place, expected, value, latents[place.index(layout.columns)]);
        })?;
    }
    Ok(())
}

fn fitted_scales(model: &AudioModel, examples: &[Example], seed: u64) -> Result<Vec<i16>> {
    let mut random = Random::new(seed, 1);
    let mut samples: Vec<Sample> = (0..2 * GROUPS).map(|_| Sample::default()).collect();
    each_place(model, examples, |place, _, value, _| {
        let error = value as f32 - place.mean as f32 / 4096.0;
        let number = usize::from(place.is_side()) * GROUPS + group(place.band);
        samples[number].add(&mut random, &place.terms, error.abs());
    })?;
    let mut scales = Vec::new();
    for sample in &samples {
        let weights = if sample.targets.is_empty() {
            vec![0.0; TERMS]
        } else {
            fit_weights(&sample.terms, &sample.targets, TERMS)
        };
        let fixed = weights.iter().map(|weight| (weight * 4096.0).round());
        scales.extend(fixed.map(|weight| weight.clamp(0.0, 16384.0) as i16));
    }
    // Where training sounds have no side, sides are like middles.
    let (middles, sides) = scales.split_at_mut(GROUPS * TERMS);
    for ((side, middle), sample) in sides
        .chunks_exact_mut(TERMS)
        .zip(middles.chunks_exact(TERMS))
        .zip(&samples[GROUPS..])
    {
        if sample.targets.is_empty() {
            side.copy_from_slice(middle);
        }
    }
    Ok(scales)
}

fn fitted_tables(model: &AudioModel, examples: &[Example]) -> Result<(Counts, Vec<f32>)> {
    let mut counts = Counts::new();
    let mut sums = vec![Missing::default(); CLASSES * 3];
    each_place(model, examples, |place, expected, value, wanted| {
        counts.add(expected, value);
        let sum = &mut sums[expected.class * 3 + value.unsigned_abs().min(2) as usize];
        let toward = f64::from((place.mean as f32 / 4096.0 - value as f32).clamp(-0.5, 0.5));
        let away = f64::from(value.signum());
        let missing = f64::from(wanted - value as f32);
        sum.toward[0] += toward * toward;
        sum.toward[1] += toward * away;
        sum.away[1] += away * away;
        sum.missing[0] += toward * missing;
        sum.missing[1] += away * missing;
    })?;
    let restored = sums.iter().flat_map(Missing::solved).collect();
    Ok((counts, restored))
}

impl Missing {
    /// The least-squares weights of both, drawn towards 0 where little was seen.
    fn solved(&self) -> [f32; 2] {
        let (a, b, d) = (self.toward[0] + 4.0, self.toward[1], self.away[1] + 20.0);
        let [x, y] = self.missing;
        let determinant = a * d - b * b;
        [
            ((d * x - b * y) / determinant) as f32,
            ((a * y - b * x) / determinant) as f32,
        ]
    }
}
