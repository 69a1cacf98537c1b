//! Numbers as shapes within a line of text: a sparkline, and bars; also with the ASCII signs.

use ratatui::buffer::Buffer;
use ratatui::layout::{Direction, Rect};
use ratatui::symbols::bar;
use ratatui::text::Span;
use ratatui::widgets::{Bar, BarChart, BarGroup, Sparkline, Widget as _};

use crate::ui::state::State;
use crate::ui::theme::Role;

/// The heights without lines.
const PLAIN: bar::Set<'static> = bar::Set {
    full: "#",
    seven_eighths: "*",
    three_quarters: "+",
    five_eighths: "=",
    half: "-",
    three_eighths: ":",
    one_quarter: ".",
    one_eighth: "_",
    empty: " ",
};

/// The lengths without lines: what is begun is shown.
const PLAIN_BARS: bar::Set<'static> = bar::Set {
    full: "#",
    seven_eighths: "#",
    three_quarters: "#",
    five_eighths: "#",
    half: "-",
    three_eighths: "-",
    one_quarter: "-",
    one_eighth: "-",
    empty: " ",
};

/// Draws a row of values, `wide` columns for each.
pub fn spark(state: &State, values: &[u64], wide: usize, role: Role) -> Vec<Span<'static>> {
    let data: Vec<u64> = values.iter().flat_map(|value| std::iter::repeat_n(*value, wide)).collect();
    let area = Rect::new(0, 0, u16::try_from(data.len()).unwrap_or(u16::MAX), 1);
    let mut buf = Buffer::empty(area);
    let set = if state.glyphs.lines { bar::NINE_LEVELS } else { PLAIN };
    Sparkline::default().data(&data).bar_set(set).style(state.theme.style(role)).render(area, &mut buf);
    row(&buf, 0)
}

/// Draws a bar for each value, as long as it is beside the highest one.
pub fn bars(state: &State, values: &[u64], columns: u16, role: Role) -> Vec<Vec<Span<'static>>> {
    let rows = u16::try_from(values.len()).unwrap_or(u16::MAX);
    let area = Rect::new(0, 0, columns, rows);
    let mut buf = Buffer::empty(area);
    let bars: Vec<Bar<'_>> = values.iter().map(|value| Bar::new(*value).text_value("")).collect();
    let set = if state.glyphs.lines { bar::NINE_LEVELS } else { PLAIN_BARS };
    let chart = BarChart::default()
        .direction(Direction::Horizontal)
        .bar_width(1)
        .bar_gap(0)
        .bar_set(set)
        .bar_style(state.theme.style(role))
        .max(values.iter().copied().max().unwrap_or(1).max(1))
        .data(BarGroup::default().bars(&bars));
    chart.render(area, &mut buf);
    (0..rows).map(|y| row(&buf, y)).collect()
}

fn row(buf: &Buffer, y: u16) -> Vec<Span<'static>> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for x in 0..buf.area.width {
        let cell = &buf[(x, y)];
        // What has no shape has no look.
        let style = if cell.symbol() == " " { ratatui::style::Style::default() } else { cell.style() };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(cell.symbol()),
            _ => spans.push(Span::styled(cell.symbol().to_owned(), style)),
        }
    }
    spans
}
