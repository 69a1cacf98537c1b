//! What an agent of a role may do in a place: puts together what verdicts go by, and answers `policy check`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::effects::places::Places;
use crate::app::failure::Failure;
use crate::app::project::configured::Configured;
use crate::app::project::setup::Site;
use crate::config::Overrides;
use crate::core::policy::judge;
use crate::edge::agent::guard::Tree;
use crate::model::kind::ProjectKind;
use crate::model::policy::{FIXER, PolicyScope, Verdict};
use crate::model::settings::{Isolation, Settings};
use crate::model::template::placeholders;

/// Devices that a command may need to write.
const DEVICES: [&str; 7] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/pts", "/dev/ptmx", "/dev/shm"];

/// Puts together what verdicts go by. `temporary`: the run's own folder for what is soon gone.
pub fn scope(
    settings: &Settings,
    role: &str,
    workspace: &Path,
    temporary: Option<&Path>,
    environment: &BTreeMap<String, String>,
) -> PolicyScope {
    let workspace = workspace.canonicalize().unwrap_or_else(|_| workspace.to_owned());
    let home = environment.get("HOME").map(PathBuf::from);
    let folder = |text: &String| match (text.strip_prefix("~/"), &home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    };
    let temporary = temporary.map(|path| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    let given = settings.policy.write.iter().map(folder).map(|path| path.canonicalize().unwrap_or(path));
    let mut variables: BTreeMap<String, String> = ["HOME", "USER"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), environment.get(*name)?.clone())))
        .collect();
    variables.insert("PWD".to_owned(), workspace.display().to_string());
    if let Some(temporary) = &temporary {
        variables.insert("TMPDIR".to_owned(), temporary.display().to_string());
    }
    // What needs a file to be filled in is known only when the check runs.
    let lines = settings.checks.iter().flat_map(|check| std::iter::once(&check.run).chain(&check.fixers));
    PolicyScope {
        role: role.to_owned(),
        edits: settings.roles.get(role).is_some_and(|role| role.edits),
        write: temporary.into_iter().chain(given).collect(),
        commands: lines.filter(|line| placeholders(line).next().is_none()).cloned().collect(),
        policy: settings.policy.clone(),
        workspace,
        variables,
        at: None,
        base: None,
    }
}

/// Returns where the commands of a run may write at all.
pub fn fence(scope: &PolicyScope, kinds: &[ProjectKind], environment: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let mut paths = vec![scope.workspace.clone()];
    paths.extend(scope.write.iter().cloned());
    paths.extend(DEVICES.map(PathBuf::from));
    paths.extend(kinds.iter().flat_map(|kind| caches(*kind, environment)));
    paths
}

/// Whether agents may write at a path of the user's by themselves, as far as they are held to anything.
pub fn may_write(configured: &Configured, places: &Places, path: &Path) -> bool {
    let scope = scope(&configured.settings, FIXER, &places.project, None, &places.environment);
    let mut open = fence(&scope, &configured.kinds, &places.environment);
    if configured.settings.fix.isolation == Isolation::Worktree {
        open.retain(|folder| *folder != scope.workspace);
    }
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let path = real(path);
    open.iter().any(|folder| path.starts_with(real(folder)))
}

/// Returns where the package managers and compilers of a kind of project keep what they download and build.
fn caches(kind: ProjectKind, environment: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let home = environment.get("HOME").map(PathBuf::from).unwrap_or_default();
    let named = |name: &str, else_at: &str| {
        environment.get(name).filter(|path| !path.is_empty()).map_or_else(|| home.join(else_at), PathBuf::from)
    };
    let cache = named("XDG_CACHE_HOME", ".cache");
    let in_cache = |names: &[&str]| names.iter().map(|name| cache.join(name)).collect::<Vec<_>>();
    let in_home = |names: &[&str]| names.iter().map(|name| home.join(name)).collect::<Vec<_>>();
    match kind {
        ProjectKind::Rust => {
            let cargo = named("CARGO_HOME", ".cargo");
            let target = environment.get("CARGO_TARGET_DIR").map(PathBuf::from);
            let own = ["registry", "git", ".package-cache", ".global-cache"].map(|name| cargo.join(name));
            own.into_iter().chain(target).chain(in_cache(&["sccache"])).collect()
        }
        ProjectKind::Node => {
            let mut paths = in_cache(&["yarn", "pnpm", "node", "node-gyp"]);
            paths.extend(in_home(&[".yarn", ".local/share/pnpm", ".bun/install/cache"]));
            paths.push(named("npm_config_cache", ".npm"));
            paths
        }
        ProjectKind::Python => {
            let mut paths = in_cache(&["pip", "uv", "pypoetry", "pre-commit"]);
            paths.push(named("PIP_CACHE_DIR", ".cache/pip"));
            paths
        }
        ProjectKind::Go => {
            let path = named("GOPATH", "go");
            let modules = environment.get("GOMODCACHE").map_or_else(|| path.join("pkg"), PathBuf::from);
            let mut paths = vec![modules, named("GOCACHE", ".cache/go-build")];
            paths.extend(in_cache(&["golangci-lint"]));
            paths
        }
        ProjectKind::Ruby => in_home(&[".bundle/cache", ".local/share/gem"]),
        ProjectKind::Other => {
            let mut paths = in_cache(&["ccache"]);
            paths.extend(in_home(&[".ccache", ".gradle", ".m2/repository"]));
            paths
        }
    }
}

/// Answers `policy check`: what an agent of this role would be told in this project.
///
/// # Errors
/// If the configuration does not hold, or there is no such role.
pub fn check(site: &Site, role: &str, line: &str) -> Result<Verdict, Failure> {
    let loaded = site.load(Overrides::default())?;
    let roles: Vec<&str> = loaded.settings.roles.keys().map(String::as_str).collect();
    if !roles.contains(&role) {
        return Err(Failure::usage(format!("there is no role {role:?}; the roles are {}", roles.join(", "))));
    }
    let scope = scope(&loaded.settings, role, &site.project, None, &site.environment);
    Ok(judge(&scope, &Tree::of(&scope), "Bash", &json!({ "command": line })))
}
