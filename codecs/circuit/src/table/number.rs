//! Cells that are numbers with something around them, or digits in fixed places.

use std::collections::BTreeMap;

/// Most digits of a number that is read; a longer one is text.
const MOST_DIGITS: usize = 18;
/// Longest cell whose digits may be in fixed places.
const LONGEST_CELL: usize = 40;
/// Largest number that digits in fixed places may make.
const LARGEST: u64 = 1 << 62;
/// Cells that a format is guessed from.
const SAMPLED: usize = 2000;

/// How cells are numbers. Reading is strict: what is read is written back the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// A decimal number, without leading zeros or a plus.
    Decimal {
        /// What stands before it, and before its sign.
        prefix: Vec<u8>,
        /// What stands behind it.
        suffix: Vec<u8>,
        /// Digits behind the point, at most; the number counts units of the last one.
        decimals: u8,
        /// Digits behind the point, at least: zeros at the end beyond these are not written.
        least: u8,
    },
    /// Groups of digits of fixed width, as in times and numbered names.
    Groups {
        groups: Vec<Group>,
        /// What stands behind the last group.
        suffix: Vec<u8>,
        /// The groups by what they count for, the highest first.
        order: Vec<u8>,
    },
}

/// Digits of a fixed width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// What stands before.
    pub(super) before: Vec<u8>,
    /// Number of digits, 1 to 18.
    pub(super) width: u8,
    /// What the digits stay below.
    pub(super) base: u64,
}

impl Format {
    /// The formats that most of the cells may have.
    pub(super) fn guess<'c>(cells: impl ExactSizeIterator<Item = &'c [u8]>) -> Vec<Format> {
        let step = (cells.len() / SAMPLED).max(1);
        let sample: Vec<&[u8]> = cells
            .step_by(step)
            .filter(|cell| !cell.is_empty())
            .collect();
        let decimal = decimal_of(&sample).into_iter();
        let guesses = decimal.chain(groups_of(&sample));
        guesses
            .filter(|format| {
                let read = sample
                    .iter()
                    .filter(|cell| format.read(cell).is_some())
                    .count();
                read * 10 >= sample.len() * 9 && read > 0
            })
            .collect()
    }

    /// The number in a cell, if writing it gives the cell back.
    pub(super) fn read(&self, cell: &[u8]) -> Option<i64> {
        let value = match self {
            Format::Decimal {
                prefix,
                suffix,
                decimals,
                ..
            } => {
                let number = cell.strip_prefix(&prefix[..])?.strip_suffix(&suffix[..])?;
                read_decimal(number, usize::from(*decimals))?
            }
            Format::Groups {
                groups,
                suffix,
                order,
            } => {
                let mut rest = cell;
                let mut values = [0u64; LONGEST_CELL];
                for (group, value) in groups.iter().zip(&mut values) {
                    rest = rest.strip_prefix(&group.before[..])?;
                    let (digits, behind) = rest.split_at_checked(usize::from(group.width))?;
                    *value = digits_value(digits).filter(|value| *value < group.base)?;
                    rest = behind;
                }
                if rest != suffix {
                    return None;
                }
                let mut number = 0u64;
                for &place in order {
                    let group = groups.get(usize::from(place))?;
                    number = number
                        .checked_mul(group.base)?
                        .checked_add(values[usize::from(place)])?;
                }
                i64::try_from(number).ok()?
            }
        };
        let mut written = Vec::with_capacity(cell.len());
        (self.write(value, &mut written) && written == cell).then_some(value)
    }

    /// Appends the cell of a number; `false` if it has none.
    pub(super) fn write(&self, value: i64, out: &mut Vec<u8>) -> bool {
        match self {
            Format::Decimal {
                prefix,
                suffix,
                decimals,
                least,
            } => {
                out.extend_from_slice(prefix);
                if value < 0 {
                    out.push(b'-');
                }
                let digits = value.unsigned_abs().to_string();
                let decimals = usize::from(*decimals);
                let digits = format!("{digits:0>width$}", width = decimals + 1);
                let (whole, fraction) = digits.split_at(digits.len() - decimals);
                let least = usize::from(*least).min(decimals);
                let kept = fraction.trim_end_matches('0').len().max(least);
                out.extend_from_slice(whole.as_bytes());
                if kept > 0 {
                    out.push(b'.');
                    out.extend_from_slice(fraction.get(..kept).unwrap_or(fraction).as_bytes());
                }
                out.extend_from_slice(suffix);
                true
            }
            Format::Groups {
                groups,
                suffix,
                order,
            } => {
                let Ok(mut number) = u64::try_from(value) else {
                    return false;
                };
                let mut values = [0u64; LONGEST_CELL];
                for &place in order.iter().rev() {
                    let Some(group) = groups.get(usize::from(place)) else {
                        return false;
                    };
                    if let Some(value) = values.get_mut(usize::from(place)) {
                        *value = number % group.base.max(1);
                    }
                    number /= group.base.max(1);
                }
                for (group, value) in groups.iter().zip(values) {
                    out.extend_from_slice(&group.before);
                    out.extend(
                        format!("{value:0width$}", width = usize::from(group.width)).bytes(),
                    );
                }
                out.extend_from_slice(suffix);
                number == 0
            }
        }
    }

    /// Whether cells are nothing but numbers, rather than numbered names.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Format::Decimal { prefix, suffix, .. } if prefix.is_empty() && suffix.is_empty())
    }

    /// Whether the parts fit each other, as they do in a format that was guessed.
    pub(super) fn is_valid(&self) -> bool {
        match self {
            Format::Decimal {
                decimals, least, ..
            } => usize::from(*decimals) <= MOST_DIGITS && least <= decimals,
            Format::Groups { groups, order, .. } => {
                let product = groups.iter().try_fold(1u64, |product, group| {
                    let is_valid = (1..=MOST_DIGITS).contains(&usize::from(group.width))
                        && group.base > 0
                        && group.base <= 10u64.pow(u32::from(group.width));
                    product.checked_mul(group.base).filter(|_| is_valid)
                });
                let mut places = order.clone();
                places.sort_unstable();
                let is_order = places.iter().copied().eq(0..groups.len() as u8);
                groups.len() <= LONGEST_CELL
                    && is_order
                    && product.is_some_and(|all| all <= LARGEST)
            }
        }
    }
}

fn digits_value(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

fn read_decimal(number: &[u8], decimals: usize) -> Option<i64> {
    let (is_negative, number) = match number.strip_prefix(b"-") {
        Some(number) => (true, number),
        None => (false, number),
    };
    let point = number.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&number[..at], &number[at + 1..]),
        None => (number, &[][..]),
    };
    if whole.is_empty() || fraction.len() > decimals || whole.len() + decimals > MOST_DIGITS {
        return None;
    }
    let scale = 10u64.pow((decimals - fraction.len()) as u32);
    let value = digits_value(whole)?
        .checked_mul(10u64.pow(fraction.len() as u32))?
        .checked_add(digits_value(fraction)?)?
        .checked_mul(scale)?;
    let value = i64::try_from(value).ok()?;
    Some(if is_negative { -value } else { value })
}

/// The commonest surroundings of numbers, and how many digits follow the point.
fn decimal_of(sample: &[&[u8]]) -> Option<Format> {
    let mut surroundings = BTreeMap::<_, Vec<&[u8]>>::new();
    for cell in sample {
        let Some(first) = cell.iter().position(u8::is_ascii_digit) else {
            continue;
        };
        let last = cell.iter().rposition(u8::is_ascii_digit).unwrap_or(first);
        let mut start = first;
        // A hyphen behind a name is none of the number's.
        let is_sign = |at: usize| at == 0 || !cell[at - 1].is_ascii_alphanumeric();
        if first > 0 && cell[first - 1] == b'-' && is_sign(first - 1) {
            start = first - 1;
        }
        let key = (&cell[..start], &cell[last + 1..]);
        surroundings
            .entry(key)
            .or_default()
            .push(&cell[start..=last]);
    }
    let ((prefix, suffix), numbers) = surroundings
        .into_iter()
        .max_by_key(|(_, cells)| cells.len())?;
    let fraction = |number: &[u8]| {
        let point = number.iter().position(|byte| *byte == b'.');
        point.map_or(0, |at| number.len() - at - 1)
    };
    let lens: Vec<usize> = numbers.iter().map(|number| fraction(number)).collect();
    let (most, fewest) = (*lens.iter().max()?, *lens.iter().min()?);
    let is_trimmed = most > fewest
        && numbers
            .iter()
            .zip(&lens)
            .all(|(number, len)| *len == fewest || !number.ends_with(b"0"));
    let (decimals, least) = if is_trimmed {
        (most, fewest)
    } else {
        let usual =
            (0..=most).max_by_key(|len| lens.iter().filter(|other| *other == len).count())?;
        (usual, usual)
    };
    let format = Format::Decimal {
        prefix: prefix.to_vec(),
        suffix: suffix.to_vec(),
        decimals: u8::try_from(decimals).ok()?,
        least: u8::try_from(least).ok()?,
    };
    format.is_valid().then_some(format)
}

/// The commonest places of digits.
fn groups_of(sample: &[&[u8]]) -> Vec<Format> {
    let mut patterns: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for cell in sample.iter().filter(|cell| cell.len() <= LONGEST_CELL) {
        let pattern = cell
            .iter()
            .map(|byte| if byte.is_ascii_digit() { b'0' } else { *byte });
        *patterns.entry(pattern.collect()).or_insert(0) += 1;
    }
    let Some((pattern, _)) = patterns.into_iter().max_by_key(|(_, count)| *count) else {
        return Vec::new();
    };
    let mut groups: Vec<Group> = Vec::new();
    let mut before = Vec::new();
    let mut is_open = false;
    for byte in pattern {
        match groups.last_mut() {
            Some(group) if byte == b'0' && is_open => group.width += 1,
            _ if byte == b'0' => {
                is_open = true;
                let before = std::mem::take(&mut before);
                groups.push(Group {
                    before,
                    width: 1,
                    base: 10,
                });
            }
            _ => {
                is_open = false;
                before.push(byte);
            }
        }
    }
    if groups.is_empty()
        || groups
            .iter()
            .any(|group| usize::from(group.width) > MOST_DIGITS)
    {
        return Vec::new();
    }
    for group in &mut groups {
        group.base = 10u64.pow(u32::from(group.width));
    }
    let identity: Vec<u8> = (0..groups.len() as u8).collect();
    let mut format = Format::Groups {
        groups,
        suffix: before,
        order: identity,
    };
    clock_bases(&mut format, sample);
    orders(&format)
        .into_iter()
        .filter(Format::is_valid)
        .collect()
}

/// Lowers the bases of groups that look like hours, minutes and seconds.
fn clock_bases(format: &mut Format, sample: &[&[u8]]) {
    let Format::Groups { groups, suffix, .. } = format else {
        return;
    };
    let mut most = vec![0u64; groups.len()];
    for cell in sample {
        let mut rest = *cell;
        let mut values = Vec::with_capacity(groups.len());
        for group in groups.iter() {
            let behind = rest.strip_prefix(&group.before[..]);
            let parts = behind.and_then(|behind| behind.split_at_checked(usize::from(group.width)));
            let Some((value, behind)) =
                parts.and_then(|(digits, behind)| Some((digits_value(digits)?, behind)))
            else {
                break;
            };
            values.push(value);
            rest = behind;
        }
        if values.len() == groups.len() && rest == &suffix[..] {
            most.iter_mut()
                .zip(values)
                .for_each(|(most, value)| *most = value.max(*most));
        }
    }
    let is_behind_colon: Vec<bool> = groups.iter().map(|group| group.before == b":").collect();
    let mut narrow = Vec::new();
    for (place, (group, most)) in groups.iter_mut().zip(most).enumerate() {
        let is_hour = is_behind_colon.get(place + 1) == Some(&true);
        group.base = match (group.width, is_behind_colon[place]) {
            (2, true) if most < 60 => 60,
            (2, false) if is_hour && most < 24 => 24,
            _ => group.base,
        };
        narrow.push((most + 1).next_power_of_two().min(group.base));
    }
    let product = groups
        .iter()
        .try_fold(1u64, |product, group| product.checked_mul(group.base));
    if product.is_none_or(|product| product > LARGEST) {
        // Of months, days and the like, at the risk of later ones that are text.
        let pairs = groups.iter_mut().zip(narrow);
        pairs
            .filter(|(group, _)| group.width == 2)
            .for_each(|(group, base)| group.base = base);
    }
}

/// The format with other orders, where its first three groups may be a date.
fn orders(format: &Format) -> Vec<Format> {
    let mut formats = vec![format.clone()];
    if let Format::Groups {
        groups,
        suffix,
        order,
    } = format
        && groups.len() >= 3
    {
        for date in [[2, 1, 0], [2, 0, 1]] {
            let mut order = order.clone();
            order[..3].copy_from_slice(&date);
            formats.push(Format::Groups {
                groups: groups.clone(),
                suffix: suffix.clone(),
                order,
            });
        }
    }
    formats
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn guess(cells: &[&str]) -> Vec<Format> {
        Format::guess(cells.iter().map(|cell| cell.as_bytes()))
    }

    fn read_all(format: &Format, cells: &[&str]) -> Vec<Option<i64>> {
        let cells = cells.iter().map(|cell| format.read(cell.as_bytes()));
        cells.collect()
    }

    #[test]
    fn numbers_are_read_with_what_is_around_them() {
        for (cells, numbers) in [
            (["7", "-12", "0", "90"], [7, -12, 0, 90]),
            (["1.50", "-0.05", "20.00", "0.00"], [150, -5, 2000, 0]),
            (["0.5", "1.25", "3", "-7.125"], [500, 1250, 3000, -7125]),
            (["$1.5", "$-2.0", "$3.5", "$10.0"], [15, -20, 35, 100]),
            (["node-2", "node-10", "node-0", "node-7"], [2, 10, 0, 7]),
            (["\"5 %\"", "\"6 %\"", "\"70 %\"", "\"0 %\""], [5, 6, 70, 0]),
        ] {
            let format = guess(&cells).remove(0);
            assert_eq!(read_all(&format, &cells), numbers.map(Some), "{cells:?}");
        }
    }

    #[test]
    fn what_would_not_be_written_again_is_no_number() {
        let format = guess(&["1.5", "2.5", "3.0"]).remove(0);
        for cell in [
            "",
            "-0.0",
            "01.5",
            "+1.5",
            "1.50",
            "1",
            "1.5e3",
            "NaN",
            "1,5",
            " 1.5",
            "9999999999999999999.5",
        ] {
            assert_eq!(format.read(cell.as_bytes()), None, "{cell}");
        }
    }

    #[test]
    fn seconds_follow_each_other_over_the_hour() {
        let cells = [
            "2031-04-05 09:59:59.5Z",
            "2031-04-05 10:00:00.0Z",
            "2031-04-05 10:00:00.5Z",
        ];
        let format = guess(&cells).remove(0);
        let numbers = read_all(&format, &cells);
        assert_eq!(numbers[1].unwrap() - numbers[0].unwrap(), 5);
        assert_eq!(numbers[2].unwrap() - numbers[1].unwrap(), 5);
        assert_eq!(format.read(b"2031-04-05 10:60:00.0Z"), None);
    }

    #[test]
    fn a_date_may_begin_with_its_day() {
        let cells = ["28/01/2031", "01/02/2031", "02/02/2031"];
        let formats = guess(&cells);
        assert!(
            formats
                .iter()
                .any(|format| read_all(format, &cells).is_sorted())
        );
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(
            cells in prop::collection::vec("[a-]{0,2}[0-9]{0,3}[.:]?[0-9]{0,3}", 1..6),
            others in prop::collection::vec("[a-]{0,2}-?[0-9]{0,20}[.:]?[0-9]{0,4}", 0..20),
            number in any::<i64>(),
        ) {
            let sample: Vec<&[u8]> = cells.iter().map(|cell| cell.as_bytes()).collect();
            for format in Format::guess(sample.iter().copied()) {
                prop_assert!(format.is_valid());
                for cell in cells.iter().chain(&others) {
                    if let Some(number) = format.read(cell.as_bytes()) {
                        let mut written = Vec::new();
                        prop_assert!(format.write(number, &mut written));
                        prop_assert_eq!(&written[..], cell.as_bytes());
                    }
                }
                let _ = format.write(number, &mut Vec::new());
            }
        }
    }
}
