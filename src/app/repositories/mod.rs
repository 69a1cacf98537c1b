//! Other repositories that work names: read as a name, found or cloned, and whose supervisor is asked.

mod clone;
mod find;
mod git;
mod name;
mod place;

pub use clone::Progress;
pub use name::TaskName;
pub use place::{Need, Place, checked_out, dependencies, place};
