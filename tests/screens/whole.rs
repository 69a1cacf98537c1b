//! Whatever a supervisor shows and whatever a person does: the screen neither panics nor writes outside of itself, the
//! selection is a task that is shown, and no control character reaches the terminal.

use orchestrator_tui::core::effect::Recorded;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::view::{Allowed, CheckRow, Group, Row, View};
use orchestrator_tui::model::agent::LogLine;
use orchestrator_tui::model::attempt::Stage;
use orchestrator_tui::model::check::Verdict;
use orchestrator_tui::model::id::{Seq, TaskId};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::task::TaskState;
use orchestrator_tui::model::time::Wall;
use orchestrator_tui::ui::body::Body;
use orchestrator_tui::ui::draw::paint;
use orchestrator_tui::ui::event::{Event, Intent};
use orchestrator_tui::ui::glyph::{ASCII, UNICODE};
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::update::update;
use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::screens::fixture::{NOW, cents, detail, head, key, task};
use super::screens::past::story;

/// Something that reaches the screen, or a change of what lies behind it.
#[derive(Clone, Debug)]
enum Step {
    Key(KeyCode, KeyModifiers),
    Mouse(MouseEventKind, u16, u16),
    Paste(String),
    Resize(u16, u16),
    View(Box<View>),
    Log(Vec<(String, String)>),
    Stage,
    Answer(bool, String),
    Wait(u64),
    Gone(String),
}

/// Text as it comes from anywhere: wide, joined, turned around, very long, full of control characters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9 ._/-]{0,30}",
        1 => "[日本語한국ünï👩\u{200d}💻☂\u{fe0f}e\u{301}\u{202e}\u{200b}\u{ad}]{0,30}",
        1 => "[\u{0}-\u{1f}\u{7f}-\u{9f}ab]{0,20}",
        1 => "(word |日本|x){100,400}",
        1 => Just("\u{1b}[31mred\u{1b}]0;title\u{7}\ttab\r\nline".to_owned()),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    let group = prop::sample::select(vec![
        Group::NeedsYou,
        Group::Working,
        Group::Held,
        Group::Queued,
        Group::Done,
        Group::Failed,
    ]);
    let times = (any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<u64>>());
    ((0_u32..60, group, text()), (text(), any::<bool>(), text()), times, (0_u64..100_000, any::<bool>(), any::<u8>()))
        .prop_map(|((id, group, why), (check, has_file, file), (since, until, took), (spent, unpriced, allowed))| {
            let file = has_file.then(|| ProjectPath::from_bytes(file.replace('\0', "").as_bytes())).flatten();
            let mut key = key("x", None);
            key.check.0 = check;
            key.file = file;
            let mut spent = cents(spent);
            spent.unpriced = unpriced;
            let wall = |seconds: u32| Wall(NOW.0 - 2_000_000_000 + u64::from(seconds));
            let bit = |number: u8| allowed & (1 << number) != 0;
            Row {
                work: None,
                id: TaskId(id),
                title: key.to_string(),
                check: Some(key),
                group,
                why,
                until: until.map(wall),
                since: since.map(wall),
                took,
                stage: None,
                session: None,
                attempts: (u32::from(allowed), 5),
                spent,
                quiet: None,
                typical: None,
                allowed: Allowed {
                    fix: bit(0),
                    retry: bit(1),
                    kill: bit(2),
                    undo: bit(3),
                    land: bit(4),
                    refuse: bit(5),
                    message: bit(3),
                    hold: bit(6),
                    snooze: bit(7),
                    unsnooze: bit(0),
                    approve: bit(2),
                },
            }
        })
}

fn view() -> impl Strategy<Value = View> {
    let check = (text(), any::<bool>(), any::<u32>()).prop_map(|(name, is_red, took)| {
        let mut key = key("x", None);
        key.check.0 = name;
        let verdict = Some(if is_red { Verdict::Red } else { Verdict::Green });
        let since = Some(NOW);
        CheckRow {
            key,
            verdict,
            since,
            took: u64::from(took),
            failures: 3,
            running: None,
            wanted: is_red,
            session: None,
        }
    });
    let parts = (prop::collection::vec(row(), 0..50), prop::collection::vec(check, 0..5), text(), any::<bool>());
    parts.prop_map(|(mut rows, checks, branch, paused)| {
        rows.sort_by_key(|row| (row.group, row.id));
        let mut known = std::collections::BTreeSet::new();
        rows.retain(|row| known.insert(row.id));
        let mut head = head();
        head.branch = Some(branch);
        head.paused = paused;
        View { head, checks, rows, ..View::default() }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let code = prop_oneof![
        12 => prop::sample::select("jkgG/nN1234[]dzyeahmxLDusfrRpPc?:Mo!q ".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        1 => any::<char>().prop_map(KeyCode::Char),
        6 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::Up, KeyCode::Down, KeyCode::Home, KeyCode::End,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::Backspace, KeyCode::Left,
        ]),
    ];
    let modifiers =
        prop_oneof![8 => Just(KeyModifiers::NONE), 1 => Just(KeyModifiers::CONTROL), 1 => Just(KeyModifiers::ALT)];
    let mouse = prop::sample::select(vec![
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Right),
        MouseEventKind::ScrollDown,
        MouseEventKind::ScrollUp,
        MouseEventKind::Moved,
    ]);
    prop_oneof![
        12 => (code, modifiers).prop_map(|(code, modifiers)| Step::Key(code, modifiers)),
        6 => (mouse, 0_u16..310, 0_u16..110).prop_map(|(kind, x, y)| Step::Mouse(kind, x, y)),
        1 => text().prop_map(Step::Paste),
        3 => prop_oneof![
            (0_u16..300, 0_u16..100),
            (0_u16..60, 0_u16..12),
            (60_u16..160, 5_u16..30),
            Just((120, 36)),
            Just((200, 60)),
        ].prop_map(|(width, height)| Step::Resize(width, height)),
        2 => view().prop_map(|view| Step::View(Box::new(view))),
        2 => prop::collection::vec((text(), text()), 0..6).prop_map(Step::Log),
        1 => Just(Step::Stage),
        1 => (any::<bool>(), text()).prop_map(|(ok, text)| Step::Answer(ok, text)),
        1 => (0_u64..20_000).prop_map(Step::Wait),
        1 => text().prop_map(Step::Gone),
    ]
}

/// Somebody who does all this, and a supervisor that answers.
struct World {
    state: State,
    now: Wall,
    seq: u64,
}

impl World {
    fn takes(&mut self, step: Step) {
        let event = match step {
            Step::Key(code, modifiers) => Event::Key(KeyEvent::new(code, modifiers)),
            Step::Mouse(kind, column, row) => {
                Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
            }
            Step::Paste(text) => Event::Paste(text),
            Step::Resize(width, height) => Event::Resized(width, height),
            Step::View(view) => Event::Seen(view),
            Step::Log(lines) => {
                let Some(task) = self.state.selected else { return };
                self.seq += 1;
                let lines = lines.into_iter().map(|(label, text)| LogLine { label, text }).collect();
                let fact = Fact::Logged { task, lines };
                Event::Happened(Box::new(Recorded { seq: Seq(self.seq), at: self.now, fact }))
            }
            Step::Stage => {
                let Some(task) = self.state.selected else { return };
                self.seq += 1;
                let fact = Fact::Staged { task, stage: Stage::Verify, brings: false };
                Event::Happened(Box::new(Recorded { seq: Seq(self.seq), at: self.now, fact }))
            }
            Step::Answer(ok, text) => Event::Answered(if ok { Ok(text) } else { Err(text) }),
            Step::Wait(millis) => {
                self.now = Wall(self.now.0 + millis);
                Event::Tick
            }
            Step::Gone(why) => Event::Gone(why),
        };
        for intent in update(&mut self.state, self.now, event) {
            let Intent::Fetch(task) = intent else { continue };
            if !self.state.view.rows.iter().any(|row| row.id == task) {
                continue;
            }
            let view = self.state.view.clone();
            update(&mut self.state, self.now, Event::Detailed(Box::new(detail(&view, task.0))));
            let facts = story(&view, task.0);
            self.seq = self.seq.max(2000);
            update(&mut self.state, self.now, Event::Told { task, facts, cut: false });
        }
    }

    /// Draws, and looks whether all is well.
    fn holds(&self) -> Result<(), TestCaseError> {
        let (width, height) = self.state.size;
        let screen = Rect { x: 0, y: 0, width, height };
        let mut untouched = Cell::default();
        untouched.set_symbol("~");
        let whole = Rect { width: width + 3, height: height + 3, ..screen };
        let mut buffer = Buffer::filled(whole, untouched.clone());
        for at in screen.positions() {
            buffer[at].reset();
        }
        paint(&self.state, screen, &mut buffer);
        for at in whole.positions() {
            if screen.contains(at) {
                prop_assert!(!buffer[at].symbol().contains(char::is_control), "{:?}", buffer[at]);
            } else {
                prop_assert_eq!(&buffer[at], &untouched, "written outside at {:?} of {:?}", at, screen);
            }
        }
        let laid = Body::of(&self.state);
        prop_assert!(self.state.body.fits(&self.state));
        prop_assert_eq!(&self.state.body.rows, &laid.rows, "what was laid out step by step is another text");
        prop_assert_eq!(&self.state.body.spots, &laid.spots);
        let shown: Vec<TaskId> = self.state.rows().map(|row| row.id).collect();
        match self.state.selected {
            Some(task) => prop_assert!(shown.contains(&task), "{} is selected and not shown", task),
            None => prop_assert!(shown.is_empty(), "nothing is selected of {}", shown.len()),
        }
        // A terminal that became smaller a moment ago is drawn before that is heard.
        let smaller = Rect { width: width.saturating_sub(7), height: height.saturating_sub(5), ..screen };
        paint(&self.state, smaller, &mut Buffer::empty(smaller));
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_screen_stays_whole(
        first in view(),
        steps in prop::collection::vec(step(), 1..40),
        size in (0_u16..160, 0_u16..40),
        is_ascii in any::<bool>(),
    ) {
        let mut state = State::new("project", size, NOW);
        state.glyphs = if is_ascii { ASCII } else { UNICODE };
        let mut world = World { state, now: NOW, seq: 1000 };
        world.takes(Step::View(Box::new(first)));
        world.holds()?;
        for step in steps {
            world.takes(step);
            world.holds()?;
        }
    }
}

#[test]
fn every_sign_of_a_state_has_a_word() {
    let screen = super::screens::scene::Person::before(super::screens::fixture::busy(), Some(15), (120, 94)).types("?");
    let buffer = super::show::buffer(&screen.state);
    let rows: Vec<String> = (0..94).map(|y| super::show::text(&buffer, y)).collect();
    for sign in [UNICODE.needs, UNICODE.busy, UNICODE.held, UNICODE.queued, UNICODE.good, UNICODE.bad, UNICODE.quiet] {
        let said = rows.iter().any(|row| {
            let mut words = row.trim_matches(['│', ' ']).split_whitespace();
            words.next() == Some(sign) && words.next().is_some()
        });
        assert!(said, "{sign} is not explained in the help:\n{}", rows.join("\n"));
    }
    // In the list, the heading of its group is the word, or the reason says it.
    let task = task(1, "unit", None, TaskState::Running);
    assert_eq!(task.state.reason(NOW), "running");
}
