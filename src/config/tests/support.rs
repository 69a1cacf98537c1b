//! Projects and settings to test with.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::config::{Diagnostic, FILE_NAME, Inputs, Loaded, load};
use crate::model::settings::Settings;

pub(super) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub(super) fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(super) fn inputs(project: &Path) -> Inputs {
    Inputs { project: project.to_owned(), ..Inputs::default() }
}

pub(super) fn loaded(inputs: &Inputs) -> Loaded {
    load(inputs).unwrap_or_else(|errors| panic!("{}", shown(&errors)))
}

pub(super) fn settings(text: &str) -> Settings {
    let project = folder();
    write(project.path(), FILE_NAME, text);
    loaded(&inputs(project.path())).settings
}

pub(super) fn shown(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().flat_map(|diagnostic| [diagnostic.to_string(), "\n\n".to_owned()]).collect()
}

pub(super) fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
