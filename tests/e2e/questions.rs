//! Agents that ask: the questions are listed, answered on the command line, once, and the agent goes on.

use serde_json::{Value, json};

use crate::messages_api::Reply;
use crate::real_claude::{Claude, MARK, fix, told};
use crate::screen::{Screen, client};
use crate::site::{Site, Supervisor, until};
use crate::terminal::Terminal;

const CONFIG: &str = "[fix]\nattempts = 1\nafter = \"0s\"\nplanner = \"off\"\n[questions]\nunattended = \"wait\"\n[[check]]\nname = \"unit\"\nrun = \"sh check.sh\"\n";
const CHECK: &str = "grep -q right word.txt || { echo 'word.txt:1:1: error: wrong word'; exit 1; }\n";

const ASKS: &str = r#"[[scenario]]
match = "*"
steps = [
  { do = "run", command = "echo right | dd of=word.txt status=none", ask = true },
  { do = "say", text = "It is right now." },
]
"#;

fn site(script: &str) -> Site {
    let site = Site::new(&[("word.txt", "wrong\n"), ("check.sh", CHECK), ("orchestrator.toml", CONFIG)]);
    site.script(script);
    site
}

const RUN: [&str; 3] = ["--until-idle", "--land", "auto"];

/// Returns the open questions once the agent has asked the next one.
fn asked(site: &Site, running: &mut Supervisor) -> Vec<Value> {
    running.wait_kind("questioned");
    site.json(&["questions"]).as_array().cloned().unwrap_or_default()
}

#[test]
fn a_permission_is_given_on_the_command_line() {
    let site = site(ASKS);
    let mut running = site.start(&RUN);
    let open = asked(&site, &mut running);
    assert_eq!(open[0]["ask"]["about"]["about"], "permission", "{open:?}");
    assert_eq!(open[0]["ask"]["about"]["wants"], "echo right | dd of=word.txt status=none");
    let rows = site.json(&["tasks"]);
    assert!(rows[0]["reason"].as_str().is_some_and(|why| why.contains("wants to run: echo")), "{rows:#}");
    let listed = site.run(&["questions"]);
    assert!(
        listed.out.contains("echo right | dd of=word.txt status=none") && listed.out.contains(" allow`, "),
        "{listed:?}"
    );
    let shown = site.run(&["answer", "1"]);
    assert!(shown.code == 0 && shown.out.contains(" task` or "), "{shown:?}");
    let wrong = site.run(&["answer", "1", "perhaps"]);
    assert!(wrong.code == 2 && wrong.err.contains("say allow, task, or deny"), "{wrong:?}");
    let other = site.run(&["answer", "9", "allow"]);
    assert!(other.code == 1 && other.err.contains("there is no question 9"), "{other:?}");
    let said = site.run(&["answer", "1", "allow"]);
    assert!(said.code == 0 && said.out.contains("allowed once"), "{said:?}");
    let (code, facts) = running.end_with_facts();
    assert_eq!(code, 0, "{facts:#?}");
    assert_eq!(site.read("word.txt"), "right\n");
    let answered: Vec<&Value> = facts.iter().filter(|fact| fact["kind"] == "answered").collect();
    assert_eq!(answered.len(), 1);
    assert_eq!(answered[0]["by"], "the command line");
    let log = site.run(&["logs"]);
    assert!(log.out.contains("wants to run: echo") && log.out.contains("allowed once"), "{log:?}");
    let none = site.run(&["questions"]);
    assert_eq!((none.code, none.out.trim()), (0, "nothing waits for you"));
    let late = site.run(&["answer", "1", "allow"]);
    assert_eq!(late.code, 3, "no supervisor runs: {late:?}");
}

#[test]
fn a_refusal_reaches_the_agent_with_its_reason_and_two_cannot_answer() {
    let two = ASKS
        .replace("  { do = \"say\"", "  { do = \"run\", command = \"sh -c uptime\", ask = true },\n  { do = \"say\"");
    let site = site(&two);
    let mut running = site.start(&RUN);
    asked(&site, &mut running);
    assert_eq!(site.run(&["answer", "1", "deny", "ask", "me", "later"]).code, 0);
    let next = asked(&site, &mut running);
    assert_eq!(next[0]["id"], 2, "{next:?}");
    let late = site.run(&["answer", "1", "allow"]);
    assert!(
        late.code == 1 && late.err.contains("was answered before, through the command line: denied: ask me later"),
        "{late:?}"
    );
    assert_eq!(site.run(&["answer", "2", "task"]).code, 0);
    let (code, facts) = running.end_with_facts();
    assert_eq!(code, 1, "nothing was mended: {facts:#?}");
    let heard = facts.iter().any(|fact| fact.to_string().contains("ask me later You may read and edit"));
    assert!(heard, "the agent says what it was told: {facts:#?}");
}

#[test]
fn without_a_person_it_is_refused_and_said() {
    let site = site(ASKS);
    site.write("orchestrator.toml", &CONFIG.replace("\"wait\"", "\"refuse\""));
    let said = site.run(&["run", "--headless", "--trust", "--until-idle", "--land", "auto"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("nobody is here to ask"), "{said:?}");
    assert_eq!(site.read("word.txt"), "wrong\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_a_screen_is_asked_and_nobody_once_it_is_closed() {
    let site = site("");
    let step = |number: u32| {
        let go = site.outside(&format!("go-{number}"));
        let run = format!("{{ do = \"run\", command = \"install -m 600 /dev/null made-{number}\", ask = true }}");
        format!("{{ do = \"wait_for\", file = {go:?} }}, {run}, ")
    };
    site.script(&format!("[[scenario]]\nmatch = \"*\"\nsteps = [{}{}{}]\n", step(1), step(2), step(3)));
    site.write("orchestrator.toml", &CONFIG.replace("\"wait\"", "\"refuse\""));
    let go = |number: u32| std::fs::write(site.outside(&format!("go-{number}")), "").expect("written");
    let mut running = site.start(&RUN);
    running.wait_kind("agent_started");
    let screen = Screen::open(client(&site).await, true).await;
    go(1);
    running.wait_kind("questioned");
    assert_eq!(site.run(&["answer", "1", "allow"]).code, 0);
    let mut other = Screen::open(client(&site).await, false).await;
    drop(screen);
    while other.company.screens > 0 {
        other.next().await;
    }
    go(2);
    let refused = |fact: &Value| fact["lines"][0]["text"].as_str().is_some_and(|text| text.contains("nobody is here"));
    running.wait("a refusal", refused);
    let screen = Screen::open(client(&site).await, true).await;
    go(3);
    running.wait_kind("questioned");
    assert_eq!(site.run(&["answer", "2", "deny"]).code, 0);
    drop(screen);
    running.end();
}

#[test]
fn what_is_allowed_for_a_task_is_not_asked_again_however_it_is_described_nor_after_a_kill() {
    let bash = |about: &str| {
        let input = json!({ "command": "install -m 600 /dev/null asked-for", "description": about, "timeout": 7000 });
        Reply::Tool("Bash", input)
    };
    let mut steps = vec![bash("make a file"), bash("once more, the same file")];
    steps.push(Reply::Hang);
    let config = CONFIG.replace("\"unit\"", &format!("{MARK:?}"));
    let site = Site::new(&[("word.txt", "wrong\n"), ("check.sh", CHECK), ("orchestrator.toml", &config)]);
    let Some(claude) = Claude::on(&site, steps, "") else { return };
    let mut running = site.start(&RUN);
    asked(&site, &mut running);
    assert_eq!(site.run(&["answer", "1", "task"]).code, 0);
    until("the third call", || claude.api.requests() == 3);
    until("the journal", || site.run(&["logs"]).out.matches("allowed").count() >= 2);
    running.signal(nix::sys::signal::Signal::SIGKILL);
    running.end();
    let mut running = site.start(&RUN);
    until("the third call again", || claude.api.requests() == 6);
    running.signal(nix::sys::signal::Signal::SIGINT);
    running.signal(nix::sys::signal::Signal::SIGINT);
    running.wait_kind("stopped");
    let (_, facts) = running.end_with_facts();
    assert!(facts.iter().all(|fact| fact["kind"] != "questioned"), "{facts:#?}");
}

#[test]
fn silence_parks_the_run_and_holds_the_task() {
    let site = site(ASKS);
    site.write("orchestrator.toml", &CONFIG.replace("unattended", "wait = \"1s\"\nunattended"));
    let said = site.run(&["run", "--headless", "--trust", "--until-idle", "--land", "auto"]);
    assert_eq!(said.code, 1, "{said:?}");
    let rows = site.json(&["tasks"]);
    assert_eq!(rows[0]["state"], "held", "{rows:#}");
    assert!(rows[0]["reason"].as_str().is_some_and(|why| why.contains("nobody answered")), "{rows:#}");
    assert_eq!(site.read("word.txt"), "wrong\n");
}

#[test]
fn the_real_claude_asks_and_is_answered() {
    let choice = json!({ "questions": [{ "question": "Which word is right?", "header": "Word", "multiSelect": false,
        "options": [{ "label": "right", "description": "as ever" }, { "label": "left", "description": "" }] }] });
    let mut steps = vec![
        Reply::Tool("AskUserQuestion", choice),
        Reply::Tool("Bash", json!({ "command": "install -m 600 /dev/null asked-for", "description": "make a file" })),
    ];
    steps.extend(fix("word.txt", "wrong", "right"));
    let config = CONFIG.replace("\"unit\"", &format!("{MARK:?}"));
    let site = Site::new(&[("word.txt", "wrong\n"), ("check.sh", CHECK), ("orchestrator.toml", &config)]);
    let Some(claude) = Claude::on(&site, steps, "") else { return };
    let mut running = site.start(&RUN);
    let open = asked(&site, &mut running);
    assert_eq!(open[0]["ask"]["about"]["parts"][0]["options"][0]["label"], "right", "{open:?}");
    assert_eq!(site.run(&["answer", "1", "1"]).code, 0);
    let open = asked(&site, &mut running);
    assert_eq!(open[0]["ask"]["about"]["wants"], "install -m 600 /dev/null asked-for", "{open:?}");
    assert_eq!(site.run(&["answer", "2", "allow"]).code, 0);
    let (code, facts) = running.end_with_facts();
    assert_eq!(code, 0, "{facts:#?}");
    assert_eq!(site.read("word.txt"), "right\n");
    assert!(site.project.join("asked-for").exists(), "what was allowed was done, and landed");
    let heard = claude.api.heard();
    assert!(told(&heard).contains("\"Which word is right?\"=\"right\""), "{heard}");
}

/// Presses `a` until a text is on the screen: keys that come right after a question do not count.
pub(crate) fn answering(terminal: &mut Terminal, shown: &str) {
    until(shown, || {
        if !terminal.screen().contains(shown) {
            terminal.keys("a");
        }
        terminal.screen().contains(shown)
    });
}

#[test]
fn the_real_claude_is_answered_by_keys() {
    let choice = json!({ "questions": [{ "question": "Which word is right?", "header": "Word", "multiSelect": false,
        "options": [{ "label": "right", "description": "as ever" }, { "label": "left", "description": "" }] }] });
    let mut steps = vec![
        Reply::Tool("AskUserQuestion", choice),
        Reply::Tool("Bash", json!({ "command": "install -m 600 /dev/null asked-for", "description": "make a file" })),
    ];
    // Not the word that was there: taking back what a person typed would ask.
    steps.extend(fix("word.txt", "wrong", "right, that is: left"));
    let config = CONFIG.replace("\"unit\"", &format!("{MARK:?}")).replace("\"wait\"", "\"refuse\"");
    let site = Site::new(&[("word.txt", "right\n"), ("check.sh", CHECK), ("orchestrator.toml", &config)]);
    let Some(claude) = Claude::on(&site, steps, "") else { return };
    let mut terminal = Terminal::start(&site, &["run", "--trust", "--land", "auto"], (120, 36));
    terminal.wait_text("all green");
    site.write("word.txt", "wrong\n");
    terminal.wait_text("Which word is right?");
    answering(&mut terminal, "something else");
    terminal.keys("2");
    terminal.wait_text("wants to run: install");
    answering(&mut terminal, "allow once");
    terminal.keys("y");
    terminal.wait("the landing", |screen| screen.contains("DONE") && screen.contains("all green"));
    assert_eq!(site.read("word.txt"), "right, that is: left\n");
    assert!(site.project.join("asked-for").exists());
    let heard = claude.api.heard();
    assert!(told(&heard).contains("\"Which word is right?\"=\"left\""), "{heard}");
    terminal.keys("q");
    let (code, last) = terminal.end();
    assert_eq!(code, 0, "{last}");
}

#[test]
fn the_real_claude_hears_a_message_while_it_works() {
    let mut steps = vec![Reply::Tool(
        "Bash",
        json!({ "command": "install -m 600 /dev/null asked-for", "description": "make a file" }),
    )];
    steps.extend(fix("word.txt", "wrong", "right"));
    let config = CONFIG.replace("\"unit\"", &format!("{MARK:?}"));
    let site = Site::new(&[("word.txt", "wrong\n"), ("check.sh", CHECK), ("orchestrator.toml", &config)]);
    let Some(claude) = Claude::on(&site, steps, "") else { return };
    let mut running = site.start(&RUN);
    asked(&site, &mut running);
    let nobody = site.run(&["message", "7", "hello"]);
    assert!(nobody.code == 1 && nobody.err.contains("there is no task #7"), "{nobody:?}");
    let said = site.run(&["message", "1", "keep", "the", "second", "line"]);
    assert!(said.code == 0 && said.out.contains("when its question is answered"), "{said:?}");
    assert_eq!(site.run(&["answer", "1", "deny"]).code, 0);
    let (code, facts) = running.end_with_facts();
    assert_eq!(code, 0, "{facts:#?}");
    let heard = claude.api.heard();
    assert!(heard.contains("keep the second line"), "{heard}");
    let log = site.run(&["logs"]);
    assert!(log.out.contains("you      keep the second line"), "{log:?}");
    assert_eq!(site.run(&["message", "1", "hello"]).code, 3, "no supervisor runs");
}

#[test]
fn a_message_is_written_in_the_dashboard_and_gets_a_turn_of_its_own() {
    let script = r#"[[scenario]]
match = "the word is: right"
steps = [{ do = "write", file = "word.txt", content = "right" }, { do = "say", text = "Thank you." }]

[[scenario]]
match = "*"
steps = [{ do = "wait_for", file = "FILE" }, { do = "say", text = "No idea." }]
"#;
    let site = site("");
    let go_on = site.outside("go-on");
    site.script(&script.replace("FILE", &go_on.display().to_string()));
    site.write("word.txt", "right\n");
    let mut terminal = Terminal::start(&site, &["run", "--trust", "--land", "auto"], (120, 36));
    terminal.wait_text("all green");
    site.write("word.txt", "wrong\n");
    // The list says so, too: until then the terminal of the check before it is the one to show.
    terminal.wait("its agent", |screen| screen.contains("started, rehearsal") && screen.contains("fix 1/"));
    terminal.keys("t");
    terminal.wait_text("what works on #1 has no terminal");
    terminal.keys("m");
    terminal.wait_text("message to its agent");
    terminal.keys("the word is: right\r");
    terminal.wait("the message in the log", |screen| screen.contains("you      the word is: right"));
    std::fs::write(go_on, "").expect("written");
    terminal.wait_text("Thank you.");
    terminal.wait("the fix", |screen| screen.contains("NEEDS YOU") || screen.contains("DONE"));
    terminal.keys("q");
    terminal.end();
}
