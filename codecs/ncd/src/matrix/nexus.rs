//! The DISTANCES block of Nexus files (Maddison, Swofford & Maddison 1997).

use std::io::{self, Write};
use std::ops::Range;

use codec_core::Result;

use super::rows::{self, Rows};
use super::{Asymmetry, DistanceMatrix};
use crate::nexus::{Token, Tokens, quoted};
use crate::text::{self, Place};

pub(super) fn write(matrix: &DistanceMatrix, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "#NEXUS\n\nBEGIN TAXA;")?;
    writeln!(out, "  DIMENSIONS NTAX={};\n  TAXLABELS", matrix.len())?;
    for name in matrix.names() {
        writeln!(out, "    {}", quoted(name))?;
    }
    writeln!(out, "  ;\nEND;\n\nBEGIN DISTANCES;")?;
    writeln!(out, "  FORMAT TRIANGLE=LOWER DIAGONAL LABELS;\n  MATRIX")?;
    for (row, name) in matrix.names().iter().enumerate() {
        write!(out, "    {}", quoted(name))?;
        for value in matrix.row_below(row) {
            write!(out, " {value}")?;
        }
        writeln!(out, " 0")?;
    }
    writeln!(out, "  ;\nEND;")
}

/// How the matrix is laid out, as FORMAT says.
struct Layout {
    triangle: Triangle,
    diagonal: bool,
    labels: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Triangle {
    Lower,
    Upper,
    Both,
}

pub(super) fn parse(bytes: &[u8], asymmetry: Asymmetry) -> Result<DistanceMatrix> {
    let text = text::utf8(bytes)?;
    let mut tokens = Tokens::new(text)?;
    let mut taxa: Vec<String> = Vec::new();
    let mut layout = Layout {
        triangle: Triangle::Lower,
        diagonal: true,
        labels: true,
    };
    let mut block = String::new();
    while let Some(token) = tokens.next()? {
        match token.upper().as_str() {
            "BEGIN" => {
                block = tokens.word("the name of a block")?.upper();
                tokens.skip_command()?;
            }
            "END" | "ENDBLOCK" => {
                block.clear();
                tokens.skip_command()?;
            }
            "TAXLABELS" if block == "TAXA" || block == "DISTANCES" => {
                taxa = names(&mut tokens)?;
            }
            "FORMAT" if block == "DISTANCES" => layout.read(&mut tokens)?,
            "MATRIX" if block == "DISTANCES" => {
                return matrix(&mut tokens, &layout, &taxa, token.place(), asymmetry);
            }
            ";" => {}
            _ => tokens.skip_command()?,
        }
    }
    Err(tokens
        .place()
        .error("expected a block BEGIN DISTANCES with a MATRIX, found none"))
}

fn names(tokens: &mut Tokens<'_>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    loop {
        let token = tokens.word("a name or ;")?;
        if token.is(";") {
            return Ok(names);
        }
        names.push(token.text);
    }
}

impl Layout {
    fn read(&mut self, tokens: &mut Tokens<'_>) -> Result<()> {
        loop {
            let token = tokens.word("an option of FORMAT or ;")?;
            match token.upper().as_str() {
                ";" => return Ok(()),
                "TRIANGLE" => {
                    let equals = tokens.word("=")?;
                    if !equals.is("=") {
                        return Err(equals.place().error("expected = after TRIANGLE"));
                    }
                    let value = tokens.word("LOWER, UPPER or BOTH")?;
                    self.triangle = match value.upper().as_str() {
                        "LOWER" => Triangle::Lower,
                        "UPPER" => Triangle::Upper,
                        "BOTH" => Triangle::Both,
                        other => {
                            let problem = format!("TRIANGLE is LOWER, UPPER or BOTH, not {other}");
                            return Err(value.place().error(problem));
                        }
                    };
                }
                "DIAGONAL" => self.diagonal = true,
                "NODIAGONAL" => self.diagonal = false,
                "LABELS" => self.labels = true,
                "NOLABELS" => self.labels = false,
                // MISSING=? and others say nothing about where values stand.
                _ => {}
            }
        }
    }

    /// The columns of row `row` of `n`, with the diagonal.
    fn columns(&self, row: usize, n: usize) -> Range<usize> {
        match self.triangle {
            Triangle::Lower => 0..row + 1,
            Triangle::Upper => row..n,
            Triangle::Both => 0..n,
        }
    }
}

fn matrix(
    tokens: &mut Tokens<'_>,
    layout: &Layout,
    taxa: &[String],
    place: Place,
    asymmetry: Asymmetry,
) -> Result<DistanceMatrix> {
    let mut body: Vec<Token> = Vec::new();
    loop {
        let token = tokens.word("a row of the matrix or ;")?;
        if token.is(";") {
            break;
        }
        body.push(token);
    }
    let n = match (taxa.len(), layout.labels) {
        (0, true) => side(body.len(), layout).ok_or_else(|| {
            let found = body.len();
            place.error(format!("{found} names and values are no whole matrix"))
        })?,
        (0, false) => {
            return Err(place.error("the matrix has NOLABELS, and there are no TAXLABELS"));
        }
        (n, _) => n,
    };
    let mut rows = Rows::default();
    // Each row with its diagonal; memory grows with what the text has.
    let mut values: Vec<Vec<f32>> = Vec::new();
    let mut body = body.into_iter();
    let end = tokens.place();
    for row in 0..n {
        let mut at = end;
        if layout.labels {
            let name = body
                .next()
                .ok_or_else(|| end.error(format!("expected {n} rows, found {row}")))?;
            at = name.place();
            rows.names.push(name.text);
        } else {
            rows.names.extend(taxa.get(row).cloned());
        }
        let mut of_row = Vec::new();
        for column in layout.columns(row, n) {
            if column == row && !layout.diagonal {
                of_row.push(0.0);
                continue;
            }
            let token = body.next().ok_or_else(|| {
                let name = &rows.names[row];
                end.error(format!("the row of {name} is cut off"))
            })?;
            if at == end {
                at = token.place();
            }
            of_row.push(rows::distance(&token.text, token.place())?);
        }
        values.push(of_row);
        rows.places.push(at);
    }
    if let Some(token) = body.next() {
        let found = text::shortened(&token.text);
        return Err(token
            .place()
            .error(format!("expected ; after {n} rows, found {found:?}")));
    }
    match layout.triangle {
        Triangle::Both => {
            rows.values = values;
            rows.square(asymmetry)
        }
        Triangle::Lower => {
            rows.values = values;
            rows.lower()
        }
        Triangle::Upper => {
            let column = |row: usize| {
                (0..row)
                    .map(|column| values[column][row - column])
                    .collect()
            };
            rows.values = (0..n).map(column).collect();
            rows.lower()
        }
    }
}

/// How many rows `tokens` words make, labels included.
fn side(tokens: usize, layout: &Layout) -> Option<usize> {
    let words = |n: usize| match (layout.triangle, layout.diagonal) {
        (Triangle::Both, true) => n + n * n,
        (_, true) => n + n * (n + 1) / 2,
        (Triangle::Both, false) => n * n,
        (_, false) => n + super::pairs(n),
    };
    (1..=tokens)
        .take_while(|n| words(*n) <= tokens)
        .find(|n| words(*n) == tokens)
}
