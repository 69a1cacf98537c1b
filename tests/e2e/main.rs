//! The binary as a user meets it: real projects, real checks, the rehearsal agent, real signals.

mod first;
mod many;
mod signals;
mod site;
mod typing;
