//! Models made ready for coding, and where they come from.

use codec_core::{Budget, Reservation, Result};

use crate::{Coder, Front, Model};

/// A model made ready for coding, with its memory charged to a budget while it lives.
pub(crate) struct Prepared {
    pub(crate) coder: Coder,
    pub(crate) front: Front,
    pub(crate) hash: u64,
    /// Bytes of the model's file.
    pub(crate) len: usize,
    _reserved: Reservation,
}

impl Prepared {
    /// Reads a model.
    ///
    /// # Errors
    /// As [`Model::read`] and [`Front::read`].
    pub(crate) fn read(file: &[u8], budget: &Budget) -> Result<Self> {
        let model = Model::read(file, budget)?;
        let hash = model.hash();
        let front = Front::read(model.front(), model.circuit().schema())?;
        // The tables of the circuit, and cumulative sums of a sixteenth of them.
        let values = model.circuit().parameters();
        let reserved = budget.reserve("a circuit", (values + values / 8).saturating_mul(4))?;
        Ok(Self {
            coder: Coder::new(model.into_circuit()),
            front,
            hash,
            len: file.len(),
            _reserved: reserved,
        })
    }

    /// How streams name it.
    pub(crate) fn name(&self) -> [u8; 8] {
        self.hash.to_le_bytes()
    }
}
