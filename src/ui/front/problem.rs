//! Something wrong with a configuration, drawn with a caret under the place.

use ratatui::text::{Line, Span};

use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{plain, width};

/// How much of a long line is kept before its marked part.
const BEFORE: usize = 8;

/// Something wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Problem {
    /// Whether the configuration can be used all the same.
    pub is_warning: bool,
    /// What is wrong.
    pub message: String,
    /// The file, or `environment`, or `command line`.
    pub file: String,
    /// Line and column, both from 1, if it is a file.
    pub at: Option<(usize, usize)>,
    /// The line itself, and how many characters of it are meant.
    pub excerpt: Option<(String, usize)>,
    /// What would be right.
    pub hint: Option<String>,
}

impl Problem {
    /// Returns its lines, cut so that the marked place fits into so many columns.
    pub(super) fn lines(&self, state: &State, columns: usize) -> Vec<Line<'static>> {
        let style = |role| state.theme.style(role);
        let (glyph, role, word) = if self.is_warning {
            (state.glyphs.needs, Role::Warn, "warning")
        } else {
            (state.glyphs.bad, Role::Bad, "error")
        };
        let place = self.at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        let mut lines = vec![
            Line::from(vec![Span::styled(format!("{glyph} {word}: "), style(role)), Span::raw(plain(&self.message))]),
            Line::styled(format!("  {}{place}", plain(&self.file)), style(Role::Accent)),
        ];
        if let (Some((line, column)), Some((text, marked))) = (self.at, &self.excerpt) {
            let number = line.to_string();
            let room = columns.saturating_sub(number.len() + 5);
            let (text, before, marked) = cut(state, text, column, *marked, room);
            lines.push(Line::from(vec![Span::styled(format!("  {number} | "), style(Role::Dim)), Span::raw(text)]));
            lines.push(Line::from(vec![
                Span::styled(format!("  {} | ", " ".repeat(number.len())), style(Role::Dim)),
                Span::raw(" ".repeat(before)),
                Span::styled("^".repeat(marked), style(role)),
            ]));
        }
        if let Some(hint) = &self.hint {
            lines.push(Line::from(vec![Span::styled("  hint: ", style(Role::Good)), Span::raw(plain(hint))]));
        }
        lines
    }
}

/// Cuts a line so that its marked part is seen. Returns it, the columns before the mark, and the columns of the mark.
fn cut(state: &State, text: &str, column: usize, marked: usize, room: usize) -> (String, usize, usize) {
    let letters: Vec<char> = text.chars().collect();
    let start = column.saturating_sub(1).min(letters.len());
    let end = (start + marked).min(letters.len());
    let part = |range: std::ops::Range<usize>| plain(&letters[range].iter().collect::<String>());
    let (before, mark, after) = (part(0..start), part(start..end), part(end..letters.len()));
    let more = state.glyphs.more;
    let before = if width(&before) + width(&mark).min(room / 2) > room {
        let kept: String = before.chars().rev().take(BEFORE).collect::<Vec<_>>().into_iter().rev().collect();
        format!("{more}{kept}")
    } else {
        before
    };
    let whole = format!("{before}{mark}{after}");
    let place = width(&before);
    let shown = crate::ui::widget::clip(&whole, room, more);
    (shown, place, width(&mark).clamp(1, room.saturating_sub(place).max(1)))
}
