//! What the user's file says about the screen becomes a theme, a keymap and signs.

use std::path::PathBuf;

use crate::config::draft::Draft;
use crate::config::keys;
use crate::config::load::Inputs;
use crate::config::theme;
use crate::ui::glyph::{ASCII, Glyphs, UNICODE};
use crate::ui::keymap::Keymap;
use crate::ui::theme::Theme;

/// What the screen looks like, and which keys do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiSettings {
    /// The colours, as this terminal can show them; none with `NO_COLOR`.
    pub theme: Theme,
    /// The keys.
    pub keymap: Keymap,
    /// The signs.
    pub glyphs: Glyphs,
    /// Whether the mouse belongs to the screen at the start.
    pub mouse: bool,
}

/// Makes the settings of the screen, and names the files that they come from besides the user's own.
pub(crate) fn screen(draft: &mut Draft, inputs: &Inputs) -> (UiSettings, Vec<PathBuf>) {
    let variable = |name: &str| inputs.environment.get(name).map_or("", String::as_str);
    let terminal = variable("TERM");
    let (theme, files) = theme::named(draft, inputs.user_file.as_deref());
    let theme = if !variable("NO_COLOR").is_empty() || terminal == "dumb" {
        theme.without_colour()
    } else if matches!(variable("COLORTERM"), "truecolor" | "24bit") || terminal.ends_with("-direct") {
        theme
    } else {
        theme.in_256()
    };
    // The console of Linux has no font for the signs.
    let ascii = draft.screen.ascii || (!draft.places.is_given("ui.ascii") && matches!(terminal, "linux" | "dumb"));
    let settings = UiSettings {
        theme,
        keymap: keys::keymap(draft),
        glyphs: if ascii { ASCII } else { UNICODE },
        mouse: draft.screen.mouse,
    };
    (settings, files)
}
