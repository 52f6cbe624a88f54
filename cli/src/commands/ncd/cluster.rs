//! `codec ncd cluster`: clusters in a matrix.

use std::path::Path;

use codec_suite::core::Error;
use codec_suite::ncd::cluster::{Linkage, dendrogram, k_medoids, silhouettes};
use codec_suite::ncd::matrix::DistanceMatrix;
use serde::Serialize;

use super::data::Refusal;
use super::matrix_args::{ClusterArgs, ClusterMethod};
use super::matrix_file::{check_free, read_matrix, write_file};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::name_of;

/// Random starts of k-medoids beside the greedy one.
const STARTS: usize = 10;

#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    matrix: String,
    method: &'static str,
    clusters: usize,
    mean_silhouette: f64,
    /// The items that stand for their cluster, in order of clusters; only with medoids.
    medoids: Option<Vec<&'a str>>,
    items: Vec<ItemRecord<'a>>,
}

#[derive(Serialize)]
struct ItemRecord<'a> {
    name: &'a str,
    cluster: usize,
    silhouette: f64,
}

pub(crate) fn run(args: &ClusterArgs) -> Exit {
    let mut console = Console::new("ncd cluster", args.chatter, args.report.json);
    if let Err(refusal) = cluster(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn cluster(args: &ClusterArgs, console: &mut Console) -> Result<(), Refusal> {
    if let Some(output) = &args.output {
        check_free(output, args.force)?;
        if console.json() && output == Path::new("-") {
            let failure = Failure::usage("--json and CSV cannot both go to standard output");
            return Err(failure.into());
        }
    }
    let matrix = read_matrix(&args.matrix, args.average)?;
    let (clusters, medoids) = found(args, &matrix)?;
    let count = clusters.iter().max().map_or(0, |last| last + 1);
    let silhouettes = silhouettes(&matrix, &clusters)?;
    let mean = silhouettes.iter().sum::<f64>() / silhouettes.len() as f64;
    let names = matrix.names();
    // People count from 1.
    let items = names.iter().zip(&clusters).zip(&silhouettes);
    let items = items.map(|((name, cluster), silhouette)| ItemRecord {
        name,
        cluster: cluster + 1,
        silhouette: *silhouette,
    });
    let record = Record {
        schema: "codec.ncd.cluster.v1",
        matrix: name_of((args.matrix != Path::new("-")).then_some(&args.matrix)),
        method: args.method.name(),
        clusters: count,
        mean_silhouette: mean,
        medoids: medoids
            .as_ref()
            .map(|medoids| medoids.iter().map(|medoid| &names[*medoid][..]).collect()),
        items: items.collect(),
    };
    let mut text = String::from("name,cluster,silhouette\n");
    for item in &record.items {
        let name = field(item.name);
        text.push_str(&format!("{name},{},{:.4}\n", item.cluster, item.silhouette));
    }
    let summary = format!(
        "{count} clusters of {} items by {}, mean silhouette {mean:.4}",
        names.len(),
        record.method
    );
    match &args.output {
        Some(output) => {
            let write = |out: &mut dyn std::io::Write| {
                out.write_all(text.as_bytes())
                    .map_err(Error::io("write the clusters"))
            };
            write_file(output, &[&args.matrix], args.force, write)?;
            match (console.json(), output == Path::new("-")) {
                (true, _) => console.record(&record),
                (false, true) => console.note(&summary),
                (false, false) => console.line(&summary),
            }
        }
        None if console.json() => console.record(&record),
        None => {
            console.text(text.as_bytes());
            console.note(&summary);
        }
    }
    Ok(())
}

/// The cluster of each item, and the medoids if that is the method.
fn found(
    args: &ClusterArgs,
    matrix: &DistanceMatrix,
) -> Result<(Vec<usize>, Option<Vec<usize>>), Failure> {
    let linkage = match args.method {
        ClusterMethod::Average => Linkage::Average,
        ClusterMethod::Complete => Linkage::Complete,
        ClusterMethod::Single => Linkage::Single,
        ClusterMethod::Medoids => {
            let Some(count) = args.clusters else {
                let failure = Failure::usage("medoids cannot be cut at a distance");
                return Err(failure.hint("-k N says how many clusters to make"));
            };
            let medoids = k_medoids(matrix, count, STARTS, args.seed)?;
            return Ok((medoids.clusters, Some(medoids.medoids)));
        }
    };
    let dendrogram = dendrogram(matrix, linkage);
    let clusters = match (args.clusters, args.cut) {
        (Some(count), _) => dendrogram.cut_into(matrix, count)?,
        (None, Some(distance)) if distance >= 0.0 => dendrogram.cut_at(distance),
        _ => return Err(Failure::usage("--cut takes a distance of 0 or more")),
    };
    Ok((clusters, None))
}

/// A name as a field of CSV.
fn field(name: &str) -> String {
    match name.contains([',', '"']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    }
}
