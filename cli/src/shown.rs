//! Text from outside, made safe to print: file names and what damaged files say can hold escape
//! sequences that a terminal would obey.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// `text` with control characters and direction overrides written as escapes.
pub(crate) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_deceptive(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// A file name, with bytes that are no UTF-8 written as `\xNN`.
pub(crate) fn path(path: &Path) -> String {
    let mut out = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        out.push_str(&safe(chunk.valid()));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

/// A file name as an argument that can be pasted into a shell.
pub(crate) fn argument(file: &Path) -> String {
    let plain = path(file);
    let harmless = |c: char| c.is_alphanumeric() || "_-./+=:,@%".contains(c);
    if !plain.is_empty() && !plain.starts_with('-') && plain.chars().all(harmless) {
        plain
    } else {
        format!("'{}'", plain.replace('\'', "'\\''"))
    }
}

/// Whether a character acts on a terminal, or hides or reorders its neighbours, when printed.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn escape_sequences_and_direction_overrides_do_not_reach_the_terminal() {
        assert_eq!(safe("a\x1b[31mb\n"), "a\\u{1b}[31mb\\u{a}");
        assert_eq!(safe("cod\u{202e}cdc.exe"), "cod\\u{202e}cdc.exe");
        assert_eq!(
            path(Path::new(OsStr::from_bytes(b"x\xff\x07"))),
            "x\\xff\\u{7}"
        );
        assert_eq!(safe("größe 東京.txt"), "größe 東京.txt");
    }

    #[test]
    fn arguments_with_blanks_or_quotes_are_quoted() {
        assert_eq!(argument(Path::new("a/b.txt")), "a/b.txt");
        assert_eq!(argument(Path::new("a b")), "'a b'");
        assert_eq!(argument(Path::new("it's")), "'it'\\''s'");
    }
}
