//! Agents: what is said to them and what they say.

pub mod claude;
pub mod command;
pub mod fence;
pub mod git_layer;
pub mod guard;
pub mod hook;
mod lines;
mod outcome;
mod plain;
pub mod prompt;
pub mod question_files;
pub mod quote;
pub mod rehearsal;

pub use command::CommandRun;
pub use lines::MAX_LINE;
pub use outcome::outcome;
