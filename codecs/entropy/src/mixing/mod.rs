//! Logistic mixing of binary predictions, in integers.

mod adaptive;
mod apm;
mod contexts;
mod cost;
mod history;
mod logistic;
mod matching;
mod mixer;
mod slots;

pub use adaptive::{AdaptiveProbability, COUNT_LIMIT};
pub use apm::Apm;
pub use contexts::{ContextSet, context_hash};
pub use cost::{UNITS_PER_BIT, cost};
pub use history::{EMPTY_HISTORY, HistoryStates};
pub use logistic::{LOGIT_LIMIT, STEPS_PER_NAT, STRETCH_LIMIT, squash, stretch};
pub use matching::MatchModel;
pub use mixer::{Mixer, learning_step};
pub use slots::{NIBBLE_NODES, Slot, SlotIndex, SlotTable};
