//! What a run does with words of a person that come while it works.

use super::*;
use crate::edge::agent::claude::launch::tests::spec;

/// Feeds frames and says whether the input was closed.
fn closes(run: &mut ClaudeRun, frames: &str) -> bool {
    run.feed(format!("{frames}\n").as_bytes(), Wall(0)).contains(&Step::CloseInput)
}

const QUEUED: &str = r#"{"type":"command_lifecycle","state":"queued"}"#;
const IDLE: &str = r#"{"type":"system","subtype":"session_state_changed","state":"idle"}"#;
const RESULT: &str = r#"{"type":"result","subtype":"success","result":"done","queued_turn_count":0}"#;

#[test]
fn what_it_was_told_last_is_waited_for() {
    let mut run = ClaudeRun::new(spec());
    assert!(!closes(&mut run, QUEUED));
    let line = run.message("look at the rounding").unwrap_or_default();
    assert!(String::from_utf8_lossy(&line).contains("look at the rounding"));
    assert!(!closes(&mut run, &format!("{RESULT}\n{IDLE}")), "it has not read it when it says that it is idle");
    assert!(!closes(&mut run, QUEUED));
    assert!(closes(&mut run, &format!("{RESULT}\n{IDLE}")));
    assert_eq!(run.message("too late"), None);
}

#[test]
fn a_version_that_does_not_say_what_it_reads_is_not_waited_for() {
    let mut run = ClaudeRun::new(spec());
    assert!(run.message("hello").is_some());
    assert!(closes(&mut run, &format!("{RESULT}\n{IDLE}")));
}

#[test]
fn what_it_did_not_read_is_said() {
    let mut run = ClaudeRun::new(spec());
    closes(&mut run, QUEUED);
    assert!(run.message("hello").is_some());
    let said = |reports: &[AgentReport]| format!("{reports:?}").contains("before it read what it was told");
    assert!(said(&run.finish(Exit::Signal(9), "")));
}
