//! Whole screens, text and looks: every pane, popup and state at the sizes people have, compared with
//! `tests/screens/expected`. `UPDATE_EXPECTED=1 cargo test --test screens` writes what is drawn now; look at the difference.
//! `cargo run --example screen -- busy 120x36` shows one in colour.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may stop here")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use orchestrator_tui::ui::front::draw_front;
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::theme::Theme;
use ratatui::buffer::Buffer;
use screens::scene::Scene;
use screens::{events, front, money, panes, popups, questions, stats, tour, work};

#[path = "screens/agreements.rs"]
mod agreements;
#[path = "screens/answers.rs"]
mod answers;
#[path = "screens/brought.rs"]
mod brought;
#[path = "screens/followed.rs"]
mod followed;
#[path = "screens/hands.rs"]
mod hands;
#[path = "screens/readme.rs"]
mod readme;
#[path = "screens/replies.rs"]
mod replies;
#[path = "screens/said.rs"]
mod said;
#[path = "screens/mod.rs"]
mod screens;
#[path = "screens/show.rs"]
mod show;
#[path = "screens/whole.rs"]
mod whole;
#[path = "screens/yes.rs"]
mod yes;

/// What people have, and two that only must not break.
const SIZES: [(u16, u16); 5] = [(80, 24), (120, 36), (200, 60), (40, 12), (24, 5)];

fn expected(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/screens/expected").join(format!("{name}.txt"))
}

/// Writes a scene at all sizes.
fn written(draw: impl Fn((u16, u16)) -> Buffer) -> String {
    let mut out = String::new();
    for size in SIZES {
        let _ = writeln!(out, "== {}x{}", size.0, size.1);
        out.push_str(&show::written(&draw(size)));
    }
    out
}

/// A scene that is about a theme shows its colours; all others say roles, whatever they look like.
fn coloured(state: State) -> State {
    if state.theme == Theme::default() { show::with_roles(state) } else { state }
}

fn drawn(scene: &Scene) -> (&'static str, String) {
    (scene.name, written(|size| show::buffer(&coloured((scene.make)(size)))))
}

fn drawn_front(scene: &front::Scene) -> (&'static str, String) {
    let buffer = |size| {
        let mut front = (scene.make)(size);
        front.state = coloured(front.state);
        show::buffer_of(size, |frame| draw_front(&front, frame))
    };
    (scene.name, written(buffer))
}

#[expect(clippy::disallowed_methods, reason = "a switch of the person at the keyboard")]
fn is_update() -> bool {
    std::env::var_os("UPDATE_EXPECTED").is_some()
}

/// Compares each scene with its file, and says the first row that differs.
fn compare(scenes: impl Iterator<Item = (&'static str, String)>) {
    let mut faults = Vec::new();
    for (name, now) in scenes {
        let path = expected(name);
        if is_update() {
            fs::write(&path, now).expect("written");
            continue;
        }
        let then = fs::read_to_string(&path).unwrap_or_default();
        if then != now {
            let row = then.lines().zip(now.lines()).position(|(then, now)| then != now);
            let row = row.unwrap_or(then.lines().count().min(now.lines().count()));
            let line = |text: &str| text.lines().nth(row).unwrap_or("nothing").to_owned();
            faults.push(format!(
                "{}:{}\n  expected {}\n  drawn    {}",
                path.display(),
                row + 1,
                line(&then),
                line(&now)
            ));
        }
    }
    assert!(faults.is_empty(), "\n{}\n\nUPDATE_EXPECTED=1 writes what is drawn now", faults.join("\n"));
}

#[test]
fn panes_look_as_expected() {
    compare(panes::SCENES.iter().map(drawn));
}

#[test]
fn money_looks_as_expected() {
    compare(money::SCENES.iter().map(drawn));
}

#[test]
fn numbers_look_as_expected() {
    compare(stats::SCENES.iter().map(drawn));
}

#[test]
fn assignments_look_as_expected() {
    compare(work::SCENES.iter().map(drawn));
}

#[test]
fn events_reports_and_plans_look_as_expected() {
    compare(events::SCENES.iter().map(drawn));
}

#[test]
fn popups_look_as_expected() {
    compare(popups::SCENES.iter().map(drawn));
}

#[test]
fn questions_of_agents_look_as_expected() {
    compare(questions::SCENES.iter().map(drawn));
}

#[test]
fn the_tour_looks_as_expected() {
    compare(tour::SCENES.iter().map(drawn));
}

#[test]
fn the_first_screens_look_as_expected() {
    compare(front::SCENES.iter().map(drawn_front));
}

#[test]
fn every_expected_screen_belongs_to_a_scene() {
    if is_update() {
        return;
    }
    let all =
        panes::SCENES.iter().chain(popups::SCENES).chain(questions::SCENES).chain(tour::SCENES).chain(money::SCENES);
    let all = all.chain(stats::SCENES).chain(work::SCENES).chain(events::SCENES).map(|scene| scene.name);
    let mut known: Vec<&str> = all.chain(front::SCENES.iter().map(|scene| scene.name)).collect();
    known.sort_unstable();
    let mut files: Vec<String> = fs::read_dir(expected("x").parent().expect("a folder"))
        .expect("the folder of expected screens")
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    files.sort();
    assert_eq!(files, known);
}
