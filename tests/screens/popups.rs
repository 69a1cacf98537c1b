//! The screens of what lies over the panes: questions, the palette, what may follow a key.

use orchestrator_tui::core::view::{Allowed, Course, Group, View};
use orchestrator_tui::model::id::{LandingId, TaskId};
use orchestrator_tui::model::task::{DoneReason, PendingResult, ReadyReason, ReviewReason, TaskState};
use orchestrator_tui::model::workspace::Suspicion;
use orchestrator_tui::ui::event::Event;
use orchestrator_tui::ui::glyph::ASCII;
use orchestrator_tui::ui::state::State;

use orchestrator_tui::ui::update::update;

use super::fixture::{NOW, ahead, busy, detail, path, pending, receipt};
use super::scene::{Person, Scene};

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "ask-kill", make: |size| asked(busy(), 15, "x", size) },
    Scene { name: "ask-kill-queued", make: |size| asked(busy(), 16, "x", size) },
    Scene { name: "ask-undo", make: |size| asked(busy(), 13, "u", size) },
    Scene { name: "ask-land", make: |size| asked(busy(), 14, "L", size) },
    Scene { name: "ask-land-end", make: |size| asked(busy(), 14, "L<end><down>", size) },
    Scene { name: "ask-refuse", make: |size| asked(busy(), 14, "D", size) },
    Scene { name: "ask-conflict", make: |size| asked(busy(), 11, "a", size) },
    Scene { name: "ask-answer", make: |size| asked(busy(), 14, "a", size) },
    Scene { name: "ask-first", make: |size| asked(first(), 14, "a", size) },
    Scene { name: "ask-snooze", make: |size| asked(busy(), 15, "s", size) },
    Scene { name: "ask-snoozed", make: |size| asked(busy(), 9, "s", size) },
    Scene { name: "ask-quit", make: |size| asked(busy(), 15, "q", size) },
    Scene { name: "ask-quit-again", make: |size| asked(stopping(), 15, "q", size) },
    Scene { name: "ask-go-on", make: |size| asked(parked(), 16, "P", size) },
    Scene { name: "ask-no-answer", make: |size| asked(busy(), 15, "xz", size) },
    Scene { name: "ask-red-after-landing", make: |size| asked(red_after_landing(), 13, "a", size) },
    Scene { name: "ask-undo-end", make: |size| asked(busy(), 13, "u<end>", size) },
    Scene { name: "ask-on-its-way", make: |size| asked_before_it_came(size) },
    Scene { name: "answered-elsewhere", make: answered_elsewhere },
    Scene { name: "palette", make: |size| asked(busy(), 15, ":", size) },
    Scene { name: "palette-typed", make: |size| asked(busy(), 15, ":undo", size) },
    Scene { name: "palette-tasks", make: |size| asked(busy(), 15, ":#1<down>", size) },
    Scene { name: "palette-nothing", make: |size| asked(busy(), 15, ":zzz", size) },
    Scene { name: "which-key", make: |size| asked(busy(), 15, "g", size) },
    Scene { name: "ask-ascii", make: |size| State { glyphs: ASCII, ..asked(first(), 14, "a", size) } },
];

fn asked(view: View, task: u32, keys: &str, size: (u16, u16)) -> State {
    let mut person = Person::before(view, Some(task), size);
    person.state = told(person.state, task);
    person.types(keys).state
}

/// All about a task comes in, as its row says that it stands.
pub(crate) fn told(mut state: State, task: u32) -> State {
    let mut detail = detail(&state.view, task);
    detail.task.state = match task {
        14 if state.row().is_some_and(|row| row.why == ReadyReason::First.to_string()) => {
            TaskState::Ready(ReadyReason::First)
        }
        14 => TaskState::Ready(ReadyReason::Suspicious(vec![
            Suspicion { file: Some(path("tests/test_sum.py")), what: "deletes 1 test".to_owned() },
            Suspicion { file: Some(path("pyproject.toml")), what: "adds `ignore = [\"E501\"]`".to_owned() },
        ])),
        11 => {
            let conflict =
                "<<<<<<< yours\n  route('/cases', list);\n=======\n  route('/cases', listOpen);\n>>>>>>> its";
            detail.task.result = Some(PendingResult { conflict: conflict.to_owned(), ..pending(11) });
            TaskState::Review(ReviewReason::Conflict(vec![path("src/api/routes.ts")]))
        }
        13 if state.row().is_some_and(|row| row.group == Group::NeedsYou) => {
            detail.task.receipt = Some(receipt(13));
            TaskState::Review(ReviewReason::RedAfterLanding(detail.task.check().cloned().expect("a check")))
        }
        13 => {
            detail.task.receipt = Some(receipt(13));
            detail.task.replaced = vec![path("src/services/dates.ts")];
            TaskState::Done(DoneReason::Landed(LandingId(4)))
        }
        _ => detail.task.state,
    };
    update(&mut state, NOW, Event::Detailed(Box::new(detail)));
    state
}

/// A landed fix made another check red, and was edited since: it is in a person's hands.
fn red_after_landing() -> View {
    let mut view = busy();
    for row in view.rows.iter_mut().filter(|row| row.id == TaskId(13)) {
        row.group = Group::NeedsYou;
        row.why = ReviewReason::RedAfterLanding(row.check.clone().expect("a check")).to_string();
        row.allowed = Allowed { undo: true, retry: true, ..Allowed::default() };
    }
    view.rows.sort_by_key(|row| row.group);
    view
}

/// The first fix of a project waits.
pub(crate) fn first() -> View {
    let mut view = busy();
    for row in view.rows.iter_mut().filter(|row| row.id == TaskId(14)) {
        row.why = ReadyReason::First.to_string();
    }
    view
}

pub(crate) fn stopping() -> View {
    let mut view = busy();
    view.head.course = Course::Stopping(1, ahead(8));
    view
}

pub(crate) fn parked() -> View {
    let mut view = busy();
    view.head.parked = Some((Some(ahead(4620)), "rate limit".to_owned()));
    view
}

/// A hasty person: the diff has not come yet.
fn asked_before_it_came(size: (u16, u16)) -> State {
    let mut person = Person::before(busy(), Some(14), size);
    person.state.story.1.detail = None;
    person.types("Ly").state
}

/// Somebody else has said yes while the question was open.
fn answered_elsewhere(size: (u16, u16)) -> State {
    let mut view = busy();
    for row in view.rows.iter_mut().filter(|row| row.id == TaskId(14)) {
        row.group = Group::Done;
        "landed".clone_into(&mut row.why);
        row.allowed = Allowed { undo: true, ..Allowed::default() };
    }
    Person::before(busy(), Some(14), size).types("L").sends(Event::Seen(Box::new(view))).state
}
