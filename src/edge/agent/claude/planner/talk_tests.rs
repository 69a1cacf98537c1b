//! A conversation with a planner, event by event.
#![expect(clippy::expect_used, reason = "a test may stop here")]

use super::*;
use crate::model::cost::Usd;

const PLAN: PlanId = PlanId(3);
const TASK: TaskId = TaskId(17);

fn at(seconds: u64) -> Moment {
    Moment(seconds * 1000)
}

fn past(total: u64) -> Past {
    Past { conversation: "c1".to_owned(), total: Usd(total), tokens: (0, 0) }
}

/// The status line after a turn.
fn billed(talk: &mut Talk) {
    talk.hook(at(3), HookEvent::Status { total: None, context: None, bill: Bill::default() });
}

fn ready() -> Talk {
    let mut talk = Talk::new(past(0), at(0));
    talk.screen(at(0), b"\x1b[?2004h\x1b]0;\xe2\x9c\xb3 planner\x07");
    talk.hook(at(0), HookEvent::Begins { conversation: "c1".to_owned() });
    talk
}

fn prompted(talk: &mut Talk, prompt: &str, id: &str) -> Vec<Heard> {
    let event = HookEvent::Prompted { prompt: prompt.to_owned(), id: Some(id.to_owned()), plans: Some(true) };
    talk.hook(at(1), event)
}

/// One that was asked and has taken the question.
fn asked() -> Talk {
    let mut talk = ready();
    let bytes = talk.ask(at(1), PLAN, TASK, "mend it").expect("it is idle");
    assert!(bytes.starts_with(b"\x1b[200~[orchestrator-tui plan 3] for #17\n") && bytes.ends_with(b"\x1b[201~\r"));
    assert_eq!(talk.state(), PlannerState::Asked);
    let prompt = "<pasted_content id=\"1\">[orchestrator-tui plan 3] for #17 mend it</pasted_content>";
    assert_eq!(prompted(&mut talk, prompt, "p1"), []);
    talk.screen(at(2), "\x1b]0;◐ planner\x07".as_bytes());
    talk
}

fn stops(id: &str, said: &str) -> HookEvent {
    HookEvent::Stops { id: Some(id.to_owned()), said: said.to_owned() }
}

fn answer(text: &str) -> Heard {
    Heard::Answer(PLAN, text.to_owned())
}

#[test]
fn the_last_message_of_its_turn_is_the_answer() {
    let mut talk = asked();
    assert_eq!(talk.hook(at(3), stops("another", "no")), []);
    assert_eq!(talk.hook(at(3), stops("p1", " Look at the rounding. \n")), [answer("Look at the rounding.")]);
    assert_eq!((talk.state(), talk.due()), (PlannerState::Asked, Some(at(6))), "its price is not known");
    billed(&mut talk);
    assert_eq!(talk.state(), PlannerState::Idle);
    assert_eq!(talk.resumable(), Some(past(0)));
}

#[test]
fn a_plan_is_the_answer_and_what_follows_in_its_turn_is_not() {
    let mut talk = asked();
    let plan = HookEvent::Plans { id: Some("p1".to_owned()), plan: "1. round".to_owned() };
    assert_eq!(talk.hook(at(3), plan.clone()), [answer("1. round")]);
    assert_eq!(talk.state(), PlannerState::Busy, "its turn goes on");
    assert_eq!(talk.hook(at(3), plan), []);
    assert_eq!(talk.hook(at(4), stops("p1", "Done.")), []);
    talk.tick(at(7));
    assert_eq!(talk.state(), PlannerState::Idle, "a price that never comes holds nothing up");
}

#[test]
fn it_is_ready_when_it_takes_pastes_and_has_begun() {
    let mut talk = Talk::new(past(0), at(0));
    talk.screen(at(0), b"\x1b[?2004h");
    assert_eq!(talk.state(), PlannerState::Starting, "a trust dialog takes pastes, too, and no hook runs before it");
    assert_eq!(talk.ask(at(1), PLAN, TASK, "x"), None);
    talk.hook(at(2), HookEvent::Begins { conversation: String::new() });
    assert_eq!(talk.state(), PlannerState::Idle);
}

#[test]
fn nothing_is_typed_into_a_half_written_line_or_a_dialog() {
    let mut talk = ready();
    talk.typed(at(1), b"wh");
    assert_eq!((talk.state(), talk.ask(at(1), PLAN, TASK, "x")), (PlannerState::Typing, None));
    talk.typed(at(1), b"\x7f\x7f");
    assert_eq!(talk.state(), PlannerState::Idle);
    talk.typed(at(2), b"/model\r");
    assert_eq!((talk.state(), talk.ask(at(2), PLAN, TASK, "x")), (PlannerState::Dialog, None));
    prompted(&mut talk, "what a person asks", "p9");
    assert_eq!((talk.state(), talk.sleeps_from()), (PlannerState::Busy, None));
    talk.hook(at(3), HookEvent::Asks);
    talk.hook(at(4), stops("p9", "said"));
    assert_eq!(talk.state(), PlannerState::Idle);
}

#[test]
fn a_dialog_of_our_turn_is_ours_and_that_of_a_person_is_theirs() {
    assert_eq!(asked().asking(), Some(PLAN));
    let mut talk = ready();
    prompted(&mut talk, "what a person asks", "p9");
    assert_eq!(talk.asking(), None);
}

#[test]
fn the_key_that_answers_a_dialog_stands_in_no_line() {
    for (keys, state) in [
        (&["1"][..], PlannerState::Idle),
        (&["\x1b[B", "\x1b[B", "\r"], PlannerState::Idle),
        (&["1", "a"], PlannerState::Typing),
        (&["abc"], PlannerState::Typing),
    ] {
        let mut talk = asked();
        assert_eq!(talk.hook(at(3), HookEvent::Asks), []);
        for key in keys {
            talk.typed(at(4), key.as_bytes());
        }
        talk.dialog_over(true);
        assert_eq!(talk.hook(at(9), stops("p1", "said")), [answer("said")]);
        billed(&mut talk);
        assert_eq!(talk.state(), state, "{keys:?}");
    }
    // Answered elsewhere, the key may have come a moment too late for the dialog.
    let mut talk = asked();
    talk.hook(at(3), HookEvent::Asks);
    talk.typed(at(4), b"1");
    talk.dialog_over(false);
    talk.hook(at(9), stops("p1", "said"));
    assert_eq!(talk.state(), PlannerState::Typing);
}

#[test]
fn a_no_in_its_terminal_ends_the_turn() {
    let mut talk = asked();
    talk.hook(at(3), HookEvent::Asks);
    talk.typed(at(4), b"\x1b");
    assert!(matches!(talk.stopped_here(at(4)), Some(Heard::Silent(PLAN, _))));
    assert_eq!(talk.state(), PlannerState::Idle);
}

#[test]
fn no_answer_has_a_reason() {
    let silent = |heard: &[Heard], part: &str| {
        assert!(matches!(heard, [Heard::Silent(PLAN, why)] if why.contains(part)), "{heard:?}");
    };
    let mut talk = asked();
    silent(&talk.hook(at(3), HookEvent::Fails { why: "server_error".to_owned() }), "server_error");
    assert_eq!(talk.state(), PlannerState::Idle, "its prompt stays usable");

    let mut talk = asked();
    silent(&talk.hook(at(3), stops("p1", "  ")), "without a word");

    let mut talk = asked();
    silent(&prompted(&mut talk, "what a person had queued", "p2"), "another prompt");
    assert_eq!(talk.state(), PlannerState::Busy);

    // An interrupt: the title says so, and no hook comes.
    let mut talk = asked();
    talk.screen(at(5), "\x1b]0;✳ planner\x07".as_bytes());
    assert_eq!((talk.tick(at(14)), talk.due()), (Vec::new(), Some(at(15))));
    silent(&talk.tick(at(15)), "interrupted");
    assert_eq!(talk.state(), PlannerState::Idle);

    let mut talk = ready();
    talk.ask(at(1), PLAN, TASK, "x");
    assert_eq!(talk.due(), Some(at(21)));
    silent(&talk.tick(at(21)), "did not take");
    assert_eq!(talk.state(), PlannerState::Dialog, "who knows where it went");

    let mut talk = ready();
    talk.ask(at(1), PLAN, TASK, "x");
    let prompt = "[orchestrator-tui plan 3] for #17".to_owned();
    let event = HookEvent::Prompted { prompt, id: None, plans: Some(false) };
    silent(&talk.hook(at(2), event), "plan mode");
}

#[test]
fn money_is_told_once_and_to_whose_turn_it_was() {
    let status = |dollars: f64| HookEvent::Status {
        total: Usd::from_dollars(dollars),
        context: Some(12),
        bill: Bill::default(),
    };
    let used = |task, cents: u64| Heard::Used(task, Spent { usd: Usd(cents * 10_000), ..Spent::default() });
    let mut talk = asked();
    talk.hook(at(3), stops("p1", "said"));
    assert_eq!(talk.hook(at(3), status(0.04)), [used(Some(TASK), 4)]);
    assert_eq!(talk.hook(at(3), status(0.04)), []);
    prompted(&mut talk, "what a person asks", "p2");
    assert_eq!(talk.hook(at(5), status(0.05)), [used(None, 1)]);
    // After /clear it counts from zero.
    assert_eq!(talk.hook(at(6), status(0.01)), [used(None, 1)]);
    let mut resumed = Talk::new(past(50_000), at(0));
    assert_eq!(resumed.hook(at(1), status(0.05)), [], "a resumed one begins at its old total");
}

#[test]
fn a_turn_that_was_cut_off_is_billed_by_the_transcript() {
    let used = |spent| Some(Heard::Used(Some(TASK), spent));
    let bill = Bill { tokens_in: 100, tokens_out: 7, total: Some(Usd(60_000)) };
    let status = HookEvent::Status { total: Some(Usd(20_000)), context: None, bill: Bill { tokens_in: 40, ..bill } };
    let mut talk = asked();
    assert_eq!(
        talk.hook(at(3), status).pop(),
        used(Spent { usd: Usd(20_000), tokens_in: 40, tokens_out: 7, unpriced: false })
    );
    let mut killed = talk.clone();
    assert_eq!(talk.settle(bill), used(Spent { usd: Usd(40_000), tokens_in: 60, ..Spent::default() }));
    assert_eq!(talk.settle(bill), None);
    let unpriced = Spent { tokens_in: 60, unpriced: true, ..Spent::default() };
    assert_eq!(killed.settle(Bill { total: None, ..bill }), used(unpriced), "no price is not zero");
}

#[test]
fn half_a_context_is_enough() {
    let mut talk = asked();
    talk.hook(at(3), stops("p1", "said"));
    talk.hook(at(3), HookEvent::Status { total: None, context: Some(50), bill: Bill::default() });
    assert!(talk.is_full() && talk.resumable().is_none());
}
