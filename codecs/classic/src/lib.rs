//! Classical codecs for bytes: `store`, `gzip`, `deflate`, `brotli`, `xz`, `zstd`, `bwt`, `cm`, and
//! `auto`, which picks among them block by block.
//!
//! # Code lengths and published distances
//!
//! Compression distances in print use the compressors of Python. Code lengths here
//! ([`codec_core::CodeLength`], one block) are eight times these numbers of bytes, for gene sequences
//! of 0.1 to 8 kb joined in pairs:
//!
//! | codec | Python | here |
//! |---|---|---|
//! | `gzip`, level 1 to 9 | `len(gzip.compress(x, level))`, zlib 1.2.13 | the same for any content; Python's default level is 9, the codec's 6 |
//! | `deflate` | `len(zlib.compress(x, level))` | the same less 6 bytes |
//! | `xz`, level 0 to 9 | `len(lzma.compress(x, preset=level))` | the same; beyond 32 KiB a few bytes more or less for one file in two hundred, as the match finder's hash table follows the content's length |
//! | `brotli`, level 11 | `len(brotli.compress(x))`, brotli 1.2.0 | the same; Python's default window is 22 and the codec's 24, which shows beyond 4 MiB |
//! | `zstd`, level 3 | `len(zstandard.compress(x))`, zstd 1.5.7 | the same, with the content's length in the frame |
//! | `bwt` | `len(bz2.compress(x))` | another format, 8 to 9 % smaller |

pub mod bwt;
pub mod cm;

mod auto;
mod brotli;
mod deflate;
mod params;
mod store;
mod stream;
mod xz;
mod zlib;
mod zstd;

use std::sync::Arc;

use codec_core::{Blocks, Codec};

pub use auto::Auto;
pub use brotli::Brotli;
pub use bwt::Bwt;
pub use cm::Cm;
pub use deflate::{Deflate, Gzip};
pub use store::Store;
pub use xz::Xz;
pub use zstd::Zstd;

/// Every codec of this crate, in the order in which people should see them.
#[must_use]
pub fn codecs() -> Vec<Arc<dyn Codec>> {
    vec![
        Arc::new(Blocks(Auto)),
        Arc::new(Blocks(Zstd)),
        Arc::new(Blocks(Gzip)),
        Arc::new(Blocks(Deflate)),
        Arc::new(Blocks(Brotli)),
        Arc::new(Blocks(Xz)),
        Arc::new(Blocks(Bwt)),
        Arc::new(Blocks(Cm)),
        Arc::new(Blocks(Store)),
    ]
}
