//! The binary as a user meets it: real projects, real checks, the rehearsal agent, real signals.

mod cheats;
mod first;
mod honest;
mod many;
mod misbehaves;
mod shapes;
mod site;
mod surroundings;
