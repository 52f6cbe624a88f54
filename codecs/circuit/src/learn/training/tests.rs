//! Runs that are resumed, stopped and measured.

use super::*;
use crate::testing::{SETTINGS, spots};

const ONE: NonZeroUsize = NonZeroUsize::MIN;
const PLAN: Plan = Plan {
    epochs: 3,
    full_passes: 2,
    patience: None,
    prune_grow: 0,
};

fn timeless(passes: &[Pass]) -> Vec<Pass> {
    let timeless = |pass: &Pass| Pass {
        seconds: 0.0,
        cpu_seconds: 0.0,
        ..*pass
    };
    passes.iter().map(timeless).collect()
}

fn to_the_end(training: &mut Training<'_>) {
    while training.pass(ONE).unwrap().is_some() {}
}

#[test]
fn a_run_resumed_after_every_pass_is_the_whole_run() {
    let (schema, all) = spots(600, 21);
    let (records, validation) = (all.range(0..500), all.range(500..600));
    // So little to learn from, with so little smoothing, that validation gets worse in between.
    let few = records.range(0..60);
    let settings = Settings {
        states: 24,
        batch: 20,
        ..SETTINGS
    };
    let mut best_is_last = Vec::new();
    for (records, patience, prune_grow) in [
        (&records, None, 0),
        (&records, None, 1),
        (&few, Some(1), 0),
        (&few, Some(2), 0),
    ] {
        let data = Data {
            records,
            validation: Some(&validation),
        };
        let plan = Plan {
            patience,
            prune_grow,
            ..PLAN
        };
        let mut whole = Training::new(&schema, data, settings, plan, ONE).unwrap();
        let mut parts = Training::new(&schema, data, settings, plan, ONE).unwrap();
        to_the_end(&mut whole);
        loop {
            let file = parts.save();
            parts = Training::resume(&file, data, settings, plan, ONE).unwrap();
            assert_eq!(parts.save(), file);
            if parts.pass(ONE).unwrap().is_none() {
                break;
            }
        }
        assert_eq!(timeless(parts.passes()), timeless(whole.passes()));
        let moved: usize = whole.passes().iter().map(|pass| pass.moved).sum();
        assert_eq!(moved > 0, prune_grow > 0, "{moved}");
        best_is_last.push(whole.best() + 1 == whole.passes().len());
        assert_eq!(parts.finish(ONE).unwrap(), whole.finish(ONE).unwrap());
    }
    assert!(best_is_last.contains(&false), "{best_is_last:?}");
}

#[test]
fn the_best_circuit_is_kept_and_patience_ends() {
    let (schema, all) = spots(400, 22);
    let (records, validation) = (all.range(0..40), all.range(100..400));
    let data = Data {
        records: &records,
        validation: Some(&validation),
    };
    let settings = Settings {
        batch: 10,
        smoothing: crate::Smoothing {
            emission: 0.01,
            growth: 1.0,
            transition: 0.01,
        },
        ..SETTINGS
    };
    let plan = Plan {
        epochs: 30,
        full_passes: 30,
        patience: Some(2),
        prune_grow: 0,
    };
    let mut training = Training::new(&schema, data, settings, plan, ONE).unwrap();
    to_the_end(&mut training);
    let best = training.best();
    let passes = training.passes().to_vec();
    assert!(passes.len() < 20, "{}", passes.len());
    assert_eq!(passes[passes.len() - 1].kind, PassKind::Full);
    let circuit = training.finish(ONE).unwrap();
    let found = mean_bits(&circuit, &validation, ONE).unwrap();
    assert_eq!(Some(found), passes[best].validation_bits);
    let least = passes.iter().filter_map(|pass| pass.validation_bits);
    assert_eq!(found, least.fold(f64::MAX, f64::min));
}

#[test]
fn other_settings_and_other_data_are_named() {
    let (schema, all) = spots(200, 23);
    let (records, others) = (all.range(0..100), all.range(100..200));
    let data = Data {
        records: &records,
        validation: Some(&others),
    };
    let file = Training::new(&schema, data, SETTINGS, PLAN, ONE)
        .unwrap()
        .save();
    let resumed = |data, settings, plan| {
        let resumed = Training::resume(&file, data, settings, plan, ONE);
        resumed.err().map(|error| error.to_string())
    };
    assert_eq!(resumed(data, SETTINGS, PLAN), None);
    let seed = Settings {
        seed: 8,
        ..SETTINGS
    };
    assert!(resumed(data, seed, PLAN).unwrap().contains("seed 7"));
    let longer = Plan { epochs: 4, ..PLAN };
    assert!(
        resumed(data, SETTINGS, longer)
            .unwrap()
            .contains("epochs 3")
    );
    let swapped = Data {
        records: &others,
        validation: Some(&records),
    };
    assert!(
        resumed(swapped, SETTINGS, PLAN)
            .unwrap()
            .contains("not those")
    );
    let without = Data {
        validation: None,
        ..data
    };
    assert!(
        resumed(without, SETTINGS, PLAN)
            .unwrap()
            .contains("validation")
    );
    let same = Data {
        validation: Some(&records),
        ..data
    };
    assert!(
        resumed(same, SETTINGS, PLAN)
            .unwrap()
            .contains("validation")
    );
    for at in (0..file.len()).step_by(file.len() / 30) {
        let mut damaged = file.clone();
        damaged[at] ^= 1;
        assert!(Training::resume(&damaged, data, SETTINGS, PLAN, ONE).is_err());
    }
}

#[test]
fn plans_that_cannot_be_are_refused() {
    let (schema, records) = spots(30, 24);
    let data = Data {
        records: &records,
        validation: None,
    };
    let patient = Plan {
        patience: Some(3),
        ..PLAN
    };
    for (settings, plan) in [
        (SETTINGS, patient),
        (
            SETTINGS,
            Plan {
                epochs: u32::MAX,
                ..PLAN
            },
        ),
        (
            Settings {
                states: 0,
                ..SETTINGS
            },
            PLAN,
        ),
        (
            Settings {
                batch: 0,
                ..SETTINGS
            },
            PLAN,
        ),
        (
            Settings {
                steps: (0.5, 0.0),
                ..SETTINGS
            },
            PLAN,
        ),
    ] {
        let refused = Training::new(&schema, data, settings, plan, ONE);
        assert!(matches!(refused.err(), Some(Error::Usage(_))));
    }
}
