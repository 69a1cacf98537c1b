//! A requirement that is taken apart: by an agent, judged, approved, run; or by its words where no agent can be asked.

use orchestrator_tui::core::command::{Answer, Command, Refused};
use orchestrator_tui::core::input::Input;
use orchestrator_tui::core::view::Group;
use orchestrator_tui::model::assignment::{Mode, Project};
use orchestrator_tui::model::attempt::AttemptEnd;
use orchestrator_tui::model::hold::HoldReason;
use orchestrator_tui::model::id::{BatchId, TaskId};
use orchestrator_tui::model::orchestration::Wish;
use orchestrator_tui::model::outcome::{Component, Outcome};
use orchestrator_tui::model::task::{FailReason, TaskState};

use crate::hands::{Hands, settings};

const APP: &str = "A REST API with authentication";

fn wish(mode: Mode, start: bool, agent: bool) -> Command {
    let project = Project { requirements: APP.to_owned(), ..Project::default() };
    Command::Orchestrate { wish: Box::new(Wish { project, mode, start, agent }) }
}

fn plan(parts: &[(&str, &str, &[&str])]) -> Outcome {
    let components = parts.iter().map(|(name, kind, after)| Component {
        name: (*name).to_owned(),
        kind: (*kind).to_owned(),
        description: format!("Build {name}."),
        dependencies: after.iter().map(|name| (*name).to_owned()).collect(),
    });
    Outcome { summary: "divided".to_owned(), components: components.collect(), ..Outcome::default() }
}

fn good() -> Outcome {
    plan(&[("API", "implementation", &["Plan"]), ("Plan", "analysis", &[]), ("Tests", "testing", &["API"])])
}

fn begun(hands: &mut Hands, command: Command) -> (Answer, TaskId) {
    let answer = hands.ask(command).expect("it begins");
    let first = *answer.tasks.first().expect("a task");
    (answer, first)
}

/// Lets every agent end well until none works; says in which order they began.
fn play(hands: &mut Hands) -> Vec<String> {
    while let Some(id) = hands.agents.keys().next().copied() {
        hands.end(id, true, Outcome { summary: "done".to_owned(), ..Outcome::default() });
    }
    let name =
        |order: &orchestrator_tui::core::effect::AgentOrder| order.task.assignment().map(|one| one.label.clone());
    hands.started.iter().filter_map(name).filter(|name| !name.is_empty()).collect()
}

#[test]
fn a_plan_is_judged_approved_and_run() {
    let mut hands = Hands::new(settings(3, 4));
    let (answer, first) = begun(&mut hands, wish(Mode::Parallel, false, true));
    assert_eq!(hands.agents[&first].task.assignment().map(|one| one.role.as_str()), Some("coordination"));
    // A plan that cannot be run is an attempt, and the next prompt has the reason.
    hands.end(first, true, plan(&[("API", "implementation", &["Plan"])]));
    let record = hands.machine.book().tasks[&first].attempts.last().expect("an attempt").clone();
    let AttemptEnd::AgentFailed { why } = record.end else { panic!("{record:?}") };
    assert!(why.contains("`API` depends on `Plan`, and no component is called so"), "{why}");
    assert_eq!(hands.machine.book().tasks.len(), 1, "nothing was filed");
    hands.wait(60_000);
    hands.end(first, true, good());
    let batch = &hands.machine.book().batches[&answer.batch.expect("a batch")];
    assert_eq!(batch.tasks.len(), 4);
    assert!(hands.agents.is_empty(), "nothing starts without a yes");
    assert_eq!(hands.task("Plan").state, TaskState::Held(HoldReason::Created));
    assert_eq!(hands.task("API").state, TaskState::Pending(hands.task("Plan").id));
    hands.ask(Command::Approve { batch: answer.batch.expect("a batch") }).expect("it waits for it");
    assert_eq!(play(&mut hands), ["Plan", "API", "Tests"]);
    assert!(hands.machine.book().tasks.values().all(|task| matches!(task.state, TaskState::Done(_))));
    let again = hands.ask(Command::Approve { batch: answer.batch.expect("a batch") }).expect_err("nothing waits");
    assert!(again.message.contains("nothing of batch"), "{again}");
}

#[test]
fn a_plan_stands_once_among_what_waits_and_is_refused_as_a_whole() {
    let mut hands = Hands::new(settings(3, 4));
    let (answer, first) = begun(&mut hands, wish(Mode::Parallel, false, true));
    let more = [("API", "implementation", &["Plan"][..]), ("Plan", "analysis", &[]), ("Look", "analysis", &[])];
    hands.end(first, true, plan(&more));
    let batch = answer.batch.expect("a batch");
    let waits = |hands: &Hands| -> Vec<(String, String)> {
        let view = hands.machine.view();
        let rows = view.rows.into_iter().filter(|row| row.group == Group::NeedsYou);
        rows.map(|row| (row.title, row.why)).collect()
    };
    let asked = [("Plan · analysis".to_owned(), format!("plan of 3: say yes; {APP}"))];
    assert_eq!(waits(&hands), asked);
    let may = |hands: &Hands| hands.machine.view().rows.iter().filter(|row| row.allowed.approve).count();
    assert_eq!((may(&hands), hands.machine.view().batches[0].planned), (3, 3));
    // What a person has started alone goes on; the rest of the plan still waits.
    let look = hands.task("Look").id;
    hands.ask(Command::Fix { task: look }).expect("it waits for it");
    assert_eq!((may(&hands), waits(&hands).len()), (2, 1));
    let refused = hands.ask(Command::Decline { batch }).expect("it waits for it");
    assert_eq!(refused.said, "the plan of batch 1 is refused: 2 sessions dropped");
    assert_eq!((may(&hands), waits(&hands)), (0, Vec::new()));
    for label in ["Plan", "API"] {
        assert_eq!(hands.task(label).state, TaskState::Failed(FailReason::Refused), "{label}");
    }
    assert_eq!(play(&mut hands), ["Look"], "nothing of it begins");
    for again in [Command::Decline { batch }, Command::Approve { batch }] {
        let refusal = hands.ask(again).expect_err("nothing waits");
        assert!(refusal.message.contains("nothing of batch 1 waits for a yes"), "{refusal}");
    }
    assert!(hands.ask(Command::Decline { batch: BatchId(9) }).expect_err("there is none").kind == Refused::Unknown);
}

#[test]
fn what_is_started_alone_starts_nothing_else_of_its_plan() {
    let mut hands = Hands::new(settings(3, 4));
    let (answer, first) = begun(&mut hands, wish(Mode::Parallel, false, true));
    hands.end(first, true, good());
    let (plan, api, tests) = (hands.task("Plan").id, hands.task("API").id, hands.task("Tests").id);
    let early = hands.ask(Command::Begin { task: api }).expect_err("what it waits for has not begun");
    assert!(early.message.contains("`orchestrator-tui approve 1`"), "{early}");
    hands.ask(Command::Begin { task: plan }).expect("it starts");
    assert_eq!(play(&mut hands), ["Plan"]);
    assert_eq!(hands.task("API").state, TaskState::Held(HoldReason::Created), "it is free, and nobody has said yes");
    assert_eq!(hands.machine.view().batches[0].planned, 2, "the plan asks again");
    hands.ask(Command::Begin { task: api }).expect("it starts");
    // The yes may come while it is at work.
    hands.ask(Command::Approve { batch: answer.batch.expect("a batch") }).expect("the rest starts");
    assert_eq!(play(&mut hands), ["Plan", "API", "Tests"]);
    assert!(hands.task("Tests").state.is_final(), "{:?}", hands.machine.book().tasks[&tests].state);
}

#[test]
fn it_starts_at_once_where_that_is_said_and_in_the_order_of_its_mode() {
    for (mode, want) in
        [(Mode::Parallel, ["A", "B", "C"]), (Mode::Sequential, ["A", "B", "C"]), (Mode::WaitForCore, ["B", "A", "C"])]
    {
        let mut hands = Hands::new(settings(3, 1));
        let (_, first) = begun(&mut hands, wish(mode, true, true));
        hands.end(first, true, plan(&[("A", "implementation", &[]), ("B", "analysis", &[]), ("C", "review", &[])]));
        assert_eq!(play(&mut hands), want, "{mode:?}");
    }
}

#[test]
fn without_an_agent_it_goes_by_the_words() {
    let mut hands = Hands::new(settings(3, 4));
    let (answer, _) = begun(&mut hands, wish(Mode::Parallel, false, false));
    assert!(answer.said.contains("by its words") && answer.tasks.len() == 5, "{answer:?}");
    assert!(hands.agents.is_empty());
    hands.ask(Command::Approve { batch: answer.batch.expect("a batch") }).expect("it waits for it");
    assert_eq!(play(&mut hands), ["Analysis", "Authentication", "API", "Testing", "Review"]);
}

#[test]
fn where_the_agent_cannot_be_started_it_goes_by_the_words() {
    let mut hands = Hands::new(settings(3, 4));
    let (answer, first) = begun(&mut hands, wish(Mode::Parallel, true, true));
    let session = hands.agents.remove(&first).expect("it was to start").session;
    hands.give(Input::AgentFailed(session, "claude is not there".into()));
    let batch = &hands.machine.book().batches[&answer.batch.expect("a batch")];
    assert_eq!(batch.tasks.len(), 6, "{:?}", hands.machine.book().tasks);
    assert!(matches!(hands.machine.book().tasks[&first].state, TaskState::Done(_)));
    assert!(hands.agents.is_empty(), "everything is parked");
    hands.ask(Command::Resume).expect("a person has mended it");
    assert_eq!(play(&mut hands), ["Analysis", "Authentication", "API", "Testing", "Review"]);
    // And so it is done at once while everything is parked.
    let (_, first) = begun(&mut hands, wish(Mode::Parallel, true, true));
    let session = hands.agents.remove(&first).expect("it was to start").session;
    hands.give(Input::AgentFailed(session, "gone again".into()));
    let (answer, _) = begun(&mut hands, wish(Mode::Parallel, true, true));
    assert!(answer.said.contains("no agent can be asked: gone again"), "{}", answer.said);
}

#[test]
fn what_a_failed_attempt_proposed_is_no_plan() {
    let mut hands = Hands::new(settings(3, 4));
    let (answer, first) = begun(&mut hands, wish(Mode::Parallel, true, true));
    hands.end(first, true, plan(&[("API", "implementation", &["API"])]));
    hands.wait(60_000);
    let session = hands.agents.remove(&first).expect("it is tried again").session;
    hands.give(Input::AgentFailed(session, "log in first".into()));
    let task = &hands.machine.book().tasks[&first];
    assert!(task.attempts[0].outcome.is_some() && task.outcome().is_none(), "{task:?}");
    let batch = &hands.machine.book().batches[&answer.batch.expect("a batch")];
    assert_eq!(batch.tasks.len(), 6, "its words are taken: {:?}", hands.machine.book().tasks);
}

#[test]
fn a_supervisor_that_dies_at_any_moment_leaves_no_plan_half_filed() {
    let begin = || {
        let mut hands = Hands::new(settings(3, 4));
        let (answer, first) = begun(&mut hands, wish(Mode::Parallel, false, true));
        hands.end(first, true, good());
        (hands, answer.batch.expect("a batch"))
    };
    let told = |hands: &Hands| -> Vec<String> {
        hands.journal.iter().map(|recorded| format!("{:?}", recorded.fact)).collect()
    };
    let (hands, _) = begin();
    let ended = told(&hands).iter().position(|fact| fact.starts_with("AttemptEnded")).expect("it ended");
    let all = hands.journal.len();
    assert!(all > ended + 5, "three are filed, and then it is said that all are");
    for kept in ended + 1..=all {
        let (hands, batch) = begin();
        let hands = hands.restart(kept);
        let tasks = &hands.machine.book().batches[&batch].tasks;
        let labels: Vec<_> = tasks.iter().map(|id| hands.machine.book().tasks[id].title()).collect();
        assert_eq!(labels[1..], ["Plan · analysis", "API · implementation", "Tests · testing"], "{kept} of {all}");
        assert_eq!(hands.machine.book().tasks.len(), 4);
        assert_eq!(hands.task("Plan").state, TaskState::Held(HoldReason::Created));
        assert_eq!(hands.task("API").state, TaskState::Pending(hands.task("Plan").id));
        assert_eq!(hands.task("Tests").state, TaskState::Pending(hands.task("API").id));
    }
}

#[test]
fn what_is_no_requirement_is_refused() {
    let mut hands = Hands::new(settings(3, 4));
    for text in [String::new(), "  \n".to_owned(), "x".repeat(14_001)] {
        let project = Project { requirements: text, ..Project::default() };
        let wish = Wish { project, mode: Mode::Parallel, start: false, agent: true };
        let refused = hands.ask(Command::Orchestrate { wish: Box::new(wish) }).expect_err("it is none");
        assert!(refused.message.contains("a requirement has between"), "{refused}");
    }
    assert!(hands.machine.book().tasks.is_empty());
}
