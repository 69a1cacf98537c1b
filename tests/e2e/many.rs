//! Many red checks at once: each is fixed once, by no more agents than allowed; one cause needs one agent.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::site::{Site, facts_of};

const COUNT: usize = 20;

/// The agent marks itself as living, counts those that live, and waits until four do: that there are four at a time
/// is shown by their meeting, that there are never five by their counts.
const ENTER: &str = r#"#!/bin/sh
cd "$1"
touch "living/$2"
echo "$2" >> starts
ls living | wc -l >> counts
[ "$(ls living | wc -l)" -lt 4 ] || touch four
while [ ! -e four ]; do sleep 0.02; done
"#;

fn module(number: usize) -> String {
    format!("m{number:02}")
}

fn twenty() -> Site {
    let config = "[[check]]\nname = \"unit\"\npaths = [\"src/*.py\"]\nrun = \"python3 -B {tests}\"\n\
                  tests = \"tests/test_{stem}.py\"\n";
    let mut files = vec![("orchestrator.toml".to_owned(), config.to_owned())];
    for name in (0..COUNT).map(module) {
        files.push((format!("src/{name}.py"), "def double(x):\n    return x * 2 + 1\n".to_owned()));
        let test = format!(
            "import sys\nimport unittest\n\nsys.path.insert(0, \"src\")\nimport {name}\n\n\nclass Test_{name}(unittest.TestCase):\n    \
             def test_double(self):\n        self.assertEqual({name}.double(4), 8)\n\n\nunittest.main()\n"
        );
        files.push((format!("tests/test_{name}.py"), test));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Site::new(&files)
}

fn of_kind<'a>(facts: &'a [Value], kind: &str) -> Vec<&'a Value> {
    facts.iter().filter(|fact| fact["kind"] == kind).collect()
}

fn different(facts: &[&Value]) -> usize {
    facts.iter().map(|fact| fact["task_id"].to_string()).collect::<BTreeSet<_>>().len()
}

#[test]
fn twenty_red_files_are_fixed_once_each_by_four_agents_at_a_time() {
    let site = twenty();
    let desk = site.outside("desk");
    fs::create_dir_all(desk.join("living")).expect("made");
    fs::write(desk.join("enter.sh"), ENTER).expect("written");
    let desk_name = desk.display();
    let script: String = (0..COUNT)
        .map(module)
        .map(|name| {
            format!(
                "[[scenario]]\nmatch = \"tests/test_{name}.py\"\nsteps = [\n\
                 {{ do = \"run\", command = \"sh {desk_name}/enter.sh {desk_name} {name}\" }},\n\
                 {{ do = \"edit\", file = \"src/{name}.py\", find = \"x * 2 + 1\", replace = \"x * 2\" }},\n\
                 {{ do = \"run\", command = \"rm {desk_name}/living/{name}\" }},\n]\n"
            )
        })
        .collect();
    site.script(&script);
    let said = site.run(&["run", "--headless", "--until-idle", "--trust", "--json", "--running", "4"]);
    assert_eq!(said.code, 0, "{said:?}");

    for name in (0..COUNT).map(module) {
        assert_eq!(site.read(&format!("src/{name}.py")), "def double(x):\n    return x * 2\n");
    }
    let facts = facts_of(&said);
    for kind in ["filed", "attempt_started", "landed", "attempt_ended"] {
        let these = of_kind(&facts, kind);
        assert_eq!((these.len(), different(&these)), (COUNT, COUNT), "{kind}");
    }
    let mut living = 0_usize;
    let mut most = 0;
    for fact in &facts {
        match fact["kind"].as_str() {
            Some("attempt_started") => living += 1,
            Some("attempt_ended") => living -= 1,
            _ => {}
        }
        most = most.max(living);
    }
    assert_eq!(most, 4, "attempts at a time, by the facts");
    let counts = fs::read_to_string(desk.join("counts")).expect("readable");
    let counts: Vec<usize> = counts.lines().map(|line| line.trim().parse().expect("a number")).collect();
    assert_eq!(counts.iter().max(), Some(&4), "agents at a time, by their own counts: {counts:?}");
    let starts = fs::read_to_string(desk.join("starts")).expect("readable");
    let mut starts: Vec<&str> = starts.lines().collect();
    starts.sort_unstable();
    assert_eq!(starts, (0..COUNT).map(module).collect::<Vec<_>>(), "every agent once");

    let tasks = site.json(&["tasks"]);
    let rows = tasks.as_array().expect("a list");
    assert_eq!(rows.len(), COUNT);
    for row in rows {
        assert_eq!((&row["state"], &row["reason"], &row["attempts"]), (&"done".into(), &"landed".into(), &1.into()));
    }
    assert_eq!(site.json(&["status"])["statistics"]["tasks_succeeded"], COUNT);
}

const LIB: &str = "def double(x):\n    return x + x\n";

const UNIT: &str = "import unittest\nimport lib\n\n\nclass Lib(unittest.TestCase):\n    def test_double(self):\n        \
                    self.assertEqual(lib.double(4), 8)\n";

#[test]
fn one_change_that_makes_three_checks_red_needs_one_agent() {
    // A linter and a type checker as they print: place and message, exit code 1.
    let tool = |pattern: &str, message: &str| {
        format!(
            "#!/bin/sh\nif grep -nE '{pattern}' lib.py > /dev/null; then echo 'lib.py:2:5: error: {message}'; exit 1; fi\n"
        )
    };
    let config = "[fix]\nafter = \"100ms\"\n\n[limits]\nrunning = 3\n\n\
        [[check]]\nname = \"unit\"\npaths = [\"*.py\"]\nrun = \"python3 -B -m unittest test_lib\"\n\n\
        [[check]]\nname = \"clippy\"\npaths = [\"*.py\"]\nrun = \"sh clippy.sh\"\n\n\
        [[check]]\nname = \"types\"\npaths = [\"*.py\"]\nrun = \"sh types.sh\"\n";
    let site = Site::new(&[
        ("lib.py", LIB),
        ("test_lib.py", UNIT),
        ("clippy.sh", &tool("y = ", "unused variable y")),
        ("types.sh", &tool("x [*] 3", "int expected")),
        ("orchestrator.toml", config),
    ]);
    let started = site.outside("started");
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n{{ do = \"run\", command = \"echo x >> {}\" }},\n\
         {{ do = \"write\", file = \"lib.py\", content = \"def double(number):\\n    return number * 2\\n\" }},\n]\n",
        started.display()
    ));
    let mut supervisor = site.start(&[]);
    for _ in 0..3 {
        supervisor.wait("three green checks", |fact| fact["kind"] == "ran" && fact["run"]["verdict"] == "green");
    }
    supervisor.wait_kind("green_at");
    site.write("lib.py", "def double(x):\n    y = x * 3; return y\n");
    // Each can be the last: the landing is confirmed by the very runs that end the two others.
    supervisor.wait_count(2, "ended");
    supervisor.wait_count(1, "attempt_ended");
    assert_eq!(site.read("lib.py"), "def double(number):\n    return number * 2\n");
    let tasks = site.json(&["tasks"]);
    let mut reasons: Vec<&str> =
        tasks.as_array().expect("a list").iter().map(|row| row["reason"].as_str().expect("text")).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["fixed by #1", "fixed by #1", "landed"]);
    assert_eq!(of_kind(&supervisor.seen, "attempt_started").len(), 1);
    assert_eq!(supervisor.stop(), 0);
    assert_eq!(fs::read_to_string(started).expect("an agent ran"), "x\n");
}
