//! What readers take, and how they refuse the rest.

use std::fs;
use std::io::Write;

use super::*;

fn parsed(text: &str, format: Format, options: &ReadOptions) -> Result<Dataset> {
    Dataset::parse(text.as_bytes(), "file", format, options)
}

fn labelled() -> ReadOptions {
    ReadOptions {
        needs_labels: true,
        ..ReadOptions::default()
    }
}

/// Names, labels and contents.
fn shown(data: &Dataset) -> Vec<(&str, Option<&str>, &str)> {
    let shown = data.items().iter().map(|item| {
        let content = std::str::from_utf8(&item.content).unwrap();
        (&item.name[..], item.label.as_deref(), content)
    });
    shown.collect()
}

#[track_caller]
fn refused(text: &str, format: Format, options: &ReadOptions, parts: &[&str]) -> Error {
    let error = parsed(text, format, options).unwrap_err();
    for part in parts {
        assert!(error.to_string().contains(part), "no {part:?} in: {error}");
    }
    error
}

#[test]
fn tables_are_read_by_the_names_of_their_columns() {
    let tsv = "\u{feff}Class\tSeq\r\n3\tACGT\r\n\r\n4\t\"GG\"\r\n";
    let data = parsed(tsv, Format::Table, &labelled()).unwrap();
    let expected = [("file:1", Some("3"), "ACGT"), ("file:2", Some("4"), "GG")];
    assert_eq!(shown(&data), expected);

    let csv = "id,text,topic,kin\na,\"one, \"\"two\"\"\nthree\",x,1\nb,plain,y,\n";
    let options = ReadOptions {
        label_column: Some("topic".into()),
        group_column: Some("kin".into()),
        ..labelled()
    };
    let data = parsed(csv, Format::Table, &options).unwrap();
    let expected = [
        ("a", Some("x"), "one, \"two\"\nthree"),
        ("b", Some("y"), "plain"),
    ];
    assert_eq!(shown(&data), expected);
    assert_eq!(data.items()[0].group.as_deref(), Some("1"));
    assert_eq!(data.items()[1].group, None);

    let one_column = parsed(
        "sequence\nACGT\nGGTT",
        Format::Table,
        &ReadOptions::default(),
    );
    assert_eq!(one_column.unwrap().len(), 2);
}

#[test]
fn bad_tables_are_refused_with_row_and_column() {
    let none = &ReadOptions::default();
    let table = Format::Table;
    refused("", table, none, &["the table is empty"]);
    refused(
        "a\tb\nx\ty\n",
        table,
        none,
        &["which column", "columns: a, b"],
    );
    refused(
        "seq\tb\nx\ty\n",
        table,
        &labelled(),
        &["which column holds the labels"],
    );
    let named = ReadOptions {
        label_column: Some("kind".into()),
        ..labelled()
    };
    refused("seq\tb\nx\ty\n", table, &named, &["no column 'kind'"]);
    let parts = ["row 2, line 3: no label in column 'class'"];
    let error = refused("seq\tclass\nAC\t1\nGG\t\n", table, &labelled(), &parts);
    assert!(matches!(error, Error::Corrupt { at: 15, .. }), "{error:?}");
    refused(
        "seq,class\nAC,1\n ,1\n",
        table,
        none,
        &["row 2, line 3: the sequence is empty"],
    );
    refused(
        "seq,class\nAC\n",
        table,
        none,
        &["row 1, line 2: 1 field, but the header has 2"],
    );
    refused(
        "seq,class\n\r\n\nAC\n",
        table,
        none,
        &["row 1, line 4: 1 field"],
    );
    refused(
        "seq,class\n\"AC,1\n",
        table,
        none,
        &["row 1", "does not end"],
    );
    refused(
        "seq,class\n\"AC\"x,1\n",
        table,
        none,
        &["text behind a quoted field"],
    );
}

#[test]
fn fasta_joins_lines_and_finds_labels_in_headers() {
    let text = ">a kinase\nAC\nGT \n\n>b|x|channel\r\nGG\r\n>c class=ion extra\nTT";
    let data = parsed(text, Format::Fasta, &labelled()).unwrap();
    let expected = [
        ("a", Some("kinase"), "ACGT"),
        ("b|x|channel", Some("channel"), "GG"),
        ("c", Some("ion"), "TT"),
    ];
    assert_eq!(shown(&data), expected);

    let unlabelled = parsed(text, Format::Fasta, &ReadOptions::default()).unwrap();
    let labels = unlabelled.items().iter().map(|item| item.label.as_deref());
    assert_eq!(labels.collect::<Vec<_>>(), [None, None, Some("ion")]);

    let options = ReadOptions {
        header_label: HeaderLabel::Key("extra".into()),
        ..labelled()
    };
    let parts = ["record 1, line 1: no label in the header 'a kinase'"];
    refused(text, Format::Fasta, &options, &parts);
}

#[test]
fn bad_fasta_is_refused_with_record_and_line() {
    let none = &ReadOptions::default();
    refused(
        "ACGT\n",
        Format::Fasta,
        none,
        &["line 1", "starts with '>'"],
    );
    let parts = ["record 2, line 3: the sequence of 'b' is empty"];
    refused(">a\nAC\n>b\n\n>c\nGG\n", Format::Fasta, none, &parts);
    refused(">a\nAC\n>b", Format::Fasta, none, &["record 2, line 3"]);
}

#[test]
fn fastq_is_four_lines_a_record() {
    let text = "@a x\nACGT\n+\nIIII\n@b\nGG\n+b\n!~\n\n";
    let data = parsed(text, Format::Fastq, &ReadOptions::default()).unwrap();
    assert_eq!(shown(&data), [("a", None, "ACGT"), ("b", None, "GG")]);
}

#[test]
fn malformed_fastq_names_record_line_and_reason() {
    for (text, parts) in [
        (
            "@a\nAC\n+\nII\nb\nAC\n+\nII\n",
            "record 2, line 5: expected '@'",
        ),
        ("@a\nAC\n+\nI\n", "record 1, line 4: 1 quality for 2 bases"),
        ("@a\nAC\nGT\n+\nIIII\n", "record 1, line 3: expected '+'"),
        (
            "@a\nAC\n+b\nII\n",
            "record 1, line 3: the header behind '+'",
        ),
        (
            "@a\nAC\n+\n",
            "record 1, line 4: the file ends before the qualities",
        ),
        ("@a\nAC\n+\nI\u{7f}\n", "byte 127 is no quality"),
        (
            "@a\n\n+\n\n",
            "record 1, line 1: the sequence of 'a' is empty",
        ),
        ("\n\n@a\nAC\n+\nII\n", "record 1, line 1: expected '@'"),
    ] {
        let error = refused(text, Format::Fastq, &ReadOptions::default(), &[parts]);
        assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    }
}

#[test]
fn classes_are_numbered_in_order_and_need_to_be_two() {
    let table = |labels: &[&str]| {
        let rows = labels.iter().map(|label| format!("AC\t{label}\n"));
        let text = format!("seq\tclass\n{}", rows.collect::<String>());
        parsed(&text, Format::Table, &ReadOptions::default()).unwrap()
    };
    let classes = table(&["10", "9", "10"]).classes().unwrap();
    assert_eq!(classes.names(), ["9", "10"]);
    assert_eq!(classes.of_items(), [1, 0, 1]);
    assert_eq!(table(&["b", "10"]).classes().unwrap().names(), ["10", "b"]);
    let error = table(&["a", "a"]).classes().unwrap_err();
    assert!(
        error.to_string().contains("at least two classes"),
        "{error}"
    );
    let error = table(&["a", ""]).classes().unwrap_err();
    assert!(
        error.to_string().contains("'file:2' has no label"),
        "{error}"
    );
}

#[test]
fn duplicates_and_straddling_groups_are_found() {
    let table = |text: &str| parsed(text, Format::Table, &ReadOptions::default()).unwrap();
    let train = table("seq\tgroup\nAC\tp\nGT\tq\nAC\tp\n");
    let test = table("seq\tgroup\nTT\tp\nGT\tr\n");
    assert_eq!(
        train.duplicates(),
        [Duplicate {
            first: 0,
            second: 2
        }]
    );
    assert_eq!(
        train.duplicates_in(&test),
        [Duplicate {
            first: 1,
            second: 1
        }]
    );
    assert_eq!(train.straddling_groups(&test), [("p".to_owned(), 2, 1)]);
}

#[test]
fn sequences_without_a_letter_of_dna_are_named() {
    let data = parsed(
        "id,seq\na,nnacnn\nb,123\n",
        Format::Table,
        &ReadOptions::default(),
    )
    .unwrap();
    let error = data.check_nucleotides().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("item 'b' has not one letter of DNA"),
        "{error}"
    );
    assert!(data.select(&[0]).check_nucleotides().is_ok());
}

#[test]
fn folders_label_by_sub_folder_and_gzip_is_unpacked() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::create_dir_all(path("cats/deep")).unwrap();
    fs::create_dir(path("dogs")).unwrap();
    fs::write(path("cats/deep/a.txt"), "miaow").unwrap();
    fs::write(path("cats/.hidden"), "x").unwrap();
    fs::write(path("dogs/rex.fasta"), ">NC_1 rex\nAC\nGT\n").unwrap();
    let gzip = fs::File::create(path("dogs/z")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(gzip, flate2::Compression::fast());
    gzip.write_all(b"woof").unwrap();
    gzip.finish().unwrap();
    let data = read(dir.path(), &labelled()).unwrap();
    let expected = [
        ("cats/a.txt", Some("cats"), "miaow"),
        ("rex", Some("dogs"), "ACGT"),
        ("dogs/z", Some("dogs"), "woof"),
    ];
    assert_eq!(shown(&data), expected);

    fs::write(path("loose"), "x").unwrap();
    let error = read(dir.path(), &labelled()).unwrap_err();
    assert!(error.to_string().contains("loose"), "{error}");
    let small = ReadOptions {
        max_bytes: 3,
        ..ReadOptions::default()
    };
    let error = read(&path("dogs/z"), &small).unwrap_err();
    assert!(matches!(error, Error::Limit { allowed: 3, .. }), "{error}");
}

#[test]
fn formats_are_told_by_name_or_first_bytes() {
    use std::path::Path;
    for (name, start, format) in [
        ("x.fa.gz", "", Format::Fasta),
        ("x.FASTQ", "", Format::Fastq),
        ("x.csv", "", Format::Table),
        ("x", ">a\nAC\n", Format::Fasta),
        ("x", "@a\nAC\n+\nII\n", Format::Fastq),
        ("x", "sequence\tclass\nAC\t1\n", Format::Table),
        ("x.txt", "the text, and more\n", Format::Whole),
        ("x.bin", "\0\u{1}", Format::Whole),
    ] {
        assert_eq!(
            Format::of(Path::new(name), start.as_bytes()),
            format,
            "{name} {start}"
        );
    }
}
