//! The methods of `codec ncd classify`, each from a training set to predictions.

use std::num::NonZeroUsize;

use clap::ValueEnum;
use codec_suite::core::{Result, ordered};
use codec_suite::ncd::baselines::{KmerIndex, NaiveBayes};
use codec_suite::ncd::classes::{ClassModels, Prior};
use codec_suite::ncd::dataset::Classes;
use codec_suite::ncd::distance::Measure;
use codec_suite::ncd::knn::{Neighbor, Ties, check_k, nearest, vote};

use super::classify_args::{ClassifyArgs, Method, PriorChoice, TiesChoice};
use crate::progress::Progress;

/// Length of the k-mers of naive Bayes, and what is added to their counts.
const BAYES: (usize, f64) = (9, 0.1);
/// Length of the k-mers that are shared.
const JACCARD: usize = 12;

/// What a method says of an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prediction {
    /// Number of the class among those of the training set.
    pub(super) class: usize,
    /// The probability, or share of votes, of that class.
    pub(super) probability: f64,
    /// How much better it is than the second: a distance for neighbours, bits for each byte for
    /// class models, a probability for naive Bayes; infinite where there is no second.
    pub(super) margin: f64,
}

/// What a method works on.
pub(super) struct Task<'t> {
    pub(super) train: Vec<&'t [u8]>,
    pub(super) classes: &'t Classes,
    pub(super) test: Vec<&'t [u8]>,
    /// The true class of each test item, where known and known to the training set.
    pub(super) truth: Vec<Option<usize>>,
    pub(super) threads: NonZeroUsize,
}

impl Method {
    /// What the table calls it; `compressor` is the codec with its level.
    pub(super) fn title(self, args: &ClassifyArgs, compressor: &str) -> String {
        match self {
            Method::Knn => {
                let formula = args.measure.formula.to_possible_value();
                let formula = formula.map_or_else(String::new, |value| value.get_name().to_owned());
                format!("{}-NN {formula}, {compressor}", args.k)
            }
            Method::Class => format!("class models, {compressor}"),
            Method::Bayes => format!("naive Bayes, {}-mers", BAYES.0),
            Method::Jaccard => format!("{}-NN, shared {JACCARD}-mers", args.k),
        }
    }

    /// How many steps `progress` is told of.
    pub(super) fn steps(self, train: usize, test: usize) -> u64 {
        match self {
            Method::Knn => train as u64 * test as u64,
            _ => test as u64,
        }
    }

    /// Classifies the test items.
    pub(super) fn run(
        self,
        args: &ClassifyArgs,
        measure: &Measure<'_>,
        task: &Task<'_>,
        progress: &Progress,
    ) -> Result<Vec<Prediction>> {
        match self {
            Method::Knn => {
                let done = |pairs| progress.done(pairs);
                let (k, threads) = (args.k.get(), task.threads);
                let found = nearest(measure, &task.train, &task.test, k, threads, &done)?;
                Ok(task.voted(args, &found))
            }
            Method::Class => class_models(args, measure, task, progress),
            Method::Bayes => {
                let (k, alpha) = BAYES;
                let (of_items, count) = (task.classes.of_items(), task.classes.count());
                let bayes = NaiveBayes::train(&task.train, of_items, count, k, alpha);
                task.each(progress, |content| {
                    let (class, probabilities) = bayes.classify(content);
                    let probability = probabilities.get(class).copied().unwrap_or(0.0);
                    let others = probabilities.iter().enumerate();
                    let others = others.filter(|(other, _)| *other != class);
                    let second = others.map(|(_, p)| *p).fold(0.0, f64::max);
                    Ok(Prediction {
                        class,
                        probability,
                        margin: probability - second,
                    })
                })
            }
            Method::Jaccard => {
                check_k(args.k.get(), task.train.len())?;
                let index = KmerIndex::new(&task.train, JACCARD);
                let found =
                    task.each(progress, |content| Ok(index.nearest(content, args.k.get())))?;
                Ok(task.voted(args, &found))
            }
        }
    }
}

impl Task<'_> {
    /// Does something with every test item on all threads, results in order.
    fn each<O: Send>(
        &self,
        progress: &Progress,
        work: impl Fn(&[u8]) -> Result<O> + Sync,
    ) -> Result<Vec<O>> {
        let mut source = self.test.iter();
        let mut found = Vec::with_capacity(self.test.len());
        ordered(
            self.threads,
            || Ok(source.next()),
            |content| work(content),
            |one| {
                progress.done(1);
                found.push(one);
                Ok(())
            },
        )?;
        Ok(found)
    }

    fn voted(&self, args: &ClassifyArgs, found: &[Vec<Neighbor>]) -> Vec<Prediction> {
        let ties = match args.ties {
            TiesChoice::Strict => Ties::Strict,
            TiesChoice::Random => Ties::Random(args.seed),
            TiesChoice::Optimistic => Ties::Optimistic,
        };
        let (of_items, count) = (self.classes.of_items(), self.classes.count());
        let questions = found.iter().zip(&self.truth).enumerate();
        let votes = questions.map(|(number, (neighbors, truth))| {
            vote(neighbors, of_items, count, ties, number, *truth)
        });
        votes
            .map(|vote| Prediction {
                class: vote.class,
                probability: vote.shares.get(vote.class).copied().unwrap_or(0.0),
                margin: vote.margin,
            })
            .collect()
    }
}

fn class_models(
    args: &ClassifyArgs,
    measure: &Measure<'_>,
    task: &Task<'_>,
    progress: &Progress,
) -> Result<Vec<Prediction>> {
    let prior = match args.prior {
        PriorChoice::Uniform => Prior::Uniform,
        PriorChoice::Frequencies => Prior::Frequencies,
    };
    let models = ClassModels::train(
        measure.lengths(),
        measure.params(),
        &task.train,
        task.classes.of_items(),
        task.classes.count(),
        task.threads,
    )?;
    task.each(progress, |content| {
        let decision = models.classify(content, prior, args.temperature)?;
        let probability = decision.probabilities.get(decision.class).copied();
        Ok(Prediction {
            class: decision.class,
            probability: probability.unwrap_or(0.0),
            margin: decision.margin,
        })
    })
}
