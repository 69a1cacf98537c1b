//! What happens without the system's notices, when they run out, and at the end.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::seen::{Seen, set, settings, write};
use crate::edge::watch::{Blind, Options, WatchError, WatchEvent, start, start_with};
use crate::model::settings::Watch;

fn polling() -> Options {
    Options { only_poll: true, interval: Duration::from_millis(20), ..Options::default() }
}

#[test]
fn looking_at_intervals_finds_the_same() {
    let git = |root: &Path| vec![root.join(".git/HEAD"), root.join(".git/refs/heads")];
    let setup = [".git/HEAD", ".git/refs/heads/main", "a.rs", "d/b.rs", "d/c.rs", "x.log"];
    let mut seen = Seen::with(&setup, polling(), &settings(), git);
    write(&seen.root, "new/deep/x.rs");
    fs::write(seen.root.join("a.rs"), "longer than before").unwrap();
    fs::write(seen.root.join("x.log"), "longer than before").unwrap();
    fs::remove_file(seen.root.join("d/b.rs")).unwrap();
    seen.wait(|seen| seen.written.len() >= 2 && seen.removed.contains("d/b.rs"));
    assert_eq!(seen.written, set(&["a.rs", "new/deep/x.rs"]));
    fs::set_permissions(seen.root.join("a.rs"), fs::Permissions::from_mode(0o600)).unwrap();
    seen.forget();
    write(&seen.root, ".git/refs/heads/feature/x");
    seen.wait(|seen| seen.other.contains(&WatchEvent::GitMoved));
    fs::write(seen.root.join(".gitignore"), "d\n").unwrap();
    seen.wait_written(&[".gitignore"]);
    write(&seen.root, "d/e.rs");
    seen.settle();
    assert!(!seen.written.contains("d/e.rs"));
    // Forced polling is no trouble to report.
    assert!(seen.other.iter().all(|event| *event == WatchEvent::GitMoved), "{:?}", seen.other);
}

fn limited(limit: usize) -> (Arc<AtomicUsize>, Options) {
    let limit = Arc::new(AtomicUsize::new(limit));
    let watch_limit = Some(Arc::clone(&limit));
    (limit, Options { only_poll: false, interval: Duration::from_millis(20), watch_limit, ..Options::default() })
}

fn is_degraded(event: &WatchEvent) -> bool {
    matches!(event, WatchEvent::Degraded { hint, .. } if !cfg!(target_os = "linux") || hint.contains("sudo sysctl ") && hint.contains("watches="))
}

#[test]
fn too_few_watches_at_the_start_are_said_and_mended() {
    let (limit, options) = limited(3);
    let mut seen = Seen::with(&["a/x", "b/x", "c/x", "d/x"], options, &settings(), |_| Vec::new());
    seen.wait(|seen| seen.other.iter().any(is_degraded));
    write(&seen.root, "d/y");
    seen.wait_written(&["d/y"]);
    limit.store(100, Ordering::SeqCst);
    seen.wait(|seen| seen.other.contains(&WatchEvent::Recovered));
    write(&seen.root, "d/z");
    seen.wait_written(&["d/z"]);
}

#[test]
fn watches_that_run_out_later_lose_nothing() {
    let (limit, options) = limited(4);
    let mut seen = Seen::with(&["a/x"], options, &settings(), |_| Vec::new());
    for number in 0..20 {
        write(&seen.root, &format!("n{number}/deep/x"));
    }
    seen.wait(|seen| seen.other.iter().any(is_degraded));
    seen.wait(|seen| seen.other.iter().any(|event| matches!(event, WatchEvent::Rescan { .. })));
    write(&seen.root, "n19/deep/y");
    seen.wait_written(&["n19/deep/y"]);
    limit.store(1000, Ordering::SeqCst);
    seen.wait(|seen| seen.other.contains(&WatchEvent::Recovered));
    write(&seen.root, "n0/deep/z");
    seen.wait_written(&["n0/deep/z"]);
}

#[test]
fn a_project_that_goes_away_and_comes_back_is_watched_again() {
    let (_, options) = limited(1000);
    let mut seen = Seen::with(&["a/x"], options, &settings(), |_| Vec::new());
    let away = seen.root.with_file_name("away");
    fs::rename(&seen.root, &away).unwrap();
    seen.wait(|seen| seen.other.iter().any(|event| matches!(event, WatchEvent::Degraded { .. })));
    fs::rename(&away, &seen.root).unwrap();
    seen.wait(|seen| seen.other.contains(&WatchEvent::Recovered));
    write(&seen.root, "a/y");
    seen.wait_written(&["a/y"]);
    // Nobody deleted anything.
    assert!(!seen.removed.contains("a/x"));
}

#[test]
fn a_watcher_ends_when_dropped() {
    for options in [Options::default(), polling()] {
        let seen = Seen::with(&["a"], options, &settings(), |_| Vec::new());
        let (events, root) = (seen.events, seen.root);
        drop(seen.watcher);
        let _ = fs::write(root.join("late"), "");
        // The sink is gone, and with it its end of the channel.
        assert!(events.iter().all(|event| !matches!(event, WatchEvent::Changed(_))));
    }
}

/// Longer than any notice takes on a loaded machine.
const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_watcher_proves_that_it_sees_and_tells_nobody_about_it() {
    let ground = tempfile::tempdir().unwrap();
    let setups = [Options::default(), polling()].map(|options| (options, 3));
    for (options, folders) in setups {
        let watched = if options.only_poll { 0 } else { folders };
        let options = Options { proving_ground: Some(ground.path().to_owned()), ..options };
        let mut seen = Seen::with(&["a/x"], options, &settings(), |_| Vec::new());
        assert_eq!(seen.watcher.watched(), watched, "the project, a folder in it, and the ground");
        for _ in 0..3 {
            assert_eq!(seen.watcher.prove(LIMIT), Ok(()));
        }
        write(&seen.root, "a/y");
        seen.wait_written(&["a/y"]);
        assert!(seen.other.is_empty() && seen.written == set(&["a/y"]), "{:?} {:?}", seen.other, seen.written);
    }
    assert!(ground.path().join("seen").exists(), "it was proved by a file");
}

#[test]
fn a_watcher_that_hangs_or_has_died_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let (unblock, blocked) = std::sync::mpsc::channel::<()>();
    let sink = move |_: WatchEvent| {
        // As a machine that is busy would hold it back; then its end of the channel is gone, and it dies.
        blocked.recv().unwrap();
    };
    let watcher = start_with(folder.path(), &settings(), Vec::new(), Options::default(), sink).unwrap();
    assert_eq!(watcher.prove(LIMIT), Ok(()));
    write(folder.path(), "x");
    let mut limit = Duration::from_millis(10);
    // The notice of the file may come after the question.
    while watcher.prove(limit) == Ok(()) {
        limit += Duration::from_millis(1);
    }
    assert!(matches!(watcher.prove(limit), Err(Blind::Unseen(_))));
    drop(unblock);
    assert_eq!(watcher.prove(LIMIT), Err(Blind::Ended));
}

#[test]
fn nothing_to_watch_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let missing = start(&folder.path().join("no"), &settings(), Vec::new(), |_| ());
    assert!(matches!(missing, Err(WatchError::Project { .. })));
    let bad = Watch { ignore: vec!["a{b".to_owned()], ..settings() };
    assert!(matches!(start(folder.path(), &bad, Vec::new(), |_| ()), Err(WatchError::Glob(_))));
}
