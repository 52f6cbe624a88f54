//! The system's own codecs of pictures and sound, run as peers.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use codec_core::{AudioShape, Error, MediaKind, Result};

use super::item::Content;
use crate::bench::version_in;
use crate::picture::{Picture, Samples};
use crate::sound::{Sound, SoundSamples};

/// A codec whose programs may be installed on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// JPEG by libjpeg-turbo: `cjpeg -progressive -optimize`, which halves the resolution of colour.
    Jpeg,
    /// WebP by libwebp: `cwebp -m 6`.
    WebP,
    /// AVIF by libavif: `avifenc`, colour in full resolution, one quantiser.
    Avif,
    /// JPEG XL by libjxl: `cjxl`.
    JpegXl,
    /// Opus by opus-tools: `opusenc`, variable rate.
    Opus,
}

/// Files that a peer reads, written once for all of its settings.
pub(super) struct PeerInput {
    path: PathBuf,
}

impl Peer {
    /// Every peer.
    pub const ALL: [Peer; 5] = [Peer::Jpeg, Peer::WebP, Peer::Avif, Peer::JpegXl, Peer::Opus];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Peer::Jpeg => "JPEG",
            Peer::WebP => "WebP",
            Peer::Avif => "AVIF",
            Peer::JpegXl => "JPEG XL",
            Peer::Opus => "Opus",
        }
    }

    /// Its name on command lines.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Peer::Jpeg => "jpeg",
            Peer::WebP => "webp",
            Peer::Avif => "avif",
            Peer::JpegXl => "jxl",
            Peer::Opus => "opus",
        }
    }

    /// The peer of that name.
    ///
    /// # Errors
    /// [`Error::Usage`] that lists the peers there are.
    pub fn named(name: &str) -> Result<Peer> {
        let found = Peer::ALL.into_iter().find(|peer| peer.id() == name);
        found.ok_or_else(|| {
            let known = Peer::ALL.map(Peer::id).join(", ");
            Error::Usage(format!("unknown peer '{name}' (known: {known})"))
        })
    }

    /// What it codes.
    #[must_use]
    pub fn kind(self) -> MediaKind {
        match self {
            Peer::Opus => MediaKind::Audio,
            _ => MediaKind::Image,
        }
    }

    /// The programs it takes: one encodes, one decodes.
    #[must_use]
    pub fn programs(self) -> [&'static str; 2] {
        match self {
            Peer::Jpeg => ["cjpeg", "djpeg"],
            Peer::WebP => ["cwebp", "dwebp"],
            Peer::Avif => ["avifenc", "avifdec"],
            Peer::JpegXl => ["cjxl", "djxl"],
            Peer::Opus => ["opusenc", "opusdec"],
        }
    }

    /// The programs that are not installed.
    #[must_use]
    pub fn missing(self) -> Vec<&'static str> {
        let is_missing = |program: &&str| self.start(program).is_none();
        self.programs().into_iter().filter(is_missing).collect()
    }

    /// The version that the encoder reports; `None` if it is not installed.
    #[must_use]
    pub fn version(self) -> Option<String> {
        let [encoder, _] = self.programs();
        version_in(&self.start(encoder)?)
    }

    /// What a program says of its version.
    fn start(self, program: &str) -> Option<String> {
        let option = match self {
            Peer::Jpeg | Peer::WebP => "-version",
            _ => "--version",
        };
        let mut command = Command::new(program);
        let output = command.arg(option).stdin(Stdio::null()).output().ok()?;
        Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    /// The option that its settings are values of.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            Peer::Jpeg => "-quality",
            Peer::WebP => "-q",
            Peer::Avif => "--min --max",
            Peer::JpegXl => "-d",
            Peer::Opus => "--bitrate",
        }
    }

    /// The settings it is run at, from low to high rates.
    #[must_use]
    pub fn ladder(self) -> &'static [&'static str] {
        match self {
            Peer::Jpeg => &["5", "8", "11", "15", "20", "25", "32", "40", "60", "80"],
            Peer::WebP => &["0", "2", "5", "10", "15", "25", "40", "55", "65", "85"],
            Peer::Avif => &["63", "58", "55", "52", "49", "46", "42", "38", "34", "30"],
            Peer::JpegXl => &["18", "12", "9", "7", "5.5", "4", "3.3", "2"],
            Peer::Opus => &["12", "16", "24", "32", "48", "64", "96", "128"],
        }
    }

    /// Writes what the encoder reads: pictures as PPM or PNG of 8 bits without alpha, grey as PGM where
    /// the encoder knows grey; sound as WAV.
    pub(super) fn prepare(self, content: &Content, folder: &Path) -> Result<PeerInput> {
        let suffix = match self {
            Peer::Jpeg => "pnm",
            Peer::WebP | Peer::Avif | Peer::JpegXl => "png",
            Peer::Opus => "wav",
        };
        let path = folder.join(format!("{}-input.{suffix}", self.id()));
        let mut bytes = Vec::new();
        match content {
            Content::Image(picture) if self == Peer::Jpeg => write_pnm(picture, &mut bytes)?,
            Content::Image(picture) => picture.to_rgb8().write_png(&mut bytes)?,
            Content::Audio(sound) => sound.write_wav(&mut bytes)?,
        }
        std::fs::write(&path, bytes).map_err(Error::io("write temporary file"))?;
        Ok(PeerInput { path })
    }

    /// The command that encodes on one thread.
    pub(super) fn encode(self, input: &PeerInput, setting: &str, output: &Path) -> Command {
        let [encoder, _] = self.programs();
        let mut command = Command::new(encoder);
        let input = &input.path;
        match self {
            Peer::Jpeg => {
                command.args(["-progressive", "-optimize", "-quality", setting, "-outfile"]);
                command.arg(output).arg(input)
            }
            Peer::WebP => {
                command
                    .args(["-quiet", "-m", "6", "-q", setting])
                    .arg(input);
                command.arg("-o").arg(output)
            }
            Peer::Avif => {
                command.args(["--jobs", "1", "--min", setting, "--max", setting]);
                command.arg(input).arg(output)
            }
            Peer::JpegXl => {
                command.args(["--quiet", "--num_threads=0", "-d", setting]);
                command.arg(input).arg(output)
            }
            Peer::Opus => {
                command.args(["--quiet", "--bitrate", setting]);
                command.arg(input).arg(output)
            }
        };
        command
    }

    /// Where a decoder writes, with the suffix that tells it the format.
    pub(super) fn decoded_path(self, folder: &Path) -> PathBuf {
        folder.join(match self {
            Peer::Avif => "decoded.png",
            Peer::Opus => "decoded.wav",
            _ => "decoded.ppm",
        })
    }

    /// The command that decodes on one thread.
    pub(super) fn decode(self, content: &Content, input: &Path, output: &Path) -> Command {
        let [_, decoder] = self.programs();
        let mut command = Command::new(decoder);
        match self {
            Peer::Jpeg => command.arg("-outfile").arg(output).arg(input),
            Peer::WebP => command
                .args(["-quiet", "-ppm"])
                .arg(input)
                .arg("-o")
                .arg(output),
            // As little of the time as can be goes into the PNG file.
            Peer::Avif => {
                command.args(["--jobs", "1", "--png-compress", "1"]);
                command.arg(input).arg(output)
            }
            Peer::JpegXl => command.arg(input).arg(output).arg("--num_threads=0"),
            Peer::Opus => {
                let rate = match content {
                    Content::Audio(sound) => sound.shape().rate,
                    Content::Image(_) => 48_000,
                };
                command.args(["--quiet", "--float", "--rate", &rate.to_string()]);
                command.arg(input).arg(output)
            }
        };
        command
    }
}

/// Pictures of 8 bits as PPM, or PGM where they are grey.
fn write_pnm(picture: &Picture, out: &mut Vec<u8>) -> Result<()> {
    let rgb = picture.to_rgb8();
    let is_grey = picture.channels() == 1;
    let magic = if is_grey { "P5" } else { "P6" };
    out.extend(format!("{magic} {} {} 255\n", rgb.width(), rgb.height()).bytes());
    match rgb.samples() {
        Samples::Eight(samples) if is_grey => out.extend(samples.iter().step_by(3)),
        Samples::Eight(samples) => out.extend(samples),
        Samples::Sixteen(_) => return Err(Error::Internal("8 bits are not 8 bits".to_owned())),
    }
    Ok(())
}

/// What a peer decoded, in the length of the original: resampling may add or lose some samples at the
/// end.
pub(super) fn fitted(decoded: Content, original: &Content) -> Result<Content> {
    let (Content::Audio(sound), Content::Audio(original)) = (&decoded, original) else {
        return Ok(decoded);
    };
    let AudioShape { rate, channels, .. } = sound.shape();
    let wanted = original.to_f32().len();
    let found = sound.to_f32();
    // A tenth of a second.
    let allowed = rate as usize / 10 * usize::from(channels);
    if found.len().abs_diff(wanted) > allowed {
        return Ok(decoded);
    }
    let mut samples = found;
    samples.resize(wanted, 0.0);
    let samples = SoundSamples::Float(samples);
    Sound::new(rate, channels, 32, samples).map(Content::Audio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_known_by_their_names() {
        for peer in Peer::ALL {
            assert_eq!(Peer::named(peer.id()).unwrap(), peer);
            assert!(peer.ladder().len() > 4);
        }
        let error = Peer::named("flif").unwrap_err().to_string();
        assert!(error.contains("jpeg, webp, avif, jxl, opus"), "{error}");
    }

    #[test]
    fn pictures_are_written_as_the_encoder_reads_them() {
        let pnm = |channels, samples: &[u8]| {
            let picture = Picture::new(1, 1, channels, Samples::Eight(samples.to_vec()));
            let mut out = Vec::new();
            write_pnm(&picture.unwrap(), &mut out).unwrap();
            out
        };
        assert_eq!(pnm(1, &[7]), b"P5 1 1 255\n\x07");
        assert_eq!(pnm(3, &[7, 8, 9]), b"P6 1 1 255\n\x07\x08\x09");
        assert_eq!(pnm(4, &[7, 8, 9, 255]), b"P6 1 1 255\n\x07\x08\x09");
    }

    #[test]
    fn sound_of_nearly_the_same_length_is_fitted() {
        let sound = |len: usize| {
            let samples = SoundSamples::Float(vec![0.5; len]);
            Content::Audio(Sound::new(1000, 1, 32, samples).unwrap())
        };
        let len = |decoded: usize| match fitted(sound(decoded), &sound(1000)).unwrap() {
            Content::Audio(sound) => sound.shape().samples,
            Content::Image(_) => 0,
        };
        assert_eq!([len(999), len(1000), len(1090)], [1000; 3]);
        assert_eq!(len(800), 800);
    }
}
