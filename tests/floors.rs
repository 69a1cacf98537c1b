//! The house keeps its shape: imports point down, nothing reaches where it must not, files stay small and say what
//! they are. Each rule is proved by a sample that breaks it.

use std::fs;
use std::path::Path;

#[path = "floors/source.rs"]
mod source;

use source::Source;

/// What each floor may import besides itself; `a::b` means only that module of `a`.
const FLOORS: [(&str, &[&str]); 7] = [
    ("model", &[]),
    ("core", &["model"]),
    ("ui", &["model", "core"]),
    ("edge", &["model", "core"]),
    ("config", &["model", "core::command_line", "core::matching", "ui::action", "ui::keymap", "ui::theme"]),
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
const LONG: &[(&str, &str)] = &[];

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
    for named in source.named() {
        if named.in_test && named.segments.last().is_some_and(|last| last == "sleep") {
            faults.push(fault(source, named.line, "tests never sleep for a result; wait for the event"));
        }
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
        if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
            faults.extend(rust_rules(&Source::new(path, text), LONG));
        }
    }
    for (path, _) in LONG {
        if !files.iter().any(|(there, _)| there == path) {
            faults.push(format!("{path}: is listed as long and does not exist"));
        }
    }
    assert!(files.len() > 40, "the files were not found");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn each_rule_catches_a_sample_that_breaks_it() {
    let long = "//! Long.\n".to_owned() + &"\n".repeat(LINES);
    let samples: &[(&str, &str, &str)] = &[
        ("src/model/a.rs", "use crate::core::book::Book;", "model may not import core::book"),
        (
            "src/core/a.rs",
            "use crate::{model::id, edge::{store::{self, lock as l}}};",
            "core may not import edge::store",
        ),
        ("src/core/a.rs", "fn f() { let x = crate::ui::draw(); }", "core may not import ui"),
        ("src/core/a.rs", "macro_rules! m { () => { $crate::app::run() } }", "core may not import app"),
        ("src/core/deep/a.rs", "mod b { use super::super::super::super::edge::x; }", "core may not import edge"),
        ("src/core/a.rs", "use crate::*;", "names the whole crate"),
        ("src/ui/a.rs", "use\n    crate::model::id;\nuse crate\n    ::edge::tty;", ":4: ui may not import edge"),
        ("src/edge/store/a.rs", "use crate::edge::control::call;", "edge folders never see each other"),
        ("src/edge/store/a.rs", "use super::super::control;", "edge folders never see each other"),
        ("src/edge/store/a.rs", "use crate::config::file;", "edge may not import config"),
        ("src/config/a.rs", "use crate::core::book;", "config may not import core::book"),
        ("src/model/a.rs", "use std::{io, fs::File};", "model never touches std::fs"),
        ("src/core/a.rs", "fn f() { let t = std::time::Instant::now(); }", "core never touches std::time::Instant"),
        ("src/core/a.rs", "fn f() { time::SystemTime::now(); }", "core never touches SystemTime::now"),
        ("src/core/a.rs", "type T = Vec<collections::HashMap<u8, u8>>;", "core never touches HashMap"),
        ("src/core/a.rs", "async fn f() { ::tokio::spawn(g()); }", "core never touches tokio"),
        ("src/core/a.rs", "fn f(path: &Path) { path.canonicalize(); }", "core never looks at the disk"),
        ("src/ui/a.rs", "use std::thread;", "ui never touches std::thread"),
        ("src/edge/tty.rs", "use ratatui::Frame;", "edge never touches ratatui"),
        ("src/config/a.rs", "use tokio::fs;", "config never touches tokio"),
        ("src/ui/mod.rs", "pub mod a;\npub fn f() {}", ":3: only declares"),
        ("src/lib.rs", "#[cfg(unix)]\npub(crate) mod a {}", "only declares"),
        ("src/core/mod.rs", "pub mod a;", "must have #![deny("),
        ("tests/a.rs", "#[ignore = \"slow\"]\nfn f() {}", "no test is ignored"),
        ("tests/a.rs", "fn f() { thread::sleep(d); }", "tests never sleep"),
        ("src/edge/a/b.rs", "mod tests { async fn f() { tokio::time::sleep(d).await; } }", "tests never sleep"),
        ("src/edge/a/tests.rs", "use std::thread::sleep;", "tests never sleep"),
    ];
    for (path, text, expected) in samples {
        let source = Source::new(path, &format!("//! A sample.\n{text}"));
        let faults = rust_rules(&source, &[]);
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{path}: {text}\ngave {faults:?}");
    }
    for (text, listed, expected) in [
        ("fn f() {}\n", false, "the first line"),
        (long.as_str(), false, "more than 400 lines"),
        ("//! Short.\n", true, "short again"),
    ] {
        let listed: &[(&str, &str)] = if listed { &[("src/cli.rs", "a reason")] } else { &[] };
        let faults = rust_rules(&Source::new("src/cli.rs", text), listed);
        assert!(faults.len() == 1 && faults[0].contains(expected), "{faults:?}");
    }
    let home = concat!("cd /wo", "rk/x");
    assert_eq!(places("README.md", &format!("ok\n{home}")).len(), 1);
}

#[test]
fn what_only_looks_like_a_fault_is_none() {
    let samples: &[(&str, &str)] = &[
        ("src/core/a.rs", "/// See [`crate::edge`].\n/* crate::app /* tokio:: */ */ fn f() {}"),
        ("src/core/a.rs", r##"const A: &str = "crate::edge \" tokio::"; const B: &str = r#"use std::fs; " "#;"##),
        ("src/core/a.rs", "fn f<'a>(x: &'a str) -> char { let q = '\"'; let e = '\\''; use crate::model::id; q }"),
        ("src/core/a.rs", "use super::book::Book; use self::inner::X; mod tests { use super::*; }"),
        ("src/core/a.rs", "fn f() { self.tokio(); x.tokio::<u8>(); book::notify::fs(); }"),
        ("src/edge/store/a.rs", "use crate::edge::store::lock; use super::error::E; use crate::model::id::Seq;"),
        ("src/edge/store/a.rs", "fn f() { std::thread::sleep(d); } mod tests { use super::*; }"),
        ("src/edge/store/a.rs", "mod tests { fn f() {} } fn g() { std::thread::sleep(d); }"),
        ("src/app/a.rs", "use crate::{config, core, edge::{control, store}, model, ui};"),
        ("src/config/a.rs", "use crate::core::matching::Globs; use crate::model::settings::Settings;"),
        ("src/edge/x/mod.rs", "#![expect(a, reason = \"b\")]\n#[cfg(test)]\nmod tests;\npub(crate) use a::{b, c};"),
    ];
    for (path, text) in samples {
        let faults = rust_rules(&Source::new(path, &format!("//! A sample.\n{text}")), &[]);
        assert!(faults.is_empty(), "{path}: {text}\ngave {faults:?}");
    }
    assert_eq!(places("a", concat!("state/wo", "rk/3")), Vec::<Fault>::new());
}
