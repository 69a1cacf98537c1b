//! Lays the guard around one run of an agent: hook, fence, git layer, a temporary folder; and looks afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::app::configured::Configured;
use crate::app::places::Places;
use crate::app::policy;
use crate::core::effect::AgentOrder;
use crate::edge::agent::guard::{Guard, Tree, moved};
use crate::edge::agent::{fence, git_layer};
use crate::model::agent::Violation;
use crate::model::policy::{FIXER, PolicyScope};

/// The guard around one run; gone when dropped.
pub struct Guarded {
    /// What it may do.
    pub scope: PolicyScope,
    /// The hook, as a command line.
    pub hook: String,
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
        order: &AgentOrder,
        environment: &BTreeMap<String, String>,
    ) -> io::Result<Self> {
        let folder = places.layout.root().join("agents").join(order.session.0.to_string());
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let temporary = temporary(environment)?;
        let place = places.folder(order.place);
        let mut scope = policy::scope(&configured.settings, FIXER, &place, Some(temporary.path()), environment);
        scope.commands = scope.commands.iter().map(|line| places.line(order.place, line)).collect();
        if !scope.commands.contains(&order.line) {
            scope.commands.insert(0, order.line.clone());
        }
        let fence_paths = policy::fence(&scope, &configured.kinds, environment);
        let file = folder.join("guard.json");
        let given = configured.settings.agents.get(&order.agent).map(|agent| agent.env.keys().cloned().collect());
        Guard { scope: scope.clone(), fence: fence_paths, keep: given.unwrap_or_default() }.write(&file)?;

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
        Ok(Self { scope, hook, variables, folder, _temporary: temporary, workspace: (tree, before), project })
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
