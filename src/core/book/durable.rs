//! Durable state. [`Book::apply`] is its only mutator, so replaying the journal gives the same book.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::core::effect::Recorded;
use crate::core::fact::{Fact, Remember};
use crate::model::assignment::Batch;
use crate::model::check::{CheckKey, CheckRun, Fingerprint, Verdict};
use crate::model::cost::Usd;
use crate::model::health::{Level, Part};
use crate::model::hold::SnoozeEnd;
use crate::model::id::{BatchId, ChangeId, LandingId, QuestionId, Seq, SessionId, TaskId};
use crate::model::lesson::LessonId;
use crate::model::path::ProjectPath;
use crate::model::plan::Conversation;
use crate::model::question::{Closed, Question, Reply};
use crate::model::settings::LandMode;
use crate::model::task::Task;
use crate::model::time::Wall;
use crate::model::workspace::TreeId;

use super::batches::Over;
use super::events::Events;
use super::grants::Grants;
use super::history::{Past, Statistics, TestResult};
use super::index::Index;
use super::lanes::Lanes;
use super::ledger::Ledger;
use super::tally::Tally;
use super::turns::Turns;

/// So many questions that are over are remembered, to tell those who answer late what became of them.
const SETTLED: usize = 100;

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub question: QuestionId,
    /// What was said, or why nobody will.
    pub how: Result<Reply, Closed>,
    /// Through which face it was said; empty if nobody knows.
    pub by: String,
}

impl Settled {
    /// Says it, as the end of a sentence about the question.
    pub fn text(&self) -> String {
        match &self.how {
            Ok(reply) if self.by.is_empty() => format!("was answered before: {}", reply.brief()),
            Ok(reply) => format!("was answered before, through {}: {}", self.by, reply.brief()),
            Err(why) => format!("is closed: {}", why.text()),
        }
    }
}

/// What a check said last in the user's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckStatus {
    /// Green or red.
    pub verdict: Verdict,
    /// Since when, by the wall clock.
    pub since: Wall,
    /// What fails; as it was before, if the check could not run at all.
    pub failures: Vec<Fingerprint>,
    /// The last run, whole.
    pub last: Arc<CheckRun>,
    /// The user's tree when it was last seen green.
    pub green_tree: Option<TreeId>,
}

impl CheckStatus {
    /// Whether it was green.
    pub fn is_green(&self) -> bool {
        self.verdict == Verdict::Green
    }
}

/// What the supervisor process is known to do.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Process {
    /// Its process id; that of the last one when none runs.
    pub pid: u32,
    /// Whether it stopped in an orderly way.
    pub stopped: bool,
    /// When it started.
    pub started: Wall,
    /// When the heart last beat.
    pub beat: Wall,
}

/// Everything that is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The last fact.
    pub seq: Seq,
    /// The supervisor process.
    pub process: Process,
    /// Open tasks and the last finished ones.
    pub tasks: BTreeMap<TaskId, Arc<Task>>,
    /// What every check said last.
    pub checks: BTreeMap<CheckKey, CheckStatus>,
    /// When tasks about a subject were escalated, the last times.
    pub failures: BTreeMap<String, Vec<Wall>>,
    /// Subjects that are left alone, until when.
    pub breakers: BTreeMap<String, (u32, Wall)>,
    /// Failures whose fix a person did not want, which task that was, and whether it was undone (else refused).
    pub unwanted: Vec<(CheckKey, Vec<String>, TaskId, bool)>,
    /// Why nothing starts, and until when.
    pub parked: Option<(Option<Wall>, String)>,
    /// Whether a person stopped everything.
    pub paused: bool,
    /// Checks and files that a person leaves alone, and what ends that.
    pub snoozed: BTreeMap<CheckKey, SnoozeEnd>,
    /// The sessions of agents at work, or that were when the supervisor died.
    pub agents: BTreeMap<TaskId, SessionId>,
    /// The tasks of those whose program runs, or did in this attempt.
    pub up: BTreeSet<TaskId>,
    /// What agents wait for, oldest first.
    pub questions: BTreeMap<QuestionId, Question>,
    /// How the last questions ended: what was said, or why nobody will.
    pub settled: VecDeque<Settled>,
    /// What a person allowed for as long as a task is open.
    pub grants: Grants,
    /// What the planner that runs, or ran when the supervisor died, talks about, and what of that is paid.
    pub planner: Option<Conversation>,
    /// Whether verified results land by themselves, if a person was asked.
    pub agreed: Option<LandMode>,
    /// Lessons that prompts are not to quote.
    pub dropped: BTreeSet<LessonId>,
    /// Since when the configuration as it is written does not hold, and why.
    pub refused: Option<(Wall, String)>,
    /// Numbers since the journal began.
    pub statistics: Statistics,
    /// Numbers since the supervisor started last: what it says at its end.
    pub this_run: Statistics,
    /// Money and tokens.
    pub ledger: Ledger,
    /// How work went.
    pub tally: Tally,
    /// The last events.
    pub history: VecDeque<Past>,
    /// The last runs of checks.
    pub results: VecDeque<TestResult>,
    /// Health by part, as last felt.
    pub health: BTreeMap<Part, Level>,
    /// Finished tasks, oldest first: completed and failed.
    pub finished: (VecDeque<TaskId>, VecDeque<TaskId>),
    /// So many of them, from the oldest on, were last seen to be needed by open tasks.
    pub(super) kept: (usize, usize),
    /// The last numbers given out.
    pub last_task: TaskId,
    /// Tasks that were filed together, also some time after the tasks themselves are forgotten.
    pub batches: BTreeMap<BatchId, Arc<Batch>>,
    /// Those that are over.
    pub(super) over_batches: Over,
    /// The last of them.
    pub last_batch: BatchId,
    /// What happened, and what came of it.
    pub events: Events,
    /// What became of each queue.
    pub lanes: Lanes,
    /// The last question.
    pub last_question: QuestionId,
    /// The last change.
    pub last_change: ChangeId,
    /// The last landing.
    pub last_landing: LandingId,
    /// Where to find open tasks; follows from `tasks`.
    pub index: Index,
    /// Which source has its turn; follows from the facts.
    pub turns: Turns,
    pub(super) remember: Remember,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            seq: Seq(0),
            process: Process { stopped: true, ..Process::default() },
            tasks: BTreeMap::new(),
            checks: BTreeMap::new(),
            failures: BTreeMap::new(),
            breakers: BTreeMap::new(),
            unwanted: Vec::new(),
            parked: None,
            paused: false,
            snoozed: BTreeMap::new(),
            agents: BTreeMap::new(),
            up: BTreeSet::new(),
            questions: BTreeMap::new(),
            settled: VecDeque::new(),
            grants: Grants::default(),
            planner: None,
            agreed: None,
            dropped: BTreeSet::new(),
            refused: None,
            statistics: Statistics::default(),
            this_run: Statistics::default(),
            ledger: Ledger::default(),
            tally: Tally::default(),
            history: VecDeque::new(),
            results: VecDeque::new(),
            health: BTreeMap::new(),
            finished: (VecDeque::new(), VecDeque::new()),
            kept: (0, 0),
            last_task: TaskId(0),
            batches: BTreeMap::new(),
            over_batches: Over::default(),
            last_batch: BatchId(0),
            events: Events::default(),
            lanes: Lanes::default(),
            last_question: QuestionId(0),
            last_change: ChangeId(0),
            last_landing: LandingId(0),
            index: Index::default(),
            turns: Turns::default(),
            remember: Remember { completed: 50, failed: 50, history: 100 },
        }
    }
}

impl Book {
    /// Folds recorded facts, oldest first.
    pub fn replay(facts: impl IntoIterator<Item = Recorded>) -> Self {
        let mut book = Self::default();
        for recorded in facts {
            book.apply(&recorded);
        }
        book
    }

    /// Returns the open task of a check, if there is one.
    pub fn open_task(&self, key: &CheckKey) -> Option<&Arc<Task>> {
        self.task(self.index.of_check(key)?)
    }

    /// Returns the tasks that are not over, in the order they were filed.
    pub fn open(&self) -> impl Iterator<Item = &Arc<Task>> {
        self.index.open().filter_map(|id| self.task(id))
    }

    /// Returns the tasks that are over and still remembered, the latest of each kind first.
    pub fn over(&self) -> impl Iterator<Item = &Arc<Task>> {
        let (done, failed) = &self.finished;
        done.iter().rev().chain(failed.iter().rev()).filter_map(|id| self.task(*id))
    }

    /// Returns a task.
    pub fn task(&self, id: TaskId) -> Option<&Arc<Task>> {
        self.tasks.get(&id)
    }

    /// Applies one fact.
    #[expect(clippy::too_many_lines, reason = "one arm for each fact")]
    pub fn apply(&mut self, recorded: &Recorded) {
        let Recorded { seq, at, fact } = recorded;
        self.seq = *seq;
        self.note(*at, fact);
        self.events.heed(fact);
        match fact {
            Fact::Started { pid, remember, .. } => {
                self.process = Process { pid: *pid, stopped: false, started: *at, beat: *at };
                self.this_run = Statistics::default();
                self.remember = *remember;
                self.health.clear();
                self.refused = None;
            }
            Fact::Stopped => self.process.stopped = true,
            Fact::Beat => self.process.beat = *at,
            Fact::Changed { change, .. } => self.last_change = *change,
            Fact::Ran { key, run, tests } => self.ran(*at, key, run, tests.as_ref()),
            Fact::Forgotten { key } => {
                self.checks.remove(key);
            }
            Fact::GreenAt { keys, tree } => {
                for key in keys {
                    if let Some(status) = self.checks.get_mut(key) {
                        status.green_tree = Some(tree.clone());
                    }
                }
            }
            Fact::Felt { part, level } => {
                self.health.insert(*part, level.clone());
            }
            Fact::Parked { until, why } => self.parked = Some((*until, why.clone())),
            Fact::Unparked => self.parked = None,
            Fact::BreakerTripped { subject, failures, until } => {
                self.breakers.insert(subject.clone(), (*failures, *until));
            }
            Fact::Paused => self.paused = true,
            Fact::Resumed => self.paused = false,
            Fact::Snoozed { key, until } => {
                self.snoozed.insert(key.clone(), until.clone());
            }
            Fact::Unsnoozed { key } => {
                self.snoozed.remove(key);
            }
            Fact::DayBegan { day } => self.ledger.begin(*day),
            Fact::Neared { line, reached, limit, .. } => self.ledger.said(*line, *reached, *limit),
            Fact::Raised { usd, tokens } => self.ledger.raise(*usd, *tokens),
            Fact::AgentStarted { task, session } => self.agents.extend([(*task, *session)]),
            Fact::AgentUp { task, .. } => self.up.extend([*task]),
            Fact::Questioned { question } => {
                self.last_question = question.id;
                self.questions.insert(question.id, (**question).clone());
                self.apply_to_task(*at, fact);
            }
            Fact::Answered { question, reply, by, .. } => {
                if let Some(asked) = self.questions.get(question).filter(|_| *reply == Reply::AllowForTask) {
                    self.grants.give(asked);
                }
                self.settle(Settled { question: *question, how: Ok(reply.clone()), by: by.clone() });
                self.apply_to_task(*at, fact);
            }
            Fact::Closed { question, why, .. } => {
                self.settle(Settled { question: *question, how: Err(*why), by: String::new() });
                self.apply_to_task(*at, fact);
            }
            Fact::PlannerTalks { talk } => self.planner.clone_from(talk),
            Fact::Agreed { land } => self.agreed = Some(*land),
            Fact::Lesson { lesson, dropped } => self.lesson(*lesson, *dropped),
            Fact::Reconfigured { remember, .. } => {
                self.refused = None;
                self.remember_so_much(*remember);
            }
            Fact::ConfigRefused { why } => self.refused = Some((*at, why.clone())),
            Fact::BatchBegan { batch } => self.batch_began(batch),
            Fact::BatchGrew { batch, tasks } => self.batch_grew(*batch, tasks),
            Fact::BatchApproved { batch } => self.batch_approved(*batch),
            Fact::BatchLimited { batch, budget } => self.batch_limited(*batch, *budget),
            Fact::Emitted { event } => self.events.emitted(event),
            Fact::EventFileLeft { file, why } => self.events.file_left(file, why),
            Fact::Routed { event, outcomes } => {
                self.events.routed(*event, outcomes, &self.index);
                self.events.forget(self.remember.history);
            }
            Fact::Lane { lane, change } => self.lanes.change(*at, *lane, change),
            Fact::Filed { .. }
            | Fact::Gated { .. }
            | Fact::Merged { .. }
            | Fact::Held { .. }
            | Fact::Released { .. }
            | Fact::Retried { .. }
            | Fact::AttemptStarted { .. }
            | Fact::Staged { .. }
            | Fact::Used { .. }
            | Fact::Violated { .. }
            | Fact::Trespassed { .. }
            | Fact::Messaged { .. }
            | Fact::Planned { .. }
            | Fact::PlannerUsed { .. }
            | Fact::Logged { .. }
            | Fact::AttemptEnded { .. }
            | Fact::Ready { .. }
            | Fact::NeedsReview { .. }
            | Fact::LandingBegan { .. }
            | Fact::Landed { .. }
            | Fact::LandingFailed { .. }
            | Fact::TakenBack { .. }
            | Fact::Undone { .. }
            | Fact::Replaced { .. }
            | Fact::Ended { .. } => self.apply_to_task(*at, fact),
        }
    }

    fn batch_limited(&mut self, batch: BatchId, budget: Option<Usd>) {
        if let Some(batch) = self.batches.get_mut(&batch) {
            Arc::make_mut(batch).budget = budget;
        }
    }

    fn settle(&mut self, settled: Settled) {
        self.questions.remove(&settled.question);
        self.settled.push_back(settled);
        if self.settled.len() > SETTLED {
            self.settled.pop_front();
        }
    }

    fn ran(&mut self, at: Wall, key: &CheckKey, run: &CheckRun, tests: Option<&ProjectPath>) {
        self.note_run(at, key, run, tests);
        let before = self.checks.get(key);
        let status = CheckStatus {
            verdict: run.verdict,
            since: before.filter(|status| status.verdict == run.verdict).map_or(at, |status| status.since),
            failures: match (run.verdict, before) {
                (Verdict::Broken, Some(before)) => before.failures.clone(),
                (Verdict::Green | Verdict::Red | Verdict::TimedOut | Verdict::Broken, _) => {
                    run.findings.failures.clone()
                }
            },
            last: Arc::new(run.clone()),
            green_tree: before.and_then(|status| status.green_tree.clone()),
        };
        self.checks.insert(key.clone(), status);
    }
}
