//! Fits a context model to latents.
//!
//! Means by weighted least squares; scales by maximum likelihood of a two-sided geometric
//! distribution whose mean magnitude is the scale, with weights of at least zero; tables by counting
//! what the rounded model meets.

use super::planes::Planes;
use super::symbols::Expected;
use super::tables::{CLASSES, PLACES, SYMBOLS, Tables, class_scale, normalised, plain_bits};
use super::{Around, ChannelModel, ContextModel, Tap, coder};
use crate::linear::{Matrix, least_squares};
use crate::random::Random;

use codec_core::Result;

/// Latents of a picture or crop, as the encoder chose them.
#[derive(Debug, Clone)]
pub struct Example {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `[channels, height, width]`.
    pub values: Vec<i16>,
}

/// Earlier channels that a mean looks at.
const MEAN_CHANNELS: usize = 8;
/// Taps of a mean, at most.
const MEAN_TAPS: usize = 32;
/// Places that one channel is fitted to, at most.
const PLACES_FITTED: usize = 60_000;
/// Passes over them for the scale.
const PASSES: usize = 8;
/// The parametric table counts as so many symbols.
const PRIOR: f64 = 24.0;
const ONE: f64 = 4096.0;
/// Own places above that are looked at.
const ABOVE: [(i8, i8); 4] = [(-1, 0), (-1, -1), (-1, 1), (-2, 0)];

/// Fits a model to `examples` of `channels` channels. The result depends on `threads` in no way.
///
/// # Errors
/// None that examples could cause.
pub fn fit(examples: &[Example], channels: usize, threads: usize) -> Result<ContextModel> {
    let planes: Vec<Planes> = examples
        .iter()
        .map(|example| filled(example, channels))
        .collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let mut fitted: Vec<(usize, ChannelModel)> = std::thread::scope(|scope| {
        let work = || {
            let mut out = Vec::new();
            loop {
                let channel = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if channel >= channels {
                    return out;
                }
                out.push((channel, fit_channel(&planes, channel)));
            }
        };
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect()
    });
    fitted.sort_by_key(|(channel, _)| *channel);
    let models = fitted.into_iter().map(|(_, model)| model).collect();
    with_tables(models, examples, channels)
}

fn filled(example: &Example, channels: usize) -> Planes {
    let mut planes = Planes::new(channels, example.height, example.width);
    let area = example.height * example.width;
    for channel in 0..channels {
        for at in 0..area {
            let place = planes.at(channel, at / example.width, at % example.width);
            planes.set(place, example.values[channel * area + at]);
        }
        planes.finish(channel);
    }
    planes
}

/// Places to fit a channel to: the planes and the index in them.
fn places(planes: &[Planes], channel: usize) -> Vec<(usize, usize)> {
    let total: usize = planes
        .iter()
        .map(|planes| planes.height * planes.width)
        .sum();
    let keep = (PLACES_FITTED as f32 / total as f32).min(1.0);
    let mut random = Random::new(17, channel as u64);
    let mut found = Vec::new();
    for (number, planes) in planes.iter().enumerate() {
        for row in 0..planes.height {
            for column in 0..planes.width {
                if random.unit() < keep {
                    found.push((number, planes.at(channel, row, column)));
                }
            }
        }
    }
    found
}

fn fit_channel(planes: &[Planes], channel: usize) -> ChannelModel {
    let places = places(planes, channel);
    let mut model = ChannelModel::default();
    fit_mean(planes, channel, &places, &mut model);
    fit_scale(planes, channel, &places, &mut model);
    model
}

/// Index in the planes of an earlier channel of the place that `at` is in those of `channel`.
fn in_channel(planes: &Planes, at: usize, channel: usize, earlier: usize) -> usize {
    at - (planes.at(channel, 0, 0) - planes.at(earlier, 0, 0))
}

fn mean_taps(channel: usize) -> Vec<Tap> {
    let tap = |channel: usize, (down, right)| Tap {
        channel: channel as u16,
        down,
        right,
        weight: 0,
    };
    let left = [(0, -1), (0, -2)].map(|place| tap(channel, place));
    let above = ABOVE.map(|place| tap(channel, place));
    let mut taps: Vec<Tap> = left.into_iter().chain(above).collect();
    for earlier in 0..channel.min(MEAN_CHANNELS) {
        for place in 0..9i8 {
            taps.push(tap(earlier, (place / 3 - 1, place % 3 - 1)));
        }
    }
    taps
}

fn mean_input(planes: &Planes, at: usize, channel: usize, taps: &[Tap], input: &mut [f32]) {
    for (value, tap) in input.iter_mut().zip(taps) {
        let at = in_channel(planes, at, channel, usize::from(tap.channel));
        *value = planes.value(at, tap.down, tap.right).into();
    }
}

fn fit_mean(
    planes: &[Planes],
    channel: usize,
    places: &[(usize, usize)],
    model: &mut ChannelModel,
) {
    let mut taps = mean_taps(channel);
    for round in 0..2 {
        let solved = solve_mean(planes, channel, places, &taps);
        let mut strengths: Vec<(f64, Tap)> = solved
            .iter()
            .zip(&taps)
            .map(|((weight, strength), tap)| {
                let weight = (weight * ONE).round().clamp(-16384.0, 16384.0) as i16;
                (*strength, Tap { weight, ..*tap })
            })
            .collect();
        strengths.sort_by(|a, b| b.0.total_cmp(&a.0));
        if round == 0 {
            strengths.retain(|(strength, _)| *strength > 0.02);
            strengths.truncate(MEAN_TAPS);
        }
        taps = strengths.into_iter().map(|(_, tap)| tap).collect();
        if taps.is_empty() {
            return;
        }
    }
    for tap in taps {
        if usize::from(tap.channel) == channel && tap.down == 0 {
            model.mean_left[usize::from(tap.right == -2)] = tap.weight;
        } else {
            model.mean.push(tap);
        }
    }
}

/// Weight of each tap, and how much of the channel's deviation it stands for.
fn solve_mean(
    planes: &[Planes],
    channel: usize,
    places: &[(usize, usize)],
    taps: &[Tap],
) -> Vec<(f64, f64)> {
    let n = taps.len();
    let (mut gram, mut moments) = (Matrix::zeros(n, n), Matrix::zeros(n, 1));
    let mut input = vec![0.0; n];
    let mut energy = 1e-9;
    let mut total = 0.0;
    for &(number, at) in places {
        let planes = &planes[number];
        let near: i32 = [(0, -1), (-1, 0), (-1, 1), (-1, -1)]
            .iter()
            .map(|&(down, right)| i32::from(planes.magnitude(at, down, right)))
            .sum();
        let weight = (0.5 + f64::from(near) / 4.0).powi(-2);
        mean_input(planes, at, channel, taps, &mut input);
        let value = f32::from(planes.value(at, 0, 0));
        gram.add_outer(weight, &input, &input);
        moments.add_outer(weight, &input, &[value]);
        energy += weight * f64::from(value * value);
        total += weight;
    }
    let solved = least_squares(&gram, &moments, 1e-5);
    let deviation = (energy / total.max(1e-9)).sqrt();
    (0..n)
        .map(|i| {
            let weight = solved.values[i];
            let strength = weight.abs() * (gram.values[i * n + i] / total.max(1e-9)).sqrt();
            (weight, strength / deviation)
        })
        .collect()
}

/// The mean that the rounded model predicts.
fn mean_of(planes: &Planes, at: usize, channel: usize, model: &ChannelModel) -> f32 {
    let mut sum = i32::from(planes.value(at, 0, -1)) * i32::from(model.mean_left[0])
        + i32::from(planes.value(at, 0, -2)) * i32::from(model.mean_left[1]);
    for tap in &model.mean {
        let at = in_channel(planes, at, channel, usize::from(tap.channel));
        sum += i32::from(planes.value(at, tap.down, tap.right)) * i32::from(tap.weight);
    }
    sum as f32 / ONE as f32
}

fn fit_scale(
    planes: &[Planes],
    channel: usize,
    places: &[(usize, usize)],
    model: &mut ChannelModel,
) {
    let inputs = 1 + 2 + 1 + ABOVE.len() + 2 * channel;
    let running = running_means(planes, channel);
    let mut data = vec![0.0f32; places.len() * inputs];
    let mut targets = Vec::with_capacity(places.len());
    for (&(number, at), input) in places.iter().zip(data.chunks_exact_mut(inputs)) {
        let planes = &planes[number];
        input[0] = 1.0;
        input[1] = planes.magnitude(at, 0, -1).into();
        input[2] = planes.magnitude(at, 0, -2).into();
        input[3] = running[number][at - planes.at(channel, 0, 0)];
        for (value, &(down, right)) in input[4..].iter_mut().zip(&ABOVE) {
            *value = planes.magnitude(at, down, right).into();
        }
        for earlier in 0..channel {
            let at = in_channel(planes, at, channel, earlier);
            input[8 + 2 * earlier] = planes.magnitude(at, 0, 0).into();
            input[9 + 2 * earlier] = planes.ring(at).into();
        }
        let mean = mean_of(planes, at, channel, model);
        targets.push((f32::from(planes.value(at, 0, 0)) - mean).abs());
    }
    let weights = fit_weights(&data, &targets, inputs);
    let fixed = |weight: f64| (weight * ONE).round().clamp(0.0, 16384.0) as i16;
    model.scale = (weights[0] * ONE).round().clamp(0.0, 1e6) as i32;
    model.left = [fixed(weights[1]), fixed(weights[2])];
    model.running = fixed(weights[3]);
    for (&(down, right), weight) in ABOVE.iter().zip(&weights[4..]) {
        let weight = fixed(*weight);
        if weight != 0 {
            let channel = channel as u16;
            model.above.push(Tap {
                channel,
                down,
                right,
                weight,
            });
        }
    }
    for earlier in 0..channel {
        let (centre, ring) = (
            fixed(weights[8 + 2 * earlier]),
            fixed(weights[9 + 2 * earlier]),
        );
        if centre != 0 || ring != 0 {
            model.around.push(Around {
                channel: earlier as u16,
                centre,
                ring,
            });
        }
    }
    let all = planes
        .iter()
        .flat_map(|planes| (0..planes.height).flat_map(move |row| planes.row(channel, row).iter()));
    let (sum, count) = all.fold((0u64, 0u64), |(sum, count), value| {
        (sum + u64::from(value.unsigned_abs()), count + 1)
    });
    model.start = ((sum << 8) / count.max(1)).min(1 << 18) as i32;
}

/// The running mean before each place, by index from the channel's first place.
fn running_means(planes: &[Planes], channel: usize) -> Vec<Vec<f32>> {
    let of = |planes: &Planes| {
        let first = planes.at(channel, 0, 0);
        let mut out = vec![0.0; planes.at(channel, planes.height - 1, planes.width) - first + 1];
        let mut running = 0i32;
        for row in 0..planes.height {
            for column in 0..planes.width {
                let at = planes.at(channel, row, column);
                out[at - first] = running as f32 / 256.0;
                running = coder::next_running(running, planes.value(at, 0, 0));
            }
        }
        out
    };
    planes.iter().map(of).collect()
}

/// Weights of at least zero of the inputs, for the most probable targets.
pub(crate) fn fit_weights(data: &[f32], targets: &[f32], inputs: usize) -> Vec<f64> {
    let count = targets.len().max(1);
    let mut norms = vec![1e-6f64; inputs];
    for input in data.chunks_exact(inputs) {
        for (norm, value) in norms.iter_mut().zip(input) {
            *norm += f64::from(*value) / count as f64;
        }
    }
    let level = targets.iter().map(|&target| f64::from(target)).sum::<f64>() / count as f64;
    // Parameters are parts of the mean scale: weight * norm / level.
    let mut parts = vec![0.3 / inputs as f64; inputs];
    parts[0] = 0.3;
    let (mut mean, mut square) = (vec![0.0f64; inputs], vec![0.0f64; inputs]);
    let mut random = Random::new(3, inputs as u64);
    let batch = 256;
    let steps = (count * PASSES / batch).max(1);
    let mut scaled = vec![0.0f64; inputs];
    let floor = 1e-4 + 0.001 * level;
    for step in 0..steps {
        let factors: Vec<f64> = parts
            .iter()
            .zip(&norms)
            .map(|(part, norm)| part * level / norm)
            .collect();
        let mut gradient = vec![0.0f64; inputs];
        for _ in 0..batch {
            let at = random.below(count);
            let input = &data[at * inputs..][..inputs];
            let sum: f64 = input
                .iter()
                .zip(&factors)
                .map(|(x, w)| f64::from(*x) * w)
                .sum();
            let scale = sum.max(floor);
            let slope = slope(scale, f64::from(targets[at])).clamp(-30.0, 30.0);
            for ((gradient, x), norm) in gradient.iter_mut().zip(input).zip(&norms) {
                *gradient += slope * f64::from(*x) / norm * level;
            }
        }
        let rate = 0.01 * (1.0 - 0.97 * step as f64 / steps as f64);
        let unbias = 1.0 - 0.9f64.powi(step.min(10_000) as i32 + 1);
        for i in 0..inputs {
            let gradient = gradient[i] / f64::from(batch as u32);
            mean[i] = 0.9 * mean[i] + 0.1 * gradient;
            square[i] = 0.99 * square[i] + 0.01 * gradient * gradient;
            let unbias_square = 1.0 - 0.99f64.powi(step.min(10_000) as i32 + 1);
            let root = (square[i] / unbias_square).sqrt() + 1e-9;
            parts[i] = (parts[i] - rate * mean[i] / unbias / root).max(0.0);
        }
    }
    for i in 0..inputs {
        scaled[i] = if i > 0 && parts[i] < 0.002 {
            0.0
        } else {
            parts[i] * level / norms[i]
        };
    }
    scaled
}

/// Change of the cost of magnitude `target` with the mean magnitude `scale` of a two-sided geometric
/// distribution.
fn slope(scale: f64, target: f64) -> f64 {
    let theta = ((1.0 + scale * scale).sqrt() - 1.0) / scale;
    let variance = 2.0 * theta * (1.0 + theta * theta) / (1.0 - theta * theta).powi(2);
    (scale - target) / variance.max(1e-9)
}

fn with_tables(
    channels: Vec<ChannelModel>,
    examples: &[Example],
    count: usize,
) -> Result<ContextModel> {
    let mut counts = Counts::new();
    let mut model = ContextModel {
        channels,
        tables: counts.tables()?,
    };
    for example in examples {
        let shape = [count, example.height, example.width];
        coder::visit(&model, &example.values, shape, |expected, value| {
            counts.add(expected, value.into());
        })?;
    }
    model.tables = counts.tables()?;
    model.check()?;
    Ok(model)
}

/// How often each symbol was met, on top of Laplace distributions of each class's scale.
pub(crate) struct Counts {
    counts: Vec<f64>,
}

impl Counts {
    /// Nothing was met.
    pub(crate) fn new() -> Self {
        let counts = prior().into_iter().map(|part| PRIOR * part).collect();
        Counts { counts }
    }

    /// `value` was met.
    pub(crate) fn add(&mut self, expected: Expected, value: i32) {
        let (table, symbol) = expected.entry(value);
        self.counts[table * SYMBOLS + symbol] += 1.0;
    }

    /// Tables in proportion.
    ///
    /// # Errors
    /// None that counts could cause.
    pub(crate) fn tables(&self) -> Result<Tables> {
        let tables = self.counts.chunks_exact(SYMBOLS);
        Tables::new(tables.flat_map(normalised).collect())
    }
}

/// Tables before anything is counted: Laplace distributions of each class's scale.
fn prior() -> Vec<f64> {
    let mut out = Vec::with_capacity(CLASSES * PLACES * SYMBOLS);
    for class in 0..CLASSES {
        let scale = class_scale(class) / f64::from(1 << plain_bits(class));
        let theta = ((1.0 + scale * scale).sqrt() - 1.0) / scale;
        let width = -1.0 / theta.ln();
        for place in 0..PLACES {
            let middle = place as f64 / 8.0;
            let below = |x: f64| {
                let tail = 0.5 * (-(x - middle).abs() / width).exp();
                if x < middle { tail } else { 1.0 - tail }
            };
            let mut table = vec![0.0; SYMBOLS];
            for (symbol, probability) in table.iter_mut().enumerate().skip(1) {
                let value = symbol as f64 - 12.0;
                *probability = below(value + 0.5) - below(value - 0.5);
            }
            table[0] = (1.0 - table.iter().sum::<f64>()).max(1e-6);
            out.extend(table);
        }
    }
    out
}
