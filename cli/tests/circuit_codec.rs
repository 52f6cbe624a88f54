//! Records under a model: learned for them, given, missing; folders of pictures; single records.

use crate::fixture::Dir;

/// Pictures of 6 by 6 pixels as IDX, bright on one side of a line that is somewhere.
fn pictures(count: u32, seed: u32) -> Vec<u8> {
    let mut file = b"\0\0\x08\x03".to_vec();
    for extent in [count, 6, 6] {
        file.extend_from_slice(&extent.to_be_bytes());
    }
    let mut state = seed;
    let mut next = |bound: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % bound
    };
    for _ in 0..count {
        let (line, is_row) = (next(6), next(2) == 0);
        for pixel in 0..36 {
            let at = if is_row { pixel / 6 } else { pixel % 6 };
            let light = if at < line { 180 } else { 40 };
            file.push((light + next(24)) as u8);
        }
    }
    file
}

fn table(rows: u32) -> Vec<u8> {
    let mut text = "city,country,size\n".to_owned();
    for row in 0..rows {
        let number = row * row / 7 % 4;
        let city = ["Oslo,NO", "Rome,IT", "Bergen,NO", "Bari,IT"][number as usize];
        text += &format!("{city},{}\n", number * 10 + row * 37 % 11);
    }
    text.into_bytes()
}

/// A directory with `in.idx` and a model of such pictures.
fn with_model() -> Dir {
    let dir = Dir::new();
    dir.write("in.idx", &pictures(60, 5));
    dir.write("train.idx", &pictures(900, 1));
    let args = [
        "train",
        "circuit",
        "--data",
        "train.idx",
        "--validate",
        "100",
        "--states",
        "6",
        "--epochs",
        "4",
        "--batch",
        "50",
        "--no-progress",
        "-o",
        "m.circuit",
    ];
    dir.codec(&args).succeeds();
    dir
}

fn info(dir: &Dir, name: &str, field: &str) -> serde_json::Value {
    dir.codec(&["info", "--json", name]).succeeds().json()[0][field].clone()
}

#[test]
fn a_model_is_learned_and_stored_inside_with_the_rates_reported() {
    let dir = Dir::new();
    dir.write("a.idx", &pictures(3000, 2));
    let ran = dir.codec(&["encode", "--json", "--fit", "--verify", "a.idx"]);
    let record = &ran.succeeds().json()[0];
    assert_eq!(record["codec"], "circuit");
    let records = &record["records"];
    assert_eq!(records["count"], 3000);
    assert_eq!(records["model_inside"], true);
    let rate = records["bits_per_dimension"].as_f64().unwrap();
    let with_model = records["bits_per_dimension_with_model"].as_f64().unwrap();
    assert!((4.0..5.5).contains(&rate) && with_model > rate, "{records}");
    assert_eq!(info(&dir, "a.idx.cdc", "model"), serde_json::Value::Null);

    let before = dir.read("a.idx");
    dir.codec(&["encode", "-f", "-v", "-c", "circuit", "a.idx"])
        .succeeds()
        .fails(0, &["bits per dimension", "inside"]);
    dir.codec(&["decode", "-f", "a.idx.cdc"]).succeeds();
    assert_eq!(dir.read("a.idx"), before);
    dir.codec(&["encode", "-q", "-c", "xz", "-9", "-o", "xz.cdc", "a.idx"])
        .succeeds();
    dir.codec(&["encode", "-c", "circuit", "-6", "-o", "solid.cdc", "a.idx"])
        .succeeds();
    let [ours, solid, xz] = ["a.idx.cdc", "solid.cdc", "xz.cdc"].map(|name| dir.read(name).len());
    // What is random in so few pictures takes 87.5 % of what xz makes of them.
    assert!(ours * 100 < xz * 93, "{ours} {xz}");
    assert!(solid * 100 < xz * 91, "{solid} {xz}");
}

#[test]
fn names_of_arrays_and_tables_do_not_choose_the_codec() {
    let dir = Dir::new();
    dir.write("a.idx", &pictures(20, 2));
    dir.write("b.csv", &table(20));
    dir.codec(&["encode", "a.idx", "b.csv"]).succeeds();
    assert_eq!(info(&dir, "a.idx.cdc", "codec"), "auto");
    assert_eq!(info(&dir, "b.csv.cdc", "codec"), "auto");
}

#[test]
fn tables_and_anything_else_come_back() {
    let dir = Dir::new();
    dir.write("t.csv", &table(2000));
    dir.write("one.idx", &pictures(1, 2));
    dir.write("empty", b"");
    dir.write("text", b"no records in here");
    let names = ["t.csv", "one.idx", "empty", "text"];
    dir.codec(&[&["encode", "--verify", "-c", "circuit"][..], &names].concat())
        .succeeds();
    for name in names {
        let ran = dir.codec(&["cat", &format!("{name}.cdc")]);
        assert_eq!(ran.succeeds().stdout, dir.read(name), "{name}");
    }
}

#[test]
fn a_given_model_is_needed_again() {
    let dir = with_model();
    let before = dir.read("in.idx");
    dir.codec(&["encode", "--verify", "--model", "m.circuit", "in.idx"])
        .succeeds();
    assert!(info(&dir, "in.idx.cdc", "model").is_string());
    assert!(dir.read("in.idx.cdc").len() * 8 < before.len() * 6);

    for command in ["test", "cat"] {
        dir.codec(&[command, "in.idx.cdc"])
            .fails(5, &["hash", "--model FILE", "CODEC_MODEL_DIR"]);
        dir.codec(&[command, "--model", "m.circuit", "in.idx.cdc"])
            .succeeds();
    }
    let names = dir.names();
    dir.codec(&["decode", "-o", "out", "in.idx.cdc"])
        .fails(5, &["--model"]);
    assert_eq!(dir.names(), names);
    dir.codec(&["decode", "-o", "out", "--model", "m.circuit", "in.idx.cdc"])
        .succeeds();
    assert_eq!(dir.read("out"), before);

    dir.write("models/other.circuit", b"CIRC nothing");
    dir.write("models/mine.circuit", &dir.read("m.circuit"));
    let ran = dir.run(
        "env",
        b"",
        &[
            "CODEC_MODEL_DIR=models",
            crate::fixture::CODEC,
            "cat",
            "in.idx.cdc",
        ],
    );
    assert_eq!(ran.succeeds().stdout, before);
}

#[test]
fn what_a_model_is_not_for_is_refused_and_nothing_is_written() {
    let dir = with_model();
    dir.write("flat.npy", &{
        let mut file = b"\x93NUMPY\x01\0\x76\0".to_vec();
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4), }";
        file.extend(format!("{header:<117}\n").bytes());
        file.extend(b"abcdefgh");
        file
    });
    dir.write("cut.idx", &pictures(9, 1)[..100]);
    dir.write("text", b"no records");
    let mut damaged = dir.read("m.circuit");
    damaged[4] = 9;
    dir.write("new.circuit", &damaged);
    damaged[4] = 1;
    damaged.truncate(200);
    dir.write("cut.circuit", &damaged);
    let names = dir.names();
    let encode = |model: &str, name: &str| dir.codec(&["encode", "--model", model, name]);
    encode("m.circuit", "flat.npy").fails(5, &["flat.npy", "rows of 4 bytes", "6 x 6"]);
    encode("m.circuit", "cut.idx").fails(3, &["cut.idx", "array"]);
    encode("m.circuit", "text").fails(5, &["text"]);
    encode("new.circuit", "in.idx").fails(5, &["version 9"]);
    encode("cut.circuit", "in.idx").fails(3, &["model"]);
    encode("text", "in.idx").fails(5, &["CIRC"]);
    dir.codec(&["encode", "--fit", "text"]).fails(5, &["text"]);
    dir.codec(&["encode", "-c", "circuit", "cut.idx"])
        .fails(3, &["fit=never"]);
    dir.codec(&["encode", "--fit", "--model", "m.circuit", "in.idx"])
        .fails(2, &["--fit"]);
    dir.codec(&["encode", "-c", "xz", "--model", "m.circuit", "in.idx"])
        .fails(2, &["-c circuit"]);
    dir.codec(&["encode", "--model", "none", "in.idx"])
        .fails(1, &["--model none"]);
    assert_eq!(dir.names(), names);
}

#[test]
fn a_folder_of_pictures_is_one_array() {
    let dir = Dir::new();
    for (name, first) in [("b.pgm", 9), ("a.pgm", 1)] {
        let pixels: Vec<u8> = (first..first + 6).collect();
        dir.write(
            &format!("pics/{name}"),
            &[b"P5 3 2 255\n", &pixels[..]].concat(),
        );
    }
    dir.codec(&["encode", "-c", "circuit", "pics/"])
        .fails(0, &["2 pictures", "order of their names"]);
    dir.codec(&["decode", "pics.npy.cdc"]).succeeds();
    let array = dir.read("pics.npy");
    assert!(array.starts_with(b"\x93NUMPY"));
    assert!(array.ends_with(&[1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14]));

    dir.codec(&["encode", "-r", "-c", "circuit", "--out-dir", "out", "pics"])
        .succeeds();
    assert!(dir.read("out/pics/a.pgm.cdc").len() > 10);
    dir.write("pics/c.pgm", b"P5 1 1 255\nx");
    dir.codec(&["encode", "-f", "-c", "circuit", "pics"])
        .fails(5, &["c.pgm", "3 x 2"]);
    dir.codec(&["encode", "pics"]).fails(2, &["-r"]);
}

#[test]
fn single_records_are_written_without_the_header() {
    let dir = Dir::new();
    let content = pictures(3000, 2);
    dir.write("a.idx", &content);
    dir.codec(&["encode", "--fit", "a.idx"]).succeeds();
    let ran = dir.codec(&["cat", "--records", "1234..1236", "a.idx.cdc"]);
    let start = 16 + 1234 * 36;
    assert_eq!(ran.succeeds().stdout, content[start..start + 72]);
    let ran = dir.codec(&["cat", "--records", "2999..", "a.idx.cdc"]);
    assert_eq!(ran.succeeds().stdout, content[content.len() - 36..]);
    dir.write("text", b"no records");
    dir.codec(&["encode", "text"]).succeeds();
    dir.codec(&["cat", "--records", "0..1", "text.cdc"])
        .fails(2, &["--bytes"]);
}
