//! Landing and undo beside a user who goes on typing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use orchestrator_tui::edge::workspace::{ConflictPart, Landing, MergeOutcome, Undo, WorkspaceError};
use orchestrator_tui::model::id::LandingId;
use orchestrator_tui::model::own_writes::{ContentHash, OwnWrites};
use orchestrator_tui::model::workspace::{ChangeKind, FileChange};
use sha2::{Digest, Sha256};

use super::world::{World, path, show, write};

const TEN: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

#[test]
fn an_edit_of_another_line_survives_landing_and_undo() {
    let world = World::with(&[("a.txt", TEN)]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| write(agent, "a.txt", TEN.replace("2\n", "two\n")));
    world.write("a.txt", TEN.replace("9\n", "nine\n"));
    let landing = world.land(&shadow, 1, &base, &result);
    let change = FileChange { path: path("a.txt"), kind: ChangeKind::Modified, added: 1, removed: 1, line: Some(2) };
    assert_eq!(landing, Landing::Landed { files: vec![change.clone()] });
    assert_eq!(world.read("a.txt"), TEN.replace("2\n", "two\n").replace("9\n", "nine\n"));
    world.write("a.txt", world.read("a.txt").replace("6\n", "six\n"));
    // A program of its own, with no supervisor running, can undo.
    drop(shadow);
    let shadow = world.open();
    let undo = shadow.undo(LandingId(1), &world.own).unwrap();
    assert_eq!(undo, Undo::Undone { files: vec![FileChange { line: None, ..change }], merged: vec![path("a.txt")] });
    assert_eq!(world.read("a.txt"), TEN.replace("9\n", "nine\n").replace("6\n", "six\n"));
    assert_eq!(shadow.undo(LandingId(1), &world.own).unwrap(), Undo::AlreadyUndone);
}

#[test]
fn an_edit_of_the_same_line_is_a_conflict_and_nothing_is_written() {
    let world = World::with(&[("a.txt", TEN)]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| write(agent, "a.txt", TEN.replace("5\n", "agent\n")));
    world.write("a.txt", TEN.replace("5\n", "user\n"));
    let before = world.picture();
    let MergeOutcome::Conflict(conflicts) = shadow.merge(&base, &result).unwrap().outcome else {
        panic!("a conflict was expected")
    };
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].path, path("a.txt"));
    assert_eq!(conflicts[0].parts, [ConflictPart { ours: "user\n".to_owned(), theirs: "agent\n".to_owned() }]);
    assert_eq!(show(&world.picture()), show(&before));
}

#[test]
fn an_undo_against_later_edits_of_the_same_line_writes_nothing() {
    let world = World::with(&[("a.txt", TEN), ("b.txt", "b\n")]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| {
        write(agent, "a.txt", TEN.replace("5\n", "agent\n"));
        write(agent, "b.txt", "fixed\n");
        write(agent, "new.txt", "new\n");
    });
    world.land(&shadow, 1, &base, &result);
    world.write("a.txt", TEN.replace("5\n", "user\n"));
    world.write("new.txt", "new\nand more\n");
    let before = world.picture();
    let undo = shadow.undo(LandingId(1), &world.own).unwrap();
    assert_eq!(undo, Undo::Conflict { paths: vec![path("a.txt"), path("new.txt")] });
    assert_eq!(show(&world.picture()), show(&before));
}

#[test]
fn an_edit_between_merge_and_landing_is_a_surprise_and_nothing_is_written() {
    let world = World::with(&[("a.txt", TEN), ("b.txt", "b\n")]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| {
        write(agent, "a.txt", TEN.replace("5\n", "agent\n"));
        write(agent, "b.txt", "fixed\n");
        write(agent, "c.txt", "new\n");
    });
    let merge = shadow.merge(&base, &result).unwrap();
    assert_eq!(merge.outcome, MergeOutcome::Clean(result.clone()));
    for (name, text) in [("b.txt", "B\n"), ("c.txt", "mine\n")] {
        world.write(name, text);
        let before = world.picture();
        let landing = shadow.land(LandingId(1), &merge.ours, &result, &world.own).unwrap();
        assert_eq!(landing, Landing::Surprised { paths: vec![path(name)] });
        assert_eq!(show(&world.picture()), show(&before));
        let _ = fs::remove_file(world.project.join("c.txt"));
        world.write("b.txt", "b\n");
    }
    assert!(matches!(shadow.undo(LandingId(1), &world.own), Err(WorkspaceError::NotLanded(_))));
    assert!(matches!(shadow.undo(LandingId(9), &world.own), Err(WorkspaceError::NoLanding(_))));
    // The same number may try again; once it landed it is taken.
    let landing = shadow.land(LandingId(1), &merge.ours, &result, &world.own).unwrap();
    assert!(matches!(landing, Landing::Landed { .. }), "{landing:?}");
    let again = shadow.land(LandingId(1), &merge.ours, &result, &world.own);
    assert!(matches!(again, Err(WorkspaceError::LandingTaken(LandingId(1)))));
}

#[test]
fn own_writes_are_known_before_the_watcher_can_see_them() {
    let world = World::with(&[("a.txt", "a\n"), ("gone.txt", "x\n")]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| {
        write(agent, "a.txt", "fixed\n");
        fs::remove_file(agent.join("gone.txt")).unwrap();
    });
    world.land(&shadow, 1, &base, &result);
    let hash = |text: &str| ContentHash(Sha256::digest(text).into());
    assert!(world.own.is_ours(&path("a.txt"), &hash("fixed\n")));
    assert!(world.own.is_ours(&path("gone.txt"), &ContentHash::ABSENT));
    shadow.undo(LandingId(1), &world.own).unwrap();
    assert!(world.own.is_ours(&path("a.txt"), &hash("a\n")));
    assert!(!world.own.is_ours(&path("a.txt"), &hash("fixed\n")));
}

#[test]
fn permissions_are_kept_and_the_executable_bit_follows() {
    let world = World::with(&[("secret", "a\n"), ("script", "a\n"), ("tool", "a\n")]);
    let mode = |name: &str| fs::metadata(world.project.join(name)).unwrap().permissions().mode() & 0o777;
    let set = |root: &std::path::Path, name: &str, mode| {
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&world.project, "secret", 0o600);
    set(&world.project, "script", 0o640);
    set(&world.project, "tool", 0o750);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| {
        write(agent, "secret", "b\n");
        set(agent, "script", 0o755);
        set(agent, "tool", 0o644);
    });
    world.land(&shadow, 1, &base, &result);
    assert_eq!((mode("secret"), mode("script"), mode("tool")), (0o600, 0o750, 0o640));
    shadow.undo(LandingId(1), &world.own).unwrap();
    assert_eq!((mode("secret"), mode("script"), mode("tool")), (0o600, 0o640, 0o750));
}

#[test]
fn hard_links_and_links_out_of_the_project_are_refused() {
    let world = World::with(&[("a.txt", "a\n"), ("dir/b.txt", "b\n")]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| write(agent, "a.txt", "fixed\n"));
    fs::hard_link(world.project.join("a.txt"), world.folder().join("other-name")).unwrap();
    let landing = world.land(&shadow, 1, &base, &result);
    assert!(
        matches!(&landing, Landing::Refused { path: at, why } if *at == path("a.txt") && why.contains("hard link"))
    );
    assert_eq!(world.read("a.txt"), "a\n");
    fs::remove_file(world.folder().join("other-name")).unwrap();

    let (base, result) = world.fix(&shadow, |agent| write(agent, "dir/b.txt", "fixed\n"));
    let merge = shadow.merge(&base, &result).unwrap();
    fs::rename(world.project.join("dir"), world.folder().join("outside")).unwrap();
    symlink(world.folder().join("outside"), world.project.join("dir")).unwrap();
    let landing = shadow.land(LandingId(2), &merge.ours, &result, &world.own).unwrap();
    assert!(matches!(&landing, Landing::Refused { why, .. } if why.contains("symbolic link")), "{landing:?}");
    assert_eq!(world.read("dir/b.txt"), "b\n");
}

#[test]
fn a_file_that_snapshots_do_not_see_is_never_replaced() {
    let world = World::with(&[("a.txt", "a\n"), (".gitignore", "*.log\n")]);
    world.write("x.log", "mine\n");
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| {
        fs::remove_file(agent.join(".gitignore")).unwrap();
        write(agent, "x.log", "its\n");
    });
    let landing = world.land(&shadow, 1, &base, &result);
    assert!(matches!(&landing, Landing::Refused { path: at, .. } if *at == path("x.log")), "{landing:?}");
    assert_eq!(world.read("x.log"), "mine\n");
}

#[test]
fn undo_survives_garbage_collection() {
    let world = World::with(&[("a.txt", TEN)]);
    // Content that only the index of the user knows.
    world.write("staged.txt", "only staged\n");
    world.git(&["add", "staged.txt"]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| write(agent, "a.txt", TEN.replace("5\n", "agent\n")));
    world.git(&["rm", "-q", "--cached", "staged.txt"]);
    world.git(&["reflog", "expire", "--expire=now", "--all"]);
    world.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(shadow.content(&base.tree, &path("staged.txt")).unwrap().unwrap(), b"only staged\n");
    world.land(&shadow, 1, &base, &result);
    world.git(&["gc", "-q", "--prune=now"]);
    world.write("a.txt", world.read("a.txt").replace("9\n", "nine\n"));
    assert!(matches!(shadow.undo(LandingId(1), &world.own).unwrap(), Undo::Undone { .. }));
    assert_eq!(world.read("a.txt"), TEN.replace("9\n", "nine\n"));
}

#[test]
fn an_object_that_was_collected_before_the_first_snapshot_is_read_again() {
    let world = World::with(&[("a.txt", "a\n")]);
    world.write("staged.txt", "only staged\n");
    world.git(&["add", "staged.txt"]);
    // Opening takes the index over, and with it a name for content that is only in the user's objects.
    let shadow = world.open();
    world.git(&["rm", "-q", "--cached", "staged.txt"]);
    world.git(&["gc", "-q", "--prune=now"]);
    let snapshot = shadow.snapshot(None).unwrap();
    assert_eq!(shadow.content(&snapshot.tree, &path("staged.txt")).unwrap().unwrap(), b"only staged\n");
}

#[test]
fn a_landing_that_a_crash_cut_is_rolled_back() {
    let world = World::with(&[("a.txt", "a\n"), ("b.txt", "b\n"), ("gone/c.txt", "c\n")]);
    let shadow = world.open();
    let before = world.picture();
    let (base, result) = world.fix(&shadow, |agent| {
        write(agent, "a.txt", "fixed\n");
        write(agent, "b.txt", "fixed\n");
        write(agent, "new/d.txt", "d\n");
        fs::remove_file(agent.join("gone/c.txt")).unwrap();
    });
    world.land(&shadow, 1, &base, &result);
    drop(shadow);
    // As if the power had gone before the marker: one file was not reached yet, one the user edited meanwhile.
    fs::remove_file(world.state().join("landings/1/done")).unwrap();
    world.write("b.txt", "edited\n");
    let shadow = world.open();
    let recovered = &shadow.recovered()[0];
    assert_eq!((recovered.landing, recovered.was_undo), (LandingId(1), false));
    assert_eq!(recovered.left, [path("b.txt")]);
    assert_eq!(recovered.restored.len(), 3);
    world.write("b.txt", "b\n");
    assert_eq!(show(&world.picture()), show(&before));
    assert!(world.open().recovered().is_empty());
    assert!(shadow.undo(LandingId(1), &world.own).is_err(), "there is nothing left to take back");
}

#[test]
fn an_undo_that_a_crash_cut_leaves_the_landing() {
    let world = World::with(&[("a.txt", "a\n"), ("b.txt", "b\n")]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| {
        write(agent, "a.txt", "fixed\n");
        fs::remove_file(agent.join("b.txt")).unwrap();
    });
    world.land(&shadow, 1, &base, &result);
    let landed = world.picture();
    shadow.undo(LandingId(1), &world.own).unwrap();
    fs::remove_file(world.state().join("landings/1/undo-1/done")).unwrap();
    let shadow = world.open();
    assert!(shadow.recovered()[0].was_undo);
    assert_eq!(show(&world.picture()), show(&landed));
    assert!(matches!(shadow.undo(LandingId(1), &OwnWrites::default()).unwrap(), Undo::Undone { .. }));
    assert_eq!(world.read("b.txt"), "b\n");
}

#[test]
fn two_landings_on_one_file_are_undone_in_any_order() {
    let world = World::with(&[("a.txt", TEN)]);
    let shadow = world.open();
    for (id, line, text) in [(1, "2\n", "two\n"), (2, "8\n", "eight\n")] {
        let now = world.read("a.txt");
        let (base, result) = world.fix(&shadow, |agent| write(agent, "a.txt", now.replace(line, text)));
        world.land(&shadow, id, &base, &result);
    }
    assert!(matches!(shadow.undo(LandingId(1), &world.own).unwrap(), Undo::Undone { .. }));
    assert_eq!(world.read("a.txt"), TEN.replace("8\n", "eight\n"));
    assert!(matches!(shadow.undo(LandingId(2), &world.own).unwrap(), Undo::Undone { .. }));
    assert_eq!(world.read("a.txt"), TEN);
}

#[test]
fn work_in_place_is_undone_like_a_landing() {
    let world = World::with(&[("a.txt", TEN), ("b.txt", "b\n")]);
    world.write("untracked.txt", "u\n");
    let shadow = world.open();
    let before = world.picture();
    let base = shadow.begin_in_place().unwrap();
    world.write("a.txt", TEN.replace("5\n", "agent\n"));
    world.write("new/deep/c.txt", "c\n");
    fs::remove_file(world.project.join("b.txt")).unwrap();
    fs::remove_file(world.project.join("untracked.txt")).unwrap();
    let Landing::Landed { files } = shadow.record_in_place(LandingId(1), &base).unwrap() else { panic!("not landed") };
    assert_eq!(files.len(), 4);
    assert!(matches!(shadow.undo(LandingId(1), &world.own).unwrap(), Undo::Undone { .. }));
    assert_eq!(show(&world.picture()), show(&before));
}
