//! Random trees, random work by agent and user: what lands can be undone byte for byte.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use orchestrator_tui::edge::workspace::{Landing, MergeOutcome, Undo};
use orchestrator_tui::model::id::LandingId;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::world::{World, link, show};

/// One edit of a tree; paths are few, so that edits meet.
#[derive(Clone, Debug)]
enum Edit {
    Write { place: usize, line: usize, text: u8 },
    Truncate { place: usize },
    Binary { place: usize, byte: u8 },
    Remove { place: usize },
    RemoveFolder { place: usize },
    Link { place: usize, to: usize },
    Mode { place: usize, mode: usize },
}

const PLACES: &[&str] = &[
    "a.txt",
    "b.txt",
    "dir/c.txt",
    "dir/d.txt",
    "dir/sub/e.txt",
    "x",
    "x/y.txt",
    "sp ace/ü.txt",
    "crlf.bat",
    "run.sh",
];
const MODES: &[u32] = &[0o644, 0o755, 0o600, 0o700, 0o664];

fn edit() -> impl Strategy<Value = Edit> {
    let place = 0..PLACES.len();
    prop_oneof![
        8 => (place.clone(), 0..12_usize, b'a'..b'e').prop_map(|(place, line, text)| Edit::Write { place, line, text }),
        1 => place.clone().prop_map(|place| Edit::Truncate { place }),
        1 => (place.clone(), any::<u8>()).prop_map(|(place, byte)| Edit::Binary { place, byte }),
        2 => place.clone().prop_map(|place| Edit::Remove { place }),
        1 => place.clone().prop_map(|place| Edit::RemoveFolder { place }),
        1 => (place.clone(), 0..PLACES.len()).prop_map(|(place, to)| Edit::Link { place, to }),
        2 => (place, 0..MODES.len()).prop_map(|(place, mode)| Edit::Mode { place, mode }),
    ]
}

/// Applies an edit as far as it is possible; what is in the way is left alone.
fn apply(root: &Path, edit: &Edit) {
    let real = |place: usize| {
        let path = root.join(PLACES[place]);
        let parents = Path::new(PLACES[place]).ancestors().skip(1).all(|folder| !root.join(folder).is_symlink());
        (parents && !path.is_dir()).then_some(path)
    };
    match *edit {
        Edit::Write { place, line, text } => {
            let Some(path) = real(place).filter(|path| !path.is_symlink()) else { return };
            if fs::create_dir_all(path.parent().unwrap()).is_err() {
                return;
            }
            let end = if PLACES[place] == "crlf.bat" { "\r\n" } else { "\n" };
            let old = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
            let mut lines: Vec<String> = old.lines().map(str::to_owned).collect();
            while lines.len() <= line {
                lines.push(format!("line {}", lines.len()));
            }
            lines[line] = char::from(text).to_string();
            fs::write(path, lines.join(end) + end).unwrap();
        }
        Edit::Truncate { place } => {
            if let Some(path) = real(place).filter(|path| path.is_file() && !path.is_symlink()) {
                fs::write(path, "").unwrap();
            }
        }
        Edit::Binary { place, byte } => {
            if let Some(path) = real(place).filter(|path| path.is_file() && !path.is_symlink()) {
                fs::write(path, [0, byte, 0, b'\n', byte]).unwrap();
            }
        }
        Edit::Remove { place } => {
            if let Some(path) = real(place) {
                let _ = fs::remove_file(path);
            }
        }
        Edit::RemoveFolder { place } => {
            let folder = Path::new(PLACES[place]).parent().unwrap();
            if folder != Path::new("") && !root.join(folder).is_symlink() {
                let _ = fs::remove_dir_all(root.join(folder));
            }
        }
        Edit::Link { place, to } => {
            if let Some(path) = real(place).filter(|path| path.parent().is_some_and(Path::is_dir)) {
                let _ = fs::remove_file(&path);
                link(root, PLACES[place], PLACES[to]);
            }
        }
        Edit::Mode { place, mode } => {
            if let Some(path) = real(place).filter(|path| path.is_file() && !path.is_symlink()) {
                fs::set_permissions(path, fs::Permissions::from_mode(MODES[mode])).unwrap();
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Story {
    with_git: bool,
    crlf: bool,
    committed: Vec<Edit>,
    uncommitted: Vec<Edit>,
    agent: Vec<Edit>,
    user: Vec<Edit>,
    later: Vec<Edit>,
}

fn story() -> impl Strategy<Value = Story> {
    let edits = |most| proptest::collection::vec(edit(), 0..most);
    (any::<bool>(), any::<bool>(), edits(20), edits(6), edits(10), edits(5), edits(4)).prop_map(
        |(with_git, crlf, committed, uncommitted, agent, user, later)| Story {
            with_git,
            crlf,
            committed,
            uncommitted,
            agent,
            user,
            later,
        },
    )
}

#[test]
fn whatever_lands_can_be_undone_byte_for_byte() {
    let config = Config { cases: 70, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let landed = std::cell::Cell::new(0);
    runner
        .run(&story(), |story| {
            let world = if story.with_git { World::unborn() } else { World::plain() };
            for edit in &story.committed {
                apply(&world.project, edit);
            }
            if story.with_git {
                if story.crlf {
                    world.write(".gitattributes", "*.bat text eol=crlf\n");
                }
                world.commit_all();
            }
            for edit in &story.uncommitted {
                apply(&world.project, edit);
            }
            let repository = story.with_git.then(|| world.git_picture());
            let shadow = world.open();
            let (base, result) = world.fix(&shadow, |agent| {
                for edit in &story.agent {
                    apply(agent, edit);
                }
            });
            for edit in &story.user {
                apply(&world.project, edit);
            }
            let before = show(&world.picture());
            let merge = shadow.merge(&base, &result).unwrap();
            prop_assert_eq!(&show(&world.picture()), &before);
            if let MergeOutcome::Clean(merged) = merge.outcome {
                let landing = shadow.land(LandingId(1), &merge.ours, &merged, &world.own).unwrap();
                prop_assert!(matches!(landing, Landing::Landed { .. }), "{:?}", landing);
                prop_assert_eq!(&shadow.snapshot(None).unwrap().tree, &merged);
                let undo = shadow.undo(LandingId(1), &world.own).unwrap();
                prop_assert!(matches!(undo, Undo::Undone { .. }), "{:?}", undo);
                prop_assert_eq!(&show(&world.picture()), &before);
                landed.set(landed.get() + 1);
                // Once more, and this time the user goes on before the undo.
                shadow.land(LandingId(2), &merge.ours, &merged, &world.own).unwrap();
                for edit in &story.later {
                    apply(&world.project, edit);
                }
                let edited = show(&world.picture());
                match shadow.undo(LandingId(2), &world.own).unwrap() {
                    Undo::Undone { .. } if story.later.is_empty() => prop_assert_eq!(&show(&world.picture()), &before),
                    Undo::Undone { merged, .. } => {
                        for path in merged {
                            prop_assert!(path.under(&world.project).is_file(), "{} had edits to keep", path);
                        }
                    }
                    other => prop_assert_eq!(&show(&world.picture()), &edited, "{:?}", other),
                }
            }
            if let Some(repository) = repository {
                prop_assert_eq!(show(&world.git_picture()), show(&repository));
            }
            Ok(())
        })
        .unwrap();
    assert!(landed.get() > 20, "only {} of the stories landed", landed.get());
}
