//! Tests of tables as wholes: what comes back, what is refused, what damage does.

use std::path::{Path, PathBuf};

use codec_classic::{Gzip, Xz};
use codec_core::{BlockCodec, Blocks, Budget, Codec, Error, Params};
use proptest::prelude::*;

use super::measure::{Symbols, tree_gains};
use super::*;
use crate::Records;

/// Takes a table apart and puts it together, front written and read included.
fn comes_back(table: &[u8]) -> TableParts {
    let parts = TableParts::of(table).unwrap();
    let mut written = Vec::new();
    parts.front.write(&mut written).unwrap();
    written.extend_from_slice(b"more");
    let (front, len) = TableFront::read(&written).unwrap();
    assert_eq!((&front, len), (&parts.front, written.len() - 4));
    let content = whole(&front, &parts.records, &parts.rest, table.len()).unwrap();
    assert!(content == table);
    parts
}

/// A table whose columns are coded in each of the ways there are.
fn mixed_table(rows: usize) -> Vec<u8> {
    let mut table = String::from("id,time,site,town,level,price,note,same,copy\n");
    let mut state = 7u64;
    let mut below = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % bound
    };
    for row in 0..rows {
        let site = below(5);
        let town = ["Oslo", "Rome", "\"Wien, alt\"", "Ulm", "Bern"][site as usize];
        let level = site * 3 + below(3);
        let price = format!("{}.{:02}", below(900) * below(90), below(100));
        let note = match below(9) {
            0 => format!("\"seen by {}, again\"", below(1_000_000)),
            1 => format!("code {:x} of {site}", below(1 << 40)),
            _ => format!("nothing at {:x}", below(1 << 20)),
        };
        let minute = row as u64 / 3 + below(2);
        let time = format!("2031-04-05 {:02}:{:02}:00", minute / 60, minute % 60);
        let price = if below(50) == 0 { "" } else { &price };
        table += &format!(
            "{},{time},{site},{town},{level},{price},{note},-,{note}\n",
            row + 100
        );
    }
    table.into_bytes()
}

#[test]
fn every_way_to_code_a_column_comes_back() {
    let parts = comes_back(&mixed_table(1200));
    let descriptions = parts.front.descriptions().join("; ");
    for word in [
        "differences",
        "follows from",
        "variable of",
        "text",
        "always",
        "copy of",
    ] {
        assert!(descriptions.contains(word), "{word}: {descriptions}");
    }
    assert_eq!(parts.records.len(), 1200);
    assert_eq!(parts.records.width(), parts.front.schema().len());
    assert_eq!(parts.front.names()[6], "note");
}

#[test]
fn counters_and_columns_that_follow_cost_next_to_nothing() {
    let mut table = String::from("n,when,kind,meaning\n");
    for row in 0..3000 {
        let kind = row * row % 7 % 5;
        let meaning = ["good", "bad", "worse", "worst", "unknown"][kind];
        let (minutes, seconds) = (row / 60, row % 60);
        table += &format!(
            "{row},2031-01-01T{:02}:{:02}:{seconds:02}Z,{kind},{meaning} state\n",
            minutes / 60,
            minutes % 60
        );
    }
    let parts = comes_back(table.as_bytes());
    assert!(parts.rest.len() < 150, "{} bytes", parts.rest.len());
}

#[test]
fn line_ends_and_quotes_come_back_as_they_were() {
    for table in [
        "a,b\r\n1,x\r\n2,y\r\n",
        "a,b\r\n1,x\r\n2,y",
        "a,b\n1,x\n2,y",
        "a,b\r",
        "a,b\n1,x\r",
        "\u{feff}a;b\n\"1\";x\n\"2\";\"\"\n",
        "a\tb\n\"x\ny\"\tz\nq\"q\tz\n",
        "1,2\n3,4\n3,4\n",
        "a,b\n\"x\"y,\"\"\"\"\n\"x\"y,\n",
    ] {
        match TableParts::of(table.as_bytes()) {
            Ok(_) => drop(comes_back(table.as_bytes())),
            Err(error) => assert!(table == "a,b\r", "{table:?}: {error}"),
        }
    }
}

#[test]
fn a_few_odd_rows_are_kept_and_many_are_refused() {
    let mut table = String::from("a,b,c\n");
    for row in 0..100 {
        table += &format!("{row},{},x\n", row % 7);
        if row % 40 == 20 {
            table += "only one\n\n";
        }
    }
    table += "\"open quote,1,2\n";
    let parts = comes_back(table.as_bytes());
    assert_eq!(parts.records.len(), 100);
    table += "1,2\n1,2\n1,2\n";
    let error = fit(table.as_bytes()).unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)));
    assert!(
        error.to_string().contains("the first of them row 23"),
        "{error}"
    );
}

#[test]
fn what_is_no_table_is_refused() {
    for content in [
        &b""[..],
        b"word",
        b"one\ntwo\nthree\n",
        b"a,b\n",
        &[0; 1000],
        &[b','; 0],
    ] {
        assert!(
            matches!(fit(content), Err(Error::Unsupported(_))),
            "{content:?}"
        );
    }
}

#[test]
fn a_front_takes_other_tables_of_its_kind_and_refuses_the_rest() {
    let mut state = 3u64;
    let mut table = |rows: usize| {
        let mut table = String::from("site,\"degrees, C\",state\n");
        for _ in 0..rows {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let [site, degrees, noise] = [state >> 62, state >> 56 & 63, state >> 50 & 7];
            let degrees = degrees + 40 * site;
            table += &format!(
                "s{site},{}.{noise},{}\n",
                degrees,
                ["ok", "bad"][usize::from(noise > site + 2)]
            );
        }
        table
    };
    let front = fit(table(3000).as_bytes()).unwrap();
    let other = table(500);
    let (records, rest) = part(other.as_bytes(), &front).unwrap();
    assert_eq!(
        whole(&front, &records, &rest, other.len()).unwrap(),
        other.as_bytes()
    );

    let far = other.clone() + "s1,9000.5,ok\n";
    let (records, rest) = part(far.as_bytes(), &front).unwrap();
    assert_eq!(
        whole(&front, &records, &rest, far.len()).unwrap(),
        far.as_bytes()
    );

    for (row, words) in [
        (
            "s9,1.5,ok",
            &["row 502", "column site", "\"s9\"", "4 categories", "--fit"][..],
        ),
        (
            "s1,NaN,ok",
            &["row 502", "column \"degrees, C\"", "\"NaN\"", "number"],
        ),
        (
            "s1,,ok",
            &["row 502", "column \"degrees, C\"", "\"\"", "number"],
        ),
        ("s1,1.5", &["row 502", "3 cells"]),
        ("s1,1.5,ok,5", &["row 502", "3 cells"]),
    ] {
        let error = part((other.clone() + row + "\n").as_bytes(), &front).unwrap_err();
        assert!(matches!(error, Error::Usage(_)), "{error:?}");
        for word in words {
            assert!(error.to_string().contains(word), "{word}: {error}");
        }
    }
    let renamed = other.replacen("site", "place", 1);
    assert!(matches!(
        part(renamed.as_bytes(), &front),
        Err(Error::Usage(_))
    ));
}

#[test]
fn parts_that_are_cut_short_or_too_long_are_damage() {
    let table = mixed_table(150);
    let TableParts {
        front,
        records,
        rest,
    } = TableParts::of(&table).unwrap();
    let mut written = Vec::new();
    front.write(&mut written).unwrap();
    for len in 0..written.len() {
        assert!(matches!(
            TableFront::read(&written[..len]),
            Err(Error::Corrupt { .. })
        ));
    }
    let step = rest.len() / 200 + 1;
    for len in (0..rest.len()).step_by(step) {
        let cut = whole(&front, &records, &rest[..len], table.len());
        assert!(matches!(cut, Err(Error::Corrupt { .. })), "{len} bytes");
    }
    let mut longer = rest.clone();
    longer.push(0);
    assert!(whole(&front, &records, &longer, table.len()).is_err());
    for len in [0, 1, table.len() - 1, table.len() + 1] {
        assert!(whole(&front, &records, &rest, len).is_err());
    }
    let fewer = records.range(0..149);
    assert!(whole(&front, &fewer, &rest, table.len()).is_err());
    let wider = Records::new(records.width() + 1, vec![0; 150 * (records.width() + 1)]);
    assert!(whole(&front, &wider, &rest, table.len()).is_err());
    let strange = Records::new(records.width(), vec![255; 150 * records.width()]);
    assert!(whole(&front, &strange, &rest, table.len()).is_err());
}

#[test]
fn damaged_bytes_never_give_another_length() {
    let table = mixed_table(60);
    let TableParts {
        front,
        records,
        rest,
    } = TableParts::of(&table).unwrap();
    let mut written = Vec::new();
    front.write(&mut written).unwrap();
    for at in (0..rest.len()).step_by(rest.len() / 300 + 1) {
        for flip in [1, 0x80, 0xFF] {
            let mut damaged = rest.clone();
            damaged[at] ^= flip;
            if let Ok(content) = whole(&front, &records, &damaged, table.len()) {
                assert_eq!(content.len(), table.len());
            }
        }
    }
    for at in 0..written.len() {
        for flip in [1, 0x80, 0xFF] {
            let mut damaged = written.clone();
            damaged[at] ^= flip;
            if let Ok((front, _)) = TableFront::read(&damaged)
                && let Ok(content) = whole(&front, &records, &rest, table.len())
            {
                assert_eq!(content.len(), table.len());
            }
        }
    }
}

/// Cells that parsers get wrong.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (-20i64..300).prop_map(|number| number.to_string()),
        2 => (any::<i32>(), 0u32..5).prop_map(|(number, places)| format!("{:.*}", places as usize, f64::from(number) / 1000.0)),
        2 => prop::sample::select(vec!["red", "green", "blue", "", "NaN", "-0", "007", "+5", "1e-5", "-", "."]).prop_map(String::from),
        1 => prop::sample::select(vec!["\"a, b\"", "\"\"", "\"x\ny\"", "\"q\"\"q\"", "\"t\"x", "a\"b", "\r", "\"\r\n\""]).prop_map(String::from),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => (0u32..86_400).prop_map(|t| format!("2031-02-{:02} {:02}:{:02}", 1 + t % 28, t / 3600, t / 60 % 60)),
        1 => "[a-c0-2 \",]{0,6}",
    ]
}

/// A table whose columns mostly have one kind of cells.
fn table() -> impl Strategy<Value = Vec<u8>> {
    let shape = (
        2usize..6,
        1usize..60,
        prop::sample::select(vec![",", ";", "\t"]),
        any::<(bool, bool)>(),
    );
    let cells = prop::collection::vec(cell(), 400);
    let picks = prop::collection::vec((0usize..400, 0usize..30), 400);
    (shape, cells, picks).prop_map(
        |((columns, rows, delimiter, (is_crlf, is_ended)), cells, picks)| {
            let end = if is_crlf { "\r\n" } else { "\n" };
            let row = |row: usize| {
                let of_column = |column: usize| {
                    let (random, rare) = picks[(row * columns + column) % picks.len()];
                    // Mostly from the column's own few cells.
                    let pick = if rare == 0 {
                        random
                    } else {
                        column * 40 + random % (1 + 9 * column)
                    };
                    cells[pick].clone()
                };
                (0..columns)
                    .map(of_column)
                    .collect::<Vec<_>>()
                    .join(delimiter)
            };
            let mut text = (0..rows).map(row).collect::<Vec<_>>().join(end);
            if is_ended {
                text += end;
            }
            text.into_bytes()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_table_comes_back_or_is_refused(table in table()) {
        match fit(&table) {
            Ok(_) => drop(comes_back(&table)),
            Err(error) => prop_assert!(matches!(error, Error::Unsupported(_)), "{error:?}"),
        }
    }

    #[test]
    fn bytes_that_may_be_a_table_come_back_or_are_refused(bytes in "[a1,;\"\n\r\\-.]{0,80}") {
        match fit(bytes.as_bytes()) {
            Ok(_) => drop(comes_back(bytes.as_bytes())),
            Err(error) => prop_assert!(matches!(error, Error::Unsupported(_)), "{error:?}"),
        }
    }

    #[test]
    fn damaged_parts_of_any_table_are_damage_or_another_table(
        table in table(),
        at in any::<[prop::sample::Index; 3]>(),
        flip in 1u8..,
    ) {
        let Ok(TableParts { front, records, mut rest }) = TableParts::of(&table) else {
            return Ok(());
        };
        let mut written = Vec::new();
        front.write(&mut written).unwrap();
        let in_front = at[0].index(written.len());
        written[in_front] ^= flip;
        if let Ok((front, _)) = TableFront::read(&written)
            && let Ok(content) = whole(&front, &records, &rest, table.len())
        {
            prop_assert_eq!(content.len(), table.len());
        }
        let in_rest = at[1].index(rest.len());
        rest[in_rest] ^= flip;
        let mut values = records.values().to_vec();
        let in_values = at[2].index(values.len());
        values[in_values] = 0;
        let records = Records::new(records.width(), values);
        if let Ok(content) = whole(&front, &records, &rest, table.len()) {
            prop_assert_eq!(content.len(), table.len());
        }
    }

    #[test]
    fn bytes_that_are_no_parts_are_damage(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        len in 0usize..10_000,
    ) {
        let _ = TableFront::read(&bytes);
        let TableParts { front, records, .. } = TableParts::of(&mixed_table(20)).unwrap();
        if let Ok(content) = whole(&front, &records, &bytes, len) {
            prop_assert_eq!(content.len(), len);
        }
    }
}

/// The tables of real logs, unpacked; none where they are not at hand.
fn log_tables() -> Vec<(PathBuf, Vec<u8>)> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CODEC_DATA").map_or(beside, PathBuf::from);
    let Ok(entries) = std::fs::read_dir(folder.join("logs/loghub_2k")) else {
        eprintln!("skipped: no real data at {}", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| path.to_string_lossy().ends_with("_structured.csv.gz"));
    let gzip = Blocks(Gzip);
    let unpack = |path: PathBuf| {
        let packed = std::fs::read(&path).unwrap();
        let mut table = Vec::new();
        let native = gzip.native().unwrap();
        native
            .decode(&mut &packed[..], &Budget::default(), &mut table)
            .unwrap();
        (path, table)
    };
    paths.into_iter().map(unpack).collect()
}

/// Bytes of the parts, the records as the best tree of their variables would have them.
fn estimated_len(parts: &TableParts) -> usize {
    let mut front = Vec::new();
    parts.front.write(&mut front).unwrap();
    let variables = parts.front.schema().variables.into_iter().enumerate();
    let symbols = variables.map(|(number, variable)| {
        let of_rows = parts.records.iter().map(|record| record[number]).collect();
        let count = usize::from(variable.symbols);
        Some(Symbols { of_rows, count })
    });
    let symbols: Vec<Option<Symbols>> = symbols.collect();
    let own: f64 = symbols.iter().flatten().map(Symbols::own_bits).sum();
    let bits = own - tree_gains(&symbols).iter().sum::<f64>();
    front.len() + parts.rest.len() + bits as usize / 8
}

/// Bytes that `xz -9e` makes of a table, to some tens.
fn xz_len(table: &[u8]) -> usize {
    let mut params = Params::defaults(Xz.descriptor().params);
    params.set("level", "9").unwrap();
    params.set("extreme", "true").unwrap();
    Xz.encode_block(table, &params).unwrap().len()
}

#[test]
fn tables_of_real_logs_come_back_and_are_smaller_than_xz_makes_them() {
    for (path, table) in log_tables() {
        let parts = comes_back(&table);
        let ours = estimated_len(&parts);
        let xz = xz_len(&table);
        eprintln!(
            "{}: {} bytes, xz {xz}, here about {ours}",
            path.display(),
            table.len()
        );
        assert!(ours < xz * 9 / 10, "{}", path.display());
    }
}

#[test]
fn a_table_of_sensors_is_smaller_than_xz_makes_it() {
    let table = codec_corpora::generate::sensor_table(10_000, 1);
    let parts = comes_back(&table);
    let xz = xz_len(&table);
    let ours = estimated_len(&parts);
    assert!(ours < xz / 2, "{ours} bytes, xz {xz}");
    assert!(parts.records.width() >= 4);
}
