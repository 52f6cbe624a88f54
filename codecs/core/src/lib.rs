//! The ground every codec stands on: the [`Codec`] trait, media, parameters, limits, errors, the
//! registry type, and the `.cdc` container.
//!
//! Data flows one way. A codec turns media into frame payloads; [`container::Writer`] wraps the
//! payloads in checksummed frames; decoding is the mirror. This crate knows nothing of any
//! particular codec and nothing of entropy coding.
//!
//! | you want to | look at |
//! |---|---|
//! | add a codec for independent blocks of bytes | [`BlockCodec`] and [`Blocks`] |
//! | add any other codec | [`Codec`] |
//! | read or write `.cdc` files | [`container`] |
//! | bound what untrusted input may cost | [`Limits`] and [`Budget`] |
//! | list codecs and their parameters | [`Registry`], [`Descriptor`], [`ParamSpec`] |

mod blocks;
mod codec;
pub mod container;
mod error;
mod limits;
mod media;
mod params;
mod pipeline;
mod registry;
mod streams;

pub use blocks::{BlockCodec, Blocks};
pub use codec::{
    ClassLengths, CodeLength, Codec, Descriptor, FrameSink, FrameSource, Job, MediaSink, Memory,
    Models, NativeStream, Primed, RecordStats, Stats,
};
pub use error::{Error, LimitKind, Result};
pub use limits::{Budget, Limits, Reservation};
pub use media::{AudioShape, Content, ImageShape, Media, MediaDescription, MediaKind, Shape};
pub use params::{ParamKind, ParamSpec, Params, Value, parse_size};
pub use pipeline::{both, ordered};
pub use registry::Registry;
pub use streams::{decode_streams, encode_stream};
