//! The way in: asks what must be asked before a supervisor runs, and starts it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::look::{self, Looked};
use super::window::{Heard, Window};
use super::wish::Wish;
use crate::app::clock::{self, Clock};
use crate::app::failure::Failure;
use crate::app::process::background::{self, Attached, Doing};
use crate::app::project::setup::Site;
use crate::app::verbs::init;
use crate::config::FILE_NAME;
use crate::edge::control::{Client, NotRunning};
use crate::edge::watch::Named;
use crate::model::time::Moment;
use crate::ui::draw;
use crate::ui::event::Event;
use crate::ui::front::{Front, FrontAnswer, FrontState, draw_front_into, update_front};
use crate::ui::state::State;

/// How long something may take before it is said what it is.
const PATIENCE: Duration = Duration::from_secs(1);

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
            let looked = match self.failed.take() {
                Some(front) => Ok(Looked::Say(front)),
                None => match self.wait(self.look(), watch::channel(Doing::default()).1).await? {
                    Some(looked) => looked,
                    None => return Ok(Entered::Left),
                },
            };
            let front = match looked {
                Ok(Looked::Ready) => {
                    let (tell, doing) = watch::channel(Doing::default());
                    match self.wait(self.start(tell), doing).await? {
                        Some(Ok(entered)) => return Ok(entered),
                        Some(Err(failure)) => {
                            self.failed = Some(look::failed(&failure));
                            continue;
                        }
                        None => return Ok(Entered::Left),
                    }
                }
                Ok(Looked::Say(front)) => front,
                Err(failure) => look::failed(&failure),
            };
            // What was shown last counts: it may have changed while it was looked at.
            let (answer, front) = self.ask(front).await?;
            let place = place(&front);
            let shown = if let Front::Trust { running, .. } = front { running } else { Vec::new() };
            match answer {
                FrontAnswer::Agree => self.agree(&shown),
                FrontAnswer::ChecksOnly => {
                    self.wish.overrides.fix = Some(false);
                    self.agree(&shown);
                }
                FrontAnswer::Init => {
                    if let Err(failure) = init::run(self.site, false) {
                        self.failed = Some(look::failed(&failure));
                    }
                }
                FrontAnswer::Edit => {
                    if self.edit(place).await? {
                        return Ok(Entered::Left);
                    }
                }
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
    fn look(&self) -> impl Future<Output = Result<Looked, Failure>> + use<> {
        let (site, wish) = (self.site.clone(), self.wish.clone());
        async move {
            let looked = tokio::task::spawn_blocking(move || look::look(&site, &wish)).await;
            looked.unwrap_or_else(|error| Err(Failure::usage(format!("looking at the project broke: {error}"))))
        }
    }

    /// Waits for something, and says what it is if it takes long. Nothing: the person has left, or was told to.
    async fn wait<T>(
        &mut self,
        work: impl Future<Output = T>,
        mut doing: watch::Receiver<Doing>,
    ) -> io::Result<Option<T>> {
        let clock = Clock::start();
        let mut shown = FrontState::new(self.state.clone(), starting(&doing.borrow()));
        let mut work = std::pin::pin!(work);
        let answer = loop {
            shown.state.sees(clock::wall());
            let early = PATIENCE.saturating_sub(clock.now().moment.since(Moment::default()));
            let state = &shown.state;
            if early.is_zero() {
                self.window.show(|area, buffer| draw_front_into(&shown, area, buffer))?;
            } else {
                self.window.show(|area, buffer| draw::paint(state, area, buffer))?;
            }
            let tick = shown.next_tick().map(|at| at.since(shown.state.now)).unwrap_or_default();
            let event = tokio::select! {
                biased;
                heard = self.window.heard() => match heard? {
                    Heard::Event(event) => event,
                    Heard::Stop(_) => break None,
                    Heard::Back => continue,
                },
                done = &mut work => break Some(done),
                Ok(()) = doing.changed() => {
                    shown.show(starting(&doing.borrow_and_update()), clock::wall());
                    continue;
                }
                () = tokio::time::sleep(if early.is_zero() { tick } else { early }) => Event::Tick,
            };
            match update_front(&mut shown, clock::wall(), &event) {
                Some(FrontAnswer::Redraw) => self.window.forget()?,
                Some(FrontAnswer::Suspend) => self.window.suspend()?,
                Some(FrontAnswer::Quit | FrontAnswer::Interrupt) => break None,
                // Nothing else is offered here.
                Some(_) | None => {}
            }
        };
        self.state.size = shown.state.size;
        Ok(answer)
    }

    /// Records the yes to what was shown. Another content that came meanwhile is not agreed to; it is shown next.
    fn agree(&mut self, shown: &[String]) {
        let agreed = self.site.load(self.wish.overrides.clone()).and_then(|loaded| {
            if loaded.running.describe() == shown { self.site.trust(&loaded, true) } else { Ok(()) }
        });
        if let Err(failure) = agreed {
            self.failed = Some(look::failed(&failure));
        }
    }

    /// Opens a file in the editor, and waits for its end; says whether we were told to end as well.
    async fn edit(&mut self, place: (PathBuf, Option<u32>)) -> io::Result<bool> {
        let (file, line) = place;
        let file = self.site.project.join(file);
        if let Err(why) = self.window.edit(self.site, &file, line)? {
            self.failed = Some(look::failed(&Failure::usage(why)));
        }
        let mut is_over = false;
        while self.window.is_lent() {
            is_over |= matches!(self.window.heard().await?, Heard::Stop(_));
        }
        Ok(is_over)
    }

    fn start(&self, tell: watch::Sender<Doing>) -> impl Future<Output = Result<Entered, Failure>> + use<> {
        let (site, overrides) = (self.site.clone(), self.wish.overrides.clone());
        async move {
            let program = std::env::current_exe()
                .map_err(|error| Failure::usage(format!("our own program cannot be found: {error}")))?;
            let Attached { client, remarks } = background::attach(&program, &site, &overrides, &tell).await?;
            let Some(remarks) = remarks else { return Ok(Entered::Attached(client)) };
            if !remarks.is_empty() {
                tracing::warn!(remarks, "the supervisor has started");
            }
            Ok(Entered::Started(client))
        }
    }

    /// Shows a screen until it is answered; a configuration that is wrong is read again whenever its files change.
    async fn ask(&mut self, front: Front) -> io::Result<(FrontAnswer, Front)> {
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
            let event = tokio::select! {
                biased;
                heard = self.window.heard() => match heard? {
                    Heard::Event(event) => event,
                    Heard::Stop(_) => break FrontAnswer::Interrupt,
                    Heard::Back => {
                        shown.state.be_deaf(clock::wall());
                        continue;
                    }
                },
                Some(()) = changes.recv() => match self.look().await {
                    Ok(Looked::Say(front)) => {
                        shown.show(front, clock::wall());
                        continue;
                    }
                    Ok(Looked::Ready) | Err(_) => break FrontAnswer::Retry,
                },
            };
            match update_front(&mut shown, clock::wall(), &event) {
                Some(FrontAnswer::Redraw) => self.window.forget()?,
                Some(FrontAnswer::Suspend) => {
                    self.window.suspend()?;
                    shown.state.be_deaf(clock::wall());
                }
                Some(answer) => break answer,
                None => {}
            }
        };
        self.state.size = shown.state.size;
        Ok((answer, shown.front))
    }
}

/// Says what is being done, as a screen.
fn starting(doing: &Doing) -> Front {
    let Doing { what, since } = doing;
    let what = if what.is_empty() { "looking at the project" } else { what };
    Front::Starting { what: what.to_owned(), progress: None, since: *since }
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
