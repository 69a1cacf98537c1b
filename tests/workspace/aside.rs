//! What no snapshot has on purpose, and which wished-for paths ignore rules hide.

use std::collections::BTreeMap;

use orchestrator_tui::edge::workspace::{Aside, Landing, Wanted, hidden};

use crate::workspace::world::{World, path, write};

fn day() -> Vec<Aside> {
    let aside = |folder: &str, files: &'static str| Aside { folder: path(folder), files };
    vec![aside("my day/logs", ""), aside("results", "*-report.md")]
}

#[test]
fn what_is_left_out_changes_no_snapshot_also_where_the_repository_has_it() {
    let world = World::with(&[("a.txt", "a\n"), ("my day/logs/1.log", "old\n"), ("results/data.csv", "1\n")]);
    world.write("results/today-report.md", "r\n");
    let shadow = world.open();
    let before = shadow.snapshot(None).unwrap();
    assert!(shadow.content(&before.tree, &path("my day/logs/1.log")).unwrap().is_some());
    shadow.leave_out(&day()).unwrap();
    let (base, result) = world.fix(&shadow, |folder| {
        assert!(!folder.join("my day").exists(), "other tasks' logs are nobody's business");
        assert!(!folder.join("results/today-report.md").exists() && folder.join("results/data.csv").exists());
        write(folder, "my day/logs/1.log", "from an agent\n");
        write(folder, "results/more.csv", "2\n");
        write(folder, "a.txt", "b\n");
    });
    // What is written all the time is no change of the user's.
    world.write("my day/logs/1.log", "old\nnew\n");
    world.write("my day/logs/2.log", "new\n");
    world.write("results/today-report.md", "r2\n");
    let merge = shadow.merge(&base, &result).unwrap();
    assert_eq!(merge.ours.tree, base.tree);
    assert!(matches!(world.land(&shadow, 1, &base, &result), Landing::Landed { .. }));
    assert_eq!((world.read("a.txt").as_str(), world.read("results/more.csv").as_str()), ("b\n", "2\n"));
    assert_eq!(world.read("my day/logs/1.log"), "old\nnew\n");
    // Another process knows as much, and what is left out no more is there again.
    assert_eq!(world.open().snapshot(None).unwrap().tree, result);
    shadow.leave_out(&[]).unwrap();
    let after = shadow.snapshot(None).unwrap();
    assert_eq!(shadow.content(&after.tree, &path("my day/logs/2.log")).unwrap().unwrap(), b"new\n");
}

fn asked(world: &World, names: &[&str]) -> BTreeMap<String, String> {
    let wanted = |name: &&str| Wanted { path: path(name), is_folder: name.ends_with('/') };
    let wanted: Vec<Wanted> = names.iter().map(wanted).collect();
    let found = hidden(&world.project, &wanted).unwrap();
    found.into_iter().map(|(path, why)| (path.to_string(), why)).collect()
}

#[test]
fn what_ignore_rules_hide_is_told_with_the_rule() {
    let rules = "# built\ndist/\n*.log\n!keep.log\n";
    let world = World::with(&[(".gitignore", rules), ("src/x.rs", ""), ("sub/a", "")]);
    world.write("kept.log", "tracked all the same\n");
    world.git(&["add", "-f", "kept.log"]);
    let all = ["dist/x.html", "dist/", "dist", "src/y.rs", "src/", "a.log", "keep.log", "kept.log", "ä b.log"];
    let found = asked(&world, &all);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["a.log", "dist", "dist/x.html", "ä b.log"]);
    assert_eq!(found["dist/x.html"], "git ignores it (`dist/` in .gitignore:2)");
    assert!(asked(&world, &[]).is_empty());
}

#[test]
fn without_git_what_is_always_left_out_is_hidden() {
    let world = World::plain();
    world.write(".gitignore", "out/\n");
    let found = asked(&world, &["target/doc/x.html", "out/x", "docs/x.md"]);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["out/x", "target/doc/x.html"]);
    assert!(!world.project.join(".git").exists());
}

#[test]
fn in_a_subfolder_the_rules_above_count() {
    let world = World::with(&[(".gitignore", "/web/dist/\n"), ("web/a.ts", "")]);
    let wanted = |name: &str| Wanted { path: path(name), is_folder: false };
    let found = hidden(&world.project.join("web"), &[wanted("dist/x.js"), wanted("src/x.ts")]).unwrap();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), [path("dist/x.js")]);
}
