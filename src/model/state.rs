//! Where a task stands, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::check::CheckKey;
use crate::model::hold::HoldReason;
use crate::model::id::{LandingId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::time::{Wall, brief};
use crate::model::workspace::Suspicion;

/// Why a verified result waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadyReason {
    /// `fix.land = "ask"`.
    Asked,
    /// Nobody has said yet whether fixes land by themselves in this project.
    First,
    /// It does something a person should see first.
    Suspicious(Vec<Suspicion>),
    /// It waits for no person, but for this task, from whose result it was made: it lands by itself as soon as that has.
    InTurn(TaskId),
}

/// Why a result needs a person's hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// The user and the agent changed the same lines.
    Conflict(Vec<ProjectPath>),
    /// It was made from the result of this task, which is not in the tree any more, and does not fit without it.
    Baseless(TaskId, Vec<ProjectPath>),
    /// A check turned red in the tree after landing, and the files were edited since.
    RedAfterLanding(CheckKey),
    /// The result is green alone, and red together with what the user typed meanwhile.
    RedTogether(CheckKey),
    /// The tree kept changing under the landing.
    Unstable,
    /// A file turned out to be something that is never replaced: a symbolic link, a hard link.
    Refused(String),
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Waits for its turn; why exactly is worked out when shown.
    Queued,
    /// Waits until another task is done.
    Pending(TaskId),
    /// A task that it waits for, itself or through others, has come to a bad end.
    Blocked(TaskId),
    /// Waits for a person to say so.
    Held(HoldReason),
    /// An attempt is under way.
    Running,
    /// Waits after a failed attempt.
    Cooling {
        /// Until then.
        until: Wall,
    },
    /// A verified result waits for a yes, or for its turn to land.
    Ready(ReadyReason),
    /// A result needs a person's hands.
    Review(ReviewReason),
    /// It is over, and the check is green or never was red.
    Done(DoneReason),
    /// It is over, and the check is red as far as we know.
    Failed(FailReason),
}

/// How a task came to a good end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoneReason {
    /// Its result landed.
    Landed(LandingId),
    /// The user made it green.
    FixedByYou,
    /// The landing of another task made it green.
    FixedBy(TaskId),
    /// Red in one run and green in the next, with nothing changed between.
    Flaky,
    /// There is no test for this file.
    NoTests,
    /// The file it was about is gone.
    SourceDeleted,
    /// The change that was asked about is green (`fix.on = "change"`).
    NothingToFix,
    /// Its check is no longer in the configuration.
    CheckGone,
    /// It brought what it was to bring, and there was nothing to land.
    Finished,
    /// It came through, though it was to change files and changed none.
    Unchanged,
}

/// How a task came to a bad end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    /// All attempts are used up, or the breaker is open; the whole story is in `show`.
    Escalated {
        /// Why, for a person to read.
        why: String,
    },
    /// The check is green in the workspace and red in the tree.
    EnvironmentDiffers,
    /// The check fails in the workspace in another way than in the tree.
    WorkspaceUnusable {
        /// What it said there.
        said: String,
    },
    /// A person killed it.
    Killed,
    /// Its landing was taken back.
    Undone,
    /// A person refused its result.
    Refused,
    /// The money for it is used up.
    Budget,
    /// It was looked at when it was done, and is not what it was to be; this is about what went wrong.
    NotVerified(TaskId),
    /// It was passed on and done, and then a person did not want what this task had made for it.
    NotWanted(TaskId),
    /// The check itself cannot be run.
    CheckBroken {
        /// Why, for a person to read.
        why: String,
    },
}

impl TaskState {
    /// Whether it goes on when a person has said something to its result, and not before.
    pub fn waits_for_person(&self) -> bool {
        match self {
            Self::Ready(reason) => !matches!(reason, ReadyReason::InTurn(_)),
            Self::Review(_) => true,
            Self::Queued
            | Self::Pending(_)
            | Self::Blocked(_)
            | Self::Held(_)
            | Self::Running
            | Self::Cooling { .. }
            | Self::Done(_)
            | Self::Failed(_) => false,
        }
    }

    /// Whether the task is over.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Done(_) | Self::Failed(_) => true,
            Self::Queued
            | Self::Pending(_)
            | Self::Blocked(_)
            | Self::Held(_)
            | Self::Running
            | Self::Cooling { .. }
            | Self::Ready(_)
            | Self::Review(_) => false,
        }
    }

    /// Returns the word that `tasks --json` uses.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Pending(_) => "pending",
            Self::Blocked(_) => "blocked",
            Self::Held(_) => "held",
            Self::Running => "running",
            Self::Cooling { .. } => "cooling",
            Self::Ready(_) => "ready",
            Self::Review(_) => "review",
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
        }
    }
}

fn names(paths: &[ProjectPath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for ReadyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("ready to land: say yes"),
            Self::First => f.write_str("ready: say yes, and what becomes of later fixes"),
            Self::InTurn(first) => write!(f, "ready: lands by itself as soon as {first} has"),
            Self::Suspicious(reasons) => {
                f.write_str("ready, look first: ")?;
                let mut last = None;
                for (number, reason) in reasons.iter().enumerate() {
                    let separator = if number == 0 { "" } else { "; " };
                    match &reason.file {
                        Some(file) if last != Some(file) => write!(f, "{separator}{file} {}", reason.what)?,
                        _ => write!(f, "{separator}{}", reason.what)?,
                    }
                    last = reason.file.as_ref();
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for ReviewReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(paths) => write!(f, "needs review: you both changed {}", names(paths)),
            Self::Baseless(task, paths) => {
                write!(f, "needs review: made from {task}, which is not in your tree any more: {}", names(paths))
            }
            Self::RedAfterLanding(check) => write!(f, "needs review: {check} turned red after landing"),
            Self::RedTogether(check) => {
                write!(f, "needs review: green alone, but {check} is red together with what you typed meanwhile")
            }
            Self::Unstable => f.write_str("needs review: the tree kept changing while landing"),
            Self::Refused(why) => write!(f, "needs review: {why}"),
        }
    }
}

impl fmt::Display for DoneReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Landed(_) => f.write_str("landed"),
            Self::FixedByYou => f.write_str("fixed by you"),
            Self::FixedBy(task) => write!(f, "fixed by {task}"),
            Self::Flaky => f.write_str("flaky: red once, green the next time"),
            Self::NoTests => f.write_str("no tests"),
            Self::SourceDeleted => f.write_str("source deleted"),
            Self::NothingToFix => f.write_str("green, nothing to fix"),
            Self::CheckGone => f.write_str("its check is no longer in the configuration"),
            Self::Finished => f.write_str("finished"),
            Self::Unchanged => f.write_str("finished: nothing was changed"),
        }
    }
}

impl fmt::Display for FailReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Escalated { why } => write!(f, "escalated: {why}"),
            Self::EnvironmentDiffers => {
                f.write_str("environment differs: green in the workspace, red here; set workspace.copy, workspace.prepare or fix.isolation = \"in-place\"")
            }
            Self::WorkspaceUnusable { said } => {
                write!(f, "workspace unusable: fails there in another way ({said}); set workspace.copy or workspace.prepare")
            }
            Self::Killed => f.write_str("killed"),
            Self::Undone => f.write_str("undone"),
            Self::Refused => f.write_str("refused"),
            Self::Budget => f.write_str("stopped: the budget of a task is used up"),
            Self::NotVerified(bug) => write!(f, "its verification failed: {bug} is about it"),
            Self::NotWanted(maker) => write!(f, "what {maker} made for it is not wanted; retry {maker}"),
            Self::CheckBroken { why } => write!(f, "the check cannot run: {why}"),
        }
    }
}

impl TaskState {
    /// Says why the task is where it is; for a queued one the schedule knows more.
    pub fn reason(&self, now: Wall) -> String {
        match self {
            Self::Queued => "queued".to_owned(),
            Self::Pending(task) => format!("waits for {task}"),
            Self::Blocked(task) => format!("blocked: {task} came to nothing; retry that one"),
            Self::Held(reason) => reason.to_string(),
            Self::Running => "running".to_owned(),
            Self::Cooling { until } => format!("cooling {}", brief(until.since(now))),
            Self::Ready(reason) => reason.to_string(),
            Self::Review(reason) => reason.to_string(),
            Self::Done(reason) => reason.to_string(),
            Self::Failed(reason) => reason.to_string(),
        }
    }
}
