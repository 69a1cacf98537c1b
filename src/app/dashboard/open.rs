//! Opens the screen of a project: the supervisor in the background, the terminal, and the way out.

use super::door::{Door, Entered};
use super::link::Link;
use super::live::{End, Live};
use super::look;
use super::window::Window;
use super::wish::Wish;
use crate::app::clock;
use crate::app::failure::Failure;
use crate::app::process::{closing, logging, panic};
use crate::app::project::setup::Site;
use crate::app::verbs::offline;
use crate::app::words::say::say;
use crate::app::words::secrecy::Secrecy;
use crate::config::UiSettings;
use crate::edge::tty;
use crate::ui::state::State;
use crate::ui::tour::Tour;

/// Opens the screen and returns when the person has left it.
///
/// # Errors
/// If there is no terminal, or the supervisor does not start.
pub fn open(site: &Site, wish: &Wish) -> Result<u8, Failure> {
    if !tty::is_terminal() {
        return Err(Failure::usage(
            "the screen needs a terminal\nhint: `orchestrator-tui run --headless` prints lines instead",
        ));
    }
    panic::install();
    // The log is a help; a state folder that cannot be written is said by what needs it.
    if site.layout.create().is_ok() {
        let _ = logging::install(&site.layout.log(), "info", Secrecy::of(site));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("no threads can be started: {error}")))?;
    let end = runtime.block_on(show(site, wish));
    // Requests that nobody waits for any more do not hold up the end.
    runtime.shutdown_background();
    if let Some(end) = end? {
        say_goodbye(site, end);
    }
    Ok(0)
}

/// Shows the screen; returns how it ended, if there was anything to see.
async fn show(site: &Site, wish: &Wish) -> Result<Option<End>, Failure> {
    let gone = |error: std::io::Error| Failure::usage(format!("the terminal cannot be used: {error}"));
    let mut state = State::new(&look::name(site), tty::size().map_err(gone)?, clock::wall());
    dress(site, wish, &mut state);
    let mut window = Window::open(state.mouse).map_err(gone)?;
    state.offset = clock::offset(state.now);
    state.label.clone_from(&wish.label);
    state.tour = wish.tour.then(|| Tour::begin(state.now));
    let door = Door { site, wish: wish.clone(), window: &mut window, state: &mut state, failed: None };
    let (client, attached) = match door.enter().await.map_err(gone)? {
        Entered::Left => return Ok(None),
        Entered::Attached(client) => (client, true),
        Entered::Started(client) => (client, false),
    };
    state.attached = attached;
    // What was wrong with the configuration at the start is mended by now.
    dress(site, wish, &mut state);
    let link = Link::open(client, attached, &site.project);
    let end = Live::new(site, &mut window, state, link).run().await;
    drop(window);
    end.map(Some).map_err(gone)
}

/// Lets the screen look and listen as the person's own settings say; with a mistake in them, as usual.
fn dress(site: &Site, wish: &Wish, state: &mut State) {
    if let Ok(loaded) = site.read(wish.overrides.clone()) {
        let UiSettings { theme, keymap, glyphs, mouse } = loaded.ui;
        state.theme = theme;
        state.keymap = keymap;
        state.glyphs = glyphs;
        state.mouse = mouse;
    } else if site.environment.get("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        state.theme = state.theme.without_colour();
    }
}

fn say_goodbye(site: &Site, end: End) {
    match end {
        End::Left => {
            say("the supervisor goes on; `orchestrator-tui` comes back to it, `orchestrator-tui stop` ends it");
        }
        End::Ended => match offline::book(site) {
            Ok(book) => say(&closing::statistics(&book, clock::wall())),
            Err(_) => say("stopped"),
        },
    }
}
