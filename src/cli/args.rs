//! The command line: verbs, flags and their help.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::costs::Costs;
use super::day::{Feedback, Start};
use super::events::{Emit, Event, Events};
use super::sessions::{Approve, Orchestrate, Session};
use super::stats::Stats;
pub(super) use super::words::{Answer, Message};
use crate::app::answers::named::Named;
use crate::config::parse_time;
use crate::model::id::TaskId;

/// A terminal supervisor for local development: you keep typing, it keeps the project green.
#[derive(Debug, Parser)]
#[command(
    name = "orchestrator-tui",
    version,
    after_help = "Exit codes: 0 green or done · 1 work failed, was refused or waits for a person · \
                  2 wrong usage or configuration · 3 no supervisor runs, or another one holds the project"
)]
pub struct Cli {
    /// The project; by default the one around the current folder.
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// What to do; nothing: open the dashboard.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Watch the project and keep it green: in the dashboard, or with --headless as lines.
    Run(Run),
    /// The supervisor behind a dashboard.
    #[command(hide = true)]
    Supervise(Supervise),
    /// Work on a task file, a day's work in YAML, until its report; --dry-run only reads it.
    Start(Start),
    /// Write the report of a task file's day beside it, as it stands now.
    Report(super::day::Report),
    /// Say how a feedback file is read, and what is learnt from it.
    Feedback(Feedback),
    /// List what was learnt from feedback files and which open tasks it concerns; drop some of it.
    Lessons(super::lessons::Lessons),
    /// Show the whole thing on a small project of its own: no account, no model, no cost.
    Demo(Demo),
    /// Say how the supervisor, its queues and its checks stand.
    Status(Json),
    /// List the tasks, and why each is where it is.
    Tasks(Json),
    /// Tell the whole story of a task.
    Show(Task),
    /// Print what happened, in all or in one task.
    Logs(Logs),
    /// Try a failed task again, from its first attempt.
    Retry(Task),
    /// End a task and whatever works on it.
    Kill(Task),
    /// Take back what a task landed, byte for byte; your later edits stay.
    Undo(Task),
    /// Start a waiting or held task now.
    Fix(Task),
    /// Hold a task until `fix`; what works on it ends and does not count.
    Hold(Task),
    /// Leave the check and file of a task alone for a while.
    Snooze(Snooze),
    /// End a snooze.
    Unsnooze(Task),
    /// Land a verified result that waits for a yes.
    Land(Land),
    /// Throw away a result that waits for a yes.
    Refuse(Task),
    /// Show the evidence for a landed fix.
    Receipt(Task),
    /// Show what was spent: today and its lines, by task, for each landed result.
    Costs(Costs),
    /// Show how work went: counts, success, times and cost by role, agent, check and day.
    Stats(Stats),
    /// List what waits for you: questions of agents, and results.
    Questions(Json),
    /// Answer a question of an agent; without an answer: show it whole, and what can be said.
    Answer(Answer),
    /// Tell the agent that works on a task something; it reads it after the step that it is at.
    Message(Message),
    /// Report that something happened, which starts work as the rules say (`workflows` lists them).
    Emit(Emit),
    /// List what happened, and what came of it.
    Events(Events),
    /// Show one event whole: who reported it, its data, and what came of it.
    Event(Event),
    /// Create, start and read sessions: work for one agent each, which may wait for others.
    Session(Session),
    /// Let a requirement be taken apart into sessions; you approve the plan.
    Orchestrate(Orchestrate),
    /// Start what was planned for a requirement.
    Approve(Approve),
    /// Throw away what was planned for a requirement; what has begun goes on.
    Decline(Approve),
    /// Show the queue of tasks, add to it, steer it.
    Queue(super::queue::Queue),
    /// Run all checks now.
    Check(Json),
    /// Start nothing new until `resume`.
    Pause(Json),
    /// Go on after `pause`, or after a parking.
    Resume(Json),
    /// Stop the supervisor; asked twice it hurries.
    Stop(Json),
    /// Say how well each part works; exit 1 when one does not, 3 when no supervisor runs.
    Health(Json),
    /// Prove on this machine what is promised; exit 1 when something does not work.
    Doctor(Json),
    /// Write a first orchestrator.toml from what is found in the project.
    Init(Init),
    /// Look at the configuration.
    Config(Config),
    /// Look at what agents may do.
    Policy(Policy),
    /// List the roles that agents play: what each is for, who plays it, what it may do and reports.
    Roles(Json),
    /// List the workflows, and which event starts whom.
    Workflows(Json),
    /// Print exactly what an agent of a role would be told about a task.
    Prompt(Prompt),
    /// Show what the project's configuration would run, and agree to it.
    Trust(Trust),
    /// Remove from the state what nothing needs; the supervisor must be stopped.
    Gc(Gc),
    /// Remove everything that is kept about the project, after a yes.
    Purge(Purge),
    /// Print completions for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// Flags of `run`.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Run {
    /// Print one line for each thing that happens, instead of opening the dashboard.
    #[arg(long)]
    pub headless: bool,
    /// Start at once, and end when nothing is left to do: 0 if all is green, 1 if not.
    #[arg(long, requires = "headless")]
    pub until_idle: bool,
    /// Print JSON, one object a line.
    #[arg(long, requires = "headless")]
    pub json: bool,
    /// Agree to run what the project's configuration says, this content of it, from now on.
    #[arg(long)]
    pub trust: bool,
    /// What is to be otherwise than the configuration says.
    #[command(flatten)]
    pub tuning: Tuning,
}

/// Flags that are stronger than the configuration.
#[derive(Debug, Default, Args)]
pub struct Tuning {
    /// Only run checks; fix nothing.
    #[arg(long)]
    pub checks_only: bool,
    /// How many agents may work at a time (limits.running).
    #[arg(long, value_name = "N")]
    pub running: Option<u32>,
    /// How many attempts a task has (fix.attempts).
    #[arg(long, value_name = "N")]
    pub attempts: Option<u32>,
    /// Whether verified results land by themselves (fix.land).
    #[arg(long, value_enum)]
    pub land: Option<Landing>,
    /// The model of the fixer, passed on unchanged.
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
}

/// Flags of `supervise`.
#[derive(Debug, Args)]
pub struct Supervise {
    /// End with the last dashboard that looks, unless that one says to go on.
    #[arg(long)]
    pub leased: bool,
    /// What is to be otherwise than the configuration says.
    #[command(flatten)]
    pub tuning: Tuning,
}

/// Whether verified results land by themselves.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Landing {
    /// At once.
    Auto,
    /// After a yes.
    Ask,
}

/// Flags of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Print one line for each thing that happens, instead of opening the dashboard.
    #[arg(long)]
    pub headless: bool,
    /// Keep the demo project and say where it is.
    #[arg(long)]
    pub keep: bool,
    /// Print JSON, one object a line.
    #[arg(long, requires = "headless")]
    pub json: bool,
}

/// The flag of verbs that only report or command.
#[derive(Debug, Args)]
pub struct Json {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Replace the file that is there.
    #[arg(long)]
    pub force: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `trust`.
#[derive(Debug, Args)]
pub struct Trust {
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `gc`.
#[derive(Debug, Args)]
pub struct Gc {
    /// Only say what would go; works beside a supervisor.
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `purge`.
#[derive(Debug, Args)]
pub struct Purge {
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// A task, and the output.
#[derive(Debug, Args)]
pub struct Task {
    /// Its number, as `tasks` shows it: 14.
    pub task: Named<TaskId>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// A result that waits, and what becomes of others.
#[derive(Debug, Args)]
pub struct Land {
    /// Its number, as `tasks` shows it: 14.
    pub task: Named<TaskId>,
    /// From now on land verified fixes in this project without asking.
    #[arg(long)]
    pub always: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// A task, and how long its check and file are left alone.
#[derive(Debug, Args)]
pub struct Snooze {
    /// Its number, as `tasks` shows it: 14.
    pub task: Named<TaskId>,
    /// For so long: 30s, 10m, 1h.
    #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = span, group = "until")]
    pub span: Duration,
    /// Until it is green.
    #[arg(long, group = "until")]
    pub until_green: bool,
    /// As long as this branch is checked out.
    #[arg(long, group = "until")]
    pub on_branch: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Reads a time as configuration files have it.
fn span(text: &str) -> Result<Duration, String> {
    let span = parse_time(text).filter(|span| *span >= Duration::from_secs(1));
    span.ok_or_else(|| "write a time of a second or more, such as 30s, 10m or 1h".to_owned())
}

/// Flags of `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// Only this task: its number, as `tasks` shows it.
    pub task: Option<Named<TaskId>>,
    /// Only the last so many.
    #[arg(short = 'n', long, value_name = "N")]
    pub last: Option<usize>,
    /// Go on as it happens.
    #[arg(short, long)]
    pub follow: bool,
    /// Print JSON, one object a line.
    #[arg(long)]
    pub json: bool,
}

/// What to ask of the policy.
#[derive(Debug, Args)]
pub struct Policy {
    /// Which.
    #[command(subcommand)]
    pub verb: PolicyVerb,
}

/// The verbs of `policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyVerb {
    /// Say whether an agent may run a command line (allow, ask or deny), and by which rule; exit 1 for deny.
    Check {
        /// The role that the agent plays.
        #[arg(long, default_value = crate::model::policy::FIXER)]
        role: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// The command line, as one argument.
        #[arg(value_name = "COMMAND LINE", allow_hyphen_values = true)]
        line: String,
    },
}

/// A role, and what it would work on.
#[derive(Debug, Args)]
#[command(
    after_help = "prompt fixer 14                           the fixer and the planner work on tasks about a red check\n\
                        prompt starter \"Add paging to the list\"   all other roles take a text, too"
)]
pub struct Prompt {
    /// The role, as `roles` lists it.
    pub role: String,
    /// The number of an open task, or a text that says what to do.
    #[arg(value_name = "TASK OR TEXT", required = true)]
    pub about: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// What to do with the configuration.
#[derive(Debug, Args)]
pub struct Config {
    /// Which.
    #[command(subcommand)]
    pub verb: ConfigVerb,
}

/// The verbs of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Check it; show what is wrong with place and hint, or what is in force and where it came from.
    Check(Json),
    /// Let the running supervisor read it again; it does so by itself when it notices a change.
    Reload(Json),
}
