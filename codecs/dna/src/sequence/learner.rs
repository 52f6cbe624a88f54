//! Code lengths of bases, without coding them.

use codec_entropy::mixing::{CostMeter, UNITS_PER_BIT};

use super::fast::FastModel;
use super::model::BaseModel;
use super::{MAX, MID, Max, Method, Mid};

/// A model of bases that tells what they would cost, and learns them.
///
/// ```
/// use codec_dna::sequence::{Learner, Method};
///
/// let bases: Vec<u8> = (0..500u32).map(|i| (i * i % 11 % 4) as u8).collect();
/// let mut learner = Learner::new(Method::Fast, 1000);
/// let first = learner.learn(&bases);
/// let again = learner.learn(&bases);
/// assert!(first < 1000.0 && again < first / 2.0);
/// ```
#[derive(Clone, Debug)]
pub struct Learner {
    model: AnyModel,
    seen: Vec<u8>,
}

#[derive(Clone, Debug)]
enum AnyModel {
    Packed,
    Fast(Box<FastModel>),
    Mid(Box<Mid>),
    Max(Box<Max>),
}

impl Learner {
    /// A model that has seen nothing, with tables for about `len` bases.
    #[must_use]
    pub fn new(method: Method, len: usize) -> Self {
        Self {
            model: match method {
                Method::Packed => AnyModel::Packed,
                Method::Fast => AnyModel::Fast(Box::new(FastModel::new(len))),
                Method::Mid => AnyModel::Mid(Box::new(Mid::new(&MID, len))),
                Method::Max => AnyModel::Max(Box::new(Max::new(&MAX, len))),
            },
            seen: Vec::with_capacity(len),
        }
    }

    /// The ideal code length of `bases` (each 0 to 3) in bits, after all that was learned before;
    /// they are learned.
    pub fn learn(&mut self, bases: &[u8]) -> f64 {
        match &mut self.model {
            AnyModel::Packed => 2.0 * bases.len() as f64,
            AnyModel::Fast(model) => measure(model.as_mut(), bases, &mut self.seen),
            AnyModel::Mid(model) => measure(model.as_mut(), bases, &mut self.seen),
            AnyModel::Max(model) => measure(model.as_mut(), bases, &mut self.seen),
        }
    }
}

fn measure(model: &mut impl BaseModel, bases: &[u8], seen: &mut Vec<u8>) -> f64 {
    let mut meter = CostMeter::default();
    for &base in bases {
        model.code(&mut meter, base, seen);
    }
    meter.units as f64 / UNITS_PER_BIT as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::encode;

    #[test]
    fn lengths_are_those_of_the_files() {
        let bases: Vec<u8> = (0..3_000u32).map(|i| (i * i % 101 % 4) as u8).collect();
        for method in [Method::Packed, Method::Fast, Method::Mid, Method::Max] {
            let bits = Learner::new(method, bases.len()).learn(&bases);
            let file = 8.0 * encode(&bases, method, &[]).len() as f64;
            assert!(
                (file - 0.05 - bits).abs() < 12.0,
                "{method:?}: {bits} {file}"
            );
        }
    }
}
