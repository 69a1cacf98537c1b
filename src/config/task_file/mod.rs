//! Task files: a day's work in YAML.

mod deliverable;
mod entry;
mod fields;
mod filing;
mod order;
mod read;
mod yaml;

pub use read::{Names, ReadTaskFile, TaskEntry, TaskFile, read_task_file};
