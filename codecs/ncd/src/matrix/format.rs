//! The formats matrices are exchanged in, by name and by content.

use std::io::Write;
use std::path::Path;

use codec_core::{Error, Result};

use super::{Asymmetry, DistanceMatrix, csv, nexus, npy, phylip};

/// A format for distance matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MatrixFormat {
    /// PHYLIP, all columns, relaxed names; what most tools for trees read.
    Phylip,
    /// PHYLIP, the columns before the diagonal only.
    PhylipLower,
    /// A Nexus file with a DISTANCES block.
    Nexus,
    /// CSV with the names as header and as first column.
    Csv,
    /// A NumPy array, float32, n × n; the names are kept in a text beside it.
    Npy,
}

impl MatrixFormat {
    /// The format that a file's name asks for by its suffix: `.phy`, `.phylip` or `.dist`, `.nex`
    /// or `.nexus`, `.csv`, `.npy`.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        let suffix = path.extension()?.to_str()?.to_ascii_lowercase();
        match suffix.as_str() {
            "phy" | "phylip" | "dist" => Some(MatrixFormat::Phylip),
            "nex" | "nexus" | "nxs" => Some(MatrixFormat::Nexus),
            "csv" => Some(MatrixFormat::Csv),
            "npy" => Some(MatrixFormat::Npy),
            _ => None,
        }
    }

    /// The format of a file by its first bytes. What nothing else claims is taken for PHYLIP.
    #[must_use]
    pub fn recognise(bytes: &[u8]) -> Self {
        if bytes.starts_with(npy::MAGIC) {
            return MatrixFormat::Npy;
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let bytes = bytes.trim_ascii_start();
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
        if first.len() >= 6 && first[..6].eq_ignore_ascii_case(b"#NEXUS") {
            MatrixFormat::Nexus
        } else if first.contains(&b',') {
            MatrixFormat::Csv
        } else {
            MatrixFormat::Phylip
        }
    }

    /// Reads a matrix of this format; `names` is for [`MatrixFormat::Npy`], one a line.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with line and reason, [`Error::Usage`] where names are missing,
    /// [`Error::Unsupported`] for arrays of other types.
    pub fn parse(
        self,
        bytes: &[u8],
        names: Option<&str>,
        asymmetry: Asymmetry,
    ) -> Result<DistanceMatrix> {
        match self {
            MatrixFormat::Phylip | MatrixFormat::PhylipLower => phylip::parse(bytes, asymmetry),
            MatrixFormat::Nexus => nexus::parse(bytes, asymmetry),
            MatrixFormat::Csv => csv::parse(bytes, asymmetry),
            MatrixFormat::Npy => npy::parse(bytes, names, asymmetry),
        }
    }

    /// Writes `matrix`. White space in names becomes `_` in PHYLIP; `.npy` leaves names out.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Usage`] if names that differ would become the same in PHYLIP.
    pub fn write(self, matrix: &DistanceMatrix, out: &mut dyn Write) -> Result<()> {
        match self {
            MatrixFormat::Phylip => phylip::write(matrix, false, out),
            MatrixFormat::PhylipLower => phylip::write(matrix, true, out),
            MatrixFormat::Nexus => nexus::write(matrix, out).map_err(Error::io("write the matrix")),
            MatrixFormat::Csv => csv::write(matrix, out).map_err(Error::io("write the matrix")),
            MatrixFormat::Npy => npy::write(matrix, out).map_err(Error::io("write the matrix")),
        }
    }
}
