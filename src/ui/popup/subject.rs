//! What a question is about, how that is shown, and whether it still stands.

use ratatui::text::{Line, Span};

use super::evidence;
use super::open::room;
use super::plan;
use super::sheet::widest;
use crate::core::view::{Course, Group, Row};
use crate::model::id::BatchId;
use crate::model::task::{DoneReason, ReadyReason, ReviewReason, Task, TaskState};
use crate::model::time::{Wall, millis};
use crate::ui::keyed::keyed;
use crate::ui::pane::{diff_lines, diff_lines_back, raise_lines};
use crate::ui::popup::Ask;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// What is asked about a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// What becomes of a result that waits for a person.
    Answer,
    /// The same, and what becomes of all later ones.
    First,
    /// Whether it ends.
    Kill,
    /// Whether what it landed is taken back.
    Undo,
    /// Whether its result lands.
    Land,
    /// Whether its result is thrown away.
    Refuse,
    /// How long its check is left alone.
    Snooze,
}

/// What a question is about.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A task.
    Task(Asked, Box<Row>),
    /// How to leave while work runs.
    Leave,
    /// Whether to go on although a service said when.
    GoOn,
    /// Whether today may cost more.
    Raise,
    /// Whether a plan is carried out.
    Plan(BatchId),
    /// Whether a plan is thrown away.
    NoPlan(BatchId),
    /// The supervisor is gone, for this reason.
    Gone(String),
}

impl Subject {
    /// Returns the task as it was when the question was asked.
    pub fn task(&self) -> Option<&Row> {
        match self {
            Self::Task(_, row) => Some(row),
            Self::Leave | Self::GoOn | Self::Raise | Self::Plan(_) | Self::NoPlan(_) | Self::Gone(_) => None,
        }
    }

    /// Whether it is about a result that has not landed.
    pub fn is_about_result(&self) -> bool {
        match self {
            Self::Task(Asked::Answer | Asked::First | Asked::Land | Asked::Refuse, _) => true,
            Self::Task(Asked::Kill | Asked::Undo | Asked::Snooze, _)
            | Self::Leave
            | Self::GoOn
            | Self::Raise
            | Self::Plan(_)
            | Self::NoPlan(_)
            | Self::Gone(_) => false,
        }
    }

    /// Returns what stands in the border.
    pub(super) fn title(&self, state: &State) -> String {
        match self {
            Self::Task(asked, row) => {
                let verb = match asked {
                    Asked::Answer | Asked::First => return format!("{} asks   {}", row.id, row.title),
                    Asked::Kill => "Kill",
                    Asked::Undo => "Undo",
                    Asked::Land => "Land",
                    Asked::Refuse => "Throw away",
                    Asked::Snooze => "Snooze",
                };
                format!("{verb} {}?   {}", row.id, row.title)
            }
            Self::Leave if matches!(state.view.head.course, Course::Stopping(..)) => "Stopping".to_owned(),
            Self::Leave => "Leave?".to_owned(),
            Self::GoOn => "Go on now?".to_owned(),
            Self::Raise => "Raise today's budget?".to_owned(),
            Self::Plan(batch) => format!("Start the plan of batch {}?", batch.0),
            Self::NoPlan(batch) => format!("Throw the plan of batch {} away?", batch.0),
            Self::Gone(_) => "The supervisor is gone".to_owned(),
        }
    }

    /// Says why nothing is asked any more, if so: somebody else answered, or the world did.
    pub fn is_over(&self, state: &State) -> Option<String> {
        if let Self::Plan(batch) | Self::NoPlan(batch) = self {
            let is_asked = state.view.batches.iter().any(|known| known.id == *batch && known.planned > 0);
            return (!is_asked).then(|| format!("the plan of batch {} was answered elsewhere", batch.0));
        }
        let Self::Task(asked, then) = self else { return None };
        let Some(now) = state.view.rows.iter().find(|row| row.id == then.id) else {
            return Some(format!("{} is no longer listed; nothing is asked any more", then.id));
        };
        let is_same = now.group == then.group && now.why == then.why && now.allowed == then.allowed;
        let stands = match asked {
            Asked::Answer | Asked::First | Asked::Land | Asked::Refuse => is_same,
            Asked::Kill => now.allowed.kill,
            Asked::Undo => now.allowed.undo,
            Asked::Snooze => true,
        };
        (!stands).then(|| over(then, now))
    }
}

/// Says how a question ended that was not answered here.
fn over(then: &Row, now: &Row) -> String {
    let id = now.id;
    let waited = then.group == Group::NeedsYou;
    match (now.group, now.why.as_str()) {
        (Group::Working, "land" | "confirm") => format!("{id} was answered elsewhere: it lands"),
        (Group::Working, stage) if waited => format!("{id} is worked on again ({stage}); nothing is asked any more"),
        (Group::Done, "landed") if waited => format!("{id} was answered elsewhere: it landed"),
        (Group::Done, "refused") => format!("{id} was answered elsewhere: its result is thrown away"),
        (Group::Done, "killed") => format!("{id} was killed elsewhere"),
        (Group::Done, "undone") => format!("{id} was undone elsewhere"),
        (Group::NeedsYou, why) => format!("{id} asks something else now: {why}"),
        (Group::Working | Group::Held | Group::Queued | Group::Done | Group::Failed, why) => {
            format!("{id} is over what was asked: {why}")
        }
    }
}

/// Returns the task of a question, if all about it has come.
fn task<'a>(state: &'a State, ask: &Ask) -> Option<&'a Task> {
    let detail = state.told()?.detail.as_ref()?;
    (Some(detail.task.id) == ask.task()).then_some(&detail.task)
}

/// Whether what the question is about is shown, so that it can be answered.
pub(in crate::ui) fn is_informed(state: &State, ask: &Ask) -> bool {
    let Subject::Task(asked, _) = &ask.subject else { return true };
    let Some(task) = task(state, ask) else { return false };
    match asked {
        Asked::Answer | Asked::First | Asked::Land | Asked::Refuse => {
            task.result.is_some() || matches!(task.state, TaskState::Review(_))
        }
        Asked::Undo => matches!(
            task.state,
            TaskState::Done(DoneReason::Landed(_)) | TaskState::Review(ReviewReason::RedAfterLanding(_))
        ),
        Asked::Kill | Asked::Snooze => true,
    }
}

/// Returns what a question shows above its answers, as things stand now.
pub(super) fn lines(state: &State, ask: &Ask) -> Vec<Line<'static>> {
    match &ask.subject {
        Subject::Task(asked, then) => about_task(state, ask, *asked, then),
        Subject::Leave => leave(state),
        Subject::GoOn => {
            let why = state.view.head.parked.as_ref().map(|(_, why)| keyed(state, why)).unwrap_or_default();
            let when = state.view.head.parked.as_ref().and_then(|(until, _)| *until);
            let when = when.map(|until| format!(" until {}", evidence::clock(state, until))).unwrap_or_default();
            vec![
                Line::from(format!("Everything is parked{when}: {why}.")),
                Line::styled(
                    "If that still holds, the next attempt ends as the last one did, and does not count.",
                    state.theme.style(Role::Dim),
                ),
            ]
        }
        Subject::Raise => raise_lines(state),
        Subject::Plan(batch) | Subject::NoPlan(batch) => plan::lines(state, *batch),
        Subject::Gone(why) => vec![
            Line::styled(plain(why), state.theme.style(Role::Bad)),
            Line::styled(
                "What is shown is as it was last seen. Nothing is lost: the next start goes on from the journal, and this \
                 screen goes on with it by itself.",
                state.theme.style(Role::Dim),
            ),
        ],
    }
}

fn about_task(state: &State, ask: &Ask, asked: Asked, then: &Row) -> Vec<Line<'static>> {
    let dim = state.theme.style(Role::Dim);
    let row = state.view.rows.iter().find(|row| row.id == then.id).unwrap_or(then);
    let task = task(state, ask);
    let mut lines = Vec::new();
    match asked {
        Asked::Answer | Asked::First | Asked::Land | Asked::Refuse => {
            lines.extend(reasons(state, row, task));
            if asked == Asked::First {
                lines.push(Line::from(
                    "Nobody has said yet what becomes of verified fixes in this project. Say it once; \
                     any of them can be undone with one key.",
                ));
            }
        }
        Asked::Kill => {
            lines.push(at_work(state, row));
            let rest = if row.group == Group::Working {
                "Whatever works on it ends, and what it made is dropped; the task can be tried again."
            } else {
                "It ends as it is, and can be tried again."
            };
            lines.push(Line::styled(rest, dim));
        }
        Asked::Undo => lines.push(Line::from(
            "Takes back exactly what it landed. What you typed since stays; if you edited the same lines, \
             nothing is written and you are told.",
        )),
        Asked::Snooze => {
            lines.push(Line::from(format!(
                "Leave {} alone: it is still checked, and nothing is fixed.",
                plain(&row.title.clone())
            )));
            if row.group == Group::Working {
                lines.push(Line::styled("What works on it now ends, and does not count.", dim));
            }
            if row.allowed.unsnooze {
                let until =
                    row.until.map(|until| format!(" until {}", evidence::clock(state, until))).unwrap_or_default();
                lines.push(Line::styled(format!("It is snoozed{until} already."), dim));
            }
        }
    }
    if matches!(asked, Asked::Kill | Asked::Snooze) {
        return lines;
    }
    match task.filter(|_| is_informed(state, ask)) {
        Some(task) => {
            lines.extend(evidence::lines(state, task, asked == Asked::Undo));
            lines.push(Line::default());
            let width = usize::from(widest(room(state)));
            if asked == Asked::Undo {
                lines.push(Line::styled("What this changes in your files:", state.theme.style(Role::Heading)));
                lines.extend(diff_lines_back(state, width));
            } else {
                lines.extend(diff_lines(state, width));
            }
        }
        None => lines.push(Line::styled(format!("What it changes is on its way {}", state.glyphs.more), dim)),
    }
    lines
}

/// Says why a result waits, one reason on each line.
fn reasons(state: &State, row: &Row, task: Option<&Task>) -> Vec<Line<'static>> {
    let warn = state.theme.style(Role::Warn);
    let mark = |text: String| {
        Line::from(vec![Span::styled(format!("{} ", state.glyphs.needs), warn), Span::raw(plain(&text))])
    };
    match task.map(|task| &task.state) {
        Some(TaskState::Ready(ReadyReason::Suspicious(doubts))) => {
            let mut lines = vec![Line::from("It is verified, and it does something that you should see first:")];
            lines.extend(doubts.iter().map(|doubt| match &doubt.file {
                Some(file) => mark(format!("{file}: {}", doubt.what)),
                None => mark(doubt.what.clone()),
            }));
            lines
        }
        Some(_) | None => vec![mark(row.why.clone())],
    }
}

/// Says what is at work, and how long it has been.
fn at_work(state: &State, row: &Row) -> Line<'static> {
    let (made, limit) = row.attempts;
    let busy = row.group == Group::Working;
    let since = row.since.filter(|_| busy).map(|since| format!(" for {}", count(since, state.now)));
    let attempt = busy.then(|| format!(", attempt {made} of {limit}"));
    let spent = (row.spent.usd.0 > 0).then(|| format!(", {}", row.spent));
    let rest: String = [since, attempt, spent].into_iter().flatten().collect();
    Line::from(format!("{} {}: {}{rest}", row.id, plain(&row.title.clone()), plain(&row.why)))
}

fn leave(state: &State) -> Vec<Line<'static>> {
    let dim = state.theme.style(Role::Dim);
    let working: Vec<&Row> = state.view.rows.iter().filter(|row| row.group == Group::Working).collect();
    let mut lines = Vec::new();
    if let Course::Stopping(_, until) = state.view.head.course {
        let left = count(state.now, until);
        lines.push(Line::from(format!("What runs may finish; what is not done in {left} is ended, uncharged.")));
    }
    if working.is_empty() {
        lines.push(Line::from("Nothing is at work any more."));
    } else {
        lines.push(Line::styled("At work", state.theme.style(Role::Heading)));
        lines.extend(working.into_iter().map(|row| {
            let line = at_work(state, row);
            let glyph = Span::styled(format!("{} ", state.glyphs.busy), state.theme.style(Role::Busy));
            Line::from(std::iter::once(glyph).chain(line.spans).collect::<Vec<_>>())
        }));
    }
    let waiting = state.view.rows.iter().filter(|row| row.group == Group::NeedsYou).count();
    if waiting > 0 {
        let text = if waiting == 1 {
            "1 task waits for you; it still will when you come back.".to_owned()
        } else {
            format!("{waiting} tasks wait for you; they still will when you come back.")
        };
        lines.push(Line::styled(text, dim));
    }
    lines
}

/// Writes the time between as `0:42`.
pub(super) fn count(from: Wall, to: Wall) -> String {
    let seconds = millis(to.since(from)).div_ceil(1000);
    if seconds < 3600 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else {
        format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}
