//! Rate against distortion: lossy codecs of pictures and sound, beside the system's own, over files.
//!
//! Every file is encoded to a real file by every [`Coding`] and decoded from it; rates are those of
//! files, and quality is that of what was decoded. Means over the files are the points of a
//! [`Curve`], and curves are compared by BD-rate.
//!
//! | you want | look at |
//! |---|---|
//! | to run codecs and peers on files | [`Eval`] |
//! | which programs are peers, at which settings | [`Peer`] |
//! | means, and BD-rates of them | [`curves`], [`differences`] |
//! | reports | [`table`](table::render), [`page`](page::render) |

mod coding;
mod crop;
mod curve;
mod item;
mod measure;
pub mod page;
mod peer;
mod plot;
mod run;
pub mod table;

pub use coding::{Coding, ladder};
pub use curve::{Curve, Difference, Point, curves, differences};
pub use item::Original;
pub use measure::Metric;
pub use peer::Peer;
pub use run::{Eval, Failure, Outcome, Sample, Step};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
