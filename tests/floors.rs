//! The house keeps its shape: imports point down, nothing reaches where it must not, files stay small and say what
//! they are. Each rule is proved by a sample that breaks it.

use std::fs;
use std::path::Path;

#[path = "floors/samples.rs"]
mod samples;
#[path = "floors/source.rs"]
mod source;

use source::Source;

/// What each floor may import besides itself; `a::b` means only that module of `a`.
const FLOORS: [(&str, &[&str]); 7] = [
    ("model", &[]),
    ("core", &["model"]),
    ("ui", &["model", "core"]),
    ("edge", &["model", "core"]),
    (
        "config",
        &[
            "model",
            "core::command_line",
            "core::matching",
            "core::policy",
            "ui::action",
            "ui::glyph",
            "ui::keymap",
            "ui::theme",
        ],
    ),
    ("app", &["model", "core", "ui", "edge", "config"]),
    ("cli", &["model", "config", "app"]),
];

/// What touches the world or is not the same at every run.
const WORLD: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::os::unix::net",
    "std::process",
    "std::thread",
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::hash::RandomState",
    "std::time::Instant",
    "std::time::SystemTime",
    "Instant::now",
    "SystemTime::now",
    "HashMap",
    "HashSet",
    "axum",
    "directories",
    "hyper",
    "nix",
    "notify",
    "portable_pty",
    "rand",
    "rusqlite",
    "tempfile",
    "tokio",
];

/// The terminal.
const SCREEN: &[&str] = &["crossterm", "ratatui"];

/// What each floor never names.
const NEVER: [(&str, &[&[&str]]); 5] = [
    ("model", &[WORLD, SCREEN]),
    ("core", &[WORLD, SCREEN]),
    ("ui", &[WORLD]),
    ("edge", &[&["ratatui"]]),
    ("config", &[&["axum", "hyper", "notify", "portable_pty", "rusqlite", "std::process", "std::thread", "tokio"]]),
];

/// Methods of paths that look at the disk, which no import shows.
const DISK: [&str; 5] = ["canonicalize", "read_dir", "read_link", "symlink_metadata", "try_exists"];

/// The most lines a file may have.
const LINES: usize = 400;

/// Files that may have more, and why.
const LONG: &[(&str, &str)] =
    &[("src/core/fact.rs", "one list: the whole durable vocabulary, which is read and matched as one")];

/// Folders of samples: files that are read, compared or judged, and are no part of this program.
const SAMPLES: [&str; 4] = ["tests/bad_config/", "tests/frames/", "tests/outputs/", "tests/suspicion/"];

/// The only tests that sleep, at how many places, and why that is no wait for a result without an event.
const SLEEPS: &[(&str, usize, &str)] = &[
    ("tests/e2e/crashes.rs", 2, "when to kill is chosen blindly: any moment will do, and many are tried"),
    ("tests/e2e/site.rs", 1, "looks again, with a deadline: a process that is not our child reports to nobody"),
    ("tests/session/home.rs", 1, "looks again, with a deadline: a process that is not our child reports to nobody"),
];

/// The files above the edge that write to the standard streams, and why not by the one door.
const STREAMS: &[(&str, &str)] = &[
    ("src/app/words/say.rs", "the door itself"),
    ("src/app/process/voice.rs", "makes plain what a thread of its own writes"),
    ("src/app/process/background.rs", "speaks to the process that started it"),
    ("src/app/planner/hook.rs", "speaks to an agent"),
    ("src/app/doctor/probe.rs", "speaks to the process that started it"),
    ("src/app/dashboard/window.rs", "draws the screen"),
];

/// A broken rule.
type Fault = String;

fn fault(source: &Source, line: usize, what: &str) -> Fault {
    format!("{}:{line}: {what}", source.path)
}

fn starts(path: &[String], prefix: &str) -> bool {
    let mut path = path.iter();
    prefix.split("::").all(|name| path.next().is_some_and(|there| there == name))
}

/// Imports point down only, and the folders of `edge` do not see each other.
fn imports(source: &Source) -> Vec<Fault> {
    let module = source.module();
    let Some((here, allowed)) = FLOORS.iter().find(|(floor, _)| module.first().is_some_and(|first| first == floor))
    else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    for named in source.named().iter().filter(|named| named.is_ours) {
        let segments = &named.segments;
        // Nothing after `crate` is a visibility.
        let Some(there) = segments.first() else { continue };
        if there == "*" {
            faults.push(fault(source, named.line, "names the whole crate; name the module"));
            continue;
        }
        if there == here {
            let (own, other) = (module.get(1), segments.get(1));
            if *here == "edge" && other.is_some_and(|other| is_folder(other)) && own.is_some() && own != other {
                faults.push(fault(source, named.line, &format!("edge folders never see each other: {segments:?}")));
            }
        } else if !allowed.iter().any(|allowed| starts(segments, allowed)) {
            faults.push(fault(source, named.line, &format!("{here} may not import {}", segments.join("::"))));
        }
    }
    faults
}

/// Whether a name is a module's, by Rust's naming.
fn is_folder(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_lowercase())
}

/// A floor does not name what it never touches.
fn reach(source: &Source) -> Vec<Fault> {
    let module = source.module();
    let floor = module.first().map_or("", String::as_str);
    let never: Vec<&str> =
        NEVER.iter().filter(|(name, _)| *name == floor).flat_map(|(_, lists)| lists.concat()).collect();
    let mut faults = Vec::new();
    for named in source.named() {
        // `Instant::now` counts wherever it stands: `time::Instant::now` is one.
        let tails = (0..named.segments.len()).map(|start| &named.segments[start..]);
        let tails: Vec<&[String]> = tails.collect();
        let hit = never.iter().find(|name| {
            let anywhere = name.starts_with(char::is_uppercase);
            tails.iter().take(if anywhere { tails.len() } else { 1 }).any(|tail| starts(tail, name))
        });
        if let Some(name) = hit {
            faults.push(fault(source, named.line, &format!("{floor} never touches {name}")));
        }
    }
    if ["model", "core"].contains(&floor) {
        for (at, token) in source.tokens.iter().enumerate() {
            if token.text == "." && DISK.contains(&source.word(at + 1)) && source.is(at + 2, "(") {
                faults.push(fault(source, token.line, &format!("{floor} never looks at the disk")));
            }
        }
    }
    faults
}

/// A file's first line says what question it answers, and it is short.
fn size(source: &Source, long: &[(&str, &str)]) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !source.text.starts_with("//! ") {
        faults.push(fault(source, 1, "the first line must be `//! ` and the question the file answers"));
    }
    let lines = source.text.lines().count();
    let listed = long.iter().any(|(path, _)| *path == source.path);
    if lines > LINES && !listed {
        faults.push(fault(source, lines, &format!("more than {LINES} lines; split it, or list it with a reason")));
    }
    if lines <= LINES && listed {
        faults.push(fault(source, lines, "is short again; take it off the list"));
    }
    faults
}

/// `mod.rs` and `lib.rs` only declare modules and re-export.
fn declarations(source: &Source) -> Vec<Fault> {
    if !source.path.ends_with("/mod.rs") && source.path != "src/lib.rs" {
        return Vec::new();
    }
    let mut at = 0;
    while at < source.tokens.len() {
        if source.is(at, "#") {
            at = after(source, at, "[", "]");
            continue;
        }
        let item = at;
        at += usize::from(source.is(at, "pub"));
        if source.is(at, "(") {
            at = after(source, at, "(", ")");
        }
        let ends = source.tokens[at..].iter().position(|token| token.text == ";");
        match (source.word(at), ends) {
            ("mod", Some(2)) => at += 3,
            ("use", Some(length)) => at += length + 1,
            _ => return vec![fault(source, source.tokens[item].line, "only declares modules and re-exports")],
        }
    }
    Vec::new()
}

/// Returns where the bracket that opens at or after `at` has closed.
fn after(source: &Source, at: usize, open: &str, close: &str) -> usize {
    let mut depth = 0_usize;
    for (index, token) in source.tokens.iter().enumerate().skip(at) {
        if token.text == open {
            depth += 1;
        } else if token.text == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return index + 1;
            }
        }
    }
    source.tokens.len()
}

/// No test is skipped, and none sleeps for its result.
fn tests(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, token) in source.tokens.iter().enumerate() {
        if token.text == "#" && source.is(at + 1, "[") && source.is(at + 2, "ignore") {
            faults.push(fault(source, token.line, "no test is ignored; make it work or delete it"));
        }
    }
    let sleeps: Vec<usize> = source
        .named()
        .into_iter()
        .filter(|named| named.in_test && named.segments.last().is_some_and(|last| last == "sleep"))
        .map(|named| named.line)
        .collect();
    let listed = SLEEPS.iter().find(|(path, ..)| *path == source.path);
    let allowed = listed.map_or(0, |(_, places, _)| *places);
    if sleeps.len() < allowed {
        faults.push(fault(source, 1, "sleeps at fewer places than are listed; correct the list"));
    }
    for line in sleeps.into_iter().skip(allowed) {
        faults.push(fault(source, line, "tests never sleep for a result; wait for the event"));
    }
    faults
}

/// Every match of `core` names its variants.
fn wildcards(source: &Source) -> Vec<Fault> {
    let denies = source.text.contains("#![deny(clippy::wildcard_enum_match_arm)]");
    if source.path == "src/core/mod.rs" && !denies {
        return vec![fault(source, 1, "must have #![deny(clippy::wildcard_enum_match_arm)]")];
    }
    Vec::new()
}

/// What a person reads leaves by one door, where it is made plain; whether a terminal is there may be asked anywhere.
fn streams(source: &Source) -> Vec<Fault> {
    let is_above = ["src/app/", "src/cli/"].iter().any(|folder| source.path.starts_with(folder));
    if !is_above || STREAMS.iter().any(|(path, _)| *path == source.path) {
        return Vec::new();
    }
    let is_one = |word: &str| ["stdout", "stderr"].contains(&word);
    let writes =
        |at: &usize| is_one(&source.tokens[*at].text) && source.is(at + 1, "(") && !source.is(at + 4, "is_terminal");
    let named = (0..source.tokens.len()).filter(writes);
    let why = "words for a person leave by app/words/say.rs, where nothing in them steers their terminal";
    named
        // A method of a command, which sets the stream of another process.
        .filter(|at| *at == 0 || !source.is(at - 1, "."))
        .map(|at| fault(source, source.tokens[at].line, why))
        .collect()
}

/// Nothing names a place of the machine it was written on.
fn places(path: &str, text: &str) -> Vec<Fault> {
    let places =
        [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("../sha", "red"), concat!("/tmp/bash", "_jobs")];
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for place in places {
            // Within a longer path (`state/…`) it is a folder of ours.
            let whole = |at: usize| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|before| !before.is_alphanumeric() && !"_-./}>~".contains(before))
            };
            if line.match_indices(place).any(|(at, _)| whole(at)) {
                faults.push(format!("{path}:{}: names a place of one machine: {place}", number + 1));
            }
        }
    }
    faults
}

fn rust_rules(source: &Source, long: &[(&str, &str)]) -> Vec<Fault> {
    let mut faults = tests(source);
    if source.path.starts_with("src/") {
        faults.extend(imports(source));
        faults.extend(reach(source));
        faults.extend(declarations(source));
        faults.extend(wildcards(source));
        faults.extend(streams(source));
    }
    faults.extend(size(source, long));
    faults
}

/// Reads every text file below `folder` into `files`, by its path from the package.
fn collect(package: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                collect(package, &path, files);
            }
        } else if name != "Cargo.lock"
            && let (Ok(relative), Ok(text)) = (path.strip_prefix(package), fs::read_to_string(&path))
        {
            files.push((relative.to_string_lossy().into_owned(), text));
        }
    }
}

#[test]
fn the_house_keeps_its_rules() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(package, package, &mut files);
    files.sort();
    let mut faults = Vec::new();
    for (path, text) in &files {
        faults.extend(places(path, text));
        let is_sample = SAMPLES.iter().any(|folder| path.starts_with(folder));
        if !is_sample && Path::new(path).extension().is_some_and(|extension| extension == "rs") {
            faults.extend(rust_rules(&Source::new(path, text), LONG));
        }
    }
    for path in LONG.iter().map(|(path, _)| path).chain(SLEEPS.iter().map(|(path, ..)| path)) {
        if !files.iter().any(|(there, _)| there == path) {
            faults.push(format!("{path}: is listed and does not exist"));
        }
    }
    assert!(files.len() > 40, "the files were not found");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
