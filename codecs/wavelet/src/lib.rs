//! Wavelet packets of CDF 9/7 by lifting, for signals and images of any size.
//!
//! Every band is split again at every level (the *full packet tree*), so that an image becomes a
//! small dense grid with many channels: [`Packet2d`] turns `[c, h, w]` into `[c * 4^J, h / 2^J,
//! w / 2^J]`, [`Packet1d`] turns `[c, n]` into `[c * 2^J, n / 2^J]`.
//!
//! ```
//! use codec_wavelet::Packet2d;
//!
//! let packet = Packet2d::new(3)?;
//! let shape = [3, 30, 50];
//! let pixels: Vec<f32> = (0..3 * 30 * 50).map(|i| (i % 7) as f32 / 7.0 - 0.5).collect();
//! let coefficients = packet.forward(&pixels, shape)?;
//! assert_eq!(packet.grid(30, 50), [4, 7]);
//! assert_eq!(coefficients.len(), 3 * 64 * 4 * 7);
//! let back = packet.inverse(&coefficients, shape)?;
//! assert!(pixels.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-5));
//! # Ok::<(), codec_wavelet::Error>(())
//! ```
//!
//! Audio comes in chunks: [`ForwardStream`] and [`InverseStream`] give the bits that the whole signal
//! gives. [`planes_of_bytes`] and [`bytes_of_planes`] read and write pixels.
//!
//! # Any size
//!
//! Sizes that are no multiple of `2^J` are first mirrored at the last sample, row and column until they
//! are; inverses cut that off again. Within the transform the signal goes on as [`Boundary`] says.
//!
//! # Scale
//!
//! The low band of one level answers a constant with `sqrt(2)` times it, the high band an alternating
//! sign likewise. With these gains the transform is nearly orthonormal: the norm of the coefficients
//! is near that of the samples, and errors of coefficients are nearly errors of samples. A constant
//! image `v` has `2^J * v` in band 0 and zeros in all others.
//!
//! # Against other implementations
//!
//! One level with [`Boundary::Periodic`] is PyWavelets' `dwt` with `bior4.4` and `periodization`: the
//! low band is equal, the high band has the other sign. WaLLoC's transform is made of that one, with
//! bands of another order.
//!
//! # Results
//!
//! They are equal bit for bit on every processor and for every number of threads: the order of
//! operations is fixed and no multiplication is fused with an addition. Inverses are exact to the
//! rounding of 32-bit floats, about `1e-6` of the largest sample.
//!
//! # Speed
//!
//! `cargo run --release -p codec-wavelet --example speed` measures it.

mod band;
mod bytes;
mod columns;
mod error;
mod lifting;
mod line;
mod plane;
mod polyphase;
mod stream;
mod window;
mod work;

pub use bytes::{bytes_of_planes, planes_of_bytes};
pub use error::Error;
pub use line::Packet1d;
pub use plane::Packet2d;
pub use stream::{ForwardStream, InverseStream};

/// The most levels: bands of a signal are then 1,024, those of an image 1,048,576.
pub const MAX_LEVELS: u32 = 10;

/// What is taken to lie outside of a signal or image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boundary {
    /// The signal mirrored at its first and last samples, which are not repeated.
    #[default]
    Symmetric,
    /// The signal again and again.
    Periodic,
}
