//! Probabilities of symbols from counts, smoothed towards the symbols near them.

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
}

/// A choice between two ranges of symbols.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Choice {
    pub(crate) branches: [Branch; 2],
    /// Probabilities of the branches for the variable as a whole.
    pub(crate) prior: [f32; 2],
    /// First symbol of the first branch, first symbol of the second, and the one after its last.
    pub(crate) bounds: [u16; 3],
    /// Choices above it.
    pub(crate) depth: u16,
    /// Probability of coming to it, for the variable as a whole.
    pub(crate) reach: f32,
}

/// What a choice leads to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Branch {
    Symbol(u16),
    Choice(u16),
}

impl SymbolTree {
    /// For a variable whose symbols are so probable, all of them more than 0.
    pub(crate) fn new(spread: &[f32]) -> Self {
        let mut tree = Self {
            symbols: spread.len(),
            choices: Vec::new(),
        };
        tree.divide(spread, 0, spread.len(), 0, 1.0);
        tree
    }

    /// Adds the choice among the symbols `from..to`, and those below it.
    fn divide(&mut self, spread: &[f32], from: usize, to: usize, depth: u16, reach: f32) -> Branch {
        if to - from == 1 {
            return Branch::Symbol(from as u16);
        }
        let total: f32 = spread[from..to].iter().sum();
        let mut before = spread[from];
        let mut cut = from + 1;
        while cut + 1 < to
            && (before + spread[cut] - total / 2.0).abs() <= (before - total / 2.0).abs()
        {
            before += spread[cut];
            cut += 1;
        }
        let after: f32 = spread[cut..to].iter().sum();
        let prior = [before / (before + after), after / (before + after)];
        let at = self.choices.len();
        self.choices.push(Choice {
            branches: [Branch::Symbol(0); 2],
            prior,
            bounds: [from as u16, cut as u16, to as u16],
            depth,
            reach,
        });
        self.choices[at].branches = [
            self.divide(spread, from, cut, depth + 1, reach * prior[0]),
            self.divide(spread, cut, to, depth + 1, reach * prior[1]),
        ];
        Branch::Choice(at as u16)
    }

    /// Number of symbols.
    pub(crate) fn symbols(&self) -> usize {
        self.symbols
    }

    /// The choices, every one before those below it.
    pub(crate) fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// For each choice, the sum of `values` over the symbols it is between: `[choices, stride]` from
    /// `[symbols, stride]`.
    pub(crate) fn totals(&self, values: &[f32]) -> Vec<f32> {
        let stride = values.len() / self.symbols;
        let mut totals = vec![0.0f32; self.choices.len() * stride];
        for (at, choice) in self.choices.iter().enumerate().rev() {
            let (head, tail) = totals.split_at_mut((at + 1) * stride);
            for branch in choice.branches {
                let below = match branch {
                    Branch::Symbol(symbol) => &values[usize::from(symbol) * stride..],
                    Branch::Choice(below) => &tail[(usize::from(below) - at - 1) * stride..],
                };
                for (total, below) in head[at * stride..].iter_mut().zip(below) {
                    *total += below;
                }
            }
        }
        totals
    }

    /// `P(symbol | state)`, `[symbols, stride]`, for the first `states` of the states.
    /// `branch_probability(choice, branch, state)` says how each choice is made.
    pub(crate) fn spread_out(
        &self,
        states: usize,
        mut branch_probability: impl FnMut(usize, usize, usize) -> f32,
        probabilities: &mut [f32],
    ) {
        let stride = probabilities.len() / self.symbols;
        if self.choices.is_empty() {
            probabilities[..states].fill(1.0);
        }
        let mut reached = vec![0.0f32; self.choices.len() * stride];
        reached
            .iter_mut()
            .take(states)
            .for_each(|value| *value = 1.0);
        for (at, choice) in self.choices.iter().enumerate() {
            let (head, tail) = reached.split_at_mut((at + 1) * stride);
            let here = &head[at * stride..][..states];
            for (number, branch) in choice.branches.into_iter().enumerate() {
                let target = match branch {
                    Branch::Symbol(symbol) => &mut probabilities[usize::from(symbol) * stride..],
                    Branch::Choice(below) => &mut tail[(usize::from(below) - at - 1) * stride..],
                };
                for (state, (value, &here)) in target.iter_mut().zip(here).enumerate() {
                    *value = here * branch_probability(at, number, state);
                }
            }
        }
    }
}
