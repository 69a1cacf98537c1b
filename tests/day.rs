//! A day's work: task files, feedback, the files beside them and the report, each as data that anyone can read.

#[path = "day/task_files.rs"]
mod task_files;
#[path = "day/world.rs"]
mod world;
