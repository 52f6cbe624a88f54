//! Media: what goes into a codec and what comes out.

use std::io::Read;

/// The kinds of media the suite knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MediaKind {
    /// Any bytes.
    Bytes,
}

impl MediaKind {
    /// The number that stands for the kind in a container header.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            MediaKind::Bytes => 0,
        }
    }

    /// The kind behind a number of a container header.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(MediaKind::Bytes),
            _ => None,
        }
    }

    /// The kind's name, as `codec info` prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MediaKind::Bytes => "bytes",
        }
    }
}

/// What a stream says of the media in it, beside the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaDescription {
    /// The kind of media.
    pub kind: MediaKind,
    /// The original file name's suffix without its dot, such as `csv`; empty if there was none.
    /// At most 255 bytes of UTF-8.
    pub suffix: String,
}

impl MediaDescription {
    /// Bytes from a file whose name ends in `.suffix`; pass `""` where there is no name.
    #[must_use]
    pub fn bytes(suffix: &str) -> Self {
        let fits = suffix.len() <= 255;
        MediaDescription {
            kind: MediaKind::Bytes,
            suffix: if fits {
                suffix.to_owned()
            } else {
                String::new()
            },
        }
    }
}

/// Media on its way into a codec.
pub struct Media<'a> {
    /// What it is.
    pub description: MediaDescription,
    /// Where its content comes from.
    pub content: Content<'a>,
}

impl<'a> Media<'a> {
    /// Bytes from a reader.
    pub fn bytes(reader: &'a mut (dyn Read + Send), suffix: &str) -> Self {
        Media {
            description: MediaDescription::bytes(suffix),
            content: Content::Bytes(reader),
        }
    }
}

/// The content of media, by kind.
#[non_exhaustive]
pub enum Content<'a> {
    /// A stream of bytes of any length.
    Bytes(&'a mut (dyn Read + Send)),
}
