//! Floor 2: decides. Pure and synchronous: no clock, no chance, no files, no threads.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod findings;
pub mod suspicion;
