//! orchestrator-tui: you keep typing; it keeps the project green.

pub mod app;
pub mod cli;
pub mod config;
pub mod core;
pub mod edge;
pub mod model;
