//! Where command lines and agents run, and with which environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::app::words::secrecy::Secrecy;
use crate::core::effect::Place;
use crate::edge::store::Layout;
use crate::edge::workspace::editable_folders;
use crate::model::id::{SessionId, Slot};
use crate::model::session::{SessionSpec, Stdin};

/// How much of a session's output is kept on disk, in bytes.
const LOG_CAP: u64 = 64 * 1024 * 1024;

/// Wide, so that test runners do not shorten the lines that are read.
pub(in crate::app) const SIZE: (u16, u16) = (400, 50);

/// What every session of a project shares.
#[derive(Clone, Debug)]
pub struct Places {
    /// Our own program, which is also the holder.
    pub program: PathBuf,
    /// The project.
    pub project: PathBuf,
    /// The folder of the workspaces.
    pub work: PathBuf,
    /// The state folder.
    pub layout: Layout,
    /// What marks this project's sessions in the environment of their processes.
    pub mark: String,
    /// The user's environment.
    pub environment: BTreeMap<String, String>,
    /// What is never kept of what they print.
    pub secrecy: Secrecy,
}

impl Places {
    /// Returns the folder of a place.
    pub fn folder(&self, place: Place) -> PathBuf {
        match place {
            Place::Tree => self.project.clone(),
            Place::Workspace(slot) => self.workspace(slot),
        }
    }

    /// Returns the folder of a workspace.
    pub fn workspace(&self, slot: Slot) -> PathBuf {
        self.work.join(slot.0.to_string())
    }

    /// Returns the user's environment with what every command of ours has: no colours, no marks of a surrounding
    /// session, and a number of its own for ports and database names. In a workspace, what names the project names the
    /// workspace, and Python packages that are installed from the project come from the workspace.
    pub fn environment(&self, place: Place) -> BTreeMap<String, String> {
        let slot = match place {
            Place::Tree => 0,
            Place::Workspace(slot) => slot.0,
        };
        let mut environment = self.environment.clone();
        environment.retain(|name, _| !is_private(name) && !is_of_a_terminal(name));
        if place != Place::Tree {
            let folder = self.folder(place);
            let mut python: Vec<String> = editable_folders(&self.project, &environment)
                .into_iter()
                .map(|inside| folder.join(inside).display().to_string())
                .collect();
            for value in environment.values_mut() {
                *value = self.moved(value, &folder);
            }
            // Python takes a cached module for current if its source has the same size and was written in the same
            // second; between the baseline and a quick agent's edit that is not enough.
            environment.entry("PYTHONDONTWRITEBYTECODE".to_owned()).or_insert_with(|| "1".to_owned());
            if !python.is_empty() {
                python.extend(environment.get("PYTHONPATH").filter(|path| !path.is_empty()).cloned());
                environment.insert("PYTHONPATH".to_owned(), python.join(":"));
            }
        }
        environment.insert("ORCHESTRATOR_SLOT".to_owned(), slot.to_string());
        environment.insert("PWD".to_owned(), self.folder(place).display().to_string());
        environment
    }

    /// Returns a command line as it is run in a place: where it names the project, it means the place.
    pub fn line(&self, place: Place, line: &str) -> String {
        match place {
            Place::Tree => line.to_owned(),
            Place::Workspace(_) => self.moved(line, &self.folder(place)),
        }
    }

    /// Replaces paths inside the project by those in a workspace, where the workspace has them: ignored files that it
    /// does not have are still found where they are.
    fn moved(&self, text: &str, folder: &Path) -> String {
        let from = self.project.display().to_string();
        // The whole home as the project: then its path is in everything and means the home.
        if self.environment.get("HOME").is_some_and(|home| Path::new(home).starts_with(&self.project)) {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(&from) {
            let (before, after) = (&rest[..at], &rest[at + from.len()..]);
            out.push_str(before);
            let begins = !before.ends_with(|letter: char| letter.is_alphanumeric() || "/._-~".contains(letter));
            let ends = after.is_empty() || after.starts_with(|letter: char| letter == '/' || ends_path(letter));
            let length = after.find(ends_path).unwrap_or(after.len());
            let inside = after[..length].trim_start_matches('/');
            if begins && ends && folder.join(inside).symlink_metadata().is_ok() {
                out.push_str(&folder.display().to_string());
            } else {
                out.push_str(&from);
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// Returns what a session needs: `program` with `args` in a place.
    pub fn spec(
        &self,
        id: SessionId,
        place: Place,
        program: PathBuf,
        args: Vec<String>,
        limit: Duration,
    ) -> SessionSpec {
        SessionSpec {
            id,
            mark: self.mark.clone(),
            program,
            args,
            folder: self.folder(place),
            env: self.environment(place),
            stdin: Stdin::Null,
            own_stderr: false,
            raw: true,
            size: SIZE,
            logs: self.layout.sessions(),
            socket: self.layout.session_socket(id),
            log_cap: LOG_CAP,
            limit,
            keep_daemons: false,
            secrets: self.secrecy.now().secrets().to_vec(),
        }
    }
}

/// Whether a letter ends a path in a command line or in a list of paths.
fn ends_path(letter: char) -> bool {
    letter.is_whitespace() || ":;,&|<>()\"'".contains(letter)
}

/// Variables that are for us, not for what we run: our own settings and keys, which no check needs.
fn is_private(name: &str) -> bool {
    const OURS: [&str; 6] = [
        "GITHUB_TOKEN",
        "SLACK_WEBHOOK_URL",
        "EMAIL_WEBHOOK_URL",
        "TELEGRAM_BOT_TOKEN",
        "OPENCLAW_TOKEN",
        "CLAUDE_WEBHOOK_SECRET",
    ];
    OURS.contains(&name) || (name.starts_with("ORCHESTRATOR_") && name != "ORCHESTRATOR_REHEARSAL")
}

/// Variables that say in which terminal a program runs, and how to speak to it: a session has one of its own, and what runs
/// there must not type into the user's.
fn is_of_a_terminal(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "TMUX",
        "TMUX_PANE",
        "STY",
        "TERM_PROGRAM",
        "TERM_PROGRAM_VERSION",
        "VTE_VERSION",
        "WT_SESSION",
        "WINDOWID",
        "NVIM",
        "VIM_SERVERNAME",
    ];
    const BEGINNINGS: [&str; 7] = ["ALACRITTY_", "GHOSTTY_", "ITERM_", "KITTY_", "KONSOLE_", "WEZTERM_", "ZELLIJ"];
    NAMES.contains(&name) || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// Whether there is such a file.
pub fn exists(folder: &Path, file: &crate::model::path::ProjectPath) -> bool {
    file.under(folder).symlink_metadata().is_ok()
}
