//! Floor 1: the nouns, as plain data. Nothing here reads a clock, a file or a process.

pub mod agent;
pub mod assignment;
pub mod attempt;
pub mod budget;
pub mod check;
pub mod cost;
pub mod filing;
pub mod health;
pub mod hold;
pub mod id;
pub mod kind;
pub mod lesson;
pub mod own_writes;
pub mod path;
pub mod plan;
pub mod policy;
pub mod question;
pub mod receipt;
pub mod secret;
pub mod session;
pub mod settings;
pub mod state;
pub mod task;
pub mod template;
pub mod time;
pub mod workspace;
