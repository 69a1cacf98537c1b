//! Everything that the shell must do, as data.

use std::path::PathBuf;
use std::time::Duration;

use crate::core::brought::Brought;
use crate::core::command::{Answer, Refusal};
use crate::core::fact::Fact;
use crate::model::cost::Usd;
use crate::model::event::EventFile;
use crate::model::id::{JobId, LandingId, PlanId, RequestId, Seq, SessionId, Slot, TaskId};
use crate::model::lesson::LessonId;
use crate::model::path::ProjectPath;
use crate::model::question::Reply;
use crate::model::session::Rung;
use crate::model::task::Task;
use crate::model::time::Wall;
use crate::model::workspace::{Snapshot, TreeId};

/// What [`Supervisor::handle`](crate::core::supervisor::Supervisor::handle) wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Append a fact to the journal and tell everybody who listens.
    Record(Recorded),
    /// Run a command line under a holder; answered by `RunEnded`.
    Run(Box<RunOrder>),
    /// Start an agent under a holder; answered by `Reported` and `AgentEnded`, or `AgentFailed`.
    StartAgent(Box<AgentOrder>),
    /// Ask the planner something, or nothing any more; answered by `Planner`.
    Planner(PlannerOrder),
    /// Tell an agent what a person said to its request.
    Answer {
        /// The run that asked.
        session: SessionId,
        /// Its own name for the request.
        request: String,
        /// What was said.
        reply: Reply,
    },
    /// Tell an agent what a person says unasked.
    Tell {
        /// The run that hears it.
        session: SessionId,
        /// What.
        text: String,
    },
    /// Tell a session to end, so hard.
    Signal(SessionId, Rung),
    /// Do a piece of work; answered by `Done`.
    Do {
        /// Which piece.
        job: JobId,
        /// What.
        work: Work,
        /// The fact that must be on disk before.
        after: Option<Seq>,
    },
    /// Answer a request.
    Reply(RequestId, Result<Answer, Refusal>),
    /// End the process with this code; nothing follows.
    Exit(u8),
}

/// A fact with its place in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number, without gaps.
    pub seq: Seq,
    /// When it became true.
    pub at: Wall,
    /// What is true now.
    pub fact: Fact,
}

/// Where a command line runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the user's tree.
    Tree,
    /// In a workspace.
    Workspace(Slot),
}

/// A command line to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOrder {
    /// The session it becomes.
    pub session: SessionId,
    /// For `sh -c`, placeholders expanded.
    pub line: String,
    /// Where.
    pub place: Place,
    /// How long it may run.
    pub limit: Duration,
    /// Whether processes that outlive it are left alone.
    pub keep_daemons: bool,
    /// The source file it is for; if it is missing, nothing runs.
    pub source: Option<ProjectPath>,
    /// The test file it needs; if it is missing, nothing runs.
    pub tests: Option<ProjectPath>,
    /// For whom, for the log; `None`: a check in the tree.
    pub task: Option<TaskId>,
    /// What it is, for the log.
    pub title: String,
}

/// An agent to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentOrder {
    /// The session it becomes.
    pub session: SessionId,
    /// The name of the agent in the settings.
    pub agent: String,
    /// Where it works.
    pub place: Place,
    /// What it works on, earlier attempts included.
    pub task: Task,
    /// The command line of the check, as it would run in this place.
    pub line: String,
    /// The attempt's number.
    pub number: u32,
    /// What the work begins from.
    pub base: TreeId,
    /// The user's tree when the check was last green, if we saw it.
    pub last_green: Option<TreeId>,
    /// What the planner advised; empty if nothing.
    pub strategy: String,
    /// What may still be spent; `None`: no limit.
    pub budget: Option<Usd>,
    /// The event that led to the task: its type and its data.
    pub happened: Option<(String, String)>,
    /// The folder of its day, if it is of a task file.
    pub day: Option<PathBuf>,
    /// Folders of days, the newest first: what was said about them is worth knowing.
    pub days: Vec<PathBuf>,
    /// What of that a person has dropped.
    pub dropped: Vec<LessonId>,
    /// What the tasks that it waited for have brought, in their order.
    pub brought: Vec<Brought>,
}

/// What the planner is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannerOrder {
    /// Answer this, and nothing else meanwhile.
    Ask(Box<PlanOrder>),
    /// Nobody waits for this answer any more.
    Withdraw(PlanId),
    /// A person has said this to its dialog of that name, or there is nobody to ask.
    Answer(String, Reply),
    /// End, so that all that was used is known; this was the last question, and another starts it again.
    End(PlanId),
}

/// A question to the planner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanOrder {
    /// Its number.
    pub plan: PlanId,
    /// The session that the planner becomes, if it must be started for it.
    pub session: SessionId,
    /// The name of the agent in the settings.
    pub agent: String,
    /// What it is about, earlier attempts included.
    pub task: Task,
    /// The command line of the check.
    pub line: String,
    /// The attempt's number.
    pub number: u32,
    /// What the work begins from.
    pub base: TreeId,
    /// The user's tree when the check was last green, if we saw it.
    pub last_green: Option<TreeId>,
}

/// A piece of work at the edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Take a snapshot of the user's tree.
    Snapshot,
    /// Lay results that have not landed over a snapshot.
    Compose {
        /// Over which.
        snapshot: Snapshot,
        /// The results, each with what it was made from.
        brought: Vec<(Snapshot, TreeId)>,
    },
    /// Make a workspace of a snapshot.
    Prepare {
        /// Which.
        slot: Slot,
        /// Of what.
        snapshot: Snapshot,
    },
    /// Read what is in the place now.
    Collect {
        /// Where.
        place: Place,
        /// What it began from.
        base: Snapshot,
        /// The user's tree when the check was last green, if we saw it.
        last_green: Option<TreeId>,
        /// The files that the failures name, for judging the result.
        blamed: Vec<ProjectPath>,
    },
    /// Put a tree into a workspace.
    Restore {
        /// Which workspace.
        slot: Slot,
        /// Its HEAD.
        snapshot: Snapshot,
        /// Its files.
        tree: TreeId,
    },
    /// Merge a result with what the user has now, in memory.
    Merge {
        /// What the work began from.
        base: Snapshot,
        /// The result.
        theirs: TreeId,
    },
    /// Write a merged tree into the user's tree.
    Land {
        /// Under this name, for undo.
        landing: LandingId,
        /// What the user had when it was merged.
        ours: Snapshot,
        /// What to write.
        tree: TreeId,
    },
    /// Record what was changed in place as a landing.
    RecordInPlace {
        /// Under this name, for undo.
        landing: LandingId,
        /// What the work began from.
        base: Snapshot,
    },
    /// Move a file that was taken in out of the folder for events.
    PutAway {
        /// Which; another one of its name stays.
        file: EventFile,
    },
    /// Take a landing back, keeping later edits.
    Undo {
        /// Which.
        landing: LandingId,
        /// Only if nothing was edited since.
        only_untouched: bool,
    },
}
