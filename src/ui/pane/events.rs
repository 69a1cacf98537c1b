//! The page of events, the newest first: what was reported, by whom, and what came of it; each leads to its task.

use ratatui::text::{Line, Span};

use super::time::{age, clock};
use crate::core::view::{EventRow, EventState, Row};
use crate::model::id::TaskId;
use crate::ui::action::Action;
use crate::ui::body::{Item, Target};
use crate::ui::keyed::keyed;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, clip_line, holds, plain, width};

/// The most columns of a type; a longer one pushes the rest.
const KIND: usize = 24;

/// The fewest columns that are worth the beginning of a name.
const WORTH: usize = 12;

/// The widest that the name of a task becomes.
const TITLE: usize = 40;

/// How far what came of an event is indented.
const INDENT: usize = 8;

/// The seconds of a day.
const DAY: u64 = 86_400;

/// Returns the lines of the page.
pub(super) fn items(state: &State, columns: usize) -> Vec<Item> {
    let events = &state.view.events;
    let dim = state.theme.style(Role::Dim);
    if events.rows.is_empty() && events.left.is_empty() {
        let text = "nothing was reported yet; orchestrator-tui emit TYPE reports an event, workflows lists the rules";
        return vec![Line::styled(text, dim).into()];
    }
    let mut items: Vec<Item> = Vec::new();
    if let Some(text) = news(state) {
        items.extend([Line::styled(text, state.theme.style(Role::Warn)).into(), Line::default().into()]);
    }
    let filter = &state.page_filter.text;
    for (file, why) in events.left.iter().filter(|(file, _)| filter.is_empty() || holds(file, filter)) {
        let text = format!("{} the file {} stays where it is: {}", state.glyphs.bad, plain(file), keyed(state, why));
        items.push(Item { line: Line::styled(text, state.theme.style(Role::Bad)), hang: 2, target: None });
    }
    if events.more_left > 0 {
        let text = format!("  and {} more files; orchestrator-tui events --failed lists them", events.more_left);
        items.push(Line::styled(text, dim).into());
    }
    let shown: Vec<_> = events.rows.iter().filter(|event| lets_through(event, filter)).collect();
    let kind = shown.iter().map(|event| width(&event.kind)).max().unwrap_or(0).min(KIND);
    for event in &shown {
        items.extend(told(state, event, columns, kind));
    }
    if shown.is_empty() && !filter.is_empty() {
        let key = state.keymap.key_of(Action::Back);
        items.push(Line::styled(format!("no event here is like that; {key} shows all"), dim).into());
    }
    if events.earlier > 0 {
        items.push(
            Line::styled(format!("and {} earlier; orchestrator-tui events lists them", events.earlier), dim).into(),
        );
    }
    items
}

/// Returns how many of the events a filter lets through, and how many there are.
pub(super) fn found(state: &State) -> (usize, usize) {
    let rows = &state.view.events.rows;
    (rows.iter().filter(|event| lets_through(event, &state.page_filter.text)).count(), rows.len())
}

/// Whether an event has every word of a filter: `state:failed` and `type:pr.` look there alone, any other word everywhere.
fn lets_through(event: &EventRow, filter: &str) -> bool {
    filter.split_whitespace().all(|word| match word.split_once(':') {
        Some(("state", state)) => word_of(event.state).starts_with(&state.to_lowercase()),
        Some(("type", kind)) => holds(&event.kind, kind),
        Some(_) | None => {
            let about = event.subject.is_some_and(|task| task.to_string() == word);
            let texts = [event.kind.as_str(), &event.by, word_of(event.state)];
            let came = event.came.iter().map(|(text, _)| text.as_str());
            about || texts.into_iter().chain(came).any(|text| holds(text, word))
        }
    })
}

/// Names where an event stands.
fn word_of(state: EventState) -> &'static str {
    match state {
        EventState::Pending => "pending",
        EventState::Processed => "processed",
        EventState::Failed => "failed",
    }
}

/// Says how many events wait or went nowhere; nothing if all was followed.
pub(super) fn news(state: &State) -> Option<String> {
    let events = &state.view.events;
    let trouble = events.rows.iter().filter(|event| event.is_trouble()).count() + events.left.len() + events.more_left;
    let said = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let waits = if events.pending == 1 { "event waits" } else { "events wait" };
    let parts = [
        said(events.pending, waits),
        said(trouble, if trouble == 1 { "was not followed" } else { "were not followed" }),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Returns the task with this place among those that an event started; the first is 1.
pub(in crate::ui) fn leads_to(event: &EventRow, place: usize) -> Option<TaskId> {
    event.came.iter().filter_map(|(_, task)| *task).nth(place.checked_sub(1)?)
}

/// Returns the sign of where an event stands, its word, and their colour.
pub(super) fn signed(state: &State, stands: EventState) -> (&'static str, &'static str, Role) {
    let (sign, role) = match stands {
        EventState::Pending => (state.glyphs.queued, Role::Busy),
        EventState::Processed => (state.glyphs.good, Role::Good),
        EventState::Failed => (state.glyphs.bad, Role::Bad),
    };
    (sign, word_of(stands), role)
}

fn told(state: &State, event: &EventRow, columns: usize, kind: usize) -> Vec<Item> {
    let style = |role| state.theme.style(role);
    let (sign, word, role) = signed(state, event.state);
    let is_old = state.now.since(event.at).as_secs() >= DAY;
    let when = if is_old { age(event.at, state.now) } else { clock(state, event.at) };
    let mut about = format!("from {}", plain(&event.by));
    if let Some(subject) = event.subject.filter(|subject| event.from != Some(*subject)) {
        about = format!("{about}, about {subject}");
    }
    let lead = INDENT + 8 + 2 + width(&plain(&event.kind)).max(kind) + 2 + 10 + 2;
    let room = columns.saturating_sub(lead + width(&about) + 2);
    if let Some(title) = event.from.or(event.subject).and_then(|task| title(state, task))
        && (width(&title) <= room || room >= WORTH)
    {
        about = format!("{about}  {title}");
    }
    let head = Line::from(vec![
        Span::styled(format!("{sign} "), style(role)),
        Span::styled(format!("{:>4}  ", event.id.0), style(Role::Dim)),
        Span::styled(format!("{when:<8}  "), style(Role::Dim)),
        Span::styled(format!("{:<kind$}  ", plain(&event.kind)), style(Role::Accent)),
        Span::styled(format!("{word:<10}  "), style(role)),
        Span::raw(about),
    ]);
    let target = Some(Target::Event(event.id, 0));
    let mut items = vec![Item { line: clip_line(head, columns, state.glyphs.more), hang: INDENT, target }];
    let mut started = 0;
    for (text, task) in &event.came {
        let title = task.and_then(|task| title(state, task)).filter(|_| event.state != EventState::Pending);
        let mut spans = vec![
            Span::raw(" ".repeat(INDENT)),
            Span::styled(keyed(state, text), style(if event.is_trouble() { role } else { Role::Text })),
        ];
        spans.extend(title.map(|title| Span::styled(format!("  {title}"), style(Role::Dim))));
        started += usize::from(task.is_some());
        let place = task.map(|_| started);
        items.push(Item {
            line: Line::from(spans),
            hang: INDENT + 2,
            target: place.map(|place| Target::Event(event.id, place)),
        });
    }
    items
}

/// Returns what a task is called and how it stands, if it is still listed.
pub(super) fn title(state: &State, task: TaskId) -> Option<String> {
    let row: &Row = state.view.rows.iter().find(|row| row.id == task)?;
    let title = clip(&plain(&row.title), TITLE, state.glyphs.more);
    Some(if width(&row.why) <= TITLE { format!("{title} ({})", keyed(state, &row.why)) } else { title })
}

/// Says in the header what a person has not seen: events that nobody followed, in long and in short.
pub(super) fn unseen(state: &State) -> Option<(String, String)> {
    let is_new = |event: &&EventRow| event.id > state.events_seen && state.now.since(event.at).as_secs() < DAY;
    let count = state.view.events.rows.iter().filter(|event| event.is_trouble()).filter(is_new).count();
    let key = state.keymap.key_of(Action::Events);
    let (sign, events) = (state.glyphs.needs, if count == 1 { "event" } else { "events" });
    (count > 0)
        .then(|| (format!("{sign} {count} {events} not followed: {key}"), format!("{sign} {count} {events}: {key}")))
}

/// Says in the header how many events wait, in long and in short.
pub(super) fn pending(state: &State) -> Option<(String, String)> {
    let (count, key) = (state.view.events.pending, state.keymap.key_of(Action::Events));
    let sign = state.glyphs.queued;
    let (events, wait) = if count == 1 { ("event", "waits") } else { ("events", "wait") };
    (count > 0).then(|| (format!("{sign} {count} {events} {wait}"), format!("{sign} {count} {events}: {key}")))
}
