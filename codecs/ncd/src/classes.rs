//! Class models: one compressor for each class that has taken in all its training items; the class
//! that codes a question in the fewest bits wins.
//!
//! This is classification by the likelihood of a compressor's model (Frank, Chui and Witten, *Text
//! categorization using compression models*, 2000; with the normalised relative compression of Pinho
//! et al., 2016). It takes one question for each class instead of one for each training item.

use std::num::NonZeroUsize;

use codec_core::{ClassLengths, CodeLength, Error, Params, Primed, Result, ordered};

/// How likely classes are before a question is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prior {
    /// All the same.
    Uniform,
    /// As frequent as in the training set.
    Frequencies,
}

/// One model for each class.
///
/// ```
/// use codec_core::Params;
/// use codec_ncd::classes::{ClassModels, Prior};
/// use codec_ncd::lz::Lz;
/// use std::num::NonZeroUsize;
/// let items: [&[u8]; 3] = [
///     b"It was the best of times, it was the worst of times",
///     b"Call me Ishmael. Some years ago - never mind how long",
///     b"it was the age of wisdom, it was the age of foolishness",
/// ];
/// let (classes, params) = ([0, 1, 0], Params::defaults(&[]));
/// let models = ClassModels::train(&Lz, &params, &items, &classes, 2, NonZeroUsize::MIN)?;
/// let decision = models.classify(b"it was the age of the worst of times", Prior::Uniform, 1.0)?;
/// assert_eq!(decision.class, 0);
/// assert!(decision.probabilities[0] > 0.9);
/// # Ok::<(), codec_core::Error>(())
/// ```
pub struct ClassModels<'a> {
    models: Models<'a>,
    /// log₂ of the share of training items.
    frequencies: Vec<f64>,
}

enum Models<'a> {
    /// All classes in one.
    Joint(Box<dyn ClassLengths + 'a>),
    /// One for each class.
    Separate(Vec<Box<dyn Primed + 'a>>),
}

/// What class models say of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The class with the fewest bits, prior included; of equal ones the first.
    pub class: usize,
    /// Bits that each class takes for the question.
    pub bits: Vec<f64>,
    /// How probable each class is: 2 to the power of −bits/temperature, times the prior, normalised.
    /// A compressor that is far from the truth is too sure of itself at temperature 1, which takes
    /// bits at their word; a higher temperature is less sure. They sum to 1.
    pub probabilities: Vec<f64>,
    /// Bits for each byte of the question that the second best class takes more than the best.
    pub margin: f64,
}

impl<'a> ClassModels<'a> {
    /// Models of `count` classes, where `classes` gives that of every item. Classes are trained in
    /// parallel; the items of a class are taken in in their order.
    ///
    /// # Errors
    /// [`Error::Usage`] if a class has no items; otherwise as the compressor.
    pub fn train(
        lengths: &'a dyn CodeLength,
        params: &Params,
        items: &[&[u8]],
        classes: &[usize],
        count: usize,
        threads: NonZeroUsize,
    ) -> Result<Self> {
        let mut pieces = vec![Vec::new(); count];
        for (item, class) in items.iter().zip(classes) {
            if let Some(pieces) = pieces.get_mut(*class) {
                pieces.push(*item);
            }
        }
        if let Some(class) = pieces.iter().position(Vec::is_empty) {
            return Err(Error::Usage(format!("class {class} has no training item")));
        }
        let share = |pieces: &Vec<&[u8]>| (pieces.len() as f64 / items.len() as f64).log2();
        let frequencies = pieces.iter().map(share).collect();
        let models = match lengths.class_models(&pieces, params)? {
            Some(joint) => Models::Joint(joint),
            None => Models::Separate(prime_each(lengths, params, &pieces, threads)?),
        };
        Ok(ClassModels {
            models,
            frequencies,
        })
    }

    /// Asks every class for a question. `temperature` is above 0, see [`Decision::probabilities`].
    ///
    /// # Errors
    /// As the compressor.
    pub fn classify(&self, question: &[u8], prior: Prior, temperature: f64) -> Result<Decision> {
        let bits = match &self.models {
            Models::Joint(joint) => joint.bits(question)?,
            Models::Separate(models) => {
                let bits: Result<Vec<f64>> = models.iter().map(|m| m.bits(question)).collect();
                bits?
            }
        };
        let scores: Vec<f64> = match prior {
            Prior::Uniform => bits.clone(),
            Prior::Frequencies => {
                let scores = bits.iter().zip(&self.frequencies);
                scores.map(|(bits, frequency)| bits - frequency).collect()
            }
        };
        let order = |one: &usize, other: &usize| scores[*one].total_cmp(&scores[*other]);
        let class = (0..scores.len()).min_by(order).unwrap_or(0);
        let second = (0..scores.len())
            .filter(|other| *other != class)
            .min_by(order);
        let margin = match second {
            Some(second) => (scores[second] - scores[class]) / question.len().max(1) as f64,
            None => f64::INFINITY,
        };
        let frequency = |class: usize| match prior {
            Prior::Uniform => 0.0,
            Prior::Frequencies => self.frequencies[class],
        };
        let exponents = (0..bits.len()).map(|class| frequency(class) - bits[class] / temperature);
        Ok(Decision {
            class,
            probabilities: softmax(&exponents.collect::<Vec<f64>>()),
            bits,
            margin,
        })
    }
}

/// A model for each class.
fn prime_each<'a>(
    lengths: &'a dyn CodeLength,
    params: &Params,
    classes: &[Vec<&[u8]>],
    threads: NonZeroUsize,
) -> Result<Vec<Box<dyn Primed + 'a>>> {
    let mut left = classes.iter();
    let mut models = Vec::with_capacity(classes.len());
    ordered(
        threads,
        || Ok(left.next()),
        |pieces: &Vec<&[u8]>| lengths.primed(pieces, params),
        |model| {
            models.push(model);
            Ok(())
        },
    )?;
    Ok(models)
}

/// 2 to the power of each number, normalised to the sum 1.
pub(crate) fn softmax(exponents: &[f64]) -> Vec<f64> {
    let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = exponents.iter().map(|x| (x - largest).exp2()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lz::Lz;
    use crate::shuffle::Shuffle;

    const CLASSES: [usize; 5] = [0, 1, 0, 1, 0];

    /// Sequences from two roots, and a question from each root.
    fn sample() -> (Vec<Vec<u8>>, [Vec<u8>; 2]) {
        let mut chance = Shuffle::new(3);
        let mut roots = [(); 2].map(|()| {
            let root: Vec<u8> = (0..300).map(|_| b"ACGT"[chance.below(4)]).collect();
            root
        });
        let mut changed = |class: usize| {
            for _ in 0..10 {
                let at = chance.below(300);
                roots[class][at] = b"ACGT"[chance.below(4)];
            }
            roots[class].clone()
        };
        let items = CLASSES.map(&mut changed).to_vec();
        (items, [changed(0), changed(1)])
    }

    fn models(threads: usize) -> ClassModels<'static> {
        let (params, threads) = (Params::defaults(&[]), NonZeroUsize::new(threads).unwrap());
        let (items, _) = sample();
        let items: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
        ClassModels::train(&Lz, &params, &items, &CLASSES, 2, threads).unwrap()
    }

    #[test]
    fn the_class_with_the_fewest_bits_wins_for_every_number_of_threads() {
        for (class, question) in sample().1.iter().enumerate() {
            let decision = models(1).classify(question, Prior::Uniform, 1.0).unwrap();
            assert_eq!(decision.class, class);
            assert!(decision.bits[class] < decision.bits[1 - class]);
            assert!(decision.margin > 0.5 && decision.probabilities[class] > 0.99);
            let again = models(3).classify(question, Prior::Uniform, 1.0).unwrap();
            assert_eq!(decision, again);
        }
    }

    #[test]
    fn temperature_makes_less_sure_and_the_prior_moves() {
        let question = &sample().1[0];
        let ask = |prior, temperature| {
            let decision = models(1).classify(question, prior, temperature).unwrap();
            decision.probabilities[0]
        };
        assert!(ask(Prior::Uniform, 500.0) < ask(Prior::Uniform, 100.0));
        let (uniform, frequencies) = (ask(Prior::Uniform, 500.0), ask(Prior::Frequencies, 500.0));
        // 3 of 5 items are of class 0, so its odds are 3/2 of those without a prior.
        let odds = |p: f64| p / (1.0 - p);
        assert!((odds(frequencies) / odds(uniform) - 1.5).abs() < 1e-9);
    }

    #[test]
    fn softmax_does_not_overflow() {
        let found = softmax(&[-1e9, -1e9 + 1.0, -3e9]);
        assert!(
            (found[1] - 2.0 / 3.0).abs() < 1e-9 && found[2] == 0.0,
            "{found:?}"
        );
    }

    #[test]
    fn a_class_without_items_is_refused() {
        let params = Params::defaults(&[]);
        let items: [&[u8]; 5] = [b"ACGT"; 5];
        let trained = ClassModels::train(&Lz, &params, &items, &CLASSES, 3, NonZeroUsize::MIN);
        assert!(matches!(trained.err(), Some(Error::Usage(_))));
    }
}
