//! A terminal inside the screen: bytes of a program in, cells out, keys and answers back. Pure, and safe to feed anything.
//!
//! [`Emulator`] is fed with whatever a program writes. Nothing of it reaches the outer terminal but the cells that
//! [`Emulator::paint`] draws: no title, no clipboard, no query. What a program asks its terminal is answered to the program.

mod answer;
mod attached;
mod cell;
mod csi;
mod cut;
mod dialect;
mod emulator;
mod keys;
mod mouse;
mod select;
mod view;

pub use attached::{Attached, Phase};
pub use emulator::{Emulator, is_contained};
pub use keys::{key, paste};
pub use mouse::mouse;
pub use select::Selection;
pub use view::Spot;
