//! In which folder work belongs that names a repository, and by whose supervisor it is done.

use std::path::{Path, PathBuf};

use super::clone::{self, Progress};
use super::name::{Name, Named, TaskName};
use super::{find, git};
use crate::app::answers::named::Named as Asked;
use crate::app::failure::Failure;
use crate::app::project::doorkeeper::not_from_a_session;
use crate::app::project::setup::Site;
use crate::app::verbs::ask;
use crate::config::{Overrides, Projects};
use crate::model::id::TaskId;

/// What is wanted of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To read what is known of it, with or without a supervisor.
    Look,
    /// To order something of its supervisor.
    Order,
    /// To file work, for which it is cloned if it is nowhere.
    File,
}

/// A project in which work is done.
#[derive(Clone, Debug)]
pub struct Place {
    /// The project.
    pub site: Site,
    /// What it was called; empty: nobody named it.
    pub name: String,
    /// Whether it is another one than the one that was asked.
    pub is_other: bool,
}

/// Finds the project that `repository` names, as seen from `site`: this one, one below the user's folder of projects, a
/// clone, or, for work, a new clone. There is one supervisor for each project, and it has one tree, so work for another
/// repository is the business of that project's own supervisor, with a state folder and workspaces of its own.
///
/// # Errors
/// If nothing or more than one thing is called so, it cannot be cloned, or no supervisor runs there and one is needed; and
/// always if this process belongs to a session, whose work ends at its own project.
pub fn place(
    site: &Site,
    repository: Option<&str>,
    need: Need,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<Place, Failure> {
    let text = repository.unwrap_or_default().trim();
    if repository.is_some() && text.is_empty() {
        return Err(Failure::usage(
            "--repository names nothing; nothing was done\nhint: an unset variable? Leave it out to mean the project here",
        ));
    }
    if text.is_empty() {
        return Ok(Place { site: site.clone(), name: String::new(), is_other: false });
    }
    let home = site.environment.get("HOME").map(PathBuf::from);
    let named = Named::read(text, home.as_deref())?;
    if is_here(site, &named) {
        return Ok(Place { site: site.clone(), name: name_of(site, &named), is_other: false });
    }
    not_from_a_session(&site.state_root, "reach another project")?;
    let (folder, is_new) = folder(site, &named, need, tell)?;
    if folder == site.project {
        return Ok(Place { site: site.clone(), name: name_of(site, &named), is_other: false });
    }
    let other = Site::of(folder, site.environment.clone())?;
    let place = Place { name: name_of(&other, &named), site: other, is_other: true };
    if need != Need::Look && !ask::is_supervised(&place.site)? {
        return Err(nobody_there(&place, is_new));
    }
    Ok(place)
}

/// Returns the branch that is checked out in a project; empty if there is none.
pub fn checked_out(site: &Site) -> String {
    git::ask(&site.environment, &site.project, &["symbolic-ref", "--short", "HEAD"]).unwrap_or_default()
}

/// Whether the project itself is what is named.
fn is_here(site: &Site, named: &Named) -> bool {
    match named {
        Named::Folder(folder) => folder.canonicalize().is_ok_and(|folder| folder == site.project),
        Named::Name(Name { owner: None, name }) if is_called(&site.project, name) => true,
        Named::Name(_) | Named::Address(..) => named.is_origin(&git::origin(&site.environment, &site.project)),
    }
}

fn is_called(folder: &Path, name: &str) -> bool {
    folder.file_name().is_some_and(|own| own.to_string_lossy().to_lowercase() == name.to_lowercase())
}

/// What is kept as the name of the repository: as it was said, or for a folder or address what its origin is called.
fn name_of(site: &Site, named: &Named) -> String {
    if let Named::Name(name) = named {
        return name.to_string();
    }
    let folder = || site.project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Name::of_origin(&git::origin(&site.environment, &site.project)).map_or_else(folder, |name| name.to_string())
}

/// Returns the folder of another repository, and whether it was cloned just now.
fn folder(
    site: &Site,
    named: &Named,
    need: Need,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<(PathBuf, bool), Failure> {
    if let Named::Folder(folder) = named {
        let real = Site::project(Some(folder), &site.environment)?;
        return Ok((real, false));
    }
    let projects = site.load(Overrides::default())?.projects;
    let mut found = match &projects.dir {
        Some(dir) => find::below(dir, named, &site.environment)?,
        None => Vec::new(),
    };
    if found.is_empty() {
        found = cloned_before(site, named, &projects)?;
    }
    match &found[..] {
        [folder] => Ok((folder.clone(), false)),
        [] if need == Need::File => cloned(site, named, &projects, tell).map(|folder| (folder, true)),
        [] => Err(Failure::refused(format!(
            "{} is not found{}\nhint: name its folder; filing work (`session create`, `queue add`, `orchestrate`) clones it",
            named.name(),
            looked_in(&projects)
        ))),
        several => {
            let all: Vec<String> = several.iter().map(|folder| format!("\n  {}", folder.display())).collect();
            Err(Failure::refused(format!(
                "{} could be any of{}\nhint: --repository FOLDER says which",
                named.name(),
                all.concat()
            )))
        }
    }
}

/// Finds clones of ours. They are used as they are: what was done in one is not ours to reset.
fn cloned_before(site: &Site, named: &Named, projects: &Projects) -> Result<Vec<PathBuf>, Failure> {
    let (Some(clones), Named::Name(name) | Named::Address(_, name)) = (&projects.clones, named) else {
        return Ok(Vec::new());
    };
    if name.owner.is_none() && matches!(named, Named::Name(_)) {
        return find::below(clones, named, &site.environment);
    }
    let found = clone::existing(&clone::place(clones, name), named, &site.environment)?;
    Ok(found.into_iter().collect())
}

fn cloned(
    site: &Site,
    named: &Named,
    projects: &Projects,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<PathBuf, Failure> {
    let Some(clones) = &projects.clones else {
        return Err(Failure::usage(format!(
            "{} is not found{}, and there is no folder for clones\nhint: WORKSPACES_DIR or projects.clones names one",
            named.name(),
            looked_in(projects)
        )));
    };
    let (address, name) = match named {
        Named::Address(address, name) => (address.clone(), name),
        Named::Name(name) if name.owner.is_some() && !projects.host.is_empty() => {
            let joint = if projects.host.ends_with([':', '/']) { "" } else { "/" };
            (format!("{}{joint}{name}.git", projects.host), name)
        }
        Named::Name(_) | Named::Folder(_) => {
            return Err(Failure::refused(format!(
                "{} is not found{}, and from where to clone it is not said\nhint: write owner/name, or an address",
                named.name(),
                looked_in(projects)
            )));
        }
    };
    clone::clone(clones, &address, name, &site.environment, tell)
}

fn looked_in(projects: &Projects) -> String {
    let folders: Vec<String> =
        [&projects.dir, &projects.clones].into_iter().flatten().map(|folder| folder.display().to_string()).collect();
    if folders.is_empty() { String::new() } else { format!(" in {}", folders.join(" or ")) }
}

/// Says that nobody works there, and how that begins. A repository that was cloned is as foreign as any other: what it
/// would run is shown, and agreed to by a person.
fn nobody_there(place: &Place, is_new: bool) -> Failure {
    let Place { site, name, .. } = place;
    let folder = site.project.display().to_string();
    let quoted = shlex::try_quote(&folder).map_or_else(|_| folder.clone(), std::borrow::Cow::into_owned);
    let ours = format!("orchestrator-tui -C {quoted}");
    let loaded = site.load(Overrides::default());
    let is_trusted = loaded.as_ref().is_ok_and(|loaded| site.is_trusted(loaded).unwrap_or(false));
    let came = if is_new { " was cloned, and" } else { " is here, and" };
    let trust = match (&loaded, is_trusted) {
        (Err(_), _) => format!("`{ours} config check` says what is wrong with its configuration, then "),
        (Ok(_), true) => String::new(),
        (Ok(_), false) => format!("`{ours} trust` shows what it would run and agrees to it, then "),
    };
    let news = if is_trusted { "" } else { ", and nothing of it is trusted" };
    Failure::supervisor(format!(
        "{name}{came} no supervisor runs in {folder}{news}; nothing was filed\nhint: {trust}`{ours} run --headless` starts one (without `run --headless`: with its screen); then say the same again"
    ))
}

/// Returns what a session of a place waits for.
///
/// # Errors
/// If one of them belongs to another project: its supervisor alone knows when it is done, and its result is in no tree
/// that work here begins from.
pub fn dependencies(here: &Site, place: &Place, after: &[TaskName]) -> Result<Vec<TaskId>, Failure> {
    let elsewhere = |task: TaskId, whose: &str| {
        Failure::refused(format!(
            "{task} is a session of {whose}, and this one is for {}: a session waits only for those of its own project, whose supervisor knows when they are done, and whose results it builds on\nhint: leave it out, and file this one when {task} is done",
            place.site.project.display()
        ))
    };
    let home = here.environment.get("HOME").map(PathBuf::from);
    after
        .iter()
        .map(|TaskName { repository, task }| {
            if let Some(repository) = repository {
                let named = Named::read(repository, home.as_deref())?;
                let is_there = is_here(&place.site, &named) || *repository == place.name;
                return match task {
                    Asked::Number(task) if !is_there => Err(elsewhere(*task, repository)),
                    Asked::Number(_) | Asked::Uuid(_) => task.at(&place.site),
                };
            }
            let known = |site: &Site| {
                let task = task.at(site).ok()?;
                ask::query(site, &format!("session/{}", task.0)).ok().map(|_| task)
            };
            match known(here).filter(|_| place.is_other && known(&place.site).is_none()) {
                Some(task) => Err(elsewhere(task, &here.project.display().to_string())),
                None => task.at(&place.site),
            }
        })
        .collect()
}
