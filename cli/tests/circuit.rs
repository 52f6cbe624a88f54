//! `codec train circuit` and `codec circuit eval`.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::fixture::{Dir, Ran};

/// Pictures of 4 by 4 pixels as IDX: a bright row and a bright column somewhere.
fn pictures(count: u32) -> Vec<u8> {
    let mut file = b"\0\0\x08\x03".to_vec();
    for extent in [count, 4, 4] {
        file.extend_from_slice(&extent.to_be_bytes());
    }
    let mut state: u32 = 9;
    for _ in 0..count {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (row, column) = (state >> 30, state >> 28 & 3);
        for pixel in 0..16 {
            let light =
                [0, 90, 180][usize::from(pixel / 4 == row) + usize::from(pixel % 4 == column)];
            file.push(light + (state >> (pixel / 4 * 2) & 3) as u8);
        }
    }
    file
}

const TRAIN: [&str; 15] = [
    "train",
    "circuit",
    "--data",
    "in.idx",
    "--validate",
    "60",
    "--states",
    "4",
    "--epochs",
    "3",
    "--batch",
    "50",
    "--no-progress",
    "-o",
    "m.circuit",
];

fn train(dir: &Dir, more: &[&str]) -> Ran {
    dir.codec(&[&TRAIN[..], more].concat())
}

/// The usual arguments without some options and their values, and with others.
fn without(options: &[&str], more: &[&'static str]) -> Vec<&'static str> {
    let mut args = TRAIN.to_vec();
    for option in options {
        if let Some(at) = args.iter().position(|arg| arg == option) {
            args.drain(at..at + 2);
        }
    }
    args.extend(more);
    args
}

fn with_pictures() -> Dir {
    let dir = Dir::new();
    dir.write("in.idx", &pictures(300));
    dir
}

#[test]
fn a_model_is_trained_and_measured() {
    let dir = with_pictures();
    let ran = train(&dir, &["--log", "log.csv", "--licence", "free", "--json"]);
    let card = &ran.succeeds().json()[0];
    assert_eq!(
        dir.names(),
        ["in.idx", "log.csv", "m.circuit", "m.circuit.json"]
    );
    let kept: serde_json::Value = serde_json::from_slice(&dir.read("m.circuit.json")).unwrap();
    assert_eq!(&kept, card);
    assert_eq!(card["data"]["records"], 240);
    assert_eq!(card["validation"]["first"], 240);
    assert_eq!(card["licence"], "free");
    assert_eq!(card["model"]["bytes"], dir.read("m.circuit").len());
    assert_eq!(card["training"]["epochs"], 3);
    let rows = String::from_utf8(dir.read("log.csv")).unwrap();
    assert_eq!(rows.lines().count(), 6, "{rows}");
    assert!(rows.lines().last().unwrap().contains("full"), "{rows}");

    let eval = [
        "circuit",
        "eval",
        "m.circuit",
        "--data",
        "in.idx",
        "--records",
        "240..300",
        "--json",
    ];
    let measured = &dir.codec(&eval).succeeds().json()[0];
    let trained = &card["results"]["validation"];
    for field in ["ideal_bits_per_dimension", "model_bits_per_dimension"] {
        assert_eq!(measured[field], trained[field], "{field}");
    }
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let ideal = number(&measured["ideal_bits_per_dimension"]);
    assert!(ideal > 0.5 && ideal < 3.0, "{ideal}");
    for (at, group) in [(0, 1.0), (1, 16.0)] {
        let codewords = &measured["codewords"][at];
        assert_eq!(codewords["verified"], 60);
        assert_eq!(codewords["bytes"], trained["codewords"][at]["bytes"]);
        let rate = number(&codewords["bits_per_dimension"]);
        assert_eq!(rate, number(&codewords["bytes"]) * 8.0 / (60.0 * 16.0));
        // A codeword ends with a whole byte.
        assert!(
            rate >= ideal && rate < ideal * 1.02 + 16.0 / 16.0 / group,
            "{rate} {ideal}"
        );
        let model = dir.read("m.circuit").len() as f64 * 8.0 / (60.0 * 16.0);
        let with_model = number(&codewords["with_model_bits_per_dimension"]);
        assert!((with_model - rate - model).abs() < 1e-9);
    }
    let table = dir.codec(&eval[..7]).succeeds().text();
    assert!(table.contains("16 in a codeword"), "{table}");
}

#[test]
fn a_run_that_was_cut_off_goes_on_to_the_same_model() {
    let args = without(&["--epochs"], &["--epochs", "80", "--log", "log.csv"]);
    let long = |dir: &Dir, more: &[&str]| dir.codec(&[&args[..], more].concat());
    let whole = with_pictures();
    long(&whole, &[]).succeeds();

    let dir = with_pictures();
    let mut child = dir.start(&args);
    let patience = Instant::now() + Duration::from_secs(20);
    while !dir.path("log.csv").exists() {
        assert!(Instant::now() < patience, "{:?}", dir.names());
        thread::sleep(Duration::from_millis(1));
    }
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    assert_eq!(dir.names(), ["in.idx", "log.csv", "m.circuit.train"]);
    let rows = |dir: &Dir| {
        let log = dir.read("log.csv");
        log.iter().filter(|byte| **byte == b'\n').count()
    };
    assert_eq!(rows(&whole), 83);
    assert!(rows(&dir) < rows(&whole));

    let kept = dir.read("m.circuit.train");
    train(&dir, &[]).fails(1, &["m.circuit.train: is what a run", "--resume", "-f"]);
    train(&dir, &["--resume"]).fails(6, &["epochs 80, and now it is 3", "-f"]);
    long(&dir, &["--resume", "--seed", "2"]).fails(6, &["seed 1, and now it is 2"]);
    let mut damaged = kept.clone();
    damaged[40] ^= 1;
    dir.write("m.circuit.train", &damaged);
    long(&dir, &["--resume"]).fails(3, &["m.circuit.train", "checksum", "-f"]);
    dir.write("m.circuit.train", &kept);
    assert_eq!(dir.names(), ["in.idx", "log.csv", "m.circuit.train"]);

    long(&dir, &["--resume", "-T", "3"]).succeeds();
    assert_eq!(dir.read("m.circuit"), whole.read("m.circuit"));
    assert_eq!(rows(&dir), rows(&whole));
    assert_eq!(
        dir.names(),
        ["in.idx", "log.csv", "m.circuit", "m.circuit.json"]
    );
    let card: serde_json::Value = serde_json::from_slice(&dir.read("m.circuit.json")).unwrap();
    assert_eq!(card["training"]["resumed"], true);
    long(&dir, &["--resume"]).fails(1, &["m.circuit exists already", "-f"]);
    assert_eq!(dir.read("m.circuit"), whole.read("m.circuit"));
    train(&dir, &["-f"]).succeeds();
    assert_ne!(dir.read("m.circuit"), whole.read("m.circuit"));
}

#[test]
fn what_cannot_be_trained_is_said_before_anything_is_written() {
    let dir = with_pictures();
    let content = dir.read("in.idx");
    let cases: [(&[&'static str], i32, &[&str]); 9] = [
        (&["--validate", "300"], 2, &["at least one must be left"]),
        (&["--validate", "missing"], 1, &["missing: No such file"]),
        (&["--records", "0..301"], 2, &["in.idx: has 300 records"]),
        (&["--records", "9..9"], 2, &["holds no records"]),
        (&["--states", "0"], 2, &["0 states; 1 to 1024"]),
        (&["--steps", "0.5"], 2, &["expected 2 numbers"]),
        (&["--smoothing", "0,1,1"], 2, &["a smoothing of 0"]),
        (&["--exactness", "0"], 2, &["an exactness of 0"]),
        (&["-o", "in.idx"], 1, &["in.idx exists already"]),
    ];
    for (more, code, parts) in cases {
        dir.codec(&without(&more[..1], more)).fails(code, parts);
        assert_eq!(dir.names(), ["in.idx"], "{more:?}");
    }
    dir.codec(&without(&["-o"], &["-f", "-o", "in.idx"]))
        .fails(2, &["the same file"]);
    dir.codec(&without(&["--validate"], &["--patience", "2"]))
        .fails(2, &["validation records", "--validate N"]);
    assert_eq!(dir.read("in.idx"), content);
    dir.write("in.idx", &content[..content.len() - 1]);
    train(&dir, &[]).fails(3, &["in.idx", "4800 bytes of values"]);
    dir.write("in.idx", b"nothing of the kind");
    train(&dir, &[]).fails(5, &["in.idx", "neither IDX"]);
    assert_eq!(dir.names(), ["in.idx"]);
}

#[test]
fn a_model_is_for_records_of_its_shape() {
    let dir = with_pictures();
    train(&dir, &[]).succeeds();
    let mut wider = b"\0\0\x08\x02\0\0\0\x02\0\0\0\x11".to_vec();
    wider.extend([7; 34]);
    dir.write("wide.idx", &wider);
    let eval = |model, data| dir.codec(&["circuit", "eval", model, "--data", data]);
    eval("m.circuit", "wide.idx").fails(5, &["wide.idx", "17 values", "16 variables"]);
    eval("in.idx", "in.idx").fails(5, &["in.idx", "CIRC"]);
    eval("missing", "in.idx").fails(1, &["missing: cannot read"]);
    let model = dir.read("m.circuit");
    dir.write("half", &model[..model.len() / 2]);
    eval("half", "in.idx").fails(3, &["half: damaged"]);
    let other = Dir::new();
    other.write("in.idx", &pictures(300));
    other.write("other.idx", &wider);
    other
        .codec(&without(&["--validate"], &["--validate", "other.idx"]))
        .fails(5, &["other.idx: has records of another shape"]);
}
