//! `codec ncd tree`: a tree from a matrix, scored, written and drawn.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use codec_suite::core::Error;
use codec_suite::ncd::matrix::DistanceMatrix;
use codec_suite::ncd::tree::draw::{Drawing, Layout};
use codec_suite::ncd::tree::{
    QuartetScore, QuartetSearch, Tree, bionj, neighbor_joining, nexus, quartet_score,
    robinson_foulds, upgma,
};
use serde::Serialize;

use super::data::{Refusal, threads};
use super::matrix_args::{LayoutChoice, TreeArgs, TreeMethod};
use super::matrix_file::{check_free, explain, read_matrix, read_text, write_file};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::shown::safe;
use crate::source::name_of;
use crate::units::grouped;

/// Columns of the tree in characters.
const COLUMNS: usize = 78;

#[derive(Serialize)]
struct Record {
    schema: &'static str,
    matrix: String,
    method: &'static str,
    items: usize,
    /// S(T); unknown for fewer than four items.
    score: Option<f64>,
    quartets: u64,
    /// Whether these were all quartets.
    score_exact: bool,
    seed: u64,
    robinson_foulds: Option<usize>,
    robinson_foulds_largest: Option<usize>,
    newick: String,
    output: Option<String>,
    drawing: Option<String>,
}

pub(crate) fn run(args: &TreeArgs) -> Exit {
    let mut console = Console::new("ncd tree", args.chatter, args.report.json);
    if let Err(refusal) = tree(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn tree(args: &TreeArgs, console: &mut Console) -> Result<(), Refusal> {
    let to_stdout = args.output.as_deref() == Some(Path::new("-"));
    if to_stdout && console.json() {
        let failure = Failure::usage("--json and the tree cannot both go to standard output");
        return Err(failure.hint("the JSON has the tree in Newick").into());
    }
    let drawing = drawing(args)?;
    for file in args.output.iter().chain(&args.draw) {
        check_free(file, args.force)?;
    }
    let matrix = read_matrix(&args.matrix, args.average)?;
    let mut tree = made(args, &matrix, console)?;
    if !args.support.is_empty() {
        let mut replicates = Vec::new();
        for path in &args.support {
            let replicate = read_matrix(path, args.average)?;
            replicates.push(made(args, &replicate, console)?);
        }
        tree.set_supports(&replicates)?;
    }
    if let Some(name) = &args.outgroup {
        tree = tree.rooted_at_outgroup(name)?;
    } else if args.midpoint {
        tree = tree.rooted_at_midpoint();
    }
    let score = quartet_score(&tree, &matrix, args.seed)?;
    let compared = match &args.compare {
        Some(path) => {
            let at_file = |failure| Refusal {
                file: Some(name_of(Some(path))),
                failure,
            };
            let text = read_text(path).map_err(at_file)?;
            let other = Tree::parse_newick(&text).map_err(|error| at_file(explain(error, path)))?;
            Some(robinson_foulds(&tree, &other).map_err(|error| at_file(error.into()))?)
        }
        None => None,
    };

    let inputs: Vec<&Path> = [&args.matrix]
        .into_iter()
        .chain(&args.support)
        .map(PathBuf::as_path)
        .collect();
    if let (Some(path), Some((drawing, kind))) = (&args.draw, drawing) {
        let bytes = match kind {
            Kind::Svg => drawing.svg(&tree)?.into_bytes(),
            Kind::Png => drawing.png(&tree)?,
        };
        write_file(path, &inputs, args.force, |out| put(out, &bytes))?;
    }
    if let Some(path) = &args.output {
        let is_nexus = path.extension().is_some_and(|suffix| {
            ["nex", "nexus", "nxs"]
                .iter()
                .any(|known| suffix.eq_ignore_ascii_case(known))
        });
        let text = match is_nexus {
            true => nexus(&[(args.method.name(), &tree)]),
            false => tree.newick() + "\n",
        };
        write_file(path, &inputs, args.force, |out| put(out, text.as_bytes()))?;
    }

    let record = Record {
        schema: "codec.ncd.tree.v1",
        matrix: name_of((args.matrix != Path::new("-")).then_some(&args.matrix)),
        method: args.method.name(),
        items: matrix.len(),
        score: score.map(|score| score.score),
        quartets: score.map_or(0, |score| score.quartets),
        score_exact: score.is_some_and(|score| score.exact),
        seed: args.seed,
        robinson_foulds: compared.map(|compared| compared.distance),
        robinson_foulds_largest: compared.map(|compared| compared.largest),
        newick: tree.newick(),
        output: args.output.as_deref().map(|path| name_of(Some(path))),
        drawing: args.draw.as_deref().map(|path| name_of(Some(path))),
    };
    if console.json() {
        console.record(&record);
        return Ok(());
    }
    let mut lines = vec![format!(
        "{}, {} items: {}",
        record.method,
        record.items,
        fit(score, args.seed)
    )];
    lines.extend(compared.map(|compared| {
        format!(
            "Robinson-Foulds distance {} of {}",
            compared.distance, compared.largest
        )
    }));
    if to_stdout {
        // Standard output has the tree.
        lines.iter().for_each(|line| console.note(line));
        return Ok(());
    }
    if args.output.is_none() {
        let text = tree.text(COLUMNS);
        text.lines().for_each(|line| console.line(&safe(line)));
    }
    lines.iter().for_each(|line| console.line(line));
    Ok(())
}

/// The tree of the method that is asked for.
fn made(args: &TreeArgs, matrix: &DistanceMatrix, console: &Console) -> Result<Tree, Error> {
    match args.method {
        TreeMethod::Nj => neighbor_joining(matrix),
        TreeMethod::Bionj => bionj(matrix),
        TreeMethod::Upgma => upgma(matrix),
        TreeMethod::Quartet => {
            let search = QuartetSearch {
                seed: args.seed,
                ..QuartetSearch::default()
            };
            let climbs = search.starts as u64;
            let progress = Progress::counting("quartets", climbs, "climbs", console.chatter());
            search.run(matrix, threads(args.threads), |_| progress.done(1))
        }
    }
}

fn fit(score: Option<QuartetScore>, seed: u64) -> String {
    match score {
        None => "too few for S(T)".to_owned(),
        Some(score) => {
            let quartets = grouped(score.quartets);
            let which = match score.exact {
                true => format!("all {quartets} quartets"),
                false => format!("{quartets} quartets drawn by seed {seed}"),
            };
            format!("S(T) = {:.6} over {which}", score.score)
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Svg,
    Png,
}

/// How to draw, if that is asked for: found out before any work is done.
fn drawing(args: &TreeArgs) -> Result<Option<(Drawing, Kind)>, Refusal> {
    let Some(path) = &args.draw else {
        return Ok(None);
    };
    let suffix = path.extension().unwrap_or_default().to_ascii_lowercase();
    let kind = match suffix.to_str() {
        Some("svg") => Kind::Svg,
        Some("png") => Kind::Png,
        _ => {
            let failure = Failure::usage("the name does not say how to draw");
            return Err(failure.hint("names end in .svg or .png").into());
        }
    };
    let groups = match &args.groups {
        Some(path) => groups(path).map_err(|failure| Refusal {
            file: Some(name_of(Some(path))),
            failure,
        })?,
        None => BTreeMap::new(),
    };
    let layout = match args.layout {
        LayoutChoice::Rectangular => Layout::Rectangular,
        LayoutChoice::Radial => Layout::Radial,
    };
    Ok(Some((Drawing { layout, groups }, kind)))
}

/// The group of each name, from rows NAME,GROUP; what follows is not looked at.
fn groups(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let text = read_text(path)?;
    let mut groups = BTreeMap::new();
    for (number, line) in (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let malformed = |problem| Failure::new(Exit::Corrupt, format!("line {number}: {problem}"));
        let (name, rest) = match line.strip_prefix('"') {
            Some(inside) => {
                let end = inside.rfind("\",");
                let end = end.ok_or_else(|| malformed("expected NAME,GROUP"))?;
                (inside[..end].replace("\"\"", "\""), &inside[end + 2..])
            }
            None => {
                let (name, rest) = line
                    .split_once(',')
                    .ok_or_else(|| malformed("expected NAME,GROUP"))?;
                (name.to_owned(), rest)
            }
        };
        let group = rest.split(',').next().unwrap_or_default().trim();
        if number == 1 && name == "name" {
            continue;
        }
        groups.insert(name, group.to_owned());
    }
    Ok(groups)
}

fn put(out: &mut dyn Write, bytes: &[u8]) -> Result<(), Error> {
    out.write_all(bytes).map_err(Error::io("write the tree"))
}
