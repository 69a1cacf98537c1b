//! Ten fixes as a careful colleague would make them: each lands by itself.

use crate::site::Site;

const CONFIG: &str = "[fix]\nattempts = 1\n[[check]]\nname = \"unit\"\nrun = \"python3 -B -m unittest -q\"\n";

const CALC: &str = "def add(a, b):\n    return a - b\n\n\ndef double(x):\n    return x * 2\n";

const TEST: &str = "import unittest
from calc import add, double


class Calc(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(2, 3), 5)

    def test_double(self):
        self.assertEqual(double(2), 4)
";

/// Lets an agent do this to a red project, and returns the project after it has landed.
fn lands(files: &[(&str, &str)], steps: &str) -> Site {
    let mut files = files.to_vec();
    if !files.iter().any(|(path, _)| *path == "orchestrator.toml") {
        files.push(("orchestrator.toml", CONFIG));
    }
    let site = Site::new(&files);
    site.script(&format!("[[scenario]]\nmatch = \"*\"\nsteps = [{steps}]\n"));
    let said = site.until_idle();
    let rows = site.json(&["tasks"]);
    assert_eq!(said.code, 0, "{rows:#}\n{said:?}");
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows:#}");
    assert_eq!((rows[0]["state"].as_str(), rows[0]["reason"].as_str()), (Some("done"), Some("landed")), "{rows:#}");
    site
}

fn calc(steps: &str) -> Site {
    lands(&[("calc.py", CALC), ("test_calc.py", TEST)], steps)
}

#[test]
fn mends_one_line() {
    let site = calc(r#"{ do = "edit", file = "calc.py", find = "a - b", replace = "a + b" }"#);
    assert_eq!(site.git(&["status", "--porcelain"]), " M calc.py\n");
}

#[test]
fn adds_a_test() {
    let site = calc(
        r#"{ do = "edit", file = "calc.py", find = "a - b", replace = "a + b" },
        { do = "edit", file = "test_calc.py", find = "    def test_double", replace = "    def test_add_negative(self):\n        self.assertEqual(add(-2, 3), 1)\n\n    def test_double" }"#,
    );
    let receipt = site.json(&["receipt", "1"]);
    assert_eq!(receipt["green"][0]["tests"]["passed"], 3, "{receipt:#}");
}

#[test]
fn renames_a_file() {
    let test = TEST.replace("from calc", "from arithmetic");
    // The old name is gone, and that is for people to allow.
    let config = format!("[policy]\ndelete = \"allow\"\n{CONFIG}");
    let site = lands(
        &[("clac.py", &CALC.replace("a - b", "a + b")), ("test_calc.py", &test), ("orchestrator.toml", &config)],
        r#"{ do = "rename", from = "clac.py", to = "arithmetic.py" }"#,
    );
    assert!(!site.project.join("clac.py").exists());
    assert_eq!(site.run(&["undo", "1"]).code, 0);
    assert_eq!(site.git(&["status", "--porcelain"]), "");
}

#[test]
fn changes_three_files() {
    let site = lands(
        &[
            ("shop/__init__.py", ""),
            ("shop/price.py", "def price(net):\n    return net\n"),
            ("shop/tax.py", "RATE = 1.9\n"),
            ("shop/bill.py", "from shop.price import price\n\n\ndef bill(items):\n    return price(items)\n"),
            (
                "test_shop.py",
                "import unittest\nfrom shop.bill import bill\n\n\nclass Shop(unittest.TestCase):\n    def test_bill(self):\n        self.assertAlmostEqual(bill([10, 20]), 35.7)\n",
            ),
        ],
        r#"{ do = "edit", file = "shop/tax.py", find = "1.9", replace = "0.19" },
        { do = "edit", file = "shop/price.py", find = "def price(net):\n    return net", replace = "from shop.tax import RATE\n\n\ndef price(net):\n    return net * (1 + RATE)" },
        { do = "edit", file = "shop/bill.py", find = "price(items)", replace = "sum(price(item) for item in items)" }"#,
    );
    let receipt = site.json(&["receipt", "1"]);
    assert_eq!(receipt["files"].as_array().map(Vec::len), Some(3), "{receipt:#}");
}

#[test]
fn adds_the_missing_module() {
    let site = lands(
        &[("test_calc.py", TEST)],
        &format!("{{ do = \"write\", file = \"calc.py\", content = {:?} }}", CALC.replace("a - b", "a + b")),
    );
    assert_eq!(site.run(&["undo", "1"]).code, 0);
    assert!(!site.project.join("calc.py").exists());
}

#[test]
fn handles_one_error_as_it_should_be_handled() {
    let parse = "def parse(text):\n    return int(text)\n";
    let test = "import unittest
from parse import parse


class Parse(unittest.TestCase):
    def test_number(self):
        self.assertEqual(parse(\"7\"), 7)

    def test_word(self):
        with self.assertRaises(TypeError):
            parse(\"seven\")
";
    lands(
        &[("parse.py", parse), ("test_parse.py", test)],
        r#"{ do = "edit", file = "parse.py", find = "    return int(text)", replace = "    if not text.isdigit():\n        raise TypeError(f'{text!r} is no number')\n    return int(text)" }"#,
    );
}

#[test]
fn moves_a_function() {
    let low = "def low(x):\n    return min(x)\n\n\ndef high(x):\n    return max(x)\n";
    let site = lands(
        &[
            ("stats.py", low),
            ("upper.py", "# What is at the upper end.\n"),
            (
                "test_stats.py",
                "import unittest\nfrom stats import low\nfrom upper import high\n\n\nclass Stats(unittest.TestCase):\n    def test_all(self):\n        self.assertEqual((low([1, 2]), high([1, 2])), (1, 2))\n",
            ),
        ],
        r#"{ do = "edit", file = "stats.py", find = "\n\ndef high(x):\n    return max(x)\n", replace = "" },
        { do = "edit", file = "upper.py", find = "end.\n", replace = "end.\n\n\ndef high(x):\n    return max(x)\n" }"#,
    );
    assert!(site.read("upper.py").contains("max(x)"));
}

#[test]
fn mends_data() {
    lands(
        &[
            ("prices.json", "{ \"apple\": 1, \"pear\": 2, }\n"),
            (
                "test_prices.py",
                "import json\nimport unittest\n\n\nclass Prices(unittest.TestCase):\n    def test_readable(self):\n        self.assertEqual(set(json.load(open('prices.json'))), {'apple', 'pear'})\n",
            ),
        ],
        r#"{ do = "edit", file = "prices.json", find = "2, }", replace = "2 }" }"#,
    );
}

#[test]
fn mends_a_script_which_stays_executable() {
    use std::os::unix::fs::PermissionsExt;
    let config = "[fix]\nattempts = 1\n[[check]]\nname = \"greet\"\nrun = \"test \\\"$(./greet.sh)\\\" = hello\"\n";
    let site = Site::new(&[("greet.sh", "#!/bin/sh\necho helo\n"), ("orchestrator.toml", config)]);
    let script = site.project.join("greet.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("set");
    site.script(
        r#"[[scenario]]
match = "*"
steps = [{ do = "edit", file = "greet.sh", find = "helo", replace = "hello" }]
"#,
    );
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("greet.sh"), "#!/bin/sh\necho hello\n");
    assert_eq!(script.metadata().expect("there").permissions().mode() & 0o777, 0o755);
}

#[test]
fn removes_unused_code_in_rust() {
    let config = "[fix]\nattempts = 1\n[[check]]\nname = \"build\"\nrun = \"rustc --edition 2024 --crate-type lib --emit metadata -o ../lib.rmeta -D unused lib.rs\"\n";
    let site = lands(
        &[
            (
                "lib.rs",
                "use std::fmt::Debug;\n\n/// Shows.\npub fn show(x: &str) -> String {\n    let y = 1;\n    format!(\"{x}\")\n}\n",
            ),
            ("orchestrator.toml", config),
        ],
        r#"{ do = "edit", file = "lib.rs", find = "use std::fmt::Debug;\n\n", replace = "" },
        { do = "edit", file = "lib.rs", find = "    let y = 1;\n", replace = "" }"#,
    );
    assert!(!site.read("lib.rs").contains("Debug"));
}
