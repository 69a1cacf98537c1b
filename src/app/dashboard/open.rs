//! Opens the screen of a project: the supervisor in the background, the terminal, and the way out.

/// What a screen is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {}

/// Opens it.
pub fn open() {}
