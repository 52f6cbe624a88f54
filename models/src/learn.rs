//! Learning on latents: a small classifier, trained on what files hold without ever making pixels or
//! samples, or on these for comparison.

use std::path::{Path, PathBuf};

use burn::module::{Module, Param};
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use codec_core::{Budget, Codec, Error, Job, Limits, Media, Params, Result, encode_stream};
use codec_corpora::picture::{Picture, Samples};

use crate::arrays::tensor;
use crate::latents::Latents;
use crate::random::Random;
use crate::walloc::WallocCodec;

mod sound;
mod trained;

pub use trained::Trained;

use sound::seen_sound;

/// What a classifier sees of a picture or a sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum View {
    /// Latents of so many channels, from a file of that quality.
    Latents {
        /// Channels of the latents.
        channels: usize,
        /// Quality of the file.
        quality: u8,
    },
    /// RGB pixels, reduced to so many a side by area; 0 leaves them as they are.
    Pixels {
        /// Pixels of a side.
        side: usize,
    },
    /// Latents of the lowest bands of the first samples of a sound, from a file of that quality:
    /// `[1, bands, columns]`.
    Bands {
        /// Bands of the latents.
        bands: usize,
        /// Quality of the file.
        quality: u8,
        /// Samples that are looked at: shorter sounds are followed by silence.
        samples: usize,
    },
    /// The first samples of a sound at a lower rate, so that there are `len`: `[1, 1, len]`.
    Waveform {
        /// Samples that are looked at.
        samples: usize,
        /// Numbers.
        len: usize,
    },
}

impl View {
    /// Whether it is one of sounds.
    fn is_of_sound(self) -> bool {
        matches!(self, View::Bands { .. } | View::Waveform { .. })
    }
}

/// Pictures or sounds of several classes as arrays of one shape.
#[derive(Debug, Clone)]
pub struct Examples {
    /// Names of the classes, in order.
    pub classes: Vec<String>,
    /// `[channels, height, width]` of each.
    pub shape: [usize; 3],
    /// Arrays, one after the other.
    pub values: Vec<f32>,
    /// Class of each.
    pub labels: Vec<usize>,
}

impl Examples {
    /// Reads a folder with a folder of pictures or sounds for each class. With `mirrored`, every picture
    /// counts twice, the second time mirrored before it is encoded or reduced.
    ///
    /// # Errors
    /// [`Error::Usage`] if there are no classes or the pictures differ in size; errors of files.
    pub fn read(folder: &Path, view: View, mirrored: bool) -> Result<Self> {
        let mut examples = Examples {
            classes: Vec::new(),
            shape: [0; 3],
            values: Vec::new(),
            labels: Vec::new(),
        };
        for class in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
            let name = class
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            examples.classes.push(name.unwrap_or_default());
            for path in entries(&class)? {
                if view.is_of_sound() {
                    let (shape, values) = seen_sound(&path, view)?;
                    examples.add(shape, values, &path)?;
                    continue;
                }
                let picture = Picture::open(&path, &Budget::new(Limits::none()))
                    .map_err(|error| Error::Usage(format!("{}: {error}", path.display())))?
                    .to_rgb8();
                let (shape, values) = seen_picture(&picture, view)?;
                examples.add(shape, values, &path)?;
                if mirrored {
                    let (shape, values) = seen_picture(&mirror(&picture)?, view)?;
                    examples.add(shape, values, &path)?;
                }
            }
        }
        if examples.classes.len() < 2 || examples.labels.is_empty() {
            return Err(Error::Usage(format!(
                "{}: needs a folder of pictures or sounds for each of at least two classes",
                folder.display()
            )));
        }
        Ok(examples)
    }

    fn add(&mut self, shape: [usize; 3], values: Vec<f32>, path: &Path) -> Result<()> {
        if self.labels.is_empty() {
            self.shape = shape;
        } else if self.shape != shape {
            return Err(Error::Usage(format!(
                "{}: gives {shape:?}, the others {:?}; all must have one size",
                path.display(),
                self.shape
            )));
        }
        self.values.extend(values);
        self.labels.push(self.classes.len() - 1);
        Ok(())
    }

    /// Numbers of an example.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.shape.iter().product()
    }

    /// Mean and deviation of each channel.
    fn statistics(&self) -> Vec<(f32, f32)> {
        let [channels, height, width] = self.shape;
        let area = height * width;
        (0..channels)
            .map(|channel| {
                let planes = self.values.chunks_exact(channels * area);
                let all = planes.flat_map(|planes| &planes[channel * area..][..area]);
                let (mut sum, mut square, mut count) = (0.0f64, 0.0f64, 0.0f64);
                for &value in all {
                    sum += f64::from(value);
                    square += f64::from(value).powi(2);
                    count += 1.0;
                }
                let mean = sum / count;
                (
                    mean as f32,
                    (square / count - mean * mean).max(1e-12).sqrt() as f32,
                )
            })
            .collect()
    }

    /// Every channel with mean 0 and deviation 1 by `statistics`.
    fn normalise(&mut self, statistics: &[(f32, f32)]) {
        let area = self.shape[1] * self.shape[2];
        for (at, plane) in self.values.chunks_exact_mut(area).enumerate() {
            let (mean, deviation) = statistics[at % statistics.len()];
            for value in plane {
                *value = (*value - mean) / deviation;
            }
        }
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = std::fs::read_dir(folder)
        .map_err(|error| Error::Usage(format!("{}: {error}", folder.display())))?;
    let mut paths = Vec::new();
    for entry in read {
        paths.push(entry.map_err(Error::io("list a folder"))?.path());
    }
    paths.sort();
    Ok(paths)
}

fn mirror(picture: &Picture) -> Result<Picture> {
    let Samples::Eight(samples) = picture.samples() else {
        return Err(Error::Internal("pictures of 8 bits".to_owned()));
    };
    let row = picture.width() * 3;
    let mirrored = samples
        .chunks_exact(row)
        .flat_map(|row| row.chunks_exact(3).rev().flatten().copied())
        .collect();
    Picture::new(
        picture.width() as u32,
        picture.height() as u32,
        3,
        Samples::Eight(mirrored),
    )
}

fn seen_picture(picture: &Picture, view: View) -> Result<([usize; 3], Vec<f32>)> {
    match view {
        View::Latents { channels, quality } => seen_latents(picture, channels, quality),
        View::Pixels { side } => Ok(reduced(picture, side)),
        View::Bands { .. } | View::Waveform { .. } => {
            Err(Error::Internal("a picture as a sound".to_owned()))
        }
    }
}

/// Encodes the picture and takes the latents out of the file.
fn seen_latents(picture: &Picture, channels: usize, quality: u8) -> Result<([usize; 3], Vec<f32>)> {
    let mut png = Vec::new();
    picture.write_png(&mut png)?;
    let codec = WallocCodec::default();
    let mut params = Params::defaults(codec.descriptor().params);
    params.set("channels", &channels.to_string())?;
    params.set("quality", &quality.to_string())?;
    let job = Job::single_threaded();
    let mut file = Vec::new();
    encode_stream(
        &codec,
        Media::bytes(&mut &png[..], "png"),
        &params,
        &job,
        &mut file,
    )?;
    let latents = Latents::read(&mut &file[..], &job)?;
    Ok((latents.shape, latents.dequantised()))
}

/// Pixels reduced by the mean over areas.
fn reduced(picture: &Picture, side: usize) -> ([usize; 3], Vec<f32>) {
    let Samples::Eight(samples) = picture.samples() else {
        return ([0; 3], Vec::new());
    };
    let (width, height) = (picture.width(), picture.height());
    let (out_width, out_height) = if side == 0 {
        (width, height)
    } else {
        (side, side)
    };
    let mut out = vec![0.0f32; 3 * out_width * out_height];
    let weights = |at: usize, len: usize, out_len: usize| {
        let scale = len as f32 / out_len as f32;
        let (start, end) = (at as f32 * scale, (at + 1) as f32 * scale);
        let last = (end.ceil() as usize).min(len);
        (start as usize..last).map(move |i| {
            let part = (end.min((i + 1) as f32) - start.max(i as f32)).max(0.0);
            (i, part / (end - start))
        })
    };
    for y in 0..out_height {
        for x in 0..out_width {
            for (row, down) in weights(y, height, out_height) {
                for (column, across) in weights(x, width, out_width) {
                    for colour in 0..3 {
                        let sample = f32::from(samples[(row * width + column) * 3 + colour]);
                        out[(colour * out_height + y) * out_width + x] +=
                            down * across * (sample / 255.0 - 0.5);
                    }
                }
            }
        }
    }
    ([3, out_height, out_width], out)
}

/// The classifier, the same for all views: 1x1 to 32 channels, three blocks of two 3x3 layers (32, 64, 128 channels), each but
/// the last followed by a pool of 2x2, the mean over all places, one linear layer.
#[derive(Module, Debug)]
pub struct Classifier {
    entry: Param<Tensor<4>>,
    layers: Vec<Layer>,
    head: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Layer {
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

const WIDTHS: [usize; 3] = [32, 64, 128];

impl Classifier {
    fn new(channels: usize, classes: usize, seed: u64, device: &Device) -> Self {
        let mut random = Random::new(seed, 1);
        let mut weights = |shape: [usize; 4]| {
            let inputs = shape[1] * shape[2] * shape[3];
            let scale = (2.0 / inputs as f32).sqrt();
            let len = shape.iter().product();
            let values = (0..len).map(|_| scale * random.normal()).collect();
            Param::from_tensor(tensor(values, shape, device))
        };
        let entry = weights([WIDTHS[0], channels, 1, 1]);
        let mut layers = Vec::new();
        let mut before = WIDTHS[0];
        for width in WIDTHS {
            for _ in 0..2 {
                layers.push(Layer {
                    weight: weights([width, before, 3, 3]),
                    bias: Param::from_tensor(tensor(vec![0.0; width], [width], device)),
                });
                before = width;
            }
        }
        Classifier {
            entry,
            layers,
            head: Param::from_tensor(tensor(
                vec![0.0; before * classes],
                [before, classes],
                device,
            )),
            bias: Param::from_tensor(tensor(vec![0.0; classes], [classes], device)),
        }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        let same = |padding| ConvOptions::new([1, 1], [padding, padding], [1, 1], 1);
        let mut x = conv2d(input, self.entry.val(), None, same(0));
        for (at, layer) in self.layers.iter().enumerate() {
            x = conv2d(x, layer.weight.val(), Some(layer.bias.val()), same(1));
            x = activation::relu(x);
            if at == 1 || at == 3 {
                let [_, _, h, w] = x.dims();
                x = max_pool2d(x, MaxPoolOptions::new([h.min(2), w.min(2)]));
            }
        }
        let [n, c, h, w] = x.dims();
        let x = x.reshape([n, c, h * w]).mean_dim(2).reshape([n, c]);
        x.matmul(self.head.val()) + self.bias.val().unsqueeze::<2>()
    }
}

/// What training and testing a classifier came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Part of the test pictures whose class was found.
    pub accuracy: f64,
    /// Seconds of an epoch, in the mean.
    pub seconds_per_epoch: f64,
}

/// Examples of a step.
const BATCH: usize = 32;

/// Trains a classifier on `train` and tests it on `test`; both are normalised by the channels' means
/// and deviations in `train`.
///
/// # Errors
/// [`Error::Usage`] if the two do not fit.
pub fn classify(
    train: &Examples,
    test: &Examples,
    view: View,
    (epochs, seed): (usize, u64),
    device: &Device,
) -> Result<Outcome> {
    let trained = Trained::train(train, view, epochs, seed, device)?;
    Ok(Outcome {
        accuracy: trained.accuracy(test, device)?,
        seconds_per_epoch: trained.seconds_per_epoch,
    })
}

fn batch(examples: &Examples, numbers: &[usize], device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let [c, h, w] = examples.shape;
    let len = examples.dimension();
    let values = numbers
        .iter()
        .flat_map(|&at| examples.values[at * len..][..len].iter().copied());
    let labels: Vec<i64> = numbers
        .iter()
        .map(|&at| examples.labels[at] as i64)
        .collect();
    let input = tensor(values.collect(), [numbers.len(), c, h, w], device);
    (
        input,
        Tensor::from_data(TensorData::new(labels, [numbers.len()]), device),
    )
}
