//! Words of Nexus files (Maddison, Swofford & Maddison 1997): comments, quotation, punctuation.

use codec_core::Result;

use crate::text::Place;

/// A word or a mark of punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    quoted: bool,
    place: Place,
}

impl Token {
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The word in capitals, if it can be a command; quoted words cannot.
    pub(crate) fn upper(&self) -> String {
        if self.quoted {
            String::new()
        } else {
            self.text.to_ascii_uppercase()
        }
    }

    /// Whether this is the punctuation `mark`.
    pub(crate) fn is(&self, mark: &str) -> bool {
        !self.quoted && self.text == mark
    }
}

/// The words of a file, comments left out.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Tokens<'a> {
    /// The words after `#NEXUS`.
    pub(crate) fn new(text: &'a str) -> Result<Self> {
        let body = text.trim_start_matches('\u{feff}').trim_start();
        let at = text.len() - body.len();
        let mut tokens = Tokens {
            text,
            at: 0,
            line: 1,
        };
        tokens.advance(at);
        if !body
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case("#NEXUS"))
        {
            return Err(tokens.place().error("expected #NEXUS"));
        }
        tokens.advance(6);
        Ok(tokens)
    }

    /// Where the next word is looked for.
    pub(crate) fn place(&self) -> Place {
        Place {
            line: self.line,
            at: self.at,
        }
    }

    /// The next word, which must be there: `expected` says what it would be.
    pub(crate) fn word(&mut self, expected: &str) -> Result<Token> {
        let found = self.next()?;
        found.ok_or_else(|| {
            self.place()
                .error(format!("expected {expected}, the text ends"))
        })
    }

    /// Goes on behind the next `;`.
    pub(crate) fn skip_command(&mut self) -> Result<()> {
        while !self.word("; at the end of the command")?.is(";") {}
        Ok(())
    }

    /// The next word, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Token>> {
        self.skip_blank()?;
        let place = self.place();
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else {
            return Ok(None);
        };
        let (text, len, quoted) = match first {
            '\'' => {
                let (text, len) = unquoted(rest)
                    .ok_or_else(|| place.error("a quotation mark ' is not closed"))?;
                (text, len, true)
            }
            ';' | '=' | ',' | ':' | '(' | ')' => (first.to_string(), 1, false),
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || ";=,:()['".contains(c));
                // An underscore stands for a space in unquoted words, but tools seldom do so: it is
                // kept, and a name with a space is written in quotation marks.
                let word = &rest[..end.unwrap_or(rest.len())];
                (word.to_owned(), word.len(), false)
            }
        };
        self.advance(len);
        Ok(Some(Token {
            text,
            quoted,
            place,
        }))
    }

    fn skip_blank(&mut self) -> Result<()> {
        loop {
            let rest = &self.text[self.at..];
            let blank = rest.len() - rest.trim_start().len();
            self.advance(blank);
            let rest = &self.text[self.at..];
            if !rest.starts_with('[') {
                return Ok(());
            }
            let end = rest
                .find(']')
                .ok_or_else(|| self.place().error("a comment [ is not closed"))?;
            self.advance(end + 1);
        }
    }

    fn advance(&mut self, bytes: usize) {
        let passed = &self.text[self.at..self.at + bytes];
        self.line += passed.bytes().filter(|byte| *byte == b'\n').count();
        self.at += bytes;
    }
}

/// A name as Nexus and Newick write it: in quotation marks where it has anything but letters,
/// digits and `_-.`.
pub(crate) fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "''"))
    }
}

/// The name in the quotation marks that `text` starts with, and its length in the text.
pub(crate) fn unquoted(text: &str) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut at = 1;
    loop {
        let end = at + text.get(at..)?.find('\'')?;
        name.push_str(&text[at..end]);
        at = end + 1;
        if !text[at..].starts_with('\'') {
            return Some((name, at));
        }
        name.push('\'');
        at += 1;
    }
}
