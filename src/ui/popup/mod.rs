//! What lies over the panes: questions with choices, the palette, what may follow a key.

mod able;
mod ask;
mod evidence;
mod open;
mod palette;
mod plan;
mod reply;
mod sheet;
mod strip;
mod subject;
mod which;
mod write;

pub use able::unable;
pub use ask::{Ask, Choice};
pub use open::Popup;
pub use palette::{Hit, Palette, Target};
pub use reply::{Replying, Say};
pub use subject::{Asked, Subject};
pub use write::{To, Writing};

pub(super) use able::{BY_YOU, elsewhere};
pub(super) use open::room;
pub(super) use plan::sessions as planned_sessions;
pub(super) use sheet::{Answer, Sheet, widest};
pub(super) use strip::{draw as draw_strip, height as strip_height};
pub(super) use subject::is_informed;
pub(super) use which::draw as draw_which;
