//! The planner, played by the rehearsal agent in a terminal of its own: its strategy reaches the fixer, and whatever keeps
//! it from answering costs a fix nothing but a little time.

use std::fs;
use std::path::{Path, PathBuf};

use orchestrator_tui::edge::session::{Place, Session};
use orchestrator_tui::model::id::SessionId;
use serde_json::{Value, json};

use crate::site::{PROGRAM, Site, until};

/// What every question to the planner contains, and no prompt of a fixer.
const ASKED: &str = "[orchestrator-tui plan ";

/// A project whose check wants the word `right` in each of these files, one check for each.
fn site(fix: &str, words: &[&str]) -> Site {
    let check = |name: &&str| {
        format!(
            "[[check]]\nname = \"{name}\"\npaths = [\"{name}.txt\"]\nrun = \"grep -q right {name}.txt || {{ echo '{name}.txt:1:1: error: wrong word'; exit 1; }}\"\n"
        )
    };
    let checks: String = words.iter().map(check).collect();
    let config = format!("[fix]\nplanner = \"always\"\n{fix}\n{checks}");
    let site = Site::bare(&[("orchestrator.toml", &config)]);
    for name in words {
        site.write(&format!("{name}.txt"), "wrong\n");
    }
    site.git_init();
    site
}

/// A planner that does this, and a fixer that only knows what to do when the strategy tells it.
fn script(planner: &str) -> String {
    let edit =
        |name: &str| format!("{{ do = \"edit\", file = \"{name}.txt\", find = \"wrong\", replace = \"right\" }}");
    format!(
        "[[scenario]]\nmatch = \"{ASKED}\"\nsteps = [{planner}]\n\
         [[scenario]]\nmatch = \"TURN IT ROUND\"\nsteps = [{}, {{ do = \"say\", text = \"As planned.\" }}]\n\
         [[scenario]]\nmatch = \"*\"\nsteps = [{}, {{ do = \"say\", text = \"Without a plan.\" }}]\n",
        edit("one"),
        edit("one"),
    )
}

/// Runs to the end; the fix has landed whatever the planner did. Returns the story.
fn lands(site: &Site) -> Value {
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("one.txt"), "right\n");
    site.task(1)
}

fn summary(story: &Value) -> &Value {
    &story["history"][0]["summary"]
}

/// The basic strategy was taken, for a reason that contains this.
fn is_basic(story: &Value, why: &str) {
    let plan = &story["plan"];
    assert!(plan["why_none"].as_str().is_some_and(|text| text.contains(why)), "{plan:#}");
    assert!(plan["strategy"].is_null(), "{plan:#}");
    assert_eq!(summary(story), "Without a plan.");
}

/// The transcripts of all planners that ran: each has set its title.
fn planners(site: &Site) -> Vec<PathBuf> {
    let folders = fs::read_dir(site.state()).expect("a state folder").flatten();
    let sessions = folders.filter_map(|folder| fs::read_dir(folder.path().join("sessions")).ok()).flatten().flatten();
    let outputs = sessions.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "out"));
    outputs.filter(|path| transcript(path).contains("✳ orchestrator-tui")).collect()
}

fn transcript(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).expect("readable")).into_owned()
}

#[test]
fn its_strategy_reaches_the_fixer_and_the_story() {
    let site = site("", &["one"]);
    site.script(&script(
        "{ do = \"usage\", cost = 0.02, input = 10, output = 1 }, { do = \"say\", text = \"TURN IT ROUND\\nin one.txt\" }",
    ));
    let story = lands(&site);
    assert_eq!(summary(&story), "As planned.");
    assert_eq!(
        (&story["plan"]["strategy"], &story["plan"]["attempt"]),
        (&json!("TURN IT ROUND\nin one.txt"), &json!(1))
    );
    let logs = site.run(&["logs", "1"]).out;
    assert!(logs.contains("#1 plan\n") && logs.contains("planner  a strategy"), "{logs}");
    assert!(site.run(&["show", "1"]).out.contains("TURN IT ROUND"));
    // The status line comes after the answer; the supervisor waits for it.
    assert_eq!(story["cost_usd"], 0.02);
}

#[test]
fn a_plan_that_it_wants_to_carry_out_is_the_strategy_and_it_changes_nothing() {
    let site = site("", &["one"]);
    let edit = "{ do = \"edit\", file = \"one.txt\", find = \"wrong\", replace = \"by the planner\" }";
    site.script(&script(&format!("{{ do = \"plan\", text = \"TURN IT ROUND\" }}, {edit}")));
    let story = lands(&site);
    assert_eq!((summary(&story), &story["plan"]["strategy"]), (&json!("As planned."), &json!("TURN IT ROUND")));
}

#[test]
fn it_is_one_planner_for_all_tasks_until_its_context_is_half_full() {
    for (tokens, count) in [(10, 1), (100_000, 2)] {
        let site = site("", &["one", "two"]);
        let usage = format!("{{ do = \"usage\", cost = 0.01, input = {tokens} }}");
        // The status line, which comes after the answer, tells how full it is; the next question shall come after that.
        let told = format!(
            "until ORCHESTRATOR_STATE_DIR={} {PROGRAM} -C {} costs --json | tr -d '\\n ' | grep -q 'planner\":{{\"cost_usd\":0.0[1-9]'; do sleep 0.05; done",
            site.state().display(),
            site.project.display()
        );
        let fixer = |name: &str| {
            let edit = format!("{{ do = \"edit\", file = \"{name}.txt\", find = \"wrong\", replace = \"right\" }}");
            format!("[[scenario]]\nmatch = \"{name}.txt\"\nsteps = [{{ do = \"run\", command = {told:?} }}, {edit}]\n")
        };
        site.script(&format!(
            "[[scenario]]\nmatch = \"{ASKED}\"\nsteps = [{usage}, {{ do = \"say\", text = \"TURN IT ROUND\" }}]\n{}{}",
            fixer("one"),
            fixer("two")
        ));
        let said = site.until_idle();
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(site.task(2)["plan"]["strategy"], "TURN IT ROUND", "{}", said.out);
        assert_eq!(planners(&site).len(), count);
    }
}

#[test]
fn idle_it_sleeps_and_the_next_question_goes_on_with_its_conversation() {
    let site = site("planner_sleep = \"1s\"\nafter = \"50ms\"", &["one", "two"]);
    for name in ["one.txt", "two.txt"] {
        site.write(name, "right\n");
    }
    let questions = |name: &str| {
        let edit = format!("{{ do = \"edit\", file = \"{name}.txt\", find = \"wrong\", replace = \"right\" }}");
        let wait = format!("{{ do = \"wait_for\", file = {:?} }}", site.outside(name));
        format!(
            "[[scenario]]\nmatch = \"TURN {name} ROUND\"\nsteps = [{edit}]\n\
             [[scenario]]\nmatch = \"{name}.txt:1:1\"\nsteps = [{wait}, {{ do = \"say\", text = \"TURN {name} ROUND\" }}]\n"
        )
    };
    site.script(&[questions("one"), questions("two")].concat());
    let mut supervisor = site.start(&[]);
    until_green(&site);
    site.write("one.txt", "wrong\n");
    let first = wait_for_planner(&site, "--session-id");
    fs::write(site.outside("one"), "").expect("written");
    supervisor.wait_kind("planned");
    until("its sleep", || planner_call(&site).is_none());
    site.write("two.txt", "wrong\n");
    assert_eq!(wait_for_planner(&site, "--resume"), first);
    fs::write(site.outside("two"), "").expect("written");
    let planned = supervisor.wait_kind("planned");
    assert_eq!(planned["plan"]["advice"]["strategy"], "TURN two ROUND");
    supervisor.stop();
}

/// Waits until every check is green: what is red at the start waits for a person.
pub(crate) fn until_green(site: &Site) {
    let count = site.read("orchestrator.toml").matches("[[check]]").count();
    until("all green", || {
        // Those that have not ended once are not there yet.
        let checks = site.json(&["status"])["checks"].as_array().cloned().unwrap_or_default();
        checks.len() == count && checks.iter().all(|check| check["verdict"] == "green")
    });
}

/// How the planner that runs was called; nothing while it sleeps.
pub(crate) fn planner_call(site: &Site) -> Option<String> {
    site.processes().into_iter().find(|line| line.contains("--permission-mode plan"))
}

/// Waits until one runs that was started like this, and returns its conversation.
pub(crate) fn wait_for_planner(site: &Site, how: &str) -> String {
    let mut found = None;
    until(&format!("a planner with {how}"), || {
        let call = planner_call(site).unwrap_or_default();
        let mut words = call.split(' ').skip_while(|word| *word != how);
        found = words.nth(1).map(str::to_owned);
        found.is_some()
    });
    found.unwrap_or_default()
}

#[test]
fn a_dialog_at_its_start_is_left_to_the_person() {
    let site = site("plan_wait = \"2s\"", &["one"]);
    let user = site.outside("user.toml");
    let config =
        fs::read_to_string(&user).expect("readable").replace("[\"rehearsal\"]", "[\"rehearsal\", \"--dialog\"]");
    fs::write(&user, config).expect("written");
    site.script(&script("{ do = \"say\", text = \"TURN IT ROUND\" }"));
    is_basic(&lands(&site), "not ready; its terminal may show a dialog");
}

#[test]
fn a_service_that_refuses_it_a_death_and_silence_are_said_and_the_fix_goes_on() {
    for (steps, why) in [
        ("{ do = \"api_error\", status = 500, message = \"server_error\" }", "the service refused: server_error"),
        ("{ do = \"die\", code = 3 }", "the planner ended (exit code 3)"),
        ("{ do = \"silent\" }", "no answer in time"),
        ("{ do = \"usage\", cost = 0.01 }", "without a word"),
    ] {
        let site = site("plan_wait = \"3s\"", &["one"]);
        site.script(&script(steps));
        is_basic(&lands(&site), why);
    }
}

#[test]
fn nobody_is_asked_to_permit_something_in_its_turn() {
    let site = site("", &["one"]);
    let ask = "{ do = \"ask\", tool = \"Bash\", input = { command = \"make\" } }";
    site.script(&script(&format!("{ask}, {{ do = \"plan\", text = \"TURN IT ROUND\" }}")));
    let story = lands(&site);
    assert_eq!(story["plan"]["strategy"], "TURN IT ROUND");
}

#[test]
fn a_dialog_that_outlives_its_fix_is_refused_and_the_next_question_is_answered() {
    // One is open when its task is killed, another opens after that; somebody could be asked, or nobody.
    for (before, wait, unattended) in [(true, false, "wait"), (false, true, "wait"), (false, true, "refuse")] {
        let site = site("after = \"50ms\"", &["one", "two"]);
        let config = format!("[questions]\nunattended = \"{unattended}\"\n{}", site.read("orchestrator.toml"));
        site.write("orchestrator.toml", &config);
        for name in ["one.txt", "two.txt"] {
            site.write(name, "right\n");
        }
        let ask = "{ do = \"ask\", tool = \"Bash\", input = { command = \"make\" } }";
        let go = format!(
            "{{ do = \"touch\", file = {:?} }}, {{ do = \"wait_for\", file = {:?} }}, ",
            site.outside("begun"),
            site.outside("go")
        );
        site.script(&format!(
            "[[scenario]]\nmatch = \"one.txt:1:1\"\nsteps = [{}{ask}]\n\
             [[scenario]]\nmatch = \"{ASKED}\"\nsteps = [{{ do = \"say\", text = \"TURN IT ROUND\" }}]\n\
             [[scenario]]\nmatch = \"*\"\nsteps = []\n",
            if wait { go.as_str() } else { "" },
        ));
        let mut supervisor = site.start(&[]);
        until_green(&site);
        site.write("one.txt", "wrong\n");
        if before {
            supervisor.wait_kind("questioned");
        } else {
            until("its turn", || site.outside("begun").exists());
        }
        assert_eq!(site.run(&["kill", "1"]).code, 0);
        fs::write(site.outside("go"), "").expect("written");
        site.write("two.txt", "wrong\n");
        let planned = supervisor.wait_kind("planned");
        assert_eq!(planned["plan"]["advice"]["strategy"], "TURN IT ROUND", "{planned:#}");
        supervisor.stop();
    }
}

#[test]
fn an_agent_that_is_no_claude_does_without_and_it_is_said_once() {
    let site = site("", &["one"]);
    let program = site.outside("agent.sh");
    fs::write(&program, "cat > /dev/null\nsed -i s/wrong/right/ one.txt\n").expect("written");
    let config = format!(
        "[fix]\nland = \"auto\"\n\n[agent.sed]\nkind = \"command\"\nprogram = \"sh\"\nargs = [{program:?}]\n[role.fixer]\nagent = \"sed\"\n"
    );
    fs::write(site.outside("user.toml"), config).expect("written");
    let story = lands(&site);
    assert!(story["plan"].is_null());
    let logs = site.run(&["logs"]).out;
    assert_eq!(logs.matches("skipped from now on: agent `sed` is no Claude").count(), 1, "{logs}");
}

#[test]
fn it_is_not_typed_to_while_a_person_types() {
    let site = site("plan_wait = \"3s\"\nafter = \"50ms\"", &["one", "two"]);
    let go = site.outside("go");
    let fixer = |name: &str| {
        let edit = format!("{{ do = \"edit\", file = \"{name}.txt\", find = \"wrong\", replace = \"right\" }}");
        format!("[[scenario]]\nmatch = \"{name}.txt\"\nsteps = [{{ do = \"wait_for\", file = {go:?} }}, {edit}]\n")
    };
    let planner =
        format!("[[scenario]]\nmatch = \"{ASKED}\"\nsteps = [{{ do = \"say\", text = \"TURN IT ROUND\" }}]\n");
    site.script(&[planner, fixer("one"), fixer("two")].concat());
    let mut supervisor = site.start(&["--until-idle"]);
    let first = supervisor.wait_kind("planned");
    assert_eq!(first["plan"]["advice"]["strategy"], "TURN IT ROUND");

    // A person looks at its terminal and begins a line.
    let transcript_file = planners(&site).pop().expect("a planner");
    let logs = transcript_file.parent().expect("a folder").to_owned();
    let stem = transcript_file.file_stem().and_then(|stem| stem.to_str()).expect("a number");
    let socket = logs.with_file_name("run").join(format!("s{stem}.sock"));
    let place = Place { id: SessionId(stem.parse().expect("a number")), mark: String::new(), logs, socket };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (person, _output) = runtime.block_on(async {
        let (person, output) = Session::attach(place, 0).await;
        person.write(b"half a line").await.expect("it runs");
        (person, output)
    });
    // The runtime of a person who only waits has nothing to do, but what was typed must leave it. The last letter may be the
    // beginning of a secret, and is kept back.
    until("the line", || {
        runtime.block_on(tokio::task::yield_now());
        transcript(&transcript_file).contains("half a lin")
    });
    fs::write(&go, "").expect("written");

    let second = supervisor.wait_kind("planned");
    let why = second["plan"]["advice"]["basic"]["why"].as_str().unwrap_or_default();
    assert_eq!(why, "somebody has a half-written line in the planner's terminal");
    assert_eq!(transcript(&transcript_file).matches("TURN IT ROUND").count(), 1, "it was asked once");
    drop(person);
    let (code, _) = supervisor.end_with_facts();
    assert_eq!(code, 0);
}
