//! Any one of the things that lie over the panes.

use super::{Ask, Palette};

/// Something over the panes that takes the keys.
#[derive(Clone, Debug)]
pub enum Popup {
    /// A question with choices.
    Ask(Ask),
    /// A list of actions to find one in.
    Palette(Palette),
}
