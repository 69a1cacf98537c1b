//! What an agent may do: the rules a person writes, what one run is about, and the answer to one request.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::workspace::TreeId;

/// An answer to "may I".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Go on.
    Allow,
    /// A person decides.
    Ask,
    /// No.
    Deny,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        })
    }
}

/// Three lists of patterns such as `Bash(npm run build *)`, `Write(docs/**)` or `WebFetch`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// What is allowed unless a stronger list says otherwise.
    pub allow: Vec<String>,
    /// What a person is asked about; stronger than `allow`.
    pub ask: Vec<String>,
    /// What is refused; stronger than both.
    pub deny: Vec<String>,
}

/// `[policy]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// For every role.
    pub rules: Rules,
    /// `[policy.role.NAME]`: for one role, on top.
    pub roles: BTreeMap<String, Rules>,
    /// Command patterns that execute something against a database, on top of the known ones.
    pub database: Vec<String>,
    /// What becomes of the wish to delete files of the project.
    pub delete: Permission,
    /// Folders outside of the workspace that may be written: absolute, or below the home with `~/`.
    pub write: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            roles: BTreeMap::new(),
            database: Vec::new(),
            delete: Permission::Deny,
            write: Vec::new(),
        }
    }
}

/// The role that mends checks.
pub const FIXER: &str = "fixer";

/// What one run is about: all that a verdict needs to know besides the request itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyScope {
    /// The role that it plays.
    pub role: String,
    /// Whether its work is a change of files.
    #[serde(default)]
    pub edits: bool,
    /// The folder that work stays in, absolute and free of links.
    pub workspace: PathBuf,
    /// Where a request begins that begins elsewhere: an agent may have gone to another folder before.
    #[serde(default)]
    pub at: Option<PathBuf>,
    /// Further folders that may be written: the session's own temporary one, and `policy.write`.
    pub write: Vec<PathBuf>,
    /// Command lines that it may run: those of the checks.
    pub commands: Vec<String>,
    /// What a person wrote.
    pub policy: Policy,
    /// Variables whose value the shell will have: `HOME`, `PWD`, `TMPDIR`.
    pub variables: BTreeMap<String, String>,
    /// What the work began from; without it, what the folder's own repository says.
    pub base: Option<Base>,
}

impl PolicyScope {
    /// Returns the folder that a request begins in.
    pub fn folder(&self) -> &Path {
        self.at.as_deref().unwrap_or(&self.workspace)
    }
}

/// A tree in a repository that no agent can write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The repository, absolute.
    pub repository: PathBuf,
    /// The tree.
    pub tree: TreeId,
}

/// The answer to one request, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The answer.
    pub decision: Permission,
    /// The rule that decided: `guard.git`, `default.read`, `policy.deny "Bash(curl *)"`.
    pub rule: String,
    /// Why, in words for a person and for the agent.
    pub reason: String,
    /// Whether the wish alone ends the run: a safety rule was broken.
    pub violation: bool,
}

impl Verdict {
    /// Says yes.
    pub fn allow(rule: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { decision: Permission::Allow, rule: rule.into(), reason: reason.into(), violation: false }
    }

    /// Leaves it to a person.
    pub fn ask(rule: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { decision: Permission::Ask, rule: rule.into(), reason: reason.into(), violation: false }
    }

    /// Says no; the run goes on.
    pub fn deny(rule: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { decision: Permission::Deny, rule: rule.into(), reason: reason.into(), violation: false }
    }

    /// Says no, and ends the run.
    pub fn violation(rule: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { violation: true, ..Self::deny(rule, reason) }
    }

    /// Returns how much this weighs against other answers about parts of the same request: of equals, the rule counts
    /// that a person wrote.
    pub fn weight(&self) -> (bool, Permission, bool) {
        (self.violation, self.decision, self.rule.starts_with("policy."))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}: {}", self.decision, self.rule, self.reason)
    }
}
