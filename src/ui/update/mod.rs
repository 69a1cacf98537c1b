//! Turns what reaches the screen into its next state and into intents.

mod act;
mod arrive;
mod copy;
mod costs;
mod enter;
mod key;
mod mouse;
mod page;
mod question;
mod reply;
mod review;
mod scroll;
mod settle;
mod terminal;
mod write;

pub use enter::update;
pub use terminal::running;
