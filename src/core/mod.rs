//! Floor 2: decides. Pure and synchronous: no clock, no chance, no files, no threads.

pub mod findings;
pub mod suspicion;
