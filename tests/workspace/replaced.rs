//! What a landing changed, line by line, and whether it still stands after a person's saves.

use std::fs;

use orchestrator_tui::edge::workspace::{Shadow, WorkspaceError};
use orchestrator_tui::model::id::LandingId;
use orchestrator_tui::model::workspace::FileChange;

use super::world::{World, path, write};

const TEN: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
const ALL: [&str; 4] = ["a.txt", "b.txt", "gone.txt", "new.txt"];

/// A landing that changes two places of `a.txt`, and `b.txt`, removes `gone.txt` and adds `new.txt`.
fn landed() -> (World, Shadow) {
    let world = World::with(&[("a.txt", TEN), ("b.txt", "b\n"), ("gone.txt", "gone\n")]);
    let shadow = world.open();
    let (base, result) = world.fix(&shadow, |agent| {
        write(agent, "a.txt", TEN.replace("2\n", "two\n").replace("9\n", "nine\n"));
        write(agent, "b.txt", "fixed\n");
        fs::remove_file(agent.join("gone.txt")).unwrap();
        write(agent, "new.txt", "new\n");
    });
    world.land(&shadow, 1, &base, &result);
    (world, shadow)
}

fn replaced(shadow: &Shadow) -> Vec<String> {
    let found = shadow.is_replaced(LandingId(1), &ALL.map(path)).unwrap();
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn the_old_content_again_is_a_landing_replaced() {
    let (world, shadow) = landed();
    assert!(replaced(&shadow).is_empty());
    world.write("b.txt", "b\n");
    world.write("gone.txt", "gone\n");
    assert_eq!(replaced(&shadow), ["b.txt", "gone.txt"]);
    assert!(shadow.is_replaced(LandingId(1), &[path("a.txt")]).unwrap().is_empty(), "only what was asked for");
    assert!(matches!(shadow.is_replaced(LandingId(2), &[path("a.txt")]), Err(WorkspaceError::NoLanding(_))));
}

#[test]
fn an_old_buffer_with_other_edits_replaces_too() {
    let (world, shadow) = landed();
    world.write("a.txt", TEN.replace("5\n", "five\n"));
    assert_eq!(replaced(&shadow), ["a.txt"]);
}

#[test]
fn edits_beside_the_landing_do_not_replace_it() {
    let (world, shadow) = landed();
    let text = world.read("a.txt");
    for other in [
        text.replace("5\n", "five\n"),
        // One of two places, or edited further, or cut off while it is written: something of it is still there.
        text.replace("two\n", "2\n"),
        text.replace("two\n", "zwei\n"),
        String::new(),
    ] {
        world.write("a.txt", &other);
        assert!(replaced(&shadow).is_empty(), "{other}");
    }
    fs::remove_file(world.project.join("a.txt")).unwrap();
    fs::remove_file(world.project.join("new.txt")).unwrap();
    assert!(replaced(&shadow).is_empty(), "a removed file is no save");
}

#[test]
fn an_undo_is_nobodys_save() {
    let (world, shadow) = landed();
    shadow.undo(LandingId(1), &world.own).unwrap();
    assert_eq!(world.read("a.txt"), TEN);
    assert!(replaced(&shadow).is_empty());
}

#[test]
fn each_change_names_its_first_line() {
    let world = World::with(&[
        ("a.txt", TEN),
        ("cut.txt", TEN),
        ("gone.txt", "gone\n"),
        ("odd \"näme\"\t.txt", "1\n2\n"),
        ("tricky.txt", "1\n2\n3\n"),
        ("mode.txt", "1\n"),
    ]);
    world.write("bytes", b"\0\x01");
    let shadow = world.open();
    let before = shadow.snapshot(None).unwrap().tree;
    world.write("a.txt", TEN.replace("4\n", "four\n").replace("8\n", ""));
    world.write("cut.txt", TEN.replace("6\n7\n", ""));
    fs::remove_file(world.project.join("gone.txt")).unwrap();
    world.write("odd \"näme\"\t.txt", "1\ntwo\n");
    // Lines that look like those of a patch.
    world.write("tricky.txt", "1\n2\nindex 0..1\n@@ -1 +77 @@\n");
    world.write("bytes", b"\0\x02");
    world.write("new.txt", "new\n");
    fs::set_permissions(world.project.join("mode.txt"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let after = shadow.snapshot(None).unwrap().tree;
    let changes = shadow.changes(&before, &after).unwrap();
    let places: Vec<String> = changes.iter().map(FileChange::place).collect();
    assert_eq!(
        places,
        [
            "a.txt:4",
            "bytes",
            "cut.txt:5",
            "gone.txt",
            "mode.txt",
            "new.txt:1",
            "odd \"näme\"\\x09.txt:2",
            "tricky.txt:3"
        ]
    );
}
