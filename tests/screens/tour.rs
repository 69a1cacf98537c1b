//! The screens of the demo's tour, each step at the moment it is about.

use std::time::Duration;

use orchestrator_tui::core::view::{Allowed, Group, Row, View};
use orchestrator_tui::model::attempt::Stage;
use orchestrator_tui::model::check::Verdict;
use orchestrator_tui::model::hold::HoldReason;
use orchestrator_tui::model::id::{LandingId, TaskId};
use orchestrator_tui::model::task::{DoneReason, FailReason, ReadyReason, TaskState};
use orchestrator_tui::ui::event::Event;
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::tour::Tour;
use orchestrator_tui::ui::update::update;

use super::fixture::{NOW, ago, check_row, head, row, task};
use super::scene::Scene;

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "tour-1-looks", make: |size| toured(size, 1) },
    Scene { name: "tour-2-red", make: |size| toured(size, 2) },
    Scene { name: "tour-3-works", make: |size| toured(size, 3) },
    Scene { name: "tour-4-verifies", make: |size| toured(size, 4) },
    Scene { name: "tour-5-asks", make: |size| toured(size, 5) },
    Scene { name: "tour-6-landed", make: |size| toured(size, 6) },
    Scene { name: "tour-cannot-run", make: cannot_run },
    Scene { name: "tour-7-undone", make: |size| toured(size, 7) },
];

fn demo(verdict: Option<Verdict>, rows: Vec<Row>) -> View {
    View { head: head(), checks: vec![check_row("unit", None, verdict)], rows, ..View::default() }
}

fn only(group: Group, state: TaskState, change: impl FnOnce(&mut Row)) -> Vec<Row> {
    let mut row = row(group, &task(1, "unit", None, state));
    change(&mut row);
    vec![row]
}

/// What the demo looks like at each step.
pub(crate) fn views() -> [View; 7] {
    let red = Some(Verdict::Red);
    let working = |stage: Stage| {
        only(Group::Working, TaskState::Running, |row| {
            stage.name().clone_into(&mut row.why);
            row.stage = Some(stage);
            row.since = Some(ago(4));
            row.attempts = (1, 5);
        })
    };
    let mut undone = only(Group::Done, TaskState::Failed(FailReason::Undone), |_| {});
    let mut again = row(Group::Held, &task(2, "unit", None, TaskState::Held(HoldReason::Undone(TaskId(1)))));
    again.allowed = Allowed { fix: true, kill: true, ..Allowed::default() };
    undone.insert(0, again);
    [
        demo(None, Vec::new()),
        demo(
            red,
            only(Group::Held, TaskState::Held(HoldReason::RedBefore), |row| {
                row.allowed = Allowed { fix: true, kill: true, ..Allowed::default() };
            }),
        ),
        demo(red, working(Stage::Agent)),
        demo(red, working(Stage::Verify)),
        demo(
            red,
            only(Group::NeedsYou, TaskState::Ready(ReadyReason::First), |row| {
                row.allowed = Allowed { land: true, refuse: true, kill: true, ..Allowed::default() };
            }),
        ),
        demo(
            Some(Verdict::Green),
            only(Group::Done, TaskState::Done(DoneReason::Landed(LandingId(1))), |row| {
                row.allowed = Allowed { undo: true, ..Allowed::default() };
            }),
        ),
        demo(red, undone),
    ]
}

/// The demo's test cannot even start.
fn cannot_run(size: (u16, u16)) -> State {
    let mut state = toured(size, 1);
    let why = "`cc` is not installed; `sudo apt-get install build-essential` gets it".to_owned();
    let rows = only(Group::Failed, TaskState::Failed(FailReason::CheckBroken { why }), |_| {});
    let now = NOW.after(Duration::from_secs(4));
    update(&mut state, now, Event::Seen(Box::new(demo(Some(Verdict::Broken), rows))));
    state
}

/// Goes through the demo up to a step, two seconds for each.
pub(crate) fn toured(size: (u16, u16), steps: usize) -> State {
    let mut state = State::new("late-fees", size, NOW);
    "demo".clone_into(&mut state.label);
    state.tour = Some(Tour::begin(NOW));
    let mut now = NOW;
    for view in views().into_iter().take(steps) {
        now = now.after(Duration::from_secs(2));
        update(&mut state, now, Event::Seen(Box::new(view)));
    }
    state
}
