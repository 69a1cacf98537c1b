//! A copy of the example project, and texts that are compared with files.
#![expect(clippy::disallowed_methods, reason = "UPDATE_EXPECTED is for whoever runs the tests")]

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the folder of the samples.
pub(crate) fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/day")
}

/// Copies the example project into a folder of its own.
pub(crate) fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&samples().join("project"), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Writes a file below a folder.
pub(crate) fn write(folder: &Path, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

/// Compares a text with a file of the samples; `UPDATE_EXPECTED=1` writes it. Returns what differs.
pub(crate) fn differs(file: &Path, text: &str) -> Option<String> {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(file, text).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    (expected != text).then(|| format!("=== {} says otherwise:\n{text}\n", file.display()))
}

/// Compares a text with a file of the samples, and stops where they differ.
pub(crate) fn same(file: &str, text: &str) {
    let wrong = differs(&samples().join(file), text);
    assert!(wrong.is_none(), "{}(UPDATE_EXPECTED=1 writes it)", wrong.unwrap_or_default());
}
