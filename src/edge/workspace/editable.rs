//! Finds where Python environments lead back into the project: editable installs (`pip install -e`).
//!
//! In a workspace such an environment would run the user's files. `PYTHONPATH` goes before all of its ways, so that
//! the folders found here, taken inside the workspace, put that right without touching the environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files above so many bytes are not read; those that name an install's place are far smaller.
const LARGEST: u64 = 256 * 1024;

/// Returns the folders of the project, relative to it (empty: the project itself), that environments import from: those of the interpreters that `environment`
/// finds (`PATH`, `VIRTUAL_ENV`, `CONDA_PREFIX`, the user's own packages), and the usual ones of the project itself.
pub fn editable_folders(project: &Path, environment: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let mut prefixes: Vec<PathBuf> = [".venv", "venv", "env"].map(|name| project.join(name)).into();
    prefixes.extend(["VIRTUAL_ENV", "CONDA_PREFIX"].iter().filter_map(|name| environment.get(*name).map(Into::into)));
    prefixes.extend(environment.get("HOME").map(|home| Path::new(home).join(".local")));
    let path = environment.get("PATH").map(String::as_str).unwrap_or_default();
    prefixes.extend(std::env::split_paths(path).filter_map(|folder| folder.parent().map(Path::to_owned)));
    let mut folders = Vec::new();
    for (index, prefix) in prefixes.iter().enumerate() {
        if prefixes[..index].contains(prefix) {
            continue;
        }
        for packages in package_folders(prefix) {
            for folder in named_in(&packages, project) {
                if !folders.contains(&folder) {
                    folders.push(folder);
                }
            }
        }
    }
    folders
}

/// Lists `lib/python3.*/site-packages` of a prefix, and Debian's name for it.
fn package_folders(prefix: &Path) -> Vec<PathBuf> {
    let versions = fs::read_dir(prefix.join("lib")).into_iter().flatten().flatten();
    let pythons = versions.filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"));
    let mut found: Vec<PathBuf> =
        pythons.flat_map(|entry| ["site-packages", "dist-packages"].map(|name| entry.path().join(name))).collect();
    found.sort();
    found
}

/// Returns the folders of the project, relative to it (empty: the project itself), that files in a package folder name as places of code.
fn named_in(packages: &Path, project: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<_> = fs::read_dir(packages).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_list = name.ends_with(".pth") || name.ends_with(".egg-link");
        let is_finder = name.starts_with("__editable__") && name.ends_with("_finder.py");
        if !(is_list || is_finder) || entry.metadata().map_or(true, |meta| meta.len() > LARGEST) {
            continue;
        }
        let Ok(text) = fs::read_to_string(entry.path()) else { continue };
        let inside = |path: &str| Path::new(path).strip_prefix(project).ok().map(Path::to_owned);
        if is_list {
            found.extend(text.lines().filter_map(|line| inside(line.trim())));
        } else {
            // setuptools writes `MAPPING… = {'package': '/project/package'}`; its parent is what is imported from.
            let words: Vec<&str> = text.split(['\'', '"']).collect();
            for pair in words.windows(3) {
                let (package, between, path) = (pair[0], pair[1], Path::new(pair[2]));
                let is_pair = between.trim() == ":" && path.file_name().is_some_and(|file| file == package);
                if is_pair && let Some(parent) = path.parent().and_then(Path::to_str) {
                    found.extend(inside(parent));
                }
            }
        }
    }
    found
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn lists_and_finders_name_the_folders() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        let packages = folder.path().join("venv/lib/python3.12/site-packages");
        fs::create_dir_all(&packages).unwrap();
        let write = |name: &str, text: String| fs::write(packages.join(name), text).unwrap();
        let shown = project.display();
        write("__editable__.a-1.0.pth", format!("import x\n{shown}/src\n/elsewhere\n{shown}-other/src\n"));
        write(
            "__editable___b_1_0_finder.py",
            format!("MAPPING: dict[str, str] = {{'b': '{shown}/lib/b', 'c': '{shown}/lib/not_c'}}\n"),
        );
        write("other.py", format!("{shown}/no"));
        let bin = folder.path().join("venv/bin");
        let environment = BTreeMap::from([("PATH".to_owned(), format!("{}:/bin", bin.display()))]);
        assert_eq!(editable_folders(&project, &environment), [Path::new("src"), Path::new("lib")]);
    }
}
