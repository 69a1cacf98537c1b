//! The process that owns one terminal and one process tree.

mod input;
mod peer;
mod program;
mod run;
mod serve;
mod stream;
mod tree;

pub use run::run;
