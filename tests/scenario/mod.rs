//! Reads, plays and tells the stories of `tests/scenarios`.

mod edge;
mod events;
mod filing;
mod lines;
mod person;
mod settings;
mod stage;

pub(crate) use stage::{Scenario, play};
