//! What each of the first screens says.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::what::{Before, Front};
use crate::model::time::millis;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// Returns what stands in the border.
pub(super) fn title(front: &Front, columns: usize) -> String {
    let rest = match front {
        Front::Trust { project, before: Before::Nothing, .. } => format!("{project}: the first time here"),
        Front::Trust { project, before: Before::Other, .. } => format!("{project}: something new would run"),
        Front::Trust { project, before: Before::Checks, .. } => format!("{project}: only checks so far"),
        Front::NoChecks { project, .. } => format!("{project}: nothing to check"),
        Front::BadConfig { problems } => match problems.iter().filter(|problem| !problem.is_warning).count() {
            1 => "the configuration has a mistake".to_owned(),
            more => format!("the configuration has {more} mistakes"),
        },
        Front::Held { project, .. } => format!("{project} is supervised already"),
        Front::Failed { title, .. } => title.clone(),
        Front::Starting { .. } => "starting".to_owned(),
    };
    if columns < 60 { rest } else { format!("orchestrator-tui   {rest}") }
}

/// Returns the text, for so many columns.
pub(super) fn lines(state: &State, front: &Front, columns: usize) -> Vec<Line<'static>> {
    let style = |role| state.theme.style(role);
    let text = |text: &str| Line::from(plain(text));
    match front {
        Front::Trust { running, before, kinds, missing_agent, without_git, .. } => {
            let mut lines = Vec::new();
            lines.push(Line::styled(
                match before {
                    Before::Nothing => "If you agree, this runs when you save a file:",
                    Before::Other => "Since you agreed, it has changed what would run:",
                    Before::Checks => "You agreed to this, for checks only:",
                },
                style(Role::Text).add_modifier(Modifier::BOLD),
            ));
            lines.extend(running.iter().map(|line| Line::styled(format!("  {}", plain(line)), style(Role::Accent))));
            lines.push(Line::default());
            let looks = if kinds.is_empty() { String::new() } else { format!("It looks like {}. ", project_of(kinds)) };
            lines.push(text(&format!(
                "{looks}Nothing was run yet{}.",
                if *before == Before::Checks { " this time" } else { "" }
            )));
            let by_itself = running.iter().any(|line| line.starts_with("fix.land"));
            lines.push(text(&format!(
                "What turns red is fixed by an agent in a private copy. Only a fix that this program has verified \
                 itself reaches your files{}, and one key takes it back.",
                if by_itself { "" } else { ", the first one after your yes" }
            )));
            if let Some((program, how)) = missing_agent {
                lines.push(Line::default());
                lines.push(Line::from(vec![
                    Span::styled(format!("{} ", state.glyphs.needs), style(Role::Warn)),
                    Span::raw(plain(&format!("{program} is not installed, so checks run and nothing is fixed. {how}"))),
                ]));
            }
            if *without_git {
                lines.push(Line::default());
                lines.push(Line::styled(
                    "This is no git repository. That is fine; only branches and rebases cannot be noticed.",
                    style(Role::Dim),
                ));
            }
            lines
        }
        Front::NoChecks { looked_for, example, .. } => {
            let mut lines = vec![
                text("Nothing here says what is green and what is red, so there is nothing to watch over yet."),
                Line::default(),
                Line::styled("Looked for", style(Role::Heading)),
            ];
            lines.extend(looked_for.iter().map(|line| Line::from(format!("  {}", plain(line)))));
            lines.push(Line::default());
            lines.push(Line::styled("An orchestrator.toml like this is enough", style(Role::Heading)));
            lines.extend(example.lines().map(|line| Line::styled(format!("  {}", plain(line)), style(Role::Accent))));
            lines
        }
        Front::BadConfig { problems } => {
            let mut lines = Vec::new();
            for problem in problems {
                lines.extend(problem.lines(state, columns));
                lines.push(Line::default());
            }
            lines.push(Line::styled("Nothing was run. It is read again as soon as you save it.", style(Role::Dim)));
            lines
        }
        Front::Held { pid, since, .. } => vec![
            text(&format!("Process {pid} watches over this project since {}.", since_when(state, *since))),
            Line::styled(
                "There is one supervisor for each project. Attached, you see and do what you would there; \
                 leaving leaves it to whoever still looks.",
                style(Role::Dim),
            ),
        ],
        Front::Failed { message, hint, .. } => {
            let mut lines: Vec<Line<'static>> = message
                .lines()
                .enumerate()
                .map(|(number, line)| {
                    let glyph = if number == 0 { format!("{} ", state.glyphs.bad) } else { "  ".to_owned() };
                    Line::from(vec![Span::styled(glyph, style(Role::Bad)), Span::raw(plain(line))])
                })
                .collect();
            for (number, line) in hint.lines().enumerate() {
                let word = if number == 0 { "hint: " } else { "      " };
                lines.push(Line::from(vec![Span::styled(word, style(Role::Good)), Span::raw(plain(line))]));
            }
            lines
        }
        Front::Starting { what, progress, since } => {
            let seconds = millis(state.now.since(*since)) / 1000;
            let time = format!("{}:{:02}", seconds / 60, seconds % 60);
            let mut lines = vec![Line::from(vec![
                Span::styled(format!("{} ", state.glyphs.busy), style(Role::Busy)),
                Span::raw(format!("{}   ", plain(what))),
                Span::styled(time, style(Role::Dim)),
            ])];
            if let Some((done, total)) = progress {
                lines.push(bar(state, *done, *total, columns));
            }
            lines
        }
    }
}

/// Draws how much of something long is done.
fn bar(state: &State, done: u64, total: u64, columns: usize) -> Line<'static> {
    let words = format!("  {} of {}", thousands(done), thousands(total));
    let room = columns.min(64).saturating_sub(words.len()).max(4);
    let share = if total == 0 { 0 } else { u128::from(done.min(total)) * (room as u128) / u128::from(total) };
    let full = usize::try_from(share).unwrap_or(room).min(room);
    let (on, off) = if state.glyphs.lines { ("█", "░") } else { ("#", "-") };
    Line::from(vec![
        Span::styled(on.repeat(full), state.theme.style(Role::Busy)),
        Span::styled(off.repeat(room - full), state.theme.style(Role::Dim)),
        Span::raw(words),
    ])
}

/// Writes a number with a comma between thousands.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
    groups.join(",")
}

/// Writes kinds as a sentence has them: `a Rust and Node project`.
fn project_of(kinds: &[String]) -> String {
    let all = match kinds {
        [.., last] if kinds.len() > 1 => format!("{} and {last}", kinds[..kinds.len() - 1].join(", ")),
        _ => kinds.join(""),
    };
    format!("a {all} project")
}

fn since_when(state: &State, since: crate::model::time::Wall) -> String {
    let time: String = crate::ui::pane::clock(state, since).chars().take(5).collect();
    let day = 86_400_000;
    match millis(state.now.since(since)) / day {
        0 => time,
        1 => format!("yesterday, {time}"),
        days => format!("{days} days ago, {time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_kinds_are_written_as_people_do() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1204), "1,204");
        assert_eq!(thousands(1_000_000), "1,000,000");
        let kinds = |kinds: &[&str]| project_of(&kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>());
        assert_eq!(kinds(&["Rust"]), "a Rust project");
        assert_eq!(kinds(&["Rust", "Node", "Go"]), "a Rust, Node and Go project");
    }
}
