//! Writes a first `orchestrator.toml`, from what is found in the project.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::app::failure::Failure;
use crate::app::project::setup::{self, Site};
use crate::config::{self, Detected, FILE_NAME, Inputs};

/// Where the comments stand, in characters.
const MARGIN: usize = 41;

/// A check, for whoever has to write one.
pub const EXAMPLE: &str = "[[check]]\nname = \"unit\"\nrun = \"make test\"";

/// What was written.
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// The checks in it.
    pub checks: Vec<Detected>,
}

/// Writes the file; with `force` also over one that is there. Touches nothing else, and runs nothing.
///
/// # Errors
/// If there is one, or it cannot be written.
pub fn run(site: &Site, force: bool) -> Result<Written, Failure> {
    let path = site.project.join(FILE_NAME);
    if !force && path.symlink_metadata().is_ok() {
        return Err(Failure::refused(format!(
            "{} is there already; nothing was written\nhint: `orchestrator-tui config check` looks at it, `init --force` replaces it",
            path.display()
        )));
    }
    let checks = config::detect(&site.project, &site.environment);
    let text = text(&site.project, &checks);
    is_good(&text)?;
    let failed = |error: io::Error| {
        Failure::usage(format!(
            "{} cannot be written: {error}\nhint: is the folder yours, and writable?",
            path.display()
        ))
    };
    let mut file = tempfile::NamedTempFile::new_in(&site.project).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
    file.as_file().set_permissions(mode).map_err(failed)?;
    // Whole or not at all; and one that somebody else wrote meanwhile stays.
    let persisted = if force { file.persist(&path) } else { file.persist_noclobber(&path) };
    persisted.map_err(|error| failed(error.error))?;
    Ok(Written { path, checks })
}

/// Makes sure that what is written can be read: with names from a project, a mistake here would be ours.
fn is_good(text: &str) -> Result<(), Failure> {
    let unusable = |error: io::Error| Failure::usage(format!("no temporary folder can be made: {error}"));
    let folder = tempfile::tempdir().map_err(unusable)?;
    fs::write(folder.path().join(FILE_NAME), text).map_err(unusable)?;
    let inputs = Inputs { project: folder.path().to_owned(), ..Inputs::default() };
    config::load(&inputs).map(drop).map_err(|mistakes| setup::wrong("the configuration", &mistakes))
}

/// Returns the text of the file.
fn text(project: &Path, checks: &[Detected]) -> String {
    let mut text = "# What says green or red in this project, as `orchestrator-tui init` found it. Every other key has a default:\n\
                    # config.example.toml of orchestrator-tui names them all. `orchestrator-tui config check` checks this file.\n"
        .to_owned();
    for (number, Detected { check, from }) in checks.iter().enumerate() {
        // Once is enough.
        let note = |text: &'static str| if number == 0 { text } else { "" };
        line(&mut text, "\n[[check]]", &format!("because of {from}"));
        line(&mut text, &format!("name = {}", quoted(&check.name.0)), "");
        if !check.paths.is_empty() {
            let paths: Vec<String> = check.paths.iter().map(|path| quoted(path)).collect();
            line(&mut text, &format!("paths = [{}]", paths.join(", ")), note("which changes concern it"));
        }
        line(&mut text, &format!("run = {}", quoted(&check.run)), note("for `sh -c`; exit code 0 is green"));
        if check.timeout.as_secs() != 600 {
            line(&mut text, &format!("timeout = \"{}m\"", check.timeout.as_secs() / 60), "");
        }
    }
    let other = config::target(project).filter(|other| checks.iter().all(|known| known.check.name != other.check.name));
    if let Some(Detected { check, from }) = other {
        line(&mut text, "\n# [[check]]", &format!("{from} has it; it may run the same again"));
        line(&mut text, &format!("# name = {}", quoted(&check.name.0)), "");
        line(&mut text, &format!("# run = {}", quoted(&check.run)), "");
    } else if checks.is_empty() {
        text.push_str(
            "\n# Nothing usual was found. A check is any command that says by its exit code whether all is well:\n#\n",
        );
        line(&mut text, "# [[check]]", "");
        line(&mut text, "# name = \"unit\"", "");
        line(&mut text, "# paths = [\"src/**\"]", "which changes concern it; without: all");
        line(&mut text, "# run = \"make test\"", "for `sh -c`; exit code 0 is green");
    }
    line(&mut text, "\n# [fix]", "");
    line(&mut text, "# land = \"ask\"", "show a verified fix and wait for your yes; \"auto\" lands it at once");
    line(&mut text, "# protect = [\"migrations/**\"]", "a fix that changes such a file waits for your yes");
    let supplies: Vec<String> = ["node_modules", ".venv", ".env"]
        .into_iter()
        .filter(|name| project.join(name).symlink_metadata().is_ok())
        .map(quoted)
        .collect();
    if !supplies.is_empty() {
        line(&mut text, "\n# [workspace]", "a fix is worked out in a private copy, without ignored files");
        line(&mut text, &format!("# copy = [{}]", supplies.join(", ")), "those that the checks need there");
    }
    text
}

fn line(text: &mut String, code: &str, comment: &str) {
    let width = code.trim_start().chars().count();
    let _ = match (comment, width < MARGIN) {
        ("", _) => writeln!(text, "{code}"),
        (_, true) => writeln!(text, "{code}{}# {comment}", " ".repeat(MARGIN - width)),
        (_, false) => writeln!(text, "{code}  # {comment}"),
    };
}

/// Writes a text as TOML does.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl Written {
    /// As `init --json` gives it out.
    pub fn json(&self) -> Value {
        let check = |found: &Detected| json!({ "name": found.check.name, "run": found.check.run, "from": found.from });
        json!({ "path": self.path, "checks": self.checks.iter().map(check).collect::<Vec<_>>() })
    }

    /// As `init` prints it.
    pub fn text(&self) -> String {
        let mut text = format!("wrote {}\n", self.path.display());
        for Detected { check, from } in &self.checks {
            let _ = writeln!(text, "  check {:<12} {}  (because of {from})", check.name.to_string(), check.run);
        }
        if self.checks.is_empty() {
            let example = EXAMPLE.replace('\n', "\n    ");
            let _ = writeln!(
                text,
                "  no check: nothing usual was found. Say in it what is green or red, with a command of yours:\n\n    {example}\n"
            );
            text.push_str("then `orchestrator-tui`");
        } else {
            text.push_str("read it, then `orchestrator-tui run --headless --trust`");
        }
        text
    }
}
