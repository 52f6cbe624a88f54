//! Tokens of a line: the words and numbers between its delimiters.

/// Lines longer than this are not looked into.
pub(super) const LONGEST_LINE: usize = 64 << 10;
/// Longest quoted text that is looked at as a whole, in bytes.
const LONGEST_QUOTE: usize = 512;

/// A run of word characters, or another text that belongs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Whether it is taken as a value rather than as text of the template.
    pub(super) variable: bool,
}

/// A token in eight bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed(u32, u32);

impl Packed {
    pub(super) fn new(token: Token) -> Self {
        Self(token.start, token.end << 1 | u32::from(token.variable))
    }

    pub(super) fn token(self) -> Token {
        Token {
            start: self.0,
            end: self.1 >> 1,
            variable: self.1 & 1 == 1,
        }
    }
}

impl Token {
    #[inline]
    pub(super) fn of<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        line.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

/// A line's tokens, and how many of them stand before the message.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    pub(super) all: Vec<Token>,
    /// Number of tokens of the header: those before the first word that is no part of a date.
    pub(super) header: usize,
}

const DELIMITER: u8 = 0;
const WORD: u8 = 1;
const DIGIT: u8 = 2;
const QUOTE: u8 = 3;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [DELIMITER; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        if value.is_ascii_digit() {
            classes[byte] = DIGIT;
        } else if value.is_ascii_alphabetic()
            || value >= 128
            || matches!(value, b'_' | b'.' | b'-' | b'/' | b'@')
        {
            classes[byte] = WORD;
        } else if value == b'"' {
            classes[byte] = QUOTE;
        }
        byte += 1;
    }
    classes
}

impl Tokens {
    /// Finds the tokens of `line`, which should not be longer than [`LONGEST_LINE`].
    pub(super) fn find(&mut self, line: &[u8]) {
        self.all.clear();
        let mut in_header = true;
        self.header = 0;
        let mut at = 0;
        while let Some(&byte) = line.get(at) {
            let class = CLASS[usize::from(byte)];
            if class == DELIMITER {
                at += 1;
                continue;
            }
            let (mut token, next) = match class {
                QUOTE => match quoted(line, at) {
                    Quoted::Whole(token, next) => (token, next),
                    Quoted::Key(next) => {
                        at = next;
                        continue;
                    }
                    Quoted::No => {
                        at += 1;
                        continue;
                    }
                },
                _ => word(line, at),
            };
            at = next;
            if token.end <= token.start {
                continue;
            }
            if in_header {
                if token.variable || !token.of(line).iter().any(u8::is_ascii_alphabetic) {
                    self.header += 1;
                } else if is_calendar_word(token.of(line)) {
                    token.variable = true;
                    self.header += 1;
                } else {
                    in_header = false;
                }
            }
            self.all.push(token);
        }
    }

    /// Where the message begins, in bytes.
    pub(super) fn body_start(&self, line: &[u8]) -> usize {
        let first = self.all.get(self.header);
        first.map_or(line.len(), |token| token.start as usize)
    }
}

fn token(start: usize, end: usize, variable: bool) -> Token {
    Token {
        start: start as u32,
        end: end as u32,
        variable,
    }
}

#[inline]
fn is_digit(line: &[u8], at: usize) -> bool {
    line.get(at).is_some_and(u8::is_ascii_digit)
}

/// Length of `HH:MM:SS` and a fraction behind it, at `at`; 0 if there is no such thing.
#[inline]
fn time_len(line: &[u8], at: usize) -> usize {
    let Some(text) = line.get(at..at + 8) else {
        return 0;
    };
    let is_time = text.iter().enumerate().all(|(i, byte)| match i {
        2 | 5 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    if !is_time || is_digit(line, at + 8) {
        return 0;
    }
    if matches!(line.get(at + 8), Some(b'.' | b',')) {
        let digits = (9..18).take_while(|&i| is_digit(line, at + i)).count();
        if digits > 0 && !is_digit(line, at + 9 + digits) {
            return 9 + digits;
        }
    }
    8
}

/// The token at `start`, a word character, and where to go on.
#[inline]
fn word(line: &[u8], start: usize) -> (Token, usize) {
    let time = time_len(line, start);
    if time > 0 {
        return (token(start, start + time, true), start + time);
    }
    let mut digits = false;
    let mut at = start;
    while let Some(&byte) = line.get(at) {
        match CLASS[usize::from(byte)] {
            DIGIT => digits = true,
            // The T between an ISO 8601 date and its time; behind a letter it would be taken apart
            // from it, which searches rely on never to happen.
            WORD if byte == b'T'
                && at > start
                && line[at - 1].is_ascii_digit()
                && time_len(line, at + 1) > 0 =>
            {
                return (token(start, at, true), at + 1);
            }
            WORD => {}
            _ => break,
        }
        at += 1;
    }
    if is_address(line, start, at) {
        return address(line, start);
    }
    let mut end = at;
    while end > start && matches!(line[end - 1], b'.' | b'-') {
        end -= 1;
    }
    (token(start, end, digits), at.max(start + 1))
}

/// Whether a URL, or a path with a query, goes on at `at`.
#[inline]
fn is_address(line: &[u8], start: usize, at: usize) -> bool {
    match line.get(at) {
        Some(b':') => line.get(at + 1..at + 3) == Some(b"//"),
        Some(b'?') => line.get(start) == Some(&b'/'),
        _ => false,
    }
}

fn address(line: &[u8], start: usize) -> (Token, usize) {
    let rest = line.get(start..).unwrap_or_default();
    let len = rest
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>'))
        .unwrap_or(rest.len());
    let mut end = start + len;
    while end > start && matches!(line[end - 1], b'.' | b',' | b';' | b':' | b')' | b']') {
        end -= 1;
    }
    let digits = line[start..end].iter().any(u8::is_ascii_digit);
    (token(start, end, digits), start + len)
}

enum Quoted {
    /// The quoted text is one token.
    Whole(Token, usize),
    /// It is the name of a field; where to go on.
    Key(usize),
    /// The quotation mark is nothing special.
    No,
}

/// Judges the text in quotation marks at `at`: names of JSON fields stay text, requests and user
/// agents (anything with a product and its version, such as `HTTP/1.1`) are values as a whole.
#[inline]
fn quoted(line: &[u8], at: usize) -> Quoted {
    let start = at + 1;
    let window = line
        .get(start..line.len().min(start + LONGEST_QUOTE))
        .unwrap_or_default();
    let mut len = None;
    let mut is_product = false;
    let mut has_space = false;
    for (i, &byte) in window.iter().enumerate() {
        match byte {
            b'"' if i == 0 || window[i - 1] != b'\\' => {
                len = Some(i);
                break;
            }
            b' ' => has_space = true,
            b'/' if i > 0 => {
                is_product |= window[i - 1].is_ascii_alphabetic()
                    && window.get(i + 1).is_some_and(u8::is_ascii_digit);
            }
            _ => {}
        }
    }
    let Some(len) = len else {
        return Quoted::No;
    };
    if line.get(start + len + 1) == Some(&b':') {
        return Quoted::Key(start + len + 1);
    }
    if has_space && is_product {
        return Quoted::Whole(token(start, start + len, true), start + len + 1);
    }
    Quoted::No
}

/// Names of months and days of the week, as dates in headers have them.
fn is_calendar_word(word: &[u8]) -> bool {
    const WORDS: [&[u8; 3]; 19] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec", b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun",
    ];
    WORDS.iter().any(|known| word == known.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line with its values in brackets and the beginning of the message marked.
    fn shown(line: &str) -> String {
        let mut tokens = Tokens::default();
        tokens.find(line.as_bytes());
        let body = tokens.body_start(line.as_bytes());
        let mut shown = String::new();
        let mut at = 0;
        for token in tokens.all.iter().filter(|token| token.variable) {
            let (start, end) = (token.start as usize, token.end as usize);
            if (at..start).contains(&body) || (body == start && at <= body) {
                shown += &format!("{}|{}", &line[at..body], &line[body..start]);
            } else {
                shown += &line[at..start];
            }
            shown += &format!("<{}>", &line[start..end]);
            at = end;
        }
        if body >= at {
            shown + &line[at..body] + "|" + &line[body..]
        } else {
            shown + &line[at..]
        }
    }

    #[test]
    fn words_with_digits_are_values_and_the_date_is_the_header() {
        assert_eq!(
            shown("Jun 14 15:16:01 combo sshd(pam_unix)[19939]: rhost=218.188.2.4."),
            "<Jun> <14> <15:16:01> |combo sshd(pam_unix)[<19939>]: rhost=<218.188.2.4>."
        );
        assert_eq!(
            shown("2015-10-18 18:01:47,978 INFO [main] size 10"),
            "<2015-10-18> <18:01:47,978> |INFO [main] size <10>"
        );
        assert_eq!(
            shown("2022-08-18T06:56:44.818Z up"),
            "<2022-08-18>T<06:56:44.818>|Z up"
        );
    }

    #[test]
    fn requests_and_agents_are_values_and_names_of_fields_are_not() {
        assert_eq!(
            shown(r#"x "GET /a/b?c=1&d HTTP/1.1" 200 "Mozilla/5.0 (X11; a)""#),
            r#"|x "<GET /a/b?c=1&d HTTP/1.1>" <200> "<Mozilla/5.0 (X11; a)>""#
        );
        assert_eq!(shown(r#"{"a1":"b2","c":3}"#), r#"{"a1":"<b2>","c":<3>}|"#);
        assert_eq!(shown("see http://h/p?q=2, ok"), "|see <http://h/p?q=2>, ok");
    }

    #[test]
    fn any_bytes_have_tokens_in_order() {
        const KINDS: &[u8] = b"\"\"a1:/T.0 \\\xff\x00";
        let mut noise = 1u32;
        let bytes: Vec<u8> = (0..5000)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                KINDS[(noise as usize >> 16) % KINDS.len()]
            })
            .collect();
        let mut tokens = Tokens::default();
        tokens.find(&bytes);
        let mut at = 0;
        for token in &tokens.all {
            assert!(token.start >= at && token.end > token.start);
            at = token.end;
        }
        assert!(at as usize <= bytes.len());
    }
}
