//! Measures how well templates group lines, against ground truth.
//!
//! `grouping_accuracy DIRECTORY [SYSTEM]`: for each `NAME.log` in the directory with a `NAME.log_structured.csv` beside it
//! (columns `EventId` and `EventTemplate`, rows in the order of lines), prints the grouping accuracy of Zhu et al. (*Tools and
//! Benchmarks for Automated Log Parsing*, ICSE 2019): the share of lines whose predicted group is exactly a true group.
//! With a system's name, lists its largest true groups that were missed, with the templates found for their lines.
//!
//! `grouping_accuracy --speed FILE`: elapsed time of learning the file and of assigning its lines, and the number of templates.

use codec_log::structure::{Miner, TemplateId};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, file] if flag == "--speed" => speed(Path::new(file)),
        [directory] => accuracy(Path::new(directory), None),
        [directory, system] => accuracy(Path::new(directory), Some(system)),
        _ => Err("usage: grouping_accuracy DIRECTORY [SYSTEM] | --speed FILE".into()),
    }
}

fn accuracy(directory: &Path, system: Option<&str>) -> Result<(), Box<dyn Error>> {
    let mut logs: Vec<_> = std::fs::read_dir(directory)?.collect::<Result<_, _>>()?;
    logs.sort_by_key(std::fs::DirEntry::file_name);
    let mut accuracies = Vec::new();
    for log in logs {
        let path = log.path();
        let name = log.file_name().to_string_lossy().into_owned();
        let truth_path = path.with_file_name(format!("{name}_structured.csv"));
        if !name.ends_with(".log")
            || !truth_path.exists()
            || system.is_some_and(|system| !name.starts_with(system))
        {
            continue;
        }
        let truth = Truth::read(&String::from_utf8_lossy(&std::fs::read(truth_path)?))?;
        let text = std::fs::read(&path)?;
        let mut miner = Miner::new();
        miner.learn(&text);
        let lines: Vec<&[u8]> = text
            .split(|byte| *byte == b'\n')
            .take(truth.events.len())
            .collect();
        let found: Vec<TemplateId> = lines.iter().map(|line| miner.assign(line)).collect();
        let right = right_lines(&truth.events, &found);
        let share = right as f64 / truth.events.len() as f64;
        println!(
            "{name:24} {share:.4}  templates {} of {}",
            miner.templates().count(),
            truth.templates.len()
        );
        if system.is_some() {
            list_misses(&truth, &found, &miner);
        }
        accuracies.push(share);
    }
    println!(
        "mean {:.4} over {}",
        accuracies.iter().sum::<f64>() / accuracies.len() as f64,
        accuracies.len()
    );
    Ok(())
}

/// The event of each line, and the template of each event.
struct Truth {
    events: Vec<String>,
    templates: BTreeMap<String, String>,
}

impl Truth {
    fn read(text: &str) -> Result<Self, Box<dyn Error>> {
        let mut records = csv_records(text).into_iter();
        let names = records.next().ok_or("no header")?;
        let column = |wanted: &str| {
            names
                .iter()
                .position(|name| name == wanted)
                .ok_or(format!("no column {wanted}"))
        };
        let (event, template) = (column("EventId")?, column("EventTemplate")?);
        let mut truth = Self {
            events: Vec::new(),
            templates: BTreeMap::new(),
        };
        for record in records {
            let (Some(event), Some(template)) = (record.get(event), record.get(template)) else {
                continue;
            };
            truth.events.push(event.clone());
            truth.templates.insert(event.clone(), template.clone());
        }
        Ok(truth)
    }
}

fn csv_records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field, mut is_quoted) =
        (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' if is_quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => record.push(std::mem::take(&mut field)),
            '\n' if !is_quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            '\r' if !is_quoted => {}
            other => field.push(other),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    records
}

fn groups<'a, K: Ord + 'a>(keys: impl IntoIterator<Item = &'a K>) -> BTreeMap<&'a K, Vec<usize>> {
    let mut groups: BTreeMap<&K, Vec<usize>> = BTreeMap::new();
    for (line, key) in keys.into_iter().enumerate() {
        groups.entry(key).or_default().push(line);
    }
    groups
}

fn right_lines(events: &[String], found: &[TemplateId]) -> usize {
    let true_groups: BTreeSet<Vec<usize>> = groups(events).into_values().collect();
    groups(found)
        .into_values()
        .filter(|group| true_groups.contains(group))
        .map(|group| group.len())
        .sum()
}

fn list_misses(truth: &Truth, found: &[TemplateId], miner: &Miner) {
    let found_groups = groups(found);
    let mut misses: Vec<(&String, Vec<usize>)> = groups(&truth.events)
        .into_iter()
        .filter(|(_, lines)| {
            lines
                .first()
                .and_then(|line| found.get(*line))
                .is_some_and(|id| found_groups.get(id) != Some(lines))
        })
        .collect();
    misses.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.len()));
    for (event, lines) in misses.iter().take(40) {
        println!(
            "missed {} lines of {event}: {}",
            lines.len(),
            truth.templates.get(*event).map_or("", String::as_str)
        );
        let mut ids: BTreeMap<TemplateId, usize> = BTreeMap::new();
        for id in lines.iter().filter_map(|line| found.get(*line)) {
            *ids.entry(*id).or_default() += 1;
        }
        for (id, count) in ids.iter().take(6) {
            let shown = miner
                .template(*id)
                .map_or_else(String::new, ToString::to_string);
            println!(
                "    {count} of {}: {shown}",
                found_groups.get(id).map_or(0, Vec::len)
            );
        }
    }
}

fn speed(file: &Path) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read(file)?;
    let megabytes = text.len() as f64 / 1e6;
    let mut miner = Miner::new();
    let start = Instant::now();
    miner.learn(&text);
    let learning = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let other = text
        .split(|byte| *byte == b'\n')
        .filter(|line| miner.assign(line) == Miner::OTHER)
        .count();
    let assigning = start.elapsed().as_secs_f64();
    println!(
        "{}: learn {learning:.3} s ({:.1} MB/s), assign {assigning:.3} s ({:.1} MB/s), {} templates, {other} lines without",
        file.display(),
        megabytes / learning,
        megabytes / assigning,
        miner.templates().count()
    );
    Ok(())
}
