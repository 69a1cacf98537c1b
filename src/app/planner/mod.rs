//! The planner: one interactive agent in the user's project, started when it is needed and put to sleep when it is not.

mod dialogs;
mod hook;
mod keeper;
mod up;

pub use hook::{HOOK, main as hook};
pub use keeper::Keeper;
