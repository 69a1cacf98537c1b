//! The control socket: one HTTP door for the command line, hooks and scripts.

pub mod blocking;
pub mod call;
pub mod client;
mod facts;
mod once;
mod routes;
pub mod server;
#[cfg(test)]
mod tests;
mod views;

pub use blocking::BlockingClient;
pub use call::{ControlCall, ControlReply, ControlRequest, FactLine};
pub use client::{Client, ClientError, Facts, NotRunning, Seen, SeenStream};
pub use server::{BindError, Server, remove_stale};
pub use views::Views;
