//! The page that says what was spent: today and its lines, by task, by day, for each landed result.

use ratatui::text::{Line, Span};

use super::time::count;
use crate::core::view::{CostLine, Sum};
use crate::model::cost::Spent;
use crate::model::number::thousands;
use crate::ui::action::Action;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, plain, width};

/// The columns that a task's amounts get beside its title.
const AMOUNTS: usize = 36;

/// How many columns the bar of a line has, and on a narrow screen.
const BAR: usize = 20;
const BAR_NARROW: usize = 10;

/// From this width on there is room for a long one.
const WIDE: u16 = 96;

/// Returns the lines of the page.
pub(super) fn lines(state: &State) -> Vec<Line<'static>> {
    let costs = &state.view.costs;
    let heading = |text: String| Line::styled(text, state.theme.style(Role::Heading));
    let mut lines = vec![heading(format!("TODAY   {}", costs.day))];
    lines.extend(limits(state));
    lines.extend(sum(state, &costs.today));
    if !costs.tasks.is_empty() {
        lines.push(Line::default());
        lines.push(heading("TASKS OF TODAY".to_owned()));
        let most = usize::from(state.layout().body.width).saturating_sub(AMOUNTS).max(AMOUNTS);
        let names = costs.tasks.iter().map(|task| {
            let title = if task.title.is_empty() { "no longer remembered".to_owned() } else { plain(&task.title) };
            clip(&format!("{:<4} {title}", task.id.to_string()), most, state.glyphs.more)
        });
        let names: Vec<String> = names.collect();
        // The amounts stand below each other, however long a name is.
        let wide = names.iter().map(|name| width(name)).max().unwrap_or(0);
        lines.extend(costs.tasks.iter().zip(names).map(|(task, name)| {
            let all = if task.total == task.today { String::new() } else { format!(", {} in all", words(task.total)) };
            let pad = " ".repeat(wide - width(&name));
            row(state, &format!("{name}{pad}"), format!("{}{all}", words(task.today)))
        }));
        if let (more @ 1.., spent) = costs.more {
            lines.push(left(state, &format!("and {more} more, {}", words(spent))));
        }
    }
    lines.push(Line::default());
    lines.push(heading("LANDED RESULTS".to_owned()));
    for (name, sum) in [("today", &costs.today), ("since the journal began", &costs.total)] {
        let each = match sum.for_each_fix() {
            Some(each) => format!("{} for each of {}, failed attempts included", words(each), sum.landed),
            None => "none".to_owned(),
        };
        lines.push(row(state, name, each));
    }
    if costs.days.len() > 1 {
        lines.push(Line::default());
        lines.push(heading("DAYS".to_owned()));
        lines.extend(
            costs.days.iter().rev().map(|(day, sum)| {
                row(state, &day.to_string(), format!("{}, {} landed", words(sum.spent()), sum.landed))
            }),
        );
        if costs.earlier > 0 {
            lines.push(left(state, &format!("and {} earlier", costs.earlier)));
        }
    }
    lines.push(Line::default());
    lines.push(heading("SINCE THE JOURNAL BEGAN".to_owned()));
    lines.extend(sum(state, &costs.total));
    lines
}

/// What stands above the answers when it is asked whether today may cost more.
pub(in crate::ui) fn raise(state: &State) -> Vec<Line<'static>> {
    let mut lines = limits(state);
    let dim = state.theme.style(Role::Dim);
    lines.push(Line::styled("Tomorrow is as configured: [budget] in orchestrator.toml.", dim));
    lines
}

fn limits(state: &State) -> Vec<Line<'static>> {
    let costs = &state.view.costs;
    if costs.lines.is_empty() {
        let text = "  no line is set: budget.day_usd and budget.day_tokens hold a day";
        return vec![Line::styled(text, state.theme.style(Role::Dim))];
    }
    let mut lines: Vec<Line<'static>> = costs.lines.iter().map(|line| limit(state, line)).collect();
    if costs.reached().is_some() {
        let key = state.keymap.key_of(Action::Raise);
        let left = if costs.ends > state.now { count(state.now, costs.ends) } else { "a moment".to_owned() };
        lines.push(Line::styled(
            format!("  {} nothing starts for {left}, until midnight; {key} raises the line", state.glyphs.held),
            state.theme.style(Role::Warn),
        ));
    }
    lines
}

fn limit(state: &State, line: &CostLine) -> Line<'static> {
    let role = match (line.is_reached(), line.is_near()) {
        (true, _) => Role::Bad,
        (false, true) => Role::Warn,
        (false, false) => Role::Good,
    };
    let percent = line.percent();
    let wide = if state.size.0 < WIDE { BAR_NARROW } else { BAR };
    let full = usize::try_from(percent.min(100)).unwrap_or(100) * wide / 100;
    let (on, off) = if state.glyphs.lines { ("█", "░") } else { ("#", "-") };
    let raised =
        if line.raised > 0 { format!(", {} of it by you", line.line.amount(line.raised)) } else { String::new() };
    let what = if line.is_reached() {
        ", used up"
    } else if line.is_near() {
        ", near"
    } else {
        ""
    };
    Line::from(vec![
        Span::styled(format!("  {:<24} ", line.line.key()), state.theme.style(Role::Dim)),
        Span::styled(on.repeat(full), state.theme.style(role)),
        Span::styled(off.repeat(wide - full), state.theme.style(Role::Dim)),
        Span::raw(format!(" {percent}%  {}{raised}", line.line.share(line.used, line.limit))),
        Span::styled(what, state.theme.style(role)),
    ])
}

fn sum(state: &State, sum: &Sum) -> Vec<Line<'static>> {
    let mut lines = vec![row(state, "agents", words(sum.fixer)), row(state, "planner", words(sum.planner))];
    let all = sum.spent();
    let tokens = format!("{} in, {} out", thousands(all.tokens_in), thousands(all.tokens_out));
    lines.push(row(state, "tokens", tokens));
    if all.unpriced {
        lines.push(Line::styled(
            format!(
                "  {} the price of {} is not known, or not yet; they are counted in tokens, not in dollars",
                state.glyphs.needs,
                if sum.unpriced > 0 { format!("{} tokens", thousands(sum.unpriced)) } else { "some runs".to_owned() }
            ),
            state.theme.style(Role::Warn),
        ));
    }
    lines
}

/// Says what is not listed here, and where it is.
fn left(state: &State, what: &str) -> Line<'static> {
    Line::styled(format!("  {what}; orchestrator-tui costs --all lists them"), state.theme.style(Role::Dim))
}

fn words(spent: Spent) -> String {
    spent.to_string()
}

fn row(state: &State, name: &str, value: String) -> Line<'static> {
    Line::from(vec![Span::styled(format!("  {name:<24} "), state.theme.style(Role::Dim)), Span::raw(value)])
}
