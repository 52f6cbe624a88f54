//! Reading files of pictures.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use codec_core::{Budget, Error, Result};
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::pnm::PnmDecoder;
use image::codecs::webp::WebPDecoder;
use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder};

use super::{Picture, Samples, jpeg};

/// Deflate makes at most so many bytes of one.
const DEFLATE_RATIO: u64 = 1032;

impl Picture {
    /// Reads a file in memory: PNG, JPEG, PNM or WebP, as its first bytes say.
    ///
    /// Palettes and fewer than 8 bits are widened, CMYK is turned into RGB without a colour profile,
    /// and the orientation that EXIF data state is applied. What decoding takes is charged to `budget`
    /// while it lasts.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for damaged and truncated files, and headers that their files cannot back;
    /// the position is how far the file was read. [`Error::Unsupported`] for other files, animations
    /// and sample formats. [`Error::Limit`] if the picture is too large for the budget's memory.
    pub fn from_bytes(bytes: &[u8], budget: &Budget) -> Result<Picture> {
        let mut input = Cursor::new(bytes);
        let result = match bytes {
            [0x89, b'P', b'N', b'G', ..] => read_png(&mut input, budget),
            [0xFF, 0xD8, ..] => read_jpeg(&mut input, budget),
            [b'P', b'1'..=b'7', ..] => read_pnm(&mut input, budget),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => read_webp(&mut input, budget),
            _ => return Err(foreign(bytes)),
        };
        result.map_err(|refusal| match refusal {
            Refusal::Image(error) => explain(error, input.position()),
            Refusal::Own(error) => error,
        })
    }

    /// Reads a file from where `reader` stands to its end; see [`from_bytes`](Self::from_bytes).
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), and [`Error::Io`].
    pub fn read(reader: &mut dyn Read, budget: &Budget) -> Result<Picture> {
        let allowed = budget.limits().memory;
        let mut bytes = Vec::new();
        let mut part = reader.take(allowed.saturating_add(1));
        part.read_to_end(&mut bytes)
            .map_err(Error::io("read input"))?;
        let _held = budget.reserve("the file of a picture", bytes.len() as u64)?;
        Picture::from_bytes(&bytes, budget)
    }

    /// Reads a named file; see [`from_bytes`](Self::from_bytes).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn open(path: &Path, budget: &Budget) -> Result<Picture> {
        let mut file = File::open(path).map_err(Error::io("open"))?;
        Picture::read(&mut file, budget)
    }
}

/// Why a file is not read: as the library says, or as we do.
enum Refusal {
    Image(ImageError),
    Own(Error),
}

impl From<ImageError> for Refusal {
    fn from(error: ImageError) -> Self {
        Refusal::Image(error)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Own(error)
    }
}

type Input<'a, 'b> = &'a mut Cursor<&'b [u8]>;

fn read_png(input: Input<'_, '_>, budget: &Budget) -> std::result::Result<Picture, Refusal> {
    let len = input.get_ref().len() as u64;
    let decoder = PngDecoder::new(input)?;
    if decoder.is_apng()? {
        return Err(animated("PNG").into());
    }
    // A row may have fewer than 8 bits a sample in the file, but not less than 1.
    let (width, height) = decoder.dimensions();
    let least = u64::from(width)
        .div_ceil(8)
        .saturating_mul(u64::from(height));
    check_backed("PNG", least, len.saturating_mul(DEFLATE_RATIO))?;
    decode(decoder, budget)
}

fn read_jpeg(input: Input<'_, '_>, budget: &Budget) -> std::result::Result<Picture, Refusal> {
    jpeg::check_whole(input.get_ref())?;
    decode(JpegDecoder::new(input)?, budget)
}

fn read_pnm(input: Input<'_, '_>, budget: &Budget) -> std::result::Result<Picture, Refusal> {
    let len = input.get_ref().len() as u64;
    let decoder = PnmDecoder::new(input)?;
    // Bitmaps have 8 pixels in a byte.
    let (width, height) = decoder.dimensions();
    let least = u64::from(width)
        .div_ceil(8)
        .saturating_mul(u64::from(height));
    check_backed("PNM", least, len)?;
    decode(decoder, budget)
}

fn read_webp(input: Input<'_, '_>, budget: &Budget) -> std::result::Result<Picture, Refusal> {
    let decoder = WebPDecoder::new(input)?;
    if decoder.has_animation() {
        return Err(animated("WebP").into());
    }
    decode(decoder, budget)
}

/// Refuses sizes that would take more bytes than a file of that length can hold.
fn check_backed(format: &str, least: u64, most: u64) -> Result<()> {
    if least > most {
        return Err(Error::corrupt(
            0,
            format!(
                "the {format} header claims {least} bytes of rows, the file holds at most {most}"
            ),
        ));
    }
    Ok(())
}

fn decode(
    mut decoder: impl ImageDecoder,
    budget: &Budget,
) -> std::result::Result<Picture, Refusal> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        let problem = format!("a picture of {width} x {height} pixels has no pixels");
        return Err(Error::corrupt(0, problem).into());
    }
    // The decoder's own tables and rows come on top of the samples, and turning a picture needs
    // another one.
    let orientation = decoder.orientation()?;
    let turned = u64::from(orientation != image::metadata::Orientation::NoTransforms);
    let samples = decoder.total_bytes();
    let needed = samples.saturating_mul(1 + turned).saturating_add(1 << 20);
    let _held = budget.reserve("a picture", needed)?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width(), picture.height());
    let (channels, samples) = match picture {
        DynamicImage::ImageLuma8(image) => (1, Samples::Eight(image.into_raw())),
        DynamicImage::ImageLumaA8(image) => (2, Samples::Eight(image.into_raw())),
        DynamicImage::ImageRgb8(image) => (3, Samples::Eight(image.into_raw())),
        DynamicImage::ImageRgba8(image) => (4, Samples::Eight(image.into_raw())),
        DynamicImage::ImageLuma16(image) => (1, Samples::Sixteen(image.into_raw())),
        DynamicImage::ImageLumaA16(image) => (2, Samples::Sixteen(image.into_raw())),
        DynamicImage::ImageRgb16(image) => (3, Samples::Sixteen(image.into_raw())),
        DynamicImage::ImageRgba16(image) => (4, Samples::Sixteen(image.into_raw())),
        other => {
            let title = format!("pictures with samples of type {:?}", other.color());
            return Err(Error::Unsupported(title).into());
        }
    };
    Ok(Picture::new(width, height, channels, samples)?)
}

fn animated(format: &str) -> Error {
    Error::Unsupported(format!(
        "the {format} file is an animation; only still pictures are read"
    ))
}

fn foreign(bytes: &[u8]) -> Error {
    let start: Vec<String> = bytes
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Error::Unsupported(match start.as_slice() {
        [] => "the file is empty: a PNG, JPEG, PNM or WebP picture is expected".to_owned(),
        start => format!(
            "a PNG, JPEG, PNM or WebP picture is expected, the file starts with {}",
            start.join(" ")
        ),
    })
}

fn explain(error: ImageError, at: u64) -> Error {
    match error {
        ImageError::Decoding(error) => Error::corrupt(at, error.to_string()),
        ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::Unsupported { .. }) => {
            Error::Internal(limit.to_string())
        }
        ImageError::Limits(limit) => Error::corrupt(at, limit.to_string()),
        ImageError::Unsupported(error) => Error::Unsupported(error.to_string()),
        // The input is in memory: nothing else can go wrong in reading it.
        ImageError::IoError(error) => {
            Error::corrupt(at, format!("the picture is cut short: {error}"))
        }
        other => Error::corrupt(at, other.to_string()),
    }
}
