//! A day's work: what a task file asks for, the files that lie beside it, the report about it, and what was learnt.

mod again;
pub mod drive;
pub mod folder;
pub mod gather;
pub mod hidden;
pub mod learnt;
pub mod lessons;
mod markdown;
pub mod mirror;
pub mod outline;
pub mod report;
pub mod status_file;
pub mod taught;
