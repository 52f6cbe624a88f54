//! What the formats must keep, and what they must refuse.

use proptest::prelude::*;

use super::*;

const FORMATS: [MatrixFormat; 5] = [
    MatrixFormat::Phylip,
    MatrixFormat::PhylipLower,
    MatrixFormat::Nexus,
    MatrixFormat::Csv,
    MatrixFormat::Npy,
];

fn written(format: MatrixFormat, matrix: &DistanceMatrix) -> Vec<u8> {
    let mut bytes = Vec::new();
    format.write(matrix, &mut bytes).unwrap();
    bytes
}

fn parse(text: &str) -> Result<DistanceMatrix> {
    DistanceMatrix::parse(text.as_bytes(), None, Asymmetry::Refuse)
}

proptest! {
    #[test]
    fn every_format_gives_back_the_very_matrix(
        (n, values) in (1usize..8).prop_flat_map(|n| {
            (Just(n), proptest::collection::vec(0.0f32..1e6, pairs(n)))
        }),
        odd in "[a-z,'\" ()\\[\\]=;:é]{1,8}",
    ) {
        let spaced: Vec<String> = (0..n).map(|i| format!("{odd}{i}")).collect();
        for format in FORMATS {
            let phylip = matches!(format, MatrixFormat::Phylip | MatrixFormat::PhylipLower);
            let names = spaced.iter().map(|name| {
                // PHYLIP has no spaces in names; ahead of a CSV header a comma would tell too much.
                if phylip { name.replace([' ', ','], "_") } else { name.clone() }
            });
            let matrix = DistanceMatrix::from_lower(names.collect(), values.clone()).unwrap();
            let bytes = written(format, &matrix);
            let names = matrix.names().join("\n");
            let back = DistanceMatrix::parse(&bytes, Some(&names), Asymmetry::Refuse).unwrap();
            prop_assert_eq!(&back, &matrix, "{:?}", format);
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "(#NEXUS|3|,a,b)[ \n]{1,2}[ a-z0-9.,;'=\n\\[\\]-]{0,80}") {
        let _ = parse(&text);
        let _ = parse(&text.replace('z', "begin distances; matrix "));
    }
}

#[test]
fn formats_look_as_other_tools_write_them() {
    let names = ["cat", "wild dog"].map(String::from).to_vec();
    let matrix = DistanceMatrix::from_lower(names, vec![0.25]).unwrap();
    let text = |format| String::from_utf8(written(format, &matrix)).unwrap();
    assert_eq!(
        text(MatrixFormat::Phylip),
        "2\ncat      0 0.25\nwild_dog 0.25 0\n"
    );
    assert_eq!(text(MatrixFormat::PhylipLower), "2\ncat\nwild_dog 0.25\n");
    assert_eq!(
        text(MatrixFormat::Csv),
        ",cat,wild dog\ncat,0,0.25\nwild dog,0.25,0\n"
    );
    assert!(text(MatrixFormat::Nexus).contains("MATRIX\n    cat 0\n    'wild dog' 0.25 0\n  ;"));
    let npy = written(MatrixFormat::Npy, &matrix);
    assert_eq!(npy.len() % 64, 16);
    assert_eq!(
        npy[npy.len() - 16..npy.len() - 8],
        [0, 0, 0, 0, 0, 0, 0x80, 0x3e]
    );
}

#[test]
fn texts_of_other_tools_are_read() {
    let wrapped = parse("  3\n\nA  0 1\n 2\r\nB  1 0\n3\nC 2 3 0\n").unwrap();
    assert_eq!((wrapped.get(0, 1), wrapped.get(2, 1)), (1.0, 3.0));
    let lower = parse("3\nA\nB 1\nC 2 3\n").unwrap();
    assert_eq!(lower, wrapped);
    let nexus = "#nexus [a comment]\nbegin taxa; dimensions ntax=3; taxlabels A B C; end;\n\
        begin distances; format triangle=upper nodiagonal nolabels; matrix 1 2 3; end;";
    assert_eq!(parse(nexus).unwrap(), wrapped);
    let both =
        "#NEXUS\nBEGIN DISTANCES; FORMAT TRIANGLE=BOTH;\nMATRIX A 0 1 2 B 1 0 3 C 2 3 0; END;";
    assert_eq!(parse(both).unwrap(), wrapped);
    for (format, rows) in [
        ("TRIANGLE=LOWER NODIAGONAL", "A B 1 C 2 3"),
        ("TRIANGLE=UPPER", "A 0 1 2 B 0 3 C 0"),
        ("TRIANGLE=UPPER NODIAGONAL", "A 1 2 B 3 C"),
        ("TRIANGLE=BOTH NODIAGONAL", "A 1 2 B 1 3 C 2 3"),
    ] {
        let nexus = format!("#NEXUS BEGIN DISTANCES; FORMAT {format}; MATRIX {rows}; END;");
        assert_eq!(parse(&nexus).unwrap(), wrapped, "{nexus}");
    }
    // Rounded by another tool, and NCD of an item with itself is not 0.
    let rounded = parse(",a,b\na,0.03,0.123456\nb,0.1234561,0.02\n").unwrap();
    assert_eq!(rounded.get(1, 1), 0.0);
}

/// The square of all names would take 160 GB.
#[test]
fn names_without_a_matrix_take_no_memory() {
    let names: String = (0..200_000).map(|n| format!("t{n} ")).collect();
    for format in ["BOTH", "UPPER", "LOWER"] {
        let nexus = format!(
            "#NEXUS BEGIN TAXA; TAXLABELS {names}; END;\n\
             BEGIN DISTANCES; FORMAT TRIANGLE={format}; MATRIX t0 0; END;"
        );
        assert!(parse(&nexus).is_err());
    }
}

#[test]
fn malformed_texts_are_refused_with_line_and_reason() {
    for (text, line, reason) in [
        ("", 1, "expected the number of items"),
        ("three\n", 1, "found \"three\""),
        ("0\n", 1, "at least one item"),
        ("2\na 0 1\n", 2, "expected 2 items, but after 1"),
        ("2\na 0 1\nb 1 0\nc 1 1\n", 4, "nothing after 2 items"),
        (
            "2\na 0 1\nb 1\n",
            3,
            "b has 1 distances, and the text ends where 2",
        ),
        (
            "2\na 0 1 2\nb 1 0\n",
            2,
            "expected 2 distances, found also \"2\"",
        ),
        ("2\na 0 x\nb 1 0\n", 2, "expected a number, found \"x\""),
        ("2\na 0 NaN\nb 1 0\n", 2, "no finite number"),
        ("2\na 0 1e99\nb 1 0\n", 2, "no finite number"),
        ("2\na 0 1\nb -1 0\n", 3, "negative"),
        (
            "2\na 0 1\nb 2 0\n",
            3,
            "b and a: 2 in one direction, 1 in the other",
        ),
        ("2\na 0 1\na 1 0\n", 3, "two items are named a"),
        (",a,b\na,0,1\n", 2, "ends before the row of b"),
        (",a,b\nb,0,1\na,1,0\n", 2, "expected the row of a"),
        (",a,b\na,0\nb,1,0\n", 2, "expected 2 distances, found 1"),
        (",\"a,b\na,0,1\n", 1, "not closed"),
        ("#NEXUS\nBEGIN TREES; END;\n", 3, "BEGIN DISTANCES"),
        (
            "#NEXUS\nBEGIN DISTANCES;\nMATRIX a 0 b 1\n;",
            3,
            "no whole matrix",
        ),
        (
            "#NEXUS\nBEGIN DISTANCES;\nMATRIX a 0\nb x 0;",
            4,
            "expected a number",
        ),
        ("#NEXUS\nBEGIN DISTANCES;\nFORMAT TRIANGLE=UP;", 3, "not UP"),
        ("#NEXUS\nBEGIN DISTANCES;\nMATRIX a 0", 3, "the text ends"),
        ("#NEXUS\n[open", 2, "comment [ is not closed"),
    ] {
        let error = parse(text).unwrap_err();
        let Error::Corrupt { problem, .. } = &error else {
            panic!("{text:?}: {error}");
        };
        assert!(
            problem.starts_with(&format!("line {line}: ")),
            "{text:?}: {problem}"
        );
        assert!(problem.contains(reason), "{text:?}: {problem}");
    }
}

#[test]
fn arrays_must_be_square_floats_with_names() {
    let names = ["a", "b"].map(String::from).to_vec();
    let matrix = DistanceMatrix::from_lower(names, vec![0.5]).unwrap();
    let bytes = written(MatrixFormat::Npy, &matrix);
    let read = |bytes: &[u8], names| DistanceMatrix::parse(bytes, names, Asymmetry::Refuse);
    assert!(matches!(read(&bytes, None), Err(Error::Usage(_))));
    assert!(matches!(read(&bytes, Some("a")), Err(Error::Usage(_))));
    for cut in 0..bytes.len() {
        assert!(read(&bytes[..cut], Some("a\nb")).is_err(), "cut at {cut}");
    }
    let replaced = |from: &[u8], to: &[u8]| {
        let at = bytes
            .windows(from.len())
            .position(|window| window == from)
            .unwrap();
        [&bytes[..at], to, &bytes[at + from.len()..]].concat()
    };
    assert!(matches!(
        read(&replaced(b"<f4", b"<i4"), Some("a\nb")),
        Err(Error::Unsupported(_))
    ));
    let oblong = read(&replaced(b"(2, 2)", b"(1, 4)"), Some("a")).unwrap_err();
    assert!(oblong.to_string().contains("square"), "{oblong}");
}

#[test]
fn phylip_refuses_names_that_only_white_space_tells_apart() {
    let names = ["a b", "a_b"].map(String::from).to_vec();
    let matrix = DistanceMatrix::from_lower(names, vec![0.5]).unwrap();
    let error = MatrixFormat::Phylip
        .write(&matrix, &mut Vec::new())
        .unwrap_err();
    assert!(error.to_string().contains("two items are named a_b"));
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("item{i}")).collect()
}

#[test]
fn values_that_are_no_distances_are_refused_with_the_pair() {
    for value in [f32::NAN, f32::INFINITY, -0.5] {
        let error = DistanceMatrix::from_lower(names(3), vec![0.1, value, 0.2]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("item2 and item0"), "{text}");
    }
}

#[test]
fn names_must_be_there_and_differ() {
    let twice = vec!["a".to_owned(), "b".into(), "a".into()];
    let error = DistanceMatrix::from_lower(twice, vec![0.0; 3]).unwrap_err();
    assert!(error.to_string().contains("two items are named a"));
    assert!(DistanceMatrix::from_lower(Vec::new(), Vec::new()).is_err());
    assert!(DistanceMatrix::from_lower(vec![String::new()], Vec::new()).is_err());
    let one = DistanceMatrix::from_lower(names(1), Vec::new()).unwrap();
    assert_eq!((one.len(), one.get(0, 0)), (1, 0.0));
}

#[test]
fn a_square_must_be_symmetric_unless_averaging_is_asked_for() {
    let square = [9.0, 0.25, 0.75, 9.0];
    let error = DistanceMatrix::from_square(names(2), &square, Asymmetry::Refuse).unwrap_err();
    assert!(error.to_string().contains("0.75 in one direction"));
    let mean = DistanceMatrix::from_square(names(2), &square, Asymmetry::Average).unwrap();
    assert_eq!(mean.get(0, 1), 0.5);
}
