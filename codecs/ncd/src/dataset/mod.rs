//! Data sets: contents with names, and where known with labels and groups.
//!
//! [`read`] takes tables (CSV, TSV), FASTA, FASTQ, folders and plain files; any of them may be packed
//! with gzip, which is told by its first bytes.

mod alphabets;
mod fasta;
mod fastq;
mod files;
mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use codec_core::{Error, Result};

pub use alphabets::Alphabets;
pub use files::{Format, read};

/// One thing to compare or to classify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What reports call it.
    pub name: String,
    /// Its class, where known.
    pub label: Option<String>,
    /// What must not be divided between training and test, such as a family of paralogues.
    pub group: Option<String>,
    /// The bytes to compress, as they were read; at least one.
    pub content: Vec<u8>,
}

/// Items in order.
///
/// ```
/// use codec_ncd::dataset::{Dataset, Format, ReadOptions};
/// let table = b"id\tsequence\tclass\nfirst\tACGT\tA\nsecond\tGGCC\tB\n";
/// let data = Dataset::parse(table, "table", Format::Table, &ReadOptions::default())?;
/// assert_eq!(data.items()[1].name, "second");
/// assert_eq!(data.classes()?.names(), ["A", "B"]);
/// # Ok::<(), codec_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dataset {
    items: Vec<Item>,
}

/// How to read data sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The format; by default it is told by the file's name and first bytes.
    pub format: Option<Format>,
    /// Column of a table that holds the content. By default the first one called `sequence`, `seq`,
    /// `text` or `content`; case does not matter.
    pub sequence_column: Option<String>,
    /// Column of the label: by default `class`, `label`, `family`, `category` or `target`.
    pub label_column: Option<String>,
    /// Column of the group: by default `group`.
    pub group_column: Option<String>,
    /// Column of the name: by default `id`, `name` or `accession`. Without one, rows are called
    /// `FILE:ROW`, counted from 1.
    pub id_column: Option<String>,
    /// Where the headers of FASTA and FASTQ have the label.
    pub header_label: HeaderLabel,
    /// Whether an item without a label is an error.
    pub needs_labels: bool,
    /// Most bytes to read of one file, unpacked.
    pub max_bytes: u64,
}

/// Where the header of a sequence has its label.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HeaderLabel {
    /// `label=X`, `class=X` or `family=X`; where labels are needed and there is none of these, the
    /// last field between `|`, or else the last of several words.
    #[default]
    Auto,
    /// The last field between `|`.
    LastField,
    /// The last of the words between blanks.
    LastWord,
    /// The value X of a word `KEY=X`.
    Key(String),
}

/// The labels of a data set as numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    names: Vec<String>,
    of_item: Vec<usize>,
}

/// Two items with the same content, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// The earlier item, or the one of the training set.
    pub first: usize,
    /// The later item, or the one of the test set.
    pub second: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            format: None,
            sequence_column: None,
            label_column: None,
            group_column: None,
            id_column: None,
            header_label: HeaderLabel::Auto,
            needs_labels: false,
            max_bytes: 1 << 30,
        }
    }
}

impl Dataset {
    /// A data set of these items.
    #[must_use]
    pub fn new(items: Vec<Item>) -> Self {
        Dataset { items }
    }

    /// The items of a text in the given format; `name` stands for it in names of items.
    /// [`Format::Whole`] makes one item of it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the byte (of the text), record or row, line and reason where the text
    /// is malformed, a content is empty or a label that is needed is missing; [`Error::Usage`] if a
    /// table lacks a column.
    pub fn parse(text: &[u8], name: &str, format: Format, options: &ReadOptions) -> Result<Self> {
        let items = match format {
            Format::Table => table::parse(text, name, options)?,
            Format::Fasta => fasta::parse(text, name, options)?,
            Format::Fastq => fastq::parse(text, name, options)?,
            Format::Whole => vec![files::whole(text.to_vec(), name, None, options)?],
        };
        Ok(Dataset { items })
    }

    /// The items.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The items themselves.
    #[must_use]
    pub fn into_items(self) -> Vec<Item> {
        self.items
    }

    /// The contents of the items.
    #[must_use]
    pub fn contents(&self) -> Vec<&[u8]> {
        self.items.iter().map(|item| &item.content[..]).collect()
    }

    /// Number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds the items of another data set.
    pub fn append(&mut self, mut other: Dataset) {
        self.items.append(&mut other.items);
    }

    /// The items with these numbers, in this order; numbers beyond the end are left out.
    #[must_use]
    pub fn select(&self, numbers: &[usize]) -> Dataset {
        let items = numbers.iter().filter_map(|number| self.items.get(*number));
        Dataset::new(items.cloned().collect())
    }

    /// The labels as numbers. Names are in order of number if all are whole numbers, of bytes
    /// otherwise.
    ///
    /// # Errors
    /// [`Error::Usage`] if an item has no label or there are fewer than two classes.
    pub fn classes(&self) -> Result<Classes> {
        let mut found = BTreeSet::new();
        for item in &self.items {
            let label = item
                .label
                .as_deref()
                .ok_or_else(|| Error::Usage(format!("item '{}' has no label", item.name)))?;
            found.insert(label);
        }
        let mut names: Vec<String> = found.into_iter().map(str::to_owned).collect();
        match &names[..] {
            [] => {
                return Err(Error::Usage(
                    "there are no items to learn classes from".into(),
                ));
            }
            [only] => {
                return Err(Error::Usage(format!(
                    "all items have the label '{only}': at least two classes are needed"
                )));
            }
            _ => {}
        }
        if names.iter().all(|name| name.parse::<i64>().is_ok()) {
            names.sort_by_key(|name| name.parse::<i64>().unwrap_or(0));
        }
        let numbers: HashMap<&str, usize> = (names.iter().map(String::as_str)).zip(0..).collect();
        let labels = self.items.iter().filter_map(|item| item.label.as_deref());
        let of_item = labels.filter_map(|label| numbers.get(label).copied());
        Ok(Classes {
            of_item: of_item.collect(),
            names,
        })
    }

    /// Checks that every item has at least one letter of DNA or RNA: one of `ACGTU`, in any case.
    ///
    /// # Errors
    /// [`Error::Usage`] that names the first item without one.
    pub fn check_nucleotides(&self) -> Result<()> {
        let has_none = |item: &&Item| !item.content.iter().any(|byte| is_base(*byte));
        match self.items.iter().find(has_none) {
            None => Ok(()),
            Some(item) => Err(Error::Usage(format!(
                "item '{}' has not one letter of DNA (A, C, G, T or U) in its {} bytes",
                item.name,
                item.content.len()
            ))),
        }
    }

    /// Items with the content of an earlier one, each with the first that has it.
    #[must_use]
    pub fn duplicates(&self) -> Vec<Duplicate> {
        let mut seen: HashMap<&[u8], usize> = HashMap::new();
        let mut found = Vec::new();
        for (second, item) in self.items.iter().enumerate() {
            match seen.get(&item.content[..]) {
                Some(first) => found.push(Duplicate {
                    first: *first,
                    second,
                }),
                None => {
                    seen.insert(&item.content, second);
                }
            }
        }
        found
    }

    /// Items of `test` (`second`) with the content of an item of this training set (`first`).
    #[must_use]
    pub fn duplicates_in(&self, test: &Dataset) -> Vec<Duplicate> {
        let mut seen: HashMap<&[u8], usize> = HashMap::new();
        for (number, item) in self.items.iter().enumerate() {
            seen.entry(&item.content).or_insert(number);
        }
        let found = test.items.iter().enumerate().filter_map(|(second, item)| {
            let first = *seen.get(&item.content[..])?;
            Some(Duplicate { first, second })
        });
        found.collect()
    }

    /// Groups that have items here and in `test`, with the number of items in each, in order of name.
    #[must_use]
    pub fn straddling_groups(&self, test: &Dataset) -> Vec<(String, usize, usize)> {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for group in self.items.iter().filter_map(|item| item.group.as_deref()) {
            counts.entry(group).or_default().0 += 1;
        }
        for group in test.items.iter().filter_map(|item| item.group.as_deref()) {
            counts.entry(group).or_default().1 += 1;
        }
        let both = counts
            .into_iter()
            .filter(|(_, (here, there))| *here > 0 && *there > 0);
        both.map(|(group, (here, there))| (group.to_owned(), here, there))
            .collect()
    }
}

impl Classes {
    /// The names of the classes.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of classes.
    #[must_use]
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The class of every item, as an index into [`names`](Self::names).
    #[must_use]
    pub fn of_items(&self) -> &[usize] {
        &self.of_item
    }

    /// The class of that name.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }
}

/// Whether a byte stands for one base of DNA or RNA.
pub(crate) fn is_base(byte: u8) -> bool {
    matches!(byte.to_ascii_uppercase(), b'A' | b'C' | b'G' | b'T' | b'U')
}

/// The label in a header, see [`HeaderLabel`].
fn label_in(header: &str, options: &ReadOptions) -> Option<String> {
    let value_of = |key: &str| {
        let words = header.split(|c: char| c.is_whitespace() || c == '|' || c == ';');
        let mut values = words.filter_map(|word| word.split_once('='));
        values
            .find(|(name, value)| name.eq_ignore_ascii_case(key) && !value.is_empty())
            .map(|(_, value)| value.to_owned())
    };
    let last_field = || {
        let (_, last) = header.rsplit_once('|')?;
        let last = last.trim();
        (!last.is_empty()).then(|| last.to_owned())
    };
    let last_word = || {
        let mut words = header.split_whitespace();
        words.next()?;
        words.next_back().map(str::to_owned)
    };
    match &options.header_label {
        HeaderLabel::Key(key) => value_of(key),
        HeaderLabel::LastField => last_field(),
        HeaderLabel::LastWord => last_word(),
        HeaderLabel::Auto => {
            let by_key = ["label", "class", "family"].into_iter().find_map(value_of);
            match options.needs_labels {
                true => by_key.or_else(last_field).or_else(last_word),
                false => by_key,
            }
        }
    }
}

/// An item of a file of sequences.
fn sequence_item(
    header: &str,
    content: Vec<u8>,
    place: &Place<'_>,
    options: &ReadOptions,
) -> Result<Item> {
    let name = match header.split_whitespace().next() {
        Some(name) => name.to_owned(),
        None => format!("{}:{}", place.file, place.number),
    };
    if content.is_empty() {
        return Err(place.error(&format!("the sequence of '{name}' is empty")));
    }
    let label = label_in(header, options);
    if label.is_none() && options.needs_labels {
        return Err(place.error(&format!("no label in the header '{header}'")));
    }
    Ok(Item {
        name,
        label,
        group: None,
        content,
    })
}

/// A number of things in words.
fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Where in a text a record stands, for messages.
struct Place<'a> {
    file: &'a str,
    /// `record` or `row`.
    kind: &'static str,
    /// Of the record, from 1.
    number: usize,
    /// From 1.
    line: usize,
    /// Bytes from the start of the text.
    at: usize,
}

impl Place<'_> {
    fn error(&self, problem: &str) -> Error {
        let Place {
            kind, number, line, ..
        } = self;
        Error::corrupt(
            self.at as u64,
            format!("{kind} {number}, line {line}: {problem}"),
        )
    }
}

#[cfg(test)]
mod tests;
