//! Which programs are what their names say: those in the folders of the system, and the tools of a project as tools.

use std::path::Path;

use super::word::Word;
use crate::model::policy::{Permission, Verdict};

/// Where the system keeps programs; no agent can write there.
const SYSTEM: [&str; 7] =
    ["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/opt/homebrew/bin", "/usr/lib/git-core"];

/// Where package managers put the tools of a project. An agent can write there as it can write the tests: a linter of
/// that name may run, and `cat` from there is no `cat`.
const PROJECT: [&str; 4] = ["node_modules/.bin", "vendor/bin", ".venv/bin", "venv/bin"];

/// Interpreters that are asked for their version all the time.
const INTERPRETERS: [&str; 8] = ["python", "python2", "python3", "ruby", "php", "node", "nodejs", "perl"];

/// Whether a program is what its name says: found by its name alone, or where the system keeps it.
pub(super) fn is_system(path: &str) -> bool {
    path.rsplit_once('/').is_none_or(|(folder, _)| SYSTEM.contains(&folder))
}

/// Whether a program is a tool of the system, or of the project.
pub(super) fn is_tool(path: &str) -> bool {
    let is_project = || {
        let folder = Path::new(path).parent();
        folder.is_some_and(|folder| PROJECT.iter().any(|own| folder.ends_with(own)))
    };
    is_system(path) || is_project()
}

/// Whether an answer holds for a program that is known by its name only, in a place that an agent may write to.
pub(super) fn is_tools_own(verdict: &Verdict, name: &str, args: &[Word]) -> bool {
    let asks_version = INTERPRETERS.contains(&name)
        && matches!(args, [only] if ["--version", "-V", "--help"].iter().any(|asked| only.is(asked)));
    match verdict.decision {
        Permission::Ask => false,
        Permission::Deny => true,
        Permission::Allow => {
            ["default.runner", "default.migration", "default.check"].contains(&verdict.rule.as_str())
                || verdict.rule.starts_with("policy.")
                || asks_version
        }
    }
}
