//! Asks whether today may cost more than the configuration says.

use super::arrive::say;
use crate::core::command::Command;
use crate::core::view::CostLine;
use crate::model::budget::Limit;
use crate::model::cost::Usd;
use crate::ui::action::Action;
use crate::ui::event::Intent;
use crate::ui::popup::{Ask, Choice, Popup, Subject, unable};
use crate::ui::state::State;
use crate::ui::toast::Tone;

/// The part of a line, as it is configured, by which it is raised at a time.
const PART: u64 = 5;

/// Asks whether today's lines are raised by a fifth.
pub(super) fn raise(state: &mut State) -> Vec<Intent> {
    if let Some(why) = unable(state, Action::Raise) {
        say(state, Tone::Bad, why);
        return Vec::new();
    }
    let more = |line: Limit| {
        let line = state.view.costs.lines.iter().find(|known| known.line == line);
        line.map_or(0, |line: &CostLine| (line.limit.saturating_sub(line.raised) / PART).max(1))
    };
    let (usd, tokens) = (more(Limit::DayUsd), more(Limit::DayTokens));
    let lines = [(Limit::DayUsd, usd), (Limit::DayTokens, tokens)];
    let by: Vec<String> =
        lines.into_iter().filter(|(_, more)| *more > 0).map(|(line, more)| line.amount(more)).collect();
    let text = format!("yes, by {} until midnight", by.join(" and "));
    let choices = vec![
        Choice::new('y', text, vec![Intent::Command(Command::Raise { usd: Usd(usd), tokens })]),
        Choice::new('n', "no", Vec::new()),
    ];
    state.popups.push(Popup::Ask(Ask { marked: 1, ..Ask::new(Subject::Raise, choices) }));
    Vec::new()
}
