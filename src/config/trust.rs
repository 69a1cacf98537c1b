//! What a project would make us run, and whether its user has said yes to that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use crate::config::environment::DotEnv;
use crate::config::file::{ConfigFile, RuleDoes};
use crate::model::settings::Check;

/// Names of a project's `.env` that decide where something is written or sent, or on whose account.
const FAR_REACHING: [&str; 9] = [
    "EVENT_DIR",
    "STATE_FILE",
    "LOCK_FILE",
    "DATABASE_PATH",
    "ANTHROPIC_API_KEY",
    "GITHUB_OWNER",
    "GITHUB_REPO",
    "SLACK_WEBHOOK_URL",
    "EMAIL_WEBHOOK_URL",
];

/// Everything in a project's own files that takes effect only after a yes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Running(BTreeSet<(String, String)>);

impl Running {
    /// Gathers it from the project's file.
    pub(crate) fn of_file(&mut self, file: &ConfigFile) {
        for check in file.check.iter().flat_map(Spanned::get_ref).map(Spanned::get_ref) {
            // Without the check's name: renaming a check runs nothing new.
            self.add("check run", check.run.iter().map(text));
            self.add("check fixer", check.fixers.iter().flat_map(Spanned::get_ref).map(text));
        }
        self.add("workspace.prepare", file.workspace.iter().filter_map(|table| table.prepare.as_ref()).map(text));
        if let Some(policy) = &file.policy {
            // What it refuses or asks about on top only tightens; what it allows needs a yes. See `safety` for the rest.
            self.add("policy.allow", policy.allow.iter().flat_map(Spanned::get_ref).map(text));
            self.add("policy.write", policy.write.iter().flat_map(Spanned::get_ref).map(text));
            for (name, rules) in &policy.role {
                let what = format!("policy.role.{}.allow", name.get_ref());
                self.add(&what, rules.allow.iter().flat_map(Spanned::get_ref).map(text));
            }
        }
        self.of_roles(file);
        for (name, agent) in &file.agent {
            let name = name.get_ref();
            self.add(&format!("agent.{name}.program"), agent.program.iter().map(text));
            // One line for all arguments: their order counts.
            let args = agent.args.iter().map(|list| list.get_ref().iter().map(text).collect::<Vec<_>>());
            self.add(&format!("agent.{name}.args"), args.map(|args| format!("{args:?}")));
            for (variable, value) in agent.env.iter().flatten() {
                self.add(&format!("agent.{name}.env.{}", variable.get_ref()), [text(value)]);
            }
        }
    }

    /// Gathers what a project says about who works how, and after what. Whoever changes that decides what agents do.
    fn of_roles(&mut self, file: &ConfigFile) {
        let strings = |list: &crate::config::file::List| {
            list.as_ref().map(|list| list.get_ref().iter().map(text).collect::<Vec<_>>().join(", "))
        };
        for (name, role) in &file.role {
            let what = |field: &str| format!("role.{}.{field}", name.get_ref());
            self.add(&what("agent"), role.agent.as_ref().map(text));
            self.add(&what("purpose"), role.purpose.as_ref().map(text));
            self.add(&what("produces"), role.produces.as_ref().map(text));
            self.add(&what("edits"), role.edits.as_ref().map(|edits| edits.get_ref().to_string()));
            self.add(&what("budget_usd"), role.budget_usd.as_ref().map(|usd| usd.get_ref().0.dollars().to_string()));
            self.add(&what("attempts"), role.attempts.as_ref().map(|attempts| attempts.get_ref().to_string()));
            self.add(&what("emits"), strings(&role.emits));
            self.add(&what("after_landing"), role.after_landing.as_ref().map(|after| after.get_ref().to_string()));
        }
        for (name, workflow) in &file.workflow {
            let what = |field: &str| format!("workflow.{}.{field}", name.get_ref());
            self.add(&what("purpose"), workflow.purpose.as_ref().map(text));
            self.add(&what("role"), workflow.role.as_ref().map(text));
            let stages =
                workflow.stages.as_ref().map(|stages| stages.get_ref().iter().map(|stage| stage.get_ref().name()));
            self.add(&what("stages"), stages.map(|stages| stages.collect::<Vec<_>>().join(", ")));
        }
        for rule in file.rule.iter().flat_map(Spanned::get_ref).map(Spanned::get_ref) {
            let said = |given: &Option<Spanned<String>>| given.as_ref().map(text).unwrap_or_default();
            let follows = match rule.does.as_ref().map(Spanned::get_ref) {
                Some(RuleDoes::Complete) => "complete".to_owned(),
                Some(RuleDoes::FileBug) => "file a bug".to_owned(),
                Some(RuleDoes::Start) | None => {
                    format!("start {} {}", said(&rule.role), said(&rule.workflow)).trim().to_owned()
                }
            };
            self.add(&format!("rule {}", said(&rule.event)), [follows]);
        }
    }

    /// Adds a text that agents are told, by its file and what stands in it.
    pub(crate) fn of_text(&mut self, key: &str, path: &str, content: &str) {
        let mut mark = String::with_capacity(32);
        for byte in &Sha256::digest(content)[..16] {
            let _ = write!(mark, "{byte:02x}");
        }
        self.add(key, [format!("{path} (SHA-256 {mark}…)")]);
    }

    /// Gathers it from the project's `.env`.
    pub(crate) fn of_dot_env(&mut self, dot_env: &DotEnv) {
        for name in FAR_REACHING {
            self.add(&format!(".env {name}"), dot_env.get(name).map(|(value, _)| value.to_owned()));
        }
    }

    /// Gathers it from checks that were chosen because of the project's own files.
    pub(crate) fn of_detected(&mut self, checks: &[Check]) {
        self.add("check run", checks.iter().map(|check| check.run.clone()));
    }

    /// Adds a choice about its user's safety that the project's file makes.
    pub(crate) fn of_choice(&mut self, key: &str, value: &str) {
        self.add(key, [value.to_owned()]);
    }

    fn add(&mut self, what: &str, values: impl IntoIterator<Item = String>) {
        let given = values.into_iter().filter(|value| !value.is_empty());
        self.0.extend(given.map(|value| (what.to_owned(), value)));
    }

    /// Whether there is nothing to ask about.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether whoever agreed to `other` has agreed to this: it only runs fewer command lines, or leaves more to its user.
    /// Without a variable or an argument of an agent, something else would run.
    pub fn is_part_of(&self, other: &Self) -> bool {
        let line = |what: &str| {
            ["check run", "check fixer", "workspace.prepare"].contains(&what)
                || ["policy.", "role.", "workflow.", "rule ", "documents."].iter().any(|start| what.starts_with(start))
                || choice(what).is_some()
        };
        self.0.is_subset(&other.0) && other.0.difference(&self.0).all(|(what, _)| line(what))
    }

    /// Returns the hash that a yes is given to: 64 hex digits. The order of checks does not matter.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for part in self.0.iter().flat_map(|(what, value)| [what, value]) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut hex = String::with_capacity(64);
        for byte in hash.finalize() {
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }

    /// Returns one line for each thing that would take effect, for the question. Values of `.env` are not shown.
    pub fn describe(&self) -> Vec<String> {
        let line = |(what, value): &(String, String)| match choice(what) {
            Some(means) => format!("{what}: {value} ({means})"),
            None if what.starts_with(".env ") => what.clone(),
            None => format!("{}: {}", visible(what), visible(value)),
        };
        self.0.iter().map(line).collect()
    }
}

/// Says what a project's choice about its user's safety comes to; `None` if the key is no such choice.
fn choice(key: &str) -> Option<&'static str> {
    match key {
        "fix.land" => Some("verified fixes land without your yes, the first one too"),
        "fix.isolation" => Some("agents work in your own files, not in a copy"),
        "budget.task_usd" => Some("dollars that one task may cost; 0: no limit"),
        "budget.day_usd" => Some("dollars that one day may cost; 0: no limit"),
        "budget.task_tokens" => Some("tokens that one task may use; 0: no limit"),
        "budget.day_tokens" => Some("tokens that one day may use; 0: no limit"),
        _ => None,
    }
}

/// Makes every character visible: a project could hide what it runs behind control or direction marks.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '\'' | '"' | '\\') { c.to_string() } else { c.escape_debug().to_string() })
        .collect()
}

fn text(spanned: &Spanned<String>) -> String {
    spanned.get_ref().clone()
}

/// Why the record of trusted projects cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read or written.
    #[error("cannot use {path}: {source}; is the folder writable?")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is there and not what was written.
    #[error("{path} is damaged ({why}); move it away and say yes to your projects again")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// The user's yeses: which content of which project. Kept in one file that only the user can read.
#[derive(Debug)]
pub struct TrustStore {
    path: PathBuf,
    known: Known,
}

/// Project path, as ASCII, → hashes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    trusted: BTreeMap<String, BTreeSet<String>>,
}

impl TrustStore {
    /// Reads the record; a file that does not exist is an empty one.
    ///
    /// # Errors
    /// If it cannot be read or is damaged: an unreadable yes is not a yes.
    pub fn load(path: impl Into<PathBuf>) -> Result<Self, TrustError> {
        let path = path.into();
        let known = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|why| TrustError::Damaged { path: path.clone(), why: why.to_string() })?,
            Err(source) if source.kind() == io::ErrorKind::NotFound => Known::default(),
            Err(source) => return Err(TrustError::File { path, source }),
        };
        Ok(Self { path, known })
    }

    /// Whether a yes was given to exactly this content of this project.
    pub fn is_trusted(&self, project: &Path, hash: &str) -> bool {
        self.known.trusted.get(&key(project)).is_some_and(|hashes| hashes.contains(hash))
    }

    /// Whether a yes was ever given to any content of this project.
    pub fn knows(&self, project: &Path) -> bool {
        self.known.trusted.contains_key(&key(project))
    }

    /// Records a yes. The file is replaced at once or not at all, readable for the user only.
    ///
    /// # Errors
    /// If the file cannot be read again or written; nothing is trusted then.
    pub fn trust(&mut self, project: &Path, hash: &str) -> Result<(), TrustError> {
        // Another process may have added a yes since.
        let mut known = Self::load(&self.path)?.known;
        known.trusted.entry(key(project)).or_default().insert(hash.to_owned());
        self.write(&known).map_err(|source| TrustError::File { path: self.path.clone(), source })?;
        self.known = known;
        Ok(())
    }

    /// Takes back every yes to a project; with the last one the file goes.
    ///
    /// # Errors
    /// If the file cannot be read again, written or removed.
    pub fn forget(&mut self, project: &Path) -> Result<(), TrustError> {
        let mut known = Self::load(&self.path)?.known;
        if known.trusted.remove(&key(project)).is_none() {
            return Ok(());
        }
        let done = if known.trusted.is_empty() { fs::remove_file(&self.path) } else { self.write(&known) };
        done.map_err(|source| TrustError::File { path: self.path.clone(), source })?;
        self.known = known;
        Ok(())
    }

    fn write(&self, known: &Known) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        // Temporary files are made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec_pretty(known)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Writes a path as ASCII without loss; links are resolved where the path exists.
fn key(project: &Path) -> String {
    let project = fs::canonicalize(project).unwrap_or_else(|_| project.to_owned());
    project.as_os_str().as_bytes().escape_ascii().to_string()
}
