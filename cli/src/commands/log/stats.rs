//! `codec log stats`: what an archive of logs holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use codec_suite::log::structure::timestamp::Timestamp;
use serde::Serialize;

use super::args::StatsArgs;
use super::{explain, open};
use crate::args::Chatter;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::name_of;
use crate::units::{count, grouped, ratio};

#[derive(Serialize)]
struct Record {
    schema: &'static str,
    file: String,
    lines: u64,
    content_bytes: u64,
    encoded_bytes: u64,
    ratio: f64,
    streams: usize,
    blocks: usize,
    /// Blocks by method.
    methods: BTreeMap<&'static str, u64>,
    /// Milliseconds since 1970, where times are recognised.
    first_time_ms: Option<i64>,
    last_time_ms: Option<i64>,
}

pub(crate) fn run(args: &StatsArgs) -> Exit {
    let mut console = Console::new("log stats", Chatter::default(), args.report.json);
    for file in &args.files {
        match stats(file) {
            Ok(record) if console.json() => console.record(&record),
            Ok(record) => console.line(&shown(&record)),
            Err(failure) => console.fail(Some(&name_of(Some(file))), &failure),
        }
    }
    console.finish()
}

fn stats(path: &Path) -> Result<Record, Failure> {
    let mut archive = open(path)?;
    let metadata = fs::metadata(path).map_err(|error| Failure::io("cannot look at", &error))?;
    let mut newlines = 0u64;
    let mut is_ended = true;
    let mut methods = BTreeMap::new();
    let mut times: Option<[Timestamp; 2]> = None;
    archive
        .summaries(|summary, _, _| {
            newlines = summary.newlines.saturating_add(newlines);
            is_ended = summary.is_ended;
            *methods.entry(summary.method.name()).or_insert(0) += 1;
            if let Some([first, last]) = summary.times {
                let [before, after] = times.unwrap_or([first, last]);
                times = Some([before.min(first), after.max(last)]);
            }
        })
        .map_err(|error| explain(error, path))?;
    let content_bytes = archive.content_len();
    Ok(Record {
        schema: "codec.log.stats.v1",
        file: name_of(Some(path)),
        lines: newlines.saturating_add(u64::from(!is_ended)),
        content_bytes,
        encoded_bytes: metadata.len(),
        ratio: content_bytes as f64 / metadata.len().max(1) as f64,
        streams: archive.headers().len(),
        blocks: archive.block_count(),
        methods,
        first_time_ms: times.map(|[first, _]| first.milliseconds()),
        last_time_ms: times.map(|[_, last]| last.milliseconds()),
    })
}

fn shown(record: &Record) -> String {
    let methods: Vec<String> = record
        .methods
        .iter()
        .map(|(name, blocks)| format!("{name} {blocks}"))
        .collect();
    let times = match (record.first_time_ms, record.last_time_ms) {
        (Some(first), Some(last)) => format!("{} to {}", date(first), date(last)),
        _ => "not recognised".to_owned(),
    };
    format!(
        "{}\n  lines    {}\n  content  {}\n  archive  {}, {}\n  blocks   {} ({}) in {}\n  times    {}",
        record.file,
        grouped(record.lines),
        count(record.content_bytes, "byte"),
        count(record.encoded_bytes, "byte"),
        ratio(record.content_bytes, record.encoded_bytes),
        record.blocks,
        methods.join(", "),
        count(record.streams as u64, "stream"),
        times
    )
}

/// A moment as `YYYY-MM-DD HH:MM:SS`, in the proleptic Gregorian calendar.
fn date(milliseconds: i64) -> String {
    let seconds = milliseconds.div_euclid(1000);
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years from 1 March have their leap day at the end (Hinnant, "days_from_civil").
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn moments_are_dates() {
        assert_eq!(date(0), "1970-01-01 00:00:00");
        assert_eq!(date(951_782_400_000), "2000-02-29 00:00:00");
        assert_eq!(date(1_445_191_307_978), "2015-10-18 18:01:47");
        assert_eq!(date(-1), "1969-12-31 23:59:59");
    }
}
