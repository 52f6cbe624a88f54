//! Logistic mixing of binary predictions, in integers: the parts of a context-mixing model.
//!
//! A model predicts each bit in several contexts and mixes the predictions:
//!
//! 1. [`ContextSet`] keeps a bit history per hashed context (in a [`SlotTable`], one cache line per
//!    byte for most contexts) and turns histories into adaptive probabilities; [`MatchModel`]
//!    predicts what followed the last long match; [`AdaptiveProbability`] serves small direct
//!    contexts. [`stretch`] makes log odds of probabilities: the inputs.
//! 2. [`Mixer`] sums the inputs with weights from rows that contexts select, several times, and
//!    blends the sums; [`FineMixer`] does so for symbols that are nearly random.
//! 3. [`Apm`] corrects the result by what was observed in a context; [`squash`] makes a probability
//!    of log odds; [`BinaryEncoder`](crate::binary::BinaryEncoder) codes the bit, or [`cost`] tells
//!    its ideal length; [`BitCoder`] is both, so that one path through a model serves encoder and
//!    decoder.
//! 4. All parts learn the bit.
//!
//! Probabilities are of a set bit and of 65536; log odds are in 1/256 nat. Nothing here uses
//! floating point, so encoder and decoder agree on every machine. Tables take the sizes that the
//! caller asks for; the `memory_bytes` functions tell what they cost.
//!
//! ```
//! use codec_entropy::mixing::{AdaptiveProbability, Mixer, squash, stretch};
//!
//! // Two experts: one knows the bits' rate, one (wrongly) that they alternate.
//! let mut rate = AdaptiveProbability::default();
//! let mut mixer = <Mixer<8, 1>>::new([1], 1, 64);
//! let mut probability = 0;
//! for i in 0..1000 {
//!     let bit = i % 10 != 0;
//!     let alternating = if i % 2 == 0 { 300 } else { -300 };
//!     let inputs = [stretch(rate.probability()), alternating, 0, 0, 0, 0, 0, 0];
//!     probability = squash(mixer.mix(&inputs, [0], 0));
//!     mixer.learn(&inputs, bit, 400);
//!     rate.update(bit, 255);
//! }
//! assert!(probability > 50_000);
//! ```

mod adaptive;
mod apm;
mod coder;
mod contexts;
mod cost;
mod fine;
mod history;
mod logistic;
mod matching;
mod mixer;
mod slots;

pub use adaptive::{AdaptiveProbability, COUNT_LIMIT};
pub use apm::Apm;
pub use coder::{BitCoder, CostMeter, Silent};
pub use contexts::{ContextSet, context_hash};
pub use cost::{COARSE_UNITS_PER_BIT, UNITS_PER_BIT, coarse_cost, cost};
pub use fine::FineMixer;
pub use history::{EMPTY_HISTORY, HistoryStates};
pub use logistic::{LOGIT_LIMIT, STEPS_PER_NAT, STRETCH_LIMIT, squash, stretch};
pub use matching::MatchModel;
pub use mixer::Mixer;
pub use slots::{EMPTY_SLOT, NIBBLE_NODES, Slot, SlotIndex, SlotTable};
