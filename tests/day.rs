//! A day's work: task files, feedback, the files beside them and the report, each as data that anyone can read.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

#[path = "day/feedback.rs"]
mod feedback;
#[path = "day/files.rs"]
mod files;
#[path = "day/report.rs"]
mod report;
#[path = "day/task_files.rs"]
mod task_files;
#[path = "day/world.rs"]
mod world;
