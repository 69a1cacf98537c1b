//! Moves an attempt through its stages, from the snapshot to what an agent brought.

use crate::core::depend::listed;
use crate::core::effect::{Place, Work};
use crate::core::fact::Fact;
use crate::core::input::{self, Product, RunOutcome};
use crate::core::live::{JobOwner, Line, Step};
use crate::core::supervisor::Supervisor;
use crate::core::verify::{first_line, unusable};
use crate::model::agent::LogLine;
use crate::model::attempt::{AttemptEnd, Stage};
use crate::model::check::CheckRun;
use crate::model::id::{JobId, TaskId};

impl Supervisor {
    pub(crate) fn set_step(&mut self, id: TaskId, step: Step) {
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.step = step;
        }
    }

    /// Enters a stage and says so once.
    pub(crate) fn enter(&mut self, id: TaskId, stage: Stage, step: Step) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        let news = attempt.stage != stage;
        attempt.stage = stage;
        attempt.step = step;
        if news {
            self.record(self.staged(id, stage));
        }
    }

    /// Returns the fact that a stage was reached.
    pub(crate) fn staged(&self, task: TaskId, stage: Stage) -> Fact {
        let brings = self.book.task(task).is_some_and(|task| task.assignment().is_some());
        Fact::Staged { task, stage, brings }
    }

    pub(crate) fn log(&mut self, id: TaskId, label: &str, text: impl Into<String>) {
        let line = LogLine { label: label.to_owned(), text: text.into() };
        self.record(Fact::Logged { task: id, lines: vec![line] });
    }

    pub(crate) fn give_step(&mut self, id: TaskId, work: Work, step: fn(JobId) -> Step) {
        let job = self.give(JobOwner::Attempt(id), work, None);
        self.set_step(id, step(job));
    }

    /// Takes in the end of a piece of work that an attempt waits for.
    pub(crate) fn attempt_job_done(&mut self, id: TaskId, product: Product) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        match (&attempt.step, attempt.ending.clone()) {
            (Step::TakeBack(_), _) => return self.taken_back(id, product.into()),
            (Step::Record(_), Some(end)) => return self.rolled_back(id, end, &product),
            (_, Some(end)) => return self.finish(id, end, None),
            (_, None) => {}
        }
        match (attempt.step.clone(), product) {
            (Step::Land(_), Product::Failed(why)) => self.landing_broke(id, why),
            (_, Product::Failed(why)) => self.broken(id, why),
            (Step::Snapshot(_), Product::Snapshot(snapshot)) => {
                for note in input::left_out(&snapshot) {
                    self.log(id, "note", note);
                }
                let brought = self.brought(id);
                let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
                if !attempt.composed && !brought.is_empty() {
                    attempt.composed = true;
                    return self.give_step(id, Work::Compose { snapshot, brought }, Step::Snapshot);
                }
                attempt.base = Some(snapshot.clone());
                match attempt.place {
                    Place::Workspace(slot) => self.give_step(id, Work::Prepare { slot, snapshot }, Step::Prepare),
                    Place::Tree => self.in_place_baseline(id),
                }
            }
            (Step::Snapshot(_), Product::Conflict { paths, .. }) => {
                let why = format!("what it builds on does not fit together: {}", listed(&paths));
                self.broken(id, why);
            }
            (Step::Prepare(_), Product::Prepared { needs_command, warnings }) => {
                for warning in &warnings {
                    self.log(id, "note", warning);
                }
                if let Some(attempt) = self.live.attempts.get_mut(&id) {
                    attempt.lacks = warnings;
                }
                if needs_command {
                    self.set_step(id, Step::Run(Line::Prepare, None));
                } else {
                    self.proceed(id, Stage::Prepare);
                }
            }
            (Step::Collect(_), Product::Collected(collected)) => self.collected(id, collected),
            (Step::Merge(_), Product::Merged { ours, tree }) => self.merged(id, ours, tree),
            (Step::Merge(_), Product::Conflict { paths, shown }) => self.conflicted(id, paths, &shown),
            (Step::Restore(_), Product::Restored) => self.restored(id),
            (Step::Land(_) | Step::Record(_), Product::Landed { files, warnings }) => {
                self.landed(id, &files, &warnings);
            }
            (Step::Land(_), Product::Surprised) => self.merge_again(id),
            (Step::Land(_), Product::Refused(why)) => self.landing_refused(id, why),
            (step, product) => {
                // A product that fits no step is a fault of the shell; the attempt must not hang on it.
                self.broken(id, format!("unexpected {product:?} at {step:?}"));
            }
        }
    }

    /// Ends an attempt because something of ours failed.
    pub(crate) fn broken(&mut self, id: TaskId, why: String) {
        self.finish(id, AttemptEnd::Broken { why }, None);
    }

    /// Takes in the end of a command line that an attempt ran.
    pub(crate) fn line_ended(&mut self, id: TaskId, outcome: RunOutcome) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        if let Some(end) = attempt.ending.clone() {
            return self.finish(id, end, None);
        }
        let Step::Run(line, _) = attempt.step.clone() else { return };
        match (line, outcome) {
            (Line::Prepare, RunOutcome::Ran(run)) if run.is_green() => self.proceed(id, Stage::Prepare),
            (Line::Prepare, RunOutcome::Ran(run)) => {
                let said = first_line(&run);
                self.finish(id, AttemptEnd::Withdrawn, Some(unusable(format!("workspace.prepare failed: {said}"))));
            }
            (Line::Baseline, RunOutcome::Ran(run)) => self.baseline_ran(id, &run),
            (Line::Fixer(index), RunOutcome::Ran(run)) => self.fixer_ran(id, index, &run),
            (Line::Verify(key), RunOutcome::Ran(run)) => self.verify_ran(id, &key, &run),
            (Line::Verify(key), RunOutcome::NoTests | RunOutcome::NoSource) => self.verify_gone(id, &key),
            (Line::Prepare | Line::Baseline | Line::Fixer(_), RunOutcome::NoTests | RunOutcome::NoSource) => {
                self.baseline_gone(id);
            }
        }
    }

    /// Lets an agent work.
    fn let_agent_work(&mut self, id: TaskId) {
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.fixers_done = true;
            attempt.dirty = true;
            attempt.queue.clear();
            attempt.green.clear();
            attempt.result = None;
        }
        self.enter(id, Stage::Agent, Step::Agent(None));
    }

    /// Goes on with what the workflow has after a stage, as far as the work before the agent is concerned; from the
    /// agent on, what comes next follows from what came out.
    pub(crate) fn proceed(&mut self, id: TaskId, from: Stage) {
        let Some(task) = self.task(id) else { return };
        let mut stage = from;
        while let Some(attempt) = self.live.attempts.get_mut(&id)
            && let Some(next) = attempt.workflow.after(stage)
        {
            stage = next;
            match next {
                Stage::Baseline => return self.enter(id, Stage::Baseline, Step::Run(Line::Baseline, None)),
                Stage::Fixers if attempt.has_fixers && task.charged == 0 => {
                    "fixers".clone_into(&mut attempt.by);
                    attempt.dirty = true;
                    return self.enter(id, Stage::Fixers, Step::Run(Line::Fixer(0), None));
                }
                Stage::Agent => return self.let_agent_work(id),
                Stage::Plan if self.stops_for_plan(id) => return self.wait_for_plan(id),
                // Without a fixer, or a planner, the stage has nothing to do.
                Stage::Fixers | Stage::Plan => {}
                Stage::Prepare | Stage::Verify | Stage::Land | Stage::Confirm => break,
            }
        }
        self.broken(id, format!("the workflow has nothing to do after {}", from.name()));
    }

    fn fixer_ran(&mut self, id: TaskId, index: usize, run: &CheckRun) {
        let Some(task) = self.task(id) else { return };
        if !run.is_green() {
            self.log(id, "fixer", format!("failed: {}", first_line(run)));
        }
        let check = task.check().and_then(|key| self.check(&key.check));
        let count = check.map_or(0, |check| check.fixers.len());
        if index + 1 < count {
            self.set_step(id, Step::Run(Line::Fixer(index + 1), None));
        } else {
            self.collect(id);
        }
    }

    /// Looks at what is in the workspace now.
    pub(crate) fn collect(&mut self, id: TaskId) {
        let (Some(task), Some(attempt)) = (self.task(id), self.live.attempts.get(&id)) else { return };
        let Some(base) = attempt.base.clone() else { return };
        let last_green = self.green_tree_of(&task);
        let place = attempt.place;
        let named = task.failures.iter().filter_map(|failure| failure.file.clone());
        let blamed = named.chain(task.check().and_then(|key| self.tests_of(key))).collect();
        let work = Work::Collect { place, base, last_green, blamed };
        self.give_step(id, work, Step::Collect);
    }
}
