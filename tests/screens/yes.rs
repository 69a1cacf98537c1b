//! Random people before random screens: nothing panics, and nothing is destroyed that nobody said yes to.

use std::time::Duration;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::view::{Allowed, Group, View};
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::model::settings::LandMode;
use orchestrator_tui::model::time::Wall;
use orchestrator_tui::model::workspace::TreeId;
use orchestrator_tui::ui::event::{Event, Intent};
use orchestrator_tui::ui::front::{Front, FrontAnswer, FrontState, draw_front, update_front};
use orchestrator_tui::ui::popup::{Ask, Popup};
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::tour::Tour;
use orchestrator_tui::ui::update::update;
use proptest::prelude::*;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::screens::fixture::{NOW, busy, detail, idle};
use super::screens::front::{self, trust};
use super::screens::popups::{first, parked, stopping};
use super::screens::tour::views;
use super::show::{buffer, buffer_of, text};

/// Something that happens.
#[derive(Clone, Debug)]
enum Happens {
    Key(KeyEvent),
    Click(u16, u16),
    Wheel(bool),
    Paste(String),
    Resized(u16, u16),
    /// Another view, with this task in this group.
    Seen(usize, u32, usize),
    /// All about a task, as of this view.
    Detailed(usize, u32),
    Waits(u64),
    Gone(bool),
}

fn key() -> impl Strategy<Value = KeyEvent> {
    let letters = "aylyyynDxuLqsmgbfprPce:#/?!hjkGo dktz[]1234567890";
    let letter = prop::sample::select(letters.chars().collect::<Vec<_>>()).prop_map(KeyCode::Char);
    let named = prop::sample::select(vec![
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::PageDown,
        KeyCode::PageUp,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Backspace,
        KeyCode::F(5),
    ]);
    let modifiers = prop_oneof![
        9 => Just(KeyModifiers::NONE),
        1 => Just(KeyModifiers::CONTROL),
        1 => Just(KeyModifiers::ALT),
    ];
    (prop_oneof![4 => letter, 2 => named], modifiers).prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        30 => key().prop_map(Happens::Key),
        2 => (0..200_u16, 0..60_u16).prop_map(|(x, y)| Happens::Click(x, y)),
        2 => any::<bool>().prop_map(Happens::Wheel),
        1 => "[a-z\u{1b}\n#]{0,8}".prop_map(Happens::Paste),
        1 => (0..220_u16, 0..70_u16).prop_map(|(x, y)| Happens::Resized(x, y)),
        3 => (0..6_usize, 1..20_u32, 0..6_usize).prop_map(|(view, task, group)| Happens::Seen(view, task, group)),
        3 => (0..4_usize, 1..20_u32).prop_map(|(view, task)| Happens::Detailed(view, task)),
        3 => (0..400_u64).prop_map(Happens::Waits),
        1 => any::<bool>().prop_map(Happens::Gone),
    ]
}

fn view(which: usize) -> View {
    match which {
        0 => busy(),
        1 => first(),
        2 => stopping(),
        3 => parked(),
        4 => idle(),
        _ => views()[5].clone(),
    }
}

fn changed(which: usize, task: u32, group: usize) -> View {
    const GROUPS: [Group; 6] =
        [Group::NeedsYou, Group::Working, Group::Held, Group::Queued, Group::Done, Group::Failed];
    let mut view = view(which);
    for row in view.rows.iter_mut().filter(|row| row.id == TaskId(task)) {
        row.group = GROUPS[group];
        row.allowed = Allowed {
            land: group == 0,
            refuse: group == 0,
            undo: group == 4,
            retry: group == 5,
            fix: group == 2 || group == 3,
            kill: group < 4,
            message: group == 1,
            hold: (1..4).contains(&group),
            snooze: true,
            unsnooze: group == 2,
            approve: false,
        };
    }
    view
}

fn event(state: &State, what: &Happens) -> Option<Event> {
    let mouse = |kind, column, row| MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    Some(match what {
        Happens::Key(key) => Event::Key(*key),
        Happens::Click(x, y) => Event::Mouse(mouse(MouseEventKind::Down(MouseButton::Left), *x, *y)),
        Happens::Wheel(down) => {
            let kind = if *down { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp };
            Event::Mouse(mouse(kind, state.size.0 / 2, state.size.1 / 2))
        }
        Happens::Paste(text) => Event::Paste(text.clone()),
        Happens::Resized(x, y) => Event::Resized(*x, *y),
        Happens::Seen(which, task, group) => Event::Seen(Box::new(changed(*which, *task, *group))),
        Happens::Detailed(which, task) => {
            let view = view(*which);
            view.rows.iter().find(|row| row.id == TaskId(*task))?;
            Event::Detailed(Box::new(detail(&view, *task)))
        }
        Happens::Waits(_) => Event::Tick,
        Happens::Gone(with_reason) => {
            Event::Gone(if *with_reason { "it was killed".to_owned() } else { String::new() })
        }
    })
}

/// Whether a command takes something away, or says yes for somebody.
fn is_grave(intent: &Intent) -> bool {
    matches!(
        intent,
        Intent::Command(
            Command::Kill { .. }
                | Command::Undo { .. }
                | Command::Land { .. }
                | Command::Refuse { .. }
                | Command::Agree { .. }
                | Command::Snooze { .. }
        )
    )
}

/// Returns the answers that an event can mean to a question: by key, by number, by enter, by a click.
fn answers(ask: &Ask, what: &Happens) -> Vec<Vec<Intent>> {
    let all = ask.choices.iter().enumerate();
    let meant = all.filter(|(number, choice)| match what {
        Happens::Key(key) => match key.code {
            KeyCode::Enter => ask.marked == *number,
            KeyCode::Char(letter) => letter == choice.key || letter.to_digit(10) == u32::try_from(number + 1).ok(),
            _ => false,
        },
        Happens::Click(..) => true,
        _ => false,
    });
    meant.map(|(_, choice)| ask.follows(choice)).collect()
}

fn people() -> impl Strategy<Value = (State, Vec<Happens>)> {
    let size = (24..160_u16, 5..50_u16);
    (0..6_usize, size, any::<bool>(), prop::collection::vec(happens(), 0..60)).prop_map(
        |(which, size, toured, events)| {
            let mut state = State::new("justice-companion", size, NOW);
            state.tour = toured.then(|| Tour::begin(NOW));
            update(&mut state, NOW, Event::Seen(Box::new(view(which))));
            (state, events)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_only_a_yes_is_one((mut state, events) in people()) {
        let mut now = NOW;
        for what in &events {
            if let Happens::Waits(millis) = what {
                now = now.after(Duration::from_millis(*millis));
            }
            let Some(event) = event(&state, what) else { continue };
            let before = state.clone();
            let intents = update(&mut state, now, event);
            if intents.iter().any(is_grave) {
                let Some(Popup::Ask(ask)) = before.popups.last() else {
                    return Err(TestCaseError::fail(format!("{what:?} led to {intents:?} without a question")));
                };
                let given = answers(ask, what);
                prop_assert!(given.contains(&intents), "{:?} led to {:?}", what, intents);
                prop_assert!(now >= before.deaf_until, "{:?} was typed for something else", what);
            }
            if state.size.0 > 0 && state.size.1 > 0 {
                buffer(&state);
            }
            escape_closes_one_layer(&state)?;
            let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
            prop_assert_eq!(update(&mut state.clone(), now, Event::Key(interrupt)), [Intent::Interrupt]);
        }
    }

    #[test]
    fn the_first_screens_take_any_key(
        scene in 0..front::SCENES.len(),
        size in (24..160_u16, 5..50_u16),
        events in prop::collection::vec(happens(), 0..40),
    ) {
        let mut front = front::shown(size, (front::SCENES[scene].make)(size).front);
        let mut now = NOW;
        let mut drawn = String::new();
        for what in &events {
            if let Happens::Waits(millis) = what {
                now = now.after(Duration::from_millis(*millis));
                if millis % 9 == 0 && front.front != trust() {
                    front.show(trust(), now);
                    drawn.clear();
                }
            }
            if front.state.size.0 > 0 && front.state.size.1 > 0 {
                let picture = buffer_of(front.state.size, |frame| draw_front(&front, frame));
                drawn.extend((0..front.state.size.1).map(|row| text(&picture, row)));
            }
            let Some(event) = event(&front.state, what) else { continue };
            let answer = update_front(&mut front, now, &event);
            if matches!(answer, Some(FrontAnswer::Agree | FrontAnswer::ChecksOnly)) {
                prop_assert!(matches!(what, Happens::Key(_) | Happens::Click(..)), "{:?} is no yes", what);
                prop_assert!(now >= front.state.deaf_until);
                prop_assert_eq!(unseen(&front, &drawn), None, "{:?} agreed to what nobody saw", what);
            }
            let interrupt = Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
            prop_assert_eq!(update_front(&mut front.clone(), now, &interrupt), Some(FrontAnswer::Interrupt));
        }
    }
}

/// Returns a word of what would run that was not among what was drawn.
fn unseen(front: &FrontState, drawn: &str) -> Option<String> {
    let Front::Trust { running, .. } = &front.front else { return None };
    // On a narrower screen, and where they are long, words are cut in two.
    let is_whole = |word: &&str| front.state.size.0 >= 44 && word.len() <= 16;
    let words = running.iter().flat_map(|line| line.split(' ')).filter(is_whole);
    words.into_iter().find(|word| !drawn.contains(*word)).map(str::to_owned)
}

/// Counts what escape can close.
fn layers(state: &State) -> usize {
    let filter = usize::from(state.filter != orchestrator_tui::ui::state::Filter::default());
    let search = usize::from(state.search != orchestrator_tui::ui::state::Filter::default());
    let focus = usize::from(state.focus == orchestrator_tui::ui::state::Focus::Task);
    let tour = usize::from(state.tour.is_some());
    let pending = usize::from(!state.pending.is_empty());
    state.popups.len() + usize::from(state.page.is_some()) + filter + search + focus + tour + pending
}

fn escape_closes_one_layer(state: &State) -> Result<(), TestCaseError> {
    let mut after = state.clone();
    let now = Wall(state.now.0.max(state.deaf_until.0));
    let escape = Event::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
    let intents = update(&mut after, now, escape);
    prop_assert!(intents.iter().all(|intent| matches!(intent, Intent::Fetch(_))), "escape led to {:?}", intents);
    if !state.popups.is_empty() {
        prop_assert_eq!(after.popups.len(), state.popups.len() - 1);
    }
    prop_assert!(layers(state) - layers(&after) <= 1, "escape closed more than one layer");
    Ok(())
}

/// Returns the yes to the result of a task that its question shows.
pub(crate) fn yes_to(task: u32, agree: Option<LandMode>) -> Vec<Intent> {
    vec![Intent::Command(Command::Land { task: TaskId(task), result: result_of(task), agree })]
}

/// Returns the no to it.
pub(crate) fn no_to(task: u32) -> Vec<Intent> {
    vec![Intent::Command(Command::Refuse { task: TaskId(task), result: result_of(task) })]
}

fn result_of(task: u32) -> Option<TreeId> {
    detail(&busy(), task).task.result.map(|result| result.receipt.tree_after)
}
