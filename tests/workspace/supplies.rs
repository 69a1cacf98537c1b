//! What a workspace gets besides the snapshot: copies, links, and when to prepare it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::world::{SLOT, World, link, write};

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn copies_are_made_once_and_are_no_part_of_the_result() {
    let world = World::with(&[("a.txt", "a\n"), (".gitignore", "node_modules/\n"), ("packages/me/index.js", "me\n")]);
    world.write("node_modules/x/index.js", "x\n");
    fs::create_dir_all(world.project.join("node_modules/.bin")).unwrap();
    link(&world.project, "node_modules/.bin/x", "../x/index.js");
    link(&world.project, "node_modules/me", "../packages/me");
    let absolute = world.project.join("packages/me");
    link(&world.project, "node_modules/absolute", absolute.to_str().unwrap());
    // Not ignored and too big for a snapshot: still no part of the result.
    world.write("model.bin", vec![1; 10_000_001]);
    let shadow = world.open();
    let base = shadow.snapshot(None).unwrap();
    let copy = names(&["node_modules", "model.bin", "missing", "a.txt", "../outside"]);
    let prepared = shadow.prepare(SLOT, &base, &copy, &[]).unwrap();
    // What is missing is nothing to warn of: `copy` names what a workspace needs where it exists.
    assert_eq!(prepared.warnings.len(), 2, "{:?}", prepared.warnings);
    let folder = prepared.folder;
    assert_eq!(fs::read(folder.join("node_modules/x/index.js")).unwrap(), b"x\n");
    assert_eq!(fs::read_link(folder.join("node_modules/me")).unwrap(), Path::new("../packages/me"));
    assert_eq!(fs::read_link(folder.join("node_modules/absolute")).unwrap(), folder.join("packages/me"));
    assert_eq!(shadow.collect(SLOT, &base).unwrap(), base.tree);
    assert_eq!(super::world::git(&folder, &["status", "--porcelain"]), "");

    let number = |name: &str| fs::metadata(folder.join(name)).unwrap().ino();
    let first = number("node_modules/x/index.js");
    shadow.prepare(SLOT, &base, &copy, &[]).unwrap();
    assert_eq!(number("node_modules/x/index.js"), first, "unchanged, so not copied again");
    world.write("node_modules/y/index.js", "y\n");
    shadow.prepare(SLOT, &base, &copy, &[]).unwrap();
    assert!(folder.join("node_modules/y/index.js").exists());
    shadow.prepare(SLOT, &base, &[], &[]).unwrap();
    assert!(!folder.join("node_modules").exists(), "no longer asked for");
}

#[test]
fn a_copied_environment_runs_the_code_of_its_workspace() {
    let world = World::with(&[("a.py", "a\n"), (".gitignore", ".venv/\n")]);
    let project = world.project.to_str().unwrap().to_owned();
    world.write(".venv/lib/python3.12/site-packages/me.pth", format!("{project}\n{project}-other\n"));
    world.write(".venv/bin/tool", format!("#!{project}/.venv/bin/python\n"));
    let shadow = world.open();
    let base = shadow.snapshot(None).unwrap();
    let folder = shadow.prepare(SLOT, &base, &names(&[".venv"]), &[]).unwrap().folder;
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let here = folder.to_str().unwrap();
    assert_eq!(read(".venv/lib/python3.12/site-packages/me.pth"), format!("{here}\n{project}-other\n"));
    assert_eq!(read(".venv/bin/tool"), format!("#!{here}/.venv/bin/python\n"));
    // A package that is added deep inside changes the copy.
    world.write(".venv/lib/python3.12/site-packages/new/__init__.py", "");
    shadow.prepare(SLOT, &base, &names(&[".venv"]), &[]).unwrap();
    assert!(folder.join(".venv/lib/python3.12/site-packages/new").exists());
}

#[test]
fn links_that_lead_back_are_refused_with_the_reason() {
    let world = World::with(&[("src/a.py", "a\n"), (".gitignore", "deps\nvendor\nlinked\n")]);
    world.write("vendor/lib.txt", "v\n");
    world.write("deps/lib/me.pth", world.project.join("src").to_str().unwrap());
    fs::create_dir_all(world.project.join("linked/@me")).unwrap();
    link(&world.project, "linked/@me/src", "../../src");
    let shadow = world.open();
    let base = shadow.snapshot(None).unwrap();
    let prepared = shadow.prepare(SLOT, &base, &[], &names(&["vendor", "deps", "linked"])).unwrap();
    assert_eq!(prepared.warnings.len(), 2, "{:?}", prepared.warnings);
    assert!(prepared.warnings[0].contains("editable install"), "{:?}", prepared.warnings);
    assert!(prepared.warnings[1].contains("link back into the project"), "{:?}", prepared.warnings);
    assert_eq!(fs::read_link(prepared.folder.join("vendor")).unwrap(), world.project.join("vendor"));
    assert_eq!(shadow.collect(SLOT, &base).unwrap(), base.tree);
    // Clearing the workspace removes the link, never what it points to.
    shadow.prepare(SLOT, &base, &[], &[]).unwrap();
    assert!(!prepared.folder.join("vendor").exists() && world.project.join("vendor/lib.txt").exists());
}

#[test]
fn prepare_runs_again_when_a_lock_file_changes() {
    let world = World::with(&[("a.txt", "a\n"), ("web/package-lock.json", "1\n"), ("requirements-dev.txt", "x\n")]);
    let shadow = world.open();
    let hash = |shadow: &orchestrator_tui::edge::workspace::Shadow| {
        let base = shadow.snapshot(None).unwrap();
        shadow.prepare(SLOT, &base, &[], &[]).unwrap().lock_hash
    };
    let first = hash(&shadow);
    assert!(!shadow.is_prepared(SLOT, &first).unwrap());
    shadow.mark_prepared(SLOT, &first).unwrap();
    assert!(shadow.is_prepared(SLOT, &first).unwrap());
    world.write("a.txt", "b\n");
    assert_eq!(hash(&shadow), first);
    for name in ["web/package-lock.json", "requirements-dev.txt"] {
        let before = hash(&shadow);
        write(&world.project, name, "2\n");
        assert_ne!(hash(&shadow), before, "{name}");
    }
    assert!(shadow.is_prepared(SLOT, &first).unwrap());
    // A workspace that is gone is not prepared.
    fs::remove_dir_all(shadow.workspace(SLOT)).unwrap();
    assert!(!shadow.is_prepared(SLOT, &first).unwrap());
    hash(&shadow);
    assert!(!shadow.is_prepared(SLOT, &first).unwrap());
}
