//! The spine: one door in, effects out. It absorbs what happened, then reconciles what should run.

use std::sync::Arc;

use crate::core::book::Book;
use crate::core::effect::{Effect, Recorded, Work};
use crate::core::fact::Fact;
use crate::core::input::{Fate, Input, Product, Start};
use crate::core::live::{JobOwner, Live, Phase};
use crate::core::matching::Matcher;
use crate::core::reconfigure::remember;
#[cfg(debug_assertions)]
use crate::core::{invariant, sequel};
use crate::model::budget::Day;
use crate::model::check::CheckName;
use crate::model::id::{JobId, Seq, SessionId, TaskId};
use crate::model::settings::{Check, Settings};
use crate::model::task::Task;
use crate::model::time::{Moment, Now};

/// The machine that decides everything. Pure and synchronous.
#[derive(Clone, Debug)]
pub struct Supervisor {
    pub(crate) settings: Arc<Settings>,
    pub(crate) matcher: Arc<Matcher>,
    pub(crate) book: Book,
    pub(crate) live: Live,
    pub(crate) out: Vec<Effect>,
}

impl Supervisor {
    /// Restores the machine from the facts of the journal, oldest first. It does nothing before [`Input::Started`].
    pub fn restore(settings: Arc<Settings>, matcher: Arc<Matcher>, facts: impl IntoIterator<Item = Recorded>) -> Self {
        Self { settings, matcher, book: Book::replay(facts), live: Live::default(), out: Vec::new() }
    }

    /// Takes in one thing that happened and returns what must be done, in order.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Effect> {
        if self.live.phase == Phase::Gone {
            return Vec::new();
        }
        self.live.now = now;
        self.live.look |= input.is_about_waiting();
        self.absorb(input);
        self.reconcile();
        #[cfg(debug_assertions)]
        if let Err(broken) = invariant::check(self) {
            debug_assert!(false, "broken promise: {broken}");
        }
        std::mem::take(&mut self.out)
    }

    /// Returns the durable state.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Returns the state of this process.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Returns the settings it works by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn absorb(&mut self, input: Input) {
        match input {
            Input::Started(start) => self.started(*start),
            Input::Changed(files) => self.changed(files, true),
            Input::Rescanned(files) => {
                self.changed(files.into_iter().map(|file| (file, Fate::Written)), false);
            }
            Input::Repository(state) => self.repository(state),
            Input::RunEnded(session, outcome) => self.run_ended(session, outcome),
            Input::Reported(session, report) => self.reported(session, report),
            Input::AgentEnded(session, exit) => self.agent_ended(session, exit),
            Input::AgentFailed(session, why) => self.agent_failed(session, why),
            Input::Planner(news) => self.planner_news(news),
            Input::Done(job, product) => self.job_done(job, product),
            Input::EventFile(file, said) => self.event_file(file, said),
            Input::Asked(request, command) => self.asked(request, command),
            Input::Trespassed(stranger, deed) => self.trespassed(stranger, deed),
            Input::Reconfigured(settings, matcher) => self.reconfigured(settings, matcher),
            Input::ConfigRefused(why) => self.config_refused(why),
            Input::Replaced(task, files) => self.replaced(task, &files),
            Input::Felt(part, level) => {
                if self.book.health.get(&part) != Some(&level) {
                    self.record(Fact::Felt { part, level });
                }
            }
            Input::Screens(count) => (self.live.screens, self.live.attended) = (count, count > 0),
            Input::Stored(_) | Input::Woke => {}
        }
    }

    fn started(&mut self, start: Start) {
        if self.live.phase != Phase::Asleep {
            return;
        }
        let remember = remember(&self.settings.limits);
        self.live.anchor = self.live.now;
        self.live.phase = Phase::Up;
        self.live.until_idle = start.until_idle;
        self.live.attended = start.attended;
        self.live.one_command = start.one_command;
        self.live.repository = start.repository.clone();
        self.live.files = start.files.into_iter().collect();
        self.live.last_session = start.first_session;
        self.live.last_landing = start.last_landing;
        self.live.beat = self.live.now.moment.after(self.settings.limits.heartbeat);
        if start.one_command {
            return;
        }
        self.record(Fact::Started { pid: start.pid, version: start.version.clone(), remember });
        if self.book.parked.as_ref().is_some_and(|(until, _)| until.is_none()) {
            // A login may have been mended meanwhile: a start is a person's doing.
            self.record(Fact::Unparked);
        }
        let used = |(task, session): (&TaskId, &SessionId)| Some((*task, *start.used.get(session)?));
        self.live.left_by_the_last = self.book.agents.iter().filter_map(used).collect();
        self.close_old_questions();
        self.planner_was_left(start.planner_used);
        self.recover();
        self.recover_money();
        self.live.left_by_the_last.clear();
        self.forget_vanished();
        self.hold_anew();
        // The last supervisor may have died between an end and what follows from it.
        self.regate_all();
        self.live.turned.extend(self.book.index.open());
        self.file_left_components();
        self.want_everything(true);
    }

    /// Records a fact: the book knows it at once, the journal soon.
    pub(crate) fn record(&mut self, fact: Fact) -> Seq {
        let day = Day::of(self.live.now);
        if fact.is_of_a_day() && self.book.ledger.day() != day {
            self.put(Fact::DayBegan { day });
        }
        self.put(fact)
    }

    fn put(&mut self, fact: Fact) -> Seq {
        #[cfg(debug_assertions)]
        if let Err(broken) = sequel::may_follow(&self.book, &fact) {
            debug_assert!(false, "broken promise: {broken}: {fact:?}");
        }
        let recorded = Recorded { seq: self.book.seq.next(), at: self.live.now.wall, fact };
        self.live.look |= recorded.fact.is_about_waiting();
        self.live.turned.extend(recorded.fact.turns());
        self.live.waiters.note(&recorded.fact);
        self.book.apply(&recorded);
        let seq = recorded.seq;
        self.out.push(Effect::Record(recorded));
        seq
    }

    /// Hands out a piece of work.
    pub(crate) fn give(&mut self, owner: JobOwner, work: Work, after: Option<Seq>) -> JobId {
        let job = self.live.last_job.next();
        self.live.last_job = job;
        self.live.jobs.insert(job, owner);
        self.out.push(Effect::Do { job, work, after });
        job
    }

    fn job_done(&mut self, job: JobId, product: Product) {
        let Some(owner) = self.live.jobs.remove(&job) else { return };
        match owner {
            JobOwner::Attempt(task) => self.attempt_job_done(task, product),
            JobOwner::EventFile(file) => self.put_away(file, product),
            JobOwner::Green(keys) => self.green_at(keys, product),
            JobOwner::Undo(task, landing, request) => self.undo_done(task, landing, request, product),
            JobOwner::Recover(task, landing) => self.recovered(task, landing, product),
        }
    }

    /// Returns a number that no session had.
    pub(crate) fn new_session(&mut self) -> SessionId {
        self.live.last_session = self.live.last_session.next();
        self.live.last_session
    }

    /// Returns a task by number, cheaply.
    pub(crate) fn task(&self, id: TaskId) -> Option<Arc<Task>> {
        self.book.task(id).cloned()
    }

    /// Returns a check by name.
    pub(crate) fn check(&self, name: &CheckName) -> Option<&Check> {
        self.settings.checks.iter().find(|check| check.name == *name)
    }

    /// Whether new work may begin at all.
    pub(crate) fn is_up(&self) -> bool {
        self.live.phase == Phase::Up
    }

    fn reconcile(&mut self) {
        if matches!(self.live.phase, Phase::Asleep | Phase::Gone) {
            return;
        }
        self.turn_day();
        self.end_snoozes();
        self.settle();
        self.end_unanswered();
        self.hold_lines();
        self.climb_ladders();
        self.unpark();
        self.start_tree_checks();
        self.end_what_has_gone();
        self.decompose_without_agents();
        self.advance_attempts();
        self.regate();
        while self.follow_events() {
            self.regate();
        }
        while self.land_in_turn() {
            self.advance_attempts();
            self.regate();
            while self.follow_events() {
                self.regate();
            }
        }
        self.hold_unasked();
        self.start_attempts();
        self.regate();
        self.remember_green();
        self.beat();
        self.finish_stopping();
        self.exit_when_idle();
        self.shrink_surplus();
    }

    fn beat(&mut self) {
        if self.live.now.moment >= self.live.beat && !self.live.one_command {
            self.live.beat = self.live.now.moment.after(self.settings.limits.heartbeat);
            self.record(Fact::Beat);
        }
    }

    /// Returns when the machine must hear from its shell again, at the latest.
    pub fn next_wake(&self) -> Option<Moment> {
        if matches!(self.live.phase, Phase::Asleep | Phase::Gone) {
            return None;
        }
        let mut wakes: Vec<Moment> = (!self.live.one_command).then_some(self.live.beat).into_iter().collect();
        wakes.extend(self.settles_at());
        wakes.extend(self.live.sessions.values().filter_map(|running| running.stopping.map(|(_, until)| until)));
        wakes.extend(self.stop_wakes());
        wakes.extend(self.snooze_wakes());
        wakes.extend(self.budget_wakes());
        wakes.extend(self.quiet_wakes());
        wakes.extend(self.question_wakes());
        wakes.extend(self.schedule_wakes());
        wakes.extend(self.plan_wakes());
        wakes.into_iter().min()
    }
}
