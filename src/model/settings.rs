//! The resolved settings: what every part is told. `config` builds them from files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::assignment::Lane;
use crate::model::attempt::Stage;
use crate::model::budget::Budget;
use crate::model::check::CheckName;
use crate::model::cost::Usd;
use crate::model::document::Documents;
use crate::model::policy::Policy;
use crate::model::routing::Rule;
use crate::model::task::Workflow;
use crate::model::template::placeholders;

/// Everything that can be set, with defaults as in `config.example.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `[watch]`
    pub watch: Watch,
    /// `[[check]]`, in order.
    pub checks: Vec<Check>,
    /// `[fix]`
    pub fix: Fix,
    /// `[limits]`
    pub limits: Limits,
    /// `[lanes]`
    pub lanes: Lanes,
    /// `[events]`
    pub events: Events,
    /// `[workspace]`
    pub workspace: Workspace,
    /// `[budget]`
    pub budget: Budget,
    /// `[questions]`
    pub questions: Questions,
    /// `[agent.NAME]`
    pub agents: BTreeMap<String, Agent>,
    /// `[role.NAME]`
    pub roles: BTreeMap<String, Role>,
    /// `[workflow.NAME]`
    pub workflows: BTreeMap<String, WorkflowSpec>,
    /// `[[rule]]`: what follows from events.
    pub rules: Vec<Rule>,
    /// `[documents]`
    pub documents: Documents,
    /// `[policy]`
    pub policy: Policy,
}

/// What is watched and how bursts settle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Quiet time that ends a burst.
    pub settle: Duration,
    /// A burst is ended after this time even if it goes on.
    pub settle_max: Duration,
    /// Globs that are ignored on top of `.gitignore`, `.ignore` and `.git`.
    pub ignore: Vec<String>,
    /// Folders to watch, relative to the project; empty: all of it (`WATCH_PATHS`).
    pub paths: Vec<String>,
}

/// A command that says green or red.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, unique.
    pub name: CheckName,
    /// Globs of the files that concern it; empty: all.
    pub paths: Vec<String>,
    /// The command line for `sh -c`, with placeholders.
    pub run: String,
    /// The test file for a source file, as a pattern with placeholders; needed for `{tests}`.
    pub tests: Option<String>,
    /// How long it may run.
    pub timeout: Duration,
    /// Whether it may run in two places at once.
    pub parallel: bool,
    /// Checks with the same lock never run together; empty: none.
    pub lock: String,
    /// Free, deterministic commands that are tried before an agent.
    pub fixers: Vec<String>,
    /// Whether processes that outlive it are left alone (`daemons = "keep"`).
    pub keep_daemons: bool,
}

impl Check {
    /// Whether the command has placeholders and so runs once per changed file.
    pub fn is_per_file(&self) -> bool {
        placeholders(&self.run).next().is_some()
    }
}

/// What turns a change into a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixOn {
    /// Only a red check does.
    Red,
    /// Every changed file does; the check decides whether there is anything to fix.
    Change,
}

/// Whether a verified result lands by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LandMode {
    /// At once.
    Auto,
    /// After a person's yes.
    Ask,
}

/// Who said whether verified results land by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandBy {
    /// Only the built-in defaults: a person is asked at the first one.
    Nobody,
    /// A file of the configuration; what a person answered for the project can make it more careful.
    File,
    /// A flag, for this run.
    Flag,
}

/// Where an agent works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// In a private copy of the tree.
    Worktree,
    /// In the user's tree.
    InPlace,
}

/// When the interactive agent is asked for a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Planner {
    /// Never.
    Off,
    /// From the second attempt.
    Auto,
    /// Before every attempt.
    Always,
}

/// What becomes of questions of agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Questions {
    /// A question that waits for longer ends its run, and the task is held.
    pub wait: Duration,
    /// What happens when no screen is known to show them.
    pub unattended: Unattended,
}

/// What becomes of a question when no screen is known to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unattended {
    /// The agent is told that nobody can answer, and the log says so.
    Refuse,
    /// It waits all the same, for `orchestrator-tui answer`.
    Wait,
}

/// How often a subject may fail before it is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// So many failed tasks …
    pub failures: u32,
    /// … within this time.
    pub window: Duration,
}

/// How fixing works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Whether agents and fixers start by themselves.
    pub enabled: bool,
    /// Whether a person agreed to what the project says about agents. Else none starts while nothing starts by itself, not
    /// even when it is asked for.
    pub agents: bool,
    /// What makes a task.
    pub on: FixOn,
    /// A check must stay red and nothing be saved for so long before an agent starts.
    pub after: Duration,
    /// How many attempts a task has.
    pub attempts: u32,
    /// The wait after the first failed attempt; it doubles, with jitter.
    pub backoff: Duration,
    /// The longest wait.
    pub backoff_max: Duration,
    /// Whether results land by themselves.
    pub land: LandMode,
    /// Who said so.
    pub land_by: LandBy,
    /// Where agents work.
    pub isolation: Isolation,
    /// Globs of files whose change needs a yes, on top of what the project kind protects.
    pub protect: Vec<String>,
    /// When a file is left alone.
    pub breaker: Breaker,
    /// When a strategy is asked for.
    pub planner: Planner,
    /// How long an attempt waits for it at most.
    pub plan_wait: Duration,
    /// How long the planner may be idle before it is put to sleep.
    pub planner_sleep: Duration,
}

/// Limits and intervals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Agents at a time.
    pub running: u32,
    /// Checks at a time.
    pub checks: u32,
    /// Completed tasks that are remembered.
    pub completed: u32,
    /// Failed tasks that are remembered.
    pub failed: u32,
    /// Events of the history that are remembered.
    pub history: u32,
    /// How often the heartbeat is written.
    pub heartbeat: Duration,
    /// How often health is checked.
    pub health: Duration,
    /// How long stopping waits for the current task.
    pub stop: Duration,
}

/// How many tasks are worked on at once that are not about checks, by where they come from; `limits.running` is for fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// Queued tasks, and what events start.
    pub queue: u32,
    /// Task files.
    pub day: u32,
    /// Issues.
    pub issue: u32,
    /// Sessions.
    pub session: u32,
    /// All of them together, fixes included; 0: no limit.
    pub total: u32,
    /// `queue.enabled`: whether what waits in the queue starts without a person's word for each.
    pub enabled: bool,
    /// `queue.stop_on_failure`: whether a failed task pauses the queue, and only the queue.
    pub stop_on_failure: bool,
}

impl Settings {
    /// Returns how many tasks of a lane may be worked on at once.
    pub fn width(&self, lane: Lane) -> u32 {
        let width = match lane {
            Lane::Fix => self.limits.running,
            Lane::Queue => self.lanes.queue,
            Lane::Day => self.lanes.day,
            Lane::Issue => self.lanes.issue,
            Lane::Session => self.lanes.session,
        };
        if self.lanes.total == 0 { width } else { width.min(self.lanes.total) }
    }

    /// Returns how many tasks of all lanes may be worked on at once.
    pub fn most_at_once(&self) -> u32 {
        let all = Lane::ALL.into_iter().map(|lane| self.width(lane)).fold(0, u32::saturating_add);
        if self.lanes.total == 0 { all } else { all.min(self.lanes.total) }
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self { queue: 1, day: 3, issue: 5, session: 4, total: 0, enabled: true, stop_on_failure: true }
    }
}

/// How events are followed, and where they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// How many events may lead to one another.
    pub depth: u32,
    /// How many events a task may have within an hour.
    pub rate: u32,
    /// Whether a queued task is passed from role to role instead of being given to one agent.
    pub multi_agent: bool,
    /// `EVENT_DIR`, absolute: where files with events are dropped.
    pub folder: Option<PathBuf>,
}

impl Default for Events {
    fn default() -> Self {
        Self { depth: 12, rate: 30, multi_agent: false, folder: None }
    }
}

/// What a workspace has that a snapshot lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Ignored files and folders to copy.
    pub copy: Vec<String>,
    /// A command to run in a new workspace and when a lock file changed; empty: none.
    pub prepare: String,
    /// Ignored folders to link instead of copying.
    pub link: Vec<String>,
}

/// What kind of program an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentKind {
    /// The Claude CLI: stream-json, permissions, cost.
    Claude,
    /// Any program: prompt on standard input, judged by the check alone.
    Command,
}

/// A configured agent; not a running program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// How it is spoken to.
    pub kind: AgentKind,
    /// The program.
    pub program: String,
    /// The model's name, passed on unchanged; empty: the program's own choice.
    pub model: String,
    /// Arguments on top of ours.
    pub args: Vec<String>,
    /// Environment on top of the user's.
    pub env: BTreeMap<String, String>,
    /// How long one run may take.
    pub timeout: Duration,
}

/// Who plays a part in a workflow. What it may do stands in the [policy](Policy) under its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// What it is for, in one sentence.
    pub purpose: String,
    /// The name of an agent.
    pub agent: String,
    /// Whether its work is a change of files; else it only looks, and nothing of it lands.
    pub edits: bool,
    /// What a task of it may cost; none: the configured limit of a task.
    pub budget: Option<Usd>,
    /// How many attempts a task of it has; none: as many as a fix.
    pub attempts: Option<u32>,
    /// The template of what it is told; see [`prompt`](crate::model::prompt).
    pub prompt: String,
    /// What it must hand over, in one sentence.
    pub produces: String,
    /// The events that it reports.
    pub emits: Vec<String>,
    /// Whether it begins only when all that its task builds on has landed.
    pub after_landing: bool,
}

/// The ordered stages of a workflow, and who works in it unless a task says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowSpec {
    /// What it is for, in one sentence.
    pub purpose: String,
    /// What an attempt goes through, in order.
    pub stages: Vec<Stage>,
    /// The role of the agent.
    pub role: String,
}

impl WorkflowSpec {
    /// Returns the stages for a role: for one that changes no files the attempt is over when its agent is.
    pub fn stages_of(&self, name: &str, role: &Role) -> Workflow {
        let until_agent = |stage: &&Stage| role.edits || **stage <= Stage::Agent;
        Workflow { name: name.to_owned(), stages: self.stages.iter().filter(until_agent).copied().collect() }
    }
}
