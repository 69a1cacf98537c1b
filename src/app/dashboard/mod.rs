//! The screen: a client of the supervisor that runs in the background.

mod door;
mod editor;
mod link;
mod live;
mod look;
mod open;
mod terminal;
mod window;
mod wish;

pub use open::open;
pub use wish::Wish;
