//! Floor 2: decides. Pure and synchronous: no clock, no chance, no files, no threads.

pub mod command_line;
pub mod findings;
pub mod matching;
pub mod suspicion;
