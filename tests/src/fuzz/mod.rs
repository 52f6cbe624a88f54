//! One function for each fuzz target: any bytes must run through it without a panic, a hang, or
//! memory beyond the budget.

mod circuit;
mod classic;
mod container;
mod dna;
mod entropy;
mod learned;
mod log;
mod ncd;

use codec_suite::core::{Budget, Job, Limits};

pub use circuit::{circuit_model, circuit_payload};
pub use classic::{
    auto_payload, bwt_payload, cm_payload, library_payload, native_stream, round_trip,
};
pub use container::{container, container_seek_and_recover};
pub use dna::{dna_payload, dna_readers, dna_round_trip};
pub use entropy::{entropy_coders, entropy_tables};
pub use learned::{
    vq_model, vq_payload, walloc_audio_model, walloc_audio_payload, walloc_model, walloc_payload,
};
pub use log::{log_columns_round_trip, log_payload, log_search};
pub use ncd::{ncd_datasets, ncd_matrices, ncd_parts, ncd_trees};

/// Largest content a target asks a decoder for, in bytes: enough for every code path, and quick.
const MAX_CONTENT: usize = 1 << 16;

fn budget() -> Budget {
    Budget::new(Limits {
        memory: 64 << 20,
        output: 1 << 20,
    })
}

fn job() -> Job {
    Job {
        budget: budget(),
        ..Job::single_threaded()
    }
}
