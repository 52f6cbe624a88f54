//! What `codec-ncd` reads: data sets, matrices, parts of matrices, trees.

use std::io::Cursor;
use std::path::Path;

use codec_suite::ncd::dataset::{Dataset, Format, HeaderLabel, ReadOptions};
use codec_suite::ncd::matrix::{Asymmetry, DistanceMatrix, MatrixFormat, partial};
use codec_suite::ncd::tree::{Tree, nexus};

/// The readers of data sets. The first byte chooses the format and what is asked for.
///
/// # Panics
/// If an item is empty, or has no label where labels are needed.
pub fn ncd_datasets(data: &[u8]) {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let format = match choice % 4 {
        0 => Format::Table,
        1 => Format::Fasta,
        2 => Format::Fastq,
        _ => Format::of(Path::new("data"), text),
    };
    let options = ReadOptions {
        header_label: match choice / 4 % 4 {
            0 => HeaderLabel::Auto,
            1 => HeaderLabel::LastField,
            2 => HeaderLabel::LastWord,
            _ => HeaderLabel::Key("k".into()),
        },
        needs_labels: choice & 16 != 0,
        ..ReadOptions::default()
    };
    let Ok(read) = Dataset::parse(text, "data", format, &options) else {
        return;
    };
    for item in read.items() {
        assert!(!item.content.is_empty() && item.content.len() <= text.len());
        assert!(item.label.is_some() || !options.needs_labels);
    }
    let _ = read.classes();
    for pair in read.duplicates() {
        assert!(pair.first < pair.second);
    }
}

/// The readers of matrices. The first byte chooses the format and what happens to values that differ.
///
/// # Panics
/// If a matrix that was read does not survive being written.
#[expect(clippy::expect_used, reason = "a failure here is the finding")]
pub fn ncd_matrices(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else {
        return;
    };
    let asymmetry = match choice & 1 {
        0 => Asymmetry::Refuse,
        _ => Asymmetry::Average,
    };
    let format = match choice / 2 % 5 {
        0 => MatrixFormat::Phylip,
        1 => MatrixFormat::Nexus,
        2 => MatrixFormat::Csv,
        3 => MatrixFormat::Npy,
        _ => MatrixFormat::recognise(bytes),
    };
    let Ok(matrix) = format.parse(bytes, Some("a\nb\nc"), asymmetry) else {
        return;
    };
    let names = matrix.names().join("\n");
    for format in [
        MatrixFormat::Phylip,
        MatrixFormat::PhylipLower,
        MatrixFormat::Nexus,
        MatrixFormat::Csv,
        MatrixFormat::Npy,
    ] {
        let mut written = Vec::new();
        let outcome = format.write(&matrix, &mut written);
        let is_phylip = matches!(format, MatrixFormat::Phylip | MatrixFormat::PhylipLower);
        if is_phylip && outcome.is_err() {
            // Names that differ in white space alone.
            continue;
        }
        outcome.expect("a matrix that was read can be written");
        let again = DistanceMatrix::parse(&written, Some(&names), Asymmetry::Refuse);
        let again = again.expect("what was written can be read");
        assert_eq!(again.len(), matrix.len());
        for row in 1..matrix.len() {
            assert_eq!(again.row_below(row), matrix.row_below(row));
        }
        if !is_phylip {
            assert_eq!(again.names(), matrix.names());
        }
    }
}

/// The reader of parts of matrices, with checksums that fit: of the header, and of as many tiles as
/// the header plans.
///
/// # Panics
/// If a part that is a whole matrix cannot be put together, or another one can.
pub fn ncd_parts(data: &[u8]) {
    let _ = partial::read(data);
    let Ok(part) = partial::read(&with_checksums(data)[..]) else {
        return;
    };
    let is_whole = part.header.shard.count() == 1;
    let header = part.header.clone();
    let merged = partial::merge(vec![part]);
    assert_eq!(merged.is_ok(), is_whole);
    let mut file = Cursor::new(with_checksums(data));
    let _ = partial::Writer::resume(&mut file, &header);
}

/// A part with this body of a header, whose length is the first byte, and these tiles.
fn with_checksums(data: &[u8]) -> Vec<u8> {
    let (len, rest) = data
        .split_first()
        .map_or((0, data), |(len, rest)| (*len, rest));
    let (body, mut rest) = rest.split_at(usize::from(len).min(rest.len()));
    let mut file = b"\x89NCDPART\x01\0\0\0".to_vec();
    file.extend((body.len() as u32).to_le_bytes());
    file.extend(body);
    checked(&mut file, 0);
    // The third number of a tile is how many distances follow.
    while let Some(count) = rest.get(8..12).and_then(|bytes| bytes.first_chunk()) {
        let len = (u32::from_le_bytes(*count) as usize)
            .saturating_mul(4)
            .saturating_add(12);
        let Some((tile, behind)) = rest.split_at_checked(len) else {
            break;
        };
        let start = file.len();
        file.extend(tile);
        checked(&mut file, start);
        rest = behind;
    }
    file.extend(rest);
    file
}

/// Appends the CRC-32C of what `file` has from `start` on.
fn checked(file: &mut Vec<u8>, start: usize) {
    let check = crc32c::crc32c(file.get(start..).unwrap_or_default());
    file.extend(check.to_le_bytes());
}

/// The reader of trees.
///
/// # Panics
/// If a tree that was read does not survive being written.
#[expect(clippy::expect_used, reason = "a failure here is the finding")]
pub fn ncd_trees(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(trees) = Tree::parse_newick_trees(text) else {
        return;
    };
    for tree in &trees {
        let written = tree.newick();
        let again = Tree::parse_newick(&written).expect("what was written can be read");
        assert_eq!(again.leaf_names(), tree.leaf_names());
        assert_eq!(again.nodes().len(), tree.nodes().len());
        assert_eq!(again.newick(), written);
        let _ = tree.clone().ladderized().leaves();
    }
    let named: Vec<(&str, &Tree)> = trees.iter().map(|tree| ("t", tree)).collect();
    assert!(nexus(&named).starts_with("#NEXUS"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_run_on_what_is_well_formed() {
        for choice in 0..=255 {
            for text in [
                &b"id\tsequence\tclass\na\tACGT\tx\nb\tGG\ty\n"[..],
                b">a k=x|f\nAC\nGT\n>b y\nGG\n",
                b"@a label=x\nACGT\n+\nIIII\n",
            ] {
                ncd_datasets(&[&[choice], text].concat());
            }
            for text in [
                &b"3\na 0 1 2\nb 1 0 3\nc 2 3 0\n"[..],
                b"3\na\nb 1\nc 2 3\n",
                b"#NEXUS\nBEGIN DISTANCES;\nMATRIX a 0 b 1 0 c 2 3 0;\nEND;\n",
                b",a,b\na,0,.5\nb,.5,0\n",
            ] {
                ncd_matrices(&[&[choice], text].concat());
            }
        }
        ncd_trees(b"((a:1,'b c':2)90:3,d)[&R];(a,b);\n");
    }

    #[test]
    fn parts_get_checksums_that_fit() {
        let body = [
            &[7; 8][..],
            &[1, 0, 0, 0, 1, 0, 0, 0, 0],
            &[0; 4],
            &[2, 0, 0, 0, 1, 0, 0, 0, b'a', 1, 0, 0, 0, b'b'],
        ]
        .concat();
        let tile = [
            &[0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0][..],
            &0.5f32.to_le_bytes(),
        ]
        .concat();
        let data = [&[body.len() as u8], &body[..], &tile].concat();
        let part = partial::read(&with_checksums(&data)[..]).unwrap();
        assert_eq!(part.tiles.len(), 1);
        ncd_parts(&data);
    }
}
