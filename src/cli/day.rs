//! Carries out the verbs about a day's work: what a task file asks for, and what its feedback teaches.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::app::clock;
use crate::app::day::drive::{self, Ended, Told, Watched};
use crate::app::day::folder::Folder;
use crate::app::day::{hidden, lessons as known, outline, taught};
use crate::app::failure::{Code, Failure};
use crate::app::project::setup::{self, Site};
use crate::app::verbs::ask;
use crate::app::words::say::{compact, complain, pretty, say};
use crate::app::words::secrecy::of_project;
use crate::config::{Diagnostic, Names, Overrides, ReadTaskFile, TaskFile, lessons, read_feedback, read_task_file};
use crate::model::filing::{Filing, Redo};
use crate::model::path::ProjectPath;

/// Flags of `start`.
#[derive(Debug, Args)]
#[command(after_help = "start tasks/2025-11-18.yaml --dry-run     what is wrong with it, or what the day would be\n\
                        start tasks/2025-11-18.yaml               do it; done before: only what is new or says something else\n\
                        start tasks/2025-11-18.yaml --failed      and what failed, once more")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Start {
    /// The task file, such as tasks/2025-11-18.yaml.
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: PathBuf,
    /// Only check it and show what would be done; start nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Try again what failed, besides what is new in the file.
    #[arg(long, conflicts_with = "dry_run")]
    pub failed: bool,
    /// Do all of it again, also what has landed: at its full cost.
    #[arg(long, conflicts_with_all = ["dry_run", "failed"])]
    pub again: bool,
    /// Stay when the work is done, and take up what changes in the file; ctrl-c ends, with the report written.
    #[arg(long, conflicts_with = "dry_run")]
    pub watch: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `feedback`.
#[derive(Debug, Args)]
#[command(after_help = "feedback feedback/2025-11-18.md     what is read in it, line by line, and what could not be")]
pub struct Feedback {
    /// The feedback file, such as feedback/2025-11-18.md.
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `report`.
#[derive(Debug, Args)]
#[command(after_help = "report tasks/2025-11-18.yaml --print")]
pub struct Report {
    /// The task file whose day it is.
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: PathBuf,
    /// Only print it; write nothing.
    #[arg(long)]
    pub print: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `start FILE`
pub(super) fn start(site: &Site, wish: &Start) -> Result<u8, Failure> {
    if wish.dry_run {
        return outlined(site, &wish.file, wish.json);
    }
    let file = there(&wish.file)?;
    let mut again = || filed(site, &file);
    let mut filing = again()?;
    if let Some(batch) = &mut filing.batch {
        batch.redo = match (wish.again, wish.failed) {
            (true, _) => Redo::All,
            (false, true) => Redo::Failed,
            (false, false) => Redo::Changed,
        };
    }
    let mut tell = |told: Told<'_>| match told {
        Told::Line(line) if wish.json => say(&compact(line.fact)),
        Told::Line(line) => say(line.text),
        Told::Refused(failure) if wish.json => say(&compact(&json!({ "refused": failure.message }))),
        Told::Refused(failure) => {
            complain(&of_project(Some(&site.project)).text(&format!("{}\nthe day goes on as it was", failure.message)));
        }
        Told::Settled(batch) => {
            ended(site, (&wish.file, &file), batch, wish.json)
                .map_or_else(|failure| complain(&failure.message), |_| ());
            if !wish.json {
                say(&format!("{} is watched: what is new in it is taken up; ctrl-c ends", wish.file.display()));
            }
        }
    };
    let watched = wish.watch.then_some(Watched { file: &file, read: &mut again });
    match drive::drive(site, filing, watched, &mut tell)? {
        Ended::Left(said) => {
            if wish.watch {
                let (path, _) = written(site, &file)?;
                complain(&format!("the report is in {}", path.display()));
            }
            complain(&format!("{said}\nhint: `orchestrator-tui start {}` shows it again", wish.file.display()));
            Ok(Code::Refused as u8)
        }
        Ended::Settled(batch) => ended(site, (&wish.file, &file), &batch, wish.json),
        Ended::Before(batch) => {
            let why = before(&wish.file, &batch);
            if wish.json {
                say(&compact(&json!({ "refused": why, "ended": batch })));
            }
            Err(Failure::refused(of_project(Some(&site.project)).text(&why).into_owned()))
        }
    }
}

/// Returns where a task file lies.
fn there(file: &Path) -> Result<PathBuf, Failure> {
    let hint = "name a task file, such as tasks/2025-11-18.yaml";
    file.canonicalize().map_err(|error| Failure::usage(format!("{}: {error}\nhint: {hint}", file.display())))
}

/// Says that nothing is done, as all of a file has ended before: what that brought, when, what failed, and how it is done again.
fn before(file: &Path, batch: &Value) -> String {
    let all = batch["tasks"].as_array().map_or(&[][..], Vec::as_slice);
    let tasks: Vec<&Value> = all.iter().filter(|task| task["done_anew_as"].is_null()).collect();
    let (done, failed): (Vec<&Value>, Vec<&Value>) = tasks.iter().partition(|task| task["state"] == "done");
    let when = tasks.iter().filter_map(|task| task["ended"].as_str()).max().and_then(clock::local);
    let when = when.map(|when| format!(", ended {when}")).unwrap_or_default();
    let brought = match failed.len() {
        0 => format!("{} done", done.len()),
        count => format!("{} done, {count} not", done.len()),
    };
    let mut text =
        format!("{} was done before and says nothing new: batch {}{when}, {brought}", file.display(), batch["id"]);
    for task in &failed {
        let (title, why) = (task["title"].as_str().unwrap_or_default(), task["reason"].as_str().unwrap_or_default());
        let _ = write!(text, "\n  #{} {title}: {why}", task["number"]);
    }
    let start = format!("orchestrator-tui start {}", file.display());
    let all = format!("`{start} --again` does all of it again, at its full cost");
    let hint = if failed.is_empty() { all } else { format!("`{start} --failed` tries again what failed; {all}") };
    format!("{text}\nhint: {hint}")
}

/// Reads a task file as work.
fn filed(site: &Site, file: &Path) -> Result<Filing, Failure> {
    let read = read(site, file)?.map_err(|mistakes| setup::wrong("the task file", &mistakes))?;
    for warning in &read.warnings {
        complain(&warning.to_string());
    }
    Ok(read.file.filing(file.to_owned(), Folder::beside(file).root().to_owned()))
}

/// Writes the report of a day that goes on no more, and says where it is.
fn ended(site: &Site, (named, file): (&Path, &Path), batch: &Value, json: bool) -> Result<u8, Failure> {
    let (path, _) = written(site, file)?;
    // What is done anew counts as what came of that.
    let is_done = |task: &Value| !task["done_anew_as"].is_null() || task["state"] == "done" || task["state"] == "ready";
    let all_done = batch["tasks"].as_array().into_iter().flatten().all(is_done);
    if json {
        say(&compact(&json!({ "ended": batch, "report": path, "done": all_done })));
    } else {
        // What it stands still for may have been said long ago, or only to a log.
        for task in batch["tasks"].as_array().into_iter().flatten().filter(|task| !is_done(task)) {
            let (title, reason) =
                (task["title"].as_str().unwrap_or_default(), task["reason"].as_str().unwrap_or_default());
            say(&format!("#{} {title}: {reason}", task["number"]));
        }
        if batch["tasks"].as_array().into_iter().flatten().any(|task| !is_done(task) && task["state"] == "failed") {
            say(&format!("`orchestrator-tui start {} --failed` tries again what failed", named.display()));
        }
        say(&format!("the report is in {}", path.display()));
    }
    Ok(if all_done { Code::Done as u8 } else { Code::Refused as u8 })
}

/// `report FILE`
pub(super) fn report(site: &Site, wish: &Report) -> Result<u8, Failure> {
    let file = there(&wish.file)?;
    if wish.print {
        let (date, text) = ask::day_report(site, &file)?;
        say(&if wish.json { pretty(&json!({ "date": date, "markdown": text })) } else { text.trim_end().to_owned() });
        return Ok(0);
    }
    let (path, text) = written(site, &file)?;
    say(&if wish.json { pretty(&json!({ "report": path, "markdown": text })) } else { path.display().to_string() });
    Ok(0)
}

/// Writes the report of a day beside its task file; says where.
fn written(site: &Site, file: &Path) -> Result<(PathBuf, String), Failure> {
    let (date, text) = ask::day_report(site, file)?;
    let folder = Folder::beside(file);
    let text = of_project(Some(&site.project)).text(&text).into_owned();
    folder.write_report(&date, &text).map_err(|error| {
        Failure::usage(format!("the report cannot be written to {}: {error}", folder.report(&date).display()))
    })?;
    Ok((folder.report(&date), text))
}

/// Says what is wrong with a task file, or what its day would be; starts nothing.
fn outlined(site: &Site, file: &Path, json: bool) -> Result<u8, Failure> {
    let read = match read(site, file)? {
        Ok(read) => read,
        Err(mistakes) if json => {
            say(&pretty(&json!({ "ok": false, "errors": mistakes })));
            return Ok(Code::Usage as u8);
        }
        Err(mistakes) => return Err(setup::wrong("the task file", &mistakes)),
    };
    if json {
        let mut value = outline::json(&read.file, &known::suggestions(site, file, &read.file));
        value["ok"] = json!(true);
        value["warnings"] = json!(read.warnings);
        say(&pretty(&value));
        return Ok(0);
    }
    for warning in &read.warnings {
        complain(&warning.to_string());
    }
    say(&outline::text(&read.file, &known::suggestions(site, file, &read.file)));
    Ok(0)
}

/// Reads a task file, and judges it by what this project has.
fn read(site: &Site, file: &Path) -> Result<Result<ReadTaskFile, Vec<Diagnostic>>, Failure> {
    let loaded = site.load(Overrides::default())?;
    let settings = &loaded.settings;
    let days = [Folder::beside(&file.canonicalize().unwrap_or_default())];
    let hides = |wanted: &[(ProjectPath, bool)]| hidden::hidden(&site.project, &days, wanted);
    let names = Names {
        checks: Some(settings.checks.iter().map(|check| check.name.to_string()).collect()),
        roles: Some(settings.roles.keys().cloned().collect()),
        workflows: Some(settings.workflows.keys().cloned().collect()),
        readers: settings.roles.iter().filter(|(_, role)| !role.edits).map(|(name, _)| name.clone()).collect(),
        hidden: Some(&hides),
        copied: settings.workspace.copy.clone(),
    };
    Ok(read_task_file(file, &site.project, &names))
}

/// `feedback FILE`
pub(super) fn feedback(site: &Site, wish: &Feedback) -> Result<u8, Failure> {
    let folder = wish.file.parent().unwrap_or(Path::new(""));
    let is_usual = folder.file_name().is_some_and(|name| name == "feedback");
    let root = if is_usual { folder.parent().unwrap_or(folder) } else { folder };
    let feedback = read_feedback(&wish.file, root).map_err(|mistake| Failure::usage(*mistake))?;
    let day = feedback.date.as_deref().and_then(|date| day_of(site, &Folder::at(root.to_owned()), date));
    let find = |label: &str| {
        let mut tasks = day.iter().flat_map(|day| &day.tasks).map(|entry| &entry.assignment);
        tasks.find(|task| task.label.eq_ignore_ascii_case(label))
    };
    let lessons = lessons(&feedback, find);
    if wish.json {
        say(&pretty(&taught::json(&feedback, &lessons)));
        return Ok(0);
    }
    for unread in &feedback.unread {
        complain(&unread.to_string());
    }
    say(&taught::text(&feedback, &lessons));
    Ok(0)
}

/// Finds the task file of a day, for the modules and context files of its tasks.
fn day_of(site: &Site, folder: &Folder, date: &str) -> Option<TaskFile> {
    let file = folder.task_files(date).into_iter().find(|file| file.is_file())?;
    let read = read_task_file(&file, &site.project, &Names::default());
    if read.is_err() {
        complain(&format!(
            "{0} cannot be read, so the modules of its tasks are not known\nhint: `orchestrator-tui start {0} --dry-run` says why",
            file.display()
        ));
    }
    read.ok().map(|read| read.file)
}
