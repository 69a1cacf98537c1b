//! The workflow of a task in one line: each stage with what came of it, made to fit.

use std::collections::BTreeMap;
use std::time::Duration;

use ratatui::text::{Line, Span};

use super::tasks;
use super::time::{count, short};
use crate::core::fact::Fact;
use crate::core::view::{Group, Row};
use crate::model::attempt::{AttemptEnd, Stage};
use crate::model::task::TaskState;
use crate::model::time::Wall;
use crate::ui::state::{State, Story};
use crate::ui::theme::Role;
use crate::ui::widget::width;

/// What came of a stage in the last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    /// It was left for the next one.
    Through(Duration),
    /// The attempt ended in it without a result.
    Ended(Duration),
    /// It is the last one that was reached.
    Reached(Wall),
}

/// A stage as it is drawn.
#[derive(Clone, Debug)]
struct Piece {
    name: &'static str,
    sign: &'static str,
    time: String,
    role: Role,
    is_over: bool,
}

impl Piece {
    fn columns(&self, with_time: bool) -> usize {
        let time = if with_time && !self.time.is_empty() { width(&self.time) + 1 } else { 0 };
        width(self.name) + 1 + width(self.sign) + time
    }
}

/// Returns the line. What does not fit goes in this order: how long finished stages took, finished stages, later stages;
/// a mark stands where stages are missing.
pub(super) fn line(state: &State, row: &Row, columns: usize) -> Line<'static> {
    let Some(detail) = state.told().and_then(|story| story.detail.as_ref()) else { return Line::default() };
    let came = state.told().map(came).unwrap_or_default();
    // How the workspace is made is no news once it stands.
    let is_news =
        |stage: &&Stage| **stage != Stage::Prepare || !matches!(came.get(stage), None | Some(Came::Through(_)));
    let stages = detail.stages.iter().filter(is_news);
    let pieces: Vec<Piece> = stages.map(|stage| drawn(state, row, *stage, came.get(stage))).collect();
    let (first, end, times) = fit(&pieces, columns, width(state.glyphs.more));
    let dim = state.theme.style(Role::Dim);
    let dash = || Span::styled(format!(" {} ", state.glyphs.dash), dim);
    let mut spans = Vec::new();
    if first > 0 {
        spans.push(Span::styled(state.glyphs.more, dim));
    }
    for piece in &pieces[first..end] {
        if !spans.is_empty() {
            spans.push(dash());
        }
        let is_news = !piece.is_over && piece.role != Role::Dim;
        spans.push(Span::styled(format!("{} ", piece.name), if is_news { state.theme.style(Role::Text) } else { dim }));
        let time = if piece.time.is_empty() || (piece.is_over && !times) { "" } else { &piece.time };
        let gap = if time.is_empty() { "" } else { " " };
        spans.push(Span::styled(format!("{}{gap}", piece.sign), state.theme.style(piece.role)));
        spans.push(Span::styled(time.to_owned(), if is_news { state.theme.style(piece.role) } else { dim }));
    }
    if end < pieces.len() {
        spans.push(dash());
        spans.push(Span::styled(state.glyphs.more, dim));
    }
    Line::from(spans)
}

/// Says which pieces are drawn, from the first to before the end, and whether with the times of finished ones.
fn fit(pieces: &[Piece], columns: usize, mark: usize) -> (usize, usize, bool) {
    let length = |first: usize, end: usize, times: bool| {
        let marks = usize::from(first > 0) + usize::from(end < pieces.len());
        let shown = pieces[first..end].iter().map(|piece| piece.columns(times || !piece.is_over)).sum::<usize>();
        shown + marks * mark + 3 * (end - first + marks).saturating_sub(1)
    };
    if length(0, pieces.len(), true) <= columns {
        return (0, pieces.len(), true);
    }
    let over = pieces.iter().take_while(|piece| piece.is_over).count();
    for first in 0..=over {
        if length(first, pieces.len(), false) <= columns {
            return (first, pieces.len(), false);
        }
    }
    let end = (over + 1..pieces.len()).rev().find(|end| length(over, *end, false) <= columns);
    (over, end.unwrap_or((over + 1).min(pieces.len())), false)
}

fn drawn(state: &State, row: &Row, of: Stage, result: Option<&Came>) -> Piece {
    let glyphs = &state.glyphs;
    // The baseline is the check on the untouched snapshot: it is red, or else the attempt ends there.
    let name = if of == Stage::Baseline { "check" } else { of.name_for(row.work.is_some()) };
    let time = |took: Duration| if took < Duration::from_millis(100) { String::new() } else { short(took) };
    let made = |sign, time, role, is_over| Piece { name, sign, time, role, is_over };
    match result {
        Some(Came::Through(took)) if of == Stage::Baseline => made(glyphs.bad, time(*took), Role::Bad, true),
        Some(Came::Through(took)) => made(glyphs.good, time(*took), Role::Good, true),
        Some(Came::Ended(took)) => made(glyphs.bad, time(*took), Role::Bad, false),
        Some(Came::Reached(since)) if row.group == Group::Working => {
            made(glyphs.busy, count(*since, state.now), Role::Busy, false)
        }
        Some(Came::Reached(_)) => {
            let (sign, role) = tasks::sign(state, row);
            made(sign, String::new(), role, false)
        }
        None => made(glyphs.quiet, String::new(), Role::Dim, false),
    }
}

/// Returns what the last attempt did in each stage.
fn came(story: &Story) -> BTreeMap<Stage, Came> {
    let mut reached: BTreeMap<Stage, Came> = BTreeMap::new();
    let mut current: Option<(Stage, Wall)> = None;
    let mut before_that = BTreeMap::new();
    for recorded in &story.facts {
        match &recorded.fact {
            Fact::AttemptStarted { .. } => {
                before_that = std::mem::take(&mut reached);
                current = None;
            }
            Fact::Staged { stage, .. } => {
                if *stage == Stage::Land && reached.is_empty() {
                    // A result that waited for a yes: it was verified before.
                    reached = std::mem::take(&mut before_that);
                }
                if let Some((before, since)) = current {
                    reached.insert(before, Came::Through(recorded.at.since(since)));
                }
                current = Some((*stage, recorded.at));
                reached.insert(*stage, Came::Reached(recorded.at));
            }
            Fact::AttemptEnded { record, then, .. } => {
                if let Some((stage, since)) = current.take() {
                    let took = recorded.at.since(since);
                    match record.end {
                        // Verified it is, and not in the tree.
                        AttemptEnd::Verified if stage == Stage::Land && matches!(then, TaskState::Review(_)) => {
                            reached.insert(stage, Came::Ended(took))
                        }
                        AttemptEnd::Verified => reached.insert(stage, Came::Through(took)),
                        AttemptEnd::Refuted { .. }
                        | AttemptEnd::AgentFailed { .. }
                        | AttemptEnd::TimedOut { .. }
                        | AttemptEnd::NoChange
                        | AttemptEnd::Undelivered { .. }
                        | AttemptEnd::Violation(_)
                        | AttemptEnd::Broken { .. } => reached.insert(stage, Came::Ended(took)),
                        // It was taken away and begins anew.
                        AttemptEnd::Parked { .. } | AttemptEnd::Interrupted | AttemptEnd::Withdrawn => {
                            reached.remove(&stage)
                        }
                    };
                }
            }
            _ => {}
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> Vec<Piece> {
        let piece =
            |name, time: &str, is_over| Piece { name, sign: "✓", time: time.to_owned(), role: Role::Good, is_over };
        vec![
            piece("check", "2.1s", true),
            piece("plan", "8s", true),
            piece("fix", "0:42", false),
            piece("land", "", false),
        ]
    }

    #[test]
    fn what_does_not_fit_goes_in_order() {
        let full = "check ✓ 2.1s ─ plan ✓ 8s ─ fix ✓ 0:42 ─ land ✓".chars().count();
        assert_eq!(fit(&pieces(), full, 1), (0, 4, true));
        assert_eq!(fit(&pieces(), full - 1, 1), (0, 4, false));
        let without_times = "check ✓ ─ plan ✓ ─ fix ✓ 0:42 ─ land ✓".chars().count();
        assert_eq!(fit(&pieces(), without_times, 1), (0, 4, false));
        assert_eq!(fit(&pieces(), without_times - 1, 1), (1, 4, false));
        assert_eq!(fit(&pieces(), "… ─ fix ✓ 0:42 ─ land ✓".chars().count(), 1), (2, 4, false));
        assert_eq!(fit(&pieces(), "… ─ fix ✓ 0:42 ─ …".chars().count(), 1), (2, 3, false));
        assert_eq!(fit(&pieces(), 0, 1), (2, 3, false));
        assert_eq!(fit(&[], 0, 1), (0, 0, true));
    }
}
