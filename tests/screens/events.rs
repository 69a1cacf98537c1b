//! The screens of events, of the report of a day, and of a plan that waits for a yes.

use orchestrator_tui::core::view::{
    Allowed, BatchRow, Detail, EventRow, EventState, Events, Group, Happening, Row, View,
};
use orchestrator_tui::model::assignment::{Assignment, Lane};
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::hold::HoldReason;
use orchestrator_tui::model::id::{BatchId, EventId, TaskId};
use orchestrator_tui::model::task::{Goal, Task, TaskState, Workflow};
use orchestrator_tui::model::time::Wall;
use orchestrator_tui::ui::body::Target;
use orchestrator_tui::ui::event::Event;
use orchestrator_tui::ui::glyph::ASCII;
use orchestrator_tui::ui::state::{State, Told};

use super::fixture::{ago, idle};
use super::scene::{Person, Scene};
use super::work::{assignment, day, of, work_row};

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "events", make: |size| Person::before(happening(), Some(24), size).types("E").state },
    Scene { name: "events-end", make: |size| Person::before(happening(), Some(24), size).types("EG").state },
    Scene { name: "events-filter", make: |size| Person::before(happening(), Some(24), size).types("E/").state },
    Scene {
        name: "events-filtered",
        make: |size| Person::before(happening(), Some(24), size).types("E/state:failed<enter>").state,
    },
    Scene {
        name: "events-filtered-out",
        make: |size| Person::before(happening(), Some(24), size).types("E/type:nothing<enter>").state,
    },
    Scene { name: "events-go", make: |size| Person::before(happening(), Some(24), size).types("Ej<enter>").state },
    Scene { name: "event", make: |size| whole(6, Person::before(happening(), Some(24), size).types("E")).state },
    Scene { name: "event-failed", make: |size| whole(9, Person::before(happening(), Some(24), size).types("E")).state },
    Scene {
        name: "event-on-its-way",
        make: |size| Person::before(happening(), Some(24), size).types("Ejj<enter>").state,
    },
    Scene { name: "goal-of-an-audit", make: |size| audit(Person::before(audited(), Some(50), size)).state },
    Scene { name: "events-header", make: |size| Person::before(happening(), Some(24), size).state },
    Scene { name: "events-work", make: |size| Person::before(happening(), Some(24), size).types("W").state },
    Scene { name: "events-none", make: |size| Person::before(idle(), None, size).types("E").state },
    Scene {
        name: "events-ascii",
        make: |size| State { glyphs: ASCII, ..Person::before(happening(), Some(24), size).types("E").state },
    },
    Scene { name: "report", make: |size| reported(Person::before(day(), Some(24), size)).state },
    Scene { name: "report-end", make: |size| reported(Person::before(day(), Some(24), size)).types("G").state },
    Scene { name: "report-on-its-way", make: |size| Person::before(day(), Some(24), size).types("w").state },
    Scene { name: "plan-waits", make: |size| Person::before(planned(), Some(41), size).state },
    Scene { name: "plan-work", make: |size| Person::before(planned(), Some(41), size).types("W").state },
    Scene { name: "ask-plan", make: |size| Person::before(planned(), Some(41), size).types("f").state },
    Scene { name: "ask-plan-refuse", make: |size| Person::before(planned(), Some(42), size).types("D").state },
];

/// The report of [`day`], as the program writes it.
const REPORT: &str = include_str!("../day/report.md");

/// A person who asked for the report of the day, and has it.
pub(crate) fn reported(person: Person) -> Person {
    let told = Told {
        text: REPORT.to_owned(),
        path: "/home/ann/justice-companion/results/2026-11-20-report.md".to_owned(),
        is_written: true,
    };
    person.types("w").sends(Event::Reported(BatchId(2), Ok(told)))
}

fn event(id: u32, kind: &str, from: Option<u32>, at: Wall, state: EventState) -> EventRow {
    EventRow {
        id: EventId(id),
        kind: kind.to_owned(),
        by: from.map_or_else(|| "you".to_owned(), |task| format!("#{task}")),
        from: from.map(TaskId),
        subject: from.map(TaskId),
        at,
        state,
        came: Vec::new(),
    }
}

/// A day on which something happened: one event of each fate, and more before.
pub(crate) fn happening() -> View {
    let came = |event: EventRow, came: &[(&str, Option<u32>)]| EventRow {
        came: came.iter().map(|(text, task)| ((*text).to_owned(), task.map(TaskId))).collect(),
        ..event
    };
    let nobody = "nobody: no rule is about deploy.wanted; `orchestrator-tui workflows` lists the rules";
    let failed = "not followed: #23 had 61 events within an hour, and events.rate is 60";
    let file = EventRow {
        by: "the file 0042-audit.json".to_owned(),
        ..event(6, "audit.requested", None, ago(90_000), EventState::Processed)
    };
    let mut rows = vec![
        came(
            event(11, "code.done", Some(24), ago(20), EventState::Pending),
            &[("waits for the end of the attempt at #24", Some(24))],
        ),
        came(event(10, "deploy.wanted", None, ago(400), EventState::Failed), &[(nobody, None)]),
        came(event(9, "verify.failed", Some(23), ago(910), EventState::Failed), &[(failed, None)]),
        came(
            event(8, "analysis.done", Some(21), ago(18_200), EventState::Processed),
            &[("started #22", Some(22)), ("started #23", Some(23))],
        ),
        came(event(7, "task.assigned", None, ago(19_100), EventState::Processed), &[("started #21", Some(21))]),
        came(file, &[("started #3", Some(3)), ("#2 is done", None)]),
    ];
    let older = (1..6).rev().map(|id| {
        let old = event(id, "pr.created", None, ago(200_000 + u64::from(10 - id) * 1000), EventState::Processed);
        came(old, &[("started #1", Some(1))])
    });
    rows.extend(older);
    let left = vec![("0043.json".to_owned(), "it is no JSON: expected `,` or `}` at line 3 column 1".to_owned())];
    View { events: Events { rows, earlier: 140, pending: 1, left, more_left: 0 }, ..day() }
}

/// The data of an event, with what must not reach a terminal.
const DATA: &str = r#"{"summary": "Are letters to one person ever sent to another?", "files": ["src/mail.rs", "src/queue.rs"],
    "note": "\u001b[31mred\u0007 \u202etxet"}"#;

/// All about an event of [`happening`].
fn happening_of(view: &View, id: u32) -> Happening {
    let row = view.events.rows.iter().find(|row| row.id == EventId(id)).expect("an event").clone();
    Happening { row, data: DATA.to_owned() }
}

/// A person who goes to an event on the page, opens it, and has all of it.
pub(crate) fn whole(id: u32, person: Person) -> Person {
    let mut person = person;
    while person.state.page_mark != Some(Target::Event(EventId(id), 0)) {
        person = person.types("j");
    }
    let told = happening_of(&person.state.view, id);
    person.types("<enter>").sends(Event::Whole(EventId(id), Ok(Box::new(told))))
}

pub(crate) fn audit_task() -> Task {
    let about = Assignment {
        role: "reviewer".to_owned(),
        event: Some(EventId(6)),
        subject: Some(TaskId(24)),
        after: Vec::new(),
        ..assignment(24)
    };
    Task { goal: Goal::Assignment(Box::new(about)), ..of(50, TaskState::Running) }
}

/// A day on which one of its tasks is looked at by somebody else, because of an event.
pub(crate) fn audited() -> View {
    let mut view = happening();
    let spent = Spent { usd: Usd(120_000), tokens_in: 30_000, tokens_out: 2_000, ..Spent::default() };
    let row = Row { why: "work".to_owned(), since: Some(ago(252)), spent, ..work_row(Group::Working, &audit_task()) };
    let at = view.rows.iter().position(|row| row.id == TaskId(24)).map_or(0, |at| at + 1);
    view.rows.insert(at, row);
    view
}

/// All about that task, on the tab that says what it is to do.
pub(crate) fn audit(person: Person) -> Person {
    let event = Some(Box::new(happening_of(&person.state.view, 6)));
    let detail = Detail { task: audit_task(), stages: Workflow::task().stages, run: None, event };
    person.sends(Event::Detailed(Box::new(detail))).types("<enter>4")
}

/// The sessions of a plan.
pub(crate) fn sessions() -> Vec<Task> {
    let session = |id: u32, label: &str, role: &str, after: &[u32]| {
        let state = match after.first() {
            Some(before) => TaskState::Pending(TaskId(*before)),
            None => TaskState::Held(HoldReason::Created),
        };
        let about = Assignment {
            label: label.to_owned(),
            name: role.to_owned(),
            role: role.to_owned(),
            lane: Lane::Session,
            batch: Some(BatchId(3)),
            after: after.iter().copied().map(TaskId).collect(),
            ..assignment(id)
        };
        Task { goal: Goal::Assignment(Box::new(about)), ..of(id, state) }
    };
    vec![
        session(41, "Data model", "analysis", &[]),
        session(42, "Look of the pages", "analysis", &[]),
        session(43, "REST API", "implementation", &[41]),
        session(44, "Pages", "implementation", &[42, 43]),
        session(45, "Tests of it all", "testing", &[43, 44]),
    ]
}

/// A requirement that was taken apart, and waits for a yes.
pub(crate) fn planned() -> View {
    let row = |task: Task| {
        let (is_first, is_held) = (task.id == TaskId(41), matches!(task.state, TaskState::Held(_)));
        let (group, why) = match (is_first, is_held) {
            (true, _) => {
                (Group::NeedsYou, Some("plan of 5: say yes; Members can pay their fees online, and see what is open"))
            }
            (false, true) => (Group::Held, Some("its plan waits for your yes")),
            (false, false) => (Group::Queued, None),
        };
        let allowed = Allowed { fix: is_held, kill: true, approve: true, ..Allowed::default() };
        let row = Row { allowed, ..work_row(group, &task) };
        Row { why: why.map_or_else(|| row.why.clone(), str::to_owned), ..row }
    };
    let before = day();
    let mut rows: Vec<Row> = sessions().into_iter().map(row).chain(before.rows).collect();
    rows.sort_by_key(|row| row.group);
    let mut batches = before.batches;
    batches.push(BatchRow {
        id: BatchId(3),
        date: None,
        title: "Members can pay their fees online, and see what is open".to_owned(),
        budget: None,
        tasks: 5,
        planned: 5,
    });
    View { rows, batches, roles: before.roles, ..idle() }
}
