//! The dashboard as a job of a shell: ctrl-z and `fg`, and an editor that has the terminal meanwhile.

use std::fs;

use nix::sys::signal::{Signal, kill};

use crate::site::{Site, until};
use crate::terminal::Terminal;

const CONFIG: &str = "[[check]]\nname = \"unit\"\nrun = \"grep -q good file.txt || { echo file.txt:1:1: error: bad at noon; exit 1; }\"\n";

/// An editor as `ed` is one: it takes lines, and goes on after ctrl-c.
const EDITOR: &str = "import os, signal, sys\n\
    signal.signal(signal.SIGINT, lambda *_: os.write(1, b'caught\\n'))\n\
    print('editing', flush=True)\n\
    for line in sys.stdin:\n    \
    if line.strip() == 'done': break\n    \
    print('read', line.strip(), flush=True)\n";

fn site(file: &str) -> Site {
    Site::new(&[("file.txt", file), ("orchestrator.toml", CONFIG)])
}

/// Ends the dashboard with `q`, which does not count right after the terminal came back, and then the shell.
fn quit(mut shell: Terminal) {
    until("the screen to go", || {
        if shell.is_on_other_screen() {
            shell.keys("q");
        }
        !shell.is_on_other_screen()
    });
    // Said when the keys are the shell's again.
    shell.wait_text("Success rate");
    leave(shell);
}

/// Ends the shell. Keys that the dashboard left unread stand in a line of their own, which no editing key takes back.
fn leave(mut shell: Terminal) {
    shell.keys("\nexit 0\n");
    let (code, last) = shell.end();
    assert_eq!(code, 0, "{last}");
}

/// Stops the dashboard in its shell, by its key or by a signal, and lets it go on.
fn stops_and_goes_on(stop: impl Fn(&mut Terminal)) {
    const TITLE: &str = "\u{1b}]0;project: green\u{7}";
    let site = site("good\n");
    let mut shell = Terminal::shell(&site, "run --trust", (80, 24), &[]);
    shell.wait_text("all green");
    until("its title", || shell.count(TITLE) > 0);
    let titles = shell.count(TITLE);
    stop(&mut shell);
    shell.wait_text("Stopped");
    assert_eq!(shell.settings(), shell.before);
    assert!(!shell.is_on_other_screen());
    shell.keys("clear; fg\n");
    until("the other screen", || shell.is_on_other_screen());
    shell.wait_text("all green");
    until("its title again", || shell.count(TITLE) > titles);
    quit(shell);
}

#[test]
fn it_stops_and_goes_on_by_its_key() {
    stops_and_goes_on(|shell| shell.keys("\u{1a}"));
}

#[test]
fn it_stops_and_goes_on_by_a_signal() {
    stops_and_goes_on(|shell| kill(shell.job(), Signal::SIGTSTP).expect("it lives"));
}

#[test]
fn whoever_stands_between_the_shell_and_us_stops_as_well() {
    let site = site("good\n");
    let wrapper = site.outside("wrapper");
    fs::write(&wrapper, "\"$@\"\necho \"wrapper: $?\"\n").expect("written");
    let mut shell = Terminal::shell(&site, "--version", (80, 24), &[]);
    shell.keys(&format!("sh {} {} run --trust\n", wrapper.display(), crate::site::PROGRAM));
    shell.wait_text("all green");
    shell.keys("\u{1a}");
    shell.wait_text("Stopped");
    shell.keys("clear; fg\n");
    shell.wait_text("all green");
    until("the screen to go", || {
        if shell.is_on_other_screen() {
            shell.keys("q");
        }
        !shell.is_on_other_screen()
    });
    shell.wait_text("wrapper: 0");
    leave(shell);
}

/// Opens the editor with a key, in a shell.
fn edits(site: &Site) -> Terminal {
    let editor = site.outside("editor.py");
    fs::write(&editor, EDITOR).expect("written");
    let editor = format!("python3 {}", editor.display());
    let mut shell = Terminal::shell(site, "run --trust", (100, 30), &[("EDITOR", &editor)]);
    shell.wait_text("HELD");
    // What the check says: from then on it is known which file is meant.
    shell.keys("4");
    shell.wait_text("bad at noon");
    shell.keys("e");
    shell.wait_text("editing");
    assert!(!shell.is_on_other_screen());
    shell
}

#[test]
fn what_is_typed_for_the_editor_is_not_for_us_and_stopping_it_stops_both() {
    let site = site("bad at noon\n");
    let mut shell = edits(&site);
    shell.keys("\u{3}");
    shell.wait_text("caught");
    shell.keys("\u{1a}");
    shell.wait_text("Stopped");
    shell.keys("echo $((6 * 7)) answers\n");
    shell.wait_text("42 answers");
    shell.keys("fg\n");
    shell.keys("more\n");
    shell.wait_text("read more");
    // Meanwhile it goes on, and that is seen at once afterwards.
    site.write("file.txt", "good\n");
    until("green", || site.json(&["status"])["checks"][0]["verdict"] == "green");
    shell.keys("done\n");
    shell.wait("the screen", |screen| screen.contains("all green") && screen.contains("DONE"));
    assert!(shell.is_on_other_screen());
    assert!(!site.run(&["logs"]).out.contains("stop"), "{}", site.run(&["logs"]).out);
    quit(shell);
    site.wait_until_empty();
}

#[test]
fn told_to_end_it_ends_with_the_editor() {
    let site = site("bad at noon\n");
    let shell = edits(&site);
    kill(shell.job(), Signal::SIGTERM).expect("it lives");
    shell.wait_text("Session Statistics");
    leave(shell);
    site.wait_until_empty();
}
