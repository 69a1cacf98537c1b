//! The screens before a supervisor runs: what was found, what is wrong, what to do about it. Pure, like the dashboard.

mod problem;
mod screen;
mod text;
mod update;
mod what;

pub use problem::Problem;
pub use screen::{FrontState, draw_front, draw_front_into};
pub use update::update_front;
pub use what::{Before, Front, FrontAnswer};
