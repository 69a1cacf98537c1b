//! What the output of a check says: failures, counts, coverage.

mod cannot;
mod clean;
mod compare;
mod coverage;
mod diagnostic;
mod excerpt;
mod found;
mod normalise;
mod place;
mod read;
mod runner;

pub use cannot::cannot_run;
pub use compare::{Difference, compare};
pub use read::read;
