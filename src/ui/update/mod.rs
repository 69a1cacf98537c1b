//! Turns what reaches the screen into its next state and into intents.

mod act;
mod arrive;
mod enter;
mod key;
mod mouse;
mod question;
mod scroll;

pub use enter::update;
