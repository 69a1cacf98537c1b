//! Proves on this machine, now, what the program promises; nothing is assumed from a name or a version.

mod agent;
mod child;
mod disk;
mod examine;
mod fence;
mod finding;
mod git;
mod holder;
mod limits;
mod order;
pub mod probe;
mod settings;
mod socket;
mod state;
mod terminal;
mod tree;
mod undo;
mod watch;

pub use examine::examine;
pub use finding::{Finding, Report, State};
pub use order::SCRATCH;
