//! Where things lie, with long paths, links, and folders of others.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

#[test]
fn every_socket_path_is_short_wherever_the_project_and_the_state_lie() {
    let home = tempfile::tempdir().unwrap();
    let deep = home.path().join(["long-name"; 25].join("-")).join("another folder with spaces");
    fs::create_dir_all(&deep).unwrap();
    let short = home.path().join("r");
    for (state, runtime) in [(&deep, Some(&deep)), (&deep, Some(&short)), (&short, None), (&deep, None)] {
        let last_resort = home.path().join("t");
        let layout = Layout::with_last_resort(&deep, state, runtime.map(PathBuf::as_path), &last_resort).unwrap();
        layout.create().unwrap();
        for socket in [layout.control_socket(), layout.session_socket(SessionId(u64::MAX))] {
            assert!(socket.as_os_str().len() <= SOCKET_PATH_MAX, "{}", socket.display());
            drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
            fs::remove_file(&socket).unwrap();
        }
        assert_eq!(fs::metadata(layout.sockets()).unwrap().permissions().mode() & 0o777, 0o700);
        fs::remove_dir_all(layout.root()).unwrap();
    }
}

#[test]
fn projects_have_readable_folders_of_their_own() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let roots: Vec<PathBuf> = ["a/my app!", "b/my app!"]
        .iter()
        .map(|name| {
            let project = home.path().join(name);
            fs::create_dir_all(&project).unwrap();
            let layout = Layout::for_project(&project, &state, None).unwrap();
            layout.create().unwrap();
            let marker = fs::read(layout.root().join("project")).unwrap();
            assert_eq!(path_of(&marker), fs::canonicalize(project).unwrap());
            layout.root().to_owned()
        })
        .collect();
    assert_ne!(roots[0], roots[1]);
    assert!(roots[0].file_name().unwrap().to_str().unwrap().starts_with("my-app-"), "{roots:?}");
    assert_eq!(readable(Path::new("/")), "");
}

#[test]
fn a_project_has_one_folder_however_it_is_reached() {
    let home = tempfile::tempdir().unwrap();
    let (project, link) = (home.path().join("project"), home.path().join("link"));
    fs::create_dir(&project).unwrap();
    symlink(&project, &link).unwrap();
    let state = home.path().join("state");
    assert_eq!(Layout::for_project(&project, &state, None).unwrap(), Layout::for_project(&link, &state, None).unwrap());
}

#[test]
fn a_command_without_the_runtime_folder_finds_the_same_sockets() {
    let home = tempfile::tempdir().unwrap();
    let (state, runtime) = (home.path().join("state"), home.path().join("run"));
    let first = Layout::for_project(home.path(), &state, Some(&runtime)).unwrap();
    assert!(first.sockets().starts_with(&runtime));
    first.create().unwrap();
    let second = Layout::for_project(home.path(), &state, None).unwrap();
    assert_eq!(first, second);
    // A new login has a new runtime folder; what is gone is not held on to.
    fs::remove_dir_all(&runtime).unwrap();
    let third = Layout::for_project(home.path(), &state, None).unwrap();
    assert_ne!(first.sockets(), third.sockets());
}

#[test]
fn a_folder_that_others_can_enter_takes_no_socket() {
    let home = tempfile::tempdir().unwrap();
    let (state, runtime) = (home.path().join("state"), home.path().join("run"));
    let layout = Layout::for_project(home.path(), &state, Some(&runtime)).unwrap();
    fs::create_dir_all(layout.sockets()).unwrap();
    fs::set_permissions(layout.sockets().parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(layout.create(), Err(LayoutError::Unsafe { .. })));
    let elsewhere = home.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::remove_dir_all(&runtime).unwrap();
    fs::create_dir(&runtime).unwrap();
    symlink(&elsewhere, runtime.join(PROGRAM)).unwrap();
    assert!(matches!(layout.create(), Err(LayoutError::Unsafe { .. })));
}

#[test]
fn a_state_folder_that_cannot_be_made_is_said_with_a_way_out() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Layout::for_project(home.path(), &file, None).unwrap().create().unwrap_err();
    assert!(matches!(error, LayoutError::State { .. }));
    assert!(error.to_string().contains("ORCHESTRATOR_STATE_DIR"), "{error}");
    assert!(matches!(Layout::for_project(&home.path().join("missing"), &file, None), Err(LayoutError::Project { .. })));
}

#[test]
fn a_foreign_state_folder_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let layout = Layout::for_project(home.path(), &home.path().join("state"), None).unwrap();
    layout.create().unwrap();
    fs::write(layout.root().join("project"), "/somewhere/else").unwrap();
    assert!(matches!(layout.create(), Err(LayoutError::Taken { .. })));
}

#[test]
fn the_chosen_state_root_wins() {
    assert_eq!(state_root(Some(Path::new("/elsewhere"))).unwrap(), PathBuf::from("/elsewhere"));
    assert!(state_root(Some(Path::new("relative"))).unwrap().is_absolute());
}
