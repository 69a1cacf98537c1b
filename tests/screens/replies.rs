//! What keys come to while a question of an agent is open.

use std::time::Duration;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::view::View;
use orchestrator_tui::model::id::{QuestionId, TaskId};
use orchestrator_tui::model::question::{About, Reply};
use orchestrator_tui::ui::event::{Event, Intent};
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::update::update;

use super::screens::fixture::{NOW, busy};
use super::screens::questions::{asking, choice, listening, long, permission, plan};
use super::screens::scene::{Person, keys};

/// Lets a person press keys before a question, and returns what was sent.
fn said(about: About, text: &str, size: (u16, u16)) -> Vec<Reply> {
    let view = asking(about);
    let shown = view.questions[0].shown.clone();
    let person = Person::before(view, Some(15), size).types(text);
    let sent = person.intents.into_iter().filter_map(|intent| match intent {
        Intent::Command(Command::Answer { question, shown: read, reply, .. }) => {
            assert_eq!((question, &read), (QuestionId(3), &shown), "the answer names what was shown");
            Some(reply)
        }
        Intent::Command(other) => panic!("{text:?} came to {other:?}"),
        _ => None,
    });
    sent.collect()
}

fn deny(why: &str) -> Vec<Reply> {
    vec![Reply::Deny { why: why.to_owned() }]
}

fn choose(answers: &[&[&str]]) -> Vec<Reply> {
    let answers = answers.iter().map(|answer| answer.iter().map(|text| (*text).to_owned()).collect()).collect();
    vec![Reply::Choose { answers }]
}

const SIZE: (u16, u16) = (120, 36);

#[test]
fn a_permission_takes_a_number_a_letter_or_enter() {
    for (keys, reply) in [
        ("a", vec![]),
        ("aa", vec![]),
        ("a<esc>", vec![]),
        ("a1", vec![Reply::Allow]),
        ("ay", vec![Reply::Allow]),
        ("a<enter>", deny("")),
        ("a2", vec![Reply::AllowForTask]),
        ("a<up><enter>", vec![Reply::AllowForTask]),
        ("a<up><up><enter>", vec![Reply::Allow]),
        ("a3", deny("")),
        ("aD", deny("")),
        ("a4no<enter>", deny("no")),
        ("a4<enter>", vec![]),
        ("a4no<esc>1", vec![Reply::Allow]),
        ("a4no<esc><esc>", vec![]),
        ("a5", vec![]),
        ("a9", vec![]),
    ] {
        assert_eq!(said(permission(), keys, SIZE), reply, "{keys}");
    }
}

#[test]
fn what_is_not_read_to_its_end_is_not_allowed() {
    assert_eq!(said(long(), "a1", (80, 24)), [], "the end of the command was not in sight");
    assert_eq!(said(long(), "a<up><up><enter>", (80, 24)), []);
    assert_eq!(said(long(), "a3", (80, 24)), deny(""), "one can always say no");
    assert_eq!(said(long(), "a<end>1", (80, 24)), [Reply::Allow]);
    assert_eq!(said(long(), "a<end><home>1", (80, 24)), [Reply::Allow], "it was in sight before");
}

#[test]
fn a_choice_goes_through_its_parts() {
    for (keys, reply) in [
        ("a1", vec![]),
        ("a12<enter>", choose(&[&["As dates"], &["Property"]])),
        ("a213<enter>", choose(&[&["As ISO strings"], &["Unit", "None"]])),
        ("a2122<enter>", choose(&[&["As ISO strings"], &["Unit"]])),
        ("awas I said<enter>wall of them<enter>", choose(&[&["as I said"], &["all of them"]])),
        ("a21wand the docs<enter>", choose(&[&["As ISO strings"], &["Unit", "and the docs"]])),
        ("a21w<esc><enter>", choose(&[&["As ISO strings"], &["Unit"]])),
        ("a1D", deny("")),
        ("a1<esc>", vec![]),
    ] {
        assert_eq!(said(choice(), keys, SIZE), reply, "{keys}");
    }
}

#[test]
fn a_plan_is_good_or_not() {
    for (keys, reply) in [("ay", vec![Reply::Allow]), ("aD", deny("")), ("awsmaller<enter>", deny("smaller"))] {
        assert_eq!(said(plan(), keys, SIZE), reply, "{keys}");
    }
}

#[test]
fn what_is_answered_elsewhere_closes_and_no_key_goes_to_the_next_one() {
    let view = asking(permission());
    let mut answered = View { questions: Vec::new(), ..view.clone() };
    answered.head.settled =
        Some((QuestionId(3), "was answered before, through the command line: allowed once".to_owned()));
    let mut state = Person::before(view, Some(15), SIZE).types("a").state;
    assert_eq!(state.popups.len(), 1);
    update(&mut state, NOW, Event::Seen(Box::new(answered)));
    assert!(state.popups.is_empty());
    let told = state.toasts.last().map_or("", |toast| &toast.text);
    assert_eq!(told, "question 3 was answered before, through the command line: allowed once");
    let press =
        |state: &mut State, at| keys("D").into_iter().flat_map(|key| update(state, at, key)).collect::<Vec<_>>();
    assert_eq!(press(&mut state, NOW), [], "a key typed for what was there before");
    assert!(state.deaf_until <= NOW.after(Duration::from_millis(200)));
}

#[test]
fn pasted_text_is_an_answer_only_where_one_is_typed() {
    let paste = |text: &str| Event::Paste(text.to_owned());
    let before = Person::before(asking(permission()), Some(15), SIZE).types("a").sends(paste("1"));
    assert!(before.intents.iter().all(|intent| !matches!(intent, Intent::Command(_))));
    let typed = before.types("w").sends(paste("use npm ci")).types("<enter>");
    let reply = typed.intents.iter().find_map(|intent| match intent {
        Intent::Command(Command::Answer { reply, .. }) => Some(reply.clone()),
        _ => None,
    });
    assert_eq!(reply, Some(Reply::Deny { why: "use npm ci".to_owned() }));
}

#[test]
fn a_message_goes_to_the_agent_of_its_task() {
    let sent = |view: View, text: &str| {
        let person = Person::before(view, Some(15), SIZE).types(text);
        let toast = person.state.toasts.last().map(|toast| toast.text.clone()).unwrap_or_default();
        let commands = person.intents.into_iter().filter_map(|intent| match intent {
            Intent::Command(command) => Some(command),
            _ => None,
        });
        (commands.collect::<Vec<_>>(), toast)
    };
    let message = Command::Message { task: TaskId(15), text: "Hi, j k q!".to_owned(), by: "the dashboard".to_owned() };
    assert_eq!(sent(listening(), "mHi, j k q!<enter>").0, [message]);
    assert_eq!(sent(listening(), "mHi<esc>").0, []);
    assert_eq!(sent(listening(), "m <enter>"), (vec![], "write something first".to_owned()));
    let (none, why) = sent(busy(), "mHi<enter>");
    assert!(none.is_empty() && why.contains("no agent runs for it that could hear a message"), "{why}");
}
