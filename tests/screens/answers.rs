//! What keys come to while something lies over the panes: which answers count, and which do not.

use std::time::Duration;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::view::{Allowed, Group, Row, View};
use orchestrator_tui::model::check::Verdict;
use orchestrator_tui::model::hold::Snooze;
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::model::settings::LandMode;
use orchestrator_tui::model::time::Wall;
use orchestrator_tui::model::workspace::TreeId;
use orchestrator_tui::ui::event::{Event, Intent, Leave};
use orchestrator_tui::ui::popup::Popup;
use orchestrator_tui::ui::state::{Focus, State};
use orchestrator_tui::ui::tour::Tour;
use orchestrator_tui::ui::update::update;
use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::screens::fixture::{NOW, busy, detail};
use super::screens::popups::{first, parked, stopping, told};
use super::screens::scene::keys;
use super::screens::tour::views;
use super::yes::{no_to, yes_to};

const SIZE: (u16, u16) = (120, 36);

fn before(view: View, task: u32) -> State {
    let mut state = State::new("justice-companion", SIZE, NOW);
    state.selected = Some(TaskId(task));
    update(&mut state, NOW, Event::Seen(Box::new(view)));
    told(state, task)
}

fn types_at(state: &mut State, now: Wall, text: &str) -> Vec<Intent> {
    keys(text).into_iter().flat_map(|key| update(state, now, key)).collect()
}

fn types(state: &mut State, text: &str) -> Vec<Intent> {
    types_at(state, NOW, text).into_iter().filter(|intent| !matches!(intent, Intent::Fetch(_))).collect()
}

fn wish(command: Command) -> Vec<Intent> {
    vec![Intent::Command(command)]
}

fn later(millis: u64) -> Wall {
    NOW.after(Duration::from_millis(millis))
}

/// The same view with one row changed.
fn with_row(mut view: View, task: u32, change: impl Fn(&mut Row)) -> View {
    view.rows.iter_mut().filter(|row| row.id == TaskId(task)).for_each(change);
    view
}

fn landed(view: View, task: u32) -> View {
    with_row(view, task, |row| {
        row.group = Group::Done;
        "landed".clone_into(&mut row.why);
        row.allowed = Allowed { undo: true, ..Allowed::default() };
    })
}

fn said(state: &State) -> &str {
    state.toasts.last().map_or("", |toast| &toast.text)
}

#[test]
fn killing_takes_a_yes_and_holding_the_key_down_is_none() {
    let task = TaskId(15);
    for (keys, intents) in [
        ("x", vec![]),
        ("xxxx", vec![]),
        ("xn", vec![]),
        ("x<esc>", vec![]),
        ("xy", wish(Command::Kill { task })),
        ("x1", wish(Command::Kill { task })),
        ("x<enter>", wish(Command::Kill { task })),
        ("x<down><enter>", vec![]),
        ("x2", vec![]),
        ("x9", vec![]),
    ] {
        assert_eq!(types(&mut before(busy(), 15), keys), intents, "{keys}");
    }
}

#[test]
fn the_first_fix_asks_what_becomes_of_all_others() {
    let both = |land| yes_to(14, Some(land));
    for (keys, intents) in [
        ("aA", both(LandMode::Auto)),
        ("LA", both(LandMode::Auto)),
        ("ay", both(LandMode::Ask)),
        // A hasty enter is no yes to all that comes, and neither is the key that asked, held down.
        ("a<enter>", both(LandMode::Ask)),
        ("aaaa", vec![]),
        ("LLLL", vec![]),
        ("an", vec![]),
        ("aD", no_to(14)),
        ("ad", vec![]),
    ] {
        assert_eq!(types(&mut before(first(), 14), keys), intents, "{keys}");
    }
}

#[test]
fn nothing_lands_before_its_diff_was_shown() {
    let mut state = before(busy(), 14);
    let shown = state.story.1.detail.take();
    assert_eq!(types(&mut state, "L1<enter>y"), []);
    assert_eq!(said(&state), "what it changes is not here yet; a moment");
    update(&mut state, NOW, Event::Detailed(Box::new(shown.expect("a detail"))));
    assert_eq!(types(&mut state, "y"), yes_to(14, None));
    assert_eq!(state.popups.len(), 0);
}

#[test]
fn a_question_that_was_answered_elsewhere_closes_and_its_keys_do_nothing_else() {
    let mut state = before(busy(), 14);
    types(&mut state, "L");
    update(&mut state, NOW, Event::Seen(Box::new(landed(busy(), 14))));
    assert!(state.popups.is_empty());
    assert_eq!(said(&state), "#14 was answered elsewhere: it landed");
    // Typed for the question; here it would open the commands.
    assert_eq!(types_at(&mut state, later(199), ":"), []);
    assert!(state.popups.is_empty());
    types_at(&mut state, later(200), ":");
    assert_eq!(state.popups.len(), 1);
}

#[test]
fn a_yes_does_not_go_to_another_result_than_the_one_shown() {
    let mut state = before(busy(), 14);
    types(&mut state, "L");
    let mut other = detail(&busy(), 14);
    other.task.result.as_mut().expect("a result").receipt.tree_after = TreeId("d".repeat(40));
    update(&mut state, NOW, Event::Detailed(Box::new(other)));
    assert!(state.popups.is_empty());
    assert_eq!(said(&state), "the result of #14 is another one now; look at it again");
    assert_eq!(types(&mut state, "y"), []);
}

#[test]
fn a_kill_stays_asked_while_the_task_goes_on_and_not_when_it_is_over() {
    let mut state = before(busy(), 15);
    types(&mut state, "x");
    let verifying = with_row(busy(), 15, |row| "verify".clone_into(&mut row.why));
    update(&mut state, NOW, Event::Seen(Box::new(verifying)));
    assert_eq!(state.popups.len(), 1);
    let over = with_row(landed(busy(), 15), 15, |row| "fixed by you".clone_into(&mut row.why));
    update(&mut state, NOW, Event::Seen(Box::new(over)));
    assert_eq!((state.popups.len(), said(&state)), (0, "#15 is over what was asked: fixed by you"));
}

#[test]
fn a_person_is_called_once_for_each_new_question() {
    let rings = |state: &mut State, view: View| -> Vec<String> {
        let intents = update(state, NOW, Event::Seen(Box::new(view)));
        intents
            .into_iter()
            .filter_map(|intent| if let Intent::Attention(text) = intent { Some(text) } else { None })
            .collect()
    };
    let mut state = State::new("justice-companion", SIZE, NOW);
    assert_eq!(rings(&mut state, busy()), Vec::<String>::new(), "what waited before they came is before their eyes");
    let asks = |view: View| {
        with_row(view, 16, |row| {
            row.group = Group::NeedsYou;
            "ready to land: say yes".clone_into(&mut row.why);
        })
    };
    assert_eq!(rings(&mut state, asks(busy())), ["#16 api.rs · unit: ready to land: say yes"]);
    assert_eq!(rings(&mut state, asks(busy())), Vec::<String>::new());
    assert_eq!(rings(&mut state, busy()), Vec::<String>::new());
    assert_eq!(rings(&mut state, asks(busy())).len(), 1, "it asks anew");
}

#[test]
fn a_supervisor_that_dies_says_so_and_swallows_what_was_typed_before() {
    let mut state = before(busy(), 15);
    types(&mut state, "x");
    update(&mut state, NOW, Event::Gone("it was killed".to_owned()));
    assert_eq!(state.popups.len(), 1);
    assert_eq!(types_at(&mut state, later(100), "yq<enter><esc>"), []);
    assert_eq!(state.popups.len(), 1);
    assert_eq!(types_at(&mut state.clone(), later(300), "q"), [Intent::Leave(Leave::Finish)]);
    assert_eq!(types_at(&mut state, later(300), "n"), []);
    assert_eq!(types_at(&mut state, later(300), "x"), []);
    assert_eq!((state.popups.len(), said(&state)), (0, "the supervisor is gone"));
    // Another one of the same project comes: all is fetched anew, and the keys work again.
    let back = update(&mut state, later(400), Event::Seen(Box::new(busy())));
    assert!(back.contains(&Intent::Fetch(TaskId(15))), "{back:?}");
    assert_eq!((state.gone.as_deref(), said(&state)), (None, "the supervisor runs again: this is how it stands now"));
    let mut waits = before(busy(), 15);
    update(&mut waits, NOW, Event::Gone("it was killed".to_owned()));
    update(&mut waits, NOW, Event::Seen(Box::new(busy())));
    assert!(waits.popups.is_empty(), "what was asked about the old one is settled");
    let mut ended = before(busy(), 15);
    update(&mut ended, NOW, Event::Gone(String::new()));
    assert!(ended.popups.is_empty(), "an end in order needs no question");
}

#[test]
fn leaving_while_work_runs_asks_and_asking_twice_means_it() {
    let leave = |how| vec![Intent::Leave(how)];
    for (keys, intents) in [
        ("q", vec![]),
        ("q<esc>", vec![]),
        ("qq", leave(Leave::Finish)),
        ("q<enter>", leave(Leave::Finish)),
        ("qs", leave(Leave::Stop)),
        ("ql", leave(Leave::LeaveRunning)),
        ("q3", leave(Leave::LeaveRunning)),
        ("q<ctrl+c>", vec![Intent::Interrupt]),
    ] {
        assert_eq!(types(&mut before(busy(), 15), keys), intents, "{keys}");
    }
    assert_eq!(types(&mut before(stopping(), 15), "qq"), leave(Leave::Stop));
    let mut idle = before(busy(), 15);
    let view = with_row(busy(), 15, |row| row.group = Group::Queued);
    update(&mut idle, NOW, Event::Seen(Box::new(view)));
    assert_eq!(types(&mut idle, "q"), leave(Leave::Finish), "nothing is at work, nothing is asked");
    let mut attached = before(busy(), 15);
    attached.attached = true;
    assert_eq!(types(&mut attached, "q"), leave(Leave::LeaveRunning));
}

#[test]
fn a_snooze_has_the_ends_that_make_sense() {
    let task = TaskId(15);
    let until = |until| wish(Command::Snooze { task, until });
    for (keys, intents) in [
        ("sm", until(Snooze::For(600))),
        ("sg", until(Snooze::UntilGreen)),
        ("sb", until(Snooze::OnBranch)),
        ("s<esc>", vec![]),
    ] {
        assert_eq!(types(&mut before(busy(), 15), keys), intents, "{keys}");
    }
    assert_eq!(types(&mut before(busy(), 9), "sz"), wish(Command::Unsnooze { task: TaskId(9) }));
    let mut view = busy();
    view.head.branch = None;
    assert_eq!(types(&mut before(view, 15), "sb"), []);
    let mut view = busy();
    let key = view.rows.iter().find(|row| row.id == task).expect("a row").check.clone().expect("a check");
    view.checks[0].key = key;
    view.checks[0].verdict = Some(Verdict::Green);
    assert_eq!(types(&mut before(view, 15), "sg"), [], "it is green already");
}

fn by_you(row: &mut Row) {
    "held: by you".clone_into(&mut row.why);
    row.allowed.hold = false;
}

#[test]
fn what_is_easily_taken_back_is_not_asked() {
    assert_eq!(types(&mut before(busy(), 16), "p"), wish(Command::Hold { task: TaskId(16) }));
    let mut held = before(with_row(busy(), 7, by_you), 7);
    assert_eq!((types(&mut held, "p"), said(&held)), (vec![], "#7 is held already; f starts it"));
    let mut over = before(busy(), 13);
    assert_eq!((types(&mut over, "p"), said(&over)), (vec![], "#13 is over: landed; there is nothing to hold"));
    assert_eq!(types(&mut before(busy(), 16), "P"), wish(Command::Pause));
    let mut paused = busy();
    paused.head.paused = true;
    assert_eq!(types(&mut before(paused, 16), "P"), wish(Command::Resume));
    // Going on before the time that a service named is worth a thought.
    assert_eq!(types(&mut before(parked(), 16), "P<enter>"), []);
    assert_eq!(types(&mut before(parked(), 16), "Py"), wish(Command::Resume));
    assert_eq!(types(&mut before(parked(), 16), "Pp"), wish(Command::Pause));
}

#[test]
fn the_palette_does_what_works_and_says_why_the_rest_does_not() {
    let mut state = before(busy(), 13);
    assert_eq!(types(&mut state, ":kill<enter>"), []);
    assert_eq!(said(&state), "task.kill would do nothing: #13 is over: landed; there is nothing to end");
    assert_eq!(state.popups.len(), 1, "it stays open");
    assert_eq!(types(&mut state, "<esc>:check.run<enter>"), wish(Command::Check));
    let goes = types_at(&mut state, NOW, ":#15<enter>");
    assert_eq!((goes, state.selected), (vec![Intent::Fetch(TaskId(15))], Some(TaskId(15))));
    types(&mut state, ":undo<esc>");
    assert!(state.popups.is_empty());
}

#[test]
fn escape_ends_a_sequence_of_keys_and_nothing_else() {
    let mut state = before(busy(), 15);
    types(&mut state, "<enter>g<esc>");
    assert_eq!((state.pending.len(), state.focus), (0, Focus::Task));
    types(&mut state, "<esc>");
    assert_eq!(state.focus, Focus::Tasks);
}

#[test]
fn a_click_on_an_answer_gives_it_and_one_beside_does_nothing() {
    let mut state = before(busy(), 15);
    types(&mut state, "x");
    let press = |column, row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    };
    let picture = super::show::buffer(&state);
    let row = (0..SIZE.1).find(|row| super::show::text(&picture, *row).contains("yes, kill #15")).expect("an answer");
    assert_eq!(update(&mut state, NOW, press(60, row - 2)), []);
    assert_eq!(state.popups.len(), 1);
    assert_eq!(update(&mut state, NOW, press(60, row)), wish(Command::Kill { task: TaskId(15) }));
}

#[test]
fn a_long_diff_scrolls_and_stops_at_its_end() {
    let mut state = before(busy(), 14);
    state.size = (80, 24);
    let top = |state: &State| match state.popups.last() {
        Some(Popup::Ask(ask)) => ask.top,
        Some(Popup::Reply(_) | Popup::Write(_) | Popup::Palette(_)) | None => usize::MAX,
    };
    types(&mut state, "Lj");
    assert_eq!(top(&state), 1);
    types(&mut state, "<pagedown><pagedown><pagedown><pagedown><pagedown><pagedown><pagedown>");
    let end = top(&state);
    types(&mut state, "<end>");
    assert!(end > 10 && top(&state) == end);
    types(&mut state, "<home>");
    assert_eq!(top(&state), 0);
}

#[test]
fn the_tour_waits_for_what_it_talks_about_and_never_takes_a_key_that_works() {
    let mut now = NOW;
    let mut state = State::new("late-fees", SIZE, now);
    state.tour = Some(Tour::begin(now));
    let place = |state: &State| {
        let picture = super::show::buffer(state);
        let rows: Vec<String> = (0..SIZE.1).map(|row| super::show::text(&picture, row)).collect();
        rows.iter().find_map(|row| row.split_once("tour ")?.1.get(..1)?.parse::<usize>().ok())
    };
    for (number, view) in views().into_iter().enumerate() {
        now = now.after(Duration::from_secs(2));
        update(&mut state, now, Event::Seen(Box::new(view)));
        assert_eq!(place(&state), Some(number + 1));
        update(&mut state, now.after(Duration::from_secs(1)), Event::Tick);
        assert_eq!(place(&state), Some(number + 1), "nothing has happened");
    }
    // The other keys do what they always do.
    assert_eq!(types_at(&mut state, now, "c"), wish(Command::Check));
    types_at(&mut state, now, ":");
    assert_eq!(state.popups.len(), 1);
    types_at(&mut state, now, "<esc>");
    assert!(state.popups.is_empty() && state.tour.is_some(), "one layer at a time");
    types_at(&mut state, now, "<esc>");
    assert_eq!((state.tour, place(&state)), (None, None));
}

#[test]
fn a_step_of_the_tour_can_be_read_however_fast_things_go() {
    let mut state = State::new("late-fees", SIZE, NOW);
    state.tour = Some(Tour::begin(NOW));
    for view in &views()[..3] {
        update(&mut state, later(10), Event::Seen(Box::new(view.clone())));
    }
    let mut times = Vec::new();
    while let Some(next) = state.tour.and_then(|tour| tour.next_tick(&state)) {
        assert!(state.next_tick().is_some_and(|tick| tick <= next), "the screen wakes up for it");
        times.push(next);
        update(&mut state, next, Event::Tick);
    }
    assert_eq!(times, [later(1500), later(3000)], "two steps are over, the third waits for the agent");
}

#[test]
fn enter_skips_a_step_of_the_tour() {
    let mut state = State::new("late-fees", SIZE, NOW);
    state.tour = Some(Tour::begin(NOW));
    update(&mut state, NOW, Event::Seen(Box::new(views()[1].clone())));
    let steps = (0..20).take_while(|_| {
        types(&mut state, "<enter>");
        state.tour.is_some()
    });
    // The yes is not waited for, and nothing has landed: these two are left out.
    assert_eq!(steps.count(), 4);
}
