//! The page that says how work went: day by day, then by role, agent and check, with counts, success, times and cost.

use ratatui::text::{Line, Span};

use super::time::short;
use crate::core::view::StatsLine;
use crate::model::budget::Day;
use crate::model::cost::Spent;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{bars, clip, plain, spark, width};

/// The columns of a name, and the most where there is room.
const NAME: usize = 14;
const NAME_MAX: usize = 32;

/// The columns of all the rest of a line.
const REST: usize = 62;

/// The columns of a bar; what a wide screen has more stays free, so that the numbers stay beside it.
const BAR: u16 = 11;

/// How many days are drawn, today last.
const DAYS: i64 = 31;

/// How many lines of one kind are listed.
const MOST: usize = 12;

/// Returns the lines of the page.
pub(super) fn lines(state: &State) -> Vec<Line<'static>> {
    let all = &state.view.stats;
    if all.total.counts.ended == 0 && all.total.attempts == 0 {
        let text = "nothing was worked on yet; what is done is counted here";
        return vec![Line::styled(text, state.theme.style(Role::Dim))];
    }
    let columns = usize::from(state.layout().body.width.saturating_sub(4));
    let names = [&all.roles, &all.agents, &all.checks].into_iter().flatten().map(|line| width(&line.name)).max();
    let name = names.unwrap_or(0).min(columns.saturating_sub(REST)).clamp(NAME, NAME_MAX);
    let mut lines = vec![heading(state, "ALL", name), row(state, &all.total, Vec::new(), name)];
    let counts = all.total.counts;
    let rest = counts.said_by_person().map(|how| format!("; {how} by you, which is neither")).unwrap_or_default();
    let said = format!(
        "  good: {} of the {} that succeeded or failed{rest}",
        counts.succeeded,
        counts.succeeded + counts.failed
    );
    lines.push(Line::styled(said, state.theme.style(Role::Dim)));
    lines.push(Line::default());
    lines.extend(days(state, columns, name));
    for (title, of) in [("BY ROLE", &all.roles), ("BY AGENT", &all.agents), ("BY CHECK", &all.checks)] {
        if of.is_empty() {
            continue;
        }
        lines.push(Line::default());
        lines.push(heading(state, title, name));
        let shown = &of[..of.len().min(MOST)];
        let counts: Vec<u64> = shown.iter().map(|line| u64::from(line.counts.ended)).collect();
        let drawn = bars(state, &counts, BAR, Role::Accent);
        lines.extend(shown.iter().zip(drawn).map(|(line, bar)| row(state, line, bar, name)));
        if of.len() > MOST {
            let text = format!("  and {} more; `stats --json` has them", of.len() - MOST);
            lines.push(Line::styled(text.replace('`', ""), state.theme.style(Role::Dim)));
        }
    }
    lines.push(Line::default());
    lines.push(heading(state, "BY DAY", name));
    let counts: Vec<u64> = all.days.iter().rev().map(|(_, line)| u64::from(line.counts.ended)).collect();
    let drawn = bars(state, &counts, BAR, Role::Accent);
    lines.extend(all.days.iter().rev().zip(drawn).map(|((_, line), bar)| row(state, line, bar, name)));
    lines
}

fn heading(state: &State, title: &str, name: usize) -> Line<'static> {
    let title = Span::styled(format!("{title:<0$}", name + 2), state.theme.style(Role::Heading));
    let columns = format!(
        " {:width$} {:>5} {:>6}  {:>6} {:>7} {:>7}  {:>9}",
        "",
        "tasks",
        "good",
        "by you",
        "median",
        "95%",
        "cost",
        width = usize::from(BAR)
    );
    Line::from(vec![title, Span::styled(columns, state.theme.style(Role::Dim))])
}

fn row(state: &State, line: &StatsLine, bar: Vec<Span<'static>>, name: usize) -> Line<'static> {
    let dim = state.theme.style(Role::Dim);
    let time = |millis: Option<u64>| match millis {
        Some(millis) => short(std::time::Duration::from_millis(millis)),
        None => String::new(),
    };
    let rate = line.counts.rate().map(|rate| format!("{}%", (rate + 5) / 10)).unwrap_or_default();
    // Colour says what the number says: nothing is lost without it.
    let role = match line.counts.rate() {
        Some(900..) => Role::Good,
        Some(500..900) => Role::Text,
        Some(_) => Role::Bad,
        None => Role::Dim,
    };
    let mut spans = vec![Span::raw(format!("  {:<name$} ", clip(&plain(&line.name), name, state.glyphs.more)))];
    if bar.is_empty() {
        spans.push(Span::raw(" ".repeat(usize::from(BAR))));
    } else {
        spans.extend(bar);
    }
    spans.push(Span::raw(format!(" {:>5} ", line.counts.ended)));
    spans.push(Span::styled(format!("{rate:>6} "), state.theme.style(role)));
    let by_you = if line.counts.by_person() > 0 { line.counts.by_person().to_string() } else { String::new() };
    spans.push(Span::raw(format!(" {by_you:>6} ")));
    spans.push(Span::styled(format!("{:>7} {:>7}  ", time(line.median), time(line.p95)), dim));
    spans.push(Span::raw(format!("{:>9}", cost(line.spent))));
    Line::from(spans)
}

/// Writes a cost in a column: at least so much, where some of it has no price.
fn cost(spent: Spent) -> String {
    match spent.price() {
        Some(usd) if spent.unpriced => format!("{usd}+"),
        Some(usd) => usd.to_string(),
        None if spent.tokens() == 0 => String::new(),
        None => "no price".to_owned(),
    }
}

/// Draws the last days, one shape for each number.
fn days(state: &State, columns: usize, room: usize) -> Vec<Line<'static>> {
    let known = &state.view.stats.days;
    let Some((last, _)) = known.last() else { return Vec::new() };
    let first = known.first().map_or(last.0, |(day, _)| day.0).max(last.0 - DAYS + 1);
    let of = |day: i64| known.iter().find(|(known, _)| known.0 == day).map(|(_, line)| line);
    let series = |value: &dyn Fn(&StatsLine) -> u64| -> Vec<u64> {
        (first..=last.0).map(|day| of(day).map_or(0, value)).collect()
    };
    let count = usize::try_from(last.0 - first + 1).unwrap_or(1);
    let wide = (columns.saturating_sub(room + 24) / count).clamp(1, 3);
    let done = series(&|line| u64::from(line.counts.succeeded));
    let failed = series(&|line| u64::from(line.counts.failed));
    let cost = series(&|line| line.spent.usd.0);
    let numbers = |values: &[u64], write: &dyn Fn(u64) -> String| {
        let (most, today) = (values.iter().copied().max().unwrap_or(0), values.last().copied().unwrap_or(0));
        format!(" most {}, last {}", write(most), write(today))
    };
    let plainly = |value: u64| value.to_string();
    let dollars = |value: u64| crate::model::cost::Usd(value).to_string();
    let span = if count == 1 { last.to_string() } else { format!("{} to {last}", Day(first)) };
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{:<1$}", "DAYS", room + 2), state.theme.style(Role::Heading)),
        Span::styled(format!(" {span}"), state.theme.style(Role::Dim)),
    ])];
    for (name, values, role, text) in [
        ("done", &done, Role::Good, numbers(&done, &plainly)),
        ("failed", &failed, Role::Bad, numbers(&failed, &plainly)),
        ("cost", &cost, Role::Accent, numbers(&cost, &dollars)),
    ] {
        let mut spans = vec![Span::raw(format!("  {name:<room$} "))];
        spans.extend(spark(state, values, wide, role));
        spans.push(Span::styled(text, state.theme.style(Role::Dim)));
        lines.push(Line::from(spans));
    }
    lines
}
