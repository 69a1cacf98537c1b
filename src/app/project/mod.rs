//! Whose project it is, how it is configured, and who acts for it.

pub mod configured;
pub mod doorkeeper;
pub mod mark;
pub mod setup;
