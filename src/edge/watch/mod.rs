//! Watches the project's files that count and says what changed.

mod complete;
mod event;
mod git;
mod named;
mod native;
mod observe;
mod options;
mod poll;
mod proof;
mod rules;
mod stamp;
#[cfg(test)]
mod tests;
mod walk;
mod watcher;

pub use complete::Complete;
pub use event::{Kind, WatchError, WatchEvent};
pub use named::Named;
pub use options::Options;
pub use walk::walk;
pub use watcher::{Blind, Watcher, start, start_with};
