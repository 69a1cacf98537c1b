//! The diff of a task: read, and drawn in one column or in two.

mod columns;
mod parse;
mod reverse;
mod show;
mod words;

pub(in crate::ui) use show::{items, lines, lines_back};
