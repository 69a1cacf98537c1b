//! What agents are told: the templates of their roles, filled in.

mod assignment;
mod fill;
mod fix;
mod text;
mod told;

pub use assignment::{Asking, Brief, Brought, CheckLine, Happened, work};
pub use fix::{PromptInput, fixer, planner};
