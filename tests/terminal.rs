//! The terminal in the screen: compared with recordings of tmux, fed with anything, asked what programs ask.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop here")]

#[path = "terminal/hostile.rs"]
mod hostile;
#[path = "terminal/recorded.rs"]
mod recorded;
#[path = "terminal/spoken.rs"]
mod spoken;
