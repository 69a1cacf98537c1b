//! What the screen says before anything runs: the first time, nothing to check, a mistake, another supervisor, bad surroundings.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::site::{Site, until};
use crate::terminal::Terminal;

const CONFIG: &str = "[[check]]\nname = \"unit\"\nrun = \"touch ran; grep -q good file.txt\"\n";

fn site() -> Site {
    Site::new(&[("file.txt", "good\n"), ("orchestrator.toml", CONFIG), (".gitignore", "ran\n")])
}

/// Presses a key until a screen has gone: right after it came, keys do not count.
fn press_away(terminal: &mut Terminal, key: &str, shown: &str) {
    until(&format!("{shown:?} to go"), || {
        if terminal.screen().contains(shown) {
            terminal.keys(key);
        }
        !terminal.screen().contains(shown)
    });
}

#[test]
fn the_first_time_it_says_what_would_run_and_asks_once() {
    let site = site();
    let mut terminal = Terminal::start(&site, &[], (100, 30));
    let screen = terminal.wait_text("the first time here");
    assert!(screen.contains("touch ran; grep -q good file.txt"), "{screen}");
    assert!(!site.project.join("ran").exists(), "it ran before anybody agreed");
    press_away(&mut terminal, "y", "the first time here");
    terminal.wait_text("all green");
    assert!(site.project.join("ran").exists());
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
    // Nothing is asked the second time; another command line is asked about again.
    let mut again = Terminal::start(&site, &[], (100, 30));
    again.wait_text("all green");
    again.keys("q");
    assert_eq!(again.end().0, 0);
    site.write("orchestrator.toml", &CONFIG.replace("touch ran", "touch ran other"));
    let mut third = Terminal::start(&site, &[], (80, 24));
    third.wait_text("something new would run");
    press_away(&mut third, "q", "something new would run");
    assert_eq!(third.end().0, 0);
    assert!(!site.project.join("other").exists());
}

#[test]
fn with_checks_only_nothing_is_fixed() {
    let site = site();
    let mut terminal = Terminal::start(&site, &[], (100, 30));
    terminal.wait_text("the first time here");
    press_away(&mut terminal, "c", "the first time here");
    terminal.wait_text("all green");
    site.write("file.txt", "bad\n");
    terminal.wait_text("fixing is off");
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
    // That was no yes to agents, whoever starts it.
    site.write("file.txt", "good\n");
    let said = site.run(&["run", "--headless", "--until-idle"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("you have not agreed to agents"), "{said:?}");
    let said = site.run(&["run", "--headless", "--until-idle", "--checks-only"]);
    assert_eq!(said.code, 0, "{said:?}");
    for key in ["c", "y"] {
        let mut again = Terminal::start(&site, &[], (100, 30));
        again.wait_text("agree to agents as well");
        press_away(&mut again, key, "only checks so far");
        again.wait_text("all green");
        again.keys("q");
        assert_eq!(again.end().0, 0);
    }
    let said = site.run(&["run", "--headless", "--until-idle"]);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn without_any_check_it_offers_to_write_a_configuration() {
    let site = Site::new(&[("file.txt", "good\n")]);
    let mut terminal = Terminal::start(&site, &[], (100, 30));
    terminal.wait_text("nothing to check");
    // Written meanwhile, by somebody else: it goes on by itself.
    site.write("orchestrator.toml", CONFIG);
    terminal.wait_text("the first time here");
    terminal.keys("\u{3}");
    assert_eq!(terminal.end().0, 0);
    assert!(!site.project.join("ran").exists());
}

#[test]
fn a_mistake_is_shown_with_its_place_until_it_is_mended() {
    let site = site();
    site.write("orchestrator.toml", "[[check]]\nname = \"unit\"\nrum = \"true\"\n");
    let mut terminal = Terminal::start(&site, &[], (80, 24));
    let screen = terminal.wait_text("mistake");
    assert!(screen.contains("orchestrator.toml:3:1") && screen.contains("rum"), "{screen}");
    site.write("orchestrator.toml", CONFIG);
    terminal.wait_text("the first time here");
    press_away(&mut terminal, "y", "the first time here");
    terminal.wait_text("all green");
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn the_editor_of_ones_choice_opens_where_it_is_wrong() {
    let site = site();
    let good = site.outside("good.toml");
    fs::write(&good, CONFIG).expect("written");
    site.write("orchestrator.toml", "[[check]]\nname = \"unit\"\nrum = \"true\"\n");
    let editor = format!("cp {}", good.display());
    let mut terminal = Terminal::start_with(&site, &[], (80, 24), &[("EDITOR", &editor)]);
    terminal.wait_text("mistake");
    press_away(&mut terminal, "e", "mistake");
    terminal.wait_text("the first time here");
    terminal.keys("\u{3}");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(site.read("orchestrator.toml"), CONFIG);
}

#[test]
fn another_supervisor_is_named_and_can_be_looked_at() {
    let site = site();
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    let mut terminal = Terminal::start(&site, &[], (100, 30));
    let screen = terminal.wait_text("supervised already");
    assert!(screen.contains(&supervisor.child.id().to_string()), "{screen}");
    press_away(&mut terminal, "a", "supervised already");
    terminal.wait_text("all green");
    // Leaving a supervisor that was there before leaves it alone.
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(site.json(&["status"])["processes"]["orchestrator"]["status"], "running");
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_supervisor_that_is_killed_is_said_to_be_gone() {
    let site = site();
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    let mut terminal = Terminal::start(&site, &[], (100, 30));
    terminal.wait_text("supervised already");
    press_away(&mut terminal, "a", "supervised already");
    terminal.wait_text("all green");
    supervisor.signal(nix::sys::signal::Signal::SIGKILL);
    terminal.wait_text("killed");
    assert_ne!(supervisor.end(), 0);
    press_away(&mut terminal, "q", "is gone");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn without_git_it_says_so_and_works() {
    let site = Site::bare(&[("file.txt", "good\n"), ("orchestrator.toml", CONFIG)]);
    let mut terminal = Terminal::start(&site, &[], (100, 30));
    terminal.wait_text("no git repository");
    press_away(&mut terminal, "y", "the first time here");
    terminal.wait_text("all green");
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn without_claude_it_says_how_to_get_it_and_checks() {
    let site = site();
    let config = fs::read_to_string(site.outside("user.toml")).expect("readable");
    fs::write(site.outside("user.toml"), config.replace(crate::site::PROGRAM, "claude-that-is-not-there"))
        .expect("written");
    let mut terminal = Terminal::start(&site, &[], (100, 30));
    terminal.wait_text("claude-that-is-not-there is not installed");
    press_away(&mut terminal, "y", "the first time here");
    terminal.wait_text("all green");
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_state_folder_that_cannot_be_written_is_said_with_a_hint() {
    if nix::unistd::geteuid().is_root() {
        // Nothing is read-only for root but what is no folder.
        let site = site();
        fs::remove_dir(site.state()).expect("empty");
        fs::write(site.state(), "in the way").expect("written");
        let said = site.run(&[]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains("ORCHESTRATOR_STATE_DIR"), "{said:?}");
        return;
    }
    let site = site();
    fs::set_permissions(site.state(), fs::Permissions::from_mode(0o500)).expect("set");
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (80, 24));
    terminal.wait_text("ORCHESTRATOR_STATE_DIR");
    terminal.keys("\u{3}");
    assert_eq!(terminal.end().0, 0);
    fs::set_permissions(site.state(), fs::Permissions::from_mode(0o700)).expect("set");
}

#[test]
fn without_a_terminal_it_says_what_prints_lines() {
    let site = site();
    let said = site.run(&[]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("needs a terminal") && said.err.contains("--headless"), "{said:?}");
}
