//! The loop of the screen: what happens, the next state, what it wants; drawn when it differs.

use std::io;
use std::time::Duration;

use super::link::{Link, Wanted};
use super::terminal::Remote;
use super::window::{Heard, Window};
use crate::app::clock::{self, Clock};
use crate::app::project::setup::Site;
use crate::core::command::Command;
use crate::model::path::ProjectPath;
use crate::model::time::Moment;
use crate::ui::draw;
use crate::ui::event::{Event, Intent, Leave, Wish};
use crate::ui::state::State;
use crate::ui::update::update;

/// The least time between two pictures: more than sixty in a second nobody sees.
const FRAME: Duration = Duration::from_millis(16);

/// How a screen comes to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The supervisor has ended.
    Ended,
    /// The supervisor goes on without this screen.
    Left,
}

/// The screen while a supervisor runs.
pub(super) struct Live<'a> {
    site: &'a Site,
    window: &'a mut Window,
    state: State,
    link: Link,
    /// The session whose terminal is shown.
    remote: Option<Remote>,
    /// How often a person asked to stop.
    stops: u32,
    end: Option<End>,
    clock: Clock,
    /// When it was drawn last.
    drawn: Option<Moment>,
}

impl<'a> Live<'a> {
    pub(super) fn new(site: &'a Site, window: &'a mut Window, state: State, link: Link) -> Self {
        Self { site, window, state, link, remote: None, stops: 0, end: None, clock: Clock::start(), drawn: None }
    }

    /// Runs until the person leaves or the supervisor ends.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) async fn run(mut self) -> io::Result<End> {
        let mut dirty = true;
        loop {
            // Whoever has the terminal keeps it to their end: two who read the same keys are none that can be used.
            if let Some(end) = self.end.filter(|_| !self.window.is_lent()) {
                return Ok(end);
            }
            self.state.attached = *self.link.goes_on.borrow_and_update();
            let now = self.clock.now();
            // By the steady clock: the other one may be set back, and then nothing would be drawn for as long.
            let wait = self.drawn.map(|drawn| drawn.after(FRAME).since(now.moment)).unwrap_or_default();
            if dirty && wait.is_zero() {
                self.drawn = Some(now.moment);
                self.state.sees(now.wall);
                let state = &self.state;
                self.window.show(|area, buffer| draw::paint(state, area, buffer))?;
                self.window.entitle(&self.state.window_title())?;
                dirty = false;
                #[cfg(debug_assertions)]
                self.break_if_told();
            }
            let tick = self.state.next_tick().map(|at| at.since(self.state.now));
            let wait = if dirty { Some(wait) } else { tick };
            tokio::select! {
                biased;
                // Before a key that means another thing then: the last screen takes the supervisor along.
                Ok(()) = self.link.goes_on.changed() => {}
                heard = self.window.heard() => self.heard(heard?).await?,
                Some(event) = self.link.events.recv() => self.take(event).await?,
                event = Remote::next(&mut self.remote) => self.take(event).await?,
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {
                    if !dirty {
                        self.take(Event::Tick).await?;
                    }
                }
            }
            dirty = true;
        }
    }

    async fn take(&mut self, event: Event) -> io::Result<()> {
        let gone = matches!(event, Event::Gone(_));
        let intents = update(&mut self.state, clock::wall(), event);
        if gone && (self.stops > 0 || self.state.gone.as_deref() == Some("")) {
            self.end = Some(End::Ended);
        }
        for intent in intents {
            self.carry_out(intent).await?;
        }
        Ok(())
    }

    async fn heard(&mut self, heard: Heard) -> io::Result<()> {
        match heard {
            Heard::Event(event) => self.take(event).await,
            Heard::Stop(signal) => {
                tracing::info!(signal, "the screen was told to stop");
                self.told_to_stop(signal).await;
                Ok(())
            }
            Heard::Back => self.catch_up().await,
        }
    }

    /// Takes in what happened while somebody else had the terminal. No key counts before it could be seen.
    async fn catch_up(&mut self) -> io::Result<()> {
        self.state.be_deaf(clock::wall());
        while let Ok(event) = self.link.events.try_recv() {
            self.take(event).await?;
        }
        Ok(())
    }

    async fn told_to_stop(&mut self, signal: &str) {
        match signal {
            "SIGHUP" if self.state.attached => self.end = Some(End::Left),
            "SIGHUP" => {
                // Nobody looks any more. The supervisor stops in order, by itself.
                self.stop(1).await;
                self.link.settled().await;
                self.end = Some(End::Ended);
            }
            _ => self.interrupt().await,
        }
    }

    /// Stops the supervisor: the first time in order, the second in haste, the third without waiting for it.
    async fn interrupt(&mut self) {
        if self.state.gone.is_some() {
            self.end = Some(End::Ended);
        } else if self.state.attached {
            self.end = Some(End::Left);
        } else {
            self.stop(1).await;
            if self.stops >= 3 {
                // Nobody waits for its end, but it has heard of it.
                self.link.settled().await;
                self.end = Some(End::Ended);
            }
        }
    }

    async fn stop(&mut self, times: u32) {
        for _ in 0..times {
            self.stops += 1;
            self.want(Wanted::Command(Command::Quit)).await;
        }
    }

    async fn carry_out(&mut self, intent: Intent) -> io::Result<()> {
        match intent {
            Intent::Command(command) => self.want(Wanted::Command(command)).await,
            Intent::Fetch(task) => self.want(Wanted::Task(task)).await,
            Intent::Event(event) => self.want(Wanted::Event(event)).await,
            Intent::Report(batch) => self.want(Wanted::Report(batch)).await,
            Intent::Edit(file, line) => return self.edit(&file, line).await,
            Intent::Attention(_) => self.window.ring()?,
            Intent::Copy(text) => self.window.copy(&text)?,
            Intent::Terminal(wish) => return self.terminal(wish).await,
            Intent::Mouse(ours) => self.window.set_mouse(ours)?,
            Intent::Redraw => self.window.forget()?,
            Intent::Suspend => {
                self.window.suspend()?;
                return Box::pin(self.catch_up()).await;
            }
            Intent::Interrupt => self.interrupt().await,
            Intent::Leave(_) if self.state.gone.is_some() => self.end = Some(End::Ended),
            Intent::Leave(Leave::Finish) => self.stop(1).await,
            Intent::Leave(Leave::Stop) => self.stop(2).await,
            Intent::Leave(Leave::LeaveRunning) if self.state.attached => self.end = Some(End::Left),
            Intent::Leave(Leave::LeaveRunning) => match self.link.leave().await {
                Ok(()) => self.end = Some(End::Left),
                Err(why) => Box::pin(self.take(Event::Answered(Err(why)))).await?,
            },
        }
        Ok(())
    }

    async fn want(&mut self, wanted: Wanted) {
        // A supervisor that is gone says so by itself.
        let _ = self.link.wanted.send(wanted).await;
    }

    async fn terminal(&mut self, wish: Wish) -> io::Result<()> {
        match wish {
            Wish::Attach(session) => self.remote = Some(Remote::open(self.link.client(), session)),
            Wish::Detach => self.remote = None,
            Wish::Type(_) | Wish::Mouse(_) | Wish::Answer(..) | Wish::Size(..) => {
                if let Some(Err(why)) = self.remote.as_ref().map(|remote| remote.wish(wish)) {
                    return Box::pin(self.take(Event::Answered(Err(why)))).await;
                }
            }
        }
        Ok(())
    }

    async fn edit(&mut self, file: &ProjectPath, line: Option<u32>) -> io::Result<()> {
        let path = self.site.project.join(file.as_path());
        match self.window.edit(self.site, &path, line)? {
            Ok(()) => Ok(()),
            Err(why) => Box::pin(self.take(Event::Answered(Err(why)))).await,
        }
    }
}

#[cfg(debug_assertions)]
impl Live<'_> {
    /// Panics on another thread, so that a test can see what becomes of the terminal. Not in the program that users have.
    #[expect(clippy::panic, reason = "the test asks for it")]
    fn break_if_told(&self) {
        if self.state.seen && self.site.environment.contains_key("ORCHESTRATOR_TEST_PANIC") {
            let _ = std::thread::spawn(|| panic!("as the test asked")).join();
        }
    }
}
