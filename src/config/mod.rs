//! Floor 4: files, environment and flags become settings.

mod arguments;
mod budget;
mod check;
mod detect;
mod diagnostic;
mod environment;
mod file;
mod keys;
mod load;
mod merge;
mod origin;
mod parse;
mod policy;
mod project;
mod python;
mod safety;
mod screen;
#[cfg(test)]
mod tests;
mod theme;
mod trust;

pub use detect::{Detected, detect, kinds, target};
pub use diagnostic::{Diagnostic, Excerpt, Severity};
pub use environment::Secrets;
pub use file::parse_time;
pub use load::{EXAMPLE, Inputs, Loaded, Overrides, load};
pub use origin::Source;
pub use project::{FILE_NAME, find_project, named_project};
pub use screen::UiSettings;
pub use trust::{Running, TrustError, TrustStore};
