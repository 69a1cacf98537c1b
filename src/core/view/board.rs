//! The read model itself: plain data, small, in the order in which it is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::costs::Costs;
use super::events::{Events, Happening};
use super::stats::Stats;
use super::work::{BatchRow, RoleRow, Work};
use crate::model::assignment::Lane;
use crate::model::attempt::Stage;
use crate::model::check::{CheckKey, CheckRun, Verdict};
use crate::model::cost::Spent;
use crate::model::counts::Counts;
use crate::model::health::{Level, Part};
use crate::model::id::{QuestionId, SessionId, TaskId};
use crate::model::question::Question;
use crate::model::task::Task;
use crate::model::time::Wall;

/// Everything a face shows at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct View {
    /// How the supervisor itself stands.
    pub head: Head,
    /// The checks, by name and file.
    pub checks: Vec<CheckRow>,
    /// The tasks, group by group, each group in its own order.
    pub rows: Vec<Row>,
    /// What was spent.
    #[serde(default)]
    pub costs: Costs,
    /// How work went.
    #[serde(default)]
    pub stats: Stats,
    /// What was filed together, the oldest first.
    #[serde(default)]
    pub batches: Vec<BatchRow>,
    /// The roles that agents play, by name.
    #[serde(default)]
    pub roles: Vec<RoleRow>,
    /// What happened that may start work.
    #[serde(default)]
    pub events: Events,
    /// What agents wait for, oldest first.
    #[serde(default)]
    pub questions: Vec<Question>,
}

/// Where the supervisor is in its own life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// Not yet at work.
    #[default]
    Starting,
    /// At work.
    Up,
    /// Told to stop so often; what still runs may go on until then.
    Stopping(u32, Wall),
    /// Over.
    Gone,
}

/// How the supervisor itself stands.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Head {
    /// Its process.
    pub pid: u32,
    /// When it started.
    pub started: Wall,
    /// When its heart last beat.
    pub beat: Wall,
    /// How often it should, in milliseconds.
    pub heartbeat: u64,
    /// Where it is in its own life.
    pub course: Course,
    /// The branch of the user's repository.
    pub branch: Option<String>,
    /// What is under way there: a rebase, a merge.
    pub operation: Option<String>,
    /// How many files are watched.
    pub files: usize,
    /// Whether a person stopped everything for now.
    pub paused: bool,
    /// Why nothing starts, and until when.
    pub parked: Option<(Option<Wall>, String)>,
    /// Whether fixes start by themselves (`fix.enabled`).
    pub fixing: bool,
    /// Since when the configuration as it is written does not hold, and why.
    #[serde(default)]
    pub refused: Option<(Wall, String)>,
    /// What became of the last question of an agent that is over: `was answered through the command line: allowed once`.
    #[serde(default)]
    pub settled: Option<(QuestionId, String)>,
    /// What the agent is called that fixes; empty: none is named.
    #[serde(default)]
    pub agent: String,
    /// The session of the planner, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planner: Option<SessionId>,
    /// What is done in its terminal besides what a person does; empty: nothing.
    #[serde(default)]
    pub planner_says: String,
    /// Health by part; a part that is not named is up.
    pub health: BTreeMap<Part, Level>,
    /// How busy the lanes are: that of fixes, and each in which something is worked on.
    pub lanes: Vec<LaneRow>,
    /// What all attempts since the journal began used, those that run now included.
    pub spent: Spent,
    /// Numbers since the supervisor started.
    pub numbers: Counts,
}

/// How busy a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneRow {
    /// Which.
    pub lane: Lane,
    /// How many of its tasks are worked on.
    pub at_work: u32,
    /// How many may be.
    pub most: u32,
}

/// A check, as it stands in the user's tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRow {
    /// Which.
    pub key: CheckKey,
    /// What it said last; `None`: it has not run yet.
    pub verdict: Option<Verdict>,
    /// Since when it says so.
    pub since: Option<Wall>,
    /// How long its last run took, in milliseconds.
    pub took: u64,
    /// How many failures it named.
    pub failures: usize,
    /// Since when it runs, if it does.
    pub running: Option<Wall>,
    /// Whether it is about to run.
    pub wanted: bool,
    /// The session in which it runs, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

/// The groups of the task list, in the order shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Waits for a person: a fix ready to land, a conflict, a question.
    NeedsYou,
    /// An attempt is under way.
    Working,
    /// Waits until a person says so.
    Held,
    /// Goes on by itself.
    Queued,
    /// Over, and red as far as we know: nobody goes on with it but a person.
    Failed,
    /// Over, by a good end or by a person's wish.
    Done,
}

impl Group {
    /// Returns the heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::NeedsYou => "NEEDS YOU",
            Self::Working => "WORKING",
            Self::Held => "HELD",
            Self::Queued => "QUEUED",
            Self::Failed => "FAILED",
            Self::Done => "DONE",
        }
    }
}

/// A task, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its number.
    pub id: TaskId,
    /// What must become green, if it is about a check.
    pub check: Option<CheckKey>,
    /// What it is called: its check, or the name of what it is to bring.
    pub title: String,
    /// Who does it and after what, if it is about no check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Box<Work>>,
    /// Where it belongs.
    pub group: Group,
    /// Why it is where it is. A time that runs out is not in it, but in `until`.
    pub why: String,
    /// When that reason ends by itself.
    pub until: Option<Wall>,
    /// When what is under way began, or when it ended.
    pub since: Option<Wall>,
    /// How long it took to land what it landed, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<u64>,
    /// The stage of the running attempt.
    pub stage: Option<Stage>,
    /// The session in which something runs for it: an agent, a fixer, a check on its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// How many attempts it has used up, the running one included, and how many it has.
    pub attempts: (u32, u32),
    /// What it used so far.
    pub spent: Spent,
    /// Since when its agent says nothing, if that is worth a look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Wall>,
    /// What such a fix has cost and taken here so far, before one starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical: Option<String>,
    /// What would not be refused now.
    pub allowed: Allowed,
}

/// The commands about a task that would not be refused now, so that no face offers another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "a set of commands, each with its name")]
pub struct Allowed {
    /// `Command::Fix`.
    pub fix: bool,
    /// `Command::Retry`.
    pub retry: bool,
    /// `Command::Kill`.
    pub kill: bool,
    /// `Command::Undo`.
    pub undo: bool,
    /// `Command::Land`.
    pub land: bool,
    /// `Command::Refuse`.
    pub refuse: bool,
    /// `Command::Message`.
    #[serde(default)]
    pub message: bool,
    /// `Command::Hold`.
    pub hold: bool,
    /// `Command::Snooze` for a time.
    pub snooze: bool,
    /// `Command::Unsnooze`.
    pub unsnooze: bool,
    /// `Command::Approve` and `Command::Decline`, of the plan that it is part of.
    #[serde(default)]
    pub approve: bool,
}

/// All about one task, for the pane beside the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The task.
    pub task: Task,
    /// The stages of its workflow, in order.
    pub stages: Vec<Stage>,
    /// The last run of its check in the user's tree.
    pub run: Option<CheckRun>,
    /// The event that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<Happening>>,
}
