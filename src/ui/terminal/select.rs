//! What a person marks in a terminal, and the text of it: lines as the program wrote them, not as they were wrapped.

use super::emulator::Emulator;
use super::view::Spot;

/// The longest text that is copied, in bytes; terminals refuse longer ones.
const LONGEST: usize = 256 * 1024;

/// From one cell to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Where it began.
    pub from: Spot,
    /// Where it is now.
    pub to: Spot,
}

impl Selection {
    fn ends(&self) -> (Spot, Spot) {
        (self.from.min(self.to), self.from.max(self.to))
    }

    /// Whether a cell is part of it.
    pub fn holds(&self, spot: Spot) -> bool {
        let (first, last) = self.ends();
        (first..=last).contains(&spot)
    }
}

impl Emulator {
    /// Returns the marked text.
    pub fn text(&self, selection: &Selection) -> String {
        let (first, last) = selection.ends();
        self.lines(|lines| {
            let mut text = String::new();
            let kept = lines.first;
            for line in first.line.max(kept)..=last.line.min(lines.end().saturating_sub(1)) {
                let used = lines.used(line);
                let from = if line == first.line { first.column } else { 0 };
                let to = if line == last.line { last.column.saturating_add(1).min(used) } else { used };
                let goes_on = lines.is_wrapped(line);
                let part = lines.text(line, from..to.max(from));
                text.push_str(if goes_on { &part } else { part.trim_end() });
                if line < last.line && !goes_on {
                    text.push('\n');
                }
                if text.len() > LONGEST {
                    break;
                }
            }
            text
        })
    }
}
