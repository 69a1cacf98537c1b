//! The binary as a user meets it: real projects, real checks, the rehearsal agent, real signals.

mod attempts;
mod awkward;
mod cheats;
mod crashes;
mod first;
mod honest;
mod isolation;
mod many;
#[path = "../support/messages_api.rs"]
mod messages_api;
mod misbehaves;
mod per_file;
mod real_claude;
mod shapes;
mod signals;
mod site;
mod state;
mod surroundings;
mod typing;
