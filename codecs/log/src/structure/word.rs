//! Words of a message: where they end, and which of them are values as a whole.

/// Composed values are looked at so far, in bytes.
pub(crate) const LONGEST_QUOTE: usize = 512;
/// Messages are looked at so far, in bytes.
pub(crate) const LONGEST_MESSAGE: usize = 8192;

pub(crate) fn is_blank(byte: u8) -> bool {
    byte <= b' '
}

pub(crate) fn next_visible(message: &[u8], at: usize) -> Option<usize> {
    let rest = message.get(at..)?;
    rest.iter()
        .position(|byte| !is_blank(*byte))
        .map(|skipped| at + skipped)
}

pub(crate) fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Whether the byte at `at` is the sign in a bound such as `<1`.
pub(crate) fn is_bound_sign(message: &[u8], at: usize) -> bool {
    let Some([b'<' | b'>', b'0'..=b'9', ..]) = message.get(at..) else {
        return false;
    };
    let rest = message.get(at + 1..).unwrap_or_default();
    let after = rest
        .iter()
        .find(|byte| !byte.is_ascii_digit() && **byte != b'.');
    after.is_none_or(|byte| is_blank(*byte))
}

/// Where the group that the bracket at `open` begins ends, past its closing bracket.
pub(crate) fn group_end(message: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in message.iter().enumerate().skip(open).take(LONGEST_QUOTE) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// Where the word that begins at `start` ends; `start` itself when a separator stands there.
pub(crate) fn word_end(message: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut seen_digit_or_dot = false;
    let mut seen_slash = false;
    let mut in_query = false;
    while let Some(&byte) = message.get(at) {
        match CLASSES.get(usize::from(byte)) {
            Some(Class::Inner) => {}
            Some(Class::DigitOrDot) => seen_digit_or_dot = true,
            Some(Class::Blank) | None => break,
            Some(Class::Bracket) if in_query && matches!(byte, b'[' | b']') => {}
            Some(Class::Bracket) => break,
            Some(Class::Sometimes) => match byte {
                b'/' => seen_slash = true,
                b'?' => in_query |= seen_slash,
                _ if in_query => {}
                b',' if is_between_digits(message, at) => {}
                b':' if colon_is_inside(message, start, at, seen_digit_or_dot) => {}
                _ => break,
            },
        }
        at += 1;
    }
    at
}

/// What a byte does to the word it is met in.
#[derive(Clone, Copy)]
enum Class {
    /// Goes on with it.
    Inner,
    /// Goes on with it, and lets a colon be inside.
    DigitOrDot,
    Blank,
    /// Ends it, but for square brackets in the query of a link.
    Bracket,
    /// Depends on what is around.
    Sometimes,
}

static CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Inner; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            0..=b' ' => Class::Blank,
            b'0'..=b'9' | b'.' => Class::DigitOrDot,
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b'"' | b'\'' => Class::Bracket,
            b'=' | b';' | b'|' | b',' | b':' | b'/' | b'?' => Class::Sometimes,
            _ => Class::Inner,
        };
        byte += 1;
    }
    classes
}

fn is_between_digits(message: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| message.get(before));
    let after = message.get(at + 1..).unwrap_or_default();
    before.is_some_and(u8::is_ascii_digit)
        && matches!(after, [b'0'..=b'9', ..] | [b'+' | b'-', b'0'..=b'9', ..])
}

/// Whether the colon at `at` belongs to the word from `start`: times, addresses with ports, scopes, links, drives.
fn colon_is_inside(message: &[u8], start: usize, at: usize, seen_digit_or_dot: bool) -> bool {
    let before = if at > start {
        message.get(at - 1).copied()
    } else {
        None
    };
    match (before, message.get(at + 1).copied()) {
        (_, Some(b':')) | (Some(b':'), Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z')) => true,
        (Some(_), Some(b'/')) => message.get(at + 2) == Some(&b'/'),
        (Some(before), Some(b'\\')) => before.is_ascii_alphabetic() && at == start + 1,
        (Some(before), Some(b'0'..=b'9')) => seen_digit_or_dot && is_alphanumeric(before),
        (Some(before), Some(after)) => {
            seen_digit_or_dot
                && before.is_ascii_hexdigit()
                && after.is_ascii_hexdigit()
                && is_hex_group(message, at + 1)
        }
        _ => false,
    }
}

/// Whether up to four hexadecimal digits stand at `at`, as in hardware and version 6 addresses.
fn is_hex_group(message: &[u8], at: usize) -> bool {
    let rest = message.get(at..).unwrap_or_default();
    let digits = rest
        .iter()
        .take(5)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    (1..=4).contains(&digits) && rest.get(digits).is_none_or(|byte| !is_alphanumeric(*byte))
}

/// Words that are one value: links, paths, host names with ports, mail addresses, long hexadecimal strings.
pub(crate) fn is_value_as_a_whole(word: &[u8]) -> bool {
    if word.iter().all(u8::is_ascii_alphabetic) {
        return word.len() >= LONG_HEXADECIMAL && word.iter().all(u8::is_ascii_hexdigit);
    }
    let count = |wanted: u8| word.iter().filter(|byte| **byte == wanted).count();
    let dots = count(b'.');
    is_path(word, count(b'/'), dots)
        || is_hexadecimal_with_signs(word)
        || match count(b'\\') {
            0 => false,
            1 => word.get(1) == Some(&b':'),
            _ => true,
        }
        || (dots > 0 && (is_mail(word) || is_host_with_port(word)))
}

/// Letters of a hexadecimal number are many before they are no word.
const LONG_HEXADECIMAL: usize = 8;

fn is_path(word: &[u8], slashes: usize, dots: usize) -> bool {
    let is_rooted = || word.starts_with(b"/") || word.starts_with(b"./") || word.starts_with(b"~/");
    slashes > 0
        && word.iter().any(|byte| is_alphanumeric(*byte))
        && (slashes >= 2 || dots >= 2 || is_rooted())
}

/// Whether hexadecimal digits, at least one of them decimal, stand alone or between dashes or colons.
fn is_hexadecimal_with_signs(word: &[u8]) -> bool {
    word.len() >= LONG_HEXADECIMAL
        && word
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b':'))
        && word.iter().any(u8::is_ascii_digit)
}

fn is_mail(word: &[u8]) -> bool {
    !word.starts_with(b"@") && word.iter().filter(|byte| **byte == b'@').count() == 1
}

fn is_host_with_port(word: &[u8]) -> bool {
    let Some(colon) = word.iter().position(|byte| *byte == b':') else {
        return false;
    };
    let (host, port) = (
        word.get(..colon).unwrap_or_default(),
        word.get(colon + 1..).unwrap_or_default(),
    );
    (1..=5).contains(&port.len())
        && port.iter().all(u8::is_ascii_digit)
        && host
            .iter()
            .all(|byte| is_alphanumeric(*byte) || matches!(byte, b'.' | b'-' | b'_'))
}

/// Runs of letters and digits that are values with their letters: hexadecimal numbers and random names.
pub(crate) fn is_value_run(run: &[u8]) -> bool {
    if run.len() > 2 && (run.starts_with(b"0x") || run.starts_with(b"0X")) {
        return true;
    }
    if !run.iter().any(u8::is_ascii_digit) {
        return false;
    }
    let hexadecimal = run.iter().all(u8::is_ascii_hexdigit);
    if hexadecimal && (run.len() >= 4 || run.iter().all(u8::is_ascii_digit)) {
        return true;
    }
    let changes = run
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if a.is_ascii_digit() != b.is_ascii_digit()))
        .count();
    changes >= 3
}

/// Names whose number is a part of what is said.
pub(crate) fn is_protocol_version(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"ipv4") || word.eq_ignore_ascii_case(b"ipv6")
}

/// Units of time and of data, which a number drags along.
pub(crate) fn is_unit(word: &[u8]) -> bool {
    let word = word.strip_suffix(b".").unwrap_or(word);
    let mut lower = [0; 12];
    let Some(lower) = lower.get_mut(..word.len()) else {
        return false;
    };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    matches!(
        &*lower,
        b"ns"
            | b"us"
            | b"ms"
            | b"s"
            | b"sec"
            | b"secs"
            | b"second"
            | b"seconds"
            | b"min"
            | b"mins"
            | b"minute"
            | b"minutes"
            | b"h"
            | b"hour"
            | b"hours"
            | b"day"
            | b"days"
            | b"millis"
            | b"millisecond"
            | b"milliseconds"
            | b"microsecond"
            | b"microseconds"
            | b"b"
            | b"byte"
            | b"bytes"
            | b"kb"
            | b"mb"
            | b"gb"
            | b"tb"
            | b"pb"
            | b"kib"
            | b"mib"
            | b"gib"
            | b"tib"
            | b"bits"
    )
}

/// Where a quantity in brackets ends, given where its number ends: past a unit and the closing bracket.
pub(crate) fn restatement_end(message: &[u8], number_end: usize) -> Option<usize> {
    let unit = next_visible(message, number_end)?;
    let end = word_end(message, unit);
    let is_closed = message.get(end) == Some(&b')');
    (is_closed && is_unit(message.get(unit..end)?)).then_some(end + 1)
}

/// Keys of fields that hold the message itself.
pub(crate) fn is_message_key(key: &[u8]) -> bool {
    const KEYS: [&str; 8] = [
        "msg",
        "message",
        "event",
        "error",
        "err",
        "log",
        "text",
        "short_message",
    ];
    KEYS.iter()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(key))
}

/// Punctuation that a quoted text may follow.
pub(crate) fn is_before_quote(text: &[u8]) -> bool {
    matches!(text, [b':' | b',' | b'=' | b'(' | b'[' | b'{'])
}

/// The text up to the quote that closes it; that quote is not escaped, and no word goes on behind it.
pub(crate) fn quoted(text: &[u8]) -> Option<&[u8]> {
    let mut is_escaped = false;
    let end = text.iter().take(LONGEST_MESSAGE).position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    })?;
    let goes_on = text.get(end + 1).is_some_and(|byte| is_alphanumeric(*byte));
    if goes_on { None } else { text.get(..end) }
}

/// Whether a quoted text is a value: a phrase, unless it is a request such as `GET /path HTTP/1.1`, or nothing.
pub(crate) fn is_value_in_quotes(text: &[u8]) -> bool {
    let Some(blank) = text.iter().position(|byte| is_blank(*byte)) else {
        return text.is_empty() || text == b"-";
    };
    let (first, rest) = text.split_at(blank);
    let is_request = first.iter().all(u8::is_ascii_uppercase) && rest.contains(&b'/');
    !is_request
}

/// Words that go on with the sentence where a name could have stood.
pub(crate) fn is_joining_word(word: &[u8]) -> bool {
    const JOINING: [&str; 16] = [
        "from", "by", "on", "at", "is", "in", "to", "not", "for", "has", "was", "with", "and",
        "or", "as", "of",
    ];
    !word.first().is_some_and(|byte| is_alphanumeric(*byte))
        || JOINING.iter().any(|joining| joining.as_bytes() == word)
}
