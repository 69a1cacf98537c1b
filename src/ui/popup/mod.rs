//! What lies over the panes: questions with choices, and the palette.

mod ask;
mod open;
mod palette;

pub use ask::{Ask, Choice};
pub use open::Popup;
pub use palette::Palette;
