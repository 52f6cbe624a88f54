//! What codecs of pictures have in common: reading a file, and how large it may become.

use std::io::Read;

use codec_core::{Error, ImageShape, Job, Params, Result};
use codec_corpora::picture::Picture;

/// The picture behind `reader`, and how many bytes its file has.
pub(crate) fn read(reader: &mut (dyn Read + Send), job: &Job) -> Result<(Picture, u64)> {
    let most = job.budget.limits().memory;
    let mut bytes = Vec::new();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(Error::io("read input"))?;
    let _held = job.budget.reserve("a picture's file", bytes.len() as u64)?;
    let picture = Picture::from_bytes(&bytes, &job.budget)?;
    Ok((picture, bytes.len() as u64))
}

/// Bytes of the samples of a picture.
pub(crate) fn bytes_of(shape: &ImageShape) -> u64 {
    let pixel = u64::from(shape.channels) * u64::from(shape.bits.div_ceil(8));
    shape.pixels().saturating_mul(pixel)
}

/// Bytes that the file may have at most, if that was asked for.
pub(crate) fn target(params: &Params, shape: &ImageShape) -> Result<Option<u64>> {
    match (params.size("target-size"), params.decimal("bpp")) {
        (Some(_), Some(_)) => Err(Error::Usage(
            "bpp and target-size exclude each other".to_owned(),
        )),
        (Some(bytes), None) => Ok(Some(bytes)),
        (None, Some(bpp)) => Ok(Some((bpp * shape.pixels() as f64 / 8.0) as u64)),
        (None, None) => Ok(None),
    }
}
