//! Times what lies between a red check and a landed fix, agent and checks left out. Run: `cargo bench --bench landing`
//!
//! A generated project of 10,000 files in 500 folders; each step is done [`ROUNDS`] times warm, as in daily use.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a measurement, not the product")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use orchestrator_tui::edge::workspace::{Landing, MergeOutcome, Shadow, Undo};
use orchestrator_tui::model::id::{LandingId, Slot};
use orchestrator_tui::model::own_writes::OwnWrites;
use orchestrator_tui::model::path::ProjectPath;

const FOLDERS: usize = 500;
const FILES_EACH: usize = 20;
const ROUNDS: u32 = 9;

/// The steps of one fix, in order.
const STEPS: [&str; 9] = [
    "snapshot, full, 1 change",
    "snapshot, full, nothing new",
    "snapshot, 1 named file",
    "prepare, warm",
    "collect",
    "merge, user edited too",
    "land 3 files",
    "undo, untouched",
    "undo, edited since",
];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    generate(&project);
    let started = Instant::now();
    let shadow = Shadow::open(&project, &folder.path().join("state")).unwrap();
    println!("open, first time            {:>8.1} ms", ms(started.elapsed()));
    let started = Instant::now();
    let base = shadow.snapshot(None).unwrap();
    println!("snapshot, first time        {:>8.1} ms", ms(started.elapsed()));
    let started = Instant::now();
    shadow.prepare(Slot(0), &base, &[], &[]).unwrap();
    println!("prepare, first time         {:>8.1} ms", ms(started.elapsed()));
    let started = Instant::now();
    drop(Shadow::open(&project, &folder.path().join("state")).unwrap());
    println!("open again                  {:>8.1} ms", ms(started.elapsed()));

    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); STEPS.len()];
    for round in 0..ROUNDS {
        for (step, time) in fix(&shadow, &project, round).into_iter().enumerate() {
            times[step].push(time);
        }
    }
    println!("\n{:<28}{:>11}{:>11}", "warm", "median", "worst");
    let mut medians = Vec::new();
    for (step, mut times) in STEPS.iter().zip(times) {
        times.sort();
        let median = times[times.len() / 2];
        medians.push(median);
        println!("{step:<28}{:>8.1} ms{:>8.1} ms", ms(median), ms(times[times.len() - 1]));
    }
    let fix: Duration = [2, 3, 4, 5, 6].iter().map(|step| medians[*step]).sum();
    println!("\nnamed snapshot + prepare + collect + merge + land: {:.1} ms", ms(fix));
}

/// Goes through one fix and returns how long each step took.
fn fix(shadow: &Shadow, project: &Path, round: u32) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut measure = |work: &mut dyn FnMut()| {
        let started = Instant::now();
        work();
        times.push(started.elapsed());
    };
    let edited = ProjectPath::new("folder7/file7.txt").unwrap();
    edit(&edited.under(project), 3, round);
    measure(&mut || drop(shadow.snapshot(None).unwrap()));
    measure(&mut || drop(shadow.snapshot(None).unwrap()));
    edit(&edited.under(project), 5, round);
    let mut base = None;
    measure(&mut || base = Some(shadow.snapshot(Some(std::slice::from_ref(&edited))).unwrap()));
    let base = base.unwrap();
    let mut folder = None;
    measure(&mut || folder = Some(shadow.prepare(Slot(0), &base, &[], &[]).unwrap().folder));
    let folder = folder.unwrap();
    let fixed = ["folder1/file1.txt", "folder7/file7.txt", "folder400/file2.txt"];
    for name in fixed {
        edit(&folder.join(name), 10, round);
    }
    let mut result = None;
    measure(&mut || result = Some(shadow.collect(Slot(0), &base).unwrap()));
    edit(&edited.under(project), 20, round);
    let mut merge = None;
    measure(&mut || merge = Some(shadow.merge(&base, result.as_ref().unwrap()).unwrap()));
    let merge = merge.unwrap();
    let MergeOutcome::Clean(merged) = merge.outcome else { panic!("{:?}", merge.outcome) };
    let own = OwnWrites::default();
    let (one, two) = (LandingId(round * 2), LandingId(round * 2 + 1));
    measure(&mut || {
        let landing = shadow.land(one, &merge.ours, &merged, &own).unwrap();
        assert!(matches!(landing, Landing::Landed { .. }), "{landing:?}");
    });
    let undo = |id| assert!(matches!(shadow.undo(id, &own).unwrap(), Undo::Undone { .. }));
    measure(&mut || undo(one));
    shadow.land(two, &merge.ours, &merged, &own).unwrap();
    edit(&edited.under(project), 28, round);
    measure(&mut || undo(two));
    times
}

/// Changes one line of a file.
fn edit(path: &Path, line: usize, round: u32) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[line] = format!("round {round}, line {line}");
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

/// Writes the project and commits it.
fn generate(project: &Path) {
    for folder in 0..FOLDERS {
        let path = project.join(format!("folder{folder}"));
        fs::create_dir_all(&path).unwrap();
        for file in 0..FILES_EACH {
            let lines: Vec<_> = (0..30).map(|line| format!("folder {folder}, file {file}, line {line}\n")).collect();
            fs::write(path.join(format!("file{file}.txt")), lines.concat()).unwrap();
        }
    }
    for args in [&["init", "-q"][..], &["add", "-A"], &["commit", "-q", "-m", "all"]] {
        let done = Command::new("git")
            .args(["-c", "user.name=u", "-c", "user.email=u@x"])
            .args(args)
            .current_dir(project)
            .env("GIT_CONFIG_GLOBAL", project.join("no-such-file"))
            .status()
            .unwrap();
        assert!(done.success());
    }
}

/// Milliseconds with their fraction.
fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
