//! Records by the names on the command line.

use std::path::Path;

use codec_suite::circuit::{Records, Schema, array};
use serde::Serialize;
use xxhash_rust::xxh64::xxh64;

use crate::failure::{Failure, Refusal};
use crate::range::RecordRange;
use crate::source::name_of;
use crate::units::grouped;

/// Records and where they come from.
pub(crate) struct Loaded {
    pub(crate) schema: Schema,
    pub(crate) records: Records,
    pub(crate) origin: Origin,
}

/// Where records come from.
#[derive(Serialize, Clone)]
pub(crate) struct Origin {
    /// The last part of the path.
    pub(crate) name: String,
    /// The first record taken, counted from 0.
    pub(crate) first: usize,
    /// How many were taken.
    pub(crate) records: usize,
    /// How many there are.
    pub(crate) of: usize,
    /// XXH64 of the values taken, one byte each, record by record, in hexadecimal.
    pub(crate) values_xxh64: String,
}

/// The records of a file or folder that are in `range`.
pub(crate) fn load(path: &Path, range: Option<RecordRange>, limit: u64) -> Result<Loaded, Refusal> {
    let refusal = |failure: Failure| Refusal {
        file: Some(name_of(Some(path))),
        failure,
    };
    let (schema, all) = array::read_records(path, limit)?;
    let of = all.len();
    let (first, end) = match range {
        None => (0, of),
        Some(range) => {
            let end = range.end.unwrap_or(of as u64);
            if end > of as u64 || range.start >= end {
                let title = format!(
                    "has {} records, which --records exceeds",
                    grouped(of as u64)
                );
                return Err(refusal(Failure::usage(title)));
            }
            (range.start as usize, end as usize)
        }
    };
    if first == end {
        return Err(refusal(Failure::usage("has no records")));
    }
    let records = if end - first == of {
        all
    } else {
        all.range(first..end)
    };
    Ok(Loaded {
        schema,
        origin: Origin {
            name: base_name(path),
            first,
            records: records.len(),
            of,
            values_xxh64: hash(&records),
        },
        records,
    })
}

impl Loaded {
    /// Takes away the last `count` records.
    pub(crate) fn split_last(&mut self, count: usize) -> Result<Loaded, Failure> {
        let left = self
            .records
            .len()
            .checked_sub(count)
            .filter(|&left| left > 0);
        let Some(left) = left.filter(|_| count > 0) else {
            return Err(Failure::usage(format!(
                "of {} records the last {} are to be for validation; at least one must be left \
                 for each",
                grouped(self.records.len() as u64),
                grouped(count as u64)
            )));
        };
        let (records, last) = (
            self.records.range(0..left),
            self.records.range(left..left + count),
        );
        let part = |records: &Records, first: usize| Origin {
            first,
            records: records.len(),
            values_xxh64: hash(records),
            ..self.origin.clone()
        };
        let first = self.origin.first;
        let (origin, last_origin) = (part(&records, first), part(&last, first + left));
        self.records = records;
        self.origin = origin;
        Ok(Loaded {
            schema: self.schema.clone(),
            records: last,
            origin: last_origin,
        })
    }
}

/// The last part of a path; the path itself if it has none.
pub(crate) fn base_name(path: &Path) -> String {
    match path.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => name_of(Some(path)),
    }
}

fn hash(records: &Records) -> String {
    format!("{:016x}", xxh64(records.values(), 0))
}
