//! Task files: a day's work in YAML.

mod deliverable;
mod entry;
mod fields;
mod filing;
mod order;
mod read;
mod yaml;

pub use read::{Hides, Names, ReadTaskFile, TaskEntry, TaskFile, read_task_file};
