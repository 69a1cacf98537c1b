//! The last line: the keys that work now, or what just happened.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Styled as _;
use ratatui::text::{Line, Span};

use super::{events::found as events_found, toast};
use crate::core::view::Group;
use crate::ui::action::Action;
use crate::ui::body::Target;
use crate::ui::keymap::Found;
use crate::ui::popup::unable;
use crate::ui::state::{Filter, Focus, Page, State};
use crate::ui::theme::Role;
use crate::ui::widget::{clip_line, put};

/// Draws the footer; `says`: what shows for a while has no other place.
pub(in crate::ui) fn draw(state: &State, area: Rect, says: bool, buf: &mut Buffer) {
    let style = |role| state.theme.style(role);
    let toast = state.toasts.last().filter(|_| says);
    if !state.popups.is_empty() || toast.is_some() {
        // No key of the panes works now, or nobody could read both; what came of the last one may stand here.
        if let Some(toast) = toast {
            let line =
                clip_line(toast::line(state, toast), usize::from(area.width.saturating_sub(2)), state.glyphs.more);
            put(&line, Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }, buf);
        }
        return;
    }
    let is_page = state.page.is_some();
    let typing = [
        (&state.page_filter, "filter", is_page),
        (&state.filter, "filter", !is_page && state.focus == Focus::Tasks),
        (&state.search, "search", !is_page && state.focus == Focus::Task),
    ];
    if let Some((Filter { text, editing }, name, _)) =
        typing.into_iter().find(|(filter, _, here)| *here && (filter.editing || !filter.text.is_empty()))
    {
        let mut spans = vec![Span::styled(format!(" {name}: "), style(Role::Accent)), Span::raw(text.clone())];
        if *editing {
            spans.push(Span::styled(" ", style(Role::Selected)));
        }
        spans.push(Span::styled(format!("   {}", found(state)), style(Role::Dim)));
        let next = hint(state, Action::NextMatch, &[]);
        let drop = Line::styled(if *editing { "   enter keep   esc drop" } else { "   esc drop" }, style(Role::Dim));
        if is_page && *editing && text.is_empty() {
            spans.push(Span::styled("   type:pr. state:failed, any text", style(Role::Dim)));
        }
        if !*editing && !is_page && state.focus == Focus::Task {
            spans.push(Span::raw("   "));
            spans.extend(next.spans.into_iter().map(|span| span.content.trim_end().to_owned().set_style(span.style)));
        }
        spans.extend(drop.spans.into_iter().map(|span| span.style(drop.style)));
        put(&clip_line(Line::from(spans), usize::from(area.width), state.glyphs.more), area, buf);
        return;
    }
    // On a narrow screen what can be done here is worth more than how to leave.
    let right = if area.width < 60 { &[Action::Help][..] } else { &[Action::Help, Action::Quit] };
    let left = keys(state);
    let mut end = area.right();
    for action in right.iter().rev() {
        let hint = hint(state, *action, &[]);
        let wide = u16::try_from(hint.width()).unwrap_or(u16::MAX);
        if wide < end.saturating_sub(area.x) {
            end -= wide;
            put(&hint, Rect { x: end, width: wide, ..area }, buf);
        }
    }
    let mut at = area.x + 1;
    for (action, words) in left {
        let hint = hint(state, action, words);
        let wide = u16::try_from(hint.width()).unwrap_or(u16::MAX);
        if at.saturating_add(wide) > end {
            break;
        }
        put(&hint, Rect { x: at, width: wide, ..area }, buf);
        at += wide;
    }
}

/// Says how much the typed text finds.
fn found(state: &State) -> String {
    if state.page.is_some() {
        let (found, known) = events_found(state);
        return format!("{found} of {known} events");
    }
    match state.focus {
        Focus::Tasks => format!("{} of {} tasks", state.list.tasks, state.view.rows.len()),
        Focus::Task if state.search.text.is_empty() => String::new(),
        Focus::Task => {
            let found = state.body.find(&state.search.text);
            let at = state.search_at.and_then(|row| found.iter().position(|known| *known == row));
            match (found.len(), at) {
                (0, _) => "not here".to_owned(),
                (all, Some(at)) => format!("{} of {all} lines", at + 1),
                (all, None) => format!("{all} lines"),
            }
        }
    }
}

fn hint(state: &State, action: Action, words: &[&str]) -> Line<'static> {
    let short = words.first().copied().or_else(|| action.entry().map(|entry| entry.short)).unwrap_or_default();
    Line::from(vec![
        Span::styled(state.keymap.key_of(action), state.theme.style(Role::Accent)),
        Span::styled(format!(" {short}   "), state.theme.style(Role::Dim)),
    ])
}

/// Returns what is worth a key now, the most useful first.
fn keys(state: &State) -> Vec<(Action, &'static [&'static str])> {
    if let Found::More(more) = state.keymap.find(state.context(), &state.pending) {
        return if state.pending.is_empty() {
            usual(state)
        } else {
            more.into_iter().map(|(_, action)| (action, &[][..])).collect()
        };
    }
    usual(state)
}

fn usual(state: &State) -> Vec<(Action, &'static [&'static str])> {
    if let Some((page, _)) = state.page {
        let mut keys: Vec<(Action, &'static [&'static str])> = vec![(Action::Back, &["close"]), (Action::Down, &[])];
        match state.page_mark {
            Some(Target::Batch(_) | Target::Event(_, 0)) => keys.push((Action::Open, &["open"])),
            Some(Target::Task(_) | Target::Event(..)) => keys.push((Action::Open, &["go there"])),
            Some(Target::Fold(_) | Target::Place(..) | Target::Branch(_)) | None => {}
        }
        if page == Page::Events {
            keys.push((Action::Filter, &[]));
        }
        if page == Page::Batches && unable(state, Action::Report).is_none() {
            keys.push((Action::Report, &[]));
        }
        keys.push((Action::Palette, &[]));
        return keys;
    }
    let mut keys: Vec<(Action, &'static [&'static str])> = Vec::new();
    if state.view.rows.iter().any(|row| row.group == Group::NeedsYou) {
        keys.push((Action::Answer, &[]));
    }
    if let Some(row) = state.row() {
        let allowed = row.allowed;
        match state.focus {
            Focus::Tasks => keys.push((Action::Open, &[])),
            Focus::Task => {
                keys.push((Action::Back, &[]));
                match state.spot().map(|spot| &spot.target) {
                    Some(Target::Fold(seq)) if state.unfolded.contains(&(state.tab, *seq)) => {
                        keys.push((Action::Open, &["fold"]));
                    }
                    Some(Target::Fold(_)) => keys.push((Action::Open, &["unfold"])),
                    Some(Target::Place(..)) => keys.push((Action::Edit, &["edit there"])),
                    Some(Target::Branch(task)) => {
                        keys.push((Action::Open, &["go there"]));
                        keys.push((Action::Fold, if state.folded.contains(task) { &["unfold"] } else { &["fold"] }));
                    }
                    Some(Target::Event(..)) => keys.push((Action::Open, &["show the event"])),
                    Some(Target::Task(_) | Target::Batch(_)) => {
                        keys.push((Action::Open, &["go there"]));
                    }
                    None => keys.push((Action::NextTab, &[])),
                }
            }
        }
        if allowed.approve {
            keys.push((Action::Fix, &["start the plan"]));
            keys.push((Action::Refuse, &["refuse it"]));
        }
        for (is_allowed, action) in [
            (allowed.land, Action::Land),
            (allowed.undo, Action::Undo),
            (allowed.fix && !allowed.approve, Action::Fix),
            (allowed.retry && !allowed.fix, Action::Retry),
            (allowed.kill, Action::Kill),
        ] {
            if is_allowed {
                keys.push((action, &[]));
            }
        }
    }
    keys.push((
        Action::Pause,
        if state.view.head.paused || state.view.head.parked.is_some() { &["go on"] } else { &["pause"] },
    ));
    keys.push((Action::Check, &[]));
    keys.push((Action::Filter, &[]));
    keys.push((Action::Palette, &[]));
    keys
}
