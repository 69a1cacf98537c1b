//! What a result does that a person should see before it lands.

mod cases;
mod configuration;
mod diff;
mod function;
mod hard_code;
mod judge;
mod kind;
mod own_work;
mod shrink;
mod silence;
mod source;
mod swallow;
mod weaken;

pub use judge::{Changed, Judgement, Mode, judge};
pub use kind::protected_paths;
pub use own_work::UserEdit;
