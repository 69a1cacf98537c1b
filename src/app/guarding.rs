//! Lays the guard around one run of an agent: hook, fence, git layer, a temporary folder; and looks afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::app::configured::Configured;
use crate::app::places::Places;
use crate::app::policy;
use crate::core::effect::Place;
use crate::edge::agent::guard::{Guard, Tree, moved};
use crate::edge::agent::{fence, git_layer};
use crate::model::agent::Violation;
use crate::model::id::SessionId;
use crate::model::policy::{PLANNER, PolicyScope};

/// Who is to be guarded.
pub struct Ward<'a> {
    /// Its session.
    pub session: SessionId,
    /// Where it works.
    pub place: Place,
    /// What it plays.
    pub role: &'a str,
    /// The check that it may run as it is; empty: none.
    pub line: &'a str,
}

/// The guard around one run; gone when dropped.
pub struct Guarded {
    /// What it may do.
    pub scope: PolicyScope,
    /// The hook, as a command line.
    pub hook: String,
    /// What the hook goes by.
    pub file: PathBuf,
    /// Variables that put the guard in force.
    pub variables: BTreeMap<String, String>,
    /// What the agent must not write.
    folder: PathBuf,
    _temporary: TempDir,
    workspace: (Tree, Option<BTreeMap<String, String>>),
    /// The user's repository, unless the agent works right there.
    project: Option<(Tree, BTreeMap<String, String>)>,
}

impl Guarded {
    /// Lays it. Blocks.
    ///
    /// # Errors
    /// If something of it cannot be written: then nothing may run.
    pub fn lay(
        places: &Places,
        configured: &Configured,
        ward: &Ward<'_>,
        environment: &BTreeMap<String, String>,
    ) -> io::Result<Self> {
        let folder = places.layout.root().join("agents").join(ward.session.0.to_string());
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let temporary = temporary(environment)?;
        let place = places.folder(ward.place);
        let mut scope = policy::scope(&configured.settings, ward.role, &place, Some(temporary.path()), environment);
        let mut fence_paths = policy::fence(&scope, &configured.kinds, environment);
        if ward.role == PLANNER {
            // Nothing of the user's tree, and no build in it; and its own plans.
            fence_paths.retain(|path| *path != scope.workspace);
            scope.commands.clear();
            scope.write.extend(plans(environment));
        }
        scope.commands = scope.commands.iter().map(|line| places.line(ward.place, line)).collect();
        if !ward.line.is_empty() && !scope.commands.iter().any(|line| line == ward.line) {
            scope.commands.insert(0, ward.line.to_owned());
        }
        let file = folder.join("guard.json");
        Guard { scope: scope.clone(), fence: fence_paths }.write(&file)?;

        let tree = Tree::new(&scope.workspace);
        let users = Tree::new(&places.project);
        let mut repositories = tree.repositories();
        repositories.extend(users.repositories());
        repositories.dedup();
        let mut variables = git_layer::lay(&folder.join("git"), &repositories, environment)?;
        variables.insert("TMPDIR".to_owned(), temporary.path().display().to_string());
        variables.insert(fence::GUARD.to_owned(), file.display().to_string());
        // The CLI takes what stands before the last ` -` for the program, whatever spaces it has.
        let prefix = format!("{} --fence", places.program.display());
        variables.insert("CLAUDE_CODE_SHELL_PREFIX".to_owned(), prefix);
        let hook = format!("{} hook pre-tool-use {}", quoted(&places.program), quoted(&file));

        let before = tree.refs();
        let is_apart = users != tree;
        let project = users.refs().filter(|_| is_apart).map(|refs| (users, refs));
        Ok(Self { scope, hook, file, variables, folder, _temporary: temporary, workspace: (tree, before), project })
    }

    /// Says whether the agent has moved refs of its workspace: nobody else works there. Blocks.
    pub fn violation(&self) -> Option<Violation> {
        let (tree, before) = &self.workspace;
        // Where the user works, too, it may have been the user.
        let (_, before) = (self.project.as_ref()?, before.as_ref()?);
        let names = moved(before, &tree.refs().unwrap_or_default());
        let why = "refs of its workspace are not where they were; found when it had ended".to_owned();
        (!names.is_empty()).then(|| Violation { rule: "guard.git".to_owned(), what: names.join(", "), why })
    }

    /// Returns the refs of the user's own repository that moved meanwhile: by the user, or by nobody we know. Blocks.
    pub fn moved_meanwhile(&self) -> Vec<String> {
        let Some((tree, before)) = &self.project else { return Vec::new() };
        tree.refs().map(|after| moved(before, &after)).unwrap_or_default()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Returns where the Claude CLI keeps the plans that it writes in plan mode.
fn plans(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let named = |name: &str| environment.get(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let folder = named("CLAUDE_CONFIG_DIR").or_else(|| Some(named("HOME")?.join(".claude")))?;
    let folder = folder.canonicalize().unwrap_or(folder);
    Some(folder.join("plans"))
}

/// Makes a folder for what the agent keeps for a moment; its path is short, as sockets may come to lie there.
fn temporary(environment: &BTreeMap<String, String>) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("orchestrator-agent-");
    match environment.get("TMPDIR").map(Path::new).filter(|folder| folder.is_dir()) {
        Some(folder) => builder.tempdir_in(folder),
        None => builder.tempdir(),
    }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}
