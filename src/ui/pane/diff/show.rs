//! Draws a diff in one column: numbers, signs, and the words that are other ones.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::columns;
use super::parse::{DiffLine, parse, path};
use super::reverse::reversed;
use super::words::changed;
use crate::core::view::Detail;
use crate::ui::body::{Item, Target};
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{plain, wrap};

/// From this width on both sides stand side by side.
const TWO_COLUMNS: usize = 130;

/// Below this width only one line number is shown.
const TWO_NUMBERS: usize = 60;

/// The bytes of a line that are other ones.
pub(super) type Marks = Vec<Range<usize>>;

/// Returns the diff of the selected task as lines that fit: what waits for a yes, or what the last attempt made.
pub(in crate::ui) fn lines(state: &State, width: usize) -> Vec<Line<'static>> {
    fitting(&items(state, width), width)
}

/// Returns what taking back the landing of the selected task would change, as lines that fit.
pub(in crate::ui) fn lines_back(state: &State, width: usize) -> Vec<Line<'static>> {
    let Some(detail) = state.told().and_then(|story| story.detail.as_ref()) else { return Vec::new() };
    let lines = reversed(parse(of(detail)), |name| detail.task.replaced.iter().any(|file| file.to_string() == name));
    fitting(&written(state, &lines, width), width)
}

fn fitting(items: &[Item], width: usize) -> Vec<Line<'static>> {
    items.iter().flat_map(|item| wrap(&item.line, width, item.hang)).collect()
}

/// Returns the diff of the selected task, for so many columns.
pub(in crate::ui) fn items(state: &State, width: usize) -> Vec<Item> {
    let Some(detail) = state.told().and_then(|story| story.detail.as_ref()) else { return Vec::new() };
    let mut items: Vec<Item> = Vec::new();
    if let Some(result) = detail.task.result.as_ref().filter(|result| !result.conflict.is_empty()) {
        items.push(Line::styled("you both changed these lines:", state.theme.style(Role::Warn)).into());
        items.extend(result.conflict.lines().map(|line| Line::from(plain(line)).into()));
        items.push(Line::default().into());
    }
    let diff = of(detail);
    if diff.is_empty() && items.is_empty() {
        let text = if detail.task.attempts.is_empty() && detail.task.stage.is_none() {
            "nothing was changed yet: no attempt was made"
        } else {
            "nothing was changed yet; what the agent makes shows here at the end of the attempt"
        };
        items.push(Line::styled(text, state.theme.style(Role::Dim)).into());
    }
    items.extend(written(state, &parse(diff), width));
    items
}

fn written(state: &State, lines: &[DiffLine], width: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let numbers = number_columns(lines);
    let mut at = 0;
    while at < lines.len() {
        let run = changed_run(&lines[at..]);
        let removed: Vec<&DiffLine> = lines[at..at + run.0].iter().collect();
        let added: Vec<&DiffLine> = lines[at + run.0..at + run.0 + run.1].iter().collect();
        let length = (run.0 + run.1).max(1);
        if width >= TWO_COLUMNS {
            items.extend(columns::rows(state, &lines[at], &removed, &added, numbers, width));
        } else {
            items.extend(rows(state, &lines[at], &removed, &added, numbers, width));
        }
        at += length;
    }
    items
}

fn of(detail: &Detail) -> &str {
    let attempts = || detail.task.attempts.iter().rev().map(|attempt| attempt.diff.as_str());
    match &detail.task.result {
        Some(result) => result.diff.as_str(),
        None => attempts().find(|diff| !diff.is_empty()).unwrap_or_default(),
    }
}

/// Returns how many lines are removed from here on, and how many are added right after them.
fn changed_run(lines: &[DiffLine]) -> (usize, usize) {
    let removed = lines.iter().take_while(|line| matches!(line, DiffLine::Removed { .. })).count();
    let added = lines[removed..].iter().take_while(|line| matches!(line, DiffLine::Added { .. })).count();
    (removed, added)
}

fn number_columns(lines: &[DiffLine]) -> usize {
    let highest = lines.iter().map(|line| match line {
        DiffLine::Same { old, new, .. } => *old.max(new),
        DiffLine::Removed { old, .. } => *old,
        DiffLine::Added { new, .. } => *new,
        DiffLine::File { .. } | DiffLine::Hunk { .. } | DiffLine::Other(_) => 0,
    });
    highest.max().unwrap_or(0).to_string().len().max(3)
}

/// Returns what is other in each removed and each added line; the first removed belongs to the first added one.
pub(super) fn emphasis(removed: &[&DiffLine], added: &[&DiffLine]) -> (Vec<Marks>, Vec<Marks>) {
    let text = |line: &&DiffLine| match line {
        DiffLine::Removed { text, .. } | DiffLine::Added { text, .. } => plain(text),
        _ => String::new(),
    };
    let mut gone = vec![Vec::new(); removed.len()];
    let mut came = vec![Vec::new(); added.len()];
    for (number, (old, new)) in removed.iter().zip(added).enumerate() {
        (gone[number], came[number]) = changed(&text(old), &text(new));
    }
    (gone, came)
}

/// Writes a text with its changed words in another style.
pub(super) fn coloured(text: &str, ranges: &[Range<usize>], style: Style, word: Style) -> Vec<Span<'static>> {
    let text = plain(text);
    let mut spans = Vec::new();
    let mut at = 0;
    for range in ranges {
        let (Some(before), Some(other)) = (text.get(at..range.start), text.get(range.clone())) else { break };
        spans.push(Span::styled(before.to_owned(), style));
        spans.push(Span::styled(other.to_owned(), word));
        at = range.end;
    }
    spans.push(Span::styled(text.get(at..).unwrap_or_default().to_owned(), style));
    spans
}

fn rows(
    state: &State,
    first: &DiffLine,
    removed: &[&DiffLine],
    added: &[&DiffLine],
    numbers: usize,
    width: usize,
) -> Vec<Item> {
    let style = |role| state.theme.style(role);
    let gutter = |old: Option<u32>, new: Option<u32>| {
        let write = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        if width >= TWO_NUMBERS {
            format!("{:>numbers$} {:>numbers$} ", write(old), write(new))
        } else {
            format!("{:>numbers$} ", write(new.or(old)))
        }
    };
    let row = |gutter: String, sign: &str, spans: Vec<Span<'static>>, role: Role| {
        let hang = gutter.len() + 2;
        let mut all = vec![Span::styled(gutter, style(Role::Dim)), Span::styled(format!("{sign} "), style(role))];
        all.extend(spans);
        Item { line: Line::from(all), hang, target: None }
    };
    if removed.is_empty() && added.is_empty() {
        return match first {
            DiffLine::Same { old, new, text } => {
                vec![row(gutter(Some(*old), Some(*new)), " ", vec![Span::raw(plain(text))], Role::Text)]
            }
            other => heading(state, other, width),
        };
    }
    let (gone, came) = emphasis(removed, added);
    let mut items = Vec::new();
    for (line, ranges) in removed.iter().zip(&gone) {
        if let DiffLine::Removed { old, text } = line {
            let spans = coloured(text, ranges, style(Role::Removed), style(Role::RemovedWord));
            items.push(row(gutter(Some(*old), None), "-", spans, Role::Removed));
        }
    }
    for (line, ranges) in added.iter().zip(&came) {
        if let DiffLine::Added { new, text } = line {
            let spans = coloured(text, ranges, style(Role::Added), style(Role::AddedWord));
            items.push(row(gutter(None, Some(*new)), "+", spans, Role::Added));
        }
    }
    items
}

/// Writes where a file or a hunk begins; both lead to that place.
pub(super) fn heading(state: &State, line: &DiffLine, width: usize) -> Vec<Item> {
    let style = |role| state.theme.style(role);
    match line {
        DiffLine::File { name, fate, added, removed } => {
            let fate = if fate.is_empty() { String::new() } else { format!("  {fate}") };
            let text = Line::from(vec![
                Span::styled(plain(name), style(Role::Accent)),
                Span::styled(format!("  +{added}"), style(Role::Added)),
                Span::styled(format!(" −{removed}"), style(Role::Removed)),
                Span::styled(fate, style(Role::Dim)),
            ]);
            vec![Item { target: path(name).map(|path| Target::Place(path, None)), ..Item::from(text) }]
        }
        DiffLine::Hunk { file, line, within } => {
            let text = format!("{} line {line}  {} ", state.glyphs.dash.repeat(2), plain(within));
            let rest = width.saturating_sub(crate::ui::widget::width(&text)).min(60);
            let text = Line::styled(format!("{text}{}", state.glyphs.dash.repeat(rest)), style(Role::Dim));
            vec![Item { target: path(file).map(|path| Target::Place(path, Some(*line))), ..Item::from(text) }]
        }
        DiffLine::Other(text) => vec![Line::styled(plain(text), style(Role::Dim)).into()],
        DiffLine::Same { .. } | DiffLine::Removed { .. } | DiffLine::Added { .. } => Vec::new(),
    }
}
