//! The way in: asks what must be asked before a supervisor runs, and starts it.

use std::io;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use super::look::{self, Looked};
use super::open::Wish;
use super::window::Window;
use crate::app::background::{self, Attached};
use crate::app::failure::Failure;
use crate::app::setup::Site;
use crate::app::{clock, init, signals};
use crate::config::FILE_NAME;
use crate::edge::control::{Client, NotRunning};
use crate::edge::tty::Pressed;
use crate::edge::watch::Named;
use crate::ui::draw;
use crate::ui::event::Event;
use crate::ui::front::{Front, FrontAnswer, FrontState, draw_front_into, update_front};
use crate::ui::state::State;

/// How a person came in.
#[derive(Debug)]
pub(super) enum Entered {
    /// To a supervisor that was there already.
    Attached(Client),
    /// To one of our own.
    Started(Client),
    /// Not at all.
    Left,
}

/// The way in.
pub(super) struct Door<'a> {
    pub(super) site: &'a Site,
    pub(super) wish: Wish,
    pub(super) window: &'a mut Window,
    pub(super) state: &'a mut State,
    /// Why it could not go on, to be said before it is tried again.
    pub(super) failed: Option<Front>,
}

impl Door<'_> {
    /// Goes in: starts a supervisor as soon as nothing is left to ask.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) async fn enter(mut self) -> io::Result<Entered> {
        loop {
            let state = &*self.state;
            self.window.show(|area, buffer| draw::paint(state, area, buffer))?;
            let looked = match self.failed.take() {
                Some(front) => Ok(Looked::Say(front)),
                None => self.look().await,
            };
            let front = match looked {
                Ok(Looked::Ready) => match self.start().await {
                    Ok(entered) => return Ok(entered),
                    Err(failure) => {
                        self.failed = Some(look::failed(&failure));
                        continue;
                    }
                },
                Ok(Looked::Say(front)) => front,
                Err(failure) => look::failed(&failure),
            };
            let place = place(&front);
            match self.ask(front).await? {
                FrontAnswer::Agree => self.agree(),
                FrontAnswer::ChecksOnly => {
                    self.wish.overrides.fix = Some(false);
                    self.agree();
                }
                FrontAnswer::Init => {
                    if let Err(failure) = init::run(self.site, false) {
                        self.failed = Some(look::failed(&failure));
                    }
                }
                FrontAnswer::Edit => self.edit(place)?,
                FrontAnswer::Attach => match Client::connect(&self.site.layout.control_socket()).await {
                    Ok(client) => return Ok(Entered::Attached(client)),
                    // It has ended meanwhile: look again.
                    Err(NotRunning::NoSocket { .. } | NotRunning::Stale { .. }) => {}
                    Err(error) => self.failed = Some(look::failed(&Failure::supervisor(error))),
                },
                FrontAnswer::Quit | FrontAnswer::Interrupt => return Ok(Entered::Left),
                FrontAnswer::Retry | FrontAnswer::Redraw | FrontAnswer::Suspend => {}
            }
        }
    }

    /// Looks at the project, beside the loop: it reads files, and asks whoever holds the project.
    async fn look(&self) -> Result<Looked, Failure> {
        let (site, wish) = (self.site.clone(), self.wish.clone());
        let looked = tokio::task::spawn_blocking(move || look::look(&site, &wish)).await;
        looked.unwrap_or_else(|error| Err(Failure::usage(format!("looking at the project broke: {error}"))))
    }

    fn agree(&mut self) {
        let agreed = self.site.load(self.wish.overrides.clone()).and_then(|loaded| self.site.trust(&loaded, true));
        if let Err(failure) = agreed {
            self.failed = Some(look::failed(&failure));
        }
    }

    fn edit(&mut self, place: (PathBuf, Option<u32>)) -> io::Result<()> {
        let (file, line) = place;
        let file = self.site.project.join(file);
        if let Err(why) = self.window.edit(self.site, &file, line)? {
            self.failed = Some(look::failed(&Failure::usage(why)));
        }
        Ok(())
    }

    async fn start(&self) -> Result<Entered, Failure> {
        let program = std::env::current_exe()
            .map_err(|error| Failure::usage(format!("our own program cannot be found: {error}")))?;
        let Attached { client, remarks } = background::attach(&program, self.site, &self.wish.overrides).await?;
        let Some(remarks) = remarks else { return Ok(Entered::Attached(client)) };
        if !remarks.is_empty() {
            tracing::warn!(remarks, "the supervisor has started");
        }
        Ok(Entered::Started(client))
    }

    /// Shows a screen until it is answered; a configuration that is wrong is read again whenever its files change.
    async fn ask(&mut self, front: Front) -> io::Result<FrontAnswer> {
        let mut signals = signals::listen_on_terminal()?;
        let (notice, mut changes) = mpsc::channel(1);
        let _watch = matches!(front, Front::BadConfig { .. } | Front::NoChecks { .. }).then(|| {
            let files = self.site.config_files();
            Named::watch(&files, move || {
                // One notice that is not yet read is enough.
                let _ = notice.try_send(());
            })
        });
        let mut shown = FrontState::new(self.state.clone(), front);
        let answer = loop {
            self.window.show(|area, buffer| draw_front_into(&shown, area, buffer))?;
            let wait = shown.next_tick().map(|at| at.since(clock::wall()));
            let event = tokio::select! {
                biased;
                Some(signal) = signals.recv() => match signal {
                    "SIGTSTP" => {
                        self.window.suspend()?;
                        continue;
                    }
                    "SIGCONT" => {
                        self.window.resume()?;
                        continue;
                    }
                    _ => break FrontAnswer::Interrupt,
                },
                pressed = self.window.pressed() => match pressed {
                    Pressed::Key(key) => Event::Key(key),
                    Pressed::Mouse(mouse) => Event::Mouse(mouse),
                    Pressed::Paste(text) => Event::Paste(text),
                    Pressed::Resized(columns, rows) => Event::Resized(columns, rows),
                    Pressed::Nothing => continue,
                    Pressed::Gone => break FrontAnswer::Interrupt,
                },
                Some(()) = changes.recv() => match self.look().await {
                    Ok(Looked::Say(front)) => {
                        shown.show(front, clock::wall());
                        continue;
                    }
                    Ok(Looked::Ready) | Err(_) => break FrontAnswer::Retry,
                },
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => Event::Tick,
            };
            match update_front(&mut shown, clock::wall(), &event) {
                Some(FrontAnswer::Redraw) => self.window.forget()?,
                Some(FrontAnswer::Suspend) => self.window.suspend()?,
                Some(answer) => break answer,
                None => {}
            }
        };
        self.state.size = shown.state.size;
        Ok(answer)
    }
}

/// Returns the file that a screen is about, and its line.
fn place(front: &Front) -> (PathBuf, Option<u32>) {
    if let Front::BadConfig { problems } = front
        && let Some(problem) = problems.iter().find(|problem| problem.at.is_some())
    {
        let line = problem.at.and_then(|(line, _)| u32::try_from(line).ok());
        return (PathBuf::from(&problem.file), line);
    }
    (Path::new(FILE_NAME).to_owned(), None)
}
