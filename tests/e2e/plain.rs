//! What agents, tools and files say reaches a person's terminal as text that steers nothing.

use serde_json::json;

use crate::site::{Said, Site, until};

const CONFIG: &str = "[lanes]\nsession = 2\n[[check]]\nname = \"unit\"\npaths = [\"x.py\"]\n\
                      run = \"grep -q 'x = 1' x.py || { printf 'FAILED \\\\033]0;owned\\\\007x\\\\n'; exit 1; }\"\n\
                      [fix]\nplanner = \"off\"\nattempts = 1\n[role.coordination]\nattempts = 1\n";

/// What a line must not have: all but text, ends of lines and tabs.
fn is_plain(said: &Said) -> bool {
    let bad = |letter: char| {
        letter.is_control() && !"\n\t".contains(letter) || "\u{202e}\u{2066}\u{200f}\u{feff}".contains(letter)
    };
    !said.out.contains(bad) && !said.err.contains(bad)
}

#[test]
fn nothing_that_an_agent_wrote_steers_the_terminal() {
    let site = Site::new(&[("x.py", "x = 0\n"), ("orchestrator.toml", CONFIG)]);
    // The second half hides the first one where it is written raw.
    let hidden = "import os  # \r\u{1b}[2K+x = 1\nx = 1\r\n";
    let says = "Mended\u{1b}]0;owned\u{7} it \u{202e}txt.exe\u{9b}2J\u{8}";
    let plan = json!({ "summary": "Divided.", "components": [
        { "name": "De\u{202e}sign\u{1b}[2J", "type": "analysis", "description": "Part\u{1b}[31m design" },
        { "name": "API", "type": "implementation", "description": "Part api", "dependencies": ["De\u{202e}sign\u{1b}[2J"] },
    ]});
    site.script(&format!(
        "[[scenario]]\nmatch = \"You take a requirement\"\nsteps = [{{ do = \"say\", text = {} }}]\n\
         [[scenario]]\nmatch = \"*\"\nsteps = [{{ do = \"write\", file = \"x.py\", content = {} }}, {{ do = \"say\", text = {} }}]\n",
        json!(format!("Done.\n\n```json\n{plan}\n```")),
        json!(hidden),
        json!(says),
    ));
    let said = site.run(&["run", "--headless", "--until-idle", "--trust", "--land", "ask"]);
    assert!(said.code == 1 && is_plain(&said) && said.out.contains("#1"), "{said:?}");
    let shown = site.run(&["show", "1"]);
    assert!(is_plain(&shown), "{shown:?}");
    // The line that would have been wiped out is there to be read, and the end of line that is another one.
    assert!(shown.out.contains("+import os  # ␍␛[2K+x = 1\n") && shown.out.contains("+x = 1␍\n"), "{}", shown.out);
    assert!(shown.out.contains("  Mended it"), "{}", shown.out);
    // Programs get the very text.
    let raw = site.run(&["show", "1", "--json"]);
    assert!(is_plain(&raw), "{raw:?}");
    assert!(site.task(1)["pending"]["diff"].as_str().is_some_and(|diff| diff.contains("+import os  # \r\u{1b}[2K+x")));

    let mut supervisor = site.start(&["--land", "ask"]);
    supervisor.wait_kind("started");
    assert_eq!(site.run(&["orchestrate", "Build\u{1b}[31m it"]).code, 2, "the title of a batch");
    assert_eq!(site.run(&["orchestrate", "Build it"]).code, 0);
    until("the plan", || site.json(&["tasks"]).as_array().is_some_and(|all| all.len() == 4));
    for (args, part) in [
        (&["queue", "add", "red\u{1b}[31m\u{7}"][..], "a title is one line"),
        (&["queue", "add", "gpj.\u{202e}exe"], "a title is one line"),
        (&["session", "create", "Bu\u{8}ild it"], "without control characters"),
        (&["show", "\u{1b}]0;owned\u{7}"], "is not a task"),
        (&["nonsense\u{1b}[2J"], "unrecognized subcommand"),
    ] {
        let said = site.run(args);
        assert!(said.code == 2 && is_plain(&said) && said.err.contains(part), "{args:?}: {said:?}");
    }
    for verb in [
        &["tasks"][..],
        &["session", "list"],
        &["session", "output", "2"],
        &["show", "2"],
        &["show", "3"],
        &["queue"],
        &["logs"],
        &["questions"],
        &["status"],
        &["tasks", "--json"],
        &["session", "list", "--json"],
        &["logs", "--json"],
    ] {
        let said = site.run(verb);
        assert!(said.code == 0 && is_plain(&said), "{verb:?}: {said:?}");
    }
    let listed = site.run(&["session", "list"]).out;
    assert!(listed.contains("Design · analysis"), "{listed}");
    supervisor.stop();
}
