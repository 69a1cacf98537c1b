//! The rehearsal agent, as a process: it fixes, misbehaves as its script says, and speaks like the real CLI.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop here")]
#![expect(clippy::disallowed_methods, reason = "a test sets its own deadline, and takes PATH from its environment")]

#[allow(dead_code, reason = "other tests need the rest")]
#[path = "support/drive.rs"]
mod drive;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use drive::{Act, NOW, Outcome, drive, spec};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchestrator_tui::edge::agent::claude::{ClaudeRun, RunSpec, Step};
use orchestrator_tui::edge::agent::rehearsal::{MODEL, SCRIPT_VARIABLE, demo};
use orchestrator_tui::model::agent::{AgentReport, AgentResult, Trouble};
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::question::Reply;
use orchestrator_tui::model::session::Exit;
use serde_json::Value;
use tempfile::TempDir;

/// A run of the rehearsal agent in `folder` with these steps for every prompt.
fn rehearse(folder: &Path, steps: &str) -> RunSpec {
    let script = folder.join("script.toml");
    std::fs::write(&script, format!("[[scenario]]\nmatch = \"*\"\nsteps = [{steps}]")).unwrap();
    let env = [(SCRIPT_VARIABLE, script.to_str().unwrap().to_owned())];
    let program = Path::new(env!("CARGO_BIN_EXE_orchestrator-tui"));
    spec(program, &["rehearsal"], folder, "mend it", &env)
}

fn play(steps: &str) -> (TempDir, Outcome) {
    let folder = TempDir::new().unwrap();
    let outcome = drive(rehearse(folder.path(), steps), |_| Act::Nothing);
    (folder, outcome)
}

#[test]
fn it_changes_files_and_says_so() {
    let (folder, outcome) = play(
        r#"{ do = "write", file = "src/a.txt", content = "one two two" },
           { do = "edit", file = "src/a.txt", find = "two", replace = "2", all = true },
           { do = "edit", file = "src/a.txt", find = "not there", replace = "" },
           { do = "rename", from = "src/a.txt", to = "b.txt" },
           { do = "run", command = "cat b.txt > c.txt; exit 3" },
           { do = "write", file = "gone.txt", content = "" },
           { do = "delete", file = "gone.txt" },
           { do = "usage", cost = 0.5, input = 1000, output = 10 },
           { do = "say", text = "All done." }"#,
    );
    assert_eq!(std::fs::read_to_string(folder.path().join("c.txt")).unwrap(), "one 2 2");
    assert!(!folder.path().join("gone.txt").exists());
    let Some(AgentReport::Ready { model, .. }) = outcome.reports.first() else { panic!("{:?}", outcome.reports) };
    assert_eq!(model, MODEL);
    assert_eq!(outcome.done(), &AgentResult { ok: true, text: "All done.".to_owned() });
    assert_eq!(outcome.spent(), Spent { usd: Usd(500_000), unpriced: false, tokens_in: 1000, tokens_out: 10 });
    assert_eq!(outcome.exit, Exit::Code(0));
    let log = outcome.log();
    assert!(log.contains(&"Edit src/a.txt".to_owned()), "{log:?}");
    assert!(log.iter().any(|line| line.contains("String to replace not found")), "{log:?}");
    assert!(log.iter().any(|line| line.starts_with("error Exit code 3")), "{log:?}");
}

#[test]
fn the_demo_project_is_red_and_the_script_makes_it_green() {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in demo::demo_files() {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let test = || {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["test", "--offline", "--quiet"]).current_dir(folder.path()).env_remove("CARGO_TARGET_DIR");
        cargo.output().unwrap()
    };
    let before = test();
    let said = String::from_utf8_lossy(&before.stdout);
    assert!(!before.status.success() && said.contains("the_days_of_grace_are_free"), "{said}");
    let program = Path::new(env!("CARGO_BIN_EXE_orchestrator-tui"));
    let mut spec = spec(program, &["rehearsal", "--script", "demo"], folder.path(), "mend it", &[]);
    spec.scope.commands = vec!["cargo test --offline".to_owned()];
    let outcome = drive(spec, |_| Act::Nothing);
    assert!(outcome.done().ok, "{:?} {}", outcome.done(), outcome.stderr);
    assert_eq!(outcome.refused(), Vec::<&str>::new(), "it runs the check itself");
    assert_eq!(outcome.spent(), Spent::default());
    let after = test();
    assert!(after.status.success(), "{}", String::from_utf8_lossy(&after.stdout));
}

#[test]
fn permissions_are_asked_for_and_the_answer_counts() {
    let folder = TempDir::new().unwrap();
    let steps = r#"{ do = "run", command = "touch allowed", ask = true },
        { do = "run", command = "sh -c 'touch granted; uptime'", ask = true },
        { do = "run", command = "sh -c 'touch refused; uptime'", ask = true },
        { do = "ask", tool = "AskUserQuestion", input = { questions = [] } }, { do = "request", subtype = "hook_callback" }"#;
    let outcome = drive(rehearse(folder.path(), steps), |report| match report {
        AgentReport::Asks(ask) if ask.about.brief().contains("granted") => Act::Answer(Reply::Allow),
        _ => Act::Nothing,
    });
    assert!(folder.path().join("allowed").exists());
    assert!(folder.path().join("granted").exists());
    assert!(!folder.path().join("refused").exists());
    assert_eq!(outcome.asked()[..2], ["Bash sh -c 'touch granted; uptime'", "Bash sh -c 'touch refused; uptime'"]);
    assert!(outcome.done().ok, "an unknown request is answered, so that it goes on");
}

#[test]
fn garbage_is_skipped_and_told() {
    let (_folder, outcome) = play(
        r#"{ do = "garbage", text = "npm warn something" }, { do = "garbage", text = "{ not json" },
           { do = "garbage", text = '{"type":"news","subtype":9}' }, { do = "bytes", bytes = [255, 254, 123] },
           { do = "garbage", text = "" }, { do = "say", text = "ok" }"#,
    );
    assert!(outcome.done().ok);
    let log = outcome.log();
    assert_eq!(log, ["output npm warn something", "output { not json", "output \u{fffd}\u{fffd}{", "agent ok"]);
}

#[test]
fn the_service_can_turn_it_away() {
    for (status, expected) in [
        (429, Trouble::RateLimit { until: Some(NOW.after(std::time::Duration::from_millis(1500))) }),
        (401, Trouble::Login { message: "authentication_failed".to_owned() }),
        (529, Trouble::Overloaded),
    ] {
        let (_folder, outcome) = play(&format!(
            r#"{{ do = "api_retry", status = {status}, delay_ms = 1500 }}, {{ do = "api_error", status = {status}, message = "no" }}"#
        ));
        assert_eq!(outcome.troubles(), [&expected]);
        assert_eq!(outcome.done(), &AgentResult { ok: false, text: "no".to_owned() });
        assert_eq!(outcome.exit, Exit::Code(1));
    }
    let (_folder, outcome) = play(r#"{ do = "result_error", subtype = "error_max_budget_usd", text = "over $1" }"#);
    assert_eq!(outcome.troubles(), [&Trouble::Budget]);
    assert_eq!(outcome.done().text, "the budget is used up: over $1");
}

#[test]
fn a_second_result_is_waited_for_only_while_something_goes_on() {
    let (_folder, outcome) = play(
        r#"{ do = "task_start", id = "t" }, { do = "result", text = "first" }, { do = "task_end", id = "t" },
           { do = "say", text = "second" }"#,
    );
    assert_eq!((outcome.dones(), outcome.done().text.as_str()), (1, "second"));
    let two = r#"{ do = "result", text = "first" }, { do = "say", text = "second" }"#;
    let (folder, outcome) = play(two);
    assert_eq!((outcome.dones(), outcome.done().text.as_str()), (1, "second"));
    let mut spec = rehearse(folder.path(), two);
    spec.agent.env.insert("CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS".to_owned(), "0".to_owned());
    let outcome = drive(spec, |_| Act::Nothing);
    assert_eq!(outcome.done().text, "second", "without a word about its state, the last result counts");
}

#[test]
fn an_end_without_a_result_is_no_success() {
    let (_folder, outcome) = play(r#"{ do = "say", text = "I am" }, { do = "die", code = 0 }"#);
    assert_eq!(outcome.exit, Exit::Code(0));
    assert_eq!(outcome.done(), &AgentResult { ok: false, text: "ended without a result: exit code 0".to_owned() });
    assert!(outcome.spent().unpriced);
    let (_folder, outcome) = play(r#"{ do = "abort" }"#);
    assert_eq!(outcome.exit, Exit::Signal(6));
    let folder = TempDir::new().unwrap();
    let outcome = drive(rehearse(folder.path(), r#"{ do = "edti" }"#), |_| Act::Nothing);
    assert!(outcome.done().text.contains("edti"), "{:?}", outcome.done());
}

#[test]
fn it_stops_when_asked_and_by_signals_as_the_real_one_does() {
    let waiting = r#"{ do = "say", text = "waiting" }, { do = "wait_for", file = "never" }"#;
    let on_word = |act: fn() -> Act| {
        move |report: &AgentReport| match report {
            AgentReport::Log(_) => act(),
            _ => Act::Nothing,
        }
    };
    let folder = TempDir::new().unwrap();
    let outcome = drive(rehearse(folder.path(), waiting), on_word(|| Act::Ask));
    assert!(outcome.done().text.starts_with("stopped when asked"), "{:?}", outcome.done());
    let outcome = drive(rehearse(folder.path(), waiting), on_word(|| Act::Send(Signal::SIGINT)));
    assert_eq!((outcome.exit, outcome.done().ok), (Exit::Code(0), false));
    let outcome = drive(rehearse(folder.path(), waiting), on_word(|| Act::Send(Signal::SIGTERM)));
    assert_eq!((outcome.exit, outcome.done().ok), (Exit::Code(143), false));
    let silent = r#"{ do = "ignore_signals" }, { do = "say", text = "deaf" }, { do = "silent" }"#;
    let mut asked = 0;
    let outcome = drive(rehearse(folder.path(), silent), |report| match report {
        AgentReport::Log(_) => {
            asked += 1;
            Act::Send(Signal::SIGKILL)
        }
        _ => Act::Nothing,
    });
    assert_eq!((outcome.exit, asked), (Exit::Signal(9), 1));
}

#[test]
fn ignored_signals_do_not_end_it() {
    let folder = TempDir::new().unwrap();
    let steps = r#"{ do = "ignore_signals" }, { do = "say", text = "deaf" }, { do = "wait_for", file = "go" }"#;
    let go = folder.path().join("go");
    let outcome = drive(rehearse(folder.path(), steps), |report| match report {
        AgentReport::Log(_) => {
            std::fs::write(&go, "").unwrap();
            Act::Send(Signal::SIGTERM)
        }
        _ => Act::Nothing,
    });
    assert_eq!((outcome.exit, outcome.done().ok), (Exit::Code(0), true));
}

#[test]
fn a_daemon_outlives_it_in_a_session_of_its_own() {
    let folder = TempDir::new().unwrap();
    let steps =
        r#"{ do = "daemon", file = "pid" }, { do = "touch", file = "left" }, { do = "wait_for", file = "seen" }"#;
    let spec = rehearse(folder.path(), steps);
    let root = folder.path().to_path_buf();
    let watcher = std::thread::spawn(move || {
        while !root.join("left").exists() {
            std::thread::yield_now();
        }
        let pid: i32 = std::fs::read_to_string(root.join("pid")).unwrap().parse().unwrap();
        let pid = Pid::from_raw(pid);
        assert_eq!(nix::unistd::getsid(Some(pid)), Ok(pid), "it leads a session");
        // It keeps the output open: without its end, the reader of the output would wait for ever.
        kill(pid, Signal::SIGKILL).unwrap();
        std::fs::write(root.join("seen"), "").unwrap();
    });
    let outcome = drive(spec, |_| Act::Nothing);
    watcher.join().unwrap();
    assert!(outcome.done().ok);
}

/// What a field of a frame is: its path and the kind of its value.
type Shape = BTreeSet<(String, &'static str)>;

fn shape(path: &str, value: &Value, shape_of: &mut Shape) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    shape_of.insert((path.to_owned(), kind));
    match value {
        Value::Array(items) => items.iter().for_each(|item| shape(&format!("{path}[]"), item, shape_of)),
        Value::Object(fields) => {
            for (name, field) in fields {
                // What a tool is given is the tool's affair, and models are named by name.
                if name == "input" || name == "tool_input" {
                    continue;
                }
                let is_of_models = path == ".modelUsage" || path.ends_with(".model_usage");
                let name = if is_of_models { "*" } else { name };
                shape(&format!("{path}.{name}"), field, shape_of);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The shapes of all frames in some output, by type and subtype.
fn shapes(output: &[u8], into: &mut BTreeMap<String, Shape>) {
    for line in output.split(|byte| *byte == b'\n').filter(|line| line.first() == Some(&b'{')) {
        let frame: Value = serde_json::from_slice(line).unwrap();
        let part = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
        let outer = format!("{} {}", part("type"), part("subtype"));
        shape("", &frame, into.entry(outer).or_default());
    }
}

fn recorded() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frames"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap()))
        .collect()
}

#[test]
fn it_speaks_like_the_real_one() {
    let mut real = BTreeMap::new();
    for (_, frames) in recorded() {
        shapes(&frames, &mut real);
    }
    let mut ours = BTreeMap::new();
    for steps in [
        r#"{ do = "say", text = "x" }, { do = "read", file = "script.toml" }, { do = "run", command = "false" },
           { do = "ask", tool = "Bash", input = { command = "rm x" } }, { do = "api_retry", status = 429, delay_ms = 5 },
           { do = "task_start", id = "t" }, { do = "task_end", id = "t" }, { do = "usage", cost = 0.1, input = 5 },
           { do = "say", text = "y" }"#,
        r#"{ do = "api_error", status = 429, message = "no" }"#,
        r#"{ do = "result_error", subtype = "error_max_budget_usd", text = "over" }"#,
    ] {
        shapes(&play(steps).1.output, &mut ours);
    }
    let folder = TempDir::new().unwrap();
    let waiting = rehearse(folder.path(), r#"{ do = "say", text = "x" }, { do = "wait_for", file = "never" }"#);
    let stopped = drive(waiting, |report| match report {
        AgentReport::Log(_) => Act::Ask,
        _ => Act::Nothing,
    });
    shapes(&stopped.output, &mut ours);
    for (kind, shape) in &ours {
        let known = real.get(kind).unwrap_or_else(|| panic!("the real one has no frame {kind:?}"));
        let strange: Vec<_> = shape.difference(known).collect();
        assert!(strange.is_empty(), "in {kind:?} the real one has no {strange:?}");
    }
    assert!(ours.len() >= 12, "{:?}", ours.keys());
}

#[test]
fn recorded_frames_are_understood() {
    let folder = TempDir::new().unwrap();
    let mut seen = BTreeMap::new();
    for (name, frames) in recorded() {
        let mut spec = rehearse(folder.path(), "");
        spec.workspace = "/project".into();
        spec.scope.workspace = "/project".into();
        let mut run = ClaudeRun::new(spec);
        let mut reports = Vec::new();
        let mut writes = 0;
        for chunk in frames.chunks(7) {
            for step in run.feed(chunk, NOW) {
                match step {
                    Step::Report(report) => reports.push(report),
                    Step::Write(_) => writes += 1,
                    Step::CloseInput => {}
                }
            }
        }
        reports.extend(run.finish(Exit::Code(0), ""));
        let outcome = Outcome { reports, output: Vec::new(), stderr: String::new(), exit: Exit::Code(0) };
        let log = outcome.log();
        assert!(!log.iter().any(|line| line.starts_with("output ")), "{name}: {log:?}");
        seen.insert(
            name,
            (outcome.done().ok, outcome.troubles().len(), outcome.refused().len(), outcome.asked().len(), writes),
        );
    }
    let expected = [
        // The last counts a question about usage that the recording has no answer to, under an id of its own.
        ("background", (true, 0, 0, 0, 1)),
        ("budget", (false, 1, 0, 0, 1)),
        ("edit", (true, 0, 0, 0, 2)),
        ("interrupted", (false, 0, 0, 0, 1)),
        ("login", (false, 1, 0, 0, 0)),
        ("overloaded", (true, 1, 0, 0, 1)),
        ("rate-limit", (true, 1, 0, 0, 1)),
        ("rate-limit-long", (false, 1, 0, 0, 1)),
        ("refused", (true, 0, 1, 4, 2)),
    ];
    assert_eq!(seen, expected.map(|(name, facts)| (name.to_owned(), facts)).into());
}
