//! The binary as a user meets it: real projects, real checks, the rehearsal agent, real signals.

mod awkward;
mod first;
#[path = "../support/messages_api.rs"]
mod messages_api;
mod real_claude;
mod site;
