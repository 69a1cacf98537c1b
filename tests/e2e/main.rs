//! The binary as a user meets it: real projects, real checks, the rehearsal agent, real signals.

mod first;
mod many;
mod site;
mod typing;
