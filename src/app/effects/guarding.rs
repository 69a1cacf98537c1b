//! Lays the guard around one run of an agent: hook, fence, git layer, a temporary folder; and looks afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::app::effects::places::Places;
use crate::app::effects::policy;
use crate::app::project::configured::Configured;
use crate::core::effect::Place;
use crate::edge::agent::guard::{Guard, Refs, Tree, moved, private_refs};
use crate::edge::agent::quote::shell_word;
use crate::edge::agent::{fence, git_layer};
use crate::edge::store::Layout;
use crate::model::agent::Violation;
use crate::model::id::SessionId;
use crate::model::policy::{Base, PolicyScope};
use crate::model::prompt::PLANNER;
use crate::model::settings::Agent;
use crate::model::workspace::TreeId;

/// Who is to be guarded.
pub struct Ward<'a> {
    /// Its session.
    pub session: SessionId,
    /// Who it is in the settings, if it is still there.
    pub agent: Option<&'a Agent>,
    /// Where it works.
    pub place: Place,
    /// What its work begins from.
    pub base: Option<&'a TreeId>,
    /// What it plays.
    pub role: &'a str,
    /// The check that it may run as it is; empty: none.
    pub line: &'a str,
    /// The folder in which it asks, if it has no other way.
    pub asks: Option<&'a Path>,
}

/// The variable that tells the commands of an agent where its supervisor listens.
pub const CONTROL: &str = "ORCHESTRATOR_CONTROL";

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
    /// Where it may write.
    writable: Vec<PathBuf>,
    _temporary: TempDir,
    /// The refs of the workspace, unless it is the user's own tree.
    workspace: Option<Refs>,
    /// The user's repository, and where its refs were.
    project: (Tree, Result<Refs, String>),
}

/// What was found when an agent had ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Afterwards {
    /// A safety rule that it broke.
    pub violation: Option<Violation>,
    /// What its user should know, and what could not be found out.
    pub notes: Vec<String>,
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
        let folder = folder(&places.layout).join(ward.session.0.to_string());
        fs::create_dir_all(&folder)?;
        let temporary = temporary(environment)?;
        let owner = format!("{} {}", places.mark, ward.session.0);
        fs::write(temporary.path().join(OWNER), &owner)?;
        fs::write(folder.join(OWNER), format!("{owner}\n{}", temporary.path().display()))?;
        let place = places.folder(ward.place);
        let mut scope = policy::scope(&configured.settings, ward.role, &place, Some(temporary.path()), environment);
        let mut fence_paths = policy::fence(&scope, &configured.kinds, environment);
        fence_paths.extend(ward.asks.map(Path::to_owned));
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
        scope.base = ward.base.map(|tree| Base { repository: places.layout.shadow(), tree: tree.clone() });
        let file = folder.join("guard.json");
        let given = ward.agent.map(|agent| agent.env.keys().cloned().collect());
        let writable = fence_paths.clone();
        Guard { scope: scope.clone(), fence: fence_paths, keep: given.unwrap_or_default() }.write(&file)?;

        let users = Tree::new(&places.project);
        let is_apart = ward.place != Place::Tree;
        let own = scope.workspace.join(".git");
        let mut repositories = if is_apart { vec![own] } else { Vec::new() };
        repositories.extend(users.repositories());
        repositories.dedup();
        let mut variables = git_layer::lay(&folder.join("git"), &repositories, environment)?;
        variables.insert("TMPDIR".to_owned(), temporary.path().display().to_string());
        variables.insert(fence::GUARD.to_owned(), file.display().to_string());
        // The CLI takes what stands before the last ` -` for the program, whatever spaces it has.
        let prefix = format!("{} --fence", places.program.display());
        variables.insert("CLAUDE_CODE_SHELL_PREFIX".to_owned(), prefix);
        variables.insert("PATH".to_owned(), at_hand(&folder.join("bin"), &places.program, environment)?);
        variables.insert(CONTROL.to_owned(), places.layout.control_socket().display().to_string());
        let quoted = |path: &Path| shell_word(&path.display().to_string());
        let hook = format!("{} hook pre-tool-use {}", quoted(&places.program), quoted(&file));

        let workspace = is_apart.then(|| private_refs(&scope.workspace)).transpose().map_err(io::Error::other)?;
        let before = users.refs();
        Ok(Self {
            scope,
            hook,
            file,
            variables,
            folder,
            writable,
            _temporary: temporary,
            workspace,
            project: (users, before),
        })
    }

    /// Whether the agent may write at a path, as far as it is held to anything.
    pub fn may_write(&self, path: &Path) -> bool {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        self.writable.iter().any(|folder| path.starts_with(folder.canonicalize().as_ref().unwrap_or(folder)))
    }

    /// Looks whether refs moved: those of the workspace, where nobody else works, and those of the user's repository,
    /// which the user or nobody we know may have moved. Blocks.
    pub fn look(&self) -> Afterwards {
        let (users, users_before) = &self.project;
        let users = users_before.as_ref().map_err(Clone::clone).and_then(|before| Ok((before, users.refs()?)));
        let own = self.workspace.as_ref().map(|before| (before, private_refs(&self.scope.workspace)));
        compare(own, users)
    }
}

/// Says what to make of the refs; `own` are those of a workspace, without one the agent worked in the user's own tree. An
/// error is no absence: where they are then is not known, and said so.
fn compare(own: Option<(&Refs, Result<Refs, String>)>, users: Result<(&Refs, Refs), String>) -> Afterwards {
    let mut found = Afterwards::default();
    let who = if own.is_some() { "it has no way to do that" } else { "that was you, or the agent in your own tree" };
    match own.map(|(before, after)| after.map(|after| (before, after))) {
        None => {}
        Some(Ok((before, after))) => {
            let names = moved(before, &after);
            let why = "refs of its workspace are not where they were; found when it had ended".to_owned();
            found.violation =
                (!names.is_empty()).then(|| Violation { rule: "guard.git".to_owned(), what: names.join(", "), why });
        }
        Some(Err(why)) => {
            found.notes.push(format!("whether the agent moved refs of its workspace is not known: {why}"));
        }
    }
    match users.map(|(before, after)| moved(before, &after)) {
        Ok(names) if names.is_empty() => {}
        Ok(names) => {
            found.notes.push(format!("your repository moved while the agent worked: {}; {who}", names.join(", ")));
        }
        Err(why) => found.notes.push(format!("whether your repository moved meanwhile is not known: {why}")),
    }
    found
}

/// The file that says of a temporary folder whose it is; in the folder of the run, which no agent can write, it says as
/// well where that is.
const OWNER: &str = ".orchestrator-tui";

/// Returns where the folders of runs are, which their agents must not write.
pub fn folder(layout: &Layout) -> PathBuf {
    layout.root().join("agents")
}

/// Removes the temporary folders that a dead supervisor of this project has left: those of which it has written down that
/// it made them, and which say so themselves.
pub fn remove_temporary(layout: &Layout, mark: &str) {
    for run in fs::read_dir(folder(layout)).into_iter().flatten().flatten() {
        let Ok(known) = fs::read_to_string(run.path().join(OWNER)) else { continue };
        let Some((owner, path)) = known.split_once('\n') else { continue };
        let is_ours = owner == format!("{mark} {}", run.file_name().to_string_lossy())
            && fs::read_to_string(Path::new(path).join(OWNER)).is_ok_and(|said| said == owner)
            && fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir());
        if is_ours && let Err(error) = fs::remove_dir_all(path) {
            tracing::warn!(path, %error, "the temporary folder of a run stays");
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Puts our own program at hand under its name, by which agents report events, and returns the `PATH` that finds it.
fn at_hand(folder: &Path, program: &Path, environment: &BTreeMap<String, String>) -> io::Result<String> {
    fs::create_dir_all(folder)?;
    std::os::unix::fs::symlink(program, folder.join("orchestrator-tui"))?;
    let path = environment.get("PATH").map(String::as_str).unwrap_or_default();
    Ok(format!("{}:{path}", folder.display()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refs(text: &str) -> Refs {
        text.split_whitespace().filter_map(|pair| pair.split_once('=')).map(|(a, b)| (a.into(), b.into())).collect()
    }

    #[test]
    fn refs_that_cannot_be_read_are_unknown_and_not_moved() {
        let before = refs("HEAD=1 a=2");
        let same = || Ok((&before, before.clone()));
        let own = |after: Result<Refs, String>| Some((&before, after));
        assert_eq!(compare(own(Ok(before.clone())), same()), Afterwards::default());
        assert_eq!(compare(None, same()), Afterwards::default());
        let found = compare(own(Ok(refs("HEAD=1 b=2"))), same());
        assert_eq!(found.violation.map(|violation| violation.what), Some("a, b".to_owned()));
        let found = compare(own(Err("broken".to_owned())), Err("no git".to_owned()));
        assert_eq!(found.violation, None);
        assert!(found.notes.len() == 2 && found.notes[0].contains("broken") && found.notes[1].contains("no git"));
        let found = compare(own(Ok(before.clone())), Ok((&before, refs("HEAD=2 a=2"))));
        assert!(found.violation.is_none() && found.notes[0].contains("HEAD"), "{found:?}");
        // In the user's own tree nobody can tell who it was.
        let found = compare(None, Ok((&before, refs("HEAD=2 a=2"))));
        assert!(found.violation.is_none() && found.notes[0].contains("HEAD") && found.notes[0].contains("you"));
    }
}
