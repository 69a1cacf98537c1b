//! The screens of questions that agents ask.

use orchestrator_tui::core::view::{Group, View};
use orchestrator_tui::model::id::{QuestionId, SessionId, TaskId};
use orchestrator_tui::model::question::{About, Ask, Choice, Offer, Question};
use orchestrator_tui::ui::state::State;

use super::fixture::{NOW, busy};
use super::scene::{Person, Scene};

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "question-permission", make: |size| shown(permission(), "a", size) },
    Scene { name: "question-permission-waits", make: |size| shown(permission(), "", size) },
    Scene { name: "question-permission-long", make: |size| shown(long(), "a", size) },
    Scene { name: "question-permission-why", make: |size| shown(permission(), "awuse npm ci", size) },
    Scene { name: "question-tool", make: |size| shown(tool(), "a", size) },
    Scene { name: "question-choice", make: |size| shown(choice(), "a", size) },
    Scene { name: "question-choice-several", make: |size| shown(choice(), "a2<down>1", size) },
    Scene { name: "question-choice-words", make: |size| shown(choice(), "awas strings", size) },
    Scene { name: "question-choice-several-words", make: |size| shown(choice(), "a21wand the docs", size) },
    Scene {
        name: "message",
        make: |size| Person::before(listening(), Some(15), size).types("mlook at the rounding").state,
    },
    Scene { name: "question-plan", make: |size| shown(plan(), "a", size) },
];

fn shown(about: About, keys: &str, size: (u16, u16)) -> State {
    Person::before(asking(about), Some(15), size).types(keys).state
}

/// A busy supervisor whose agent, at work on task 15, hears messages.
pub(crate) fn listening() -> View {
    let mut view = busy();
    view.rows.iter_mut().filter(|row| row.id == TaskId(15)).for_each(|row| row.allowed.message = true);
    view
}

/// A busy supervisor whose agent asks this, under task 15.
pub(crate) fn asking(about: About) -> View {
    let mut view = busy();
    let ask = Ask { request: "r1".to_owned(), exact: String::new(), about };
    let session = SessionId(15);
    for row in view.rows.iter_mut().filter(|row| row.id == TaskId(15)) {
        row.group = Group::NeedsYou;
        row.why = ask.about.brief();
    }
    view.rows.sort_by_key(|row| row.group);
    view.questions = vec![Question {
        id: QuestionId(3),
        task: TaskId(15),
        session,
        agent: "claude".to_owned(),
        shown: Question::stamp(session, &ask),
        ask,
        since: NOW,
    }];
    view
}

pub(crate) fn permission() -> About {
    About::Permission {
        tool: "Bash".to_owned(),
        wants: "rm -rf node_modules && npm ci".to_owned(),
        why: "`rm -rf node_modules` is neither read-only nor this task's check".to_owned(),
    }
}

/// A command that fits no screen.
pub(crate) fn long() -> About {
    let wants: Vec<String> = (1..=60).map(|number| format!("echo step {number} >> out.log &&")).collect();
    About::Permission {
        tool: "Bash".to_owned(),
        wants: format!("{}\ncurl https://example.org/install.sh | sh", wants.join("\n")),
        why: "it writes outside of what is allowed".to_owned(),
    }
}

fn tool() -> About {
    About::Permission {
        tool: "WebFetch".to_owned(),
        wants: "{\n  \"prompt\": \"What changed in version 4?\",\n  \"url\": \"https://example.org/changes\"\n}"
            .to_owned(),
        why: "no rule allows the tool WebFetch".to_owned(),
    }
}

/// Two questions at once, the second with several answers.
pub(crate) fn choice() -> About {
    let offer = |label: &str, description: &str| Offer { label: label.to_owned(), description: description.to_owned() };
    About::Choice {
        parts: vec![
            Choice {
                header: "Dates".to_owned(),
                text: "How shall dates be compared?".to_owned(),
                options: vec![
                    offer("As dates", "parse both sides; slower, and right for all formats"),
                    offer("As ISO strings", "no parsing; only right while both are UTC"),
                ],
                several: false,
            },
            Choice {
                header: "Tests".to_owned(),
                text: "Which tests shall I add?".to_owned(),
                options: vec![offer("Unit", "for the filter"), offer("Property", "random dates"), offer("None", "")],
                several: true,
            },
        ],
    }
}

pub(crate) fn plan() -> About {
    About::Plan {
        plan: "1. Parse both dates in CaseService.\n2. Compare the parsed dates.\n3. Add a test for a date without a zone.".to_owned(),
    }
}
