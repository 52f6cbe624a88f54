//! Probabilities of symbols from counts, smoothed towards the symbols near them.

use crate::{Kind, Variable};

/// A binary tree over the symbols of a variable: a distribution is a chain of choices of a half.
///
/// Each choice is estimated from its own counts and, to begin with, from how the variable as a whole
/// chooses there. Early choices, between ranges of symbols, have many counts and become the state's
/// own; late ones, between neighbours, stay those of the variable. Ranges are cut in halves of equal
/// probability, so that a symbol far more frequent than others is told apart early.
///
/// It is a Pólya tree (Lavine, 1992) centred on the variable's own distribution.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SymbolTree {
    symbols: usize,
    /// The choices, every one before those below it.
    choices: Vec<Choice>,
    /// Distribution of the variable.
    spread: Vec<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Choice {
    first: Branch,
    second: Branch,
    /// Probabilities of the branches for the variable as a whole.
    prior: [f32; 2],
    depth: u16,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Branch {
    Symbol(u16),
    Choice(u16),
}

impl SymbolTree {
    /// For a variable whose symbols occurred so often, and how probable they are in general.
    pub(crate) fn new(variable: Variable, counts: &[u32], general: &[f64]) -> Self {
        let total: f64 = counts.iter().map(|&count| f64::from(count)).sum::<f64>() + 1.0;
        let spread: Vec<f64> = counts
            .iter()
            .zip(general)
            .map(|(&count, &share)| (f64::from(count) + share) / total)
            .collect();
        let mut tree = Self {
            symbols: counts.len(),
            choices: Vec::new(),
            spread: spread.iter().map(|&share| share as f32).collect(),
        };
        if variable.kind == Kind::Ordinal && counts.len() > 1 {
            tree.divide(&spread, 0, counts.len(), 0);
        }
        tree
    }

    /// Adds the choice among the symbols `from..to`, and those below it.
    fn divide(&mut self, spread: &[f64], from: usize, to: usize, depth: u16) -> Branch {
        if to - from == 1 {
            return Branch::Symbol(from as u16);
        }
        let total: f64 = spread[from..to].iter().sum();
        let mut before = spread[from];
        let mut cut = from + 1;
        while cut + 1 < to
            && (before + spread[cut] - total / 2.0).abs() <= (before - total / 2.0).abs()
        {
            before += spread[cut];
            cut += 1;
        }
        let at = self.choices.len();
        self.choices.push(Choice {
            first: Branch::Symbol(0),
            second: Branch::Symbol(0),
            prior: [(before / total) as f32, ((total - before) / total) as f32],
            depth,
        });
        let first = self.divide(spread, from, cut, depth + 1);
        let second = self.divide(spread, cut, to, depth + 1);
        self.choices[at].first = first;
        self.choices[at].second = second;
        Branch::Choice(at as u16)
    }

    /// `P(symbol | state)`, `[symbols, stride]`, from counts of that shape, for the first `states`
    /// of the states. `weight` gives the counts that a choice of some depth has beforehand.
    pub(crate) fn estimate(
        &self,
        counts: &[f32],
        states: usize,
        weight: impl Fn(u16) -> f32,
        probabilities: &mut [f32],
    ) {
        let stride = counts.len() / self.symbols;
        if self.choices.is_empty() {
            self.estimate_flat(counts, states, weight(0), probabilities);
            return;
        }
        let mut totals = vec![0.0f32; self.choices.len() * stride];
        for (at, choice) in self.choices.iter().enumerate().rev() {
            for branch in [choice.first, choice.second] {
                let (head, tail) = totals.split_at_mut((at + 1) * stride);
                let below = match branch {
                    Branch::Symbol(symbol) => &counts[usize::from(symbol) * stride..][..stride],
                    Branch::Choice(below) => {
                        &tail[(usize::from(below) - at - 1) * stride..][..stride]
                    }
                };
                for (total, below) in head[at * stride..].iter_mut().zip(below) {
                    *total += below;
                }
            }
        }
        // From here on, a choice's place holds how probable it is to be reached.
        let mut reached = vec![0.0f32; self.choices.len() * stride];
        reached[..states].fill(1.0);
        for (at, choice) in self.choices.iter().enumerate() {
            let weight = weight(choice.depth);
            let total = &totals[at * stride..][..stride];
            for (branch, prior) in [choice.first, choice.second].into_iter().zip(choice.prior) {
                let (head, tail) = reached.split_at_mut((at + 1) * stride);
                let here = &head[at * stride..];
                let (counts, target) = match branch {
                    Branch::Symbol(symbol) => {
                        let from = usize::from(symbol) * stride;
                        (&counts[from..], &mut probabilities[from..])
                    }
                    Branch::Choice(below) => {
                        let from = usize::from(below) * stride;
                        (&totals[from..], &mut tail[from - (at + 1) * stride..])
                    }
                };
                let values = target.iter_mut().zip(here).zip(counts.iter().zip(total));
                for ((value, &here), (&count, &total)) in values {
                    *value = here * ((count + weight * prior) / (total + weight));
                }
            }
        }
    }

    fn estimate_flat(&self, counts: &[f32], states: usize, weight: f32, probabilities: &mut [f32]) {
        let stride = counts.len() / self.symbols;
        let mut totals = vec![0.0; stride];
        for row in counts.chunks_exact(stride) {
            for (sum, value) in totals.iter_mut().zip(row) {
                *sum += value;
            }
        }
        for ((row, counts), &prior) in probabilities
            .chunks_exact_mut(stride)
            .zip(counts.chunks_exact(stride))
            .zip(&self.spread)
        {
            for ((value, &count), &total) in row.iter_mut().zip(counts).zip(&totals).take(states) {
                *value = (count + weight * prior) / (total + weight);
            }
        }
    }
}
