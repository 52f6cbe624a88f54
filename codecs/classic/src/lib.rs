//! Classical codecs for bytes: `store`, `gzip`, `deflate`, `brotli`, `xz`, `zstd`, `bwt`, `cm`, and
//! `auto`, which picks among them block by block.

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
