//! Which measures belong to which media.

use codec_core::{Error, MediaKind, Result};

use super::item::Content;
use crate::quality::{log_mel_distance, ms_ssim, psnr, sdr, si_sdr, ssimulacra2, stft_distance};

/// A measure of quality; see [`crate::quality`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Of pictures, in dB.
    Psnr,
    /// Of pictures.
    MsSsim,
    /// Of pictures.
    Ssimulacra2,
    /// Of sound, in dB.
    Sdr,
    /// Of sound, in dB.
    SiSdr,
    /// Of sound, a distance.
    LogMel,
    /// Of sound, a distance.
    Stft,
}

impl Metric {
    /// Those of a kind of media, in the order of all lists of values.
    #[must_use]
    pub fn of(kind: MediaKind) -> &'static [Metric] {
        match kind {
            MediaKind::Image => &[Metric::Psnr, Metric::MsSsim, Metric::Ssimulacra2],
            MediaKind::Audio => &[Metric::Sdr, Metric::SiSdr, Metric::LogMel, Metric::Stft],
            _ => &[],
        }
    }

    /// Its name in records.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Metric::Psnr => "psnr_db",
            Metric::MsSsim => "ms_ssim",
            Metric::Ssimulacra2 => "ssimulacra2",
            Metric::Sdr => "sdr_db",
            Metric::SiSdr => "si_sdr_db",
            Metric::LogMel => "log_mel_distance",
            Metric::Stft => "stft_distance",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Metric::Psnr => "PSNR dB",
            Metric::MsSsim => "MS-SSIM",
            Metric::Ssimulacra2 => "SSIMULACRA2",
            Metric::Sdr => "SDR dB",
            Metric::SiSdr => "SI-SDR dB",
            Metric::LogMel => "log-mel",
            Metric::Stft => "STFT",
        }
    }

    /// The value as it is plotted and as BD-rate takes it, higher is better: MS-SSIM in dB,
    /// -10 log10(1 - x), and distances with the other sign.
    #[must_use]
    pub fn on_axis(self, value: f64) -> f64 {
        match self {
            Metric::MsSsim => -10.0 * (1.0 - value).log10(),
            Metric::LogMel | Metric::Stft => -value,
            _ => value,
        }
    }

    /// What [`on_axis`](Self::on_axis) gives, for people.
    #[must_use]
    pub fn axis_name(self) -> &'static str {
        match self {
            Metric::MsSsim => "MS-SSIM, dB",
            Metric::Psnr => "PSNR, dB",
            Metric::Sdr => "SDR, dB",
            Metric::SiSdr => "SI-SDR, dB",
            Metric::LogMel => "minus log-mel distance",
            Metric::Stft => "minus STFT distance",
            Metric::Ssimulacra2 => "SSIMULACRA2",
        }
    }

    /// The value with as many digits as it deserves.
    #[must_use]
    pub fn shown(self, value: f64) -> String {
        match self {
            _ if value.is_infinite() => "inf".to_owned(),
            _ if value.is_nan() => "-".to_owned(),
            Metric::MsSsim => format!("{value:.4}"),
            Metric::Ssimulacra2 => format!("{value:.1}"),
            Metric::LogMel | Metric::Stft => format!("{value:.3}"),
            Metric::Psnr | Metric::Sdr | Metric::SiSdr => format!("{value:.2}"),
        }
    }
}

/// All measures of what was decoded, in the order of [`Metric::of`]; NaN for those that media of that
/// size do not have.
///
/// # Errors
/// [`Error::Mismatch`] if it is not even of the same shape.
pub(super) fn measure(original: &Content, decoded: &Content) -> Result<Vec<f64>> {
    match (original, decoded) {
        (Content::Image(original), Content::Image(decoded)) => {
            let (a, b) = (original.shape(), decoded.shape());
            if (a.width, a.height) != (b.width, b.height) {
                return Err(Error::Mismatch(format!(
                    "a picture of {} x {} pixels was decoded to {} x {}",
                    a.width, a.height, b.width, b.height
                )));
            }
            let score = match a.width.min(a.height) {
                // SSIMULACRA2 needs that much.
                8.. => ssimulacra2(original, decoded)?,
                _ => f64::NAN,
            };
            Ok(vec![
                psnr(original, decoded)?,
                ms_ssim(original, decoded)?,
                score,
            ])
        }
        (Content::Audio(original), Content::Audio(decoded)) => {
            let (a, b) = (original.shape(), decoded.shape());
            if (a.rate, a.channels, a.samples) != (b.rate, b.channels, b.samples) {
                return Err(Error::Mismatch(format!(
                    "{} samples of {} channels at {} Hz were decoded to {} of {} at {}",
                    a.samples, a.channels, a.rate, b.samples, b.channels, b.rate
                )));
            }
            let (all, other) = (original.to_f32(), decoded.to_f32());
            let (channels, others) = (original.channels_f32(), decoded.channels_f32());
            Ok(vec![
                sdr(&all, &other)?,
                si_sdr(&all, &other)?,
                log_mel_distance(&channels, &others, a.rate)?,
                stft_distance(&channels, &others)?,
            ])
        }
        _ => Err(Error::Mismatch(
            "a picture was decoded to sound, or sound to a picture".to_owned(),
        )),
    }
}
