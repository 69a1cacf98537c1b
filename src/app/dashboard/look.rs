//! Looks at a project before its supervisor runs: can it start, and if not, what is to be said?

use std::path::Path;

use super::wish::Wish;
use crate::app::failure::{Code, Failure};
use crate::app::process::examine::find_program;
use crate::app::project::setup::{Agreed, Site};
use crate::config::{self, Diagnostic, FILE_NAME, Loaded, Severity};
use crate::edge::store::Lock;
use crate::model::kind::ProjectKind;
use crate::ui::front::{Before, Front, Problem};

/// What a look came to.
pub(super) enum Looked {
    /// It can start.
    Ready,
    /// Something is to be said first.
    Say(Front),
}

/// An `orchestrator.toml` that is enough, for those who have none.
const EXAMPLE: &str = "[[check]]\nname = \"unit\"\nrun = \"make test\"\n";

/// Looks at a project.
///
/// # Errors
/// If the state of the project cannot be reached.
pub(super) fn look(site: &Site, wish: &Wish) -> Result<Looked, Failure> {
    let project = name(site);
    if crate::app::verbs::ask::is_supervised(site)? {
        let lock = site.lock_file(site.read(wish.overrides.clone()).ok().as_ref());
        let holder = Lock::holder(&lock);
        return Ok(Looked::Say(Front::Held {
            project,
            pid: holder.as_ref().map_or(0, |holder| holder.pid),
            since: holder.map_or_else(crate::app::clock::wall, |holder| holder.since),
        }));
    }
    let loaded = match site.read(wish.overrides.clone()) {
        Ok(loaded) => loaded,
        Err(mistakes) => {
            return Ok(Looked::Say(Front::BadConfig { problems: mistakes.iter().map(problem).collect() }));
        }
    };
    if loaded.settings.checks.is_empty() {
        return Ok(Looked::Say(Front::NoChecks { project, looked_for: looked_for(), example: EXAMPLE.to_owned() }));
    }
    if site.is_trusted(&loaded)? {
        return Ok(Looked::Ready);
    }
    if wish.trust {
        site.trust(&loaded, true)?;
        return Ok(Looked::Ready);
    }
    Ok(Looked::Say(trust(site, &loaded, project)?))
}

/// Returns the project's name.
pub(super) fn name(site: &Site) -> String {
    site.project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn trust(site: &Site, loaded: &Loaded, project: String) -> Result<Front, Failure> {
    Ok(Front::Trust {
        project,
        running: loaded.running.describe(),
        before: match site.agreed(loaded)? {
            Agreed::Never => Before::Nothing,
            Agreed::ToOther => Before::Other,
            Agreed::ToChecks => Before::Checks,
        },
        kinds: config::kinds(&site.project).into_iter().filter_map(kind).collect(),
        file: site.project.join(FILE_NAME).is_file().then(|| FILE_NAME.to_owned()),
        missing_agent: missing_agent(site, loaded),
        without_git: !is_in_repository(&site.project),
    })
}

/// Returns what a person calls a kind of project.
fn kind(kind: ProjectKind) -> Option<String> {
    let name = match kind {
        ProjectKind::Rust => "Rust",
        ProjectKind::Node => "Node",
        ProjectKind::Python => "Python",
        ProjectKind::Go => "Go",
        ProjectKind::Ruby => "Ruby",
        ProjectKind::Other => return None,
    };
    Some(name.to_owned())
}

fn is_in_repository(project: &Path) -> bool {
    project.ancestors().any(|folder| folder.join(".git").exists())
}

/// Returns the program of the fixer and how to get it, if it is not there.
fn missing_agent(site: &Site, loaded: &Loaded) -> Option<(String, String)> {
    let settings = &loaded.settings;
    let agent = settings.roles.get("fixer").and_then(|role| settings.agents.get(&role.agent))?;
    let path = site.environment.get("PATH").map(String::as_str).unwrap_or_default();
    if !settings.fix.enabled || find_program(&agent.program, path, &site.project).is_some() {
        return None;
    }
    let how = if agent.program == "claude" {
        "Get it with `npm install -g @anthropic-ai/claude-code`, then run `claude` once to log in."
    } else {
        "Its name is in [agent] of the configuration."
    };
    Some((agent.program.clone(), how.to_owned()))
}

fn looked_for() -> Vec<String> {
    [
        "Cargo.toml: cargo test",
        "package.json: its test, type check and lint scripts",
        "pytest.ini, pyproject.toml, tests: pytest",
        "go.mod: go test",
        "Makefile or justfile: a test target",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn problem(diagnostic: &Diagnostic) -> Problem {
    Problem {
        is_warning: diagnostic.severity == Severity::Warning,
        message: diagnostic.message.clone(),
        file: diagnostic.file.clone(),
        at: diagnostic.line.zip(diagnostic.col),
        excerpt: diagnostic.excerpt.as_ref().map(|excerpt| (excerpt.text.clone(), excerpt.width)),
        hint: diagnostic.hint.clone(),
    }
}

/// Says why a supervisor did not start.
pub(super) fn failed(failure: &Failure) -> Front {
    let (message, hint) = failure.message.split_once("\nhint: ").unwrap_or((&failure.message, ""));
    let title = match failure.code {
        Code::Supervisor => "another supervisor is in the way",
        Code::Usage | Code::Refused | Code::Done => "it cannot start here",
    };
    Front::Failed { title: title.to_owned(), message: message.to_owned(), hint: hint.to_owned() }
}
