//! Whether the configuration can be read, and what it comes to.

use super::finding::Finding;
use crate::app::project::setup::Site;
use crate::app::verbs::{fit, init};
use crate::config::{Diagnostic, FILE_NAME, Loaded};

/// Judges what came of reading it.
pub(super) fn probe(site: &Site, read: &Result<Loaded, Vec<Diagnostic>>) -> Finding {
    let name = "configuration";
    let loaded = match read {
        Ok(loaded) => loaded,
        Err(mistakes) => {
            let first = mistakes.first().map(place_and_message).unwrap_or_default();
            let said = match mistakes.len() {
                1 => first,
                more => format!("{more} mistakes, the first: {first}"),
            };
            return Finding::fault(name, said, "`orchestrator-tui config check` shows them with their lines");
        }
    };
    let odd: Vec<Diagnostic> = loaded.warnings.iter().cloned().chain(fit::misfits(site, loaded)).collect();
    if let Some(first) = odd.first() {
        return Finding::warning(name, place_and_message(first), "`orchestrator-tui config check` says more");
    }
    let checks: Vec<String> = loaded.settings.checks.iter().map(|check| check.name.to_string()).collect();
    if checks.is_empty() {
        if site.project.join(FILE_NAME).exists() {
            let hint = format!("say in {FILE_NAME} what is green or red: {}", init::EXAMPLE.replace('\n', "  "));
            return Finding::warning(name, "there is no check, and none is usual for what is in the project", &hint);
        }
        return Finding::warning(name, "there is no check", "`orchestrator-tui init` writes a file to begin with");
    }
    let agreed = match site.is_trusted(loaded) {
        Ok(true) => "",
        Ok(false) => "; nothing of it runs before you agree (`run --headless --trust`)",
        Err(failure) => return Finding::fault_of(name, &failure.message.replace("\nhint: ", "; "), ""),
    };
    Finding::ok(name, format!("good; checks: {}{agreed}", checks.join(", ")))
}

fn place_and_message(diagnostic: &Diagnostic) -> String {
    match (diagnostic.line, diagnostic.col) {
        (Some(line), Some(col)) => format!("{}:{line}:{col}: {}", diagnostic.file, diagnostic.message),
        _ => format!("{}: {}", diagnostic.file, diagnostic.message),
    }
}
