//! The control socket: one HTTP door for the command line, hooks, scripts, and the dashboard.

mod archive;
mod attach;
pub mod blocking;
pub mod call;
mod caller;
pub mod client;
mod door;
mod error;
mod facts;
mod lines;
mod looking;
mod once;
mod remote;
mod routes;
pub mod server;
#[cfg(test)]
mod tests;
mod views;

pub use archive::{Archive, Batch, Beginning, Wanted};
pub use attach::{About, AttachCall, Attached, Shown, Wish};
pub use blocking::BlockingClient;
pub use call::{ControlCall, ControlReply, ControlRequest, FactLine, Farewell};
pub use caller::{Caller, Doorkeeper};
pub use client::{Client, Facts};
pub use error::{ClientError, NotRunning};
pub use remote::{Ending, FactNews, FactStream, First, Story, ViewNews, ViewStream};
pub use server::{BindError, Server, Sources, remove_stale};
pub use views::{Audience, Company, Views};
