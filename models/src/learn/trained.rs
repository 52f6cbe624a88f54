//! A classifier that was trained: from examples, to a file and back, on examples.

use std::collections::HashMap;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Device, activation};
use codec_core::{Error, Result};

use super::{BATCH, Classifier, Examples, View, batch};
use crate::arrays::{self, Stored, tensor, values};
use crate::random::Random;
use crate::train::adam::{self, AdamW};
use crate::train::checkpoint::names;
use crate::train::cosine;

/// Kind of the files.
const KIND: &str = "classifier";
/// Largest file that is read, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// What the metadata of a file say.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Description {
    kind: String,
    view: View,
    classes: Vec<String>,
    /// `[channels, height, width]`.
    shape: [usize; 3],
    /// Mean and deviation of each channel.
    statistics: Vec<(f32, f32)>,
}

/// A classifier with what it has to know about examples.
#[derive(Debug)]
pub struct Trained {
    net: Classifier,
    description: Description,
    /// Seconds of an epoch of training, in the mean; 0 if it came out of a file.
    pub seconds_per_epoch: f64,
}

impl Trained {
    /// Trains a classifier on examples of a view.
    ///
    /// # Errors
    /// None that examples could cause.
    pub fn train(
        examples: &Examples,
        view: View,
        epochs: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        let statistics = examples.statistics();
        let mut train = examples.clone();
        train.normalise(&statistics);
        let autodiff = device.clone().autodiff();
        let mut net = Classifier::new(train.shape[0], train.classes.len(), seed, &autodiff);
        let mut state = adam::State::new();
        let adam = AdamW {
            decay: 0.01,
            ..AdamW::default()
        };
        let count = train.labels.len();
        let steps = (epochs * count.div_ceil(BATCH)) as u64;
        let mut step = 0;
        let started = Instant::now();
        for epoch in 0..epochs {
            let mut random = Random::new(seed, 100 + epoch as u64);
            let mut order: Vec<usize> = (0..count).collect();
            for at in (1..count).rev() {
                order.swap(at, random.below(at + 1));
            }
            for numbers in order.chunks(BATCH) {
                let (input, labels) = batch(&train, numbers, &autodiff);
                let logits = net.forward(input);
                let chances = activation::log_softmax(logits, 1);
                let chosen = chances.gather(1, labels.unsqueeze_dim::<2>(1));
                let gradients = chosen.mean().neg().backward();
                let rate = cosine(1.5e-3, step, steps, 50);
                (net, _) = adam.step(net, &gradients, &mut state, &|_| rate);
                step += 1;
            }
        }
        Ok(Trained {
            net: net.valid(),
            description: Description {
                kind: KIND.to_owned(),
                view,
                classes: train.classes,
                shape: train.shape,
                statistics,
            },
            seconds_per_epoch: started.elapsed().as_secs_f64() / epochs.max(1) as f64,
        })
    }

    /// What it sees of a picture or a sound.
    #[must_use]
    pub fn view(&self) -> View {
        self.description.view
    }

    /// The class that it finds for each example.
    ///
    /// # Errors
    /// [`Error::Usage`] if the examples have other classes or another shape.
    pub fn found(&self, examples: &Examples, device: &Device) -> Result<Vec<usize>> {
        let known = &self.description;
        if known.classes != examples.classes || known.shape != examples.shape {
            return Err(Error::Usage(format!(
                "the classifier knows {:?} of {:?}, the examples are {:?} of {:?}",
                known.classes, known.shape, examples.classes, examples.shape
            )));
        }
        let mut test = examples.clone();
        test.normalise(&known.statistics);
        let numbers: Vec<usize> = (0..test.labels.len()).collect();
        let mut all = Vec::new();
        for numbers in numbers.chunks(BATCH) {
            let (input, _) = batch(&test, numbers, device);
            let found = self.net.forward(input).argmax(1).into_data();
            let found = found.convert::<i64>().try_into_vec::<i64>();
            let found = found.map_err(|error| Error::Internal(format!("{error:?}")))?;
            all.extend(found.into_iter().map(|class| class as usize));
        }
        Ok(all)
    }

    /// Part of the examples whose class it finds.
    ///
    /// # Errors
    /// As [`found`](Self::found).
    pub fn accuracy(&self, examples: &Examples, device: &Device) -> Result<f64> {
        let found = self.found(examples, device)?;
        let pairs = found.iter().zip(&examples.labels);
        let right = pairs.filter(|(found, label)| found == label).count();
        Ok(right as f64 / examples.labels.len().max(1) as f64)
    }

    /// Its file: SafeTensors.
    ///
    /// # Errors
    /// [`Error::Internal`] where the device gives nothing back.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let named = names(&self.net).into_iter();
        let stored: Result<Vec<Stored>> = named
            .zip(adam::parameters(&self.net))
            .map(|((name, shape), value)| Ok(Stored::floats(name, shape, &values(value)?)))
            .collect();
        let json = serde_json::to_string(&self.description)
            .map_err(|error| Error::Internal(error.to_string()))?;
        arrays::file(&stored?, HashMap::from([("model".to_owned(), json)]))
    }

    /// The classifier in a file.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the bytes are not such a file.
    pub fn read(bytes: &[u8], device: &Device) -> Result<Self> {
        let corrupt = |what: &dyn std::fmt::Display| Error::corrupt(0, format!("model: {what}"));
        if bytes.len() > MOST_BYTES {
            return Err(corrupt(&format!(
                "{} bytes, at most {MOST_BYTES}",
                bytes.len()
            )));
        }
        let (found, texts) = arrays::floats_of(bytes)?;
        let json = texts
            .get("model")
            .ok_or_else(|| corrupt(&"no description of a classifier"))?;
        let description: Description =
            serde_json::from_str(json).map_err(|error| corrupt(&error))?;
        let channels = description.shape[0];
        let fits = description.kind == KIND
            && (1..=4096).contains(&channels)
            && (2..=4096).contains(&description.classes.len())
            && description.statistics.len() == channels;
        if !fits {
            return Err(corrupt(&"not a classifier, or sizes that cannot be"));
        }
        let empty = Classifier::new(channels, description.classes.len(), 0, device);
        let mut parameters = Vec::new();
        for (name, shape) in names(&empty) {
            let array = found
                .iter()
                .find(|array| array.name == name && array.shape == shape)
                .ok_or_else(|| corrupt(&format!("no array {name} of {shape:?}")))?;
            let len = array.values.len();
            parameters.push(tensor(array.values.clone(), [len], device));
        }
        Ok(Trained {
            net: adam::with_parameters(empty.no_grad(), parameters),
            description,
            seconds_per_epoch: 0.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bright squares to the left or to the right.
    fn examples(seed: u64) -> Examples {
        let mut random = Random::new(seed, 2);
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        for number in 0..40 {
            let label = number % 2;
            for at in 0..8 * 8 {
                let is_bright = (at % 8 < 4) == (label == 0);
                values.push(0.3 * random.normal() + f32::from(u8::from(is_bright)));
            }
            labels.push(label);
        }
        Examples {
            classes: vec!["left".to_owned(), "right".to_owned()],
            shape: [1, 8, 8],
            values,
            labels,
        }
    }

    #[test]
    fn a_classifier_learns_and_comes_back_from_its_file() {
        let device = Device::flex();
        let view = View::Pixels { side: 8 };
        let trained = Trained::train(&examples(1), view, 8, 1, &device).unwrap();
        let test = examples(2);
        assert!(trained.accuracy(&test, &device).unwrap() > 0.9);
        let file = trained.to_bytes().unwrap();
        let read = Trained::read(&file, &device).unwrap();
        assert_eq!(read.view(), view);
        assert_eq!(
            read.found(&test, &device).unwrap(),
            trained.found(&test, &device).unwrap()
        );
        let mut other = test;
        other.classes.push("above".to_owned());
        assert!(matches!(read.found(&other, &device), Err(Error::Usage(_))));
        for len in (0..file.len()).step_by(997) {
            assert!(Trained::read(&file[..len], &device).is_err());
        }
    }
}
