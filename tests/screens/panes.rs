//! The screens of header, list, task pane, pages and footer.

use orchestrator_tui::core::effect::Recorded;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::view::{Allowed, CheckRow, Course, Group};
use orchestrator_tui::model::attempt::{AttemptEnd, AttemptRecord, Stage};
use orchestrator_tui::model::check::{Fingerprint, Verdict};
use orchestrator_tui::model::cost::Spent;
use orchestrator_tui::model::health::{Level, Part};
use orchestrator_tui::model::id::{LandingId, Seq, Slot, TaskId};
use orchestrator_tui::model::task::{DoneReason, FailReason, TaskState};
use orchestrator_tui::model::time::Wall;
use orchestrator_tui::ui::event::Event;
use orchestrator_tui::ui::glyph::ASCII;
use orchestrator_tui::ui::state::State;

use super::fixture::{NOW, ago, ahead, busy, check_row, detail, idle, path, receipt, red, row, run, task};
use super::past::attempt;
use super::scene::{Person, Scene};

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "first", make: |size| Person::new(size).state },
    Scene { name: "idle", make: |size| Person::before(idle(), None, size).state },
    Scene { name: "red", make: |size| Person::before(red(), None, size).state },
    Scene { name: "red-no-task", make: |size| red_no_task(size).state },
    Scene { name: "busy", make: |size| Person::before(busy(), Some(15), size).state },
    Scene { name: "needs-you", make: |size| Person::before(busy(), Some(14), size).state },
    Scene { name: "log", make: |size| Person::before(busy(), Some(15), size).types("<enter>").state },
    Scene { name: "diff", make: |size| Person::before(busy(), Some(14), size).types("d").state },
    Scene { name: "check", make: |size| Person::before(busy(), Some(15), size).types("4<enter>").state },
    Scene { name: "plan", make: |size| Person::before(busy(), Some(15), size).types("3<enter>").state },
    Scene { name: "facts", make: |size| Person::before(busy(), Some(15), size).types("5<enter>").state },
    Scene { name: "check-marked", make: |size| Person::before(busy(), Some(15), size).types("4<enter>jjj").state },
    Scene { name: "unfolded", make: |size| Person::before(busy(), Some(15), size).types("<enter>ggj<enter>").state },
    Scene {
        name: "fact-unfolded",
        make: |size| Person::before(busy(), Some(15), size).types("5<enter>kkk<enter>").state,
    },
    Scene { name: "zoomed", make: |size| Person::before(busy(), Some(14), size).types("dz").state },
    Scene { name: "held", make: |size| Person::before(busy(), Some(8), size).types("<enter>").state },
    Scene { name: "queued", make: |size| Person::before(busy(), Some(19), size).types("<enter>").state },
    Scene { name: "landed", make: |size| Person::before(busy(), Some(13), size).types("<enter>").state },
    Scene { name: "failed", make: |size| Person::before(busy(), Some(4), size).types("<enter>").state },
    Scene { name: "filtered", make: |size| Person::before(busy(), None, size).types("/legacy").state },
    Scene { name: "filtered-out", make: |size| Person::before(busy(), None, size).types("/nothing<enter>").state },
    Scene { name: "searched", make: |size| Person::before(busy(), Some(15), size).types("<enter>/case<enter>n").state },
    Scene { name: "chord", make: |size| Person::before(busy(), Some(15), size).types("g").state },
    Scene { name: "health", make: |size| Person::before(idle(), None, size).types("h").state },
    Scene { name: "ill", make: |size| ill(size).types("h").state },
    Scene { name: "ill-header", make: |size| ill(size).state },
    Scene { name: "help", make: |size| Person::before(idle(), None, size).types("?").state },
    Scene { name: "paused", make: paused },
    Scene { name: "parked", make: parked },
    Scene { name: "stopping", make: stopping },
    Scene { name: "gone", make: |size| gone(size).state },
    Scene { name: "gone-later", make: |size| State { popups: Vec::new(), ..gone(size).state } },
    Scene { name: "back", make: |size| gone(size).sends(Event::Seen(Box::new(busy()))).state },
    Scene { name: "late", make: late },
    Scene { name: "toasts", make: |size| toasts(size).state },
    Scene { name: "toasts-on-page", make: |size| toasts(size).types("$").state },
    Scene { name: "refused-keys", make: |size| Person::before(busy(), Some(13), size).types("x").state },
    Scene { name: "refused-key-on-page", make: |size| Person::before(busy(), Some(13), size).types("hx").state },
    Scene { name: "config-refused", make: |size| config_refused(size).state },
    Scene { name: "config-refused-health", make: |size| config_refused(size).types("h").state },
    Scene { name: "cannot-run", make: |size| cannot_run(size).state },
    Scene { name: "cannot-run-check", make: |size| cannot_run(size).types("3<enter>").state },
    Scene { name: "only-broken", make: |size| only_broken(size).state },
    Scene { name: "no-price", make: |size| no_price(size).state },
    Scene { name: "no-price-health", make: |size| no_price(size).types("h").state },
    Scene { name: "undone", make: |size| undone(size).state },
    Scene { name: "landed-after-yes", make: landed_after_yes },
    Scene { name: "diff-none", make: |size| Person::before(busy(), Some(16), size).types("d").state },
    Scene { name: "facts-landed", make: |size| Person::before(busy(), Some(13), size).types("4<enter>").state },
    Scene { name: "check-of-a-queued", make: |size| Person::before(busy(), Some(16), size).types("3<enter>").state },
    Scene { name: "operation", make: operation },
    Scene { name: "done", make: |size| Person::before(busy(), Some(10), size).types("<enter>").state },
    Scene { name: "escalated", make: |size| Person::before(busy(), Some(12), size).types("<enter>").state },
    Scene { name: "conflict", make: |size| Person::before(busy(), Some(11), size).types("<enter>").state },
    Scene {
        name: "no-colour",
        make: |size| {
            let mut state = Person::before(busy(), Some(15), size).state;
            state.theme = state.theme.without_colour();
            state
        },
    },
    Scene { name: "ascii", make: |size| State { glyphs: ASCII, ..Person::before(busy(), Some(15), size).state } },
];

fn ill(size: (u16, u16)) -> Person {
    let mut view = idle();
    let reason = "inotify ran out of watches: 41 folders are polled every 2 s; \
                  `sudo sysctl fs.inotify.max_user_watches=524288` mends it";
    view.head.health.insert(Part::FileWatcher, Level::Degraded { reason: reason.to_owned(), since: ago(720) });
    let reason = "not logged in; `claude /login` mends it";
    view.head.health.insert(Part::ClaudeInstances, Level::Down { reason: reason.to_owned(), since: ago(4000) });
    Person::before(view, None, size)
}

fn paused(size: (u16, u16)) -> State {
    let mut view = busy();
    view.head.paused = true;
    Person::before(view, Some(16), size).state
}

fn parked(size: (u16, u16)) -> State {
    let mut view = busy();
    view.head.parked = Some((Some(ahead(4620)), "rate limit".to_owned()));
    Person::before(view, Some(16), size).state
}

fn stopping(size: (u16, u16)) -> State {
    let mut view = busy();
    view.head.course = Course::Stopping(1, ahead(8));
    Person::before(view, Some(15), size).state
}

fn gone(size: (u16, u16)) -> Person {
    let event = Event::Gone("the supervisor was killed; start it again".to_owned());
    Person::before(busy(), Some(15), size).sends(event)
}

fn late(size: (u16, u16)) -> State {
    let mut view = idle();
    view.head.beat = Wall(view.head.beat.0 - 200_000);
    Person::before(view, None, size).state
}

fn happened(person: Person, seq: u64, fact: Fact) -> Person {
    person.sends(Event::Happened(Box::new(Recorded { seq: Seq(seq), at: NOW, fact })))
}

/// Several at once: the newest first, of the answers only the last one.
fn toasts(size: (u16, u16)) -> Person {
    let person = Person::before(busy(), Some(15), size);
    let person = happened(person, 2000, Fact::Undone { task: TaskId(3), landing: LandingId(2), files: Vec::new() });
    let files = vec![path("src/services/dates.ts")];
    let person = happened(person, 2001, Fact::Replaced { task: TaskId(13), landing: LandingId(4), files });
    let person = happened(person, 2002, Fact::Landed { task: TaskId(13), receipt: Box::new(receipt(13)) });
    person
        .sends(Event::Answered(Ok("#14 lands".to_owned())))
        .sends(Event::Answered(Err("#12 is over; `orchestrator-tui retry 12` tries it again".to_owned())))
}

/// The configuration was saved with a mistake while everything is paused and two checks are red.
fn config_refused(size: (u16, u16)) -> Person {
    let mut view = busy();
    view.head.paused = true;
    let why = "orchestrator.toml:3:1: unknown key `setle`; did you mean `settle`?";
    view.head.refused = Some((ago(180), why.to_owned()));
    Person::before(view, Some(15), size)
}

const MISSING: &str =
    "`cargo` is not installed; `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh` gets it";

/// A check whose program is not there, beside others that are red.
fn cannot_run(size: (u16, u16)) -> Person {
    let mut view = busy();
    let why = FailReason::CheckBroken { why: MISSING.to_owned() };
    let mut broken = task(21, "unit", None, TaskState::Failed(why));
    broken.ended = Some(ago(3));
    view.rows.push(row(Group::Failed, &broken));
    let mut person = Person::before(view, Some(21), size);
    let mut told = detail(&person.state.view, 21);
    told.task.failures = vec![Fingerprint { id: MISSING.to_owned(), file: None, line: None }];
    told.task.red_before.clear();
    let mut run = run(Verdict::Broken);
    run.code = Some(127);
    run.findings.tests = None;
    run.findings.excerpt = format!("{MISSING}\n/bin/sh: 1: cargo: not found");
    told.run = Some(run);
    let filed = Fact::Filed { task: Box::new(told.task.clone()) };
    let ended = Fact::Ended { task: TaskId(21), state: broken.state };
    let facts = [filed, ended].into_iter().zip(5000..).map(|(fact, seq)| Recorded { seq: Seq(seq), at: ago(3), fact });
    let facts = facts.collect();
    person.state.story.1.facts.clear();
    person = person.sends(Event::Detailed(Box::new(told)));
    person.sends(Event::Told { task: TaskId(21), facts, cut: false })
}

/// Nothing is red, but a check cannot run.
fn only_broken(size: (u16, u16)) -> Person {
    let mut view = idle();
    view.checks.push(check_row("e2e", None, Some(Verdict::Broken)));
    Person::before(view, None, size)
}

/// An agent of another name, which tells no price.
fn no_price(size: (u16, u16)) -> Person {
    let mut view = busy();
    "aider".clone_into(&mut view.head.agent);
    let unknown = Spent { unpriced: true, ..Spent::default() };
    view.head.spent = unknown;
    for row in view.rows.iter_mut().filter(|row| row.spent != Spent::default()) {
        row.spent = unknown;
    }
    Person::before(view, Some(15), size)
}

/// The task of a red check was killed, another check runs, and the agent has a long name.
fn red_no_task(size: (u16, u16)) -> Person {
    let mut view = red();
    let mut killed = busy().rows.iter().find(|row| row.why == "killed").expect("a killed task").clone();
    "orchestrator-tui".clone_into(&mut view.head.agent);
    let key = view.checks.iter().find(|check| check.verdict == Some(Verdict::Red)).expect("a red check").key.clone();
    killed.allowed = Allowed { retry: true, ..Allowed::default() };
    (killed.title, killed.check) = (key.to_string(), Some(key.clone()));
    let is_meant = |check: &CheckRow| check.key == key || check.running.is_some();
    view.checks.retain(is_meant);
    view.rows = vec![killed];
    Person::before(view, Some(5), size)
}

/// A landing that was taken back, and the failure that came back with it.
fn undone(size: (u16, u16)) -> Person {
    let mut view = busy();
    for row in view.rows.iter_mut().filter(|row| row.id == TaskId(13)) {
        row.why = FailReason::Undone.to_string();
        row.took = None;
        row.allowed = Allowed { retry: true, ..Allowed::default() };
    }
    Person::before(view, Some(13), size)
}

/// What a person said yes to has landed, under the attempt that had made it.
fn landed_after_yes(size: (u16, u16)) -> State {
    let person = Person::before(busy(), Some(14), size).types("<enter>");
    let task = TaskId(14);
    let landing = Fact::AttemptStarted { task, number: 2, slot: Slot(2), landing: true };
    let person = happened(person, 3000, landing);
    let person = happened(person, 3001, Fact::Staged { task, stage: Stage::Land, brings: false });
    let person = happened(person, 3002, Fact::Landed { task, receipt: Box::new(receipt(14)) });
    let person = happened(person, 3003, Fact::Staged { task, stage: Stage::Confirm, brings: false });
    let record = AttemptRecord { landing: true, end: AttemptEnd::Verified, ..attempt(2) };
    let then = TaskState::Done(DoneReason::Landed(LandingId(5)));
    let mut state = happened(person, 3004, Fact::AttemptEnded { task, record: Box::new(record), then }).state;
    state.toasts.clear();
    state
}

fn operation(size: (u16, u16)) -> State {
    let mut view = busy();
    view.head.operation = Some("rebase".to_owned());
    Person::before(view, Some(16), size).state
}
