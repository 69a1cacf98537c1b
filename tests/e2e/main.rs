//! The binary as a user meets it: real projects, real checks, the rehearsal agent, real signals.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop here")]
#![allow(clippy::disallowed_methods, reason = "a test sets its own deadlines and reads its own environment")]

mod cheats;
mod first;
mod honest;
mod many;
mod misbehaves;
mod site;
mod typing;
