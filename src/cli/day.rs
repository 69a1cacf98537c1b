//! Carries out the verbs about a day's work: what a task file asks for, and what its feedback teaches.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::app::ask;
use crate::app::day::drive::{self, Ended, Told, Watched};
use crate::app::day::folder::Folder;
use crate::app::day::{hidden, lessons as known, outline, taught};
use crate::app::failure::{Code, Failure};
use crate::app::say::{compact, complain, pretty, say};
use crate::app::secrecy::of_project;
use crate::app::setup::{self, Site};
use crate::config::{Diagnostic, Names, Overrides, ReadTaskFile, TaskFile, lessons, read_feedback, read_task_file};
use crate::model::filing::Filing;
use crate::model::path::ProjectPath;

/// Flags of `start`.
#[derive(Debug, Args)]
pub struct Start {
    /// The task file, such as tasks/2025-11-18.yaml.
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: PathBuf,
    /// Only check it and show what would be done; start nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Stay when the work is done, and take up what changes in the file; ctrl-c ends, with the report written.
    #[arg(long, conflicts_with = "dry_run")]
    pub watch: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `feedback`.
#[derive(Debug, Args)]
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
pub struct Report {
    /// The task file whose day it is.
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: PathBuf,
    /// Only print it; write nothing.
    #[arg(long)]
    pub print: bool,
}

/// `start FILE`
pub(super) fn start(site: &Site, wish: &Start) -> Result<u8, Failure> {
    if wish.dry_run {
        return outlined(site, &wish.file, wish.json);
    }
    let file = wish.file.canonicalize().map_err(|error| Failure::usage(format!("{}: {error}", wish.file.display())))?;
    let mut again = || filed(site, &file);
    let filing = again()?;
    let mut tell = |told: Told<'_>| match told {
        Told::Line(line) if wish.json => say(&compact(line.fact)),
        Told::Line(line) => say(line.text),
        Told::Refused(failure) if wish.json => say(&compact(&json!({ "refused": failure.message }))),
        Told::Refused(failure) => {
            complain(&of_project(Some(&site.project)).text(&format!("{}\nthe day goes on as it was", failure.message)));
        }
        Told::Settled(batch) => {
            ended(site, &file, batch, wish.json).map_or_else(|failure| complain(&failure.message), |_| ());
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
        Ended::Settled(batch) => ended(site, &file, &batch, wish.json),
    }
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
fn ended(site: &Site, file: &Path, batch: &Value, json: bool) -> Result<u8, Failure> {
    let (path, _) = written(site, file)?;
    let is_done = |task: &Value| task["state"] == "done" || task["state"] == "ready";
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
        say(&format!("the report is in {}", path.display()));
    }
    Ok(if all_done { Code::Done as u8 } else { Code::Refused as u8 })
}

/// `report FILE`
pub(super) fn report(site: &Site, wish: &Report) -> Result<u8, Failure> {
    let file = wish.file.canonicalize().map_err(|error| Failure::usage(format!("{}: {error}", wish.file.display())))?;
    if wish.print {
        let (_, text) = ask::day_report(site, &file)?;
        say(text.trim_end());
        return Ok(0);
    }
    let (path, _) = written(site, &file)?;
    say(&path.display().to_string());
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
