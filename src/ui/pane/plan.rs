//! What the planner advised for a task, the latest first, or why it advised nothing.

use ratatui::text::{Line, Span};

use super::time::{clock, short};
use crate::core::fact::Fact;
use crate::model::plan::{Advice, Plan};
use crate::model::time::Wall;
use crate::ui::body::Item;
use crate::ui::state::{State, Story};
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// Returns the lines of the tab.
pub(super) fn items(state: &State, story: &Story) -> Vec<Item> {
    let planned = story.facts.iter().rev().filter_map(|recorded| match &recorded.fact {
        Fact::Planned { plan, .. } => Some((Some(recorded.at), &**plan)),
        _ => None,
    });
    let mut plans: Vec<(Option<Wall>, &Plan)> = planned.collect();
    if plans.is_empty() {
        // The fact may be older than what is shown of the journal.
        plans.extend(story.detail.as_ref().and_then(|detail| detail.task.plan.as_ref()).map(|plan| (None, plan)));
    }
    if plans.is_empty() {
        let text = "no strategy was asked for yet; fix.planner says from which attempt on one is";
        return vec![Line::styled(text, state.theme.style(Role::Dim)).into()];
    }
    let mut items: Vec<Item> = Vec::new();
    for (at, plan) in plans {
        if !items.is_empty() {
            items.push(Line::default().into());
        }
        items.extend(told(state, at, plan));
    }
    items
}

fn told(state: &State, at: Option<Wall>, plan: &Plan) -> Vec<Item> {
    let style = |role| state.theme.style(role);
    let took = short(plan.took);
    let time = at.map(|at| format!("{} ", clock(state, at))).unwrap_or_default();
    let head = |text: String| {
        Line::from(vec![Span::styled(time.clone(), style(Role::Dim)), Span::styled(text, style(Role::Heading))])
    };
    match &plan.advice {
        Advice::Strategy(text) => {
            let title = head(format!("strategy for attempt {}, in {took}", plan.attempt));
            let lines = text.lines().map(|line| Item { hang: 2, ..Item::from(Line::raw(plain(line))) });
            std::iter::once(Item { hang: time.len(), ..Item::from(title) }).chain(lines).collect()
        }
        Advice::Basic { why } => {
            let text = format!("the basic strategy for attempt {}, after {took}", plan.attempt);
            let title = head(text);
            let why = Line::styled(format!("{}; the fixer goes by its own rules", plain(why)), style(Role::Text));
            vec![Item { hang: time.len(), ..Item::from(title) }, Item { hang: 2, ..Item::from(why) }]
        }
    }
}
