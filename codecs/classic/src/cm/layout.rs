//! What kind of data a block holds, as far as the choice of contexts depends on it.

/// Longest record looked for, in bytes.
const LONGEST_RECORD: usize = 1024;

/// Positions compared for each candidate length, at most about twice as many.
const SAMPLES: usize = 4096;

/// A block counts as text when fewer than one byte in so many is a control character,
const FEW_CONTROL: usize = 32;

/// or fewer than one in so many is, and fewer than one in so many lies above ASCII. Arrays of
/// numbers have many of both.
const SOME_CONTROL: usize = 10;
const SOME_HIGH: usize = 8;

/// The kind of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Mostly printable characters: words and lines matter.
    Text,
    /// Anything else: what lies so many bytes back matters (1 to 65535).
    Records(u16),
}

impl Layout {
    /// Judges a block by its bytes.
    pub(super) fn detect(block: &[u8]) -> Self {
        let control = block.iter().filter(|&&byte| is_control(byte)).count();
        let high = block.iter().filter(|byte| !byte.is_ascii()).count();
        let is_below = |count: usize, share: usize| count * share < block.len();
        if is_below(control, FEW_CONTROL)
            || (is_below(control, SOME_CONTROL) && is_below(high, SOME_HIGH))
        {
            Self::Text
        } else {
            Self::Records(record_len(block))
        }
    }

    /// The layout as it stands at the beginning of a payload.
    pub(super) fn to_bytes(self) -> [u8; 2] {
        match self {
            Self::Text => [0, 0],
            Self::Records(len) => len.to_le_bytes(),
        }
    }

    /// The layout, and the bytes behind it.
    pub(super) fn from_bytes(payload: &[u8]) -> Option<(Self, &[u8])> {
        let (&bytes, rest) = payload.split_first_chunk()?;
        let layout = match u16::from_le_bytes(bytes) {
            0 => Self::Text,
            len => Self::Records(len),
        };
        Some((layout, rest))
    }
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | b'\x0C')
}

/// The shortest distance at which bytes repeat nearly as often as at the best distance.
fn record_len(block: &[u8]) -> u16 {
    let longest = LONGEST_RECORD.min(block.len() / 4);
    // An odd step does not fall into step with records.
    let step = (block.len().saturating_sub(longest) / SAMPLES) | 1;
    let repeats = |len: usize| -> usize {
        let now = block.iter().skip(longest).step_by(step);
        let before = block.iter().skip(longest - len).step_by(step);
        now.zip(before)
            .filter(|(now, before)| now == before)
            .count()
    };
    let counts: Vec<usize> = (1..=longest).map(repeats).collect();
    let best = counts.iter().copied().max().unwrap_or(0);
    let found = counts.iter().position(|&count| count * 16 >= best * 15);
    found.map_or(1, |index| index as u16 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_text_and_zeros_are_not() {
        assert_eq!(
            Layout::detect(b"It was a dark and stormy night;\r\n"),
            Layout::Text
        );
        assert_eq!(
            Layout::detect("Übergröße, naïve café".as_bytes()),
            Layout::Text
        );
        assert_eq!(Layout::detect(&[0; 100]), Layout::Records(1));
    }

    #[test]
    fn the_length_of_fixed_records_is_found() {
        for len in [2usize, 4, 12, 26, 216] {
            let mut noise = 1u32;
            let block: Vec<u8> = (0..20_000)
                .map(|i| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    if i % len == 0 {
                        (noise >> 24) as u8
                    } else {
                        (i % len * 5 % 256) as u8
                    }
                })
                .collect();
            assert_eq!(Layout::detect(&block), Layout::Records(len as u16), "{len}");
        }
    }

    #[test]
    fn a_layout_survives_its_bytes() {
        for layout in [Layout::Text, Layout::Records(1), Layout::Records(1024)] {
            assert_eq!(
                Layout::from_bytes(&layout.to_bytes()),
                Some((layout, &[][..]))
            );
        }
        assert_eq!(Layout::from_bytes(&[7]), None);
    }
}
