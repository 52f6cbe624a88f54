//! Exact lengths of what zlib's deflate makes, without making it.
//!
//! Published compression distances use `len(gzip.compress(x, level))` of Python, which is zlib at
//! memLevel 8 with a window of 32 KiB. `gzip` files of this suite are written by zlib-rs, whose
//! matches differ. So code lengths of `gzip` and `deflate` come from here: every decision of zlib
//! (Gailly and Adler; default strategy, whole input at once) is taken again, only no bits are
//! written. The lengths were compared with those of zlib 1.2.13.

mod blocks;
mod codes;
mod matches;
mod parse;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use codec_core::{CodeLength, Params, Primed, Result};

use crate::params;
use matches::Index;
use parse::{Parse, Rules};

/// Code lengths as of zlib with a header and a trailer of `framing` bytes.
///
/// `bits` is eight times the length of the file that zlib makes at the parameter `level`;
/// `joint_bits` of what was primed continues from the place up to which nothing depends on what
/// follows, and gives the same number as the whole content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zlib {
    framing: u64,
}

/// Lengths of gzip files with nothing optional in the header.
pub(crate) static GZIP: Zlib = Zlib { framing: 10 + 8 };
/// Lengths of raw deflate streams.
pub(crate) static DEFLATE: Zlib = Zlib { framing: 0 };

impl Zlib {
    fn in_bits(self, bytes: u64) -> f64 {
        ((bytes + self.framing) * 8) as f64
    }
}

impl CodeLength for Zlib {
    fn bits(&self, x: &[u8], params: &Params) -> Result<f64> {
        let rules = Rules::of_level(params::level_of(params));
        Ok(self.in_bits(deflated_len(x, &rules)))
    }

    fn primed<'a>(&'a self, given: &[&[u8]], params: &Params) -> Result<Box<dyn Primed + 'a>> {
        let rules = Rules::of_level(params::level_of(params));
        Ok(Box::new(PrimedZlib::new(*self, &given.concat(), rules)))
    }
}

/// Bytes of the raw deflate stream that zlib makes of `content`.
fn deflated_len(content: &[u8], rules: &Rules) -> u64 {
    Parse::new().finish(rules, &mut Index::new(content.len()), content)
}

/// zlib stopped in the middle of a content.
struct PrimedZlib {
    zlib: Zlib,
    rules: Rules,
    /// Where it stopped.
    parse: Parse,
    index: Index,
    /// The window, and what follows it of what was given.
    tail: Vec<u8>,
    given_bits: f64,
    /// Memory for questions, one for each that is asked at the same time.
    idle: Mutex<Vec<Scratch>>,
}

/// An index equal to the primed one, and room for text.
struct Scratch {
    index: Index,
    text: Vec<u8>,
}

impl PrimedZlib {
    fn new(zlib: Zlib, given: &[u8], rules: Rules) -> Self {
        let mut parse = Parse::new();
        let mut index = Index::new(2 * given.len());
        parse.advance(&rules, &mut index, given);
        let tail = given[parse.rebase()..].to_vec();
        let mut primed = PrimedZlib {
            zlib,
            rules,
            parse,
            index,
            tail,
            given_bits: 0.0,
            idle: Mutex::new(Vec::new()),
        };
        primed.given_bits = primed.joint(&[]);
        primed
    }

    fn joint(&self, x: &[u8]) -> f64 {
        let idle = self.idle().pop();
        let mut scratch = idle.unwrap_or_else(|| Scratch {
            index: self.index.clone(),
            text: Vec::new(),
        });
        scratch.text.clear();
        scratch.text.extend_from_slice(&self.tail);
        scratch.text.extend_from_slice(x);
        let bytes = self
            .parse
            .clone()
            .finish(&self.rules, &mut scratch.index, &scratch.text);
        if scratch.text.len() <= matches::WINDOW {
            let first = self.parse.position();
            scratch.index.remove_from(&scratch.text, first);
        } else {
            scratch.index.copy_from(&self.index);
        }
        self.idle().push(scratch);
        self.zlib.in_bits(bytes)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Scratch>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Primed for PrimedZlib {
    fn joint_bits(&self, x: &[u8]) -> Result<f64> {
        Ok(self.joint(x))
    }

    fn bits(&self, x: &[u8]) -> Result<f64> {
        Ok((self.joint(x) - self.given_bits).max(0.0))
    }
}
