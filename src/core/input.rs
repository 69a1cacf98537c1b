//! Everything that can reach the machine, in the past tense.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::command::Command;
use crate::core::matching::Matcher;
use crate::model::agent::AgentReport;
use crate::model::check::CheckRun;
use crate::model::cost::Spent;
use crate::model::event::EventFile;
use crate::model::health::{Level, Part};
use crate::model::id::{JobId, LandingId, RequestId, Seq, SessionId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::plan::PlannerNews;
use crate::model::session::{Exit, Stranger};
use crate::model::settings::Settings;
use crate::model::workspace::{FileChange, LeftOut, RepoState, Snapshot, Suspicion, TreeId};

/// What reaches [`Supervisor::handle`](crate::core::supervisor::Supervisor::handle).
#[derive(Clone, Debug)]
pub enum Input {
    /// The supervisor is up; everything before it was restored from the journal.
    Started(Box<Start>),
    /// Files changed by somebody else than us, as the watcher reports them, not settled.
    Changed(Vec<(ProjectPath, Fate)>),
    /// The watcher lost track: any of these files may have changed.
    Rescanned(Vec<ProjectPath>),
    /// The user's repository stands here now.
    Repository(RepoState),
    /// A command line has ended: a check, a fixer, a preparation.
    RunEnded(SessionId, RunOutcome),
    /// An agent says something.
    Reported(SessionId, AgentReport),
    /// An agent's session is over and its whole tree is gone.
    AgentEnded(SessionId, Exit),
    /// An agent could not be started.
    AgentFailed(SessionId, String),
    /// The planner's keeper says something.
    Planner(PlannerNews),
    /// A piece of work is done.
    Done(JobId, Product),
    /// A file lies in the folder for events: with this, or it cannot be read, for this reason.
    EventFile(EventFile, Result<Dropped, String>),
    /// Somebody asks for something.
    Asked(RequestId, Command),
    /// What is no person asked for what only a person may: this.
    Trespassed(Stranger, String),
    /// The configuration was read again, and is good: this holds from now on.
    Reconfigured(Arc<Settings>, Arc<Matcher>),
    /// The configuration was read again and cannot be taken up, for this reason.
    ConfigRefused(String),
    /// A person's save put files back that a task had landed: their editor held the old content.
    Replaced(TaskId, Vec<ProjectPath>),
    /// So many screens are open, before which a person may sit.
    Screens(usize),
    /// A part works better or worse than before.
    Felt(Part, Level),
    /// The journal has everything up to here on disk.
    Stored(Seq),
    /// A deadline that [`next_wake`](crate::core::supervisor::Supervisor::next_wake) named has come, or may have.
    Woke,
}

impl Input {
    /// Whether it can change nothing for the tasks that wait, unless by the facts that follow from it.
    pub(crate) fn is_about_waiting(&self) -> bool {
        match self {
            Self::Stored(_)
            | Self::Felt(..)
            | Self::Woke
            | Self::Replaced(..)
            | Self::Screens(_)
            | Self::Planner(_)
            | Self::Trespassed(..)
            | Self::ConfigRefused(_) => false,
            Self::Reported(_, report) => matches!(report, AgentReport::Trouble(_)),
            Self::Started(_)
            | Self::Changed(_)
            | Self::Rescanned(_)
            | Self::Repository(_)
            | Self::RunEnded(..)
            | Self::AgentEnded(..)
            | Self::AgentFailed(..)
            | Self::Done(..)
            | Self::Reconfigured(..)
            | Self::EventFile(..)
            | Self::Asked(..) => true,
        }
    }
}

/// What the shell knows when it starts.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Start {
    /// Our process.
    pub pid: u32,
    /// Our version.
    pub version: String,
    /// The first number that no session of this project ever had.
    pub first_session: SessionId,
    /// The last landing that left images on disk; a journal that was moved away does not know of it.
    pub last_landing: LandingId,
    /// Whether to exit when nothing is left to do, and to wait for no pause meanwhile.
    pub until_idle: bool,
    /// Whether a screen is about to open, before which a person sits that can be asked.
    pub attended: bool,
    /// Whether this start only carries out one command (an undo without a running supervisor).
    pub one_command: bool,
    /// The files of the project that count, for per-file checks.
    pub files: Vec<ProjectPath>,
    /// Where the user's repository stands.
    pub repository: RepoState,
    /// What agents used in all that were at work when the last supervisor died, as far as that can be told.
    pub used: BTreeMap<SessionId, Spent>,
    /// What the planner used that was not billed when the last supervisor died, as far as that can be told.
    pub planner_used: Option<Spent>,
}

/// What a file says that was dropped into the folder for events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The type of the event.
    pub event: String,
    /// What is known about it, as JSON.
    pub data: String,
    /// Which task it is about.
    pub task: Option<TaskId>,
}

/// What became of a watched file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is there, with new content or mode.
    Written,
    /// It is gone.
    Removed,
}

/// How a command line ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunOutcome {
    /// It ran.
    Ran(CheckRun),
    /// The test file that its command needs does not exist.
    NoTests,
    /// The source file that it is for does not exist.
    NoSource,
}

/// What a piece of work brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Product {
    /// The user's tree, as it was.
    Snapshot(Snapshot),
    /// The workspace stands.
    Prepared {
        /// Whether `workspace.prepare` must run in it.
        needs_command: bool,
        /// What is not as it should be, for the log.
        warnings: Vec<String>,
    },
    /// What the agent left in the workspace.
    Collected(Collected),
    /// The workspace holds the tree that was asked for.
    Restored,
    /// The result fits on what the user has now.
    Merged {
        /// What the user has now.
        ours: Snapshot,
        /// Both together.
        tree: TreeId,
    },
    /// The user and the agent changed the same lines; nothing was written.
    Conflict {
        /// Where.
        paths: Vec<ProjectPath>,
        /// Both versions, shortened.
        shown: String,
    },
    /// The files are in the user's tree.
    Landed {
        /// Which, with lines added and removed.
        files: Vec<FileChange>,
        /// What a person should know about them, as that an editor still holds what was there before.
        warnings: Vec<String>,
    },
    /// A file changed since the merge; nothing was written.
    Surprised,
    /// A file is something that is never replaced; nothing was written.
    Refused(String),
    /// A landing was taken back; these files were written.
    Undone(Vec<FileChange>),
    /// The landing cannot be taken back: the same lines were edited since; nothing was written.
    UndoConflict(Vec<ProjectPath>),
    /// There is no such landing, or it was taken back before.
    NothingToUndo,
    /// A file is where those lie that were taken in.
    PutAway,
    /// It went wrong.
    Failed(String),
}

/// What an agent or a fixer left in its workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// The whole tree.
    pub tree: TreeId,
    /// What differs from the snapshot.
    pub changes: Vec<FileChange>,
    /// What a person should see before it lands.
    pub suspicions: Vec<Suspicion>,
    /// The difference as a unified diff, shortened.
    pub patch: String,
}

/// Notes about a snapshot that belong into the log.
pub fn left_out(snapshot: &Snapshot) -> impl Iterator<Item = String> + '_ {
    snapshot.left_out.iter().map(|LeftOut { path, why }| format!("not in the workspace: {path} ({why})"))
}
