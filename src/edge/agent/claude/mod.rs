//! The Claude CLI in headless mode: how it is started, what it is told, what its lines mean.
//!
//! Facts about the CLI were measured on 2.1.197 and 2.1.328; frames of the latter are kept in `tests/frames`.

mod answer;
mod ask;
mod asking;
mod launch;
mod meter;
mod permit;
pub mod planner;
mod run;
mod say;
mod settings;
mod steps;
mod tally;
mod trouble;
mod watch;

pub use launch::{RunSpec, environment};
pub use run::ClaudeRun;
pub use steps::Step;
pub use tally::Tally;
