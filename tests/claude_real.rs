//! The real Claude CLI against a Messages API of our own: what is believed about it is held to what it does.
//!
//! Runs only when `ORCHESTRATOR_TEST_CLAUDE` names the program (`claude`, or a path). With
//! `ORCHESTRATOR_RECORD_FRAMES=1` it also writes what it saw, trimmed and without anything of this machine, to
//! `tests/frames`, where other tests hold the parser and the rehearsal agent to it.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop here")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test sets its own deadline, and is told by its environment what to run"
)]

#[path = "support/drive.rs"]
mod drive;
#[allow(dead_code, reason = "other tests need the rest")]
#[path = "support/messages_api.rs"]
mod messages_api;
#[path = "support/record.rs"]
mod record;

use std::path::{Path, PathBuf};

use drive::{Act, NOW, Outcome, drive, spec};
use messages_api::{MessagesApi, Reply};
use nix::sys::signal::Signal;
use orchestrator_tui::edge::agent::claude::RunSpec;
use orchestrator_tui::model::agent::{AgentReport, Trouble};
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::question::{About, Reply as Said};
use orchestrator_tui::model::session::Exit;
use serde_json::json;
use tempfile::TempDir;

/// The program under test, if there is one.
fn claude() -> Option<PathBuf> {
    let program = std::env::var_os("ORCHESTRATOR_TEST_CLAUDE").map(PathBuf::from);
    if program.is_none() {
        eprintln!("skipped: ORCHESTRATOR_TEST_CLAUDE does not name a claude program");
    }
    program
}

/// A folder to work in, a configuration of its own, and the API.
struct Stage {
    program: PathBuf,
    folder: TempDir,
    config: TempDir,
    api: MessagesApi,
}

impl Stage {
    fn new(steps: Vec<Reply>) -> Option<Self> {
        let program = claude()?;
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("sum.txt"), "1 + 1 = 3\n").unwrap();
        let api = MessagesApi::start([("MEND-IT", steps)]).unwrap();
        Some(Self { program, folder, config: TempDir::new().unwrap(), api })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn spec(&self) -> RunSpec {
        let config = self.config.path().to_str().unwrap().to_owned();
        let env = [
            ("ANTHROPIC_BASE_URL", self.api.url()),
            ("ANTHROPIC_API_KEY", "sk-ant-for-no-service".to_owned()),
            ("CLAUDE_CONFIG_DIR", config.clone()),
            ("HOME", config),
            ("DISABLE_TELEMETRY", "1".to_owned()),
            ("DISABLE_AUTOUPDATER", "1".to_owned()),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".to_owned()),
        ];
        spec(&self.program, &[], self.path(), "MEND-IT, please", &env)
    }

    fn run(&self, name: &str, react: impl FnMut(&AgentReport) -> Act) -> Outcome {
        self.run_spec(name, self.spec(), react)
    }

    fn run_spec(&self, name: &str, spec: RunSpec, react: impl FnMut(&AgentReport) -> Act) -> Outcome {
        let outcome = drive(spec, react);
        if std::env::var_os("ORCHESTRATOR_RECORD_FRAMES").is_some() {
            let hidden = [(self.path(), "/project"), (self.config.path(), "/config")];
            record::record(name, &outcome.output, &hidden);
        }
        outcome
    }
}

fn edit() -> [Reply; 2] {
    [
        Reply::Tool("Read", json!({ "file_path": "@CWD@/sum.txt" })),
        Reply::Tool("Edit", json!({ "file_path": "@CWD@/sum.txt", "old_string": "= 3", "new_string": "= 2" })),
    ]
}

#[test]
fn an_edit_is_made_told_and_paid_for() {
    let mut steps = edit().to_vec();
    steps.push(Reply::Tool("Bash", json!({ "command": "cat sum.txt && exit 3", "description": "look" })));
    steps.push(Reply::text("The sum was wrong. I made it right."));
    let Some(stage) = Stage::new(steps) else { return };
    let outcome = stage.run("edit", |_| Act::Nothing);
    assert_eq!(std::fs::read_to_string(stage.path().join("sum.txt")).unwrap(), "1 + 1 = 2\n");
    assert!(outcome.done().ok, "{:?}", outcome.done());
    assert_eq!(outcome.done().text, "The sum was wrong. I made it right.");
    assert_eq!(outcome.exit, Exit::Code(0));
    let ready = outcome.reports.iter().find_map(|report| match report {
        AgentReport::Ready { conversation, model } => Some((conversation.as_str(), model.as_str())),
        _ => None,
    });
    let (conversation, model) = ready.expect("it says that it is up");
    assert_eq!(conversation, "5e55101d-0000-4000-8000-000000000001");
    assert!(model.contains("claude"), "{model}");
    let log = outcome.log();
    assert!(log.contains(&"Edit sum.txt".to_owned()), "{log:?}");
    assert!(log.contains(&"Claude The sum was wrong. I made it right.".to_owned()), "{log:?}");
    assert_eq!(stage.api.requests(), 4);
    let spent = outcome.spent();
    assert_eq!((spent.tokens_in, spent.tokens_out), (4 * messages_api::TOKENS.0, 4 * messages_api::TOKENS.1));
    assert!(!spent.unpriced && spent.usd > Usd(0), "{spent:?}");
}

#[test]
fn what_policy_forbids_is_refused_and_the_run_goes_on() {
    let question = json!({ "questions": [{ "question": "Which?", "header": "H", "multiSelect": false, "options": [
        { "label": "A", "description": "a" }, { "label": "B", "description": "b" }] }] });
    let Some(stage) = Stage::new(vec![
        Reply::Tool("Bash", json!({ "command": "curl http://127.0.0.1:1/", "description": "fetch" })),
        Reply::Tool("Bash", json!({ "command": "sh check.sh && git -C . status", "description": "check" })),
        Reply::Tool("AskUserQuestion", question),
        Reply::Tool("Write", json!({ "file_path": "@CWD@/.claude/settings.json", "content": "{}" })),
        Reply::Tool("Read", json!({ "file_path": "/etc/hostname" })),
        Reply::text("I could not."),
    ]) else {
        return;
    };
    std::fs::write(stage.path().join("check.sh"), "touch was-run\n").unwrap();
    let mut spec = stage.spec();
    spec.scope.commands = vec!["sh check.sh".to_owned()];
    let outcome = stage.run_spec("refused", spec, |_| Act::Nothing);
    assert!(outcome.done().ok, "{:?}", outcome.done());
    let asked = outcome.asked();
    assert_eq!(asked[..2], ["Bash curl http://127.0.0.1:1/", "Which?"]);
    assert!(asked.len() == 3 && asked[2].starts_with("Read ") && asked[2].contains("/etc/hostname"), "{asked:?}");
    assert_eq!(outcome.refused(), ["Write .claude/settings.json"]);
    assert!(stage.path().join("was-run").exists(), "the check's own command may be run");
    assert!(!stage.path().join(".claude").exists());
    let log = outcome.log().join("\n");
    assert!(log.contains("error Nobody is here. You may read and edit"), "{log}");
    assert!(log.contains("error Refused: .claude is protected"), "{log}");
}

#[test]
fn what_a_person_says_reaches_the_model() {
    let questions = json!({ "questions": [
        { "question": "Which way?", "header": "Way", "multiSelect": false, "options": [
            { "label": "left", "description": "a" }, { "label": "right", "description": "b" }] },
        { "question": "Run what?", "header": "Run", "multiSelect": true, "options": [
            { "label": "unit", "description": "" }, { "label": "lint", "description": "" }] }] });
    let Some(stage) = Stage::new(vec![
        Reply::Tool("Bash", json!({ "command": "install -m 600 /dev/null allowed", "description": "touch" })),
        Reply::Tool("Bash", json!({ "command": "install -m 600 /dev/null denied", "description": "touch" })),
        Reply::Tool("AskUserQuestion", questions),
        Reply::text("I see."),
    ]) else {
        return;
    };
    let outcome = stage.run("answered", |report| {
        let AgentReport::Asks(ask) = report else { return Act::Nothing };
        Act::Answer(match &ask.about {
            About::Permission { wants, .. } if wants == "install -m 600 /dev/null allowed" => Said::Allow,
            About::Permission { .. } | About::Plan { .. } => Said::Deny { why: "Not that one.".to_owned() },
            About::Choice { .. } => {
                Said::Choose { answers: vec![vec!["up".to_owned()], vec!["unit".to_owned(), "lint".to_owned()]] }
            }
        })
    });
    assert!(outcome.done().ok, "{:?}", outcome.done());
    assert_eq!(
        outcome.asked(),
        ["Bash install -m 600 /dev/null allowed", "Bash install -m 600 /dev/null denied", "Which way?"]
    );
    assert!(stage.path().join("allowed").exists() && !stage.path().join("denied").exists());
    let heard = stage.api.heard();
    for words in ["Not that one.", "Which way?", "up", "unit, lint"] {
        assert!(heard.contains(words), "the model never read {words:?}:\n{heard}");
    }
}

#[test]
fn a_rate_limit_is_trouble_with_a_time() {
    let headers = vec![("retry-after", "1".to_owned())];
    let refusal = Reply::Error { status: 429, times: 1, headers, message: "slow down" };
    let Some(stage) = Stage::new(vec![refusal, Reply::text("Done.")]) else { return };
    let outcome = stage.run("rate-limit", |_| Act::Nothing);
    let troubles = outcome.troubles();
    let [Trouble::RateLimit { until: Some(until) }] = troubles[..] else { panic!("{troubles:?}") };
    assert!((1_000..2_000).contains(&(until.0 - NOW.0)), "{until:?}");
    assert!(outcome.done().ok);
}

#[test]
fn a_rate_limit_for_long_ends_the_run() {
    let headers = vec![("retry-after", "3600".to_owned())];
    let refusal = Reply::Error { status: 429, times: 99, headers, message: "come back later" };
    let Some(stage) = Stage::new(vec![refusal]) else { return };
    let outcome = stage.run("rate-limit-long", |_| Act::Nothing);
    assert_eq!(outcome.troubles(), [&Trouble::RateLimit { until: None }]);
    assert!(!outcome.done().ok);
    assert_eq!(outcome.spent(), Spent::default(), "nothing was used, and that is known");
}

#[test]
fn a_wrong_key_is_known_at_the_first_refusal() {
    let Some(stage) = Stage::new(vec![Reply::error(401, 99)]) else { return };
    let outcome = stage.run("login", |report| match report {
        AgentReport::Trouble(Trouble::Login { .. }) => Act::Send(Signal::SIGTERM),
        _ => Act::Nothing,
    });
    assert!(matches!(outcome.troubles()[..], [Trouble::Login { .. }]), "{:?}", outcome.troubles());
    assert!(!outcome.done().ok);
    assert_eq!(outcome.exit, Exit::Code(143));
    assert!(outcome.spent().unpriced, "ended in the middle: nobody knows the price");
}

#[test]
fn a_busy_service_is_waited_for() {
    let Some(stage) = Stage::new(vec![Reply::error(529, 1), Reply::text("Done.")]) else { return };
    let outcome = stage.run("overloaded", |_| Act::Nothing);
    assert_eq!(outcome.troubles(), [&Trouble::Overloaded]);
    assert!(outcome.done().ok);
}

#[test]
fn it_stops_when_asked() {
    let Some(stage) = Stage::new(vec![edit()[0].clone(), Reply::Hang]) else { return };
    let outcome = stage.run("interrupted", |report| match report {
        AgentReport::Log(lines) if lines.iter().any(|line| line.label == "Read") => Act::Ask,
        _ => Act::Nothing,
    });
    assert!(!outcome.done().ok);
    assert!(outcome.done().text.starts_with("stopped when asked"), "{:?}", outcome.done());
    assert!(matches!(outcome.exit, Exit::Code(_)), "{:?}", outcome.exit);
}

#[test]
fn the_budget_ends_it() {
    let Some(stage) = Stage::new([edit().to_vec(), edit().to_vec(), vec![Reply::text("Done.")]].concat()) else {
        return;
    };
    let mut spec = stage.spec();
    spec.budget = Some(Usd(100));
    let outcome = stage.run_spec("budget", spec, |_| Act::Nothing);
    assert_eq!(outcome.troubles(), [&Trouble::Budget]);
    assert!(!outcome.done().ok);
    assert!(outcome.spent().usd >= Usd(100) && !outcome.spent().unpriced, "{:?}", outcome.spent());
}

#[test]
fn background_work_brings_a_second_result_which_is_waited_for() {
    let Some(stage) = Stage::new(vec![
        Reply::Tool("Bash", json!({ "command": "cat sum.txt", "description": "slow", "run_in_background": true })),
        Reply::text("I wait for it."),
        Reply::text("It has ended."),
    ]) else {
        return;
    };
    let outcome = stage.run("background", |_| Act::Nothing);
    assert!(outcome.done().ok);
    assert_eq!(outcome.dones(), 1, "however many results there were");
    assert_eq!(outcome.done().text, "It has ended.");
    assert_eq!(outcome.exit, Exit::Code(0));
}

#[test]
fn a_resumed_conversation_costs_what_it_adds() {
    let Some(stage) = Stage::new(vec![Reply::text("Once.")]) else { return };
    let first = drive(stage.spec(), |_| Act::Nothing);
    let mut spec = stage.spec();
    spec.resume = true;
    // Less than both together, more than one: the budget is that of this process.
    spec.budget = Some(Usd(first.spent().usd.0 * 3 / 2));
    let second = drive(spec, |_| Act::Nothing);
    assert!(second.done().ok, "{:?} {}", second.done(), second.stderr);
    assert_eq!(second.spent().usd, first.spent().usd);
}
