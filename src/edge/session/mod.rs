//! Sessions: one holder process for each, and the client that talks to it.
//!
//! A *holder* is this program started again as `holder`: it owns one terminal and one process tree, keeps
//! the transcript, and serves one unix socket ([`run`]). It outlives the supervisor, so that a crash or an upgrade
//! costs no session and no byte of output. [`Session`] is the supervisor's end of that socket, and [`sweep()`] ends
//! what a supervisor that is gone has left.

mod alone;
mod client;
mod error;
mod follow;
mod holder;
mod link;
mod output;
mod place;
mod process;
mod sweep;
mod sys;
mod window;
mod wire;

pub use alone::stand_alone;
pub use client::Session;
pub use error::StartError;
pub use holder::run;
pub use output::{Output, SessionGone, SessionOutput};
pub use place::{Ended, ExitRecord, Place};
pub use process::{Found, Marked, ProcessId, marked, marks_above, session_in};
pub use sweep::{SweepReport, kill, sweep, sweep_session};
