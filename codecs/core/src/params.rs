//! Parameters: what a codec can be told, checked once, and written canonically into the stream.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Error, Result};

/// One parameter of a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParamSpec {
    /// The name used by `--set name=value` and in the stream's header.
    pub name: &'static str,
    /// One line for a person.
    pub doc: &'static str,
    /// Type, range and default.
    pub kind: ParamKind,
    /// Whether the decoder needs the value. Such a value is always written into the header; others
    /// only where they differ from the default.
    pub needed_to_decode: bool,
}

/// The type, range and default of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParamKind {
    /// A whole number, `min..=max`.
    Integer {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
        /// Value if not set.
        default: i64,
    },
    /// A number of bytes, written like `4MiB`, `64k` or `1000`. The default is chosen by the codec
    /// (by level, for example) and shown to people as `default`.
    Size {
        /// Smallest value in bytes.
        min: u64,
        /// Largest value in bytes.
        max: u64,
        /// What the default is, in words.
        default: &'static str,
    },
    /// A number with up to three digits after the point, kept in thousandths. There is no default.
    Decimal {
        /// Smallest value in thousandths.
        min: i64,
        /// Largest value in thousandths.
        max: i64,
    },
    /// `true` or `false`; `false` if not set.
    Flag,
    /// One of a list of words.
    Choice {
        /// The words.
        values: &'static [&'static str],
        /// Word if not set.
        default: &'static str,
    },
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// For [`ParamKind::Integer`].
    Integer(i64),
    /// For [`ParamKind::Size`], in bytes.
    Size(u64),
    /// For [`ParamKind::Decimal`], in thousandths.
    Decimal(i64),
    /// For [`ParamKind::Flag`].
    Flag(bool),
    /// For [`ParamKind::Choice`].
    Choice(&'static str),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(value) => write!(f, "{value}"),
            Value::Size(value) => write!(f, "{value}"),
            Value::Decimal(value) => {
                let sign = if *value < 0 { "-" } else { "" };
                let value = value.unsigned_abs();
                write!(f, "{sign}{}.{:03}", value / 1000, value % 1000)
            }
            Value::Flag(value) => write!(f, "{value}"),
            Value::Choice(value) => f.write_str(value),
        }
    }
}

/// Checked values for the parameters of one codec.
///
/// ```
/// use codec_core::{ParamKind, ParamSpec, Params};
/// const SPECS: &[ParamSpec] = &[ParamSpec {
///     name: "level",
///     doc: "effort",
///     kind: ParamKind::Integer { min: 1, max: 9, default: 6 },
///     needed_to_decode: false,
/// }];
/// let mut params = Params::defaults(SPECS);
/// assert_eq!(params.integer("level"), 6);
/// params.set("level", "9").unwrap();
/// assert_eq!(params.integer("level"), 9);
/// assert!(params.set("level", "10").is_err());
/// assert!(params.set("colour", "red").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    specs: &'static [ParamSpec],
    set: BTreeMap<&'static str, Value>,
}

impl Params {
    /// Every parameter of `specs` at its default.
    #[must_use]
    pub fn defaults(specs: &'static [ParamSpec]) -> Self {
        Params {
            specs,
            set: BTreeMap::new(),
        }
    }

    /// Sets the parameter `name` from text.
    ///
    /// # Errors
    /// [`Error::Usage`] if the codec has no such parameter or the value is out of its range.
    pub fn set(&mut self, name: &str, text: &str) -> Result<()> {
        let spec = self.spec(name)?;
        let value = parse(spec, text)?;
        self.set.insert(spec.name, value);
        Ok(())
    }

    /// Whether the codec has a parameter of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.specs.iter().any(|spec| spec.name == name)
    }

    /// The value of an integer parameter: as set, or its default; 0 if there is none of that name.
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        match self.set.get(name) {
            Some(Value::Integer(value)) => *value,
            _ => self
                .specs
                .iter()
                .find(|s| s.name == name)
                .map_or(0, |spec| match spec.kind {
                    ParamKind::Integer { default, .. } => default,
                    _ => 0,
                }),
        }
    }

    /// The value of a size parameter in bytes, or `None` if it was left to the codec.
    #[must_use]
    pub fn size(&self, name: &str) -> Option<u64> {
        match self.set.get(name) {
            Some(Value::Size(value)) => Some(*value),
            _ => None,
        }
    }

    /// The value of a decimal parameter, or `None` if it was not set.
    #[must_use]
    pub fn decimal(&self, name: &str) -> Option<f64> {
        match self.set.get(name) {
            Some(Value::Decimal(value)) => Some(*value as f64 / 1000.0),
            _ => None,
        }
    }

    /// The value of a flag; `false` if it was not set.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.set.get(name), Some(Value::Flag(true)))
    }

    /// The word of a choice: as set, or its default; empty if there is none of that name.
    #[must_use]
    pub fn choice(&self, name: &str) -> &'static str {
        match self.set.get(name) {
            Some(Value::Choice(word)) => word,
            _ => self
                .specs
                .iter()
                .find(|s| s.name == name)
                .map_or("", |spec| match spec.kind {
                    ParamKind::Choice { default, .. } => default,
                    _ => "",
                }),
        }
    }

    /// The `(name, value)` pairs that belong into a stream's header, in order of name.
    #[must_use]
    pub fn to_header(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for spec in self.specs {
            let default = default_value(spec);
            let value = self.set.get(spec.name).or(default.as_ref());
            let Some(value) = value else { continue };
            if spec.needed_to_decode || Some(value) != default.as_ref() {
                pairs.push((spec.name.to_owned(), value.to_string()));
            }
        }
        pairs.sort();
        pairs
    }

    /// Values from a stream's header. Names this build does not know are passed over: a decoder
    /// that needs one would have a new codec version.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if a value is out of this build's range.
    pub fn from_header(specs: &'static [ParamSpec], pairs: &[(String, String)]) -> Result<Self> {
        let mut params = Params::defaults(specs);
        for (name, text) in pairs {
            if params.has(name) {
                params
                    .set(name, text)
                    .map_err(|error| Error::Unsupported(format!("stream header: {error}")))?;
            }
        }
        Ok(params)
    }

    fn spec(&self, name: &str) -> Result<&'static ParamSpec> {
        let specs = self.specs;
        specs.iter().find(|spec| spec.name == name).ok_or_else(|| {
            let known: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
            Error::Usage(format!(
                "unknown parameter '{name}' (this codec has: {})",
                known.join(", ")
            ))
        })
    }
}

/// A number of bytes from text such as `1000`, `64k`, `4MiB` or `1g`; units are powers of 1024.
///
/// # Errors
/// [`Error::Usage`] if the text is not a size or does not fit 64 bits.
pub fn parse_size(text: &str) -> Result<u64> {
    let bad = || {
        Error::Usage(format!(
            "'{text}' is not a size (examples: 1000, 64k, 4MiB, 1g)"
        ))
    };
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.len() - lower.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = lower.split_at(digits);
    let shift = match unit.trim() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(bad()),
    };
    let number: u64 = number.parse().map_err(|_| bad())?;
    number.checked_mul(1 << shift).ok_or_else(bad)
}

fn default_value(spec: &ParamSpec) -> Option<Value> {
    match spec.kind {
        ParamKind::Integer { default, .. } => Some(Value::Integer(default)),
        ParamKind::Size { .. } | ParamKind::Decimal { .. } => None,
        ParamKind::Flag => Some(Value::Flag(false)),
        ParamKind::Choice { default, .. } => Some(Value::Choice(default)),
    }
}

fn parse(spec: &ParamSpec, text: &str) -> Result<Value> {
    let name = spec.name;
    match spec.kind {
        ParamKind::Integer { min, max, .. } => match text.parse::<i64>() {
            Ok(value) if (min..=max).contains(&value) => Ok(Value::Integer(value)),
            _ => Err(Error::Usage(format!(
                "{name} must be a whole number from {min} to {max}, not '{text}'"
            ))),
        },
        ParamKind::Size { min, max, .. } => match parse_size(text)? {
            value if (min..=max).contains(&value) => Ok(Value::Size(value)),
            value => Err(Error::Usage(format!(
                "{name} must be from {min} to {max} bytes, not {value}"
            ))),
        },
        ParamKind::Decimal { min, max } => thousandths(text)
            .filter(|value| (min..=max).contains(value))
            .map(Value::Decimal)
            .ok_or_else(|| {
                Error::Usage(format!(
                    "{name} must be a number from {} to {} with up to three digits after the point, not '{text}'",
                    Value::Decimal(min),
                    Value::Decimal(max)
                ))
            }),
        ParamKind::Flag => match text {
            "true" | "yes" | "1" => Ok(Value::Flag(true)),
            "false" | "no" | "0" => Ok(Value::Flag(false)),
            _ => Err(Error::Usage(format!(
                "{name} must be true or false, not '{text}'"
            ))),
        },
        ParamKind::Choice { values, .. } => values
            .iter()
            .find(|word| **word == text)
            .map(|word| Value::Choice(word))
            .ok_or_else(|| {
                Error::Usage(format!(
                    "{name} must be one of {}, not '{text}'",
                    values.join(", ")
                ))
            }),
    }
}

/// A decimal number in thousandths.
fn thousandths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && part.is_empty() || part.len() > 3 || !digits(whole) || !digits(part) {
        return None;
    }
    let whole: i64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let part: i64 = format!("{part:0<3}").parse().ok()?;
    whole.checked_mul(1000)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_kept_in_thousandths() {
        for (text, value) in [
            ("0.25", 250),
            ("3", 3000),
            (".5", 500),
            ("1.", 1000),
            ("0.001", 1),
        ] {
            assert_eq!(thousandths(text), Some(value));
        }
        for text in [
            "",
            ".",
            "-1",
            "1.2345",
            "1e3",
            "1,5",
            "99999999999999999999",
        ] {
            assert_eq!(thousandths(text), None, "{text}");
        }
        assert_eq!(Value::Decimal(250).to_string(), "0.250");
    }

    #[test]
    fn sizes_are_read_in_powers_of_1024() {
        assert_eq!(parse_size("1000").unwrap(), 1000);
        assert_eq!(parse_size("64k").unwrap(), 64 << 10);
        assert_eq!(parse_size("4MiB").unwrap(), 4 << 20);
        assert_eq!(parse_size("1 g").unwrap(), 1 << 30);
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        for text in [
            "",
            "k",
            "-1",
            "1.5m",
            "4x",
            "99999999999999999999",
            "20000000t",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    const SPECS: &[ParamSpec] = &[
        ParamSpec {
            name: "level",
            doc: "",
            kind: ParamKind::Integer {
                min: 1,
                max: 9,
                default: 6,
            },
            needed_to_decode: true,
        },
        ParamSpec {
            name: "block",
            doc: "",
            kind: ParamKind::Size {
                min: 1,
                max: 100,
                default: "10",
            },
            needed_to_decode: false,
        },
        ParamSpec {
            name: "extreme",
            doc: "",
            kind: ParamKind::Flag,
            needed_to_decode: false,
        },
    ];

    #[test]
    fn the_header_holds_what_decoding_needs_and_what_was_changed() {
        let mut params = Params::defaults(SPECS);
        assert_eq!(params.to_header(), [("level".into(), "6".into())]);
        params.set("extreme", "true").unwrap();
        params.set("block", "50").unwrap();
        let header = params.to_header();
        assert_eq!(header.len(), 3);
        assert_eq!(Params::from_header(SPECS, &header).unwrap(), {
            params.set("level", "6").unwrap();
            params
        });
    }

    #[test]
    fn unknown_names_in_a_header_are_passed_over_but_bad_values_are_not() {
        let newer = [("hue".to_owned(), "3".to_owned())];
        assert!(Params::from_header(SPECS, &newer).is_ok());
        let bad = [("level".to_owned(), "77".to_owned())];
        assert!(matches!(
            Params::from_header(SPECS, &bad),
            Err(Error::Unsupported(_))
        ));
    }
}
