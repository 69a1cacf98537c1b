//! Floor 4: files, environment and flags become settings.

mod arguments;
mod budget;
mod built_in;
mod check;
mod detect;
mod diagnostic;
mod draft;
mod environment;
mod feedback;
mod file;
mod keys;
mod layer;
mod load;
mod merge;
mod origin;
mod parse;
mod policy;
mod project;
mod projects;
mod python;
mod role;
mod safety;
mod screen;
mod task_file;
#[cfg(test)]
mod tests;
mod texts;
mod theme;
mod trust;
mod workflow;

pub use detect::{Detected, detect, kinds, target};
pub use diagnostic::{Diagnostic, Excerpt, Severity, nearest};
pub use environment::Secrets;
pub use feedback::{Feedback, Note, Rating, Remark, TaskFeedback, lessons, read_feedback};
pub use file::parse_time;
pub use load::{EXAMPLE, Inputs, Loaded, Overrides, load};
pub use origin::Source;
pub use project::{FILE_NAME, find_project, named_project};
pub use projects::Projects;
pub use screen::UiSettings;
pub use task_file::{Hides, Names, ReadTaskFile, TaskEntry, TaskFile, read_task_file};
pub use trust::{Running, TrustError, TrustStore};
