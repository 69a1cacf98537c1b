//! Carries out what the machine wants done, and hands in what comes of it.

pub mod agents;
pub mod checks;
pub mod conversation;
pub mod doubts;
pub mod event_files;
pub mod file_questions;
pub mod guarding;
pub mod landings;
pub mod left;
pub mod places;
pub mod policy;
pub mod prompt;
pub mod terminals;
pub mod told;
pub mod tools;
pub mod watching;
pub mod work;
