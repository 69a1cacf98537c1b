//! Files that are hard on tools like this one.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use orchestrator_tui::edge::workspace::{Landing, MergeOutcome};
use orchestrator_tui::model::id::LandingId;
use orchestrator_tui::model::path::ProjectPath;

use super::world::{SLOT, World, link, path, show, write};

#[test]
fn links_and_swaps_of_kinds() {
    let world = World::with(&[("dir/x", "x\n"), ("dir/y", "y\n"), ("file", "f\n"), ("target", "t\n")]);
    for (name, target) in
        [("to-file", "target"), ("to-dir", "dir"), ("dangling", "nowhere"), ("absolute", "/etc/hosts")]
    {
        link(&world.project, name, target);
    }
    world.there_and_back(|agent| {
        assert_eq!(fs::read_link(agent.join("absolute")).unwrap(), Path::new("/etc/hosts"));
        link(agent, "to-file", "file");
        link(agent, "new-link", "../outside");
        fs::remove_file(agent.join("dangling")).unwrap();
        write(agent, "dangling", "now a file\n");
        // A folder becomes a file, a file a folder, a link to a folder a folder, a file a link.
        fs::remove_dir_all(agent.join("dir")).unwrap();
        write(agent, "dir", "now a file\n");
        fs::remove_file(agent.join("file")).unwrap();
        write(agent, "file/inner", "now a folder\n");
        fs::remove_file(agent.join("to-dir")).unwrap();
        write(agent, "to-dir/x", "now a folder\n");
        fs::remove_file(agent.join("target")).unwrap();
        link(agent, "target", "file");
    });
}

#[test]
fn a_folder_that_becomes_a_link_to_a_folder_with_the_same_names() {
    let world = World::with(&[("a/x", "x\n"), ("b/x", "x\n")]);
    world.there_and_back(|agent| {
        fs::remove_dir_all(agent.join("a")).unwrap();
        link(agent, "a", "b");
    });
}

#[test]
fn names_of_any_bytes() {
    let world = World::with(&[("plain", "p\n")]);
    let names: [&[u8]; 9] = [
        b"with space",
        b"new\nline",
        b"\xff\xfe",
        b"tab\t",
        b"\"quoted\"",
        b"-dash",
        b":colon",
        b"*star[a]",
        b"back\\slash",
    ];
    for name in names {
        fs::write(world.project.join(OsStr::from_bytes(name)), "before\n").unwrap();
    }
    let shadow = world.open();
    let paths: Vec<_> = names.iter().map(|name| ProjectPath::from_bytes(name).unwrap()).collect();
    // Also by name, as the watcher reports them.
    shadow.snapshot(None).unwrap();
    fs::write(paths[1].under(&world.project), "named\n").unwrap();
    let snapshot = shadow.snapshot(Some(&paths)).unwrap();
    assert_eq!(shadow.content(&snapshot.tree, &paths[1]).unwrap().unwrap(), b"named\n");
    drop(shadow);
    world.there_and_back(|agent| {
        for path in &paths {
            fs::write(path.under(agent), "after\n").unwrap();
        }
    });
}

#[test]
fn line_ends_follow_the_users_settings() {
    let world =
        World::with(&[(".gitattributes", "*.bat eol=crlf\n"), ("a.txt", "1\n2\n3\n4\n5\n"), ("b.bat", "1\n2\n")]);
    world.git(&["config", "core.autocrlf", "true"]);
    // As a fresh clone would have it.
    for name in ["a.txt", "b.bat"] {
        fs::remove_file(world.project.join(name)).unwrap();
        world.git(&["checkout", "--", name]);
    }
    assert!(world.read("a.txt").contains("\r\n"));
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| {
        assert_eq!(fs::read(agent.join("a.txt")).unwrap(), b"1\r\n2\r\n3\r\n4\r\n5\r\n");
        write(agent, "a.txt", "one\r\n2\r\n3\r\n4\r\n5\r\n");
        write(agent, "b.bat", "1\r\ntwo\r\n");
    });
    world.write("a.txt", "1\r\n2\r\n3\r\n4\r\nfive\r\n");
    let before = world.picture();
    world.land(&shadow, 1, &base, &result);
    assert_eq!(world.read("a.txt"), "one\r\n2\r\n3\r\n4\r\nfive\r\n");
    assert_eq!(world.read("b.bat"), "1\r\ntwo\r\n");
    shadow.undo(LandingId(1), &world.own).unwrap();
    assert_eq!(show(&world.picture()), show(&before));
}

#[test]
fn mixed_line_ends_come_back_as_they_were() {
    let world = World::with(&[("mixed.txt", "1\r\n2\n3\r\n")]);
    world.there_and_back(|agent| write(agent, "mixed.txt", "1\r\n2\n3\r\n4\n"));
}

#[test]
fn a_required_filter_is_applied() {
    let world = World::unborn();
    world.git(&["config", "filter.rot.clean", "tr a-z b-za"]);
    world.git(&["config", "filter.rot.smudge", "tr b-za a-z"]);
    world.git(&["config", "filter.rot.required", "true"]);
    world.write(".gitattributes", "*.rot filter=rot\n");
    world.write("a.rot", "abc\n");
    world.commit_all();
    assert_eq!(world.git(&["cat-file", "blob", "HEAD:a.rot"]), "bcd");
    let landed = world.there_and_back(|agent| {
        assert_eq!(fs::read(agent.join("a.rot")).unwrap(), b"abc\n");
        write(agent, "a.rot", "xyz\n");
    });
    assert_eq!(landed[b"a.rot".as_slice()].1, b"xyz\n");
}

#[test]
fn a_filter_that_fails_is_said_and_its_file_left_alone() {
    let world = World::with(&[("a.txt", "a\n"), (".gitattributes", "*.bad filter=bad\n")]);
    world.git(&["config", "filter.bad.clean", "false"]);
    world.git(&["config", "filter.bad.required", "true"]);
    for number in 0..5 {
        world.write(&format!("f{number}.txt"), "f\n");
    }
    world.write("x.bad", "x\n");
    let snapshot = world.open().snapshot(None).unwrap();
    assert_eq!(snapshot.left_out.len(), 1);
    assert_eq!(snapshot.left_out[0].path, path("x.bad"));
    assert!(world.open().content(&snapshot.tree, &path("f4.txt")).unwrap().is_some());
}

#[test]
fn hidden_changes_are_seen() {
    let world = World::with(&[("assumed", "a\n"), ("skipped", "s\n"), ("intended", "")]);
    world.git(&["update-index", "--assume-unchanged", "assumed"]);
    world.git(&["update-index", "--skip-worktree", "skipped"]);
    world.write("assumed", "edited\n");
    world.write("skipped", "edited\n");
    world.write("added", "with add -N\n");
    world.git(&["add", "-N", "added"]);
    let shadow = world.open();
    let tree = shadow.snapshot(None).unwrap().tree;
    for (name, text) in [("assumed", "edited\n"), ("skipped", "edited\n"), ("added", "with add -N\n")] {
        assert_eq!(shadow.content(&tree, &path(name)).unwrap().unwrap(), text.as_bytes());
    }
}

#[test]
fn nested_repositories_and_big_files_are_left_out_and_said() {
    let world = World::with(&[("a.txt", "a\n")]);
    for name in ["empty", "full"] {
        fs::create_dir(world.project.join(name)).unwrap();
        super::world::git(&world.project.join(name), &["init", "-q"]);
    }
    world.write("full/x", "x\n");
    super::world::git(&world.project.join("full"), &["add", "x"]);
    super::world::git(
        &world.project.join("full"),
        &["-c", "user.name=u", "-c", "user.email=u@x", "commit", "-qm", "x"],
    );
    world.write("empty/y", "y\n");
    world.write("big.bin", vec![0; 10_000_001]);
    let shadow = world.open();
    let snapshot = shadow.snapshot(None).unwrap();
    let mut left: Vec<_> = snapshot.left_out.iter().map(|left| left.path.to_string()).collect();
    left.sort();
    assert_eq!(left, ["big.bin", "empty", "full"]);
    // A file that is tracked counts at any size.
    world.write("a.txt", vec![b'a'; 10_000_001]);
    let snapshot = shadow.snapshot(None).unwrap();
    assert_eq!(shadow.content(&snapshot.tree, &path("a.txt")).unwrap().unwrap().len(), 10_000_001);
}

#[test]
fn edits_of_the_same_size_in_the_same_tick_are_seen() {
    let world = World::with(&[("a.txt", "aaaa\n")]);
    let shadow = world.open();
    for round in 0..20 {
        let text = format!("{round:04}\n");
        world.write("a.txt", &text);
        let tree = shadow.snapshot(if round % 2 == 0 { None } else { Some(&[]) }).unwrap().tree;
        if round % 2 == 0 {
            assert_eq!(shadow.content(&tree, &path("a.txt")).unwrap().unwrap(), text.as_bytes(), "round {round}");
        }
    }
}

#[test]
fn named_files_are_enough_and_ignored_ones_stay_out() {
    let world = World::with(&[("a.txt", "a\n"), ("gone.txt", "g\n"), ("kept.txt", "k\n"), (".gitignore", "*.log\n")]);
    let shadow = world.open();
    shadow.snapshot(None).unwrap();
    world.write("a.txt", "b\n");
    world.write("new.txt", "n\n");
    world.write("x.log", "l\n");
    fs::remove_file(world.project.join("gone.txt")).unwrap();
    let named: Vec<_> = ["a.txt", "new.txt", "x.log", "gone.txt", "never.txt"].map(path).to_vec();
    let by_name = shadow.snapshot(Some(&named)).unwrap();
    assert_eq!(shadow.content(&by_name.tree, &path("a.txt")).unwrap().unwrap(), b"b\n");
    assert_eq!(shadow.content(&by_name.tree, &path("x.log")).unwrap(), None);
    let full = shadow.snapshot(None).unwrap();
    assert_eq!(by_name, full, "nothing else had changed, so it is the same snapshot");
    // A folder in the place of a file needs more than its name.
    fs::remove_file(world.project.join("kept.txt")).unwrap();
    world.write("kept.txt/inner", "i\n");
    let tree = shadow.snapshot(Some(&[path("kept.txt/inner")])).unwrap().tree;
    assert_eq!(shadow.content(&tree, &path("kept.txt/inner")).unwrap().unwrap(), b"i\n");
}

#[test]
fn what_an_agent_does_to_its_repository_and_its_folders_is_gone_with_the_next_snapshot() {
    let world = World::with(&[("src/a.txt", "a\n"), ("b.txt", "b\n"), (".gitignore", "build/\n")]);
    let shadow = world.open();
    let user = world.git_picture();
    let (base, result) = world.fix(&shadow, |agent| {
        super::world::git(agent, &["config", "core.hooksPath", "evil"]);
        write(agent, "b.txt", "committed\n");
        super::world::git(agent, &["-c", "user.name=a", "-c", "user.email=a@x", "commit", "-qam", "mine"]);
        super::world::git(agent, &["stash", "list"]);
        super::world::git(agent, &["init", "-q", "cloned"]);
        write(agent, "cloned/file", "x\n");
        write(agent, "build/cache", "kept\n");
        // A folder moved into an ignored one, with a link in its place: all files still seem to be there.
        fs::rename(agent.join("src"), agent.join("build/src")).unwrap();
        link(agent, "src", "build/src");
        fs::set_permissions(agent.join("build"), fs::Permissions::from_mode(0o755)).unwrap();
    });
    assert_eq!(shadow.content(&result, &path("b.txt")).unwrap().unwrap(), b"committed\n");
    assert_eq!(shadow.content(&result, &path("src/a.txt")).unwrap(), None);
    let prepared = shadow.prepare(SLOT, &base, &[], &[]).unwrap();
    assert!(prepared.folder.join("src").symlink_metadata().unwrap().is_dir());
    assert_eq!(fs::read(prepared.folder.join("b.txt")).unwrap(), b"b\n");
    assert_eq!(fs::read(prepared.folder.join("build/cache")).unwrap(), b"kept\n", "ignored files survive");
    assert!(!prepared.folder.join("cloned").exists());
    assert_eq!(super::world::git(&prepared.folder, &["status", "--porcelain"]), "");
    assert_eq!(super::world::git(&prepared.folder, &["rev-parse", "HEAD"]), base.commit);
    assert_eq!(shadow.collect(SLOT, &base).unwrap(), base.tree);
    assert_eq!(user, world.git_picture());
}

#[test]
fn a_renamed_file_takes_the_users_edit_along() {
    let text = "1\n2\n3\n4\n5\n6\n7\n8\n";
    let world = World::with(&[("old.txt", text)]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| {
        fs::rename(agent.join("old.txt"), agent.join("new.txt")).unwrap();
    });
    world.write("old.txt", text.replace("8\n", "eight\n"));
    let landing = world.land(&shadow, 1, &base, &result);
    assert!(matches!(landing, Landing::Landed { .. }));
    assert_eq!(world.read("new.txt"), text.replace("8\n", "eight\n"));
    assert!(!world.project.join("old.txt").exists());
}

#[test]
fn differences_are_listed_shown_and_read() {
    let world = World::with(&[("a.txt", "1\n2\n"), ("bin", "\0\u{1}"), ("gone.txt", "g\n")]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| {
        write(agent, "a.txt", "1\ntwo\nthree\n");
        write(agent, "bin", "\0\u{2}");
        write(agent, "new.txt", "n\n");
        fs::remove_file(agent.join("gone.txt")).unwrap();
    });
    let listed: Vec<_> = shadow
        .changes(&base.tree, &result)
        .unwrap()
        .into_iter()
        .map(|change| format!("{} {:?} +{} -{}", change.path, change.kind, change.added, change.removed))
        .collect();
    assert_eq!(listed, ["a.txt Modified +2 -1", "bin Modified +0 -0", "gone.txt Deleted +0 -1", "new.txt Added +1 -0"]);
    let patch = shadow.patch(&base.tree, &result, 100_000).unwrap();
    assert!(patch.contains("-2\n+two\n+three\n"), "{patch}");
    let short = shadow.patch(&base.tree, &result, 100).unwrap();
    assert!(short.len() < 130 && short.ends_with("… the patch is longer\n"), "{short}");
    let pairs = shadow.pairs(&base.tree, &result).unwrap();
    assert_eq!(pairs[0].1.as_deref(), Some(b"1\n2\n".as_slice()));
    assert_eq!(pairs[2].2, None);
    assert_eq!(pairs[3].1, None);
    assert_eq!(pairs[3].2.as_deref(), Some(b"n\n".as_slice()));
    assert_eq!(shadow.content(&result, &path("gone.txt")).unwrap(), None);
    // A merged tree can be put into the workspace to be checked, and the base again for another attempt.
    world.write("user.txt", "u\n");
    let MergeOutcome::Clean(merged) = shadow.merge(&base, &result).unwrap().outcome else { panic!("no conflict") };
    shadow.restore(SLOT, &merged).unwrap();
    assert!(shadow.workspace(SLOT).join("user.txt").exists());
    shadow.restore(SLOT, &base.tree).unwrap();
    assert_eq!(fs::read(shadow.workspace(SLOT).join("a.txt")).unwrap(), b"1\n2\n");
    assert!(!shadow.workspace(SLOT).join("user.txt").exists());
}
