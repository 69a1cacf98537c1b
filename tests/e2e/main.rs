//! The binary as a user meets it: real projects, real checks, the rehearsal agent, real signals.

mod cheats;
mod first;
mod honest;
mod misbehaves;
mod site;
