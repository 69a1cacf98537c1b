//! `--repository`: the flag by which work names another repository, what is shown meanwhile, and where it was.

use std::io::IsTerminal as _;

use clap::Args;
use serde_json::{Value, json};

use super::verbs;
use crate::app::failure::Failure;
use crate::app::project::setup::Site;
use crate::app::repositories::{Need, Place, Progress, place};
use crate::app::words::say::{aimed, news, over, speak_of};
use crate::app::words::secrecy::of_project;

/// Another repository than the project's.
#[derive(Debug, Args)]
pub struct Elsewhere {
    /// In another repository: owner/name, a folder, or an address to clone from. It is looked for in `PROJECTS_DIR`
    /// and cloned into `WORKSPACES_DIR`; a supervisor must run there.
    #[arg(
        long,
        global = true,
        visible_alias = "repo",
        value_name = "REPOSITORY",
        value_hint = clap::ValueHint::DirPath
    )]
    pub repository: Option<String>,
}

impl Elsewhere {
    /// Finds the project that is meant; says what git says if it has to be cloned.
    pub(super) fn place(&self, site: &Site, need: Need) -> Result<Place, Failure> {
        let is_watched = std::io::stderr().is_terminal();
        let mut redactor = None;
        let place = place(site, self.repository.as_deref(), need, &mut |progress: Progress<'_>| {
            let covered = redactor.get_or_insert_with(|| of_project(Some(&site.project))).text(progress.text);
            match (is_watched, progress.is_whole) {
                (true, whole) => over(&covered, whole),
                (false, true) => news(&covered),
                (false, false) => {}
            }
        })?;
        if place.is_other {
            speak_of(&place.site.project);
        }
        Ok(place)
    }
}

/// Adds to what is said in words where that is, if it is not here.
pub(super) fn words(place: &Place, words: &str) -> String {
    if place.is_other { format!("{words}\nin {}", place.site.project.display()) } else { words.to_owned() }
}

/// Prints the answer to a command, with the folder.
pub(super) fn said(place: &Place, answer: &Value, json: bool) -> u8 {
    let mut answer = answer.clone();
    if json {
        answer["folder"] = json!(place.site.project);
        answer["said"] = json!(aimed(answer["said"].as_str().unwrap_or("done")));
    } else {
        answer["said"] = json!(words(place, answer["said"].as_str().unwrap_or("done")));
    }
    verbs::said(&answer, json)
}
