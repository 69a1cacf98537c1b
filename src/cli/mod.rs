//! Floor 6: the command line.

mod args;
mod chain;
mod costs;
mod day;
mod elsewhere;
mod events;
mod lessons;
mod parse;
mod questions;
mod queue;
mod render;
mod roles;
mod sessions;
mod stats;
mod upkeep;
mod verbs;
mod words;

pub use args::Cli;
pub use parse::main;
