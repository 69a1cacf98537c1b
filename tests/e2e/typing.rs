//! The user goes on typing, and uses git, while a fixer works: nothing typed is lost, nothing typed is fought.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::site::{Site, Supervisor};

const CALC: &str = "def add(a, b):
    return a - b


def double(x):
    return x * 2


def half(x):
    return x / 2
";

const TEST: &str = "import unittest
from calc import add, double, half


class Calc(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(2, 3), 5)

    def test_double(self):
        self.assertEqual(double(2), 4)

    def test_half(self):
        self.assertEqual(half(4), 2)
";

const CONFIG: &str = "[fix]
after = \"100ms\"

[[check]]
name = \"unit\"
paths = [\"*.py\"]
run = \"python3 -B -m unittest test_calc\"
";

/// A project that is red, and an agent that mends `add`, says that it has, and waits for a word to end.
fn site() -> Site {
    let site = Site::new(&[("calc.py", CALC), ("test_calc.py", TEST), ("orchestrator.toml", CONFIG)]);
    site.script(&format!(
        r#"[[scenario]]
match = "*"
steps = [
  {{ do = "edit", file = "calc.py", find = "a - b", replace = "a + b" }},
  {{ do = "touch", file = {:?} }},
  {{ do = "wait_for", file = {:?} }},
]"#,
        here(&site),
        go(&site)
    ));
    site
}

/// Appears when the agent has edited.
fn here(site: &Site) -> PathBuf {
    site.outside("here")
}

/// Lets the agent end.
fn go(site: &Site) -> PathBuf {
    site.outside("go")
}

fn wait_for_agent(site: &Site) {
    crate::site::until("the agent's edit", || here(site).exists());
}

fn let_go(site: &Site) {
    fs::write(go(site), "").expect("written");
}

/// Types, and waits until the check has run on it.
fn type_in(site: &Site, supervisor: &mut Supervisor, text: &str) {
    site.write("calc.py", text);
    supervisor.wait_kind("changed");
    supervisor.wait_kind("ran");
}

fn is_stage(fact: &Value, stage: &str) -> bool {
    fact["kind"] == "staged" && fact["stage"] == stage
}

fn agents(site: &Site) -> Vec<String> {
    site.processes().into_iter().filter(|line| line.contains(" rehearsal ")).collect()
}

#[test]
fn an_edit_of_another_line_survives_landing_and_undo() {
    let site = site();
    let mut supervisor = site.start(&["--until-idle"]);
    wait_for_agent(&site);
    let typed = CALC.replace("x * 2", "2 * x");
    type_in(&site, &mut supervisor, &typed);
    let_go(&site);
    assert_eq!(supervisor.end(), 0);
    let landed = typed.replace("a - b", "a + b");
    assert_eq!(site.read("calc.py"), landed);
    // One more edit after the landing: the undo takes back the fix and nothing else.
    site.write("calc.py", &landed.replace("x / 2", "x // 2"));
    let undone = site.run(&["undo", "1"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(site.read("calc.py"), typed.replace("x / 2", "x // 2"));
    assert_eq!(site.task(1)["undone"], true);
}

#[test]
fn an_edit_of_the_same_line_needs_review_and_nothing_is_written() {
    let site = site();
    let mut supervisor = site.start(&["--until-idle"]);
    wait_for_agent(&site);
    let typed = CALC.replace("a - b", "a * b");
    type_in(&site, &mut supervisor, &typed);
    let_go(&site);
    assert_eq!(supervisor.end(), 1, "it waits for a person");
    assert_eq!(site.read("calc.py"), typed);
    assert_eq!(site.git(&["status", "--porcelain"]), " M calc.py\n");
    let task = site.task(1);
    assert_eq!((&task["state"], &task["landed"]), (&"review".into(), &false.into()));
    assert_eq!(task["reason"], "needs review: you both changed calc.py");
    let both = task["pending"]["conflict"].as_str().expect("both versions");
    assert!(both.contains("a * b") && both.contains("a + b"), "{both}");
    let shown = site.run(&["show", "1"]);
    assert!(shown.out.contains("return a * b") && shown.out.contains("return a + b"), "{shown:?}");
    assert_eq!(site.run(&["undo", "1"]).code, 1, "nothing landed");
}

#[test]
fn what_the_user_fixes_is_fixed_by_the_user_and_the_agent_stops() {
    let site = site();
    let mut supervisor = site.start(&[]);
    // It was red before: said so, and left alone until a person says `fix`.
    let held = supervisor.wait_kind("held");
    assert_eq!(held["reason"], "red_before");
    let row = &site.json(&["tasks"])[0];
    assert_eq!((&row["state"], &row["reason"]), (&"held".into(), &"held: was red before you started".into()));
    assert!(!here(&site).exists());
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    wait_for_agent(&site);
    assert_eq!(agents(&site).len(), 1);
    let typed = CALC.replace("a - b", "b + a");
    site.write("calc.py", &typed);
    let ended = supervisor.wait_kind("ended");
    assert_eq!(ended["state"]["done"], "fixed_by_you");
    supervisor.wait_kind("attempt_ended");
    assert_eq!(agents(&site), Vec::<String>::new(), "its process is gone before its end is written down");
    assert_eq!(site.task(1)["reason"], "fixed by you");
    assert_eq!(supervisor.stop(), 0);
    assert_eq!(site.read("calc.py"), typed);
}

#[test]
fn what_the_user_snoozes_or_holds_is_left_alone_and_its_agent_stops() {
    let site = site();
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("held");
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    wait_for_agent(&site);
    let said = site.run(&["snooze", "1", "--until-green"]);
    assert!(said.code == 0 && said.out.contains("unit is snoozed until it is green"), "{said:?}");
    let ended = supervisor.wait_kind("attempt_ended");
    assert_eq!(ended["record"]["end"], "withdrawn", "{ended}");
    assert_eq!(agents(&site), Vec::<String>::new());
    let row = site.task(1);
    assert_eq!((&row["reason"], &row["attempts"]), (&"held: snoozed until it is green".into(), &0.into()), "{row}");

    // It is known to the next supervisor, too.
    assert_eq!(supervisor.stop(), 1);
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    assert_eq!(site.task(1)["reason"], "held: snoozed until it is green");
    for (args, code, part) in [
        (&["snooze", "1", "--for", "5 m"][..], 0, "unit is snoozed until 2"),
        (&["snooze", "1", "--for", "soon"], 2, "such as 30s, 10m or 1h"),
        (&["snooze", "1", "--for", "1h", "--on-branch"], 2, "cannot be used with"),
        (&["snooze", "1", "--on-branch"], 0, "unit is snoozed while you are on main"),
        (&["unsnooze", "1"], 0, "unit is no longer snoozed"),
        (&["unsnooze", "1"], 1, "unit is not snoozed"),
        (&["hold", "1"], 0, "#1 is held; `orchestrator-tui fix 1` starts it"),
        (&["hold", "1"], 1, "you hold it already"),
    ] {
        let said = site.run(args);
        assert!(said.code == code && (said.out + &said.err).contains(part), "{args:?}: {code} {part:?}");
    }
    assert_eq!(site.task(1)["reason"], "held: by you");
    fs::write(go(&site), "").expect("written");
    assert_eq!(site.json(&["fix", "1"])["said"], "#1 starts as soon as it can");
    supervisor.wait_kind("landed");
    supervisor.wait("its end", |fact| fact["kind"] == "attempt_ended");
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn what_was_red_before_is_told_apart_from_what_a_change_broke() {
    let site = site();
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("held");
    site.script(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n\
         { do = \"edit\", file = \"calc.py\", find = \"x * 3\", replace = \"x + x\" },\n]\n",
    );
    site.write("calc.py", &CALC.replace("x * 2", "x * 3"));
    let news = supervisor.wait_kind("merged");
    assert_eq!(news["failures"][0]["id"], "test_calc.Calc.test_double");
    assert_eq!(news["red_before"][0]["id"], "test_calc.Calc.test_add");
    supervisor.wait_kind("attempt_ended");
    let task = site.task(1);
    assert_eq!(task["reason"], "landed", "{task}");
    assert_eq!(site.read("calc.py"), CALC.replace("x * 2", "x + x"));
    assert_eq!(supervisor.stop(), 1, "what was red before is red");
}

#[test]
fn during_a_rebase_nothing_starts_and_nothing_lands() {
    let config = format!("{CONFIG}\n[[check]]\nname = \"words\"\npaths = [\"words.txt\"]\nrun = \"sh words.sh\"\n");
    let words = "if grep -n bad words.txt; then echo 'words.txt:1: error: a bad word'; exit 1; fi\n";
    let site = Site::new(&[
        ("calc.py", CALC),
        ("test_calc.py", TEST),
        ("words.txt", "good\n"),
        ("words.sh", words),
        ("notes.txt", "one\n"),
        ("orchestrator.toml", &config),
    ]);
    site.script(&format!(
        "[[scenario]]\nmatch = \"a bad word\"\nsteps = [{{ do = \"write\", file = \"words.txt\", content = \"better\\n\" }}]\n\
         [[scenario]]\nmatch = \"*\"\nsteps = [\n{{ do = \"edit\", file = \"calc.py\", find = \"a - b\", replace = \"a + b\" }},\n\
         {{ do = \"touch\", file = {:?} }},\n{{ do = \"wait_for\", file = {:?} }},\n]\n",
        here(&site),
        go(&site)
    ));
    site.git(&["checkout", "-q", "-b", "feature"]);
    site.write("notes.txt", "one of the feature\n");
    site.commit("Feature");
    site.git(&["checkout", "-q", "main"]);
    site.write("notes.txt", "one of main\n");
    site.commit("Main");
    site.git(&["checkout", "-q", "feature"]);

    let mut supervisor = site.start(&["--running", "2"]);
    supervisor.wait_kind("held");
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    wait_for_agent(&site);
    let rebase = site.git_fails(&["rebase", "main"]);
    assert!(rebase.contains("CONFLICT"), "{rebase}");
    // A new task is held for it, and does not start even when it is told to.
    site.write("words.txt", "bad\n");
    let held = supervisor.wait("the other task held", |fact| fact["kind"] == "held" && fact["task"] == 2);
    assert_eq!(held["reason"]["operation"], "rebase");
    assert_eq!(site.json(&["tasks"])[1]["reason"], "held: rebase under way");
    assert_eq!(site.run(&["fix", "2"]).code, 0);
    assert_eq!(site.json(&["tasks"])[1]["reason"], "waits: rebase under way");
    // The running one is verified and waits at the door.
    let_go(&site);
    supervisor.wait("the landing", |fact| is_stage(fact, "land"));
    assert_eq!(site.json(&["tasks"])[0]["reason"], "waits: rebase under way");
    assert_eq!((site.read("calc.py").as_str(), site.read("words.txt").as_str()), (CALC, "bad\n"));

    site.write("notes.txt", "one of both\n");
    site.git(&["add", "-A"]);
    site.git(&["-c", "core.editor=true", "rebase", "--continue"]);
    supervisor.wait_count(2, "attempt_ended");
    assert_eq!(site.read("calc.py"), CALC.replace("a - b", "a + b"));
    assert_eq!(site.read("words.txt"), "better\n");
    assert_eq!(site.read("notes.txt"), "one of both\n");
    let started: Vec<&Value> = supervisor.seen.iter().filter(|fact| fact["kind"] == "landing_began").collect();
    assert_eq!(started.len(), 2, "one landing each");
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_check_that_is_green_the_second_time_costs_no_model_call() {
    let site = Site::bare(&[("thing.py", "x = 1\n")]);
    let seen = site.outside("seen");
    site.write(
        "check.sh",
        &format!("[ -e {0} ] && exit 0\ntouch {0}\necho 'thing.py:1: error: only once'\nexit 1\n", seen.display()),
    );
    site.write("orchestrator.toml", "[[check]]\nname = \"moody\"\nrun = \"sh check.sh\"\n");
    site.git_init();
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [{{ do = \"touch\", file = {:?} }}]\n",
        site.outside("called")
    ));
    let said = site.run(&["run", "--headless", "--until-idle", "--trust", "--json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let facts = crate::site::facts_of(&said);
    assert!(facts.iter().any(|fact| is_stage(fact, "baseline")));
    assert!(!facts.iter().any(|fact| is_stage(fact, "agent")));
    assert!(!site.outside("called").exists(), "an agent was started");
    let task = site.task(1);
    assert_eq!(task["reason"], "flaky: red once, green the next time");
    assert_eq!((&task["cost_usd"], &task["attempts"]), (&0.0.into(), &0.into()), "nothing was used up");
}

#[test]
fn one_change_that_makes_many_tasks_waits_for_a_person() {
    let names: Vec<String> = (0..6).map(|number| format!("f{number}.txt")).collect();
    let mut files = vec![(
        "orchestrator.toml",
        // Long enough that six saves are one change on any machine.
        "[watch]\nsettle = \"2s\"\nsettle_max = \"8s\"\n\n[[check]]\nname = \"good\"\npaths = [\"*.txt\"]\nrun = \"grep -q good {file} || { echo {file}:1: error: not good; exit 1; }\"\n",
    )];
    files.extend(names.iter().map(|name| (name.as_str(), "good\n")));
    let site = Site::new(&files);
    let mut supervisor = site.start(&[]);
    supervisor.wait_count(6, "ran");
    for name in &names {
        site.write(name, "broken\n");
    }
    supervisor.wait_count(6, "held");
    let tasks = site.json(&["tasks"]);
    for row in tasks.as_array().expect("a list") {
        assert_eq!(row["reason"], "held: one change made 6 tasks");
    }
    assert_eq!(supervisor.stop(), 1);
}
