//! Floor 3: draws the read model and turns keys into intents. Pure: it is told the time, and touches nothing.

pub mod action;
pub mod body;
pub mod draw;
pub mod event;
pub mod front;
pub mod glyph;
pub mod keymap;
pub mod layout;
pub mod list;
pub mod place;
pub mod popup;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod toast;
pub mod tour;
pub mod update;
pub mod widget;
mod work;

mod keyed;
mod pane;
