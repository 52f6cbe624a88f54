//! Lines of a server log.

use std::io::Write;

use super::{Prng, fill};

const PATHS: [&str; 14] = [
    "/",
    "/index.html",
    "/static/app.js",
    "/static/style.css",
    "/favicon.ico",
    "/api/v1/items",
    "/api/v1/session",
    "/api/v1/search?q=lamp",
    "/api/v1/search?q=chair",
    "/login",
    "/logout",
    "/images/header.png",
    "/robots.txt",
    "/cart",
];
const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1",
    "curl/8.8.0",
    "ExampleBot/2.1 (+http://bot.example/about)",
];
const WARNINGS: [&str; 3] = [
    "upstream timed out while reading response header",
    "worker connections are not enough",
    "a client request body is buffered to a temporary file",
];

pub(super) fn bytes(len: usize, prng: &mut Prng) -> Vec<u8> {
    let mut milliseconds = 0;
    fill(len, |out| {
        milliseconds += prng.zipf(11);
        let written = if prng.one_in(40) {
            warning(out, milliseconds, prng)
        } else {
            access(out, milliseconds, prng)
        };
        // Writing into a vector cannot fail.
        debug_assert!(written.is_ok());
    })
}

fn access(out: &mut Vec<u8>, milliseconds: u64, prng: &mut Prng) -> std::io::Result<()> {
    // What a client is follows from its number, so that fields of a line depend on each other.
    let client = prng.zipf(9);
    let mut habits = Prng::new(client);
    let agent = habits.pick(&AGENTS);
    let (network, host) = (habits.below(200), habits.below(250));
    let path_rank = prng.zipf(4).min(PATHS.len() as u64 - 1) as usize;
    let path = PATHS[path_rank];
    let status = match prng.below(50) {
        0 => 404,
        1 => 500,
        2..=5 => 304,
        _ => 200,
    };
    let size = match status {
        304 => 0,
        404 => 153,
        500 => 177,
        _ if path.starts_with("/api") => 200 + prng.below(4000),
        _ => 900 + 1013 * path_rank as u64,
    };
    write!(out, "10.{network}.{}.{host} - - [", client % 7)?;
    time(out, milliseconds)?;
    writeln!(
        out,
        "] \"GET {path} HTTP/1.1\" {status} {size} \"-\" \"{agent}\" {}.{:03}",
        prng.zipf(3),
        prng.below(1000)
    )
}

fn warning(out: &mut Vec<u8>, milliseconds: u64, prng: &mut Prng) -> std::io::Result<()> {
    out.write_all(b"[")?;
    time(out, milliseconds)?;
    let connection = 100_000 + milliseconds / 37;
    writeln!(
        out,
        "] [warn] 2114#0: *{connection} {}",
        prng.pick(&WARNINGS)
    )
}

/// A day of March 2031; days go on counting after the month is over.
fn time(out: &mut Vec<u8>, milliseconds: u64) -> std::io::Result<()> {
    let seconds = milliseconds / 1000;
    write!(
        out,
        "{:02}/Mar/2031:{:02}:{:02}:{:02} +0000",
        1 + seconds / 86_400,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}
