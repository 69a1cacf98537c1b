//! Shows a screen of `tests/screens` in colour: `cargo run --example screen -- NAME [WIDTHxHEIGHT [THEME]]`; without a
//! name it lists them. It waits for enter.

#![expect(clippy::expect_used, reason = "a test may stop here")]

use std::io::{self, Read as _, Write as _};

use orchestrator_tui::config::{Diagnostic, Inputs, load};
use orchestrator_tui::ui::draw::draw;
use orchestrator_tui::ui::front::draw_front;
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::theme::Theme;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

#[path = "../tests/screens/mod.rs"]
mod screens;

use screens::{events, front, money, panes, popups, questions, stats, tour, work};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let scenes = || {
        let first = panes::SCENES.iter().chain(popups::SCENES).chain(questions::SCENES).chain(tour::SCENES);
        first.chain(money::SCENES).chain(stats::SCENES).chain(work::SCENES).chain(events::SCENES)
    };
    let name = arguments.first().map_or("", String::as_str);
    let size = arguments.get(1).and_then(|size| size.split_once('x'));
    let size = size.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?))).unwrap_or((120, 36));
    let theme = theme(arguments.get(2).map_or("default", String::as_str))?;
    let draw: Box<dyn Fn(&mut Frame)> = if let Some(scene) = scenes().find(|scene| scene.name == name) {
        let state = State { theme, ..(scene.make)(size) };
        Box::new(move |frame| draw(&state, frame))
    } else if let Some(scene) = front::SCENES.iter().find(|scene| scene.name == name) {
        let mut state = (scene.make)(size);
        state.state.theme = theme;
        Box::new(move |frame| draw_front(&state, frame))
    } else {
        for name in scenes().map(|scene| scene.name).chain(front::SCENES.iter().map(|scene| scene.name)) {
            writeln!(io::stdout(), "{name}")?;
        }
        return Ok(());
    };
    let viewport = Viewport::Fixed(Rect { x: 0, y: 0, width: size.0, height: size.1 });
    let mut terminal = Terminal::with_options(CrosstermBackend::new(io::stdout()), TerminalOptions { viewport })?;
    terminal.clear()?;
    terminal.draw(|frame| draw(frame))?;
    io::stdout().flush()?;
    let _ = io::stdin().read(&mut [0])?;
    Ok(())
}

/// Reads a theme as a person's file names it.
fn theme(name: &str) -> io::Result<Theme> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("orchestrator.toml");
    std::fs::write(&file, format!("[ui]\ntheme = {name:?}\n"))?;
    let environment = [("COLORTERM".to_owned(), "truecolor".to_owned())].into();
    let inputs = Inputs { project: folder.path().to_owned(), user_file: Some(file), environment, ..Inputs::default() };
    let wrong = |errors: Vec<Diagnostic>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    load(&inputs).map(|loaded| loaded.ui.theme).map_err(|errors| io::Error::other(wrong(errors)))
}
