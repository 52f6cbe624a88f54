//! Circuits that are counted instead of learned: what hidden trees have to beat.

use codec_core::{Error, Result};

use crate::circuit::Node;
use crate::lanes::padded;
use crate::{Circuit, Records, Schema, Tree};

impl Circuit {
    /// The model of independent variables: every latent variable has one state, so the tree does not
    /// matter (a star around the first variable).
    ///
    /// `P(x_u = v) = (count of v + pseudocount / symbols) / (records + pseudocount)`: the counts, as if
    /// `pseudocount` more records had been seen in which all symbols are equally frequent.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there are no records or variables or the records do not fit the
    /// schema, [`Error::Usage`] for a pseudocount that is negative or no number.
    pub fn independent(schema: &Schema, records: &Records, pseudocount: f32) -> Result<Self> {
        check(schema, records, pseudocount)?;
        let frequencies = frequencies(schema, records, pseudocount);
        let mut parents = vec![Some(0); schema.len()];
        parents[0] = None;
        let nodes = frequencies
            .iter()
            .map(|frequencies| {
                let stride = padded(1);
                let mut node = Node {
                    states: 1,
                    labels: vec![0],
                    transition: vec![0.0; stride],
                    emission: vec![0.0; frequencies.len() * stride],
                };
                node.transition[0] = 1.0;
                for (row, &frequency) in node.emission.chunks_exact_mut(stride).zip(frequencies) {
                    row[0] = frequency as f32;
                }
                node
            })
            .collect();
        Self::new(schema.clone(), Tree::new(parents)?, nodes)
    }

    /// The plain tree model: a variable depends on the variable above it in `tree`, which is best the
    /// one of [`chow_liu_tree`](crate::chow_liu_tree). The state of a latent variable is the symbol of
    /// its variable, and emissions name it.
    ///
    /// ```text
    /// P(x_u = v)              = (count of v + pseudocount / symbols) / (records + pseudocount)
    /// P(x_u = v | parent = w) = (count of v with w + pseudocount P(x_u = v)) / (count of w + pseudocount)
    /// ```
    ///
    /// of which the first is for the root. The parameters are as many as pairs of symbols of neighbours,
    /// twice: 400 MB for pictures of 28 by 28 bytes.
    ///
    /// Source: Chow and Liu, "Approximating discrete probability distributions with dependence trees"
    /// (1968), whose estimates are those of `pseudocount` 0.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there are no records or variables or the records and the tree do not
    /// fit the schema, [`Error::Usage`] for a pseudocount that is negative or no number.
    pub fn chow_liu(
        schema: &Schema,
        tree: &Tree,
        records: &Records,
        pseudocount: f32,
    ) -> Result<Self> {
        check(schema, records, pseudocount)?;
        if tree.len() != schema.len() {
            return Err(Error::Unsupported(format!(
                "a tree over {} variables for {} variables",
                tree.len(),
                schema.len()
            )));
        }
        let frequencies = frequencies(schema, records, pseudocount);
        let nodes = (0..schema.len())
            .map(|at| {
                let own = &frequencies[at];
                let stride = padded(own.len());
                let transition = match tree.parent(at) {
                    None => row(own.iter().copied(), stride),
                    Some(parent) => {
                        let parent_symbols = frequencies[parent].len();
                        conditionals(records, parent, parent_symbols, at, own, pseudocount)
                    }
                };
                let mut emission = vec![0.0; own.len() * stride];
                for symbol in 0..own.len() {
                    emission[symbol * stride + symbol] = 1.0;
                }
                Node {
                    states: own.len(),
                    labels: vec![0; own.len()],
                    transition,
                    emission,
                }
            })
            .collect();
        Self::new(schema.clone(), tree.clone(), nodes)
    }
}

fn check(schema: &Schema, records: &Records, pseudocount: f32) -> Result<()> {
    if !(pseudocount >= 0.0 && pseudocount.is_finite()) {
        return Err(Error::Usage(format!(
            "a pseudocount of {pseudocount}: it is a number of records, 0 or more"
        )));
    }
    if schema.is_empty() || records.is_empty() {
        return Err(Error::Unsupported(
            "nothing to count: no variables or no records".to_owned(),
        ));
    }
    if records.width() != schema.len() {
        return Err(Error::Unsupported(format!(
            "records have {} values and the schema has {} variables",
            records.width(),
            schema.len()
        )));
    }
    for (number, record) in records.iter().enumerate() {
        for (at, (&value, variable)) in record.iter().zip(&schema.variables).enumerate() {
            if u16::from(value) >= variable.symbols {
                return Err(Error::Unsupported(format!(
                    "record {number}, variable {at}: the value {value} is not below the schema's {} symbols",
                    variable.symbols
                )));
            }
        }
    }
    Ok(())
}

/// `P(x_u = v)` for every variable and symbol, `[d][symbols]`.
fn frequencies(schema: &Schema, records: &Records, pseudocount: f32) -> Vec<Vec<f64>> {
    let symbols = schema.variables.iter().map(|v| usize::from(v.symbols));
    let mut counts: Vec<Vec<f64>> = symbols.map(|symbols| vec![0.0; symbols]).collect();
    for record in records.iter() {
        for (counts, &value) in counts.iter_mut().zip(record) {
            counts[usize::from(value)] += 1.0;
        }
    }
    let pseudocount = f64::from(pseudocount);
    for counts in &mut counts {
        let spare = pseudocount / counts.len() as f64;
        for count in counts {
            *count = (*count + spare) / (records.len() as f64 + pseudocount);
        }
    }
    counts
}

/// `P(x_at = v | x_parent = w)`, `[symbols of the parent, padded(symbols)]`.
fn conditionals(
    records: &Records,
    parent: usize,
    parent_symbols: usize,
    at: usize,
    own: &[f64],
    pseudocount: f32,
) -> Vec<f32> {
    let symbols = own.len();
    let mut counts = vec![0u32; parent_symbols * symbols];
    for record in records.iter() {
        counts[usize::from(record[parent]) * symbols + usize::from(record[at])] += 1;
    }
    let pseudocount = f64::from(pseudocount);
    let of_row = |counts: &[u32]| {
        let total = counts.iter().map(|&count| f64::from(count)).sum::<f64>() + pseudocount;
        let estimate = |(&count, &own): (&u32, &f64)| {
            if total > 0.0 {
                (f64::from(count) + pseudocount * own) / total
            } else {
                // Nothing is known of what follows: as the variable is by itself.
                own
            }
        };
        row(counts.iter().zip(own).map(estimate), padded(symbols))
    };
    counts.chunks_exact(symbols).flat_map(of_row).collect()
}

fn row(values: impl Iterator<Item = f64>, stride: usize) -> Vec<f32> {
    let mut row: Vec<f32> = values.map(|value| value as f32).collect();
    row.resize(stride, 0.0);
    row
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::random::Random;
    use crate::{Evidence, Inference, Kind, Variable, bits, chow_liu_tree};

    /// Ten variables of three and four symbols, each often as the one before it.
    fn chain(records: usize) -> (Schema, Records) {
        let variables = (0..10).map(|at| Variable {
            kind: Kind::Categorical,
            symbols: 3 + at % 2,
        });
        let schema = Schema {
            variables: variables.collect(),
            grid: None,
        };
        let mut random = Random::new(3);
        let mut values = Vec::new();
        for _ in 0..records {
            let mut last = 0u8;
            for variable in &schema.variables {
                if random.unit() < 0.4 || u16::from(last) >= variable.symbols {
                    last = random.below(usize::from(variable.symbols)) as u8;
                }
                values.push(last);
            }
        }
        (schema, Records::new(10, values))
    }

    fn count(records: &Records, event: impl Fn(&[u8]) -> bool) -> f64 {
        records.iter().filter(|record| event(record)).count() as f64
    }

    #[test]
    fn independent_variables_are_as_frequent_as_counted() {
        let (schema, records) = chain(200);
        let circuit = Circuit::independent(&schema, &records, 2.0).unwrap();
        let nothing = Evidence::nothing(10, 1);
        let marginals = Inference::new(&circuit).marginals(&nothing).unwrap();
        let mut nats = 0.0;
        for (at, variable) in schema.variables.iter().enumerate() {
            let symbols = f64::from(variable.symbols);
            for (symbol, &found) in (0u8..).zip(marginals.of(0, at)) {
                let expected = (count(&records, |r| r[at] == symbol) + 2.0 / symbols) / 202.0;
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
                if symbol == records.record(5)[at] {
                    nats += expected.ln();
                }
            }
        }
        let fifth = Evidence::from(&records.range(5..6));
        let found = Inference::new(&circuit).log_likelihood(&fifth).unwrap()[0];
        assert!((found - nats).abs() < 1e-5);
    }

    #[test]
    fn the_tree_model_is_the_formula_of_counts() {
        let (schema, records) = chain(300);
        let tree = chow_liu_tree(&schema, &records, NonZeroUsize::MIN).unwrap();
        let circuit = Circuit::chow_liu(&schema, &tree, &records, 1.5).unwrap();
        let found = Inference::new(&circuit)
            .log_likelihood(&Evidence::from(&records))
            .unwrap();
        let alone = |at: usize, value: u8| {
            let spare = 1.5 / f64::from(schema.variables[at].symbols);
            (count(&records, |r| r[at] == value) + spare) / 301.5
        };
        for (record, found) in records.iter().zip(found).take(40) {
            let nats: f64 = (0..10)
                .map(|at| match tree.parent(at) {
                    None => alone(at, record[at]),
                    Some(above) => {
                        let both = |r: &[u8]| r[at] == record[at] && r[above] == record[above];
                        let below = count(&records, |r| r[above] == record[above]);
                        (count(&records, both) + 1.5 * alone(at, record[at])) / (below + 1.5)
                    }
                })
                .map(f64::ln)
                .sum();
            assert!((found - nats).abs() < 1e-5, "{found} {nats}");
        }
    }

    #[test]
    fn the_tree_explains_dependent_records_better() {
        let (schema, records) = chain(1000);
        let tree = chow_liu_tree(&schema, &records, NonZeroUsize::MIN).unwrap();
        let total = |circuit: Circuit| -> f64 {
            let bits = bits(&circuit, &records, NonZeroUsize::MIN).unwrap();
            bits.iter().sum()
        };
        let of_tree = total(Circuit::chow_liu(&schema, &tree, &records, 1.0).unwrap());
        let independent = total(Circuit::independent(&schema, &records, 1.0).unwrap());
        assert!(of_tree < 0.9 * independent, "{of_tree} {independent}");
    }

    #[test]
    fn symbols_that_never_came_are_as_the_variable_is() {
        let schema = Schema::bytes(2);
        let records = Records::new(2, vec![1, 1, 1, 2]);
        let tree = Tree::new(vec![None, Some(0)]).unwrap();
        let circuit = Circuit::chow_liu(&schema, &tree, &records, 0.0).unwrap();
        assert_eq!(circuit.nodes[1].transition[9 * 256 + 2], 0.5);
        let impossible = Evidence::new(2, vec![Some(9), None]);
        let found = Inference::new(&circuit)
            .log_likelihood(&impossible)
            .unwrap();
        assert_eq!(found, [f64::NEG_INFINITY]);
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let (schema, records) = chain(3);
        for pseudocount in [-1.0, f32::NAN, f32::INFINITY] {
            let refused = Circuit::independent(&schema, &records, pseudocount);
            assert!(matches!(refused, Err(Error::Usage(_))));
        }
        let none = Circuit::independent(&schema, &Records::new(10, vec![]), 1.0);
        assert!(matches!(none, Err(Error::Unsupported(_))));
        let wrong = Circuit::independent(&schema, &Records::new(10, vec![3; 10]), 1.0);
        let wrong = wrong.unwrap_err().to_string();
        assert!(wrong.contains("variable 0: the value 3"), "{wrong}");
        let tree = Tree::new(vec![None]).unwrap();
        assert!(Circuit::chow_liu(&schema, &tree, &records, 1.0).is_err());
        let narrow = Records::new(2, vec![0; 4]);
        assert!(Circuit::independent(&schema, &narrow, 1.0).is_err());
    }
}
