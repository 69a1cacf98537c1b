//! Feedback files: what a person says of a day's work, in Markdown.

mod line;
mod read;
mod teach;

pub use read::{Feedback, Note, Rating, Remark, TaskFeedback, read_feedback};
pub use teach::lessons;
