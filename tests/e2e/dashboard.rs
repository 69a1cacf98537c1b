//! The dashboard in a terminal: what a person sees and types, from the first frame to the last.

use nix::sys::signal::Signal;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::model::workspace::TreeId;

use crate::screen::{Screen, client};
use crate::site::{Site, until};
use crate::terminal::Terminal;

const GOOD: &str = "def add(a, b):\n    return a + b\n";
const BAD: &str = "def add(a, b):\n    return a - b\n";
const TEST: &str = "import unittest\nfrom calc import add\n\n\nclass Calc(unittest.TestCase):\n    def test_add(self):\n        \
    self.assertEqual(add(2, 3), 5)\n";
const CONFIG: &str = "[[check]]\nname = \"unit\"\npaths = [\"**/*.py\"]\nrun = \"python3 -B -m unittest -q test_calc\"\n\n\
    [fix]\nafter = \"100ms\"\nland = \"auto\"\n\n[watch]\nsettle = \"50ms\"\n";

const MEND: &str = "[[scenario]]\nmatch = \"*\"\nsteps = [\n  { do = \"edit\", file = \"calc.py\", find = \"a - b\", replace = \"b + a\" },\n\
    { do = \"usage\", cost = 0.02, input = 1000, output = 100 },\n  { do = \"say\", text = \"It subtracted; now it adds.\" },\n]\n";

const SLOW: &str = "[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"silent\" }]\n";

fn site(calc: &str, script: &str) -> Site {
    let site = Site::new(&[("calc.py", calc), ("test_calc.py", TEST), ("orchestrator.toml", CONFIG)]);
    site.script(script);
    site
}

#[test]
fn a_save_breaks_a_check_and_the_screen_tells_the_whole_story() {
    let site = site(GOOD, MEND);
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (120, 36));
    terminal.wait_text("all green");
    site.write("calc.py", BAD);
    terminal.wait_text("1 red");
    terminal
        .wait("landed", |screen| screen.contains("all green") && screen.contains("DONE") && screen.contains("landed"));
    assert!(site.read("calc.py").contains("b + a"));
    terminal.keys("u");
    // A yes counts once what it is about is shown.
    terminal.wait_text("What this changes in your files");
    terminal.keys("y");
    terminal.wait_text("undone");
    until("the undo", || site.read("calc.py").contains("a - b"));
    terminal.resize(40, 12);
    terminal.wait("a small screen", |screen| screen.lines().count() <= 12 && screen.contains("unit"));
    terminal.resize(120, 36);
    terminal.wait("the big screen again", |screen| screen.contains("DONE") && screen.lines().count() > 30);
    terminal.keys("q");
    let (code, last) = terminal.end();
    assert_eq!(code, 0, "{last}");
    assert!(last.contains("Tasks processed: 1"), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_fix_waits_for_a_yes_to_what_was_shown() {
    let config = CONFIG.replace("land = \"auto\"\n", "");
    let site = Site::new(&[("calc.py", GOOD), ("test_calc.py", TEST), ("orchestrator.toml", &config)]);
    site.asks_first();
    site.script(MEND);
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (100, 30));
    terminal.wait_text("all green");
    site.write("calc.py", BAD);
    terminal.wait_text("NEEDS YOU");
    let (task, result) = (TaskId(1), Some(TreeId("0".repeat(40))));
    for about in [Command::Land { task, result: result.clone(), agree: None }, Command::Refuse { task, result }] {
        let refused = client(&site).await.ask(&about).await.expect_err("nobody saw that");
        assert!(refused.to_string().contains("the result of #1 is another one now"), "{refused}");
    }
    terminal.keys("a");
    terminal
        .wait("the diff", |screen| screen.contains("land verified fixes without asking") && screen.contains("b + a"));
    terminal.keys("A");
    terminal.wait("landed", |screen| screen.contains("DONE") && screen.contains("all green"));
    assert!(site.read("calc.py").contains("b + a"));
    // Both in one: what was agreed to with the yes stands before what landed by it.
    let log = site.run(&["logs", "--json"]).out;
    let at = |kind: &str| log.find(&format!("\"kind\":\"{kind}\"")).unwrap_or_else(|| panic!("no {kind}: {log}"));
    assert!(at("agreed") < at("landed"), "{log}");
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    // The heart beats meanwhile, and that is not shown.
    let config = format!("{CONFIG}\n[limits]\nheartbeat = \"1s\"\n");
    let site = Site::new(&[("calc.py", GOOD), ("test_calc.py", TEST), ("orchestrator.toml", &config)]);
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (120, 36));
    terminal.wait_text("all green");
    let beats = || site.run(&["logs", "--json"]).out.matches("\"beat\"").count();
    // What the start still had to say is said when the heart has beaten.
    let first = beats();
    until("a beat", || beats() > first);
    let (written, first) = (terminal.written(), beats());
    until("two beats", || beats() > first + 1);
    assert_eq!(terminal.written(), written, "{}", terminal.screen());
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_running_task_is_killed_after_a_yes() {
    let site = site(GOOD, SLOW);
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (100, 30));
    terminal.wait_text("all green");
    site.write("calc.py", BAD);
    terminal.wait_text("WORKING");
    terminal.keys("x");
    terminal.wait_text("yes, kill #1");
    terminal.keys("\u{1b}");
    terminal.wait("the question gone", |screen| !screen.contains("yes, kill #1"));
    assert!(terminal.screen().contains("WORKING"));
    terminal.keys("xy");
    terminal.wait_text("DONE");
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn every_signal_leaves_the_terminal_as_it_was_and_no_process_behind() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let site = site(GOOD, SLOW);
        let terminal = Terminal::start(&site, &["run", "--trust"], (80, 24));
        terminal.wait_text("all green");
        terminal.signal(signal);
        let (_, last) = terminal.end();
        if signal != Signal::SIGHUP {
            assert!(last.contains("Session Statistics"), "{signal}: {last}");
        }
        site.wait_until_empty();
    }
}

#[test]
fn a_panic_on_another_thread_gives_the_terminal_back_and_loses_nothing() {
    let site = site(GOOD, SLOW);
    let terminal = Terminal::start_with(&site, &["run", "--trust"], (80, 24), &[("ORCHESTRATOR_TEST_PANIC", "1")]);
    let (code, last) = terminal.end();
    assert_eq!(code, 70, "{last}");
    assert!(last.contains("as the test asked") && last.contains("nothing is lost"), "{last}");
    // Its screen is gone, so the supervisor stops in order.
    site.wait_until_empty();
    assert!(site.run(&["logs"]).out.contains("stopped"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_supervisor_stays_until_the_last_screen_has_gone() {
    let site = site(GOOD, SLOW);
    let mut first = Terminal::start(&site, &["run", "--trust"], (100, 30));
    first.wait_text("all green");
    let mut second = Terminal::start(&site, &[], (100, 30));
    second.wait_text("supervised already");
    until("the question to take keys", || {
        if second.screen().contains("supervised already") {
            second.keys("a");
        }
        second.screen().contains("all green")
    });
    site.write("calc.py", BAD);
    for screen in [&first, &second] {
        screen.wait_text("WORKING");
    }
    // Nobody is asked how to leave: the other one goes on.
    first.keys("q");
    let (code, last) = first.end();
    assert!(code == 0 && last.contains("the supervisor goes on"), "{last}");
    assert_eq!(site.json(&["tasks"])[0]["state"], "running");
    let mut guest = Screen::open(client(&site).await, false).await;
    while guest.company.screens > 1 {
        guest.next().await;
    }
    drop(guest);
    // Said after that on the same way.
    assert_eq!(site.run(&["pause"]).code, 0);
    second.wait_text("paused");
    // The last one is asked, though it did not start it.
    second.keys("q");
    second.wait_text("leave running");
    second.keys("s");
    let (code, last) = second.end();
    assert!(code == 0 && last.contains("Session Statistics"), "{last}");
    site.wait_until_empty();
}

#[test]
fn the_third_ctrl_c_ends_everything_at_once() {
    let site = site(GOOD, "[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"ignore_signals\" }, { do = \"silent\" }]\n");
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (100, 30));
    terminal.wait_text("all green");
    site.write("calc.py", BAD);
    terminal.wait_text("WORKING");
    let told = std::time::Instant::now();
    terminal.keys("\u{3}\u{3}\u{3}");
    assert_eq!(terminal.end().0, 0);
    site.wait_until_empty();
    assert!(told.elapsed() < std::time::Duration::from_secs(8), "{:?}", told.elapsed());
}

#[test]
fn after_a_sudden_death_it_says_at_once_what_is_red() {
    let site = site(BAD, SLOW);
    let terminal = Terminal::start(&site, &["run", "--trust"], (100, 30));
    terminal.wait_text("1 red");
    let pid = site.json(&["status"])["processes"]["orchestrator"]["pid"].as_i64().expect("a number");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(pid).expect("small")), Signal::SIGKILL)
        .expect("it lives");
    terminal.wait_text("killed");
    terminal.signal(Signal::SIGTERM);
    terminal.end();
    assert_eq!(site.json(&["status"])["checks"][0]["verdict"], "red", "from the journal alone");
    // A check that takes long says nothing for as long.
    site.write("test_calc.py", &format!("import time; time.sleep(600)\n{TEST}"));
    let mut again = Terminal::start(&site, &["run", "--trust"], (100, 30));
    again.wait_text("1 red");
    let said = site.run(&["status"]).out;
    assert!(said.contains("unit") && said.contains("red"), "{said}");
    assert_eq!(site.json(&["status"])["checks"][0]["verdict"], "red");
    again.keys("q");
    assert_eq!(again.end().0, 0);
    site.wait_until_empty();
}

#[test]
fn a_screen_finds_the_supervisor_that_was_started_again_after_a_sudden_death() {
    let site = site(GOOD, MEND);
    let first = site.start(&[]);
    until("the supervisor", || site.run(&["status"]).code == 0);
    let mut terminal = Terminal::start(&site, &[], (80, 24));
    terminal.wait_text("supervised already");
    until("the question to take keys", || {
        if terminal.screen().contains("supervised already") {
            terminal.keys("a");
        }
        terminal.screen().contains("all green")
    });
    first.signal(Signal::SIGKILL);
    first.end();
    terminal.wait_text("The supervisor is gone");
    let screen = terminal.screen();
    let header = screen.lines().next().unwrap_or_default();
    assert!(header.contains("the supervisor was killed; start it again"), "{screen}");
    until("the question to take keys", || {
        terminal.keys("n");
        !terminal.screen().contains("The supervisor is gone")
    });
    let second = site.start(&[]);
    terminal.wait("the new one", |screen| screen.contains("the supervisor runs again") && screen.contains("all green"));
    // It is not only seen: what happens under it comes, and it hears.
    site.write("calc.py", BAD);
    terminal.wait("its work", |screen| screen.contains("DONE") && screen.contains("landed"));
    terminal.keys("P");
    terminal.wait_text("paused");
    // It was never this screen's own.
    terminal.keys("q");
    let (code, last) = terminal.end();
    assert!(code == 0 && last.contains("the supervisor goes on"), "{last}");
    assert_eq!(second.stop(), 0);
    site.wait_until_empty();
}

#[test]
fn leaving_while_work_runs_asks_how() {
    let site = site(GOOD, SLOW);
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (100, 30));
    terminal.wait_text("all green");
    site.write("calc.py", BAD);
    terminal.wait_text("WORKING");
    terminal.keys("q");
    terminal.wait_text("leave running");
    terminal.keys("l");
    let (code, _) = terminal.end();
    assert_eq!(code, 0);
    // The work goes on, and a second screen finds it.
    assert_eq!(site.json(&["tasks"])[0]["state"], "running");
    let mut second = Terminal::start(&site, &[], (100, 30));
    second.wait_text("supervised already");
    until("the question to take keys", || {
        second.keys("a");
        second.screen().contains("WORKING")
    });
    second.wait_text("WORKING");
    second.keys("q");
    assert_eq!(second.end().0, 0);
    assert_eq!(site.json(&["tasks"])[0]["state"], "running");
    assert_eq!(site.run(&["stop"]).code, 0);
    assert_eq!(site.run(&["stop"]).code, 0);
    site.wait_until_empty();
}
