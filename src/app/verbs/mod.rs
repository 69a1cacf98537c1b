//! What verbs ask of a supervisor, or do themselves where none runs.

pub mod ask;
pub mod fit;
pub mod gc;
pub mod health;
pub mod init;
pub mod offline;
pub mod orchestration;
pub mod purge;
pub mod roles;
