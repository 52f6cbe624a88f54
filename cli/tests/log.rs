//! `codec log`: search, listing, growth and analysis of logs.

use std::process::{Command, Stdio};

use crate::fixture::{Dir, Ran, text};

/// A syslog of `lines` lines, the same every time.
fn syslog(lines: u64) -> String {
    let users = ["root", "alice", "bob", "guest"];
    let line = |n: u64| {
        let clock = format!("{:02}:{:02}:{:02}", n / 3600 % 24, n / 60 % 60, n % 60);
        let user = users[(n * 7 % 11 % 4) as usize];
        let text = match n % 3 {
            0 => format!(
                "sshd[{}]: session opened for user {user}",
                1000 + n * 37 % 900
            ),
            1 => format!(
                "sshd[{}]: Failed password for {user} from 10.0.0.{}",
                1000 + n,
                n % 250
            ),
            _ => format!("kernel: eth0: link up, {} Mbps", 10 * (n % 5)),
        };
        format!("Jun 14 {clock} combo {text}\n")
    };
    (0..lines).map(line).collect()
}

/// A directory with `a.log` and its archive `a.cdc`, in blocks of 64 KiB.
fn with_archive(content: &[u8]) -> Dir {
    let dir = Dir::new();
    dir.write("a.log", content);
    encode(&dir, "a.log", "a.cdc");
    dir
}

fn encode(dir: &Dir, source: &str, archive: &str) {
    let args = [
        "encode", "-c", "log", "--block", "64k", "-o", archive, source,
    ];
    dir.codec(&args).succeeds();
}

/// What the system's grep prints for `args` on a plain file, if there is one.
fn system_grep(dir: &Dir, args: &[&str]) -> Option<Ran> {
    let version = Command::new("grep")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !version.is_ok_and(|status| status.success()) {
        eprintln!("skipped: grep is not installed");
        return None;
    }
    Some(dir.run("grep", b"", &[&["-a"], args].concat()))
}

#[test]
fn grep_prints_what_the_systems_grep_prints_for_the_log() {
    let unended = syslog(4_000) + "Jun 14 23:00:00 combo kernel: the last line for bob";
    let dir = with_archive(unended.as_bytes());
    dir.write("b.log", b"one bob\n\nROOT two\n");
    encode(&dir, "b.log", "b.cdc");
    for options in [
        &["-F"][..],
        &["-F", "-n"],
        &["-F", "-c"],
        &["-F", "-l"],
        &["-F", "-v", "-n"],
        &["-F", "-v", "-c"],
        &["-F", "-i"],
        &["-F", "-m", "3"],
        &["-F", "-m", "3", "-n"],
        &["-F", "-H"],
        &["-F", "-H", "-n"],
        &["-E", "-n"],
        &["-E", "-i", "-c"],
    ] {
        for pattern in [
            "bob",
            "for user alice",
            "ROOT",
            "sshd.1[0-9]*.",
            "",
            "nothing like it",
        ] {
            // GNU grep then leaves out the count, too.
            if pattern.is_empty() && options.contains(&"-v") {
                continue;
            }
            for several in [false, true] {
                let plain = if several {
                    &["a.log", "b.log"][..]
                } else {
                    &["a.log"]
                };
                let packed: Vec<String> = plain
                    .iter()
                    .map(|name| name.replace(".log", ".cdc"))
                    .collect();
                let packed: Vec<&str> = packed.iter().map(String::as_str).collect();
                let Some(theirs) = system_grep(&dir, &[options, &[pattern], plain].concat()) else {
                    return;
                };
                // A plain text is what we look for unless told otherwise.
                let own: Vec<&str> = options
                    .iter()
                    .copied()
                    .filter(|option| *option != "-F")
                    .collect();
                let ours = dir.codec(&[&["log", "grep"], &own[..], &[pattern], &packed].concat());
                let theirs_text = theirs.text().replace(".log", ".cdc");
                assert!(
                    ours.text() == theirs_text,
                    "{options:?} {pattern:?}: {}",
                    ours.stderr
                );
                assert_eq!(
                    ours.code, theirs.code,
                    "{options:?} {pattern:?}: {}",
                    ours.stderr
                );
            }
        }
    }
}

#[test]
fn grep_tells_by_its_exit_code_whether_a_line_was_found() {
    let dir = with_archive(syslog(300).as_bytes());
    dir.codec(&["log", "grep", "session", "a.cdc"]).succeeds();
    let ran = dir.codec(&["log", "grep", "no such line", "a.cdc"]);
    ran.fails(1, &[]);
    assert_eq!((ran.stdout, ran.stderr), (Vec::new(), String::new()));
    dir.codec(&["log", "grep", "-E", "(", "a.cdc"])
        .fails(2, &["regular expression"]);
    dir.codec(&["log", "grep", "a\nb", "a.cdc"])
        .fails(2, &["newline"]);
    dir.codec(&["log", "grep", "a", "missing.cdc"])
        .fails(1, &["missing.cdc"]);
}

#[test]
fn grep_refuses_files_that_are_no_archives_of_logs() {
    let dir = with_archive(syslog(300).as_bytes());
    dir.encoded("z.cdc", b"a line\n");
    dir.codec(&["log", "grep", "line", "z.cdc"])
        .fails(2, &["zstd", "hint", "encode -c log"]);
    let mut damaged = dir.read("a.cdc");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    dir.write("damaged.cdc", &damaged);
    dir.codec(&["log", "grep", "e", "damaged.cdc"])
        .fails(3, &["damaged.cdc"]);
    let ran = dir.codec(&["log", "grep", "-c", "session", "a.cdc", "damaged.cdc"]);
    ran.fails(3, &["damaged.cdc"]);
    assert_eq!(ran.text(), "a.cdc:100\n");
}

#[test]
fn grep_takes_wildcards_line_numbers_and_times() {
    let dir = with_archive(syslog(5_000).as_bytes());
    let lines = |args: &[&str]| {
        let ran = dir.codec(&[&["log", "grep", "-n"], args, &["a.cdc"]].concat());
        ran.succeeds().text()
    };
    let numbers = |text: &str| -> Vec<u64> {
        let numbers = text.lines().map(|line| line.split(':').next().unwrap());
        numbers.map(|number| number.parse().unwrap()).collect()
    };
    let opened = lines(&["-W", "sess?on*root", "--lines", "3000..3030"]);
    let expected: Vec<u64> = (1..)
        .zip(syslog(5_000).lines())
        .filter(|(number, line)| {
            (3000..=3030).contains(number) && line.contains("session") && line.ends_with("root")
        })
        .map(|(number, _)| number)
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(numbers(&opened), expected);
    let hour = lines(&[
        "",
        "--since",
        "Jun 14 01:00:00",
        "--until",
        "Jun 14 01:00:09",
    ]);
    assert_eq!(numbers(&hour), (3601..=3610).collect::<Vec<u64>>());
}

#[test]
fn a_span_of_time_is_refused_for_a_log_without_times() {
    let dir = with_archive("unit 7 is ready\n".repeat(50).as_bytes());
    let span = ["--since", "2024-05-01"];
    dir.codec(&[&["log", "grep", "unit", "a.cdc"], &span[..]].concat())
        .fails(2, &["a.cdc", "time"]);
    dir.codec(&[&["log", "cat", "a.cdc"], &span[..]].concat())
        .fails(2, &["time"]);
    dir.codec(&["log", "cat", "--since", "yesterday", "a.cdc"])
        .fails(2, &["yesterday"]);
}

#[test]
fn cat_prints_lines_by_number_bit_for_bit() {
    let content = syslog(4_000).replace("combo", "c\u{f6}mbo\t\r") + "no newline";
    let dir = with_archive(content.as_bytes());
    let lines: Vec<&str> = content.split_inclusive('\n').collect();
    for (span, expected) in [
        ("1", lines[..1].concat()),
        ("1999..2003", lines[1998..2003].concat()),
        ("..4", lines[..4].concat()),
        ("3998..", lines[3997..].concat()),
        ("4001..9000", "no newline".to_owned()),
        ("9000..", String::new()),
    ] {
        let ran = dir.codec(&["log", "cat", "--lines", span, "a.cdc"]);
        assert!(ran.succeeds().text() == expected, "{span}");
    }
    assert!(dir.codec(&["log", "cat", "a.cdc"]).succeeds().text() == content);
    dir.codec(&["log", "cat", "--lines", "5..2", "a.cdc"])
        .fails(2, &["5"]);
}

#[test]
fn templates_are_counted_and_searched_by() {
    let dir = with_archive(syslog(900).as_bytes());
    for name in ["a.log", "a.cdc"] {
        let ran = dir.codec(&["log", "templates", "--json", name]);
        let templates = ran.succeeds().json();
        let sum: u64 = templates
            .iter()
            .map(|template| template["count"].as_u64().unwrap())
            .sum();
        assert_eq!(sum, 900);
        assert!(templates.len() <= 12, "{}", templates.len());
        let link = templates
            .iter()
            .find(|template| template["text"].as_str().unwrap().contains("link up"))
            .unwrap();
        assert_eq!(link["count"], 300);
        assert!(link["example"].as_str().unwrap().contains("eth0"));
        let number = link["template"].to_string();
        let found = dir.codec(&["log", "grep", "-c", "--template", &number, "", "a.cdc"]);
        assert_eq!(found.succeeds().text(), "300\n");
    }
    let top = dir.codec(&["log", "templates", "--top", "1", "--json", "a.log"]);
    assert_eq!(top.succeeds().json().len(), 1);
    dir.codec(&["log", "grep", "--template", "9999", "", "a.cdc"])
        .fails(2, &["9999", "codec log templates"]);
}

#[test]
fn stats_tell_what_an_archive_holds() {
    let content = syslog(4_000) + "unended";
    let dir = with_archive(content.as_bytes());
    let ran = dir.codec(&["log", "stats", "--json", "a.cdc"]);
    let stats = &ran.succeeds().json()[0];
    assert_eq!(stats["schema"], "codec.log.stats.v1");
    assert_eq!(stats["lines"], 4_001);
    assert_eq!(stats["content_bytes"], content.len());
    assert_eq!(stats["encoded_bytes"], dir.read("a.cdc").len());
    assert_eq!(stats["streams"], 1);
    let blocks = stats["blocks"].as_u64().unwrap();
    assert!(blocks >= 4);
    let methods = stats["methods"].as_object().unwrap().values();
    assert_eq!(
        methods.map(|count| count.as_u64().unwrap()).sum::<u64>(),
        blocks
    );
    let [first, last] = ["first_time_ms", "last_time_ms"].map(|name| stats[name].as_i64().unwrap());
    assert_eq!(last - first, 3_999_000);
    let shown = dir.codec(&["log", "stats", "a.cdc"]).succeeds().text();
    assert!(
        shown.contains("4,001") && shown.contains("06-14 00:00:00"),
        "{shown}"
    );
}

#[test]
fn append_makes_an_archive_of_both_logs() {
    let (first, second) = (syslog(1_000) + "not yet ", syslog(300));
    let dir = with_archive(first.as_bytes());
    dir.write("b.log", second.as_bytes());
    let before = dir.read("a.cdc");
    let ran = dir.codec_reading(
        b"from a pipe\n",
        &["log", "append", "--json", "a.cdc", "b.log", "-"],
    );
    let records = ran.succeeds().json();
    assert_eq!(records[0]["content_bytes"], second.len());
    assert_eq!(records[1]["content_bytes"], 12);
    assert!(dir.read("a.cdc").starts_with(&before) && dir.read("a.cdc").len() > before.len());
    let whole = [&first, &second, "from a pipe\n"].concat();
    assert!(dir.codec(&["cat", "a.cdc"]).succeeds().text() == whole);
    assert!(dir.codec(&["log", "cat", "a.cdc"]).succeeds().text() == whole);
    // The line that one log ends in the middle of is one line with the beginning of the next.
    let ran = dir.codec(&["log", "grep", "-n", "not yet", "a.cdc"]);
    let joined = second.lines().next().unwrap();
    assert_eq!(ran.succeeds().text(), format!("1001:not yet {joined}\n"));
    dir.codec(&["test", "a.cdc"]).succeeds();
}

#[test]
fn append_leaves_what_it_refuses_as_it_is() {
    let dir = with_archive(syslog(900).as_bytes());
    dir.write("b.log", b"more\n");
    dir.encoded("foreign.cdc", &text(1_000));
    let mut damaged = dir.read("a.cdc");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    dir.write("damaged.cdc", &damaged);
    let cut = dir.read("a.cdc");
    dir.write("cut.cdc", &cut[..cut.len() - 5]);
    dir.write("plain.cdc", b"Jun 14 00:00:00 combo kernel: up\n");
    for (archive, code) in [
        ("foreign.cdc", 2),
        ("damaged.cdc", 3),
        ("cut.cdc", 3),
        ("plain.cdc", 3),
    ] {
        let before = dir.read(archive);
        dir.codec(&["log", "append", archive, "b.log"])
            .fails(code, &[archive]);
        assert!(dir.read(archive) == before, "{archive}");
    }
    let before = dir.read("a.cdc");
    dir.codec(&["log", "append", "a.cdc", "b.log", "missing.log"])
        .fails(1, &["missing.log"]);
    assert!(dir.read("a.cdc") == before);
}

#[test]
fn cluster_gives_every_line_a_template() {
    let dir = with_archive(syslog(300).as_bytes());
    for name in ["a.log", "a.cdc"] {
        let csv = dir.codec(&["log", "cluster", name]).succeeds().text();
        let mut rows = csv.lines();
        assert_eq!(rows.next(), Some("line,template"));
        let rows: Vec<Vec<u64>> = rows
            .map(|row| row.split(',').map(|cell| cell.parse().unwrap()).collect())
            .collect();
        assert_eq!(rows.len(), 300);
        for (row, number) in rows.iter().zip(1..) {
            assert_eq!(row[0], number);
        }
        // Every third line is of the same kind.
        assert_eq!(rows[2][1], rows[5][1]);
        assert_eq!(rows[2][1], rows[296][1]);
        assert_ne!(rows[2][1], rows[3][1]);
    }
}

#[test]
fn the_strangest_line_is_the_first_anomaly() {
    let strange = "Jun 14 00:06:00 combo kernel: Oops: paging request at 0xdeadbeef, zqx%~w\n";
    let content = syslog(360) + strange + &syslog(900)[syslog(361).len()..];
    let dir = with_archive(content.as_bytes());
    for name in ["a.log", "a.cdc"] {
        let args = [
            "log",
            "anomalies",
            "--model",
            "quick",
            "--top",
            "3",
            "--json",
            name,
        ];
        let found = dir.codec(&args).succeeds().json();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0]["line"], 361, "{found:?}");
        assert!(found[0]["text"].as_str().unwrap().contains("0xdeadbeef"));
        let bits = |number: usize| found[number]["bits"].as_f64().unwrap();
        assert!(bits(0) > bits(1) && bits(1) >= bits(2));
    }
}
