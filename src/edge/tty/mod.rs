//! The user's terminal: taken as a whole, given back exactly as it was.

mod guard;
mod job;
mod keys;

pub use guard::{Guard, give_back, is_terminal, size};
pub use job::{Borrower, Fate, stop};
pub use keys::{Keys, Pressed};
