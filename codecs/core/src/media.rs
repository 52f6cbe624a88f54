//! Media: what goes into a codec and what comes out.

use std::fmt;
use std::io::Read;

/// The kinds of media the suite knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MediaKind {
    /// Any bytes.
    Bytes,
    /// A picture. Its file is read, and decoding writes a PNG file.
    Image,
    /// Sound. Its file is read, and decoding writes a WAV file.
    Audio,
}

impl MediaKind {
    /// The number that stands for the kind in a container header.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            MediaKind::Bytes => 0,
            MediaKind::Image => 1,
            MediaKind::Audio => 2,
        }
    }

    /// The kind behind a number of a container header.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(MediaKind::Bytes),
            1 => Some(MediaKind::Image),
            2 => Some(MediaKind::Audio),
            _ => None,
        }
    }

    /// The kind's name, as `codec info` prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MediaKind::Bytes => "bytes",
            MediaKind::Image => "image",
            MediaKind::Audio => "audio",
        }
    }

    /// What the lengths of content count: bytes, pixels, or samples of each channel.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            MediaKind::Bytes => "byte",
            MediaKind::Image => "pixel",
            MediaKind::Audio => "sample",
        }
    }

    /// The suffix of the standard files that decoding writes, without its dot; `None` where it
    /// gives back the original file.
    #[must_use]
    pub fn standard_suffix(self) -> Option<&'static str> {
        match self {
            MediaKind::Bytes => None,
            MediaKind::Image => Some("png"),
            MediaKind::Audio => Some("wav"),
        }
    }
}

/// Size and sample format of media, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// Bytes have none.
    Bytes,
    /// Of a picture.
    Image(ImageShape),
    /// Of sound.
    Audio(AudioShape),
}

/// Size and sample format of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageShape {
    /// Pixels in a row, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
    /// Samples of a pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    pub channels: u8,
    /// Bits of a sample: 8 or 16.
    pub bits: u8,
}

impl ImageShape {
    /// Number of pixels.
    #[must_use]
    pub fn pixels(&self) -> u64 {
        u64::from(self.width).saturating_mul(u64::from(self.height))
    }
}

/// Length and sample format of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioShape {
    /// Sampling rate in Hz, at least 1.
    pub rate: u32,
    /// Channels, at least 1.
    pub channels: u8,
    /// Samples of each channel.
    pub samples: u64,
    /// Bits of a sample of the original: 1 to 32, and 32 for floats.
    pub bits: u8,
    /// Whether samples of the original are floats from -1 to 1.
    pub is_float: bool,
}

impl AudioShape {
    /// Length in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.rate.max(1))
    }
}

impl Shape {
    /// The kind of media of this shape.
    #[must_use]
    pub fn kind(&self) -> MediaKind {
        match self {
            Shape::Bytes => MediaKind::Bytes,
            Shape::Image(_) => MediaKind::Image,
            Shape::Audio(_) => MediaKind::Audio,
        }
    }

    /// Length of the whole content in [`MediaKind::unit`]s, where the shape says it.
    #[must_use]
    pub fn content_len(&self) -> Option<u64> {
        match self {
            Shape::Bytes => None,
            Shape::Image(image) => Some(image.pixels()),
            Shape::Audio(audio) => Some(audio.samples),
        }
    }

    /// What is wrong with the values of the shape, in words; `None` if all are in their ranges.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Shape::Bytes => None,
            Shape::Image(image) if image.width == 0 || image.height == 0 => Some(format!(
                "an image of {} x {} pixels has no pixels",
                image.width, image.height
            )),
            Shape::Image(image) if !(1..=4).contains(&image.channels) => Some(format!(
                "an image of {} channels, 1 to 4 are possible",
                image.channels
            )),
            Shape::Image(image) if !matches!(image.bits, 8 | 16) => Some(format!(
                "an image with {} bits a sample, 8 and 16 are possible",
                image.bits
            )),
            Shape::Audio(audio) if audio.rate == 0 => Some("a sampling rate of 0 Hz".to_owned()),
            Shape::Audio(audio) if audio.channels == 0 => Some("audio of 0 channels".to_owned()),
            Shape::Audio(audio)
                if !(1..=32).contains(&audio.bits) || (audio.is_float && audio.bits != 32) =>
            {
                let format = if audio.is_float { "float" } else { "integer" };
                Some(format!("audio of {}-bit {format} samples", audio.bits))
            }
            Shape::Image(_) | Shape::Audio(_) => None,
        }
    }
}

impl fmt::Display for Shape {
    /// Such as `768 x 512 pixels, 3 channels of 8 bits`; nothing for bytes.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: u8| if count == 1 { "" } else { "s" };
        match self {
            Shape::Bytes => Ok(()),
            Shape::Image(image) => write!(
                out,
                "{} x {} pixels, {} channel{} of {} bits",
                image.width,
                image.height,
                image.channels,
                plural(image.channels),
                image.bits
            ),
            Shape::Audio(audio) => write!(
                out,
                "{:.3} s at {} Hz, {} channel{} of {}{} bits",
                audio.seconds(),
                audio.rate,
                audio.channels,
                plural(audio.channels),
                if audio.is_float { "float " } else { "" },
                audio.bits
            ),
        }
    }
}

/// What a stream says of the media in it, beside the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaDescription {
    /// Size and sample format; it says the kind of media too.
    pub shape: Shape,
    /// The original file name's suffix without its dot, such as `csv`; empty if there was none.
    /// At most 255 bytes of UTF-8.
    pub suffix: String,
}

impl MediaDescription {
    /// Bytes from a file whose name ends in `.suffix`; pass `""` where there is no name.
    #[must_use]
    pub fn bytes(suffix: &str) -> Self {
        Self::new(Shape::Bytes, suffix)
    }

    /// Media of that shape from a file whose name ends in `.suffix`; pass `""` where there is no
    /// name.
    #[must_use]
    pub fn new(shape: Shape, suffix: &str) -> Self {
        let fits = suffix.len() <= 255;
        MediaDescription {
            shape,
            suffix: if fits {
                suffix.to_owned()
            } else {
                String::new()
            },
        }
    }

    /// The kind of media.
    #[must_use]
    pub fn kind(&self) -> MediaKind {
        self.shape.kind()
    }
}

/// Media on its way into a codec.
pub struct Media<'a> {
    /// What it is, as far as it is known without reading it: a codec of images or audio finds the
    /// shape in the file, and puts it into the header of its stream.
    pub description: MediaDescription,
    /// Where its content comes from.
    pub content: Content<'a>,
}

impl<'a> Media<'a> {
    /// The bytes of a file from a reader.
    pub fn bytes(reader: &'a mut (dyn Read + Send), suffix: &str) -> Self {
        Media {
            description: MediaDescription::bytes(suffix),
            content: Content::Bytes(reader),
        }
    }
}

/// The content of media.
#[non_exhaustive]
pub enum Content<'a> {
    /// A stream of bytes of any length; of images and audio their files.
    Bytes(&'a mut (dyn Read + Send)),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_read_well() {
        let image = ImageShape {
            width: 768,
            height: 512,
            channels: 3,
            bits: 8,
        };
        let audio = AudioShape {
            rate: 48_000,
            channels: 1,
            samples: 24_000,
            bits: 32,
            is_float: true,
        };
        let shown = |shape: Shape| shape.to_string();
        assert_eq!(
            shown(Shape::Image(image)),
            "768 x 512 pixels, 3 channels of 8 bits"
        );
        assert_eq!(
            shown(Shape::Audio(audio)),
            "0.500 s at 48000 Hz, 1 channel of float 32 bits"
        );
        assert_eq!(shown(Shape::Bytes), "");
    }

    #[test]
    fn codes_of_kinds_survive() {
        for kind in [MediaKind::Bytes, MediaKind::Image, MediaKind::Audio] {
            assert_eq!(MediaKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(MediaKind::from_code(3), None);
    }
}
