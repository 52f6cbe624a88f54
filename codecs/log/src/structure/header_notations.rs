//! Headers as common loggers write them, and what inference makes of them.

use super::header::{Field, Header};
use Field::{Bracketed, Level, Mark, Number, Origin, Tag, Timestamp, Word};

const MESSAGES: [&str; 8] = [
    "connection from peer lost",
    "listening on port 80: ok",
    "request took 5 ms",
    "user bob logged in",
    "cache miss ratio=0.5 for shard 7",
    "Shutting down",
    "retry 3 of 5",
    "Error while reading: file not found",
];
const LEVELS: [&str; 8] = [
    "INFO", "WARN", "ERROR", "INFO", "DEBUG", "INFO", "INFO", "WARN",
];
const COMPONENTS: [&str; 8] = [
    "app.core", "net.http", "db", "app.core", "cache", "main", "db", "io.file",
];

/// Checks the header of lines that `line` writes from a second, a level, a component and a message.
fn check(fields: &[Field], line: impl Fn(usize, &str, &str, &str) -> String) {
    let lines: Vec<String> = (0..8)
        .map(|index| line(index, LEVELS[index], COMPONENTS[index], MESSAGES[index]))
        .collect();
    let bytes: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    let header = Header::infer(&bytes).unwrap();
    assert_eq!(header.fields(), fields, "{}", lines[0]);
    for (line, message) in lines.iter().zip(MESSAGES) {
        let start = header.message_start(line.as_bytes()).unwrap();
        assert_eq!(&line[start..], message, "{line}");
        assert_eq!(
            header.timestamp(line.as_bytes()).is_some(),
            fields.contains(&Timestamp),
            "{line}"
        );
        assert_eq!(
            header.level(line.as_bytes()).is_some(),
            fields.contains(&Level),
            "{line}"
        );
    }
}

#[test]
fn java_and_python_loggers() {
    check(
        &[Timestamp, Bracketed, Level, Origin],
        |second, level, component, message| {
            format!("03:04:0{second}.678 [main-{second}] {level:5} c.e.{component} - {message}")
        },
    );
    check(
        &[Level, Timestamp, Bracketed, Tag],
        |second, level, component, message| {
            format!("{level:5} [2023-01-02 03:04:0{second},678] [main] {component}: {message}")
        },
    );
    check(
        &[Timestamp, Level, Number, Mark, Bracketed, Word, Mark],
        |second, level, component, message| {
            format!(
                "2023-01-02 03:04:0{second}.678 {level:>5} 1234 --- [main] {component:10} : {message}"
            )
        },
    );
    check(
        &[Timestamp, Mark, Word, Mark, Level, Mark],
        |second, level, component, message| {
            format!("2023-01-02 03:04:0{second},678 - {component} - {level} - {message}")
        },
    );
    check(
        &[Timestamp, Level, Bracketed, Bracketed],
        |second, level, component, message| {
            format!(
                "[2023-01-02T03:04:0{second},678][{level:5}][{component:25}] [node-1] {message}"
            )
        },
    );
}

#[test]
fn loggers_of_other_languages() {
    check(
        &[Timestamp, Level, Tag],
        |second, level, component, message| {
            format!("[2023-01-02T03:04:0{second}Z {level:5} {component}] {message}")
        },
    );
    check(
        &[Timestamp, Level, Tag],
        |second, level, component, message| {
            format!("2023-01-02T03:04:0{second}.123456Z {level:>5} {component}: {message}")
        },
    );
    check(
        &[Word, Timestamp, Number, Tag],
        |second, level, _, message| {
            format!(
                "{}0102 03:04:0{second}.678901   1234{second} file.go:12{second}] {message}",
                &level[..1]
            )
        },
    );
    check(&[Timestamp], |second, _, _, message| {
        format!("2023/01/02 03:04:0{second} {message}")
    });
    check(&[Level], |_, level, _, message| {
        format!("[{level}] {message}")
    });
}

#[test]
fn system_logs() {
    check(&[Number, Timestamp, Word, Tag], |second, _, _, message| {
        format!("<3{second}>Oct 11 22:14:1{second} mymachine su[1{second}]: {message}")
    });
    check(
        &[Number, Number, Timestamp, Word, Word, Word, Word, Word],
        |second, _, component, message| {
            format!(
                "<3{second}>1 2003-10-11T22:14:1{second}.003Z host {component} 12{second} ID4{second} [x a=\"b c\"] {message}"
            )
        },
    );
    check(&[Timestamp, Word, Tag], |second, _, _, message| {
        format!(
            "2023-01-02T03:04:0{second}.123456+00:00 host{} app[12{second}]: {message}",
            second % 2
        )
    });
    check(&[Timestamp], |second, _, _, message| {
        format!("[    {second}.123456] {message}")
    });
}

#[test]
fn servers_and_data_bases() {
    check(&[Timestamp, Level, Tag], |second, level, _, message| {
        format!(
            "2023/01/02 03:04:0{second} [{}] 12{second}#0: {message}",
            level.to_lowercase()
        )
    });
    check(
        &[Timestamp, Word, Bracketed, Tag],
        |second, _, _, message| {
            format!("2023-01-02 03:04:0{second}.678 UTC [123{second}] LOG:  {message}")
        },
    );
    check(
        &[Timestamp, Number, Level, Bracketed, Bracketed],
        |second, _, _, message| {
            format!(
                "2023-01-02T03:04:0{second}.678901Z {second} [Note] [MY-01011{second}] [Server] {message}"
            )
        },
    );
    check(&[Word, Timestamp, Mark], |second, _, _, message| {
        format!("1234:M 02 Jan 2023 03:04:0{second}.678 * {message}")
    });
}

#[test]
fn fields_with_keys_and_fields_with_separators() {
    check(&[Timestamp, Level], |second, level, _, message| {
        format!("time=2023-01-02T03:04:0{second}Z level={level} {message}")
    });
    check(&[Word, Timestamp], |second, _, _, message| {
        format!("type=SYSCALL msg=audit(136448136{second}.243:2428{second}): {message}")
    });
    for separator in [",", " | ", "\t", ";"] {
        check(
            &[Timestamp, Level, Word],
            |second, level, component, message| {
                [
                    "2023-01-02 03:04:0",
                    &second.to_string(),
                    separator,
                    level,
                    separator,
                    component,
                    separator,
                    message,
                ]
                .concat()
            },
        );
    }
}
