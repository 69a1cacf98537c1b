//! Awkward shapes of projects and files: the fix lands, the undo is exact to the byte, `.git` is left alone.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::site::{Said, Site};

const CONFIG: &str = "[fix]\nattempts = 1\n[[check]]\nname = \"unit\"\nrun = \"grep -q good file.txt\"\n";

const MEND: &str = r#"{ do = "edit", file = "file.txt", find = "bad", replace = "good" }"#;

fn script(site: &Site, steps: &str) {
    site.script(&format!("[[scenario]]\nmatch = \"*\"\nsteps = [{steps}]\n"));
}

/// What a path is: mode, and bytes or link target.
fn picture(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    fn below(folder: &Path, found: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let (path, meta) = (entry.path(), entry.path().symlink_metadata().expect("there"));
            let bytes = if meta.is_dir() {
                below(&path, found);
                Vec::new()
            } else if meta.is_symlink() {
                fs::read_link(&path).expect("a link").as_os_str().as_bytes().to_vec()
            } else {
                fs::read(&path).expect("readable")
            };
            found.insert(path, (meta.permissions().mode(), bytes));
        }
    }
    let mut found = BTreeMap::new();
    below(folder, &mut found);
    found
}

/// Runs until idle, holds the result against `changed`, undoes it, and holds that against the beginning.
fn lands_and_comes_back(site: &Site, changed: &[&[u8]]) {
    comes_back(site, &[], changed);
}

/// The same for the project that is named by these arguments, if it is another one.
fn comes_back(site: &Site, project: &[&str], changed: &[&[u8]]) {
    let folder = project.last().map_or_else(|| site.project.clone(), PathBuf::from);
    let before = picture(&folder);
    let verb = |args: &[&str]| -> Said { site.run(&[project, args].concat()) };
    let said = verb(&["run", "--headless", "--until-idle", "--trust"]);
    let tasks = verb(&["tasks"]);
    assert_eq!(said.code, 0, "{}\n{said:?}", tasks.out);
    let after = picture(&folder);
    let different: Vec<&[u8]> = before
        .keys()
        .chain(after.keys().filter(|path| !before.contains_key(*path)))
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| path.strip_prefix(&folder).expect("inside").as_os_str().as_bytes())
        .collect();
    assert_eq!(different, changed, "{said:?}");
    let undone = verb(&["undo", "1"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert!(picture(&folder) == before, "{undone:?}");
}

#[test]
fn links_and_exec_bits() {
    let site = Site::new(&[("file.txt", "bad\n"), ("orchestrator.toml", CONFIG)]);
    symlink("file.txt", site.project.join("link")).expect("linked");
    symlink("nowhere", site.project.join("dangling")).expect("linked");
    site.write("tool", "#!/bin/sh\necho bad\n");
    fs::set_permissions(site.project.join("tool"), fs::Permissions::from_mode(0o750)).expect("set");
    site.commit("Shapes");
    script(&site, &format!("{MEND}, {{ do = \"edit\", file = \"tool\", find = \"bad\", replace = \"good\" }}"));
    lands_and_comes_back(&site, &[b"file.txt", b"tool"]);
}

#[test]
fn an_agent_that_edits_through_a_link() {
    let site = Site::new(&[("real/file.txt", "bad\n"), ("orchestrator.toml", CONFIG)]);
    symlink("real/file.txt", site.project.join("file.txt")).expect("linked");
    site.commit("A link");
    script(&site, MEND);
    lands_and_comes_back(&site, &[b"real/file.txt"]);
}

#[test]
fn crlf_with_autocrlf() {
    let site = Site::new(&[("orchestrator.toml", CONFIG)]);
    site.git(&["config", "core.autocrlf", "true"]);
    site.write("file.txt", "one\r\nbad\r\nthree\r\n");
    site.write("mixed.txt", "one\nbad\r\nthree\n");
    site.commit("Windows");
    script(&site, &format!("{MEND}, {{ do = \"edit\", file = \"mixed.txt\", find = \"bad\", replace = \"good\" }}"));
    let before = picture(&site.project);
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("file.txt"), "one\r\ngood\r\nthree\r\n");
    assert_eq!(site.run(&["undo", "1"]).code, 0);
    assert!(picture(&site.project) == before);
}

#[test]
fn names_of_all_kinds() {
    let names: [&[u8]; 5] =
        [b"with space.txt", b"new\nline.txt", b"n\xc3\xbcn.txt", b"latin-\xfc.txt", b"-dash 'q\" $x.txt"];
    let config = CONFIG.replace("grep -q good file.txt", "! grep -rq bad --include='*.txt' .");
    let site = Site::new(&[("orchestrator.toml", &config)]);
    for name in names {
        fs::write(site.project.join(OsStr::from_bytes(name)), "bad\n").expect("written");
    }
    site.commit("Names");
    // Some of these names cannot be written in a script's TOML; the shell finds them.
    script(
        &site,
        r#"{ do = "run", command = "find . -name '*.txt' -not -path './.git/*' -exec sed -i s/bad/good/ {} +" }"#,
    );
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    lands_and_comes_back(&site, &sorted);
    let shown = site.run(&["show", "1"]);
    assert_eq!((shown.code, shown.err.as_str()), (0, ""), "{shown:?}");
    assert!(!shown.out.contains("new\nline"), "a name must not break a line: {}", shown.out);
}

#[test]
fn a_branch_without_commits() {
    let site = Site::bare(&[("file.txt", "bad\n"), ("orchestrator.toml", CONFIG)]);
    site.git(&["init", "-q", "-b", "main"]);
    script(&site, MEND);
    lands_and_comes_back(&site, &[b"file.txt"]);
    assert_eq!(site.git(&["status", "--porcelain"]), "?? file.txt\n?? orchestrator.toml\n");
}

#[test]
fn a_detached_head() {
    let site = Site::new(&[("file.txt", "bad\n"), ("orchestrator.toml", CONFIG)]);
    site.git(&["checkout", "-q", "--detach"]);
    script(&site, MEND);
    lands_and_comes_back(&site, &[b"file.txt"]);
}

#[test]
fn a_worktree_as_the_project() {
    let site = Site::new(&[("file.txt", "bad\n"), ("orchestrator.toml", CONFIG)]);
    let other = site.outside("other");
    let other = other.to_str().expect("text");
    site.git(&["worktree", "add", "-q", "-b", "side", other]);
    script(&site, MEND);
    let main = picture(&site.project);
    comes_back(&site, &["-C", other], &[b"file.txt"]);
    assert!(picture(&site.project) == main, "the main working tree or its .git was touched");
}

#[test]
fn a_folder_without_git() {
    let site = Site::bare(&[("file.txt", "bad\n"), ("orchestrator.toml", CONFIG)]);
    script(&site, MEND);
    lands_and_comes_back(&site, &[b"file.txt"]);
    assert!(!site.project.join(".git").exists());
}

#[test]
fn a_folder_inside_of_a_repository() {
    let site = Site::new(&[("file.txt", "bad\n"), ("sub/file.txt", "bad\n"), ("sub/orchestrator.toml", CONFIG)]);
    script(&site, MEND);
    let before = picture(&site.project);
    let sub = site.project.join("sub");
    comes_back(&site, &["-C", sub.to_str().expect("text")], &[b"file.txt"]);
    assert!(picture(&site.project) == before);
}

#[test]
fn staged_and_untracked_work_stays_as_it_is() {
    let site = Site::new(&[("file.txt", "bad\n"), ("other.txt", "one\n"), ("orchestrator.toml", CONFIG)]);
    site.write("other.txt", "staged\n");
    site.git(&["add", "other.txt"]);
    site.write("other.txt", "staged and edited\n");
    site.write("new.txt", "untracked\n");
    script(&site, MEND);
    lands_and_comes_back(&site, &[b"file.txt"]);
    assert_eq!(site.git(&["diff", "--cached", "--name-only"]), "other.txt\n");
}

#[test]
fn files_come_and_go() {
    // A file that moves is gone from where it was, and that is for people to allow.
    let config = format!("[policy]\ndelete = \"allow\"\n{CONFIG}");
    let site = Site::new(&[("file.txt", "bad\n"), ("old/name.txt", "kept\n"), ("orchestrator.toml", &config)]);
    script(
        &site,
        &format!(
            "{MEND}, {{ do = \"rename\", from = \"old/name.txt\", to = \"old/renamed.txt\" }}, {{ do = \"write\", file = \"deep/er/new.sh\", content = \"#!/bin/sh\\n\" }}, {{ do = \"run\", command = \"chmod +x deep/er/new.sh\" }}"
        ),
    );
    let before = picture(&site.project);
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{:?} {said:?}", site.run(&["tasks"]));
    assert_eq!(site.read("old/renamed.txt"), "kept\n");
    assert!(!site.project.join("old/name.txt").exists());
    let mode = site.project.join("deep/er/new.sh").metadata().expect("there").permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    assert_eq!(site.run(&["undo", "1"]).code, 0);
    assert!(picture(&site.project) == before);
}
