//! How close decoded pictures and sound are to the originals, and how rate-distortion curves compare.
//!
//! | measure | of | unit, better is |
//! |---|---|---|
//! | [`psnr`] | pictures | dB, higher |
//! | [`ms_ssim`] | pictures | at most 1, higher |
//! | [`ssimulacra2()`] | pictures | at most 100, higher; meant for what is above 0 or so |
//! | [`sdr`], [`si_sdr`] | sound | dB, higher |
//! | [`log_mel_distance`], [`stft_distance`] | sound | 0 for equal sound, lower |
//! | [`bd_rate`] | curves | percent of rate, lower |

mod audio;
mod bd_rate;
mod ms_ssim;
mod spectrum;

pub use audio::{log_mel_distance, sdr, si_sdr, stft_distance};
pub use bd_rate::bd_rate;
pub use ms_ssim::ms_ssim;

use ::ssimulacra2::{ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2};
use codec_core::{Error, Result};

use crate::picture::{Picture, Samples};

/// Peak signal-to-noise ratio in dB over the samples of red, green and blue, as
/// [`Picture::to_rgb8`] gives them; infinite for equal pictures.
///
/// ```
/// use codec_corpora::picture::{Picture, Samples};
/// use codec_corpora::quality::psnr;
///
/// let picture = |value| Picture::new(2, 2, 1, Samples::Eight(vec![value; 4]));
/// assert_eq!((psnr(&picture(10)?, &picture(11)?)? * 100.0).round(), 4813.0);
/// # Ok::<(), codec_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Usage`] if the pictures differ in size.
pub fn psnr(original: &Picture, decoded: &Picture) -> Result<f64> {
    let (original, decoded) = both_rgb(original, decoded)?;
    let squares = original.samples.iter().zip(&decoded.samples).map(|(a, b)| {
        let apart = u64::from(a.abs_diff(*b));
        apart * apart
    });
    let mean = squares.sum::<u64>() as f64 / original.samples.len().max(1) as f64;
    Ok(10.0 * (255.0 * 255.0 / mean).log10())
}

/// SSIMULACRA2: 100 for equal pictures, about 90 where no difference is seen, 50 for medium quality.
/// Below 0 or so, as at less than 0.15 bits per pixel, it says little. Pictures are compared as
/// [`Picture::to_rgb8`] gives them, in sRGB. The crate `ssimulacra2` does the work.
///
/// # Errors
/// [`Error::Usage`] if the pictures differ in size, or are smaller than 8 x 8 pixels.
pub fn ssimulacra2(original: &Picture, decoded: &Picture) -> Result<f64> {
    let (original, decoded) = both_rgb(original, decoded)?;
    let score = compute_frame_ssimulacra2(original.to_frame()?, decoded.to_frame()?);
    score.map_err(|error| Error::Usage(format!("SSIMULACRA2: {error}")))
}

/// Samples of red, green and blue of 8 bits, interleaved.
struct Colours {
    width: usize,
    height: usize,
    samples: Vec<u8>,
}

impl Colours {
    fn of(picture: &Picture) -> Result<Self> {
        let rgb = picture.to_rgb8();
        let (width, height) = (rgb.width(), rgb.height());
        match rgb.into_samples() {
            Samples::Eight(samples) => Ok(Colours {
                width,
                height,
                samples,
            }),
            Samples::Sixteen(_) => Err(Error::Internal("8 bits are not 8 bits".to_owned())),
        }
    }

    fn to_frame(&self) -> Result<Rgb> {
        let pixels = self.samples.as_chunks::<3>().0.iter();
        let scaled = pixels.map(|pixel| pixel.map(|sample| f32::from(sample) / 255.0));
        let frame = Rgb::new(
            scaled.collect(),
            self.width,
            self.height,
            TransferCharacteristic::SRGB,
            ColorPrimaries::BT709,
        );
        frame.map_err(|error| Error::Internal(format!("SSIMULACRA2: {error}")))
    }
}

/// Both pictures as people compare them.
fn both_rgb(original: &Picture, decoded: &Picture) -> Result<(Colours, Colours)> {
    if (original.width(), original.height()) != (decoded.width(), decoded.height()) {
        return Err(Error::Usage(format!(
            "a picture of {} x {} pixels cannot be compared with one of {} x {}",
            original.width(),
            original.height(),
            decoded.width(),
            decoded.height()
        )));
    }
    Ok((Colours::of(original)?, Colours::of(decoded)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture with gradients, and `noise` in steps of a few levels.
    pub(super) fn sample(width: u32, height: u32, noise: u32) -> Picture {
        let mut samples = Vec::new();
        let mut state = 1u32;
        for y in 0..height {
            for x in 0..width {
                for channel in 0..3 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let wave = f64::from(x + channel * 9) / 9.0 + f64::from(y) / 13.0;
                    let noise = f64::from(noise) * (f64::from(state >> 16) / 65_536.0 - 0.5);
                    samples.push((128.0 + 90.0 * wave.sin() + noise) as u8);
                }
            }
        }
        Picture::new(width, height, 3, Samples::Eight(samples)).unwrap()
    }

    fn flat(value: u8) -> Picture {
        Picture::new(16, 16, 1, Samples::Eight(vec![value; 256])).unwrap()
    }

    #[test]
    fn psnr_has_its_known_values() {
        let rounded = |a, b| (psnr(&flat(a), &flat(b)).unwrap() * 1000.0).round() / 1000.0;
        assert_eq!(rounded(7, 8), 48.131);
        assert_eq!(rounded(0, 255), 0.0);
        assert_eq!(rounded(100, 110), 28.131);
        assert_eq!(psnr(&flat(7), &flat(7)).unwrap(), f64::INFINITY);
    }

    #[test]
    fn ssimulacra2_is_100_for_equal_pictures_and_falls_with_noise() {
        let clean = sample(96, 64, 0);
        let score = |noise| ssimulacra2(&clean, &sample(96, 64, noise)).unwrap();
        assert_eq!(score(0), 100.0);
        let scores = [8, 32, 128].map(score);
        assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
        assert!(scores[0] < 100.0 && scores[0] > 50.0, "{scores:?}");
    }

    #[test]
    fn pictures_that_cannot_be_compared_are_refused() {
        let (small, large) = (sample(7, 7, 0), sample(8, 7, 0));
        assert!(matches!(psnr(&small, &large), Err(Error::Usage(_))));
        assert!(matches!(ssimulacra2(&small, &small), Err(Error::Usage(_))));
    }
}
