//! Rows of a matrix as the readers of text formats find them.

use codec_core::Result;

use super::{Asymmetry, DistanceMatrix, check_names, check_value, pairs};
use crate::text::{Place, shortened};

/// The distance written in `text`.
pub(super) fn distance(text: &str, place: Place) -> Result<f32> {
    let value: f32 = text
        .parse()
        .map_err(|_| place.error(format!("expected a number, found {:?}", shortened(text))))?;
    check_value(value).map_err(|problem| place.error(format!("{text}: {problem}")))?;
    Ok(value)
}

/// Rows as they were read, each with the place where it starts.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) names: Vec<String>,
    pub(super) places: Vec<Place>,
    /// Row by row; a row has all columns, or those up to the diagonal.
    pub(super) values: Vec<Vec<f32>>,
}

impl Rows {
    /// The matrix, if all rows have all columns.
    pub(super) fn square(self, asymmetry: Asymmetry) -> Result<DistanceMatrix> {
        self.named()?;
        let mut lower = Vec::with_capacity(pairs(self.names.len()));
        for (row, values) in self.values.iter().enumerate() {
            for (column, value) in values.iter().take(row).enumerate() {
                let settled = asymmetry.settle(*value, self.values[column][row]);
                lower.push(settled.map_err(|problem| {
                    let (row_name, column) = (&self.names[row], &self.names[column]);
                    self.places[row].error(format!("{row_name} and {column}: {problem}"))
                })?);
            }
        }
        DistanceMatrix::from_lower(self.names, lower)
    }

    /// The matrix, if each row has the columns before its own.
    pub(super) fn lower(self) -> Result<DistanceMatrix> {
        self.named()?;
        let values = self.values.iter().enumerate();
        let lower = values.flat_map(|(row, values)| values.iter().take(row).copied());
        let lower = lower.collect();
        DistanceMatrix::from_lower(self.names, lower)
    }

    fn named(&self) -> Result<()> {
        if let Err(problem) = check_names(&self.names) {
            let (last, places) = (self.names.len().saturating_sub(1), &self.places);
            // The row that completes the pair of equal names, or is empty.
            let row = (0..=last).find(|row| check_names(&self.names[..=*row]).is_err());
            let place = places.get(row.unwrap_or(last)).copied();
            return Err(place.unwrap_or(Place { line: 1, at: 0 }).error(problem));
        }
        Ok(())
    }
}
