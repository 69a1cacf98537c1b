//! While a supervisor starts, and that takes long: the person can leave, is told what it waits for, and goes on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::Signal;

use crate::site::{Site, until};
use crate::terminal::Terminal;

const CONFIG: &str = "[[check]]\nname = \"unit\"\nrun = \"grep -q good file.txt\"\n";

/// A project whose supervisor cannot go on before it may: `git` waits for a file.
struct Slow {
    site: Site,
    path: String,
}

impl Slow {
    fn new() -> Self {
        let site = Site::new(&[("file.txt", "good\n"), ("orchestrator.toml", CONFIG)]);
        let bin = site.outside("bin");
        fs::create_dir(&bin).expect("made");
        let path = std::env::var("PATH").expect("a path");
        let script = format!(
            "#!/bin/sh\nwhile ! [ -e {:?} ]; do sleep 0.02; done\nPATH={path:?} exec git \"$@\"\n",
            site.outside("go")
        );
        fs::write(bin.join("git"), script).expect("written");
        fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).expect("set");
        let path = format!("{}:{path}", bin.display());
        Self { site, path }
    }

    fn start(&self) -> Terminal {
        Terminal::start_with(&self.site, &["run", "--trust"], (80, 24), &[("PATH", &self.path)])
    }

    fn go(&self) {
        fs::write(self.site.outside("go"), "").expect("written");
    }
}

#[test]
fn what_it_waits_for_is_said_and_then_it_goes_on() {
    let slow = Slow::new();
    let mut terminal = slow.start();
    terminal.wait_text("reading the journal");
    terminal.wait_text("0:02");
    slow.go();
    terminal.wait_text("all green");
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_person_can_leave_while_it_starts() {
    let slow = Slow::new();
    for key in ["\u{3}", "q"] {
        let mut terminal = slow.start();
        until("the terminal to be taken", || terminal.is_on_other_screen());
        until("it to take the key", || {
            if terminal.is_on_other_screen() {
                terminal.keys(key);
            }
            !terminal.is_on_other_screen()
        });
        assert_eq!(terminal.end().0, 0);
    }
    slow.go();
    // Nobody waits for it any more.
    slow.site.wait_until_empty();
    assert!(!slow.site.run(&["logs"]).out.contains("unit red"));
}

#[test]
fn a_signal_while_it_starts_gives_the_terminal_back() {
    let slow = Slow::new();
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
        let terminal = slow.start();
        until("the terminal to be taken", || terminal.is_on_other_screen());
        terminal.signal(signal);
        assert_eq!(terminal.end().0, 0, "{signal}");
    }
    slow.go();
    slow.site.wait_until_empty();
}
