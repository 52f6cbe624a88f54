//! Code lengths of records.

use std::num::NonZeroUsize;

use codec_core::{Budget, CodeLength, Error, Limits, Params, Primed, Result};

use crate::block::{self, Fitting, How};
use crate::codec::{CircuitCodec, effort};
use crate::prepared::Prepared;
use crate::{Circuit, Front, Records, Shipped, bits, fit};

/// [`bits`](CodeLength::bits) are those of the records under a [shipped](Shipped) model, as the model
/// says and the coder meets, where there is one for their shape; everything else is encoded, with a
/// model of its own where that is smaller, and counted.
///
/// [`primed`](CodeLength::primed) learns a circuit from the records of all pieces, which must be of
/// one shape; pieces that have none, such as separators, are passed over. Its
/// [`bits`](Primed::bits) are `-log2 P` of the question's records under that circuit; what is beside
/// records (headers, text of tables) costs nothing there. Its [`joint_bits`](Primed::joint_bits) are
/// the bits of the pieces by themselves, one to tell which model is meant, and those of the question
/// under the circuit or by itself, whichever are fewer.
impl CodeLength for CircuitCodec {
    fn bits(&self, x: &[u8], params: &Params) -> Result<f64> {
        let parts = Front::part(x).ok();
        if let Some(parts) = &parts
            && matches!(parts.front, Front::Array(_))
            && let Some(shipped) = Shipped::fitting(&parts.front.schema()).next()
        {
            let model = Prepared::read(shipped.file, &budget())?;
            return total(model.coder.circuit(), &parts.records);
        }
        let how = How {
            fitting: Fitting::Auto,
            effort: effort(params),
            threads: NonZeroUsize::MIN,
            budget: &budget(),
        };
        let coded = block::encode(x, parts, None, &how)?;
        Ok(coded.payload.len() as f64 * 8.0)
    }

    fn primed<'a>(&'a self, given: &[&[u8]], params: &Params) -> Result<Box<dyn Primed + 'a>> {
        let mut learned: Option<(Front, Vec<u8>)> = None;
        let mut given_bits = 0.0;
        let mut refused = None;
        for piece in given {
            let parts = match Front::part(piece) {
                Ok(parts) => parts,
                Err(error) => {
                    refused.get_or_insert(error);
                    continue;
                }
            };
            given_bits += self.bits(piece, params)?;
            match &mut learned {
                None => learned = Some((parts.front, parts.records.values().to_vec())),
                Some((front, values)) if *front == parts.front => {
                    values.extend_from_slice(parts.records.values());
                }
                Some((front, values)) => {
                    let (records, _) = front.part_alike(piece)?;
                    values.extend_from_slice(records.values());
                }
            }
        }
        let no_records = || Error::Usage("there are no records to learn from".to_owned());
        let Some((front, values)) = learned else {
            return Err(refused.unwrap_or_else(no_records));
        };
        let schema = front.schema().into_owned();
        let records = Records::new(schema.len(), values);
        let circuit = fit::fit(&schema, &records, effort(params), NonZeroUsize::MIN)?;
        Ok(Box::new(Learned {
            circuit: circuit.ok_or_else(|| too_wide(schema.len()))?,
            front,
            given_bits,
            codec: self,
            params: params.clone(),
        }))
    }
}

/// A circuit of what was given.
struct Learned<'a> {
    circuit: Circuit,
    front: Front,
    given_bits: f64,
    codec: &'a CircuitCodec,
    params: Params,
}

impl Primed for Learned<'_> {
    fn joint_bits(&self, x: &[u8]) -> Result<f64> {
        let alone = self.codec.bits(x, &self.params)?;
        let given = self.bits(x).unwrap_or(alone);
        Ok(self.given_bits + 1.0 + given.min(alone))
    }

    fn bits(&self, x: &[u8]) -> Result<f64> {
        let (records, _) = self.front.part_alike(x)?;
        total(&self.circuit, &records)
    }
}

fn total(circuit: &Circuit, records: &Records) -> Result<f64> {
    let bits = bits(circuit, records, NonZeroUsize::MIN)?;
    Ok(bits.iter().sum::<f64>().max(0.0))
}

fn too_wide(variables: usize) -> Error {
    Error::Unsupported(format!(
        "records of {variables} variables are too wide to learn a circuit from; at most {} are possible",
        crate::MOST_VARIABLES
    ))
}

/// Questions for code lengths are about content that is at hand.
fn budget() -> Budget {
    Budget::new(Limits::none())
}
