//! `codec learn`: classifiers on latents, pixels or samples.

mod classifier;
mod compare;

use clap::{Args, Subcommand};

use crate::exit::Exit;

/// Options of `codec learn`.
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct LearnArgs {
    #[command(subcommand)]
    command: LearnCommand,
}

#[derive(Debug, Subcommand)]
enum LearnCommand {
    /// Train a classifier on latents, pixels or samples
    Train(classifier::TrainArgs),
    /// Test a classifier that was trained
    Eval(classifier::EvalArgs),
    /// Train one classifier on latents and on pixels or samples of equal dimension, and test both
    Compare(compare::CompareArgs),
}

pub(crate) fn run(args: &LearnArgs) -> Exit {
    match &args.command {
        LearnCommand::Train(args) => classifier::train(args),
        LearnCommand::Eval(args) => classifier::eval(args),
        LearnCommand::Compare(args) => compare::run(args),
    }
}
