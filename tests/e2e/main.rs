//! The binary as a user meets it: real projects, real checks, the rehearsal agent, real signals.

mod first;
mod site;
