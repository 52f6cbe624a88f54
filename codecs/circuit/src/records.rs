//! Records: the rows that circuits model.

/// Records of one schema, `[n, d]`: every record has a value for each of the `d` variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    width: usize,
    values: Vec<u8>,
}

impl Records {
    /// Records of `width` values each (at least 1), one after the other.
    ///
    /// # Panics
    /// If `width` is 0 or does not divide the number of values.
    #[must_use]
    pub fn new(width: usize, values: Vec<u8>) -> Self {
        assert!(
            width > 0 && values.len().is_multiple_of(width),
            "{} values are not records of {width}",
            values.len()
        );
        Self { width, values }
    }

    /// Number of values in a record, `d`.
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
    pub fn values(&self) -> &[u8] {
        &self.values
    }

    /// The record of that number.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    pub fn record(&self, number: usize) -> &[u8] {
        &self.values[number * self.width..][..self.width]
    }

    /// The records, one after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.values.chunks_exact(self.width)
    }

    /// Some of the records, by number.
    ///
    /// # Panics
    /// If the range goes past the last one.
    #[must_use]
    pub fn range(&self, numbers: std::ops::Range<usize>) -> Records {
        let values = &self.values[numbers.start * self.width..numbers.end * self.width];
        Records::new(self.width, values.to_vec())
    }
}
