//! What a screen is asked for.

use crate::config::Overrides;

/// What a screen is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// What the flags of `run` say.
    pub overrides: Overrides,
    /// Whether the person agreed to run what the project's configuration says.
    pub trust: bool,
    /// A word before the project's name; empty: none.
    pub label: String,
    /// Whether to explain what happens, step by step.
    pub tour: bool,
}
