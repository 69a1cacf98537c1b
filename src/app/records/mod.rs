//! What is kept beside the journal, or outside of the state folder because somebody asked for it.

pub mod database;
pub mod keep;
pub mod mirror;
pub mod mirrors;
pub mod projection;
