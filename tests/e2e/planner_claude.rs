//! The real Claude CLI as planner, in its own terminal program, against a Messages API of our own.
//!
//! Runs only when `ORCHESTRATOR_TEST_CLAUDE` names the program; says so otherwise.

use std::fs;
use std::path::Path;

use orchestrator_tui::edge::session::{Output, Place, Session, SessionOutput};
use orchestrator_tui::model::id::SessionId;
use serde_json::{Value, json};

use nix::sys::signal::Signal;

use crate::messages_api::{MessagesApi, Reply, TOKENS};
use crate::planner::{planner_call, until_green, wait_for_planner};
use crate::questions::answering;
use crate::real_claude::{Claude, MARK, fix, told};
use crate::site::{Site, until};
use crate::terminal::Terminal;

/// What every question to the planner contains, and no prompt of a fixer.
const ASKED: &str = "[orchestrator-tui plan ";

/// What the planner says, and by which the API knows a fixer that was told so.
const STRATEGY: &str = "TURN THE WORD ROUND";

/// A project in which a word is wrong, with a planner that is answered like that. A fixer that knows the strategy mends it
/// in one way, another in another.
fn site(planner: Vec<Reply>, wait: &str, env: &str, trusted: bool) -> Option<(Site, Claude)> {
    let check = "grep -q right word.txt || { echo 'word.txt:1:1: error: wrong word'; exit 1; }";
    let config = format!("[[check]]\nname = \"{MARK}\"\nrun = {check:?}\n");
    let site = Site::new(&[("word.txt", "wrong\n"), ("orchestrator.toml", &config)]);
    let scenarios = vec![
        (ASKED, planner),
        (STRATEGY, fix("word.txt", "wrong", "right, as planned")),
        (MARK, fix("word.txt", "wrong", "right, without a plan")),
    ];
    let more = format!("planner = \"always\"\nplan_wait = \"{wait}\"\n");
    let claude = Claude::with(&site, scenarios, &more, env)?;
    let mut state = json!({
        "hasCompletedOnboarding": true,
        "customApiKeyResponses": { "approved": ["k-ant-for-no-service"], "rejected": [] },
        "projects": {},
    });
    if trusted {
        let project = fs::canonicalize(&site.project).expect("a folder");
        state["projects"][project.display().to_string()] = json!({ "hasTrustDialogAccepted": true });
    }
    fs::write(claude.config.join(".claude.json"), state.to_string()).expect("written");
    Some((site, claude))
}

fn ends_green(site: &Site, word: &str) -> Value {
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("word.txt"), format!("{word}\n"), "{}", said.out);
    assert_eq!(site.git(&["status", "--porcelain"]), " M word.txt\n");
    site.task(1)
}

#[test]
fn its_last_message_reaches_the_fixer() {
    let look = Reply::Tool("Read", json!({ "file_path": "@CWD@/word.txt" }));
    let answer = Reply::text(&format!("{STRATEGY}\n1. in word.txt"));
    let Some((site, claude)) = site(vec![look, answer], "60s", "", true) else { return };
    let story = ends_green(&site, "right, as planned");
    assert_eq!(story["plan"]["strategy"], format!("{STRATEGY}\n1. in word.txt"));
    assert_eq!(claude.api.requests(), 5, "two of the planner, three of the fixer");
    assert!(!site.project.join(".claude").exists());
}

#[test]
fn after_a_sleep_it_remembers_what_was_asked_before() {
    let Some((site, claude)) = site(vec![Reply::text(STRATEGY)], "60s\"\nplanner_sleep = \"1s", "", true) else {
        return;
    };
    site.write("word.txt", "right\n");
    let mut running = site.start(&[]);
    until_green(&site);
    site.write("word.txt", "wrong\n");
    let first = wait_for_planner(&site, "--session-id");
    running.wait_kind("landed");
    // Confirmed as well: what is saved before that belongs to the landing.
    until("its end", || site.task(1)["state"] == "done");
    until("its sleep", || planner_call(&site).is_none());
    site.write("word.txt", "wrong again\n");
    assert_eq!(wait_for_planner(&site, "--resume"), first);
    running.wait_kind("landed");
    assert_eq!(site.task(2)["plan"]["strategy"], STRATEGY);
    assert_eq!(running.stop(), 0);
    let kept = conversation(&claude.config.join("projects"), &first).expect("the CLI keeps it");
    let asked =
        |name: &str| kept.lines().filter(|line| line.contains("\"type\":\"user\"") && line.contains(name)).count();
    assert_eq!(asked(ASKED), 2, "both questions in one conversation");
}

/// What the CLI keeps of a conversation.
fn conversation(projects: &Path, id: &str) -> Option<String> {
    let folders = fs::read_dir(projects).ok()?.flatten();
    let mut files = folders.map(|folder| folder.path().join(format!("{id}.jsonl")));
    files.find_map(|file| fs::read_to_string(file).ok())
}

#[test]
fn the_plan_that_it_wants_to_carry_out_is_the_strategy() {
    let write = Reply::Tool("Write", json!({ "file_path": "@PLAN@", "content": format!("1. {STRATEGY}\n") }));
    let exit = Reply::Tool("ExitPlanMode", json!({}));
    let Some((site, _claude)) = site(vec![write, exit, Reply::text("Handed on.")], "60s", "", true) else { return };
    let story = ends_green(&site, "right, as planned");
    assert!(story["plan"]["strategy"].as_str().is_some_and(|text| text.contains(STRATEGY)), "{story:#}");
}

#[test]
fn a_project_that_it_does_not_trust_yet_is_fixed_without_it() {
    let Some((site, claude)) = site(vec![Reply::text(STRATEGY)], "4s", "", false) else { return };
    let story = ends_green(&site, "right, without a plan");
    let why = story["plan"]["why_none"].as_str().unwrap_or_default();
    assert!(why.contains("its terminal may show a dialog, such as that for trust"), "{why}");
    assert_eq!(claude.api.requests(), 3, "nobody asked the planner");
}

#[test]
fn a_service_that_refuses_it_is_said() {
    let env = "CLAUDE_CODE_MAX_RETRIES = \"1\"";
    let Some((site, _claude)) = site(vec![Reply::error(500, 99)], "60s", env, true) else { return };
    let story = ends_green(&site, "right, without a plan");
    let why = story["plan"]["why_none"].as_str().unwrap_or_default();
    assert!(why.starts_with("the service refused: server_error"), "{why}");
}

#[test]
fn a_tool_that_needs_a_yes_is_refused_in_its_turn_and_it_goes_on() {
    let ask = Reply::Tool("Bash", json!({ "command": "touch made-by-the-planner", "description": "look" }));
    let Some((site, _claude)) = site(vec![ask, Reply::text(STRATEGY)], "60s", "", true) else { return };
    let story = ends_green(&site, "right, as planned");
    assert_eq!(story["plan"]["strategy"], STRATEGY);
}

#[test]
fn a_commit_stops_it_and_the_user_is_told() {
    let commit = Reply::Tool("Bash", json!({ "command": "git -C . commit -qam mine", "description": "go on" }));
    let Some((site, claude)) = site(vec![commit, Reply::text(STRATEGY)], "60s", "", true) else { return };
    let (git, tree) = (site.hashes(".git"), site.hashes("."));
    let end = site.until_idle();
    assert_eq!(end.code, 1, "{end:?}");
    assert!(end.out.contains("guard.git") && end.out.contains("planner: Bash git -C . commit"), "{end:?}");
    assert_eq!(claude.api.requests(), 1, "not one model call after it");
    assert_eq!((git, tree), (site.hashes(".git"), site.hashes(".")), "the user's repository changed");
    assert_eq!(site.task(1)["state"], "held");
    assert_eq!(site.processes(), Vec::<String>::new());
}

#[test]
fn an_edit_is_refused_and_it_plans_on() {
    let edit = Reply::Tool("Bash", json!({ "command": "echo right > word.txt", "description": "mend" }));
    let Some((site, _claude)) = site(vec![edit, Reply::text(STRATEGY)], "60s", "", true) else { return };
    ends_green(&site, "right, as planned");
}

/// What asks a person, and what then follows.
fn asks() -> Vec<Reply> {
    let choice = json!({ "questions": [{ "question": "Which word is right?", "header": "Word", "multiSelect": false,
        "options": [{ "label": "right", "description": "as ever" }, { "label": "left", "description": "" }] }] });
    let version = json!({ "command": "curl --version", "description": "look" });
    vec![Reply::Tool("AskUserQuestion", choice), Reply::Tool("Bash", version), Reply::text(STRATEGY)]
}

/// Lets agents wait for a person although nobody looks.
fn attended(site: &Site) {
    let config = format!("[questions]\nunattended = \"wait\"\n{}", site.read("orchestrator.toml"));
    site.write("orchestrator.toml", &config);
}

#[test]
fn its_dialogs_are_questions_of_the_inbox() {
    let Some((site, claude)) = site(asks(), "5s", "", true) else { return };
    attended(&site);
    let mut running = site.start(&["--until-idle"]);
    running.wait_kind("questioned");
    let open = site.json(&["questions"]);
    assert_eq!(open[0]["ask"]["about"]["parts"][0]["options"][1]["label"], "left", "{open:#}");
    assert_eq!(site.run(&["answer", "1", "2"]).code, 0);
    running.wait_kind("questioned");
    let heard = claude.api.heard();
    assert!(told(&heard).contains("\"Which word is right?\"=\"left\""), "{heard}");
    let open = site.json(&["questions"]);
    assert_eq!(open[0]["ask"]["about"]["wants"], "curl --version", "{open:#}");
    assert_eq!(site.run(&["answer", "2", "allow"]).code, 0);
    let planned = running.wait_kind("planned");
    assert_eq!(planned["plan"]["advice"]["strategy"], STRATEGY, "{planned:#}");
    assert_eq!(running.end_with_facts().0, 0);
}

#[test]
fn whoever_sits_at_its_terminal_answers_there() {
    let steps = vec![asks().remove(0), Reply::text(STRATEGY)];
    let Some((site, _claude)) = site(steps, "30s", "", true) else { return };
    attended(&site);
    let mut running = site.start(&["--until-idle"]);
    let question = running.wait_kind("questioned");
    let session = question["question"]["session"].as_u64().expect("a number");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (person, mut output) = runtime.block_on(Session::attach(planner_place(&site, session), 0));
    // While somebody types the CLI keeps a dialog back.
    runtime.block_on(drawn(&mut output, &["Which", "ever", "left"]));
    // The first option closes the dialog that is a question here as well; a key before the dialog takes keys is lost.
    until("the dialog", || {
        runtime.block_on(person.write(b"1")).expect("it runs");
        site.run(&["logs"]).out.contains("question 1 is closed: answered in its terminal")
    });
    let planned = running.wait_kind("planned");
    assert_eq!(planned["plan"]["advice"]["strategy"], STRATEGY, "{planned:#}");
    assert!(site.run(&["answer", "1", "1"]).err.contains("answered in its terminal"));
    assert_eq!(running.end_with_facts().0, 0);
}

/// A project with both roles: the planner gives its strategy, and the fixer that knows it asks which fruits, and for a
/// permission, and mends the word with what it was told.
fn both() -> Option<(Site, Claude)> {
    let (site, _) = site(vec![Reply::text(STRATEGY)], "60s", "", true)?;
    let option = |label: &str| json!({ "label": label, "description": "" });
    let which = json!({ "questions": [{ "question": "Which fruits?", "header": "Fruits", "multiSelect": true,
        "options": [option("apple"), option("plum"), option("pear")] }] });
    let may = json!({ "command": "install -m 600 /dev/null asked-for", "description": "make a file" });
    let mut fixer = vec![Reply::Tool("AskUserQuestion", which), Reply::Tool("Bash", may)];
    fixer.extend(fix("word.txt", "wrong", "right, as planned"));
    let api = MessagesApi::start([(ASKED, vec![Reply::text(STRATEGY)]), (STRATEGY, fixer)]).expect("a free port");
    let config = site.outside("claude-config");
    let user = fs::read_to_string(site.outside("user.toml")).expect("readable");
    let (before, rest) = user.split_once("ANTHROPIC_BASE_URL = ").expect("it is set");
    let rest = rest.split_once('\n').expect("more lines").1;
    let user = format!("{before}ANTHROPIC_BASE_URL = {:?}\n{rest}", api.url());
    fs::write(site.outside("user.toml"), user).expect("written");
    site.write("orchestrator.toml", &format!("{}[fix]\nafter = \"0s\"\n", site.read("orchestrator.toml")));
    Some((site, Claude { api, config }))
}

/// Both roles did their part, and the model was told what was chosen, and that it may.
fn both_are_done(site: &Site, claude: &Claude) {
    assert_eq!(site.read("word.txt"), "right, as planned\n");
    let told = told(&claude.api.heard());
    assert!(told.contains("\"Which fruits?\"=\"plum, pear\""), "{told}");
    assert!(site.project.join("asked-for").exists(), "what was allowed was done, and landed");
    let story = site.task(1);
    assert_eq!(story["plan"]["strategy"], STRATEGY, "{story:#}");
    let log = site.run(&["logs"]).out;
    assert!(log.contains("question 1: plum, pear") && log.contains("question 2: allowed once"), "{log}");
}

#[test]
fn both_roles_work_and_are_answered_on_the_command_line() {
    let Some((site, claude)) = both() else { return };
    attended(&site);
    let mut running = site.start(&["--until-idle"]);
    running.wait_kind("planned");
    running.wait_kind("questioned");
    let open = site.json(&["questions"]);
    assert_eq!((&open[0]["agent"], &open[0]["kind"]), (&json!("claude"), &json!("question")), "{open:#}");
    let stamp = open[0]["stamp"].as_str().expect("a stamp");
    let other = site.run(&["answer", "1@ffffff0", "1"]);
    assert!(other.code == 1 && other.err.contains("not the one that was shown"), "{other:?}");
    assert_eq!(site.run(&["answer", &format!("1@{stamp}"), "2,3"]).code, 0);
    running.wait_kind("questioned");
    let stamp = site.json(&["questions"])[0]["stamp"].as_str().expect("a stamp").to_owned();
    assert_eq!(site.run(&["answer", "--stamp", &stamp, "2", "allow"]).code, 0);
    let (code, facts) = running.end_with_facts();
    assert_eq!(code, 0, "{facts:#?}");
    both_are_done(&site, &claude);
}

#[test]
fn both_roles_work_and_are_answered_by_keys() {
    let Some((site, claude)) = both() else { return };
    site.write("word.txt", "right\n");
    let mut terminal = Terminal::start(&site, &["run", "--trust", "--land", "auto"], (120, 36));
    terminal.wait_text("all green");
    site.write("word.txt", "wrong\n");
    terminal.wait_text("Which fruits?");
    answering(&mut terminal, "something else");
    terminal.keys("2");
    terminal.keys("3");
    terminal.keys("\r");
    terminal.wait_text("wants to run: install");
    answering(&mut terminal, "allow once");
    terminal.keys("y");
    terminal.wait("the landing", |screen| screen.contains("DONE") && screen.contains("all green"));
    both_are_done(&site, &claude);
    terminal.keys("q");
    let (code, last) = terminal.end();
    assert_eq!(code, 0, "{last}");
}

#[test]
fn a_turn_that_an_end_cuts_off_is_paid() {
    // The first call of the model is over, the second never is; then the supervisor is stopped, or killed.
    for killed in [false, true] {
        let look = Reply::Tool("Read", json!({ "file_path": "@CWD@/word.txt" }));
        let Some((site, claude)) = site(vec![look, Reply::Hang], "60s", "", true) else { return };
        site.write("word.txt", "right\n");
        let mut running = site.start(&[]);
        until_green(&site);
        site.write("word.txt", "wrong\n");
        until("its second call", || claude.api.requests() == 2);
        let paid = |site: &Site| site.json(&["costs"])["today"]["planner"].clone();
        if killed {
            running.signal(Signal::SIGKILL);
            running.end();
            running = site.start(&["--checks-only"]);
            running.wait_kind("ran");
        }
        running.stop();
        let all = paid(&site);
        let tokens = all["tokens_in"].as_u64().unwrap_or_default() + all["tokens_out"].as_u64().unwrap_or_default();
        assert_eq!(tokens, TOKENS.0 + TOKENS.1, "killed: {killed}: {all:#}");
        let usd = all["cost_usd"].as_f64().unwrap_or_default();
        assert!(usd > 0.0 || all["unpriced"] == true, "killed: {killed}: {all:#}");
        let story = site.task(1);
        assert_eq!(story["tokens"], tokens, "for its task: {story:#}");
        // Once.
        let mut again = site.start(&["--checks-only"]);
        again.wait_kind("ran");
        again.stop();
        assert_eq!(paid(&site), all);
    }
}

/// Waits until one of these words was drawn.
async fn drawn(output: &mut Output, words: &[&str]) {
    let mut all = Vec::new();
    while let Some(SessionOutput::Bytes { bytes, .. }) = output.recv().await {
        all.extend(bytes);
        let text = String::from_utf8_lossy(&all);
        if words.iter().any(|word| text.contains(word)) {
            return;
        }
    }
    panic!("the session ended before any of {words:?} was drawn");
}

/// Where the planner's session is.
fn planner_place(site: &Site, session: u64) -> Place {
    let folders = fs::read_dir(site.state()).expect("a state folder").flatten();
    let logs =
        folders.map(|folder| folder.path().join("sessions")).find(|logs| logs.join(format!("{session}.out")).exists());
    let logs = logs.expect("its log");
    let socket = logs.with_file_name("run").join(format!("s{session}.sock"));
    Place { id: SessionId(session), mark: String::new(), logs, socket }
}
