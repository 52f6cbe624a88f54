//! Parameters that several classical codecs share.

use codec_core::{ParamKind, ParamSpec, Params};

/// Smallest and largest block that can be asked for, in bytes.
const BLOCK_RANGE: (u64, u64) = (64 << 10, 1 << 30);

/// Block length: larger blocks compress better, smaller ones run in parallel and decode sooner.
pub(crate) const fn block(default: &'static str) -> ParamSpec {
    ParamSpec {
        name: "block",
        doc: "bytes per independent block: larger is smaller, more blocks use more threads",
        kind: ParamKind::Size {
            min: BLOCK_RANGE.0,
            max: BLOCK_RANGE.1,
            default,
        },
        needed_to_decode: false,
    }
}

/// The compression level with the range of the format's own tool.
pub(crate) const fn level(min: i64, max: i64, default: i64) -> ParamSpec {
    ParamSpec {
        name: "level",
        doc: "effort: higher is smaller and slower",
        kind: ParamKind::Integer { min, max, default },
        needed_to_decode: false,
    }
}

/// The level as a small number; specs keep it within the format's range.
pub(crate) fn level_of(params: &Params) -> u32 {
    u32::try_from(params.integer("level")).unwrap_or(0)
}

/// The block length asked for, or `default` bytes.
pub(crate) fn block_len(params: &Params, default: usize) -> usize {
    params
        .size("block")
        .map_or(default, |len| usize::try_from(len).unwrap_or(usize::MAX))
}
