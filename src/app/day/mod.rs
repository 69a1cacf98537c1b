//! A day's work: what a task file asks for, the files that lie beside it, and the report about it.

pub mod outline;
