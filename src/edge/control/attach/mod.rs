//! A session's terminal over the control socket: its bytes to whoever looks, and what is typed back to it.
//!
//! `GET /api/v1/sessions/7/attach` with `Upgrade: orchestrator-terminal` becomes, after `101 Switching Protocols`, a
//! connection of [frames](frame) both ways. Whoever serves the session is behind a channel of [`AttachCall`]s.

mod call;
mod client;
mod frame;
mod route;

pub use call::{About, AttachCall, Attached, Shown, Wish};
pub(super) use route::attach;
