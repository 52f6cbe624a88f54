//! Numbers for people.

use std::fmt::Write;

/// A number with its digits in groups of three: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 byte`, `2 bytes`, `1,000 frames`.
pub(crate) fn count(number: u64, unit: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {unit}{plural}", grouped(number))
}

/// The smallest whole number of KiB or MiB that is at least `bytes`, as the size options read it.
pub(crate) fn size_of_at_least(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{}KiB", bytes.div_ceil(1 << 10))
    } else {
        format!("{}MiB", bytes.div_ceil(1 << 20))
    }
}

/// How many times smaller, and the percentage that is left: `3.571:1 (28.00 %)`.
pub(crate) fn ratio(content: u64, encoded: u64) -> String {
    let mut out = String::new();
    match (content, encoded) {
        (0, _) | (_, 0) => out.push_str("no ratio"),
        _ => {
            let (content, encoded) = (content as f64, encoded as f64);
            // Writing into a string cannot fail.
            let _ = write!(
                out,
                "{:.3}:1 ({:.2} %)",
                content / encoded,
                100.0 * encoded / content
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec_suite::core::parse_size;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "byte"), "1 byte");
    }

    #[test]
    fn a_suggested_size_is_enough_and_can_be_typed() {
        for bytes in [1, 1023, 1024, 1025, 1 << 20, (1 << 20) + 1, 5 << 30] {
            let size = parse_size(&size_of_at_least(bytes)).unwrap();
            assert!((bytes..bytes * 2 + 1024).contains(&size));
        }
    }
}
