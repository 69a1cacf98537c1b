//! A working session in the dashboard with the real Claude CLI; every step shows on the screen.
//!
//! Runs only when `ORCHESTRATOR_TEST_CLAUDE` names the program. `ORCHESTRATOR_RECORD_FRAMES` names a file that takes the
//! screens, to be read from top to bottom.

use std::fs;

use crate::real_claude::{Claude, MARK, fix};
use crate::site::{Site, until};
use crate::terminal::Terminal;

const GOOD: &str = "right\n";
const BAD: &str = "wrong\n";

#[test]
fn a_session_is_seen_step_by_step() {
    let config = format!(
        "[[check]]\nname = \"{MARK}\"\nrun = \"grep -q r.ght word.txt || {{ echo 'word.txt:1:1: error: wrong word'; exit 1; }}\"\n\
         [fix]\nafter = \"1s\"\n[watch]\nsettle = \"100ms\"\n"
    );
    let site = Site::new(&[("word.txt", GOOD), ("orchestrator.toml", &config)]);
    // Not the word that was there: taking back what a person typed would ask.
    let Some(_claude) = Claude::on(&site, fix("word.txt", "wrong", "rght, that is: r1ght"), "") else { return };
    site.asks_first();
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (120, 36));
    terminal.wait_text("all green");
    site.write("word.txt", BAD);
    // The first fix in a project asks, and asks what it shall be from then on.
    terminal.wait_text("asks");
    // Right after a question came, keys do not count: they were typed for what was there before.
    until("the question", || {
        if !terminal.screen().contains("from now on") {
            terminal.keys("a");
        }
        terminal.screen().contains("from now on")
    });
    terminal.keys("A");
    terminal.wait("the landing", |screen| screen.contains("DONE") && screen.contains("all green"));
    assert!(site.read("word.txt").contains("r1ght"));
    terminal.keys("u");
    terminal.wait_text("What this changes in your files");
    terminal.keys("y");
    terminal.wait_text("the fix #1 of this");
    assert_eq!(site.read("word.txt"), BAD);
    // What was undone on purpose is held; a person can still have it fixed.
    terminal.keys("gg");
    terminal.keys("f");
    // It brings back what was there at the last green run, so it asks again; this time by the key for it.
    terminal.wait_text("look first");
    until("the question", || {
        if !terminal.screen().contains("yes, land #2") {
            terminal.keys("L");
        }
        terminal.screen().contains("yes, land #2")
    });
    terminal.keys("y");
    terminal.wait("the second landing", |screen| screen.contains("all green") && screen.contains("landed"));
    until("the second landing", || site.read("word.txt").contains("r1ght"));
    terminal.keys("P");
    terminal.wait_text("paused");
    site.write("word.txt", "wrong again\n");
    terminal.wait_text("QUEUED");
    terminal.keys("P");
    terminal.wait("the third task", |screen| screen.contains("WORKING") || screen.contains("#3"));
    terminal.keys("?");
    terminal.wait_text("Start the task now");
    terminal.keys("\u{1b}");
    terminal.wait("the list again", |screen| screen.contains("Tasks"));
    terminal.wait("the third landing", |screen| screen.contains("all green"));
    let frames = terminal.frames();
    let shown = |text: &str| frames.iter().any(|frame| frame.contains(text));
    for step in
        ["1 red", "WORKING", "NEEDS YOU", "Edit", "Read", "It was wrong. I made it right.", "landed", "undone", "HELD"]
    {
        assert!(shown(step), "{step} was never shown");
    }
    terminal.keys("q");
    if let Some(file) = std::env::var_os("ORCHESTRATOR_RECORD_FRAMES") {
        let text: Vec<String> =
            frames.iter().enumerate().map(|(number, frame)| format!("---- {number}\n{frame}\n")).collect();
        fs::write(file, text.concat()).expect("written");
    }
    let (code, last) = terminal.end();
    assert_eq!(code, 0, "{last}");
}
