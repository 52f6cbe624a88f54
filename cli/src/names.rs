//! From the name of an input to the name of its output.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use codec_suite::core::{MediaDescription, Registry};

/// Suffix of container files, without its dot.
pub(crate) const CONTAINER_SUFFIX: &str = "cdc";

/// Suffixes that stand for two: `.tgz` for `.tar.gz`.
const TAR_SHORTHANDS: [(&str, &str); 3] = [("tgz", "gz"), ("txz", "xz"), ("tzst", "zst")];

/// `notes.txt` and `cdc` give `notes.txt.cdc`.
pub(crate) fn encoded(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// Suffixes of files of sound.
const SOUND_SUFFIXES: [&str; 2] = ["wav", "flac"];

/// Suffixes of files of nucleotide sequences.
const SEQUENCE_SUFFIXES: [&str; 8] = ["fa", "fasta", "fna", "ffn", "fsa", "fas", "fq", "fastq"];

/// Codecs that files are encoded with for their names.
pub(crate) const CODECS_BY_NAME: [&str; 2] = ["log", "dna"];

/// The codec for files that are called so, one of [`CODECS_BY_NAME`].
pub(crate) fn codec_for(path: &Path) -> Option<&'static str> {
    let [log, dna] = CODECS_BY_NAME;
    if is_log(path) {
        return Some(log);
    }
    is_sequence(path).then_some(dna)
}

/// Whether a file is called as sound is: `NAME.wav` or `NAME.flac`, in either case.
pub(crate) fn is_sound(path: &Path) -> bool {
    let suffix = path.extension().and_then(OsStr::to_str);
    suffix.is_some_and(|suffix| {
        let mut known = SOUND_SUFFIXES.iter();
        known.any(|known| suffix.eq_ignore_ascii_case(known))
    })
}

/// `notes.txt.gz` gives `notes.txt`; other names stay as they are.
pub(crate) fn without_gzip(path: &Path) -> PathBuf {
    match path.extension() {
        Some(suffix) if suffix.eq_ignore_ascii_case("gz") => path.with_extension(""),
        _ => path.to_owned(),
    }
}

/// Whether a file is called as sequences are: `NAME.fasta` and the like, in either case.
fn is_sequence(path: &Path) -> bool {
    let suffix = path.extension().and_then(OsStr::to_str);
    let is_known = |suffix: &str| {
        let mut known = SEQUENCE_SUFFIXES.iter();
        known.any(|known| suffix.eq_ignore_ascii_case(known))
    };
    suffix.is_some_and(is_known)
}

/// Whether a file is called as logs are: `NAME.log`, or `NAME.log.1` once it is rotated.
fn is_log(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let rotation = |rest: &str| {
        rest.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    match name.rsplit_once(".log") {
        Some((_, rest)) => rest.is_empty() || rest.strip_prefix(['.', '-']).is_some_and(rotation),
        None => false,
    }
}

/// The name without the suffix of its compression; without such a suffix the name with the suffix
/// that the file says its content had, or with `.out`. Images and audio are written as standard
/// files, whose suffix takes the place of the original one.
pub(crate) fn decoded(
    path: &Path,
    registry: &Registry,
    recorded: Option<&MediaDescription>,
) -> PathBuf {
    let stripped = stripped(path, registry);
    let standard = recorded.and_then(|media| media.kind().standard_suffix());
    if let Some(standard) = standard {
        let name = stripped.unwrap_or_else(|| path.to_owned());
        return standard_name(name, standard, recorded);
    }
    if let Some(stripped) = stripped {
        return stripped;
    }
    let suffix = recorded.map(|media| media.suffix.as_str());
    match suffix.filter(|suffix| is_plain_suffix(suffix)) {
        Some(suffix) if path.extension() != Some(OsStr::new(suffix)) => encoded(path, suffix),
        _ => encoded(path, "out"),
    }
}

/// `photo.jpg` and `png` give `photo.png`, where the file says that it had the suffix `jpg`.
fn standard_name(name: PathBuf, standard: &str, recorded: Option<&MediaDescription>) -> PathBuf {
    let suffix = name.extension().and_then(OsStr::to_str).unwrap_or("");
    let original = recorded.map_or("", |media| media.suffix.as_str());
    if suffix.eq_ignore_ascii_case(standard) {
        name
    } else if !suffix.is_empty() && suffix.eq_ignore_ascii_case(original) {
        name.with_extension(standard)
    } else {
        encoded(&name, standard)
    }
}

/// Whether the name ends in a suffix of compressed files.
pub(crate) fn is_compressed(path: &Path, registry: &Registry) -> bool {
    stripped(path, registry).is_some()
}

/// The suffix of the native format that the name asks for, in lower case.
pub(crate) fn native_suffix(path: &Path) -> Option<String> {
    let suffix = path.extension()?.to_str()?.to_ascii_lowercase();
    let long = TAR_SHORTHANDS.iter().find(|(short, _)| *short == suffix);
    Some(long.map_or(suffix, |(_, long)| (*long).to_owned()))
}

fn stripped(path: &Path, registry: &Registry) -> Option<PathBuf> {
    let suffix = path.extension()?.to_str()?;
    let is_short = |(short, _): &(&str, &str)| suffix.eq_ignore_ascii_case(short);
    if TAR_SHORTHANDS.iter().any(is_short) {
        return Some(path.with_extension("tar"));
    }
    let known = suffix.eq_ignore_ascii_case(CONTAINER_SUFFIX)
        || registry.native_by_suffix(suffix).is_some();
    known.then(|| path.with_extension(""))
}

/// Whether a suffix that a file brought along can be trusted to be no more than a suffix.
fn is_plain_suffix(suffix: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+".contains(&byte);
    (1..=32).contains(&suffix.len()) && suffix.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec_suite::core::{AudioShape, ImageShape, Shape};

    fn decoded_name(name: &str, recorded: Option<&str>) -> String {
        named_as(name, recorded.map(MediaDescription::bytes))
    }

    fn named_as(name: &str, recorded: Option<MediaDescription>) -> String {
        let path = decoded(Path::new(name), &codec_suite::registry(), recorded.as_ref());
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn logs_are_known_by_their_names() {
        for name in [
            "a.log",
            "a.log.1",
            "a.log-20240131",
            "dir/a.b.log",
            "a.log.2024-01-31",
        ] {
            assert!(is_log(Path::new(name)), "{name}");
        }
        for name in [
            "log",
            "a.logs",
            "a.log.cdc",
            "a.log.gz",
            "catalog",
            "a.log.1.txt",
        ] {
            assert!(!is_log(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn sequences_are_known_by_their_names() {
        for name in ["a.fa", "d/x.FASTA", "chr.1.fna", "reads.fq", "Reads.FastQ"] {
            assert_eq!(codec_for(Path::new(name)), Some("dna"), "{name}");
        }
        for name in ["fasta", ".fa", "a.fa.gz", "a.fa.cdc", "a.fax"] {
            assert_eq!(codec_for(Path::new(name)), None, "{name}");
        }
        assert_eq!(codec_for(Path::new("fa.log")), Some("log"));
    }

    #[test]
    fn only_a_suffix_of_gzip_is_taken_away() {
        for (name, expected) in [
            ("a.fa.gz", "a.fa"),
            ("a.GZ", "a"),
            ("a.fa", "a.fa"),
            ("gz", "gz"),
        ] {
            assert_eq!(without_gzip(Path::new(name)), Path::new(expected));
        }
    }

    #[test]
    fn decoding_takes_the_suffix_away() {
        for (name, expected) in [
            ("d/a.txt.cdc", "d/a.txt"),
            ("a.CDC", "a"),
            ("a.tar.gz", "a.tar"),
            ("a.tgz", "a.tar"),
            ("a.txt.zst", "a.txt"),
            (".cdc", ".cdc.out"),
        ] {
            assert_eq!(decoded_name(name, None), expected);
        }
    }

    #[test]
    fn a_name_without_a_suffix_takes_the_recorded_one() {
        assert_eq!(decoded_name("upload", Some("csv")), "upload.csv");
        assert_eq!(decoded_name("upload", Some("")), "upload.out");
        assert_eq!(decoded_name("upload", None), "upload.out");
        assert_eq!(decoded_name("upload.csv", Some("csv")), "upload.csv.out");
    }

    #[test]
    fn images_and_audio_take_the_suffix_of_the_standard_file() {
        let image = Shape::Image(ImageShape {
            width: 1,
            height: 1,
            channels: 1,
            bits: 8,
        });
        let audio = Shape::Audio(AudioShape {
            rate: 1,
            channels: 1,
            samples: 0,
            bits: 16,
            is_float: false,
        });
        for (name, shape, suffix, expected) in [
            ("d/photo.jpg.cdc", image, "jpg", "d/photo.png"),
            ("photo.JPG.cdc", image, "jpg", "photo.png"),
            ("photo.png.cdc", image, "png", "photo.png"),
            ("photo.PNG.cdc", image, "PNG", "photo.PNG"),
            ("photo.cdc", image, "", "photo.png"),
            ("a.b.cdc", image, "", "a.b.png"),
            ("renamed.v2.cdc", image, "jpg", "renamed.v2.png"),
            ("upload", image, "jpg", "upload.png"),
            ("upload.png", image, "png", "upload.png"),
            ("a.flac.cdc", audio, "flac", "a.wav"),
            ("a.wav.cdc", audio, "wav", "a.wav"),
            ("a.cdc", audio, "../x", "a.wav"),
        ] {
            let recorded = Some(MediaDescription::new(shape, suffix));
            assert_eq!(named_as(name, recorded), expected, "{name}");
        }
    }

    #[test]
    fn a_recorded_suffix_cannot_lead_elsewhere() {
        for bad in ["/../../etc/passwd", "a/b", "..", "x\u{1b}", "a\0"] {
            assert_eq!(decoded_name("upload", Some(bad)), "upload.out");
        }
    }
}
