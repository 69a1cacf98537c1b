//! Why a result counts: the files it writes, the runs that were green, who made it.

use ratatui::text::{Line, Span};

use crate::model::receipt::{Receipt, Witness};
use crate::model::task::Task;
use crate::model::time::{Wall, brief};
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// Writes the time of day without seconds, in the person's own time zone.
pub(super) fn clock(state: &State, at: Wall) -> String {
    crate::ui::pane::clock(state, at).chars().take(5).collect()
}

/// Returns the lines about what a task would land, or has landed; `taking_back`: to be taken back.
pub(super) fn lines(state: &State, task: &Task, taking_back: bool) -> Vec<Line<'static>> {
    let Some(receipt) = task.result.as_ref().map(|result| &result.receipt).or(task.receipt.as_ref()) else {
        return Vec::new();
    };
    let dim = state.theme.style(Role::Dim);
    let mut lines = Vec::new();
    if taking_back {
        lines.push(Line::styled(format!("Landed at {}, {}", clock(state, receipt.at), made(receipt)), dim));
    } else {
        lines.extend(receipt.green.iter().map(|witness| green(state, witness)));
        lines.push(Line::styled(made(receipt), dim));
    }
    // The diff below names its file, too.
    let is_plain = receipt.files.len() < 2 && !receipt.files.iter().any(|file| task.replaced.contains(&file.path));
    if is_plain {
        return lines;
    }
    lines.push(Line::default());
    for file in &receipt.files {
        let name = format!("  {}", plain(&file.path.to_string()));
        if taking_back && task.replaced.contains(&file.path) {
            lines.push(Line::styled(format!("{name}  you have put it back yourself"), dim));
            continue;
        }
        let mut spans = vec![Span::raw(name)];
        let (come, go) = if taking_back { (file.removed, file.added) } else { (file.added, file.removed) };
        spans.push(Span::styled(format!("  +{come}"), state.theme.style(Role::Added)));
        spans.push(Span::styled(format!(" −{go}"), state.theme.style(Role::Removed)));
        lines.push(Line::from(spans));
    }
    lines
}

fn green(state: &State, witness: &Witness) -> Line<'static> {
    let tests = witness.tests.map(|tests| format!(", {} passed", tests.passed)).unwrap_or_default();
    Line::from(vec![
        Span::styled(format!("{} ", state.glyphs.good), state.theme.style(Role::Good)),
        Span::raw(format!("{} green in {}{tests}", plain(&witness.check.to_string()), brief(witness.took))),
    ])
}

fn made(receipt: &Receipt) -> String {
    let attempts = match receipt.attempts {
        1 => "1 attempt".to_owned(),
        more => format!("{more} attempts"),
    };
    let price = receipt.spent.price().map(|_| format!(", {}", receipt.spent)).unwrap_or_default();
    format!("by {}, {attempts}, {}{price}", plain(&receipt.by), brief(receipt.took))
}
