//! Carries out `session`, `orchestrate`, `approve`, `decline`: sessions with dependencies, alone or taken apart from a requirement.

use std::fmt::Write as _;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::args::Task;
use super::elsewhere::{self, Elsewhere};
use crate::app::answers::named::Named;
use crate::app::failure::Failure;
use crate::app::project::mark::space_of;
use crate::app::project::setup::Site;
use crate::app::repositories::{Need, Place, TaskName, dependencies};
use crate::app::verbs::orchestration as ask;
use crate::app::words::say::{aimed, pretty, say};
use crate::model::assignment::{Mode, Project};
use crate::model::id::{BatchId, number_in};
use crate::model::orchestration::Wish;

/// What to do with sessions.
#[derive(Debug, Args)]
#[command(after_help = "session create --type analysis \"Design the paging of the list\" --start\n\
                        session create \"Build the paging\" --after 1      begins when #1 is done\n\
                        session output 1")]
pub struct Session {
    /// Which.
    #[command(subcommand)]
    pub verb: SessionVerb,
    /// In another repository.
    #[command(flatten)]
    pub elsewhere: Elsewhere,
}

/// The verbs of `session`.
#[derive(Debug, Subcommand)]
pub enum SessionVerb {
    /// Create a session; it starts with `session start`, or by itself when what it waits for is done.
    Create(Create),
    /// Start a session that was created.
    Start(Task),
    /// Say how a session stands.
    Get(Task),
    /// Print what a completed session has brought: log, artifacts, summary, next steps; exit 1 while there is none.
    Output(Task),
    /// List sessions.
    List(List),
}

/// Flags of `session create`.
#[derive(Debug, Args)]
#[command(after_help = "session create \"Build the paging\" --after 1 --context \"SQLite only\"")]
pub struct Create {
    /// What it does.
    #[arg(long = "type", value_enum, default_value = "implementation")]
    pub kind: Kind,
    /// What is to be done.
    #[arg(value_name = "REQUIREMENT")]
    pub requirements: String,
    /// The sessions of the same project that must be done before: their ids or numbers.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub after: Vec<TaskName>,
    /// What is good to know for it.
    #[arg(long, value_name = "TEXT")]
    pub context: Option<String>,
    /// The branch it is for; it must be the one that is checked out.
    ///
    /// A session begins from the tree as it is, and its result lands there as a change of files: no branch is ever moved.
    /// For another branch, work in a tree of its own: `git worktree add ../FOLDER BRANCH`, then
    /// `orchestrator-tui -C ../FOLDER run`, and `session create` there.
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// Start it at once.
    #[arg(long)]
    pub start: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// What a session does: its role.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// Finds out and designs; changes nothing.
    Analysis,
    /// Builds one part, with its tests.
    Implementation,
    /// Tests what several parts do together.
    Testing,
    /// Looks at the whole; changes nothing.
    Review,
    /// Takes a requirement apart; `orchestrate` makes sessions of what comes out.
    Coordination,
}

/// Flags of `session list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only those of this orchestration: its id or number.
    #[arg(long, value_name = "ID")]
    pub orchestration: Option<Named<BatchId>>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `orchestrate`.
#[derive(Debug, Args)]
#[command(after_help = "orchestrate \"A REST API with login, and tests\"     shows a plan; `approve 1` starts it")]
pub struct Orchestrate {
    /// What is to be built.
    #[arg(value_name = "REQUIREMENT")]
    pub requirements: String,
    /// How the sessions follow each other.
    #[arg(long, value_enum, default_value = "parallel")]
    pub mode: How,
    /// Start them at once, without asking you about the plan.
    #[arg(long)]
    pub auto_start: bool,
    /// Ask no agent: go by the words of the requirement.
    #[arg(long)]
    pub no_agent: bool,
    /// What is good to know for it.
    #[arg(long, value_name = "TEXT")]
    pub context: Option<String>,
    /// In another repository.
    #[command(flatten)]
    pub elsewhere: Elsewhere,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// How the sessions of a requirement follow each other.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum How {
    /// Each as soon as what it depends on is done.
    Parallel,
    /// One after the other.
    Sequential,
    /// What the others build on first (analysis), then what is built, then tests and reviews.
    #[value(alias = "wait_for_core")]
    WaitForCore,
}

/// Flags of `approve` and `decline`.
#[derive(Debug, Args)]
#[command(after_help = "approve 1     what `session list --orchestration 1` shows begins\n\
                        decline 1     what of it has not begun is dropped")]
pub struct Approve {
    /// The orchestration: its number or id, as `orchestrate` and `session list` say it.
    #[arg(value_name = "BATCH")]
    pub batch: Named<BatchId>,
    /// In another repository.
    #[command(flatten)]
    pub elsewhere: Elsewhere,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

impl Kind {
    fn role(self) -> &'static str {
        match self {
            Self::Analysis => "analysis",
            Self::Implementation => "implementation",
            Self::Testing => "testing",
            Self::Review => "review",
            Self::Coordination => "coordination",
        }
    }
}

/// Carries out a verb of `session`.
pub(super) fn run(site: &Site, wish: &Session) -> Result<u8, Failure> {
    let place = |need: Need| wish.elsewhere.place(site, need);
    match &wish.verb {
        SessionVerb::Create(create) => file(site, &wish.elsewhere, create),
        SessionVerb::Start(Task { task, json }) => {
            let place = place(Need::Order)?;
            let task = task.at(&place.site)?;
            let answer = ask::begin(&place.site, task)?;
            let session = ask::session(&place.site, task)?;
            print(&place, *json, &answer.said, json!({ "session": session }), &answer.said);
            Ok(0)
        }
        SessionVerb::Get(Task { task, json }) => {
            let place = place(Need::Look)?;
            let session = ask::session(&place.site, task.at(&place.site)?)?;
            print(&place, *json, "Session found", json!({ "session": session }), &told(&session));
            Ok(0)
        }
        SessionVerb::Output(Task { task, json }) => {
            let place = place(Need::Look)?;
            let output = ask::output(&place.site, task.at(&place.site)?)?;
            let words = brought(&output);
            print(&place, *json, "Session output", output, &words);
            Ok(0)
        }
        SessionVerb::List(List { orchestration, json }) => {
            let place = place(Need::Look)?;
            let of = orchestration.as_ref().map(|batch| batch.at(&place.site)).transpose()?;
            let all = ask::sessions(&place.site, of)?;
            let words = listed(&all);
            print(&place, *json, "Sessions", all, &words);
            Ok(0)
        }
    }
}

/// Prints an answer: in the documented shape, or in words. Both say in which folder the work is.
fn print(place: &Place, json: bool, message: &str, mut data: Value, words: &str) {
    if json {
        data["folder"] = json!(place.site.project);
        say(&pretty(&json!({ "success": true, "message": aimed(message), "data": data })));
    } else {
        say(&elsewhere::words(place, words));
    }
}

fn file(here: &Site, elsewhere: &Elsewhere, wish: &Create) -> Result<u8, Failure> {
    let requirements = wish.requirements.trim().to_owned();
    if requirements.is_empty() {
        return Err(Failure::usage("a session needs a requirement: session create \"Build the login form\""));
    }
    titled(&requirements)?;
    let place = elsewhere.place(here, Need::File)?;
    let project = ask::project(&place, wish.branch.as_deref())?;
    let after = dependencies(here, &place, &wish.after)?;
    let project = Project { requirements, context: wish.context.clone().unwrap_or_default(), ..project };
    let answer = ask::create(&place.site, wish.kind.role(), project, &after, !wish.start)?;
    let Some(id) = answer.tasks.first() else { return Err(Failure::supervisor("nothing was filed")) };
    let session = ask::session(&place.site, *id)?;
    let words = told(&session);
    print(&place, wish.json, "Session created successfully", json!({ "session": session }), &words);
    Ok(0)
}

/// Makes sure that the first line of a requirement can be the title of its work.
fn titled(requirements: &str) -> Result<(), Failure> {
    if ask::is_title(requirements) {
        return Ok(());
    }
    Err(Failure::usage("the first line of a requirement is its title, which is one without control characters"))
}

/// Carries out `orchestrate`.
pub(super) fn orchestrate(site: &Site, wish: &Orchestrate) -> Result<u8, Failure> {
    if wish.requirements.trim().is_empty() {
        return Err(Failure::usage("nothing is to be built\nhint: orchestrate \"Build a REST API\""));
    }
    titled(&wish.requirements)?;
    let place = wish.elsewhere.place(site, Need::File)?;
    let project = ask::project(&place, None)?;
    let named = if project.repository.is_empty() {
        site.project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    } else {
        project.repository.clone()
    };
    let project = Project {
        requirements: wish.requirements.clone(),
        context: wish.context.clone().unwrap_or_default(),
        ..project
    };
    let mode = match wish.mode {
        How::Parallel => Mode::Parallel,
        How::Sequential => Mode::Sequential,
        How::WaitForCore => Mode::WaitForCore,
    };
    let inner = Wish { project, mode, start: wish.auto_start, agent: !wish.no_agent };
    let answer = ask::orchestrate(&place.site, inner)?;
    let all = ask::sessions(&place.site, answer.batch)?;
    let count = all["sessions"].as_array().map_or(0, Vec::len);
    let does = if wish.auto_start || count == 1 { "Started" } else { "Planned" };
    let data = json!({
        "orchestrationId": answer.batch.map(|batch| batch.uuid(space_of(&place.site.layout))),
        "batch": answer.batch,
        "status": "initiated",
        "sessions": all["sessions"],
        "summary": format!("{does} {count} Claude sessions for {named}"),
    });
    let words = format!("{}\n{}", answer.said, listed(&all));
    print(&place, wish.json, "Orchestration initiated successfully", data, &words);
    Ok(0)
}

/// Carries out `decline`.
pub(super) fn decline(site: &Site, wish: &Approve) -> Result<u8, Failure> {
    let place = wish.elsewhere.place(site, Need::Order)?;
    let batch = wish.batch.at(&place.site)?;
    let answer = ask::decline(&place.site, batch)?;
    let all = ask::sessions(&place.site, Some(batch))?;
    print(&place, wish.json, &answer.said, all, &answer.said);
    Ok(0)
}

/// Carries out `approve`.
pub(super) fn approve(site: &Site, wish: &Approve) -> Result<u8, Failure> {
    let place = wish.elsewhere.place(site, Need::Order)?;
    let batch = wish.batch.at(&place.site)?;
    let answer = ask::approve(&place.site, batch)?;
    let all = ask::sessions(&place.site, Some(batch))?;
    print(&place, wish.json, &answer.said, all, &answer.said);
    Ok(0)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn told(session: &Value) -> String {
    let mut out = row(session);
    let _ = write!(out, "\nsession {}  (#{})", text(session, "id"), session["task"]);
    out
}

fn row(session: &Value) -> String {
    let waits: Vec<&str> = session["dependencies"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let waits: Vec<String> = waits.into_iter().filter_map(number_in).map(|number| format!("#{number}")).collect();
    let after = if waits.is_empty() { String::new() } else { format!("  after {}", waits.join(", ")) };
    format!(
        "#{:<4} {:<14} {:<12} {}{after}  ({})",
        session["task"].to_string(),
        text(session, "type"),
        text(session, "status"),
        text(session, "title"),
        text(session, "reason")
    )
}

fn listed(all: &Value) -> String {
    let rows: Vec<String> = all["sessions"].as_array().into_iter().flatten().map(row).collect();
    if rows.is_empty() {
        "no sessions; `orchestrator-tui session create` makes one".to_owned()
    } else {
        rows.join("\n")
    }
}

fn brought(output: &Value) -> String {
    let inner = &output["output"];
    let mut out = String::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
            let _ = writeln!(out, "{title}\n{}", lines.join("\n"));
        }
    };
    let texts = |key: &str| -> Vec<String> {
        inner[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    section("summary", text(inner, "summary").lines().map(str::to_owned).collect());
    let artifact = |value: &Value| match value["path"].as_str() {
        Some(path) => path.to_owned(),
        None => format!("commit {}", text(value, "sha")),
    };
    section("artifacts", inner["artifacts"].as_array().into_iter().flatten().map(artifact).collect());
    section("next steps", texts("nextSteps"));
    section("log", texts("logs"));
    out.trim_end().to_owned()
}
