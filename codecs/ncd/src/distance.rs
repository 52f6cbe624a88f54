//! Distances between contents by how well one helps to compress the other.
//!
//! With C(x) the code length of x alone, C(xy) that of both as one content, and C(y|x) that of y when
//! the decoder has x:
//!
//! | formula | value | source |
//! |---|---|---|
//! | [`Formula::Ncd`] | (C(xy) − min(C(x), C(y))) / max(C(x), C(y)) | Cilibrasi and Vitányi, *Clustering by compression*, 2005 |
//! | [`Formula::Nccd`] | max(C(x\|y), C(y\|x)) / max(C(x), C(y)) | the normalised information distance of Li et al., *The similarity metric*, 2004, with code lengths for Kolmogorov complexities, as Nikvand and Wang, 2010, use it |
//! | [`Formula::Cdm`] | C(xy) / (C(x) + C(y)) | Keogh, Lonardi and Ratanamahatana, *Towards parameter-free data mining*, 2004 |
//! | [`Formula::Nrc`] | C(y\|x) / (\|y\| log₂ A) | Pinho, Pratas and Ferreira, *Authorship attribution using relative compression*, 2016 |
//!
//! In the last one, \|y\| is the length of y in bytes and log₂ A is 2 for nucleotides and 8 for bytes
//! ([`Alphabet`]). Pinho et al. code y from a model of x that learns nothing from y; here C(y|x) is
//! what the compressor gives for y after x, and it may learn from y as it goes on, so that values are
//! lower where y repeats itself.
//!
//! NCD and CDM are published with several ways to join x and y: plainly, or with a blank between them,
//! as in programs that join texts (Jiang et al., *"Low-resource" text classification*, 2023):
//! [`Join`]. Conditional lengths join nothing.

use codec_core::{CodeLength, Error, Params, Primed, Result};

use crate::dataset::is_base;

/// How code lengths become a distance; see the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Formula {
    /// Normalised compression distance.
    Ncd,
    /// Normalised conditional compression distance.
    Nccd,
    /// Compression-based dissimilarity measure.
    Cdm,
    /// Normalised relative compression of y given x: not symmetric.
    Nrc,
}

/// What stands between x and y in C(xy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// Nothing.
    Plain,
    /// One blank.
    Space,
}

/// Which of the two comes first where a question is compared with an item of a training set or
/// collection. Compressors do not give the same for both orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// x is the question, as in the code of Jiang et al.
    QuestionFirst,
    /// x is the known item, so that the question is what gets coded. All known items are then judged
    /// by the same content, which finds more true neighbours with compressors that gain much from
    /// what they know.
    KnownFirst,
}

/// The symbols that contents are made of, for [`Formula::Nrc`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Four bases: 2 bits each.
    Nucleotides,
    /// Bytes: 8 bits each.
    Bytes,
}

impl Alphabet {
    /// Nucleotides if at least nine tenths of all bytes are letters of DNA or RNA (`ACGTU` in any
    /// case), bytes otherwise.
    #[must_use]
    pub fn of(contents: &[&[u8]]) -> Alphabet {
        let all: usize = contents.iter().map(|content| content.len()).sum();
        let bases = contents.iter().copied().flatten();
        let bases = bases.filter(|byte| is_base(**byte)).count();
        match bases >= all - all / 10 && bases > 0 {
            true => Alphabet::Nucleotides,
            false => Alphabet::Bytes,
        }
    }

    fn bits(self) -> f64 {
        match self {
            Alphabet::Nucleotides => 2.0,
            Alphabet::Bytes => 8.0,
        }
    }
}

/// What is known of a content alone, to be found once for each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Single {
    /// Code length in bits.
    pub bits: f64,
    /// Length in bytes.
    pub len: usize,
}

/// A distance: a compressor, a formula, and how contents are joined.
///
/// ```
/// use codec_core::{CodeLength, Params, Primed, Result};
/// use codec_ncd::distance::{Formula, Join, Measure};
/// # struct Distinct;
/// # struct Given(Vec<u8>);
/// # fn distinct(x: &[u8]) -> f64 {
/// #     let mut x = x.to_vec(); x.sort(); x.dedup(); x.len() as f64
/// # }
/// # impl CodeLength for Distinct {
/// #     fn bits(&self, x: &[u8], _: &Params) -> Result<f64> { Ok(distinct(x)) }
/// #     fn primed<'a>(&'a self, x: &[&[u8]], _: &Params) -> Result<Box<dyn Primed + 'a>> {
/// #         Ok(Box::new(Given(x.concat())))
/// #     }
/// # }
/// # impl Primed for Given {
/// #     fn joint_bits(&self, x: &[u8]) -> Result<f64> { Ok(distinct(&[&self.0[..], x].concat())) }
/// #     fn bits(&self, x: &[u8]) -> Result<f64> { Ok(self.joint_bits(x)? - distinct(&self.0)) }
/// # }
/// // `Distinct` counts different bytes: a compressor in name only.
/// let measure = Measure::new(&Distinct, Params::defaults(&[]), Formula::Ncd, Join::Plain);
/// let [x, y] = [&b"abcd"[..], b"cdef"];
/// let row = measure.row(x, measure.single(x)?)?;
/// assert_eq!(row.distance(y, measure.single(y)?)?, (6.0 - 4.0) / 4.0);
/// # Ok::<(), codec_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Measure<'a> {
    lengths: &'a dyn CodeLength,
    params: Params,
    formula: Formula,
    join: Join,
    is_symmetric: bool,
    alphabet: Alphabet,
    order: Order,
}

impl<'a> Measure<'a> {
    /// A measure that asks `lengths`, with these parameters of its codec. C(xy) is taken in one
    /// order only, and symbols are bytes.
    #[must_use]
    pub fn new(lengths: &'a dyn CodeLength, params: Params, formula: Formula, join: Join) -> Self {
        Measure {
            lengths,
            params,
            formula,
            join,
            is_symmetric: false,
            alphabet: Alphabet::Bytes,
            order: Order::QuestionFirst,
        }
    }

    /// The same with the mean of both orders: d(x, y) = d(y, x) exactly.
    #[must_use]
    pub fn symmetric(self, is_symmetric: bool) -> Self {
        Measure {
            is_symmetric,
            ..self
        }
    }

    /// The same for contents of this alphabet.
    #[must_use]
    pub fn alphabet(self, alphabet: Alphabet) -> Self {
        Measure { alphabet, ..self }
    }

    /// The same with another order of questions and known items; [`Order::QuestionFirst`] unless
    /// said otherwise. [`Formula::Nrc`], which is of a question given what is known, passes over it.
    #[must_use]
    pub fn ordered(self, order: Order) -> Self {
        Measure { order, ..self }
    }

    /// Whether x is the known item where questions are compared with known items.
    #[must_use]
    pub fn knows_first(&self) -> bool {
        self.order == Order::KnownFirst || self.formula == Formula::Nrc
    }

    /// The formula.
    #[must_use]
    pub fn formula(&self) -> Formula {
        self.formula
    }

    /// The compressor that is asked.
    #[must_use]
    pub fn lengths(&self) -> &'a dyn CodeLength {
        self.lengths
    }

    /// Its parameters.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Whether a distance takes the code lengths of both orders, (x, y) and (y, x).
    #[must_use]
    pub fn takes_both_orders(&self) -> bool {
        self.is_symmetric || self.formula == Formula::Nccd
    }

    /// Everything that decides what the distances are, in words, such as
    /// `ncd by gzip level=9, joined by a blank`. `compressor` names what gives the code lengths.
    #[must_use]
    pub fn description(&self, compressor: &str) -> String {
        let mut words = format!("{:?} by {compressor}", self.formula).to_lowercase();
        for (name, value) in self.params.to_header() {
            words.push_str(&format!(" {name}={value}"));
        }
        words.push_str(
            match (self.joins(), self.join, self.formula, self.alphabet) {
                (true, Join::Space, ..) => ", joined by a blank",
                (true, Join::Plain, ..) => ", joined by nothing",
                (_, _, Formula::Nrc, Alphabet::Nucleotides) => ", of nucleotides",
                (_, _, Formula::Nrc, Alphabet::Bytes) => ", of bytes",
                _ => "",
            },
        );
        if self.is_symmetric {
            words.push_str(", mean of both orders");
        }
        words
    }

    /// C(x).
    ///
    /// # Errors
    /// As the compressor; [`Error::Usage`] if x is empty.
    pub fn single(&self, x: &[u8]) -> Result<Single> {
        if x.is_empty() {
            return Err(Error::Usage(
                "an empty content has no distance to others".into(),
            ));
        }
        // Relative compression does not ask for it.
        let bits = match self.formula {
            Formula::Nrc => 0.0,
            _ => self.lengths.bits(x, &self.params)?,
        };
        Ok(Single { bits, len: x.len() })
    }

    /// A compressor that has taken in x, for the distances from x to many others.
    ///
    /// # Errors
    /// As the compressor.
    pub fn row<'m>(&'m self, x: &'m [u8], single: Single) -> Result<Row<'m>> {
        let blank: &[u8] = match (self.join, self.joins()) {
            (Join::Space, true) => b" ",
            _ => b"",
        };
        let pieces = [x, blank];
        let given = if blank.is_empty() {
            &pieces[..1]
        } else {
            &pieces[..]
        };
        Ok(Row {
            measure: self,
            x,
            single,
            primed: self.lengths.primed(given, &self.params)?,
        })
    }

    /// The distance from x to y behind the code lengths that [`Row::code_length`] gives: `forward`
    /// that of the row of x, `backward` that of the row of y, asked for where
    /// [`takes_both_orders`](Self::takes_both_orders) says so and passed over elsewhere.
    #[must_use]
    pub fn combine(&self, x: Single, y: Single, forward: f64, backward: f64) -> f64 {
        let largest = x.bits.max(y.bits);
        let both = |one: &dyn Fn(f64, Single) -> f64| match self.is_symmetric {
            true => f64::midpoint(one(forward, y), one(backward, x)),
            false => one(forward, y),
        };
        match self.formula {
            Formula::Ncd => both(&|joint, _| (joint - x.bits.min(y.bits)) / largest),
            Formula::Cdm => both(&|joint, _| joint / (x.bits + y.bits)),
            Formula::Nccd => forward.max(backward) / largest,
            Formula::Nrc => both(&|given, of| given / (of.len as f64 * self.alphabet.bits())),
        }
    }

    /// Whether the formula is one of C(xy).
    fn joins(&self) -> bool {
        matches!(self.formula, Formula::Ncd | Formula::Cdm)
    }
}

/// The distances from one content; see [`Measure::row`].
pub struct Row<'m> {
    measure: &'m Measure<'m>,
    x: &'m [u8],
    single: Single,
    primed: Box<dyn Primed + 'm>,
}

impl Row<'_> {
    /// The distance from x to y, whose single code length is given. Where the formula takes both
    /// orders, a compressor takes in y for this one question; a matrix does better with
    /// [`code_length`](Self::code_length) and [`Measure::combine`].
    ///
    /// # Errors
    /// As the compressor.
    pub fn distance(&self, y: &[u8], single: Single) -> Result<f64> {
        let measure = self.measure;
        let forward = self.code_length(y)?;
        let backward = match measure.takes_both_orders() {
            true => measure.row(y, single)?.code_length(self.x)?,
            false => 0.0,
        };
        Ok(measure.combine(self.single, single, forward, backward))
    }

    /// What the formula asks of x and y in this order, in bits: C(xy) or C(y|x).
    ///
    /// # Errors
    /// As the compressor.
    pub fn code_length(&self, y: &[u8]) -> Result<f64> {
        match self.measure.joins() {
            true => self.primed.joint_bits(y),
            false => self.primed.bits(y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts different bytes in 8 bits each, so that lengths are known by heart.
    struct Distinct;

    struct Given(Vec<u8>);

    fn distinct(x: &[u8]) -> f64 {
        let mut x = x.to_vec();
        x.sort_unstable();
        x.dedup();
        x.len() as f64 * 8.0
    }

    impl CodeLength for Distinct {
        fn bits(&self, x: &[u8], _: &Params) -> Result<f64> {
            Ok(distinct(x))
        }

        fn primed<'a>(&'a self, given: &[&[u8]], _: &Params) -> Result<Box<dyn Primed + 'a>> {
            Ok(Box::new(Given(given.concat())))
        }
    }

    impl Primed for Given {
        fn joint_bits(&self, x: &[u8]) -> Result<f64> {
            Ok(distinct(&[&self.0[..], x].concat()))
        }

        fn bits(&self, x: &[u8]) -> Result<f64> {
            Ok(self.joint_bits(x)? - distinct(&self.0))
        }
    }

    fn measured(formula: Formula, join: Join, is_symmetric: bool) -> f64 {
        let measure = Measure::new(&Distinct, Params::defaults(&[]), formula, join)
            .symmetric(is_symmetric)
            .alphabet(Alphabet::Nucleotides);
        let [x, y] = [&b"abcd"[..], b"cdefgh"];
        let row = measure.row(x, measure.single(x).unwrap()).unwrap();
        row.distance(y, measure.single(y).unwrap()).unwrap()
    }

    #[test]
    fn every_formula_gives_what_its_definition_says() {
        // C(x) = 4, C(y) = 6, C(xy) = 8 (9 with a blank), C(y|x) = 4, C(x|y) = 2, in bytes.
        for (formula, join, is_symmetric, expected) in [
            (Formula::Ncd, Join::Plain, false, 4.0 / 6.0),
            (Formula::Ncd, Join::Space, false, 5.0 / 6.0),
            (Formula::Ncd, Join::Space, true, 5.0 / 6.0),
            (Formula::Cdm, Join::Plain, false, 8.0 / 10.0),
            (Formula::Cdm, Join::Space, false, 9.0 / 10.0),
            (Formula::Nccd, Join::Space, false, 4.0 / 6.0),
            (Formula::Nrc, Join::Space, false, 32.0 / 12.0),
            (
                Formula::Nrc,
                Join::Plain,
                true,
                (32.0 / 12.0 + 16.0 / 8.0) / 2.0,
            ),
        ] {
            let found = measured(formula, join, is_symmetric);
            assert!(
                (found - expected).abs() < 1e-12,
                "{formula:?} {join:?} {found}"
            );
        }
    }

    #[test]
    fn empty_content_has_no_distance() {
        let params = Params::defaults(&[]);
        let measure = Measure::new(&Distinct, params, Formula::Ncd, Join::Plain);
        assert!(matches!(measure.single(b""), Err(Error::Usage(_))));
    }

    #[test]
    fn the_alphabet_is_that_of_all_contents_together() {
        assert_eq!(
            Alphabet::of(&[b"ACGTNacgtnACGTACGTAC"]),
            Alphabet::Nucleotides
        );
        assert_eq!(Alphabet::of(&[b"ACGT", b"hello, world"]), Alphabet::Bytes);
        assert_eq!(Alphabet::of(&[]), Alphabet::Bytes);
    }
}
