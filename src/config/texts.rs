//! Files that a configuration names for their text: the prompts of roles, and the documents.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::built_in;
use crate::config::diagnostic::{Diagnostic, SourceText, nearest};
use crate::config::draft::Draft;
use crate::config::file::{DocumentsTable, Given};
use crate::config::layer::Layer;
use crate::config::origin::Origin;
use crate::config::trust::Running;
use crate::model::document::{Document, DocumentName, QUOTED};
use crate::model::path::ProjectPath;
use crate::model::prompt::{blanks, known};

/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

impl Layer<'_> {
    /// Notes that a text stands in a file.
    pub(super) fn text(&mut self, key: &str, given: Given<String>) {
        if let Some(given) = given {
            self.note(key, &given);
            self.texts.insert(key.to_owned(), given.into_inner());
        }
    }

    /// Lays `[documents]` over what there is.
    pub(super) fn documents(&mut self, table: DocumentsTable) {
        for (name, given) in [
            (DocumentName::OrchestratorRules, table.orchestrator_rules),
            (DocumentName::AgentInstructions, table.agent_instructions),
            (DocumentName::TaskExecutionPatterns, table.task_execution_patterns),
            (DocumentName::CodeQualityStandards, table.code_quality_standards),
        ] {
            self.text(&key_of(name), given);
        }
    }
}

fn key_of(name: DocumentName) -> String {
    format!("documents.{}", name.name())
}

/// Begins with the built-in documents.
pub(super) fn begin(draft: &mut Draft) {
    let text = |name| Document { text: built_in::document(name).to_owned(), edited: false };
    draft.settings.documents = DocumentName::ALL.map(|name| (name, text(name))).into();
}

/// Whose file names a text.
pub(super) enum Owner<'a> {
    /// The user's: any path, from the folder of that file.
    User,
    /// The project's: a path inside of it, and what stands there needs a yes.
    Project(&'a mut Running),
}

/// Reads the texts that the file with this index names, relative to `base`, and puts them in place. Returns what is odd,
/// and the files, whether they could be read or not.
pub(super) fn read(
    draft: &mut Draft,
    index: usize,
    base: &Path,
    mut owner: Owner<'_>,
) -> (Vec<Diagnostic>, Vec<PathBuf>) {
    let (mut odd, mut files) = (Vec::new(), Vec::new());
    let named = |key: &String| matches!(draft.places.keys.get(key), Some(Origin::File(file, _)) if *file == index);
    let texts: Vec<(String, String)> =
        draft.texts.iter().filter(|(key, _)| named(key)).map(|(key, path)| (key.clone(), path.clone())).collect();
    for (key, path) in texts {
        if matches!(owner, Owner::Project(_)) && ProjectPath::new(&path).is_none() {
            let diagnostic = draft.places.diagnostic(&key, format!("{path:?} is not inside the project"));
            draft.diagnostics.push(diagnostic.hint("write a path relative to the project, without .."));
            continue;
        }
        let file = base.join(&path);
        files.push(file.clone());
        let inside = matches!(owner, Owner::Project(_)).then_some(base);
        match text_of(&file, inside) {
            Ok(text) => {
                if let Owner::Project(running) = &mut owner {
                    running.of_text(&key, &path, &text);
                }
                let label = if inside.is_some() { path.clone() } else { file.display().to_string() };
                place(draft, &mut odd, &key, SourceText { label, text });
            }
            Err(why) => {
                let diagnostic = draft.places.diagnostic(&key, format!("{path:?} cannot be used: {why}"));
                let hint = "the path is relative to the folder of this file";
                draft.diagnostics.push(diagnostic.hint(hint));
            }
        }
    }
    (odd, files)
}

/// Reads a file; `inside`: it must lie in this folder, links followed, so that no project shows files of its user to a
/// model.
fn text_of(file: &Path, inside: Option<&Path>) -> Result<String, String> {
    let said = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    if let Some(folder) = inside {
        let folder = folder.canonicalize().map_err(said)?;
        if !file.canonicalize().map_err(said)?.starts_with(folder) {
            return Err("it leads out of the project".to_owned());
        }
    }
    let meta = fs::metadata(file).map_err(said)?;
    if !meta.is_file() {
        return Err("it is no file".to_owned());
    }
    if meta.len() > LONGEST {
        return Err(format!("it is longer than {} KiB", LONGEST / 1024));
    }
    let text = String::from_utf8(fs::read(file).map_err(said)?).map_err(|_| "it is not UTF-8".to_owned())?;
    if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(text) }
}

/// Puts a text where it belongs; one with a word in braces that says nothing to its role is refused.
fn place(draft: &mut Draft, odd: &mut Vec<Diagnostic>, key: &str, source: SourceText) {
    if let Some(role) = key.strip_prefix("role.").and_then(|rest| rest.strip_suffix(".prompt")) {
        let known = known(role);
        for blank in blanks(&source.text).into_iter().filter(|blank| !known.contains(&blank.name)) {
            let hint = match nearest(blank.name, known.iter().copied()) {
                Some(near) => format!("did you mean {{{{{near}}}}}?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let message = format!("unknown placeholder {{{{{}}}}}", blank.name);
            draft.diagnostics.push(source.diagnostic(&blank.place, message).hint(hint));
        }
        if let Some(role) = draft.settings.roles.get_mut(role) {
            role.prompt = source.text;
        }
        return;
    }
    if source.text.trim().len() > QUOTED {
        let message = format!("longer than the {QUOTED} bytes that a prompt quotes; its middle is left out");
        odd.push(draft.places.diagnostic(key, message).warning().hint("say less, or move parts into another document"));
    }
    for name in DocumentName::ALL.into_iter().filter(|name| key_of(*name) == key) {
        draft.settings.documents.insert(name, Document { text: source.text.clone(), edited: true });
    }
}
