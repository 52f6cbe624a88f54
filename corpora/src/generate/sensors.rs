//! A table of sensors' readings: numbers, categories and notes that depend on each other.

use std::io::Write;

use super::{Prng, fill};

const SITES: [(&str, i64, i64); 5] = [
    // Name, mean temperature in tenths of a degree, how much it varies over a day.
    ("harbour", 112, 31),
    ("roof", 148, 86),
    ("cellar", 131, 8),
    ("greenhouse", 214, 64),
    ("cold store", 34, 12),
];
const MODELS: [(&str, &[&str]); 4] = [
    ("TH-100", &["1.0.3", "1.0.4"]),
    ("TH-110", &["1.2.0"]),
    ("TX-7", &["7.1", "7.2", "7.2b"]),
    ("Bosun 2", &["2031.02"]),
];
const FAULTS: [(&str, &[&str]); 2] = [
    ("degraded", &["E11", "E12", "E17"]),
    ("failed", &["F02", "F40"]),
];
const REMARKS: [&str; 5] = [
    "battery replaced",
    "moved closer to the door",
    "housing wet, dried and resealed",
    "reading disputed by the night shift",
    "recalibrated against the reference",
];
const NAMES: [&str; 6] = ["Amina", "Björn", "Chidi", "Dolores", "Eun-ji", "Farid"];
const DEVICES: u64 = 120;

/// The beginning of a table of readings, cut at `len` bytes.
pub(super) fn bytes(len: usize, prng: &mut Prng) -> Vec<u8> {
    let mut state = State::default();
    fill(len, |out| state.append(out, prng))
}

/// A table of a header and `rows` readings of sensors, as comma-separated values.
///
/// Its eleven columns depend on each other: the time rises by irregular steps; a device has its
/// site, its model and, but for a few updates, its firmware; temperature follows from site and hour,
/// humidity from temperature, voltage falls as a battery ages; an error code belongs to a status, is
/// empty without one, and notes are rare free text.
///
/// ```
/// use codec_corpora::generate::sensor_table;
/// let table = sensor_table(1000, 7);
/// assert!(table.starts_with(b"time,device,site,model,firmware,"));
/// assert_eq!(table.iter().filter(|byte| **byte == b'\n').count(), 1001);
/// ```
#[must_use]
pub fn sensor_table(rows: usize, seed: u64) -> Vec<u8> {
    let mut prng = Prng::new(seed);
    let mut state = State::default();
    let mut out = Vec::new();
    for _ in 0..=rows {
        state.append(&mut out, &mut prng);
    }
    out
}

/// What the next line depends on.
#[derive(Default)]
struct State {
    has_header: bool,
    seconds: u64,
    /// Readings of each device since its battery was replaced.
    ages: Vec<u64>,
}

impl State {
    fn append(&mut self, out: &mut Vec<u8>, prng: &mut Prng) {
        if !self.has_header {
            self.has_header = true;
            self.ages = (0..DEVICES).map(|_| prng.below(400)).collect();
            out.extend_from_slice(
                b"time,device,site,model,firmware,temperature,humidity,voltage,status,error,note\n",
            );
            return;
        }
        let written = self.reading(out, prng);
        // Writing into a vector cannot fail.
        debug_assert!(written.is_ok());
    }

    fn reading(&mut self, out: &mut Vec<u8>, prng: &mut Prng) -> std::io::Result<()> {
        self.seconds += 5 * prng.zipf(4) + prng.below(3);
        let device = prng.below(DEVICES);
        // What a device is follows from its number.
        let mut traits = Prng::new(device);
        let (site, mean, swing) = *traits.pick(&SITES);
        let (model, firmwares) = *traits.pick(&MODELS);
        let mut firmware = *traits.pick(firmwares);
        if prng.one_in(200) {
            firmware = *prng.pick(firmwares);
        }
        let hour = self.seconds / 3600 % 24;
        let temperature = mean + swing * daily(hour) / 100 + bell(prng, 6);
        let humidity = (960 - 2 * temperature + bell(prng, 30)).clamp(50, 1000) / 10;

        let age = &mut self.ages[device as usize];
        *age += 1;
        let mut remark = None;
        if prng.one_in(400) || *age > 1500 {
            *age = 0;
            remark = Some(REMARKS[0]);
        } else if prng.one_in(60) {
            remark = Some(*prng.pick(&REMARKS));
        }
        let voltage = 3650 - (*age / 3) as i64 + bell(prng, 9);
        let (status, error) = match prng.below(100) {
            0..3 => (FAULTS[1].0, *prng.pick(FAULTS[1].1)),
            3..9 => (FAULTS[0].0, *prng.pick(FAULTS[0].1)),
            _ => ("ok", ""),
        };
        time(out, self.seconds)?;
        write!(out, ",dev-{device:03},{site},{model},{firmware},")?;
        tenths(out, temperature)?;
        write!(
            out,
            ",{humidity},{}.{:03},{status},{error},",
            voltage / 1000,
            voltage % 1000
        )?;
        if let Some(remark) = remark {
            let name = prng.pick(&NAMES);
            let ticket = 10_000 + prng.below(90_000);
            write!(out, "\"{remark} ({name}), ticket {ticket}\"")?;
        }
        writeln!(out)
    }
}

/// Warmest at two in the afternoon, in hundredths of the swing.
fn daily(hour: u64) -> i64 {
    let away = (hour as i64 - 14).rem_euclid(24);
    let away = away.min(24 - away);
    100 - 200 * away * away * (36 - 2 * away) / 1728
}

/// Around 0, mostly within `spread`.
fn bell(prng: &mut Prng, spread: u64) -> i64 {
    let sum: u64 = (0..4).map(|_| prng.below(spread + 1)).sum();
    sum as i64 - 2 * spread as i64
}

fn tenths(out: &mut Vec<u8>, value: i64) -> std::io::Result<()> {
    let sign = if value < 0 { "-" } else { "" };
    let value = value.unsigned_abs();
    write!(out, "{sign}{}.{}", value / 10, value % 10)
}

/// A time from the first of March 2031 on; months have 28 days.
fn time(out: &mut Vec<u8>, seconds: u64) -> std::io::Result<()> {
    let days = seconds / 86_400;
    write!(
        out,
        "2031-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        3 + days / 28 % 10,
        1 + days % 28,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}
