//! A day's work: what a task file asks for, the files that lie beside it, the report about it, and what was learnt.

pub mod folder;
mod markdown;
pub mod outline;
pub mod report;
pub mod status_file;
pub mod taught;
