//! Floor 5: wires the parts together, loops, and carries out effects.

pub mod answers;
pub mod clock;
pub mod dashboard;
pub mod day;
pub mod demo;
pub mod doctor;
pub mod effects;
pub mod failure;
pub mod planner;
pub mod process;
pub mod project;
pub mod records;
pub mod repositories;
pub mod verbs;
pub mod words;
