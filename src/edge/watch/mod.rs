//! Watches the project's files that count and says what changed.

mod complete;
mod event;
mod git;
mod named;
mod native;
mod observe;
mod poll;
mod proof;
mod rules;
#[cfg(test)]
mod tests;
mod walk;
mod watcher;

pub use complete::Complete;
pub use event::{Kind, WatchError, WatchEvent};
pub use named::Named;
pub use walk::walk;
pub use watcher::{Blind, Options, Watcher, start, start_with};
