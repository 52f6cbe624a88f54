//! Seeded generators of test data: the same bytes for the same seed, on every machine.
//!
//! Only integer arithmetic is used, so that no rounding can differ between machines. The data stand
//! in for real files where none may be shipped: in tests, examples and documentation. They are too
//! regular to judge a compressor by.

mod binary;
mod digits;
mod log;
mod prng;
mod sensors;
mod sequence;
mod table;
mod text;

pub use digits::{Digits, digits};
pub use prng::Prng;
pub use sensors::sensor_table;

/// A kind of generated data.
///
/// ```
/// use codec_corpora::generate::Sample;
/// let log = Sample::Log.bytes(1000, 7);
/// assert_eq!(log.len(), 1000);
/// assert_eq!(log, Sample::Log.bytes(1000, 7));
/// assert_eq!(log[..500], Sample::Log.bytes(500, 7));
/// assert_ne!(log, Sample::Log.bytes(1000, 8));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sample {
    /// Prose from a small word model: Zipf-like word frequencies, sentences, paragraphs.
    Text,
    /// Lines of a web server's access log, with bursts of application messages.
    Log,
    /// A table of orders with columns that depend on each other.
    Csv,
    /// A table of sensors' readings, numbers, categories and notes that depend on each other: the
    /// beginning of a [`sensor_table`].
    Sensors,
    /// A FASTA record: bases with mutated repeats and reverse complements, 60 to the line.
    Dna,
    /// 32-byte binary records: counters, slowly moving values, flags.
    Records,
    /// Zeros with few, small values in between.
    Sparse,
    /// Uniform random bytes: nothing to gain.
    Random,
    /// A smooth 8-bit grey image with slight noise, 512 bytes to the row.
    Image,
}

impl Sample {
    /// Every kind.
    pub const ALL: [Sample; 9] = [
        Sample::Text,
        Sample::Log,
        Sample::Csv,
        Sample::Sensors,
        Sample::Dna,
        Sample::Records,
        Sample::Sparse,
        Sample::Random,
        Sample::Image,
    ];

    /// The kind's name: lower case, unique.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Sample::Text => "text",
            Sample::Log => "log",
            Sample::Csv => "csv",
            Sample::Sensors => "sensors",
            Sample::Dna => "dna",
            Sample::Records => "records",
            Sample::Sparse => "sparse",
            Sample::Random => "random",
            Sample::Image => "image",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Sample> {
        Sample::ALL.into_iter().find(|sample| sample.name() == name)
    }

    /// The file name suffix that fits the content, without its dot.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Sample::Text => "txt",
            Sample::Log => "log",
            Sample::Csv | Sample::Sensors => "csv",
            Sample::Dna => "fa",
            Sample::Records | Sample::Sparse | Sample::Random => "bin",
            Sample::Image => "raw",
        }
    }

    /// Exactly `len` bytes. A shorter sample of the same seed is a prefix of a longer one.
    #[must_use]
    pub fn bytes(self, len: usize, seed: u64) -> Vec<u8> {
        let mut prng = Prng::new(seed);
        match self {
            Sample::Text => text::bytes(len, &mut prng),
            Sample::Log => log::bytes(len, &mut prng),
            Sample::Csv => table::bytes(len, &mut prng),
            Sample::Sensors => sensors::bytes(len, &mut prng),
            Sample::Dna => sequence::bytes(len, &mut prng),
            Sample::Records => binary::records(len, &mut prng),
            Sample::Sparse => binary::sparse(len, &mut prng),
            Sample::Random => binary::random(len, &mut prng),
            Sample::Image => binary::image(len, seed),
        }
    }
}

/// Appends pieces until there are `len` bytes, and cuts there.
fn fill(len: usize, mut piece: impl FnMut(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(len.saturating_add(256));
    while out.len() < len {
        piece(&mut out);
    }
    out.truncate(len);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fnv1a(bytes: &[u8]) -> u64 {
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    #[test]
    fn the_bytes_of_a_seed_never_change() {
        let frozen: Vec<(&str, u64)> = Sample::ALL
            .iter()
            .map(|sample| (sample.name(), fnv1a(&sample.bytes(100_000, 1))))
            .collect();
        assert_eq!(
            frozen,
            [
                ("text", 0x6a9c28b1aaadf923),
                ("log", 0xb42daff1b2d2d014),
                ("csv", 0x75ac520d314f433b),
                ("sensors", 0x04c6dd2eca6ae875),
                ("dna", 0xd1365ec159f913e5),
                ("records", 0xed0fa97e749069c4),
                ("sparse", 0xda050c16363d7bbd),
                ("random", 0x6e7c539d8a0d0304),
                ("image", 0x6df197c816666eea),
            ]
        );
        let drawn = digits(50, 28, 1);
        assert_eq!(
            (fnv1a(&drawn.pictures), fnv1a(&drawn.labels)),
            (0x5bb8098e63f008ab, 0x4a0f7e8aa3fcd9d8)
        );
    }

    #[test]
    fn a_shorter_sample_is_a_prefix_of_a_longer_one() {
        for sample in Sample::ALL {
            let long = sample.bytes(40_000, 5);
            for len in [0, 1, 59, 4096, 39_999] {
                assert_eq!(sample.bytes(len, 5), long[..len], "{}", sample.name());
            }
        }
    }

    #[test]
    fn names_lead_back_to_their_kind() {
        for sample in Sample::ALL {
            assert_eq!(Sample::named(sample.name()), Some(sample));
        }
        assert_eq!(Sample::named("soup"), None);
    }

    #[test]
    fn text_kinds_are_text_and_binary_kinds_have_their_statistics() {
        for sample in [Sample::Text, Sample::Log, Sample::Csv, Sample::Dna] {
            assert!(sample.bytes(20_000, 3).is_ascii(), "{}", sample.name());
        }
        let zeros = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == 0).count();
        assert!(zeros(&Sample::Sparse.bytes(100_000, 3)) > 95_000);
        assert!(zeros(&Sample::Random.bytes(100_000, 3)) < 500);
    }

    #[test]
    fn readings_have_eleven_cells_and_errors_only_with_a_fault() {
        let table = String::from_utf8(sensor_table(3000, 5)).unwrap();
        assert!(Sample::Sensors.bytes(50_000, 5)[..] == table.as_bytes()[..50_000]);
        let mut before = "";
        for line in table.lines().skip(1) {
            let fields: Vec<&str> = line.splitn(11, ',').collect();
            assert_eq!(fields.len(), 11, "{line}");
            assert_eq!(fields[8] == "ok", fields[9].is_empty(), "{line}");
            assert!(fields[0] >= before && fields[10].matches('"').count().is_multiple_of(2));
            before = fields[0];
        }
    }

    #[test]
    fn the_columns_of_the_table_depend_on_each_other() {
        let table = String::from_utf8(Sample::Csv.bytes(50_000, 3)).unwrap();
        let mut lines = table.lines();
        assert!(lines.next().unwrap().starts_with("order,"));
        let complete = table.lines().count() - 2;
        for line in lines.take(complete) {
            let fields: Vec<&str> = line.split(',').collect();
            let cents = |text: &str| text.replace('.', "").parse::<u64>().unwrap();
            let quantity: u64 = fields[5].parse().unwrap();
            assert_eq!(quantity * cents(fields[6]), cents(fields[7]), "{line}");
        }
    }
}
