//! Agents of kind `command` that ask by a file: answered on the command line, in the dashboard, or in a file.

use serde_json::Value;

use crate::site::{Site, Supervisor, until};
use crate::terminal::Terminal;

const CONFIG: &str = "[fix]\nattempts = 1\nafter = \"0s\"\nplanner = \"off\"\n[questions]\nunattended = \"wait\"\n[[check]]\nname = \"unit\"\nrun = \"sh check.sh\"\n[role.fixer]\nagent = \"mine\"\n";
const CHECK: &str = "grep -q 'B) right' word.txt || { echo 'word.txt:1:1: error: wrong word'; exit 1; }\n";

/// Asks in the documented form, in pieces, and writes the answer into the file that is wrong.
const ASKS: &str = r#"#!/bin/sh
cat >"$NOTES"
cd "$PWD" || exit 1
asked=$ORCHESTRATOR_QUESTIONS_DIR/$ORCHESTRATOR_TASK
{
  printf '# Question from Agent %s\n\n## Context\nTwo words would do.\n\n' "$ORCHESTRATOR_TASK"
  printf '## Question\nWhich word is right?\n\n## Options\nA) left\nB) right\n\n## Impact\nThe check.\n'
} >"$asked.md"
until [ -e "$asked-answer.md" ]; do sleep 0.02; done
cp "$asked-answer.md" word.txt
"#;

fn site(agent: &str) -> Site {
    let site = Site::new(&[("word.txt", "wrong\n"), ("check.sh", CHECK), ("orchestrator.toml", CONFIG)]);
    std::fs::write(site.outside("agent.sh"), agent).expect("written");
    let user = std::fs::read_to_string(site.outside("user.toml")).expect("written with the site");
    let user = format!(
        "{user}\n[agent.mine]\nkind = \"command\"\nprogram = \"sh\"\nargs = [{:?}]\ntimeout = \"20s\"\nenv = {{ NOTES = {:?} }}\n",
        site.outside("agent.sh").display(),
        site.outside("prompt.txt").display(),
    );
    std::fs::write(site.outside("user.toml"), user).expect("written");
    site
}

/// Returns the folder in which the agent asks, as its prompt says.
fn folder(site: &Site) -> std::path::PathBuf {
    let prompt = std::fs::read_to_string(site.outside("prompt.txt")).expect("the agent keeps it");
    let (_, rest) = prompt.split_once("Write the question to `").expect("it is told how to ask");
    let (file, _) = rest.split_once('`').expect("a file");
    std::path::Path::new(file).parent().expect("a folder").to_owned()
}

fn asked(site: &Site, running: &mut Supervisor) -> Vec<Value> {
    running.wait_kind("questioned");
    site.json(&["questions"]).as_array().cloned().unwrap_or_default()
}

const RUN: [&str; 3] = ["--until-idle", "--land", "auto"];

#[test]
fn a_question_in_a_file_is_answered_on_the_command_line() {
    let site = site(ASKS);
    let mut running = site.start(&RUN);
    let open = asked(&site, &mut running);
    let part = &open[0]["ask"]["about"]["parts"][0];
    assert_eq!(part["options"][1]["label"], "B) right", "{open:?}");
    assert!(part["text"].as_str().is_some_and(|text| text.contains("Context: Two words would do.")), "{open:?}");
    let folder = folder(&site);
    assert!(folder.starts_with(site.state()), "{folder:?}: never in the project");
    let listed = site.run(&["questions"]);
    assert!(listed.out.contains("Which word is right?") && listed.out.contains("Impact: The check."), "{listed:?}");
    assert_eq!(site.run(&["answer", "1", "2"]).code, 0);
    let (code, facts) = running.end_with_facts();
    assert_eq!(code, 0, "{facts:#?}");
    assert_eq!(site.read("word.txt"), "# Answer to task-1\n\nB) right\n");
    assert!(!folder.exists(), "it goes with the run");
    let left = site.git(&["status", "--porcelain"]);
    assert_eq!(left.trim(), "M word.txt");
}

#[test]
fn a_person_answers_in_the_file() {
    let site = site(ASKS);
    let mut running = site.start(&RUN);
    asked(&site, &mut running);
    std::fs::write(folder(&site).join("task-1-answer.md"), "# Answer to task-1\n\nUse\nB) right\n").expect("written");
    let (code, facts) = running.end_with_facts();
    assert_eq!(code, 0, "{facts:#?}");
    let answered: Vec<&Value> = facts.iter().filter(|fact| fact["kind"] == "answered").collect();
    assert_eq!(answered.len(), 1, "{answered:?}");
    assert_eq!(answered[0]["by"], "the file task-1-answer.md");
    assert_eq!(answered[0]["reply"]["answers"][0][0], "Use\nB) right");
}

#[test]
fn what_is_not_in_the_form_is_a_question_all_the_same() {
    let site = site(&ASKS.replace("## Question", "Well?").replace("## Impact", "Hm."));
    let mut running = site.start(&RUN);
    let open = asked(&site, &mut running);
    let text = open[0]["ask"]["about"]["parts"][0]["text"].as_str().unwrap_or_default();
    assert!(text.contains("# Question from Agent task-1") && text.contains("Which word is right?"), "{text}");
    assert_eq!(site.run(&["answer", "1", "B) right"]).code, 0);
    assert_eq!(running.end_with_facts().0, 0);
}

#[test]
fn where_nobody_can_answer_the_agent_reads_that_in_its_file() {
    let site = site(ASKS);
    site.write("orchestrator.toml", &CONFIG.replace("\"wait\"", "\"refuse\""));
    let agent = format!("{ASKS}grep -q 'No person can answer' word.txt && echo 'B) right' >word.txt\n");
    std::fs::write(site.outside("agent.sh"), agent).expect("written");
    let said = site.run(&["run", "--headless", "--trust", "--until-idle", "--land", "auto"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("nobody is here to ask"), "{said:?}");
}

#[test]
fn silence_parks_the_run() {
    let site = site(ASKS);
    site.write("orchestrator.toml", &CONFIG.replace("unattended", "wait = \"1s\"\nunattended"));
    let said = site.run(&["run", "--headless", "--trust", "--until-idle", "--land", "auto"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(site.json(&["tasks"])[0]["state"], "held");
    assert_eq!(site.read("word.txt"), "wrong\n");
}

#[test]
fn a_question_in_a_file_is_answered_by_keys() {
    let site = site(ASKS);
    // Not the line that the answer brings: taking back what a person typed would ask.
    site.write("word.txt", "it is B) right\n");
    site.write("orchestrator.toml", &CONFIG.replace("\"wait\"", "\"refuse\""));
    let mut terminal = Terminal::start(&site, &["run", "--trust", "--land", "auto"], (120, 36));
    terminal.wait_text("all green");
    site.write("word.txt", "wrong\n");
    terminal.wait_text("Which word is right?");
    until("the options", || {
        if !terminal.screen().contains("I do not want to say") {
            terminal.keys("a");
        }
        terminal.screen().contains("I do not want to say")
    });
    terminal.keys("2");
    terminal.wait("the landing", |screen| screen.contains("DONE") && screen.contains("all green"));
    assert_eq!(site.read("word.txt"), "# Answer to task-1\n\nB) right\n");
    terminal.keys("q");
    let (code, last) = terminal.end();
    assert_eq!(code, 0, "{last}");
}
