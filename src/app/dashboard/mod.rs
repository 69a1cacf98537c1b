//! The screen: a client of the supervisor that runs in the background.

mod editor;
mod link;
mod live;
mod open;
mod window;

pub use open::{Wish, open};
