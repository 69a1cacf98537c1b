//! What is answered about the book, in the documented shapes.

pub mod chain;
pub mod costs;
pub mod events;
pub mod history;
pub mod named;
pub mod plans;
pub mod report;
pub mod serve;
pub mod sessions;
pub mod stats;
