//! What is known of records.

use crate::Records;

/// Partially known records of one schema, `[n, d]`: for each variable its value, or `None` where it is
/// not known and summed over, maximised over or filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    width: usize,
    values: Vec<Option<u8>>,
}

impl Evidence {
    /// Partial records of `width` values each (at least 1), one after the other.
    ///
    /// # Panics
    /// If `width` is 0 or does not divide the number of values.
    #[must_use]
    pub fn new(width: usize, values: Vec<Option<u8>>) -> Self {
        assert!(
            width > 0 && values.len().is_multiple_of(width),
            "{} values are not partial records of {width}",
            values.len()
        );
        Self { width, values }
    }

    /// `count` records of `width` values (at least 1) of which nothing is known.
    ///
    /// # Panics
    /// If `width` is 0.
    #[must_use]
    pub fn nothing(width: usize, count: usize) -> Self {
        Self::new(width, vec![None; width * count])
    }

    /// The records, with only those variables known for which `known`, of `[d]`, is true.
    ///
    /// # Panics
    /// If `known` has not one item for each variable.
    #[must_use]
    pub fn masked(records: &Records, known: &[bool]) -> Self {
        assert_eq!(known.len(), records.width(), "one flag for each variable");
        let flags = known.iter().cycle();
        let values = records.values().iter().zip(flags);
        let values = values.map(|(&value, &known)| known.then_some(value));
        Self::new(records.width(), values.collect())
    }

    /// Number of variables, `d`.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of records, `n`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// All values, `[n, d]`, row by row.
    #[must_use]
    pub fn values(&self) -> &[Option<u8>] {
        &self.values
    }

    /// What is known of the record of that number.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    pub fn record(&self, number: usize) -> &[Option<u8>] {
        &self.values[number * self.width..][..self.width]
    }
}

impl From<&Records> for Evidence {
    /// Everything is known.
    fn from(records: &Records) -> Self {
        let values = records.values().iter().map(|&value| Some(value));
        Self::new(records.width(), values.collect())
    }
}
