//! Values as numbers: formats that a number can be written back in exactly.

/// Numbers are below this; above it, a value stands for a text.
pub(super) const NUMBER_LIMIT: u64 = 1 << 58;

/// How a column writes its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Not as numbers.
    Text,
    /// Decimal digits, with zeros in front up to so many digits (1 for none).
    Integer { width: u8 },
    /// A number with so many digits behind the point.
    Decimal { fraction: u8 },
    /// `HH:MM:SS`, then a `.` or `,` and so many digits if there are any.
    Time { comma: bool, fraction: u8 },
}

impl Format {
    /// The format that `text` suggests.
    pub(super) fn of(text: &[u8]) -> Self {
        let guess = match (text, text.iter().position(|byte| *byte == b'.')) {
            ([_, _, b':', _, _, b':', ..], _) => Self::Time {
                comma: text.get(8) == Some(&b','),
                fraction: text.len().saturating_sub(9) as u8,
            },
            (_, Some(point)) => Self::Decimal {
                fraction: (text.len() - point - 1).min(255) as u8,
            },
            ([b'0', _, ..], None) => Self::Integer {
                width: text.len().min(255) as u8,
            },
            _ => Self::Integer { width: 1 },
        };
        match guess.parse(text) {
            Some(_) => guess,
            None => Self::Text,
        }
    }

    /// The number that `text` stands for, if [`write`](Self::write) gives back the same text.
    #[inline]
    pub(super) fn parse(self, text: &[u8]) -> Option<u64> {
        match self {
            Self::Text => None,
            Self::Integer { width } => {
                let has_zeros = text.len() > 1 && text.first() == Some(&b'0');
                let fits = text.len() == usize::from(width)
                    || (text.len() > usize::from(width) && !has_zeros);
                if fits { digits(text) } else { None }
            }
            Self::Decimal { fraction } => {
                let point = text.len().checked_sub(usize::from(fraction) + 1)?;
                let (whole, rest) = text.split_at_checked(point)?;
                let (b'.', part) = rest.split_first()? else {
                    return None;
                };
                if whole.len() > 1 && whole.first() == Some(&b'0') || part.is_empty() {
                    return None;
                }
                let scale = 10u64.checked_pow(u32::from(fraction))?;
                let value = digits(whole)?
                    .checked_mul(scale)?
                    .checked_add(digits(part)?)?;
                (value < NUMBER_LIMIT).then_some(value)
            }
            Self::Time { comma, fraction } => parse_time(text, comma, fraction),
        }
    }

    /// Appends the text of a number.
    #[inline]
    pub(super) fn write(self, value: u64, out: &mut Vec<u8>) {
        match self {
            Self::Text => {}
            Self::Integer { width } => put_digits(value, usize::from(width), out),
            Self::Decimal { fraction } => {
                let scale = 10u64.saturating_pow(u32::from(fraction));
                put_digits(value / scale, 1, out);
                out.push(b'.');
                put_digits(value % scale, usize::from(fraction), out);
            }
            Self::Time { comma, fraction } => write_time(value, comma, fraction, out),
        }
    }

    /// The format as two bytes.
    pub(super) fn to_bytes(self) -> [u8; 2] {
        match self {
            Self::Text => [0, 0],
            Self::Integer { width } => [1, width],
            Self::Decimal { fraction } => [2, fraction],
            Self::Time {
                comma: false,
                fraction,
            } => [3, fraction],
            Self::Time {
                comma: true,
                fraction,
            } => [4, fraction],
        }
    }

    /// The format behind two bytes.
    pub(super) fn from_bytes(bytes: [u8; 2]) -> Option<Self> {
        match bytes {
            [0, 0] => Some(Self::Text),
            [1, width @ 1..=18] => Some(Self::Integer { width }),
            [2, fraction @ 1..=17] => Some(Self::Decimal { fraction }),
            [3, fraction @ 0..=9] => Some(Self::Time {
                comma: false,
                fraction,
            }),
            [4, fraction @ 1..=9] => Some(Self::Time {
                comma: true,
                fraction,
            }),
            _ => None,
        }
    }

    pub(super) fn is_time(self) -> bool {
        matches!(self, Self::Time { .. })
    }
}

#[inline]
fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let mut value = 0u64;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    (value < NUMBER_LIMIT).then_some(value)
}

#[inline]
fn put_digits(mut value: u64, width: usize, out: &mut Vec<u8>) {
    let mut text = [b'0'; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    let start = at.min(text.len() - width.clamp(1, text.len()));
    out.extend_from_slice(&text[start..]);
}

/// A number below 100 in two digits.
#[inline]
fn pair(value: u64) -> [u8; 2] {
    [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]
}

fn parse_time(text: &[u8], comma: bool, fraction: u8) -> Option<u64> {
    let (clock, rest) = text.split_at_checked(8)?;
    let &[h1, h0, b':', m1, m0, b':', s1, s0] = clock else {
        return None;
    };
    let [hours, minutes, seconds] = [[h1, h0], [m1, m0], [s1, s0]].map(|pair| digits(&pair));
    let (minutes, seconds) = (minutes?, seconds?);
    if minutes > 59 || seconds > 59 {
        return None;
    }
    let whole = hours? * 3600 + minutes * 60 + seconds;
    if fraction == 0 {
        return rest.is_empty().then_some(whole);
    }
    let (mark, part) = rest.split_first()?;
    let is_marked = *mark == if comma { b',' } else { b'.' };
    if !is_marked || part.len() != usize::from(fraction) || fraction > 9 {
        return None;
    }
    Some(whole * 10u64.pow(u32::from(fraction)) + digits(part)?)
}

fn write_time(value: u64, comma: bool, fraction: u8, out: &mut Vec<u8>) {
    let scale = 10u64.saturating_pow(u32::from(fraction));
    let whole = value / scale;
    let [minutes, seconds] = [whole / 60 % 60, whole % 60].map(pair);
    match whole / 3600 {
        hours @ ..100 => out.extend_from_slice(&pair(hours)),
        hours => put_digits(hours, 2, out),
    }
    out.extend_from_slice(&[b':', minutes[0], minutes[1], b':', seconds[0], seconds[1]]);
    if fraction > 0 {
        out.push(if comma { b',' } else { b'.' });
        put_digits(value % scale, usize::from(fraction), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formats_are_recognised() {
        let cases: [(&str, Format); 9] = [
            ("15", Format::Integer { width: 1 }),
            ("0", Format::Integer { width: 1 }),
            ("007", Format::Integer { width: 3 }),
            ("1.250", Format::Decimal { fraction: 3 }),
            (
                "15:16:01",
                Format::Time {
                    comma: false,
                    fraction: 0,
                },
            ),
            (
                "18:01:47,978",
                Format::Time {
                    comma: true,
                    fraction: 3,
                },
            ),
            ("1.2.3.4", Format::Text),
            ("99999999999999999999", Format::Text),
            ("12:60:00", Format::Text),
        ];
        for (text, format) in cases {
            assert_eq!(Format::of(text.as_bytes()), format, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_parsed_is_written_back(text in "[0-9:.,]{0,14}", like in "[0-9]{1,3}[.:,]?[0-9]{0,2}[:,.]?[0-9]{0,4}") {
            for format in [Format::of(like.as_bytes()), Format::of(text.as_bytes())] {
                prop_assert_eq!(Format::from_bytes(format.to_bytes()), Some(format));
                for text in [&text, &like] {
                    if let Some(value) = format.parse(text.as_bytes()) {
                        let mut out = Vec::new();
                        format.write(value, &mut out);
                        prop_assert_eq!(out, text.as_bytes());
                    }
                }
            }
        }

        #[test]
        fn any_number_can_be_written(value in any::<u64>(), kind in 0u8..5, detail in any::<u8>()) {
            if let Some(format) = Format::from_bytes([kind, detail]) {
                format.write(value, &mut Vec::new());
            }
        }
    }
}
