//! Proves each rule by a sample that breaks it, and by samples that only look as if they did.

use super::source::Source;
use super::{Fault, LINES, places, rust_rules};

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
        ("src/core/a.rs", "macro_rules! m { () => { $crate::app::process::run() } }", "core may not import app"),
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
        (
            "tests/session/home.rs",
            "fn f() { thread::sleep(d); }\nfn g() { thread::sleep(d); }",
            ":3: tests never sleep",
        ),
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
