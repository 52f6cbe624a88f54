//! Models that are part of the program.

use xxhash_rust::xxh64::xxh64;

use crate::Schema;

/// A model that is part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// Its name.
    pub name: &'static str,
    /// Rows and columns of the pictures that it is for, of one byte a pixel.
    pub grid: (usize, usize),
    /// The model's file, for [`Model::read`](crate::Model::read).
    pub file: &'static [u8],
}

/// The models in `models/weights` at the root of the repository.
#[cfg(feature = "weights")]
const WEIGHTS: &[Shipped] = &[Shipped {
    name: "mnist",
    grid: (28, 28),
    file: include_bytes!("../../../models/weights/mnist.circuit"),
}];

impl Shipped {
    /// Every model of this build, those first that are preferred: none without the feature `weights`.
    #[cfg(feature = "weights")]
    pub const ALL: &'static [Shipped] = WEIGHTS;
    /// Every model of this build: none, without the feature `weights`.
    #[cfg(not(feature = "weights"))]
    pub const ALL: &'static [Shipped] = &[];

    /// The models for records of a schema.
    pub fn fitting(schema: &Schema) -> impl Iterator<Item = &'static Shipped> + '_ {
        let fits = |shipped: &&Shipped| {
            let (rows, columns) = shipped.grid;
            *schema == Schema::picture(rows, columns)
        };
        Self::ALL.iter().filter(fits)
    }

    /// The model that streams call by the XXH64 of its file.
    #[must_use]
    pub fn named(hash: u64) -> Option<&'static Shipped> {
        Self::ALL.iter().find(|shipped| shipped.hash() == hash)
    }

    /// XXH64 of the file.
    #[must_use]
    pub fn hash(&self) -> u64 {
        xxh64(self.file, 0)
    }
}
