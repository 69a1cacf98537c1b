//! The binary as a user meets it: real projects, real checks, the rehearsal agent, real signals.

mod cheats;
mod crashes;
mod first;
mod honest;
mod many;
mod misbehaves;
mod signals;
mod site;
mod state;
mod typing;
