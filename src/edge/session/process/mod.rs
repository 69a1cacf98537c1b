//! Processes by identity: a number and a start time, so that a number used again is never mistaken.

mod identity;
#[cfg(not(target_os = "linux"))]
#[path = "elsewhere.rs"]
mod system;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;

pub use identity::{Found, Marked, ProcessId, session_in};
pub(super) use identity::{Scope, holder_of, is_from_session};
pub(super) use system::{
    adopt_orphans, ask, families, kill, kill_round, stop_and_kill, terminate, wait_all, wait_gone,
};
pub use system::{marked, marks_above};
