//! Stories anyone can read: what happens in a project, and what the machine does about it, line by line.
//!
//! Each `tests/scenarios/*.toml` has a `name`, a `story`, and may have `settings`, `again` (settings that a line `> configuration edited` brings), `files`, `before` (a beginning that
//! is not compared) and `show` (kinds of lines that are otherwise left out). In a story a line with `>` is an input at
//! a time in milliseconds; the lines below it are the facts and effects that follow, until the next input. The world
//! around the machine answers its jobs at once and without trouble, unless a line `> next JOB …` says otherwise.
//!
//! `ORCHESTRATOR_SCENARIOS=write cargo test --test scenarios` writes what really happens into the files, for a person
//! to read before it is committed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

mod scenario;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use scenario::{Scenario, play};

/// So many behaviours are told at least.
const STORIES: usize = 30;

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch for people, as other snapshot tests have one")]
fn every_story_goes_as_it_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let write = std::env::var("ORCHESTRATOR_SCENARIOS").is_ok_and(|value| value == "write");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= STORIES, "only {} stories in {}", files.len(), folder.display());
    let mut faults = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let scenario = Scenario::parse(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        match catch_unwind(|| play(&scenario)) {
            Err(_) => faults.push(format!("{name}: the machine broke a promise; see above")),
            Ok(Err(fault)) => faults.push(format!("{name}: {fault}")),
            Ok(Ok(told)) if told.trim() == scenario.story.trim() => {}
            Ok(Ok(told)) if write => {
                let (head, _) = text.split_once("story = '''").unwrap();
                fs::write(&file, format!("{head}story = '''\n{told}'''\n")).unwrap();
            }
            Ok(Ok(told)) => {
                faults.push(format!("{name} goes another way than it is told. This is what happens:\n{told}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
