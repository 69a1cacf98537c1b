//! What the screen says back: why a key does nothing, what came by itself and how long it stays, one letter for one answer.

use std::collections::BTreeMap;
use std::time::Duration;

use orchestrator_tui::core::effect::Recorded;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::view::View;
use orchestrator_tui::model::agent::LogLine;
use orchestrator_tui::model::id::{LandingId, Seq, TaskId};
use orchestrator_tui::model::time::Wall;
use orchestrator_tui::ui::event::{Event, Intent};
use orchestrator_tui::ui::popup::{Popup, Replying, Say};
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::toast::{TOAST, TOASTS};
use orchestrator_tui::ui::update::update;

use super::screens::fixture::{NOW, busy, path, receipt};
use super::screens::scene::{Person, keys};
use super::screens::{popups, questions};
use super::show;

const SIZE: (u16, u16) = (120, 36);

fn texts(state: &State) -> Vec<&str> {
    state.toasts.iter().map(|toast| toast.text.as_str()).collect()
}

fn happens(state: &mut State, now: Wall, seq: u64, fact: Fact) {
    update(state, now, Event::Happened(Box::new(Recorded { seq: Seq(seq), at: now, fact })));
}

fn replaced(task: u32) -> Fact {
    Fact::Replaced { task: TaskId(task), landing: LandingId(task), files: vec![path("a.rs")] }
}

fn later(seconds: u64) -> Wall {
    NOW.after(Duration::from_secs(seconds))
}

#[test]
fn a_key_that_does_nothing_says_why() {
    for (task, typed, why) in [
        (13, "x", "#13 is over: landed; there is nothing to end"),
        (13, "f", "#13 is over: landed; there is nothing to start"),
        (15, "L", "#15 is at work (fix); it has no result that waits for a yes"),
        (7, "u", "#7 is held: was red before you started; nothing of it is in your files that could be taken back"),
        (16, "r", "#16 is queued (waits for #14); only what failed, or is to be looked at, can be tried again"),
        (14, "f", "#14 waits for you; there is nothing to start"),
        (15, "<enter>n", "nothing is searched for; / searches"),
        (15, "N", "N: match before works in the pane of a task"),
        (15, "hx", "x: kill works in the list and the pane of a task; esc closes this page"),
        (15, "xz", "z is no answer here; the letters in brackets are"),
    ] {
        let person = Person::before(busy(), Some(task), SIZE).types(typed);
        assert_eq!(texts(&person.state), [why], "{typed} at #{task}");
        assert!(person.intents.iter().all(|intent| matches!(intent, Intent::Fetch(_))), "{typed} at #{task}");
    }
    for typed in ["x", "L", "d", "2", "]", "<enter>", "e"] {
        let person = Person::before(View::default(), None, SIZE).types(typed);
        assert_eq!(texts(&person.state), ["no task is selected"], "{typed}");
    }
}

#[test]
fn answers_take_the_place_of_answers_and_there_are_never_many() {
    let person = Person::before(busy(), Some(13), SIZE).types("xrfx");
    assert_eq!(person.state.toasts.len(), 1, "{:?}", texts(&person.state));
    let mut state = person.state;
    for task in 1..9 {
        happens(&mut state, NOW, u64::from(task), replaced(task));
    }
    assert_eq!(state.toasts.len(), TOASTS);
    let picture = show::written(&show::buffer(&state));
    let row = |text: &str| picture.lines().position(|line| line.contains(text));
    assert!(row("your save replaced #8").is_some() && row("replaced #8") < row("replaced #7"), "{picture}");
}

#[test]
fn what_matters_stays_until_somebody_was_there_and_the_rest_goes_by_itself() {
    let mut state = Person::before(busy(), Some(13), SIZE).state;
    happens(&mut state, NOW, 1, Fact::Landed { task: TaskId(13), receipt: Box::new(receipt(13)) });
    happens(&mut state, NOW, 2, replaced(13));
    update(&mut state, NOW.after(TOAST), Event::Tick);
    assert_eq!(texts(&state), ["your save replaced #13: a.rs"]);
    update(&mut state, later(7200), Event::Tick);
    assert_eq!(state.toasts.len(), 1, "nobody was there");
    assert!(state.toasts[0].until.is_none(), "and nothing wakes the screen for it");
    let press = |state: &mut State, at| {
        for key in keys("j") {
            update(state, at, key);
        }
    };
    press(&mut state, later(7200));
    assert_eq!(state.toasts.len(), 1, "there is time to read it");
    update(&mut state, later(7200).after(TOAST), Event::Tick);
    assert!(state.toasts.is_empty());
    // A key that was on its way already has seen nothing.
    happens(&mut state, later(8000), 3, replaced(13));
    press(&mut state, later(8000));
    update(&mut state, later(8100), Event::Tick);
    assert_eq!(state.toasts.len(), 1);
    for key in keys("<esc>") {
        update(&mut state, later(8100), key);
    }
    assert!(state.toasts.is_empty(), "esc closes it, where nothing else is to be closed");
}

#[test]
fn a_refused_configuration_is_forgotten_when_it_was_mended() {
    let mut state = Person::before(busy(), Some(13), SIZE).state;
    happens(&mut state, NOW, 1, Fact::ConfigRefused { why: "x.toml:1:1: unknown key".to_owned() });
    assert_eq!(texts(&state), ["configuration not taken up, the one before goes on: x.toml:1:1: unknown key"]);
    let remember = orchestrator_tui::core::fact::Remember { completed: 1, failed: 1, history: 1 };
    happens(&mut state, NOW, 2, Fact::Reconfigured { changes: Vec::new(), remember });
    assert_eq!(texts(&state), ["configuration re-read: it is as before"]);
}

#[test]
fn what_a_session_tried_in_a_persons_place_is_said_at_once() {
    let mut state = Person::before(busy(), Some(13), SIZE).state;
    let (whose, deed) = ("the session of #14".to_owned(), "land".to_owned());
    happens(&mut state, NOW, 1, Fact::Trespassed { task: Some(TaskId(14)), whose, deed });
    assert_eq!(texts(&state), ["⚠ #14 refused: a process of the session of #14 asked to land; only a person may"]);
}

fn word(say: Say) -> &'static str {
    match say {
        Say::Allow => "yes",
        Say::AllowForTask => "task",
        Say::Deny => "refuse",
        Say::DenyWhy | Say::Words => "words",
        Say::Option(_) => "option",
    }
}

#[test]
fn one_letter_is_one_answer_in_every_question() {
    let mut meanings: BTreeMap<char, BTreeMap<String, &str>> = BTreeMap::new();
    for scene in popups::SCENES.iter().chain(questions::SCENES) {
        let state = (scene.make)(SIZE);
        let answers: Vec<(char, String)> = match state.popups.last() {
            Some(Popup::Ask(ask)) => ask.choices.iter().map(|choice| (choice.key, choice.text.clone())).collect(),
            Some(Popup::Reply(replying)) => {
                let letters = replying.sayings().into_iter().filter_map(|say| Some((say, Replying::letter(say)?)));
                letters.map(|(say, letter)| (letter, word(say).to_owned())).collect()
            }
            Some(Popup::Write(_) | Popup::Palette(_)) | None => continue,
        };
        for (key, text) in &answers {
            // A yes is a yes to what the border asks; all others are named by their first word.
            let word = text.split([' ', ',', ':']).next().unwrap_or_default();
            let word = match key {
                'A' => "always",
                // It says no to what was made or wanted: a result is thrown away, a wish denied.
                'D' => "refuse",
                _ => word,
            };
            meanings.entry(*key).or_default().insert(word.to_owned(), scene.name);
        }
        let picture = show::written(&show::buffer(&state));
        for (key, _) in answers.iter().filter(|_| matches!(state.popups.last(), Some(Popup::Ask(_)))) {
            assert!(picture.contains(&format!("({key})")), "{} does not show {key}", scene.name);
        }
    }
    assert!(meanings.len() > 6, "{meanings:?}");
    for (letter, words) in &meanings {
        assert_eq!(words.len(), 1, "{letter}: {words:?}");
    }
    let mut letters: BTreeMap<&str, Vec<char>> = BTreeMap::new();
    for (letter, words) in &meanings {
        letters.entry(words.keys().next().map_or("", String::as_str)).or_default().push(*letter);
    }
    assert!(letters.values().all(|letters| letters.len() == 1), "{letters:?}");
}

#[test]
fn a_landing_says_where_to_look_and_what_may_undo_it() {
    let mut state = State::new("late-fees", SIZE, NOW);
    let mut happens = |fact| {
        let recorded = Recorded { seq: Seq(1), at: NOW, fact };
        let _ = update(&mut state, NOW, Event::Happened(Box::new(recorded)));
        texts(&state).last().copied().unwrap_or_default().to_owned()
    };
    let (task, landed) = (TaskId(14), Box::new(receipt(14)));
    let text = happens(Fact::Landed { task, receipt: landed });
    assert_eq!(text, "#14 landed: src/services/CaseService.ts:42 +5 −2, src/services/dates.ts:1 +3 −0");
    let line = |label: &str, text: &str| vec![LogLine { label: label.to_owned(), text: text.to_owned() }];
    assert_eq!(happens(Fact::Logged { task, lines: line("Edit", "a.ts") }), text, "only what a person must know");
    let warning = happens(Fact::Logged { task, lines: line(LogLine::EDITOR, "a.ts is open in vim") });
    assert_eq!(warning, "#14 landed, but a.ts is open in vim");
    let files = vec![path("src/services/dates.ts")];
    let replaced = happens(Fact::Replaced { task, landing: LandingId(4), files });
    assert_eq!(replaced, "your save replaced #14: src/services/dates.ts");
}
