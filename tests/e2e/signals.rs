//! Signals and sudden death: stopping takes a known time, loses nothing and leaves no process.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::site::{Site, until};

const SHAPES: &str = "def area(w, h):\n    return w + h\n";
const WORDS: &str = "def shout(text):\n    return text.lower()\n";

const CONFIG: &str = "[limits]\nrunning = 1\nchecks = 1\n\n\
    [[check]]\nname = \"shapes\"\npaths = [\"*shapes.py\"]\nrun = \"python3 -B -m unittest test_shapes\"\n\n\
    [[check]]\nname = \"words\"\npaths = [\"*words.py\"]\nrun = \"python3 -B -m unittest test_words\"\n";

fn test_of(module: &str, call: &str, expected: &str) -> String {
    format!(
        "import unittest\nimport {module}\n\n\nclass Test(unittest.TestCase):\n    def test_it(self):\n        \
         self.assertEqual({module}.{call}, {expected})\n"
    )
}

/// Two red checks, one at a time and so in order, and one agent: the second task shows whether anything new starts.
fn site(first: &str) -> Site {
    let site = Site::new(&[
        ("shapes.py", SHAPES),
        ("words.py", WORDS),
        ("test_shapes.py", &test_of("shapes", "area(3, 5)", "15")),
        ("test_words.py", &test_of("words", "shout('Hi')", "'HI'")),
        ("orchestrator.toml", CONFIG),
    ]);
    site.script(&format!(
        "[[scenario]]\nmatch = \"test_shapes\"\nsteps = [\n\
         {{ do = \"edit\", file = \"shapes.py\", find = \"w + h\", replace = \"w * h\" }},\n\
         {{ do = \"touch\", file = {:?} }},\n{first}\n]\n\n{MEND_WORDS}",
        here(&site)
    ));
    site
}

const MEND_SHAPES: &str = "[[scenario]]\nmatch = \"test_shapes\"\nsteps = [\n\
    { do = \"edit\", file = \"shapes.py\", find = \"w + h\", replace = \"w * h\" },\n]\n";
const MEND_WORDS: &str = "[[scenario]]\nmatch = \"test_words\"\nsteps = [\n\
    { do = \"edit\", file = \"words.py\", find = \"lower\", replace = \"upper\" },\n]\n";

const DEAF: &str = "{ do = \"ignore_signals\" }, { do = \"silent\" },";

fn here(site: &Site) -> PathBuf {
    site.outside("here")
}

/// A supervisor as a person runs it, with plain lines.
struct Plain<'a> {
    site: &'a Site,
    child: Child,
    out: PathBuf,
}

impl<'a> Plain<'a> {
    /// Starts it, and waits until the agent of the first task is at work and the second task is known.
    fn start(site: &'a Site) -> Self {
        let out = site.outside("out");
        let file = fs::File::create(&out).expect("created");
        let mut command = site.command(&["run", "--headless", "--until-idle", "--trust"]);
        let child = command.stdout(Stdio::from(file)).spawn().expect("our program");
        let plain = Self { site, child, out };
        until("the agent", || here(site).exists());
        until("two tasks", || site.json(&["tasks"]).as_array().is_some_and(|tasks| tasks.len() == 2));
        plain
    }

    fn signal(&self, signal: Signal) {
        nix::sys::signal::kill(Pid::from_raw(self.child.id() as i32), signal).expect("it lives");
    }

    /// Sends the first signal and waits until it was heard: the second task has nothing to wait for any more.
    fn stop(&self, signal: Signal) {
        self.signal(signal);
        until("stopping", || self.site.json(&["tasks"])[1]["reason"] == "waits for the supervisor");
    }

    /// Waits for its end; returns its code, and what it printed.
    fn end(mut self) -> (i32, String) {
        let code = self.child.wait().expect("it was started").code().expect("no signal ended it");
        (code, fs::read_to_string(&self.out).expect("readable"))
    }
}

/// The tasks are as after an interruption, and the next run finishes them.
fn goes_on(site: &Site) {
    site.wait_until_empty();
    assert_eq!((site.read("shapes.py").as_str(), site.read("words.py").as_str()), (SHAPES, WORDS));
    assert_eq!(site.json(&["status"])["processes"]["orchestrator"]["status"], "stopped");
    let tasks = site.json(&["tasks"]);
    assert_eq!((&tasks[0]["state"], &tasks[1]["state"]), (&"queued".into(), &"queued".into()));
    assert_eq!(site.task(1)["history"][0]["charged"], false);
    site.script(&format!("{MEND_SHAPES}\n{MEND_WORDS}"));
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    let tasks = site.json(&["tasks"]);
    assert_eq!(tasks.as_array().map(Vec::len), Some(2), "no task is new: {tasks}");
    assert_eq!((&tasks[0]["reason"], &tasks[1]["reason"]), (&"landed".into(), &"landed".into()));
    assert_eq!(site.read("shapes.py"), SHAPES.replace('+', "*"));
}

fn assert_statistics(out: &str) {
    let at = out.find("Session Statistics:").unwrap_or_else(|| panic!("no statistics: {out}"));
    let lines: Vec<&str> = out[at..].lines().collect();
    let uptime = lines[1].strip_prefix("  Uptime: ").expect("the uptime");
    let parts: Vec<&str> = uptime.split(':').collect();
    assert!(parts.len() == 3 && parts[1].len() == 2 && parts[2].len() == 2, "{uptime}");
    let names: Vec<&str> = lines[2..].iter().map(|line| line.split(": ").next().expect("a name")).collect();
    assert_eq!(
        names,
        ["  Tasks processed", "  Tasks succeeded", "  Tasks failed", "  Tasks escalated", "  Success rate"]
    );
    assert!(lines[6].ends_with('%') && lines[6].contains('.'), "{out}");
}

#[test]
fn an_interrupt_ends_within_thirty_seconds_even_with_an_agent_that_ignores_signals() {
    let site = site(DEAF);
    let run = Plain::start(&site);
    let told = Instant::now();
    run.stop(Signal::SIGINT);
    let (code, out) = run.end();
    assert!(told.elapsed() < Duration::from_secs(30), "{:?}", told.elapsed());
    assert_eq!(code, 1);
    assert_eq!(site.processes(), Vec::<String>::new(), "left");
    assert_statistics(&out);
    goes_on(&site);
}

#[test]
fn a_termination_lets_the_current_task_finish_and_starts_no_other() {
    let site = site("{ do = \"wait_for\", file = \"GO\" },");
    let go = site.outside("go");
    let script = fs::read_to_string(site.outside("script.toml")).expect("readable");
    site.script(&script.replace("GO", &go.display().to_string()));
    let run = Plain::start(&site);
    run.stop(Signal::SIGTERM);
    fs::write(&go, "").expect("written");
    let (code, out) = run.end();
    assert_eq!(code, 1, "one is left");
    assert!(out.contains("#1 landed in your tree") || out.contains("landed in your tree: shapes.py"), "{out}");
    assert_statistics(&out);
    let tasks = site.json(&["tasks"]);
    assert_eq!((&tasks[0]["reason"], &tasks[1]["state"]), (&"landed".into(), &"queued".into()));
    assert_eq!(tasks[1]["attempts"], 0);
    assert_eq!(site.read("shapes.py"), SHAPES.replace('+', "*"));
    assert_eq!(site.json(&["status"])["processes"]["orchestrator"]["status"], "stopped");
}

#[test]
fn a_second_signal_hurries() {
    let site = site("{ do = \"wait_for\", file = \"never\" },");
    let run = Plain::start(&site);
    run.stop(Signal::SIGHUP);
    let hurried = Instant::now();
    run.signal(Signal::SIGINT);
    let (code, out) = run.end();
    assert!(hurried.elapsed() < Duration::from_secs(15), "{:?}", hurried.elapsed());
    assert_eq!(code, 1);
    assert_statistics(&out);
    goes_on(&site);
}

#[test]
fn a_third_signal_ends_at_once() {
    let site = site(DEAF);
    let run = Plain::start(&site);
    run.stop(Signal::SIGINT);
    run.signal(Signal::SIGTERM);
    run.signal(Signal::SIGHUP);
    let told = Instant::now();
    let (code, out) = run.end();
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
    assert_eq!(code, 1);
    assert_eq!(site.processes(), Vec::<String>::new(), "left");
    assert_statistics(&out);
    goes_on(&site);
}
