//! The terminal of a session, over the whole screen: whose it is, what it shows, how to leave it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use super::toast;
use crate::core::view::Group;
use crate::ui::action::{Action, Context};
use crate::ui::draw;
use crate::ui::state::State;
use crate::ui::terminal::{Attached, Phase};
use crate::ui::theme::Role;
use crate::ui::widget::{clip, clip_line, plain, put, width};

/// Returns where the program's cells are drawn.
pub(in crate::ui) fn area(state: &State) -> Rect {
    inside(draw::screen(state))
}

fn inside(screen: Rect) -> Rect {
    Rect { y: screen.y + 1.min(screen.height), height: screen.height.saturating_sub(2), ..screen }
}

/// Draws it.
pub(in crate::ui) fn draw(state: &State, shown: &Attached, screen: Rect, buf: &mut Buffer) {
    Clear.render(screen, buf);
    title(state, shown, Rect { height: 1, ..screen }, buf);
    let area = inside(screen);
    shown.emulator.paint(area, shown.foot, shown.marked.as_ref(), shown.is_typed(), buf);
    if shown.phase == Phase::Opening {
        put(&Line::styled(" opening", state.theme.style(Role::Dim)), Rect { height: 1, ..area }, buf);
    }
    let foot = Rect { y: screen.bottom() - 1, height: 1, ..screen };
    footer(state, shown, foot, buf);
}

/// The line above: whose terminal it is, and the chord that leaves it.
fn title(state: &State, shown: &Attached, area: Rect, buf: &mut Buffer) {
    let style = |role| state.theme.style(role);
    let frame = style(if shown.has_keys() { Role::Accent } else { Role::Border });
    let line = |columns: usize| Span::styled((if state.glyphs.lines { "─" } else { "-" }).repeat(columns), frame);
    let leave = format!(" {} leaves ", way_out(state));
    let room = usize::from(area.width);
    let name = clip(&plain(&shown.name), room.saturating_sub(width(&leave) + 8), state.glyphs.more);
    let name = if name.is_empty() { name } else { format!(" {name} ") };
    let left = room.saturating_sub(width(&leave) + width(&name) + 4);
    let says = match says(state, shown) {
        "" => String::new(),
        says => clip(&format!("{} {} ", state.glyphs.dash, plain(says)), left.saturating_sub(1), state.glyphs.more),
    };
    let between = left.saturating_sub(width(&says));
    let spans = vec![
        line(2),
        Span::styled(name, style(Role::Accent)),
        Span::styled(says, style(Role::Text)),
        line(between),
        Span::styled(leave, style(Role::Warn)),
        line(2),
    ];
    put(&clip_line(Line::from(spans), room, state.glyphs.more), area, buf);
}

/// Returns what is done in a terminal besides what a person does there.
fn says<'a>(state: &'a State, shown: &Attached) -> &'a str {
    let head = &state.view.head;
    if head.planner == Some(shown.session) { &head.planner_says } else { "" }
}

fn way_out(state: &State) -> String {
    let keys = state.keymap.keys_of(Action::Detach);
    keys.first().cloned().unwrap_or_else(|| "ctrl+q".to_owned())
}

/// The line below: how it stands, and which keys are ours.
fn footer(state: &State, shown: &Attached, area: Rect, buf: &mut Buffer) {
    let style = |role| state.theme.style(role);
    let room = usize::from(area.width.saturating_sub(1));
    if let Some(toast) = state.toasts.last() {
        let line = clip_line(toast::line(state, toast), room, state.glyphs.more);
        put(&line, Rect { x: area.x + 1.min(area.width), ..area }, buf);
        return;
    }
    let (columns, rows) = shown.emulator.size();
    let (text, role) = match &shown.phase {
        Phase::Opening => ("opening".to_owned(), Role::Dim),
        Phase::Over(why) => (format!("ended: {}", plain(why)), Role::Warn),
        Phase::Open if shown.is_typed() => ("keys go to the program".to_owned(), Role::Accent),
        Phase::Open if shown.about.typing => ("only looking".to_owned(), Role::Dim),
        Phase::Open => ("it takes no keys".to_owned(), Role::Dim),
    };
    let mut spans = vec![Span::styled(format!(" {text}"), style(role))];
    let waiting = state.view.rows.iter().filter(|row| row.group == Group::NeedsYou).count();
    if waiting > 0 {
        spans.push(Span::styled(format!("   {} {waiting} for you", state.glyphs.needs), style(Role::Warn)));
    }
    let below = shown.below(self::inside(draw::screen(state)));
    if below > 0 {
        spans.push(Span::styled(format!("   {below} lines below"), style(Role::Warn)));
    }
    spans.push(Span::styled(format!("   {columns}x{rows}   "), style(Role::Dim)));
    let keys: &[Action] = match state.context() {
        Context::Typing => &[],
        _ if shown.about.typing && shown.phase == Phase::Open => {
            &[Action::Terminal, Action::PageUp, Action::Bottom, Action::Copy]
        }
        _ => &[Action::PageUp, Action::Bottom, Action::Copy, Action::Back],
    };
    for action in keys {
        let short = match action {
            Action::Terminal => "type",
            action => action.entry().map(|entry| entry.short).unwrap_or_default(),
        };
        spans.push(Span::styled(state.keymap.key_of(*action), style(Role::Accent)));
        spans.push(Span::styled(format!(" {short}   "), style(Role::Dim)));
    }
    put(&clip_line(Line::from(spans), room, state.glyphs.more), area, buf);
}
