//! Which changes are reported, and which are nobody's business.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::seen::{Seen, set, settings, write};
use crate::edge::watch::{Options, WatchEvent, walk};
use crate::model::path::ProjectPath;
use crate::model::settings::Watch;

#[test]
fn every_file_in_new_folders_is_reported() {
    let mut seen = Seen::of(&["start"]);
    let mut wanted = BTreeSet::new();
    let outside = seen.root.with_file_name("outside");
    for number in 0..300 {
        for file in ["a/b/c/one.rs", "a/b/two.rs", "a/three.rs"] {
            let file = format!("n{number}/{file}");
            write(&seen.root, &file);
            wanted.insert(file);
        }
        // A folder that is renamed at once, one that moves into the other, and one from elsewhere.
        write(&seen.root, &format!("old{number}/deep/x.rs"));
        fs::rename(seen.root.join(format!("old{number}")), seen.root.join(format!("new{number}"))).unwrap();
        wanted.insert(format!("new{number}/deep/x.rs"));
        write(&seen.root, &format!("from{number}/y.rs"));
        fs::create_dir(seen.root.join(format!("to{number}"))).unwrap();
        fs::rename(seen.root.join(format!("from{number}")), seen.root.join(format!("to{number}/in"))).unwrap();
        wanted.insert(format!("to{number}/in/y.rs"));
        write(&outside, &format!("m{number}/k/z.rs"));
        fs::rename(outside.join(format!("m{number}")), seen.root.join(format!("moved{number}"))).unwrap();
        wanted.insert(format!("moved{number}/k/z.rs"));
    }
    seen.wait(|seen| wanted.is_subset(&seen.written));
    assert_eq!(seen.other, []);
    // And every one of these folders is watched from now on.
    seen.forget();
    let mut later = BTreeSet::new();
    for number in 0..300 {
        for folder in ["n#/a/b/c", "new#/deep", "to#/in", "moved#/k"] {
            let file = format!("{}/later.rs", folder.replace('#', &number.to_string()));
            write(&seen.root, &file);
            later.insert(file);
        }
    }
    seen.wait(|seen| later.is_subset(&seen.written));
}

#[test]
fn what_is_ignored_is_not_reported() {
    let mut seen = Seen::of(&["src/.gitignore", "src/a.rs", "build/x", "target/y", "Cargo.toml"]);
    fs::write(seen.root.join(".gitignore"), "/build\n*.tmp\n").unwrap();
    fs::write(seen.root.join(".ignore"), "private\n").unwrap();
    fs::write(seen.root.join("src/.gitignore"), "gen/\n!keep.tmp\n").unwrap();
    seen.forget();
    for file in [
        "build/new/x.rs",
        "target/debug/deps/x",
        "a.tmp",
        "src/gen/deep/er/x.rs",
        "private/x.rs",
        "src/private/x.rs",
        "x.log",
        "src/deep/y.log",
        "out/cache/x.rs",
        ".git/index",
        "node_modules/a/index.js",
        "src/.a.rs.swp",
        "a.rs~",
        "new/.git/HEAD",
        "src/__pycache__/x.pyc",
    ] {
        write(&seen.root, file);
    }
    for file in ["src/b.rs", "src/keep.tmp", ".github/workflows/ci.yml", "out/x.rs", "new/x.rs"] {
        write(&seen.root, file);
    }
    seen.settle();
    assert_eq!(seen.written, set(&["src/b.rs", "src/keep.tmp", ".github/workflows/ci.yml", "out/x.rs", "new/x.rs"]));
    let walked: Vec<_> = walk(&seen.root, &settings()).unwrap().iter().map(ProjectPath::to_string).collect();
    assert_eq!(
        walked,
        [
            ".github/workflows/ci.yml",
            ".gitignore",
            ".ignore",
            "Cargo.toml",
            "new/x.rs",
            "out/x.rs",
            "src/.gitignore",
            "src/a.rs",
            "src/b.rs",
            "src/keep.tmp"
        ]
    );
}

#[test]
fn an_edited_gitignore_takes_effect() {
    let mut seen = Seen::of(&["gen/deep/a.rs", "src/a.rs"]);
    fs::write(seen.root.join(".gitignore"), "gen\n").unwrap();
    seen.forget();
    write(&seen.root, "gen/deep/b.rs");
    write(&seen.root, "gen/new/b.rs");
    seen.settle();
    assert_eq!(seen.written, set(&[]));
    fs::write(seen.root.join(".gitignore"), "src\n").unwrap();
    seen.forget();
    for file in ["gen/deep/c.rs", "gen/new/c.rs", "src/c.rs"] {
        write(&seen.root, file);
    }
    seen.settle();
    assert_eq!(seen.written, set(&["gen/deep/c.rs", "gen/new/c.rs"]));
    // A folder that comes with rules of its own in the place of one without.
    write(&seen.root.with_file_name("other"), "d/hidden.rs");
    fs::write(seen.root.with_file_name("other").join("d/.gitignore"), "hidden.rs\n").unwrap();
    fs::rename(seen.root.join("gen/deep"), seen.root.with_file_name("away")).unwrap();
    fs::rename(seen.root.with_file_name("other").join("d"), seen.root.join("gen/deep")).unwrap();
    seen.forget();
    write(&seen.root, "gen/deep/hidden.rs");
    write(&seen.root, "gen/deep/shown.rs");
    seen.settle();
    assert_eq!(seen.written, set(&["gen/deep/shown.rs"]));
}

#[test]
fn the_exclude_file_of_a_repository_counts() {
    let git = |root: &Path| vec![root.join(".git/HEAD")];
    let mut seen = Seen::with(&[".git/HEAD", ".git/info/exclude"], Options::default(), &settings(), git);
    fs::write(seen.root.join(".git/info/exclude"), "mine\n").unwrap();
    seen.forget();
    write(&seen.root, "mine");
    write(&seen.root, "yours");
    seen.settle();
    assert_eq!(seen.written, set(&["yours"]));
}

#[test]
fn what_goes_is_reported() {
    let mut seen = Seen::of(&["a.rs", "d/b.rs", "d/e/c.rs", "f/g.rs", "build.log"]);
    fs::remove_file(seen.root.join("a.rs")).unwrap();
    fs::remove_file(seen.root.join("build.log")).unwrap();
    fs::rename(seen.root.join("d"), seen.root.with_file_name("away")).unwrap();
    fs::remove_dir_all(seen.root.join("f")).unwrap();
    seen.settle();
    assert_eq!(seen.removed, set(&["a.rs", "d", "f", "f/g.rs"]));
    // A folder of the same name is a new one.
    write(&seen.root, "d/e/new.rs");
    seen.wait_written(&["d/e/new.rs"]);
    // A folder that becomes a file, and back.
    fs::remove_dir_all(seen.root.join("d")).unwrap();
    write(&seen.root, "d");
    seen.wait_written(&["d"]);
    fs::remove_file(seen.root.join("d")).unwrap();
    write(&seen.root, "d/again.rs");
    seen.wait_written(&["d/again.rs"]);
}

#[test]
fn links_are_not_followed() {
    let mut seen = Seen::of(&["src/a.rs"]);
    let outside = seen.root.with_file_name("outside");
    write(&outside, "x.rs");
    symlink(&outside, seen.root.join("link")).unwrap();
    symlink(".", seen.root.join("src/loop")).unwrap();
    seen.wait_written(&["link", "src/loop"]);
    seen.forget();
    write(&outside, "y.rs");
    seen.settle();
    assert_eq!(seen.written, set(&[]));
}

#[test]
fn saving_in_the_way_of_editors_is_one_change_of_the_file() {
    let mut seen = Seen::of(&["a.rs"]);
    write(&seen.root, ".a.rs.swp");
    write(&seen.root, "a.rs.new");
    fs::rename(seen.root.join("a.rs.new"), seen.root.join("a.rs")).unwrap();
    seen.wait_written(&["a.rs"]);
    seen.settle();
    assert!(!seen.written.contains(".a.rs.swp"));
}

#[test]
fn a_moved_head_is_said() {
    let git = |root: &Path| vec![root.join(".git/HEAD"), root.join(".git/refs/heads"), root.join(".git/MERGE_HEAD")];
    let mut seen = Seen::with(&[".git/HEAD", ".git/refs/heads/main", "a"], Options::default(), &settings(), git);
    let moved = |seen: &Seen| seen.other.contains(&WatchEvent::GitMoved);
    // What git does all the time is nothing.
    write(&seen.root, ".git/index.lock");
    fs::rename(seen.root.join(".git/index.lock"), seen.root.join(".git/index")).unwrap();
    write(&seen.root, ".git/objects/aa/bb");
    write(&seen.root, ".git/refs/heads/main.lock");
    seen.settle();
    assert_eq!((seen.other.len(), seen.written.len()), (0, 0));
    for file in ["HEAD", "refs/heads/main", "refs/heads/feature/x", "MERGE_HEAD"] {
        write(&seen.root, ".git/new.lock");
        fs::create_dir_all(seen.root.join(".git").join(file).parent().unwrap()).unwrap();
        fs::rename(seen.root.join(".git/new.lock"), seen.root.join(".git").join(file)).unwrap();
        seen.wait(moved);
        seen.forget();
    }
    assert_eq!(seen.written.len(), 0);
}

#[test]
fn only_named_folders_are_watched() {
    let settings = Watch { paths: vec!["src".to_owned(), "lib/core".to_owned()], ..settings() };
    let mut seen = Seen::with(&["src/a", "docs/a"], Options::default(), &settings, |_| Vec::new());
    for file in ["docs/b", "src/b", "lib/other/b", "lib/core/deep/b", "b", "src/last"] {
        write(&seen.root, file);
    }
    seen.wait_written(&["src/b", "src/last", "lib/core/deep/b"]);
    assert_eq!(seen.written, set(&["src/b", "src/last", "lib/core/deep/b"]));
}

#[test]
fn reading_and_new_modes_wake_nobody() {
    let mut seen = Seen::of(&["a.rs", "src/b.rs"]);
    seen.settle();
    let before = seen.watcher.wakeups();
    // Both times, as `touch` does; Linux reports a new time of change alone as a write.
    let times = fs::FileTimes::new().set_accessed(UNIX_EPOCH).set_modified(UNIX_EPOCH);
    for _ in 0..200 {
        fs::read(seen.root.join("a.rs")).unwrap();
        fs::read_dir(seen.root.join("src")).unwrap().count();
        fs::set_permissions(seen.root.join("a.rs"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::File::open(seen.root.join("a.rs")).unwrap().set_times(times).unwrap();
    }
    seen.settle();
    assert_eq!((seen.written.len(), seen.removed.len()), (0, 0));
    // What is left is two files that came and went, with three notices each, and what was left of the two before.
    assert!(seen.watcher.wakeups() - before <= 9, "{}", seen.watcher.wakeups() - before);
}
