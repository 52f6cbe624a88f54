//! Parts of pictures for reports.

use codec_core::Result;

use super::item::Content;
use crate::picture::{Picture, Samples};

/// Largest part that is shown, in pixels.
const WIDTH: usize = 384;
const HEIGHT: usize = 256;

/// The middle of a picture as a PNG file, in 8-bit RGB; `None` for sound.
pub(super) fn middle(content: &Content) -> Result<Option<Vec<u8>>> {
    let Content::Image(picture) = content else {
        return Ok(None);
    };
    let rgb = picture.to_rgb8();
    let (width, height) = (rgb.width().min(WIDTH), rgb.height().min(HEIGHT));
    let (left, top) = ((rgb.width() - width) / 2, (rgb.height() - height) / 2);
    let Samples::Eight(samples) = rgb.samples() else {
        return Ok(None);
    };
    let rows = samples.chunks_exact(rgb.width() * 3).skip(top).take(height);
    let part = rows.flat_map(|row| row.iter().skip(left * 3).take(width * 3));
    let part = Samples::Eight(part.copied().collect());
    // At most 384 x 256.
    let part = Picture::new(width as u32, height as u32, 3, part)?;
    let mut png = Vec::new();
    part.write_png(&mut png)?;
    Ok(Some(png))
}

#[cfg(test)]
mod tests {
    use codec_core::Budget;

    use super::*;

    #[test]
    fn the_middle_is_the_middle() {
        let samples: Vec<u8> = (0..400 * 300).map(|at| (at % 400 / 2) as u8).collect();
        let picture = Picture::new(400, 300, 1, Samples::Eight(samples)).unwrap();
        let png = middle(&Content::Image(picture)).unwrap().unwrap();
        let part = Picture::from_bytes(&png, &Budget::default()).unwrap();
        assert_eq!((part.width(), part.height()), (384, 256));
        let Samples::Eight(samples) = part.samples() else {
            panic!("8 bits are expected");
        };
        assert_eq!(samples[0], 4);
    }
}
