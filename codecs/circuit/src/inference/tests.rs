//! Inference against enumeration of every record and every combination of states.

mod worlds;

use super::*;
use crate::circuit::Node;
use crate::lanes::padded;
use crate::random::Random;
use crate::{Kind, Records, Schema, Tree, Variable};
use worlds::{cases, circuit_of, fits, probability, random_evidence, worlds};

#[track_caller]
fn assert_near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-12 || found == expected,
        "{found} instead of {expected}"
    );
}

#[test]
fn likelihoods_marginals_and_posteriors_are_those_of_enumeration() {
    let (mut possible, mut impossible) = (0, 0);
    for (circuit, evidence, _) in cases(60) {
        let worlds = worlds(&circuit);
        let inference = Inference::new(&circuit);
        let logs = inference.log_likelihood(&evidence).unwrap();
        let bits = inference.bits(&evidence).unwrap();
        let marginals = inference.marginals(&evidence).unwrap();
        let posteriors = inference.posteriors(&evidence).unwrap();
        for number in 0..evidence.len() {
            let known = evidence.record(number);
            let of_evidence = probability(&worlds, |world| fits(world, known));
            assert_near(logs[number].exp(), of_evidence);
            assert_near(2f64.powf(-bits[number]), of_evidence);
            if of_evidence > 0.0 {
                assert_near(logs[number], of_evidence.ln());
                possible += 1;
            } else {
                assert_eq!(logs[number], f64::NEG_INFINITY);
                impossible += 1;
            }
            let share = |joint: f64| {
                if of_evidence > 0.0 {
                    joint / of_evidence
                } else {
                    0.0
                }
            };
            for at in 0..circuit.schema.len() {
                let marginal = marginals.of(number, at);
                for (symbol, &found) in (0u8..).zip(marginal) {
                    let joint = probability(&worlds, |world| {
                        fits(world, known) && world.record[at] == symbol
                    });
                    assert_near(found, share(joint));
                }
                assert_eq!(
                    marginal.len(),
                    usize::from(circuit.schema.variables[at].symbols)
                );
                assert_near(marginal.iter().sum(), share(of_evidence));
                let posterior = posteriors.of(number, at);
                for (state, &found) in posterior.iter().enumerate() {
                    let joint = probability(&worlds, |world| {
                        fits(world, known) && world.states[at] == state
                    });
                    assert_near(found, share(joint));
                }
                assert_eq!(posterior.len(), circuit.states(at));
                let conditional = inference.conditional(&evidence, at).unwrap();
                assert_eq!(
                    &conditional[number * marginal.len()..][..marginal.len()],
                    marginal
                );
            }
        }
    }
    assert!(possible > 100 && impossible > 20, "{possible} {impossible}");
}

#[test]
fn conditionals_of_subsets_are_those_of_enumeration() {
    for (circuit, targets, mut random) in cases(40) {
        let worlds = worlds(&circuit);
        let given = random_evidence(&circuit, &mut random, targets.len());
        let logs = Inference::new(&circuit)
            .log_conditional(&targets, &given)
            .unwrap();
        for (number, log) in logs.into_iter().enumerate() {
            let (targets, given) = (targets.record(number), given.record(number));
            let both = probability(&worlds, |world| fits(world, targets) && fits(world, given));
            let below = probability(&worlds, |world| fits(world, given));
            let expected = if below > 0.0 { both / below } else { 0.0 };
            assert_near(log.exp(), expected);
        }
    }
}

#[test]
fn explanations_are_the_most_probable_of_all() {
    for (circuit, evidence, _) in cases(60) {
        let worlds = worlds(&circuit);
        let inference = Inference::new(&circuit);
        let found = inference.most_probable(&evidence).unwrap();
        for number in 0..evidence.len() {
            let known = evidence.record(number);
            let fitting = worlds.iter().filter(|world| fits(world, known));
            let best = fitting.map(|world| world.probability).fold(0.0, f64::max);
            assert_near(found.log_probability[number].exp(), best);
            if best == 0.0 {
                assert_eq!(found.log_probability[number], f64::NEG_INFINITY);
                continue;
            }
            assert_near(found.log_probability[number], best.ln());
            let d = circuit.schema.len();
            let states = &found.states[number * d..][..d];
            let chosen = probability(&worlds, |world| {
                let mut pairs = world.states.iter().zip(states);
                world.record == found.records.record(number)
                    && fits(world, known)
                    && pairs.all(|(&state, &found)| state == usize::from(found))
            });
            assert_near(chosen / best, 1.0);
        }
    }
}

#[test]
fn equally_probable_explanations_give_the_smallest() {
    let row_of_two = |value: f32| [vec![value; 2], vec![0.0; padded(2) - 2]].concat();
    let schema = Schema::bytes(3);
    let node = |rows: usize| Node {
        labels: vec![0; 2],
        states: 2,
        transition: row_of_two(0.5).repeat(rows),
        emission: row_of_two(1.0 / 256.0).repeat(256),
    };
    let tree = Tree::new(vec![Some(1), None, Some(1)]).unwrap();
    let circuit = Circuit::new(schema, tree, vec![node(2), node(1), node(2)]).unwrap();
    let evidence = Evidence::new(3, vec![None, Some(9), None]);
    let found = Inference::new(&circuit).most_probable(&evidence).unwrap();
    assert_eq!(found.records.values(), [0, 9, 0]);
    assert_eq!(found.states, [0, 0, 0]);
    assert_near(found.log_probability[0], (2f64 * 256.0).ln() * -3.0);
}

#[test]
fn surprise_is_that_of_each_value_given_all_others() {
    for (circuit, _, mut random) in cases(60) {
        let worlds = worlds(&circuit);
        let symbols = circuit
            .schema
            .variables
            .iter()
            .map(|v| usize::from(v.symbols));
        let values: Vec<u8> = symbols.map(|symbols| random.below(symbols) as u8).collect();
        let d = values.len();
        let records = Records::new(d, values);
        let inference = Inference::new(&circuit);
        let scores = inference.anomaly_scores(&records).unwrap();
        let record: Vec<Option<u8>> = records.values().iter().copied().map(Some).collect();
        let whole = probability(&worlds, |world| fits(world, &record));
        assert_eq!(
            scores.bits,
            inference.bits(&Evidence::from(&records)).unwrap()
        );
        assert_eq!(scores.bits_per_dimension[0], scores.bits[0] / d as f64);
        for at in 0..d {
            let mut others = record.clone();
            others[at] = None;
            let below = probability(&worlds, |world| fits(world, &others));
            if whole > 0.0 {
                assert_near(scores.surprise[at], (below / whole).log2().max(0.0));
            } else {
                assert_eq!(scores.surprise[at], f64::INFINITY);
            }
        }
    }
}

#[test]
fn latents_are_the_most_probable_states_given_the_record() {
    let mut random = Random::new(5);
    let circuit = circuit_of(&mut random, 40, 6, 9, 0.0);
    let inference = Inference::new(&circuit);
    let records = inference.sample(&Evidence::nothing(40, 3), 30, 1).unwrap();
    let posteriors = inference.posteriors(&Evidence::from(&records)).unwrap();
    let latents = inference.latents(&records).unwrap();
    for number in 0..records.len() {
        for at in 0..40 {
            let posterior = posteriors.of(number, at);
            let state = usize::from(latents[number * 40 + at]);
            assert!(posterior.iter().all(|&other| other <= posterior[state]));
        }
    }
}

#[test]
fn samples_are_as_frequent_as_probable_given_the_evidence() {
    const SAMPLES: usize = 4000;
    for (circuit, evidence, _) in cases(30) {
        let inference = Inference::new(&circuit);
        let logs = inference.log_likelihood(&evidence).unwrap();
        for number in (0..evidence.len()).filter(|&number| logs[number] > f64::NEG_INFINITY) {
            let known = evidence.record(number);
            let one = Evidence::new(evidence.width(), known.to_vec());
            let samples = inference.sample(&one, SAMPLES, 7).unwrap();
            assert_eq!(samples.len(), SAMPLES);
            let worlds = worlds(&circuit);
            let of_evidence = logs[number].exp();
            // Whole records, not only variables one by one: samples go together.
            let mut expected = std::collections::BTreeMap::new();
            for world in worlds.iter().filter(|world| fits(world, known)) {
                *expected.entry(world.record.clone()).or_insert(0.0) +=
                    world.probability / of_evidence;
            }
            let mut found = std::collections::BTreeMap::new();
            for sample in samples.iter() {
                *found.entry(sample.to_vec()).or_insert(0) += 1;
            }
            assert!(found.keys().all(|record| expected[record] > 0.0));
            for (record, p) in expected {
                let frequency = f64::from(found.get(&record).copied().unwrap_or(0));
                let p: f64 = p;
                let deviation = (SAMPLES as f64 * p * (1.0 - p)).max(0.0).sqrt();
                let bound = 5.0 * deviation + 3.0;
                assert!(
                    (frequency - SAMPLES as f64 * p).abs() <= bound,
                    "{frequency} of {p}"
                );
            }
        }
    }
}

#[test]
fn what_is_known_stays_in_samples_and_fillings() {
    let mut random = Random::new(3);
    let circuit = circuit_of(&mut random, 30, 5, 200, 0.0);
    let inference = Inference::new(&circuit);
    let records = inference.sample(&Evidence::nothing(30, 9), 1, 2).unwrap();
    let whole = Evidence::from(&records);
    let known: Vec<bool> = (0..30).map(|at| at % 3 == 0).collect();
    let partial = Evidence::masked(&records, &known);
    let fillings = [
        Filling::Mean,
        Filling::Mode,
        Filling::MostProbable,
        Filling::Sample { seed: 4 },
    ];
    for filling in fillings {
        assert_eq!(inference.inpaint(&whole, filling).unwrap(), records);
        let filled = inference.inpaint(&partial, filling).unwrap();
        for (filled, known) in filled.values().iter().zip(partial.values()) {
            assert!(known.is_none_or(|known| known == *filled));
        }
    }
    let marginals = inference.marginals(&partial).unwrap();
    let modes = inference.inpaint(&partial, Filling::Mode).unwrap();
    let means = inference.inpaint(&partial, Filling::Mean).unwrap();
    for number in 0..9 {
        for at in 0..30 {
            let marginal = marginals.of(number, at);
            let mode = usize::from(modes.record(number)[at]);
            assert!(marginal.iter().all(|&other| other <= marginal[mode]));
            let mean: f64 = (0u32..).zip(marginal).map(|(v, p)| f64::from(v) * p).sum();
            let filled = f64::from(means.record(number)[at]);
            match circuit.schema.variables[at].kind {
                Kind::Ordinal => assert!((filled - mean).abs() <= 0.5 + 1e-9),
                Kind::Categorical => assert_eq!(filled, mode as f64),
            }
        }
    }
}

#[test]
fn whole_records_take_the_bits_that_learning_says() {
    let mut random = Random::new(8);
    let mut circuit = circuit_of(&mut random, 60, 20, 256, 0.0);
    normalise_as_learning_does(&mut circuit);
    let inference = Inference::new(&circuit);
    let records = inference.sample(&Evidence::nothing(60, 1), 150, 2).unwrap();
    let ours = inference.bits(&Evidence::from(&records)).unwrap();
    let learning = crate::bits(&circuit, &records, NonZeroUsize::MIN).unwrap();
    for (ours, learning) in ours.iter().zip(learning) {
        assert!((ours - learning).abs() < 1e-3, "{ours} {learning}");
    }
}

fn normalise_as_learning_does(circuit: &mut Circuit) {
    for node in &mut circuit.nodes {
        let stride = node.stride();
        for row in node.transition.chunks_exact_mut(stride) {
            let total: f32 = row.iter().sum();
            row.iter_mut().for_each(|value| *value /= total);
        }
        for state in 0..node.states {
            let total: f32 = node.emission[state..].iter().step_by(stride).sum();
            let column = node.emission[state..].iter_mut().step_by(stride);
            column.for_each(|value| *value /= total);
        }
    }
}

#[test]
fn results_depend_neither_on_threads_nor_on_other_records() {
    let mut random = Random::new(11);
    let circuit = circuit_of(&mut random, 25, 30, 40, 0.1);
    let one = Inference::new(&circuit);
    let samples = one.sample(&Evidence::nothing(25, 1), 150, 1).unwrap();
    let known: Vec<bool> = (0..25).map(|at| at % 2 == 0).collect();
    let evidence = Evidence::masked(&samples, &known);
    let expected = (
        one.marginals(&evidence).unwrap(),
        one.most_probable(&evidence).unwrap(),
        one.sample(&evidence, 2, 9).unwrap(),
        one.anomaly_scores(&samples).unwrap(),
    );
    for threads in [2, 7] {
        let many = Inference::new(&circuit).with_threads(NonZeroUsize::new(threads).unwrap());
        let found = (
            many.marginals(&evidence).unwrap(),
            many.most_probable(&evidence).unwrap(),
            many.sample(&evidence, 2, 9).unwrap(),
            many.anomaly_scores(&samples).unwrap(),
        );
        assert_eq!(found, expected);
    }
    let last = Evidence::new(25, evidence.record(149).to_vec());
    let alone = one.marginals(&last).unwrap();
    assert_eq!(alone.record(0), expected.0.record(149));
}

#[test]
fn three_hundred_children_underflow_nothing() {
    let mut random = Random::new(2);
    let count = 301;
    let schema = Schema::bytes(count);
    let mut parents = vec![Some(0u32); count];
    parents[0] = None;
    let mut node = |rows: usize| Node {
        labels: vec![0; 4],
        states: 4,
        transition: (0..rows * 16)
            .map(|at| {
                if at % 16 < 4 {
                    0.1 + random.unit() as f32
                } else {
                    0.0
                }
            })
            .collect(),
        emission: (0..256 * 16)
            .map(|at| {
                if at % 16 < 4 {
                    0.1 + random.unit() as f32
                } else {
                    0.0
                }
            })
            .collect(),
    };
    let nodes = (0..count)
        .map(|at| node(if at == 0 { 1 } else { 4 }))
        .collect();
    let circuit = Circuit::new(schema, Tree::new(parents).unwrap(), nodes).unwrap();
    let inference = Inference::new(&circuit);
    let records = Records::new(count, (0..count).map(|at| (at * 7 % 256) as u8).collect());
    let evidence = Evidence::from(&records);

    // In logarithms, without any scaling.
    let terms: Vec<f64> = (0..4)
        .map(|state| {
            let of_child = |child: usize| -> f64 {
                let mut transition = Vec::new();
                inference.transition(child, &mut transition);
                let emission = inference.emission_of(child, records.values()[child]);
                let row = &transition[state * 4..][..4];
                row.iter().zip(emission).map(|(t, e)| t * e).sum()
            };
            let mut prior = Vec::new();
            inference.transition(0, &mut prior);
            let own = inference
                .emission_of(0, records.values()[0])
                .nth(state)
                .unwrap();
            (prior[state] * own).ln() + (1..count).map(|child| of_child(child).ln()).sum::<f64>()
        })
        .collect();
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let expected = most
        + terms
            .iter()
            .map(|term| (term - most).exp())
            .sum::<f64>()
            .ln();
    assert!(expected < -1500.0);
    let log = inference.log_likelihood(&evidence).unwrap()[0];
    assert!((log - expected).abs() < 1e-9, "{log} {expected}");

    let scores = inference.anomaly_scores(&records).unwrap();
    for at in [0, 1, 150, 300] {
        let mut others: Vec<Option<u8>> = evidence.values().to_vec();
        others[at] = None;
        let below = inference.bits(&Evidence::new(count, others)).unwrap()[0];
        assert!((scores.surprise[at] - (scores.bits[0] - below)).abs() < 1e-9);
    }
    let mpe = inference
        .most_probable(&Evidence::nothing(count, 1))
        .unwrap();
    assert!(mpe.log_probability[0].is_finite());
    let posterior = inference.posteriors(&evidence).unwrap();
    assert_near(posterior.of(0, 0).iter().sum(), 1.0);
}

#[test]
fn a_circuit_without_any_probability_gives_no_nan() {
    let mut random = Random::new(1);
    let circuit = circuit_of(&mut random, 4, 3, 3, 1.1);
    let inference = Inference::new(&circuit);
    let evidence = Evidence::nothing(4, 2);
    assert_eq!(
        inference.log_likelihood(&evidence).unwrap(),
        [f64::NEG_INFINITY; 2]
    );
    let marginals = inference.marginals(&evidence).unwrap();
    let posteriors = inference.posteriors(&evidence).unwrap();
    for distributions in [marginals, posteriors] {
        for number in 0..distributions.len() {
            assert!(distributions.record(number).iter().all(|&p| p == 0.0));
        }
    }
    let records = Records::new(4, vec![0; 4]);
    let scores = inference.anomaly_scores(&records).unwrap();
    assert_eq!(scores.bits, [f64::INFINITY]);
    assert_eq!(scores.surprise, [f64::INFINITY; 4]);
    assert_eq!(inference.latents(&records).unwrap(), [0; 4]);
    let explained = inference.most_probable(&evidence).unwrap();
    assert_eq!(explained.log_probability, [f64::NEG_INFINITY; 2]);
    for filling in [
        Filling::Mean,
        Filling::Mode,
        Filling::MostProbable,
        Filling::Sample { seed: 0 },
    ] {
        let refused = inference
            .inpaint(&evidence, filling)
            .unwrap_err()
            .to_string();
        assert!(refused.contains("record 0"), "{refused}");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let mut random = Random::new(1);
    let circuit = circuit_of(&mut random, 3, 2, 2, 0.0);
    let inference = Inference::new(&circuit);
    let narrow = inference
        .log_likelihood(&Evidence::nothing(2, 1))
        .unwrap_err();
    assert_eq!(
        narrow.to_string(),
        "records have 2 values and the model has 3 variables"
    );
    let wrong = Evidence::new(3, vec![None, None, None, None, Some(200), None]);
    let wrong = inference.marginals(&wrong).unwrap_err().to_string();
    assert!(
        wrong.contains("record 1, variable 1: the value 200"),
        "{wrong}"
    );
    let none = inference.conditional(&Evidence::nothing(3, 1), 3);
    assert!(matches!(none, Err(Error::Usage(_))));
    let fewer = inference.log_conditional(&Evidence::nothing(3, 1), &Evidence::nothing(3, 2));
    assert!(matches!(fewer, Err(Error::Unsupported(_))));
    assert!(
        inference
            .log_likelihood(&Evidence::nothing(3, 0))
            .unwrap()
            .is_empty()
    );
    assert!(
        inference
            .marginals(&Evidence::nothing(3, 0))
            .unwrap()
            .is_empty()
    );
}
