//! The main job, once from end to end.

use crate::site::Site;

const CALC: &str = "def add(a, b):\n    return a - b\n\n\ndef double(x):\n    return x * 2\n";

const TEST: &str = "import unittest
from calc import add, double


class Calc(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(2, 3), 5)

    def test_double(self):
        self.assertEqual(double(2), 4)
";

const CONFIG: &str = "[[check]]
name = \"unit\"
paths = [\"**/*.py\"]
run = \"python3 -B -m unittest -q test_calc\"
";

#[test]
fn a_red_check_becomes_a_verified_landed_undoable_fix() {
    let site = Site::new(&[("calc.py", CALC), ("test_calc.py", TEST), ("orchestrator.toml", CONFIG)]);
    site.script(
        r#"[[scenario]]
match = "*"
steps = [
  { do = "edit", file = "calc.py", find = "a - b", replace = "a + b" },
  { do = "usage", cost = 0.02, input = 1000, output = 100 },
  { do = "say", text = "It subtracted; now it adds." },
]"#,
    );
    let before = site.hashes(".git");
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("calc.py"), CALC.replace("a - b", "a + b"));
    assert_eq!(site.git(&["status", "--porcelain"]), " M calc.py\n");
    // `git status` itself may refresh the index; compare before it ran.
    let receipt = site.json(&["receipt", "1"]);
    assert_eq!(receipt["red"]["tests"]["failed"], 1);
    assert_eq!(receipt["green"][0]["tests"]["passed"], 2);
    assert_eq!(receipt["cost_usd"], 0.02);
    let undone = site.run(&["undo", "1"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(site.read("calc.py"), CALC);
    assert!(before.keys().eq(site.hashes(".git").keys()), "something was written into .git");
    assert_eq!(site.run(&["undo", "1"]).code, 1);
}

#[test]
fn a_result_that_waits_lands_without_a_running_supervisor() {
    let site = Site::new(&[("calc.py", CALC), ("test_calc.py", TEST), ("orchestrator.toml", CONFIG)]);
    site.script(
        r#"[[scenario]]
match = "*"
steps = [{ do = "edit", file = "calc.py", find = "a - b", replace = "a + b" }, { do = "say", text = "Adds." }]"#,
    );
    let said = site.run(&["run", "--headless", "--until-idle", "--trust", "--land", "ask"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("not green: unit; open: #1 (ready)"), "{said:?}");
    assert_eq!(site.read("calc.py"), CALC);
    let landed = site.run(&["land", "1"]);
    assert_eq!((landed.code, landed.out.trim()), (0, "#1 landed"), "{landed:?}");
    assert_eq!(site.read("calc.py"), CALC.replace("a - b", "a + b"));
    assert_eq!(site.json(&["tasks"])[0]["attempts"], 1);
    assert_eq!(site.run(&["land", "1"]).code, 1);
    assert_eq!(site.run(&["undo", "1"]).code, 0);
    assert_eq!(site.read("calc.py"), CALC);
    // A landing after a yes is no attempt of its own, and what was undone is a success nowhere.
    let log = site.run(&["logs"]).out;
    assert_eq!(log.matches("#1 attempt 1 in workspace").count(), 1, "{log}");
    assert!(log.contains("#1 goes on: what attempt 1 made is brought in"), "{log}");
    let shown = site.run(&["show", "1"]).out;
    assert_eq!(shown.matches("\nattempt 1:").count(), 1, "{shown}");
    let receipt = site.run(&["receipt", "1"]).out;
    assert!(receipt.contains("\nundone ") && receipt.contains("nothing of it is in your tree any more"), "{receipt}");
    assert_eq!(site.json(&["receipt", "1"])["undone"], true);
    let status = site.json(&["status"]);
    assert_eq!(status["queues"]["failed"][0]["reason"], "undone", "{status:#}");
    let numbers = &status["statistics"];
    let counted =
        ["tasks_processed", "tasks_succeeded", "tasks_failed", "tasks_undone"].map(|name| numbers[name].as_u64());
    assert_eq!(
        (counted, &numbers["success_rate"]),
        ([Some(1), Some(0), Some(0), Some(1)], &"0.0%".into()),
        "{numbers}"
    );
}

const ADDS: &str = r#"[[scenario]]
match = "*"
steps = [{ do = "edit", file = "calc.py", find = "a - b", replace = "a + b" }, { do = "say", text = "Adds." }]"#;

#[test]
fn nothing_lands_before_somebody_has_said_so() {
    let site = Site::new(&[("calc.py", CALC), ("test_calc.py", TEST), ("orchestrator.toml", CONFIG)]);
    site.asks_first();
    site.script(ADDS);
    let said = site.until_idle();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("#1 ready: say yes, and what becomes of later fixes"), "{said:?}");
    assert!(said.out.contains("`land 1`"), "{said:?}");
    assert_eq!(site.read("calc.py"), CALC);
    let landed = site.run(&["land", "1"]);
    assert_eq!((landed.code, landed.out.trim()), (0, "#1 landed"), "{landed:?}");
    assert_eq!(site.read("calc.py"), CALC.replace("a - b", "a + b"));
}

#[test]
fn a_project_lets_fixes_land_only_after_a_yes_to_that() {
    let site = Site::new(&[("calc.py", CALC), ("test_calc.py", TEST), ("orchestrator.toml", CONFIG)]);
    site.asks_first();
    site.script(ADDS);
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    site.write("orchestrator.toml", &format!("{CONFIG}[fix]\nland = \"auto\"\n"));
    let args = ["run", "--headless", "--until-idle"];
    let refused = site.run(&args);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("fix.land: auto (verified fixes land without your yes"), "{refused:?}");
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    let said = site.run(&args);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("calc.py"), CALC.replace("a - b", "a + b"));
}
