//! Where repositories besides the project are looked for, cloned to, and cloned from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::draft::Draft;
use crate::config::origin::Origin;

/// Where other repositories are. Only the user says that: a project must not choose what else is worked on, or whose
/// code comes in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projects {
    /// The folder that has them (`PROJECTS_DIR`), absolute; it need not exist.
    pub dir: Option<PathBuf>,
    /// The folder that clones go to (`WORKSPACES_DIR`), absolute; it need not exist.
    pub clones: Option<PathBuf>,
    /// What stands before `owner/name` in the address that it is cloned from.
    pub host: String,
}

/// Resolves what was written. The two variables are those of the environment: a project's `.env` has no say here.
pub(crate) fn projects(draft: &mut Draft, environment: &BTreeMap<String, String>) -> Projects {
    let value = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    for (name, key) in [("PROJECTS_DIR", "projects.dir"), ("WORKSPACES_DIR", "projects.clones")] {
        if let Some(value) = value(name) {
            let written = if key == "projects.dir" { &mut draft.projects.dir } else { &mut draft.projects.clones };
            written.clone_from(value);
            draft.places.keys.insert(key.to_owned(), Origin::Variable(name));
        }
    }
    let home = value("HOME").map(PathBuf::from);
    let written = std::mem::take(&mut draft.projects);
    let mut folder = |key: &str, text: &str| {
        let path = match text.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/')) {
            // Without a home there is no such folder.
            Some(rest) => return home.as_ref().map(|home| home.join(rest.trim_start_matches('/'))),
            None => Path::new(text),
        };
        if !path.is_absolute() && !text.is_empty() {
            let wrong = draft.places.diagnostic(key, format!("{text:?} is not possible here"));
            draft.diagnostics.push(wrong.hint("write a folder from / or ~/ on; empty: none"));
        }
        path.is_absolute().then(|| path.to_owned())
    };
    Projects {
        dir: folder("projects.dir", &written.dir),
        clones: folder("projects.clones", &written.clones),
        host: written.host,
    }
}
