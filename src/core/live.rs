//! State of this process only: sessions, jobs, attempts under way. Gone after a crash, by design.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::core::effect::Place;
use crate::core::input::{Collected, Fate};
use crate::core::waiters::Waiters;
use crate::model::agent::AgentResult;
use crate::model::assignment::Lane;
use crate::model::attempt::{AttemptEnd, Stage};
use crate::model::budget::Limit;
use crate::model::check::CheckKey;
use crate::model::cost::{Spent, Usd};
use crate::model::event::EventFile;
use crate::model::id::{ChangeId, JobId, LandingId, PlanId, QuestionId, RequestId, SessionId, Slot, TaskId};
use crate::model::outcome::Outcome;
use crate::model::path::ProjectPath;
use crate::model::receipt::Witness;
use crate::model::session::{Exit, Rung, Stranger};
use crate::model::task::Workflow;
use crate::model::time::{Moment, Now, Wall};
use crate::model::workspace::{FileChange, RepoState, Snapshot, Suspicion, TreeId};

/// Where the supervisor is in its own life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Phase {
    /// Restored, not yet told that it is up.
    #[default]
    Asleep,
    /// At work.
    Up,
    /// Told to stop; attempts may go on until `until`.
    Stopping {
        /// How often it was told.
        asked: u32,
        /// When what still runs is ended.
        until: Moment,
    },
    /// Over; nothing is emitted any more.
    Gone,
}

/// A batch of changes that has not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// When it began.
    pub first: Moment,
    /// When something last came.
    pub last: Moment,
    /// What became of each file.
    pub files: BTreeMap<ProjectPath, Fate>,
    /// Whether a person saved, or the watcher only lost track.
    pub saved: bool,
}

/// Why a check is to run in the user's tree.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Cause {
    /// The settled change.
    pub change: Option<ChangeId>,
    /// The files that a person changed.
    pub files: BTreeSet<ProjectPath>,
    /// The task whose landing, or whose end, changed files.
    pub by: Option<TaskId>,
    /// Whether it is the first run of this process.
    pub start: bool,
    /// Whether HEAD moved with the change, or is all that changed as far as we know.
    pub head_moved: bool,
}

impl Cause {
    /// Whether somebody else than us may have changed something, even if nobody knows what.
    pub fn is_by_somebody(&self) -> bool {
        self.change.is_some()
    }

    /// Adds another reason for the same run.
    pub fn merge(&mut self, other: Self) {
        self.change = other.change.or(self.change);
        self.files.extend(other.files);
        self.by = other.by.or(self.by);
        self.start |= other.start;
        self.head_moved |= other.head_moved;
    }
}

/// Whose a session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A check in the user's tree.
    Tree {
        /// Why it runs.
        cause: Cause,
        /// Whether its outcome does not count any more: it is to run again, or not at all.
        stale: bool,
    },
    /// A step of an attempt.
    Attempt(TaskId),
}

/// A live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Whose it is.
    pub owner: Owner,
    /// The check it runs, if it is one; it counts against `limits.checks`.
    pub check: Option<CheckKey>,
    /// Where.
    pub place: Place,
    /// When it began.
    pub began: Moment,
    /// How hard it was told to end, and when it is told harder.
    pub stopping: Option<(Rung, Moment)>,
}

/// Whose a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobOwner {
    /// A step of an attempt.
    Attempt(TaskId),
    /// Moves a file that brought an event.
    EventFile(EventFile),
    /// Remembers the tree in which these checks are green.
    Green(Vec<CheckKey>),
    /// Takes a landing back for a person.
    Undo(TaskId, LandingId, RequestId),
    /// Takes back a landing that a dead supervisor may have begun.
    Recover(TaskId, LandingId),
}

/// A command line that an attempt wants to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// `workspace.prepare`.
    Prepare,
    /// The check on the untouched snapshot.
    Baseline,
    /// A fixer, by its place in the list.
    Fixer(usize),
    /// A check on a result.
    Verify(CheckKey),
}

/// What an attempt waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A snapshot of the user's tree.
    Snapshot(JobId),
    /// A workspace.
    Prepare(JobId),
    /// A command line, once there is room for it.
    Run(Line, Option<SessionId>),
    /// The check's next run in the user's tree; the workspace disagreed with the last.
    SecondOpinion,
    /// A strategy, until then at the latest, once the planner was asked.
    Plan(Option<PlanId>, Moment),
    /// An agent, once there is room for it.
    Agent(Option<SessionId>),
    /// A look at what is in the workspace.
    Collect(JobId),
    /// A moment in which landing is allowed.
    Gate,
    /// A merge in memory.
    Merge(JobId),
    /// The merged tree in the workspace.
    Restore(JobId),
    /// The files in the user's tree.
    Land(JobId),
    /// What was done in place, recorded as a landing.
    Record(JobId),
    /// Checks in the user's tree after landing.
    Confirm(BTreeSet<CheckKey>),
    /// The landing being taken back.
    TakeBack(JobId),
    /// The end of its session or job; then it is over.
    Ending,
}

/// An attempt under way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each notes one thing that happened, in no order")]
pub struct Attempt {
    /// Its number.
    pub number: u32,
    /// The queue of its task.
    pub lane: Lane,
    /// Its workspace.
    pub slot: Slot,
    /// Where it works: there, or in the user's tree.
    pub place: Place,
    /// When it began.
    pub began: Wall,
    /// What it waits for.
    pub step: Step,
    /// The stage it is in, as shown.
    pub stage: Stage,
    /// How it will end, when it is only waiting for its session or job.
    pub ending: Option<AttemptEnd>,
    /// What it began from.
    pub base: Option<Snapshot>,
    /// Whether the results of what it waited for are in that.
    pub composed: bool,
    /// What its workspace lacks that was asked for, and why.
    pub lacks: Vec<String>,
    /// Whether the workspace lacks the file that the check is for.
    pub lacks_file: bool,
    /// The run that was red on the untouched snapshot.
    pub red: Option<Witness>,
    /// What it goes through.
    pub workflow: Workflow,
    /// Whether its check has fixers.
    pub has_fixers: bool,
    /// Whether fixers were tried.
    pub fixers_done: bool,
    /// Whether it only brings in what an earlier one has made.
    pub only_lands: bool,
    /// Whether nobody has said yes to that: it lands by itself, in its turn.
    pub unasked: bool,
    /// What the agent said at its end.
    pub said: Option<AgentResult>,
    /// What it handed over.
    pub outcome: Option<Box<Outcome>>,
    /// How the process of its last agent ended.
    pub exit: Option<Exit>,
    /// The line of the budget at which its agent was asked to end, or ended; its work may be done all the same.
    pub over: Option<Limit>,
    /// When its agent was last heard of.
    pub heard: Option<Moment>,
    /// Since when its agent waits for a person, if it does.
    pub asks_since: Option<Moment>,
    /// How long it waited for a person before.
    pub waited: Duration,
    /// What its agent may use, by its own count.
    pub allowance: Option<Allowance>,
    /// Who made the result.
    pub by: String,
    /// What the agent has used.
    pub spent: Spent,
    /// What it brought.
    pub result: Option<Collected>,
    /// Checks that must still say yes.
    pub queue: VecDeque<CheckKey>,
    /// Those that did.
    pub green: Vec<Witness>,
    /// What a person accepted, or was not asked about.
    pub accepted: Option<Vec<Suspicion>>,
    /// The user's tree and the merged tree.
    pub merged: Option<(Snapshot, TreeId)>,
    /// How often it was merged.
    pub merges: u32,
    /// The landing.
    pub landing: Option<LandingId>,
    /// What landed.
    pub files: Vec<FileChange>,
    /// Whether something of it may have written into its place.
    pub dirty: bool,
    /// The check that turned red in the user's tree by the landing.
    pub turned_red: Option<CheckKey>,
    /// The landing under which work done in place is being taken back.
    pub rolling: Option<LandingId>,
    /// Why its task is held if it comes to nothing.
    pub held_after: Option<crate::model::hold::HoldReason>,
}

/// What an agent may use in dollars, as it was told when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How much.
    pub usd: Usd,
    /// The line that it comes from.
    pub line: Limit,
    /// Whether more than this was left, and kept for others that may run beside it.
    pub is_share: bool,
}

/// A change while a check runs, as if by its own doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// When the run began in which it last happened.
    pub run: Moment,
    /// How long after the start of the run.
    pub after: Duration,
    /// How often in a row.
    pub starts: u32,
}

/// What began before the settings were read again and may be more than they allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Surplus {
    /// So many agents ran in each lane.
    pub agents: [usize; Lane::ALL.len()],
    /// So many checks ran.
    pub checks: usize,
    /// The last session that began by the settings before.
    pub last_session: SessionId,
}

/// When a waiting task may be due, by each of the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Due {
    /// By the calendar: the end of a pause after a failed attempt, or of the time that a check must stay red.
    pub wall: Option<Wall>,
    /// By the steady clock: the end of the pause after a save.
    pub moment: Option<Moment>,
}

/// Everything that dies with the process.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each notes one thing that is so, in no order")]
pub struct Live {
    /// The clocks at the last input.
    pub now: Now,
    /// The clocks when the supervisor started; what turns moments into calendar time.
    pub anchor: Now,
    /// Where the supervisor is in its own life.
    pub phase: Phase,
    /// Whether to wait for no pause and to exit when idle.
    pub until_idle: bool,
    /// Whether a person sits before a screen, or is about to, and can be asked.
    pub attended: bool,
    /// How many screens are open.
    pub screens: usize,
    /// What agents that run have asked, so that nothing is answered twice.
    pub requests: BTreeSet<(SessionId, String)>,
    /// When each open question was asked.
    pub asked: BTreeMap<QuestionId, Moment>,
    /// What those agents used in all that were at work when the last supervisor died.
    pub left_by_the_last: BTreeMap<TaskId, Spent>,
    /// Whether this process only carries out one command.
    pub one_command: bool,
    /// The exit code that the one command came to, once it did.
    pub commanded: Option<u8>,
    /// Where the user's repository stands.
    pub repository: RepoState,
    /// The files of the project that count, as far as we know.
    pub files: BTreeSet<ProjectPath>,
    /// When HEAD last moved.
    pub moved: Option<Moment>,
    /// The last settled change, and when the last of its files was written.
    pub settled: Option<(Moment, ChangeId)>,
    /// Changes that have not settled.
    pub burst: Option<Burst>,
    /// When a person last saved.
    pub saved: Option<Moment>,
    /// Checks that are to run in the user's tree.
    pub wanted: BTreeMap<CheckKey, Cause>,
    /// When checks last ran in the user's tree, from when to when.
    pub last_runs: BTreeMap<CheckKey, (Moment, Moment)>,
    /// Which files checks seem to write themselves.
    pub echoes: BTreeMap<(CheckKey, BTreeSet<ProjectPath>), Echo>,
    /// Live sessions.
    pub sessions: BTreeMap<SessionId, Running>,
    /// Jobs under way.
    pub jobs: BTreeMap<JobId, JobOwner>,
    /// Attempts under way.
    pub attempts: BTreeMap<TaskId, Attempt>,
    /// The planner.
    pub planner: super::plan::PlannerLive,
    /// What was noted of those who asked for what only a person may ask for.
    pub trespasses: VecDeque<(Stranger, String)>,
    /// Tasks that stand elsewhere than when those that wait for them were last looked at.
    pub turned: BTreeSet<TaskId>,
    /// Tasks that may have been passed on, and of which something stands elsewhere.
    pub passed: BTreeSet<TaskId>,
    /// Tasks of the queue that may have to be passed on.
    pub to_pass_on: BTreeSet<TaskId>,
    /// Whether something may have changed for the tasks that wait since they were looked at.
    pub look: bool,
    /// Which of them are looked at.
    pub waiters: Waiters,
    /// When time alone may change something for them.
    pub due: Due,
    /// What may be more than the settings allow, because they were read again meanwhile.
    pub surplus: Surplus,
    /// Checks that turned green and whose tree is not yet remembered.
    pub turned_green: BTreeSet<CheckKey>,
    /// When the heart beats next.
    pub beat: Moment,
    /// The last landing that left images on disk, known to the journal or not.
    pub last_landing: LandingId,
    /// The last session number given out.
    pub last_session: SessionId,
    /// The last job number given out.
    pub last_job: JobId,
}
