//! Agents: what is said to them and what they say.

pub mod claude;
pub mod command;
mod lines;
mod plain;
pub mod prompt;
pub mod rehearsal;

pub use command::CommandRun;
pub use lines::MAX_LINE;
