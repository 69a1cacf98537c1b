//! What is remembered, and how facts change it.

mod batches;
mod durable;
mod events;
mod grants;
mod history;
mod index;
mod lanes;
mod ledger;
mod lessons;
mod planner;
mod tally;
mod tasks;
mod turns;

pub use batches::{Figures, Over};
pub use durable::{Book, CheckStatus, Process, Settled};
pub use events::{Events, Known, Standing};
pub use grants::Grants;
pub use history::{Past, Statistics, TestResult};
pub use index::{Index, Rank, Sources, Wait, near};
pub use lanes::Lanes;
pub use ledger::{Account, Ledger, Typical};
pub use tally::{Score, Tally};
pub use tasks::subject;
pub use turns::{Class, Line, Source, Turns, line};
