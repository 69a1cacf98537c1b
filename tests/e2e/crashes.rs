//! The supervisor is killed at any moment: the next start loses nothing, does nothing twice, leaves nobody behind.

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::site::{Site, Supervisor, until};

/// Two files, so that a landing can be cut in the middle.
const PRICE: &str = "def price(net):\n    return net * 2\n";
const TAX: &str = "def tax(net):\n    return net // 2\n";

const TEST: &str = "import unittest\nfrom price import price\nfrom tax import tax\n\n\nclass Shop(unittest.TestCase):\n    \
    def test_price(self):\n        self.assertEqual(price(4), 12)\n\n    \
    def test_tax(self):\n        self.assertEqual(tax(8), 2)\n";

const CONFIG: &str = "[[check]]\nname = \"shop\"\npaths = [\"*.py\"]\nrun = \"python3 -B -m unittest test_shop\"\n";

fn site() -> Site {
    let site =
        Site::new(&[("price.py", PRICE), ("tax.py", TAX), ("test_shop.py", TEST), ("orchestrator.toml", CONFIG)]);
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n\
         {{ do = \"run\", command = \"echo x >> {}\" }},\n\
         {{ do = \"edit\", file = \"price.py\", find = \"* 2\", replace = \"* 3\" }},\n\
         {{ do = \"edit\", file = \"tax.py\", find = \"// 2\", replace = \"// 4\" }},\n\
         {{ do = \"usage\", cost = 0.01, input = 10, output = 1 }},\n]\n",
        site.outside("calls").display()
    ));
    site
}

fn fixed() -> (String, String) {
    (PRICE.replace("* 2", "* 3"), TAX.replace("// 2", "// 4"))
}

fn kill(supervisor: Supervisor) {
    supervisor.signal(Signal::SIGKILL);
    // It may just have come to its end by itself.
    let code = supervisor.end();
    assert!(code == 128 + 9 || code == 0, "{code}");
}

/// What must be so after a kill at any moment, and after the next start.
fn check(site: &Site, moment: &str) {
    let (price, tax) = fixed();
    let now = (site.read("price.py"), site.read("tax.py"));
    assert!(now.0 == PRICE || now.0 == price, "{moment}: {now:?}");
    assert!(now.1 == TAX || now.1 == tax, "{moment}: {now:?}");

    let left = site.pids();
    let mut next = site.start(&["--until-idle"]);
    next.wait_kind("started");
    let living: Vec<u32> = site.pids().into_iter().filter(|pid| left.contains(pid)).collect();
    assert_eq!(living, Vec::<u32>::new(), "{moment}: processes of the old one");
    let seen = next.end_with_facts();
    assert_eq!(seen.0, 0, "{moment}: {:?}", seen.1);
    assert_eq!((site.read("price.py"), site.read("tax.py")), (price, tax), "{moment}");

    let tasks = site.json(&["tasks"]);
    assert_eq!(tasks.as_array().map(Vec::len), Some(1), "{moment}: {tasks}");
    assert_eq!(tasks[0]["reason"], "landed", "{moment}");
    let facts = facts(site);
    let count = |kind: &str| facts.iter().filter(|fact| fact["kind"] == kind).count();
    assert_eq!((count("filed"), count("landed")), (1, 1), "{moment}: {facts:?}");
    assert_eq!(count("attempt_started"), count("attempt_ended"), "{moment}");
    let story = site.task(1);
    let ends: Vec<&str> =
        story["history"].as_array().expect("a list").iter().filter_map(|end| end["outcome"].as_str()).collect();
    let (last, before) = ends.split_last().expect("an attempt");
    assert_eq!(*last, "verified", "{moment}");
    assert!(before.iter().all(|end| *end == "interrupted with the supervisor"), "{moment}: {ends:?}");
    assert!(
        story["history"].as_array().is_some_and(|ends| ends.iter().all(|end| end["charged"] == false)),
        "{moment}: {story}"
    );

    let undone = site.run(&["undo", "1"]);
    assert_eq!(undone.code, 0, "{moment}: {undone:?}");
    assert_eq!((site.read("price.py").as_str(), site.read("tax.py").as_str()), (PRICE, TAX), "{moment}");
    assert_eq!(site.git(&["status", "--porcelain"]), "", "{moment}");
    site.wait_until_empty();
}

fn facts(site: &Site) -> Vec<Value> {
    let said = site.run(&["logs", "--json"]);
    said.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Killed when the n-th fact of an undisturbed run appears: in every check, every stage, the agent, the landing.
fn killed_at_every(nth: usize, of: usize) {
    for count in (1..32).filter(|count| count % of == nth) {
        let site = site();
        let mut supervisor = site.start(&["--until-idle"]);
        let mut last = Value::Null;
        for _ in 0..count {
            match supervisor.next() {
                Some(fact) => last = fact,
                None => break,
            }
        }
        kill(supervisor);
        check(&site, &format!("after fact {count}, {last}"));
    }
}

#[test]
fn killed_after_any_fact() {
    killed_at_every(0, 2);
}

#[test]
fn killed_after_any_other_fact() {
    killed_at_every(1, 2);
}

#[test]
fn killed_while_landing() {
    for microseconds in [0, 300, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000] {
        let site = site();
        let mut supervisor = site.start(&["--until-idle"]);
        supervisor.wait_kind("landing_began");
        // A moment within the landing, not a wait for it: any is good.
        std::thread::sleep(Duration::from_micros(microseconds));
        kill(supervisor);
        check(&site, &format!("{microseconds} µs into the landing"));
    }
}

#[test]
fn killed_again_and_again() {
    let site = site();
    for round in 1..=8_u64 {
        let supervisor = site.start(&["--until-idle"]);
        // Spread over the time that a run takes; the numbers only have to differ.
        std::thread::sleep(Duration::from_millis(round * 53 % 400));
        kill(supervisor);
    }
    check(&site, "after eight kills");
}

#[test]
fn killed_with_an_agent_that_ignores_signals_and_left_a_daemon() {
    let site = site();
    let (here, daemon) = (site.outside("here"), site.outside("daemon"));
    let script = fs::read_to_string(site.outside("script.toml")).expect("readable");
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n{{ do = \"ignore_signals\" }},\n{{ do = \"daemon\", file = {daemon:?} }},\n\
         {{ do = \"touch\", file = {here:?} }},\n{{ do = \"silent\" }},\n]\n"
    ));
    let supervisor = site.start(&["--until-idle"]);
    until("the agent", || here.exists());
    kill(supervisor);
    assert!(site.processes().iter().any(|line| line.contains("--daemon")), "the daemon lives on");
    assert!(site.processes().iter().any(|line| line.contains(" holder ")), "and so does the holder");
    site.script(&script);
    check(&site, "with a deaf agent and a daemon");
}
