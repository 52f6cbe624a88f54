//! The stream header: which codec, which media, which parameters.

use super::fields::{Fields, put_bytes, put_varint};
use crate::{
    AudioShape, Descriptor, Error, ImageShape, MediaDescription, MediaKind, Params, Result, Shape,
};

/// The first eight bytes of every stream. The high bit shows up seven-bit transfers, CR LF shows up
/// line-end conversion, the control byte stops a listing on some systems, the last LF shows up the
/// reverse conversion.
pub const MAGIC: [u8; 8] = [0xD7, b'C', b'D', b'C', b'\r', b'\n', 0x1A, b'\n'];

/// Version of the container this build writes. A reader refuses another major version and reads
/// any minor version.
pub(super) const MAJOR: u8 = 1;
pub(super) const MINOR: u8 = 0;

/// Longest header body, in bytes.
pub(super) const MAX_BODY: u64 = 64 << 10;

/// What a stream says of itself before its first frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHeader {
    /// Identifier of the codec.
    pub codec: String,
    /// Version of the codec's payload format.
    pub codec_version: u32,
    /// What the content is.
    pub media: MediaDescription,
    /// Largest content of any frame, in the media's unit ([`MediaKind::unit`]).
    pub max_content: u64,
    /// Parameters: those needed for decoding and those that differ from their defaults.
    pub params: Vec<(String, String)>,
    /// Content hash of the model needed for decoding; empty if none is.
    pub model: Vec<u8>,
}

impl StreamHeader {
    /// A header for the stream of a codec without a model.
    #[must_use]
    pub fn new(
        descriptor: &Descriptor,
        params: &Params,
        media: MediaDescription,
        max_content: u64,
    ) -> Self {
        StreamHeader {
            codec: descriptor.id.to_owned(),
            codec_version: descriptor.version,
            media,
            max_content,
            params: params.to_header(),
            model: Vec::new(),
        }
    }

    /// The header's bytes, from the magic number to the checksum.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put_bytes(&mut body, self.codec.as_bytes());
        put_varint(&mut body, u64::from(self.codec_version));
        body.push(self.media.kind().code());
        put_bytes(&mut body, self.media.suffix.as_bytes());
        put_shape(&mut body, &self.media.shape);
        put_varint(&mut body, self.max_content);
        put_varint(&mut body, self.params.len() as u64);
        for (name, value) in &self.params {
            put_bytes(&mut body, name.as_bytes());
            put_bytes(&mut body, value.as_bytes());
        }
        put_bytes(&mut body, &self.model);
        let mut out = MAGIC.to_vec();
        out.extend([MAJOR, MINOR]);
        put_bytes(&mut out, &body);
        let crc = crc32c::crc32c(&out);
        out.extend(crc.to_le_bytes());
        out
    }

    /// The header in `bytes`, which must hold exactly one and start at offset `at` of the input.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the bytes are not an intact header, [`Error::Unsupported`] for another
    /// major version or an unknown kind of media.
    pub fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let mut fields = Fields::new(bytes, at);
        check_start(fields.take(MAGIC.len() + 2, "stream header")?, at)?;
        let body_at = fields.at();
        let len = fields.varint("header length")?;
        if len > MAX_BODY {
            return Err(Error::corrupt(
                body_at,
                format!("header of {len} bytes, at most {MAX_BODY} are allowed"),
            ));
        }
        let mut body = Fields::new(fields.take(len as usize, "header body")?, fields.at());
        let checked = bytes.len().saturating_sub(fields.left());
        let crc_at = fields.at();
        let stored = fields.u32("header checksum")?;
        let computed = crc32c::crc32c(bytes.get(..checked).unwrap_or_default());
        if stored != computed {
            return Err(Error::corrupt(
                crc_at,
                format!("header checksum is {stored:08x}, its bytes give {computed:08x}"),
            ));
        }
        parse_body(&mut body)
    }
}

/// Checks the magic number and the version in the first ten bytes of a stream.
pub(super) fn check_start(start: &[u8], at: u64) -> Result<()> {
    let (magic, version) = start.split_at_checked(MAGIC.len()).unwrap_or((start, &[]));
    if magic != MAGIC {
        return Err(Error::corrupt(
            at,
            format!("not a .cdc stream: starts with {}", hex(magic)),
        ));
    }
    match version.first() {
        Some(&MAJOR) => Ok(()),
        Some(&other) => Err(Error::Unsupported(format!(
            "container version {other} is newer than this build, which reads version {MAJOR}"
        ))),
        None => Err(Error::corrupt(at, "stream header is cut short")),
    }
}

fn parse_body(body: &mut Fields<'_>) -> Result<StreamHeader> {
    let codec = body.text("codec identifier")?.to_owned();
    let version_at = body.at();
    let codec_version = u32::try_from(body.varint("codec version")?)
        .map_err(|_| Error::corrupt(version_at, "codec version does not fit 32 bits"))?;
    let kind_code = body.byte("media kind")?;
    let kind = MediaKind::from_code(kind_code).ok_or_else(|| {
        Error::Unsupported(format!("media kind {kind_code} is newer than this build"))
    })?;
    let suffix = body.text("file name suffix")?.to_owned();
    let shape = parse_shape(body, kind)?;
    let max_content = body.varint("largest content")?;
    let count = body.varint("parameter count")?;
    let mut params = Vec::new();
    for _ in 0..count {
        let name = body.text("parameter name")?.to_owned();
        let value = body.text("parameter value")?.to_owned();
        params.push((name, value));
    }
    let model = body.bytes("model hash")?.to_vec();
    // What a newer minor version adds comes after this, and is passed over.
    Ok(StreamHeader {
        codec,
        codec_version,
        media: MediaDescription { shape, suffix },
        max_content,
        params,
        model,
    })
}

/// Appends the fields that only images and audio have.
fn put_shape(body: &mut Vec<u8>, shape: &Shape) {
    match shape {
        Shape::Bytes => {}
        Shape::Image(image) => {
            put_varint(body, u64::from(image.width));
            put_varint(body, u64::from(image.height));
            body.extend([image.channels, image.bits]);
        }
        Shape::Audio(audio) => {
            put_varint(body, u64::from(audio.rate));
            put_varint(body, audio.samples);
            body.extend([audio.channels, audio.bits, u8::from(audio.is_float)]);
        }
    }
}

fn parse_shape(body: &mut Fields<'_>, kind: MediaKind) -> Result<Shape> {
    let at = body.at();
    let shape = match kind {
        MediaKind::Bytes => Shape::Bytes,
        MediaKind::Image => Shape::Image(ImageShape {
            width: number(body, "image width")?,
            height: number(body, "image height")?,
            channels: body.byte("image channels")?,
            bits: body.byte("bits of a sample")?,
        }),
        MediaKind::Audio => Shape::Audio(AudioShape {
            rate: number(body, "sampling rate")?,
            samples: body.varint("samples of a channel")?,
            channels: body.byte("audio channels")?,
            bits: body.byte("bits of a sample")?,
            is_float: flag(body, "sample format")?,
        }),
    };
    match shape.problem() {
        Some(problem) => Err(Error::corrupt(at, problem)),
        None => Ok(shape),
    }
}

fn number(body: &mut Fields<'_>, what: &str) -> Result<u32> {
    let at = body.at();
    let value = body.varint(what)?;
    u32::try_from(value)
        .map_err(|_| Error::corrupt(at, format!("{what} of {value} does not fit 32 bits")))
}

fn flag(body: &mut Fields<'_>, what: &str) -> Result<bool> {
    let at = body.at();
    match body.byte(what)? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Error::corrupt(at, format!("{what} is {other}, not 0 or 1"))),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> StreamHeader {
        StreamHeader {
            codec: "zstd".into(),
            codec_version: 1,
            media: MediaDescription::bytes("csv"),
            max_content: 4 << 20,
            params: vec![("level".into(), "19".into())],
            model: vec![7; 32],
        }
    }

    #[test]
    fn a_header_survives() {
        let bytes = header().to_bytes();
        assert_eq!(StreamHeader::parse(&bytes, 0).unwrap(), header());
    }

    fn image(width: u32, channels: u8, bits: u8) -> StreamHeader {
        let shape = Shape::Image(ImageShape {
            width,
            height: 512,
            channels,
            bits,
        });
        StreamHeader {
            media: MediaDescription::new(shape, "jpg"),
            ..header()
        }
    }

    fn audio(rate: u32, channels: u8, bits: u8, is_float: bool) -> StreamHeader {
        let shape = Shape::Audio(AudioShape {
            rate,
            channels,
            samples: 1 << 40,
            bits,
            is_float,
        });
        StreamHeader {
            media: MediaDescription::new(shape, "flac"),
            ..header()
        }
    }

    #[test]
    fn the_shapes_of_images_and_audio_survive() {
        for header in [
            image(768, 3, 8),
            image(u32::MAX, 4, 16),
            audio(44_100, 2, 16, false),
            audio(1, 255, 32, true),
        ] {
            let bytes = header.to_bytes();
            assert_eq!(StreamHeader::parse(&bytes, 0).unwrap(), header);
        }
    }

    #[test]
    fn impossible_shapes_are_corrupt() {
        for header in [
            image(0, 3, 8),
            image(1, 0, 8),
            image(1, 5, 8),
            image(1, 1, 12),
            audio(0, 1, 16, false),
            audio(1, 0, 16, false),
            audio(1, 1, 33, false),
            audio(1, 1, 16, true),
        ] {
            let error = StreamHeader::parse(&header.to_bytes(), 100).unwrap_err();
            assert!(matches!(error, Error::Corrupt { at: 110.., .. }), "{error}");
        }
    }

    #[test]
    fn the_fields_of_an_image_follow_the_suffix() {
        let plain = header().to_bytes();
        let shaped = StreamHeader {
            media: MediaDescription::new(image(300, 3, 8).media.shape, "csv"),
            ..header()
        };
        let shaped = shaped.to_bytes();
        // Magic, version, length of the body; `zstd`, version, kind, suffix.
        let (kind, shape) = (17, 22);
        assert_eq!((plain[kind], shaped[kind]), (0, 1));
        assert_eq!(shaped[shape..shape + 6], [0xAC, 0x02, 0x80, 0x04, 3, 8]);
        assert_eq!(
            plain[shape..plain.len() - 4],
            shaped[shape + 6..shaped.len() - 4]
        );
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let bytes = header().to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(StreamHeader::parse(&bad, 0).is_err(), "bit {bit}");
        }
        for len in 0..bytes.len() {
            assert!(
                StreamHeader::parse(&bytes[..len], 0).is_err(),
                "{len} bytes"
            );
        }
    }

    #[test]
    fn another_major_version_is_unsupported_and_another_minor_is_read() {
        let mut bytes = header().to_bytes();
        bytes[8] = 2;
        assert!(matches!(
            StreamHeader::parse(&bytes, 0),
            Err(Error::Unsupported(_))
        ));
        bytes[8] = 1;
        bytes[9] = 200;
        let checked = bytes.len() - 4;
        let crc = crc32c::crc32c(&bytes[..checked]).to_le_bytes();
        bytes[checked..].copy_from_slice(&crc);
        assert_eq!(StreamHeader::parse(&bytes, 0).unwrap(), header());
    }

    #[test]
    fn a_huge_parameter_count_does_not_allocate() {
        let mut body = Vec::new();
        put_bytes(&mut body, b"x");
        put_varint(&mut body, 1);
        body.push(0);
        put_bytes(&mut body, b"");
        put_varint(&mut body, 1);
        put_varint(&mut body, u64::MAX);
        let error = parse_body(&mut Fields::new(&body, 0)).unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }));
    }
}
