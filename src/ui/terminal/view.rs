//! Which cells of a terminal stand where in a pane: as they are when they fit, wrapped when the terminal is wider.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::cell;
use super::emulator::Emulator;
use super::select::Selection;

/// A cell by its line, counted since the beginning, and its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u16,
}

/// A row of the pane: these columns of this line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: u64,
    start: u16,
    end: u16,
}

/// The lines of a terminal, by their numbers.
pub(super) struct Lines<'a> {
    screen: &'a mut vt100::Screen,
    /// The number of the first line that is kept.
    pub(super) first: u64,
    above: usize,
    rows: u16,
    columns: u16,
}

impl Lines<'_> {
    /// Returns the number after the last line.
    pub(super) fn end(&self) -> u64 {
        self.first + self.above as u64 + u64::from(self.rows)
    }

    /// Returns the line in which the screen begins.
    fn top(&self) -> u64 {
        self.first + self.above as u64
    }

    /// Returns the row at which the parser shows a line now.
    fn row(&mut self, line: u64) -> u16 {
        let at = usize::try_from(line.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let begins = self.above - self.screen.scrollback();
        if at < begins || at >= begins + usize::from(self.rows) {
            self.screen.set_scrollback(self.above.saturating_sub(at));
        }
        let begins = self.above - self.screen.scrollback();
        u16::try_from(at.saturating_sub(begins)).unwrap_or(u16::MAX)
    }

    fn cell(&mut self, line: u64, column: u16) -> Option<&vt100::Cell> {
        let row = self.row(line);
        self.screen.cell(row, column)
    }

    /// Whether a line goes on in the next one.
    pub(super) fn is_wrapped(&mut self, line: u64) -> bool {
        let row = self.row(line);
        self.screen.row_wrapped(row)
    }

    /// Returns how many columns of a line hold something.
    pub(super) fn used(&mut self, line: u64) -> u16 {
        let row = self.row(line);
        let is_used = |column: &u16| {
            let cell = self.screen.cell(row, *column);
            cell.is_some_and(|cell| {
                cell.has_contents() || cell.is_wide_continuation() || cell.bgcolor() != vt100::Color::Default
            })
        };
        (0..self.columns).rev().find(is_used).map_or(0, |column| column + 1)
    }

    /// Returns the text of a part of a line.
    pub(super) fn text(&mut self, line: u64, columns: std::ops::Range<u16>) -> String {
        let row = self.row(line);
        columns.filter_map(|column| cell::text(self.screen.cell(row, column)?)).collect()
    }

    /// Cuts a line into rows of the pane.
    fn rows_of(&mut self, line: u64, width: u16) -> Vec<Row> {
        let used = self.used(line).max(1);
        let mut rows = Vec::new();
        let mut start = 0;
        while start < used {
            let mut end = start.saturating_add(width).min(used);
            if end < used && end > start + 1 && self.cell(line, end).is_some_and(vt100::Cell::is_wide_continuation) {
                end -= 1;
            }
            rows.push(Row { line, start, end });
            start = end;
        }
        rows
    }
}

impl Emulator {
    /// Reads its lines.
    pub(super) fn lines<T>(&self, read: impl FnOnce(&mut Lines<'_>) -> T) -> T {
        let mut dialect = self.dialect.borrow_mut();
        let alternate = dialect.parser.screen().alternate_screen();
        let first = if alternate { 0 } else { dialect.parser.callbacks().0 };
        let screen = dialect.parser.screen_mut();
        let (rows, columns) = screen.size();
        let above = if alternate { 0 } else { screen.scrollback_len() };
        let mut lines = Lines { screen, first, above, rows: rows.get(), columns: columns.get() };
        let read = read(&mut lines);
        lines.screen.set_scrollback(0);
        read
    }

    /// Returns what stands in each row of a pane, from the top; `last`: the line at its foot, the newest if none.
    pub(super) fn rows(&self, (width, height): (u16, u16), last: Option<u64>) -> Vec<Row> {
        let (row, _) = self.cursor();
        self.lines(|lines| {
            let (top, end) = (lines.top(), lines.end());
            if lines.columns <= width {
                let height = u64::from(height.min(lines.rows));
                let foot = match last {
                    Some(last) => last.clamp(lines.first + height.saturating_sub(1), end - 1),
                    // A terminal that is taller than the pane shows the part with the cursor.
                    None if height < u64::from(lines.rows) => top + u64::from(row).max(height.saturating_sub(1)),
                    None => end - 1,
                };
                let from = (foot + 1).saturating_sub(height);
                return (from..=foot).map(|line| Row { line, start: 0, end: lines.columns }).collect();
            }
            let mut newest = top + u64::from(row);
            while newest + 1 < end && lines.used(newest + 1) > 0 {
                newest += 1;
            }
            let mut line = last.unwrap_or(newest).clamp(lines.first, newest);
            let mut rows: Vec<Row> = Vec::new();
            while rows.len() < usize::from(height) {
                rows.extend(lines.rows_of(line, width.max(2)).into_iter().rev());
                if line == lines.first {
                    break;
                }
                line -= 1;
            }
            rows.truncate(usize::from(height));
            rows.reverse();
            rows
        })
    }

    /// Returns the line that a pane of this height shows at its foot when it is turned by so many lines; none: the newest.
    pub(super) fn turned(&self, size: (u16, u16), last: Option<u64>, by: i64) -> Option<u64> {
        let rows = self.rows(size, last);
        let foot = rows.last()?.line;
        let (first, end) = self.lines(|lines| (lines.first, lines.end()));
        let newest = self.rows(size, None).last()?.line;
        let lowest = (first + u64::from(size.1).saturating_sub(1)).min(end - 1).min(newest);
        let to = foot.saturating_add_signed(by).clamp(lowest, newest.max(lowest));
        (to < newest).then_some(to)
    }

    /// Returns how many lines there are below the one at the foot.
    pub(super) fn below(&self, size: (u16, u16), last: Option<u64>) -> u64 {
        let newest = self.rows(size, None).last().map_or(0, |row| row.line);
        last.map_or(0, |last| newest.saturating_sub(last))
    }

    /// Draws it, `last` at the foot; with a cursor if somebody types.
    pub fn paint(&self, area: Rect, last: Option<u64>, marked: Option<&Selection>, typed: bool, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let rows = self.rows((area.width, area.height), last);
        let cursor = (typed && last.is_none() && !self.asked(vt100::Screen::hide_cursor)).then(|| self.cursor());
        self.lines(|lines| {
            let cursor = cursor.map(|(row, column)| Spot {
                line: lines.top() + u64::from(row),
                column: column.min(lines.columns - 1),
            });
            for (y, row) in (area.y..area.bottom()).zip(rows) {
                let at = lines.row(row.line);
                for (x, column) in (area.x..area.right()).zip(row.start..row.end) {
                    let Some(cell) = lines.screen.cell(at, column) else { break };
                    let drawn = &mut buf[(x, y)];
                    match cell::text(cell) {
                        // Half of a wide letter has no room at the edge.
                        Some(_) if cell.is_wide() && x + 1 == area.right() => drawn.set_symbol(" "),
                        Some(text) => drawn.set_symbol(&text),
                        None => continue,
                    };
                    drawn.set_style(cell::style(cell));
                    let spot = Spot { line: row.line, column };
                    if marked.is_some_and(|marked| marked.holds(spot)) != (cursor == Some(spot)) {
                        drawn.modifier.toggle(Modifier::REVERSED);
                    }
                }
            }
        });
    }

    /// Returns the cell under a position of the pane.
    pub fn spot(&self, area: Rect, last: Option<u64>, at: Position) -> Option<Spot> {
        let row = *self.rows((area.width, area.height), last).get(usize::from(at.y.checked_sub(area.y)?))?;
        let column = row.start + at.x.saturating_sub(area.x);
        Some(Spot { line: row.line, column: column.min(row.end.saturating_sub(1).max(row.start)) })
    }
}
