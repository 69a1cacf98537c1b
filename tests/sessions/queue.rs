//! The queue: one at a time, by priority; a failure stops it and nothing else; pause, resume and clear.

use std::cmp::Reverse;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::schedule::Waiting;
use orchestrator_tui::model::assignment::Lane;
use orchestrator_tui::model::event::By;
use orchestrator_tui::model::filing::NewTask;
use orchestrator_tui::model::hold::HoldReason;
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::model::lane::LaneWish;
use orchestrator_tui::model::outcome::Outcome;
use orchestrator_tui::model::task::TaskState;

use crate::hands::{Hands, node, queued, settings};

fn wish(hands: &mut Hands, wish: LaneWish) {
    hands.ask(Command::Lane { lane: Lane::Queue, wish }).expect("it is always possible");
}

fn works(hands: &Hands) -> Vec<String> {
    hands.agents.values().map(|order| order.task.assignment().expect("no fix").label.clone()).collect()
}

#[test]
fn a_failure_stops_the_queue_and_nothing_else_until_it_is_resumed() {
    let mut hands = Hands::new(settings(1, 4));
    hands.file(vec![queued("low", 0), queued("high", 5), queued("mid", 1)]).expect("filed");
    assert_eq!(works(&hands), ["high"], "one at a time, the highest priority first");
    let high = hands.task("high").id;
    hands.end(high, false, Outcome::default());
    assert!(matches!(hands.task("high").state, TaskState::Failed(_)));
    assert_eq!(works(&hands), [""; 0], "it stopped");
    let why = hands.machine.book().lanes.why(Lane::Queue).expect("it is paused");
    assert!(why.contains(&high.to_string()), "{why}");
    let said = hands.machine.waiting(hands.task("mid")).expect("it waits");
    assert!(format!("{said:?}").contains("LanePaused"), "{said:?}");
    // Other kinds of work go on.
    hands.file(vec![node("session", &[])]).expect("filed");
    assert_eq!(works(&hands), ["session"]);
    // It stays so over a restart.
    let kept = hands.journal.len();
    let mut hands = hands.restart(kept);
    assert_eq!(works(&hands), ["session"]);
    wish(&mut hands, LaneWish::Resume);
    assert_eq!(works(&hands), ["session", "mid"].map(str::to_owned).into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn it_goes_on_after_a_failure_where_it_is_set_so() {
    let mut settings = settings(1, 4);
    settings.lanes.stop_on_failure = false;
    settings.lanes.queue = 2;
    let mut hands = Hands::new(settings);
    hands.file(vec![queued("a", 0), queued("b", 0), queued("c", 0)]).expect("filed");
    assert_eq!(works(&hands), ["a", "b"]);
    let first = hands.task("a").id;
    hands.end(first, false, Outcome::default());
    assert_eq!(works(&hands), ["b", "c"]);
}

#[test]
fn what_a_person_ends_stops_nothing() {
    let mut hands = Hands::new(settings(1, 4));
    hands.file(vec![queued("a", 0), queued("b", 0)]).expect("filed");
    wish(&mut hands, LaneWish::Pause);
    let waits = hands.task("b").id;
    hands.ask(Command::Kill { task: waits }).expect("it can be ended");
    wish(&mut hands, LaneWish::Resume);
    assert!(!hands.machine.book().lanes.is_paused(Lane::Queue));
    assert_eq!(works(&hands), ["a"], "what works goes on while the queue is paused");
    let first = hands.task("a").id;
    hands.end(first, true, Outcome::default());
    wish(&mut hands, LaneWish::Clear);
    let (ended, cleared) = (hands.task("a").ended, hands.machine.book().lanes.cleared(Lane::Queue));
    assert!(ended.is_some() && ended <= cleared);
}

#[test]
fn what_was_queued_during_a_pause_is_passed_on_once_after_it_by_priority() {
    let mut multi = settings(1, 4);
    multi.events.multi_agent = true;
    let mut hands = Hands::new(multi);
    let assigned = |hands: &Hands| -> Vec<TaskId> {
        let events = hands.machine.book().events.all().filter(|known| known.event.by == By::Queue);
        events.filter_map(|known| known.event.subject).collect()
    };
    hands.ask(Command::Pause).expect("it is always possible");
    let of = |role: &str, mut task: NewTask| {
        role.clone_into(&mut task.assignment.role);
        task
    };
    let all = (0..500).map(|number| of("coding", queued(&format!("q{number}"), number / 5)));
    hands.file(all.collect()).expect("filed");
    assert_eq!(assigned(&hands), [], "a pause is one for the queue, too");
    hands.ask(Command::Resume).expect("it is always possible");
    let mut by_priority: Vec<TaskId> = (1..=500).map(TaskId).collect();
    by_priority.sort_by_key(|task| (Reverse((task.0 - 1) / 5), *task));
    assert_eq!(assigned(&hands), by_priority);
    // Who asks for another role wants that one.
    hands.file(vec![of("review", queued("look", 100))]).expect("filed");
    assert_eq!(assigned(&hands), by_priority);
    assert_eq!(hands.task("look").state, TaskState::Queued, "it waits its turn");
    let kept = hands.journal.len();
    let hands = hands.restart(kept);
    assert_eq!(assigned(&hands), by_priority, "once");
    assert_eq!(hands.task("q0").state, TaskState::Held(HoldReason::PassedOn));
}

#[test]
fn while_it_is_off_only_a_person_starts_what_is_queued() {
    let mut off = settings(1, 4);
    off.lanes.enabled = false;
    let mut hands = Hands::new(off);
    let multi = |enabled: bool| {
        let mut settings = settings(1, 4);
        settings.events.multi_agent = true;
        settings.lanes.enabled = enabled;
        settings
    };
    let mut passed = queued("b", 9);
    "coding".clone_into(&mut passed.assignment.role);
    hands.file(vec![queued("a", 0), passed, queued("c", 0), node("session", &[])]).expect("filed");
    assert_eq!(works(&hands), ["session"], "all else goes on");
    let said = hands.machine.waiting(hands.task("a")).expect("it waits");
    assert!(matches!(said, Waiting::QueueOff(_)), "{said:?}");
    let task = hands.task("c").id;
    hands.ask(Command::Fix { task }).expect("a person may start it");
    assert_eq!(works(&hands), ["c", "session"]);
    // Nor is it passed on, until it is on again.
    hands.reconfigure(multi(false));
    assert_eq!(hands.task("b").state, TaskState::Queued);
    hands.reconfigure(multi(true));
    assert_eq!(hands.task("b").state, TaskState::Held(HoldReason::PassedOn));
}
