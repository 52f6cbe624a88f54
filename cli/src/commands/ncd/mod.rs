//! `codec ncd`: distances by compression, and what is made of them.

pub(crate) mod args;
mod classify;
mod classify_args;
mod cluster;
mod data;
mod distance;
mod matrix;
mod matrix_args;
mod matrix_file;
mod measure;
mod merge;
mod methods;
mod neighbors;
mod predictions;
mod scores;
mod tree;

use args::{NcdArgs, NcdCommand};

use crate::exit::Exit;

pub(crate) fn run(args: &NcdArgs) -> Exit {
    match &args.command {
        NcdCommand::Classify(args) => classify::run(args),
        NcdCommand::Neighbors(args) => neighbors::run(args),
        NcdCommand::Distance(args) => distance::run(args),
        NcdCommand::Matrix(args) => matrix::run(args),
        NcdCommand::Merge(args) => merge::run(args),
        NcdCommand::Tree(args) => tree::run(args),
        NcdCommand::Cluster(args) => cluster::run(args),
    }
}
