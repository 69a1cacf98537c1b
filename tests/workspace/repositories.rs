//! The states a user's repository can be in, and that it stays as it is.

use std::fs;

use orchestrator_tui::edge::workspace::{Landing, Shadow, Undo, WorkspaceError};
use orchestrator_tui::model::id::LandingId;
use orchestrator_tui::model::own_writes::OwnWrites;
use orchestrator_tui::model::workspace::GitOperation;

use super::world::{NOTHING, SLOT, World, git, path, picture, show, write};

#[test]
fn the_users_repository_is_not_touched() {
    let world = World::with(&[("a.txt", "a\n"), ("b.txt", "b\n")]);
    world.write("stashed.txt", "s\n");
    world.git(&["stash", "-u", "-q"]);
    world.write("a.txt", "edited\n");
    world.git(&["add", "a.txt"]);
    world.write("a.txt", "edited again\n");
    world.write("untracked.txt", "u\n");
    let before = world.git_picture();
    let landed = world.there_and_back(|agent| {
        write(agent, "b.txt", "fixed\n");
        write(agent, "c.txt", "new\n");
        git(agent, &["stash", "-q"]);
        git(agent, &["stash", "pop", "-q"]);
        git(agent, &["checkout", "-q", "--", "a.txt"]);
    });
    assert_eq!(
        landed[b"a.txt".as_slice()].1,
        b"edited again\n",
        "an agent can go back to the user's work, not past it"
    );
    assert_eq!(show(&world.git_picture()), show(&before));
}

#[test]
fn a_repository_without_commits() {
    let world = World::unborn();
    world.write("a.txt", "a\n");
    world.there_and_back(|agent| write(agent, "a.txt", "fixed\n"));
    let state = world.open().repo_state().unwrap();
    assert_eq!(state.head, None);
    assert!(state.branch.is_some());
}

#[test]
fn a_head_that_is_on_no_branch() {
    let world = World::with(&[("a.txt", "a\n")]);
    world.git(&["checkout", "-q", "--detach"]);
    world.there_and_back(|agent| write(agent, "a.txt", "fixed\n"));
    let state = world.open().repo_state().unwrap();
    assert_eq!((state.head, state.branch), (Some(world.git(&["rev-parse", "HEAD"])), None));
}

#[test]
fn a_linked_worktree() {
    let main = World::with(&[("a.txt", "a\n")]);
    let mut world = World::plain();
    world.project = world.folder().canonicalize().unwrap().join("linked");
    main.git(&["worktree", "add", "-q", "-b", "topic", world.project.to_str().unwrap()]);
    let before = main.git_picture();
    world.there_and_back(|agent| write(agent, "a.txt", "fixed\n"));
    assert_eq!(show(&main.git_picture()), show(&before));
    let shadow = world.open();
    let state = shadow.repo_state().unwrap();
    assert_eq!(state.branch.as_deref(), Some("topic"));
    assert_eq!(state.head, Some(main.git(&["rev-parse", "topic"])));
    assert!(shadow.git_files_to_watch().iter().any(|file| file.ends_with("worktrees/linked/HEAD")));
    let named = main.git(&["rev-parse", "HEAD"]);
    main.git(&["pack-refs", "--all"]);
    assert_eq!(shadow.repo_state().unwrap().head, Some(named), "packed references are read too");
}

#[test]
fn a_folder_without_git_and_its_first_repository() {
    let world = World::plain();
    world.write("a.txt", "a\n");
    world.write("node_modules/x/index.js", "x\n");
    world.there_and_back(|agent| {
        assert!(!agent.join("node_modules").exists());
        write(agent, "a.txt", "fixed\n");
    });
    assert_eq!(world.open().repo_state().unwrap(), orchestrator_tui::model::workspace::RepoState::default());
    assert!(world.open().git_files_to_watch().is_empty());
    // Later the user makes it a repository, even one of another object format.
    world.init(&["--object-format=sha256"]);
    world.commit_all();
    let shadow = world.open();
    let snapshot = shadow.snapshot(None).unwrap();
    assert_eq!(snapshot.commit.len(), 64);
    let (base, result) = world.fix(&shadow, |agent| write(agent, "a.txt", "again\n"));
    assert!(matches!(world.land(&shadow, 2, &base, &result), Landing::Landed { .. }));
    assert_eq!(world.read("a.txt"), "again\n");
}

#[test]
fn sha256_split_index_and_new_index_versions() {
    let world = World::unborn();
    fs::remove_dir_all(world.project.join(".git")).unwrap();
    world.init(&["--object-format=sha256"]);
    world.write("a.txt", "a\n");
    world.commit_all();
    world.there_and_back(|agent| {
        write(agent, "a.txt", "fixed\n");
        assert_eq!(git(agent, &["status", "--porcelain"]), " M a.txt");
    });
    let world = World::with(&[("a.txt", "a\n"), ("b.txt", "b\n")]);
    world.git(&["update-index", "--split-index"]);
    world.write("a.txt", "edited\n");
    world.git(&["add", "a.txt"]);
    world.there_and_back(|agent| write(agent, "b.txt", "fixed\n"));
    let world = World::with(&[("a.txt", "a\n")]);
    world.git(&["update-index", "--index-version", "4"]);
    world.there_and_back(|agent| write(agent, "a.txt", "fixed\n"));
}

#[test]
fn a_shallow_clone() {
    let origin = World::with(&[("a.txt", "a\n")]);
    origin.write("a.txt", "b\n");
    origin.commit_all();
    let world = World::plain();
    fs::remove_dir(&world.project).unwrap();
    let url = format!("file://{}", origin.project.display());
    git(world.folder(), &["clone", "-q", "--depth=1", &url, world.project.to_str().unwrap()]);
    world.git(&["config", "core.excludesFile", NOTHING]);
    world.there_and_back(|agent| {
        write(agent, "a.txt", "fixed\n");
        assert_eq!(git(agent, &["rev-list", "--count", "HEAD"]), "2");
    });
}

#[test]
fn a_subfolder_of_a_repository() {
    let mut world = World::with(&[(".gitignore", "*.log\n/sub/out/\n"), ("sub/a.txt", "a\n"), ("other.txt", "o\n")]);
    let top = world.project.clone();
    world.project = top.join("sub");
    world.write("x.log", "log\n");
    world.write("out/y", "y\n");
    let before = picture(&top.join(".git"), true);
    world.there_and_back(|agent| {
        assert!(agent.join("a.txt").exists() && !agent.join("x.log").exists() && !agent.join("out").exists());
        write(agent, "a.txt", "fixed\n");
    });
    assert_eq!(show(&picture(&top.join(".git"), true)), show(&before));
    // Nothing is tracked here, so this repository is not the project's.
    world.project = top.join("unknown");
    world.write("a.txt", "a\n");
    let shadow = Shadow::open(&world.project, &world.folder().join("other-state")).unwrap();
    assert_eq!(shadow.repo_state().unwrap().head, None);
}

#[test]
fn a_sparse_checkout_is_followed() {
    let world = World::with(&[("in/a.txt", "a\n"), ("out/b.txt", "b\n"), ("top.txt", "t\n")]);
    world.git(&["sparse-checkout", "set", "--cone", "in"]);
    assert!(!world.project.join("out").exists());
    let landed = world.there_and_back(|agent| {
        assert!(agent.join("out/b.txt").exists(), "a workspace is complete");
        write(agent, "in/a.txt", "fixed\n");
    });
    assert!(!landed.contains_key(b"out/b.txt".as_slice()));
    world.git(&["sparse-checkout", "disable"]);
    world.write("out/b.txt", "edited\n");
    let shadow = world.open();
    let tree = shadow.snapshot(None).unwrap().tree;
    assert_eq!(shadow.content(&tree, &path("out/b.txt")).unwrap().unwrap(), b"edited\n");
}

#[test]
fn a_submodule_is_said_and_left_alone() {
    let library = World::with(&[("lib.txt", "l\n")]);
    let world = World::with(&[("a.txt", "a\n")]);
    let url = library.project.to_str().unwrap();
    world.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "lib"]);
    world.commit_all();
    let shadow = world.open();
    world.write("lib/lib.txt", "edited\n");
    let snapshot = shadow.snapshot(None).unwrap();
    assert_eq!(snapshot.left_out[0].path, path("lib"));
    assert!(snapshot.left_out[0].why.contains("submodule"));
    drop(shadow);
    world.there_and_back(|agent| write(agent, "a.txt", "fixed\n"));
    assert_eq!(world.read("lib/lib.txt"), "edited\n");
}

#[test]
fn operations_under_way_are_seen() {
    let world = World::with(&[("a.txt", "a\n")]);
    let shadow = world.open();
    assert_eq!(shadow.repo_state().unwrap().operation, None);
    let branch = world.git(&["symbolic-ref", "--short", "HEAD"]);
    world.git(&["checkout", "-q", "-b", "other"]);
    world.write("a.txt", "other\n");
    world.commit_all();
    world.git(&["checkout", "-q", &branch]);
    world.write("a.txt", "mine\n");
    world.commit_all();
    for (start, stop, operation) in [
        (&["merge", "other"][..], &["merge", "--abort"][..], GitOperation::Merge),
        (&["rebase", "other"], &["rebase", "--abort"], GitOperation::Rebase),
        (&["cherry-pick", "other"], &["cherry-pick", "--abort"], GitOperation::CherryPick),
        (&["bisect", "start"], &["bisect", "reset"], GitOperation::Bisect),
    ] {
        let done = std::panic::catch_unwind(|| git(&world.project, start));
        assert_eq!(done.is_ok(), operation == GitOperation::Bisect);
        assert_eq!(shadow.repo_state().unwrap().operation, Some(operation));
        // A snapshot is possible meanwhile, conflict markers and all.
        shadow.snapshot(None).unwrap();
        world.git(stop);
    }
    assert_eq!(shadow.repo_state().unwrap().branch, Some(branch));
}

#[test]
fn moving_head_gives_snapshots_a_new_parent() {
    let world = World::with(&[("a.txt", "a\n")]);
    let shadow = world.open();
    let first = shadow.snapshot(None).unwrap();
    assert_eq!(shadow.snapshot(None).unwrap(), first);
    world.git(&["commit", "-q", "--allow-empty", "-m", "next"]);
    let second = shadow.snapshot(None).unwrap();
    assert_eq!(second.tree, first.tree);
    assert_ne!(second.commit, first.commit);
}

#[test]
fn a_project_whose_objects_moved_is_seeded_again() {
    let world = World::with(&[("a.txt", "a\n")]);
    world.open().snapshot(None).unwrap();
    let moved = world.folder().join("repository");
    fs::rename(world.project.join(".git"), &moved).unwrap();
    world.write(".git", format!("gitdir: {}\n", moved.display()));
    world.there_and_back(|agent| write(agent, "a.txt", "fixed\n"));
}

#[test]
fn two_processes_share_one_shadow() {
    let world = World::with(&[("a.txt", "a\n")]);
    let (one, other) = (world.open(), world.open());
    one.snapshot(None).unwrap();
    world.write("a.txt", "b\n");
    let theirs = other.snapshot(None).unwrap();
    assert_eq!(one.snapshot(None).unwrap().tree, theirs.tree, "the other one's look at the tree is not lost on us");
    let base = one.snapshot(None).unwrap();
    let folder = one.prepare(SLOT, &base, &[], &[]).unwrap().folder;
    write(&folder, "a.txt", "fixed\n");
    let result = one.collect(SLOT, &base).unwrap();
    world.land(&one, 1, &base, &result);
    assert!(matches!(other.undo(LandingId(1), &OwnWrites::default()).unwrap(), Undo::Undone { .. }));
    assert_eq!(world.read("a.txt"), "b\n");
    std::thread::scope(|scope| {
        for shadow in [&one, &other, &one, &other] {
            scope.spawn(move || shadow.snapshot(None).unwrap());
        }
    });
}

#[test]
fn what_cannot_be_opened_is_said() {
    let world = World::plain();
    let missing = Shadow::open(&world.project.join("missing"), &world.state());
    assert!(matches!(missing, Err(WorkspaceError::NotReadable { .. })));
    world.write("file", "not a folder\n");
    let no_state = Shadow::open(&world.project, &world.project.join("file/state"));
    assert!(matches!(no_state, Err(WorkspaceError::StateReadOnly { .. })));
    assert!(world.open().sizes().shadow > 0);
}
