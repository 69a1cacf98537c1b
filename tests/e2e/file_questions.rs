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

/// Two tasks for agents that ask by files, which may write nowhere but in their workspaces, and a place for prompts.
fn day(agent: &str) -> Site {
    let site = site(agent);
    let user = std::fs::read_to_string(site.outside("user.toml")).expect("written with the site");
    let all = format!("write = [{:?}]", site.outside("").display());
    let prompts = site.outside("prompts");
    std::fs::create_dir(&prompts).expect("made");
    assert!(user.contains(all.trim_end_matches("/\"]")), "{user}");
    let narrow = user.lines().map(|line| match line.starts_with("write = [") {
        true => format!("write = [{:?}]\n", prompts.display()),
        false => format!("{line}\n"),
    });
    std::fs::write(site.outside("user.toml"), narrow.collect::<String>()).expect("written");
    let config = CONFIG.replace("role.fixer", "role.coding").replace("sh check.sh", "true");
    site.write("orchestrator.toml", &config);
    site.write(
        "tasks/2025-11-18.yaml",
        "date: 2025-11-18\ntasks:\n- {id: task-001, name: a, description: a, deliverables: [one.txt]}\n\
         - {id: task-002, name: b, description: b, deliverables: [two.txt]}\n",
    );
    site.commit("A day");
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    site
}

/// Each asks, and keeps the answer; the first one first tries to answer for itself and for the other one.
const BOTH: &str = r#"#!/bin/sh
prompts=${NOTES%prompt.txt}prompts
cat >"$prompts/$ORCHESTRATOR_TASK"
asked=$ORCHESTRATOR_QUESTIONS_DIR/$ORCHESTRATOR_TASK
file=one.txt
[ "$ORCHESTRATOR_TASK" = task-001 ] || file=two.txt
forge() {
  printf '# Answer to it\n\nA\n' >"$1" 2>/dev/null && echo "wrote $1" >>"$prompts/forged"
}
if [ "$ORCHESTRATOR_TASK" = task-001 ]; then
  until [ -e "$prompts/task-002-asks" ]; do sleep 0.02; done
  forge "$DAY/agent_questions/task-001-answer.md"
  forge "$DAY/agent_questions/task-002-answer.md"
  for folder in "$ORCHESTRATOR_QUESTIONS_DIR"/../*; do forge "$folder/task-002-answer.md"; done
  rm -f "$asked-answer.md"
  forge "$asked-answer.md"
fi
{
  printf '# Question from Agent %s\n\n## Context\nTwo.\n\n## Question\nWhich, %s?\n\n' "$ORCHESTRATOR_TASK" "$file"
  printf '## Options\nA) left\nB) right\n\n## Impact\nAll.\n'
} >"$asked.md"
touch "$prompts/$ORCHESTRATOR_TASK-asks"
until grep -q right "$asked-answer.md" 2>/dev/null; do sleep 0.02; done
cp "$asked-answer.md" "$file"
"#;

#[test]
fn no_agent_answers_for_a_person() {
    let site = day(BOTH);
    let user = std::fs::read_to_string(site.outside("user.toml")).expect("written");
    let project = format!("DAY = {:?}, NOTES", site.project.display());
    std::fs::write(site.outside("user.toml"), user.replace("NOTES", &project)).expect("written");
    let mut running = site.start(&[]);
    running.wait_kind("green_at");
    let mut begun = site.command(&["start", "tasks/2025-11-18.yaml"]);
    let mut begun = begun.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().expect("it");
    running.wait_count(2, "questioned");
    // Beside the task file a person reads what is asked, and answers there; but only there.
    for label in ["task-001", "task-002"] {
        until("the question", || site.project.join(format!("agent_questions/{label}.md")).exists());
        let told = std::fs::read_to_string(site.outside("prompts").join(label)).expect("its prompt");
        assert!(told.contains(&format!("/{label}-answer.md`")) && !told.contains("agent_questions"), "{told}");
    }
    assert!(site.read("agent_questions/task-002.md").contains("Which, two.txt?"));
    let forged = std::fs::read_to_string(site.outside("prompts/forged")).unwrap_or_default();
    let folder = |line: &str| std::path::Path::new(line).parent().and_then(|at| at.file_name()).map(ToOwned::to_owned);
    let folders: std::collections::BTreeSet<_> = forged.lines().map(folder).collect();
    assert!(folders.len() == 1 && !forged.contains("agent_questions"), "it reaches its own folder only: {forged}");
    let log = || site.run(&["logs", "1"]).out;
    until("it is said", || log().contains("it wrote task-001-answer.md itself; that is nobody's answer"));
    assert_eq!(site.json(&["questions"]).as_array().map(Vec::len), Some(2), "nothing is answered");
    site.write("agent_questions/task-002-answer.md", "# Answer to task-002\n\nUse\nB) right\n");
    let answered = running.wait_kind("answered");
    assert_eq!((&answered["task"], &answered["by"]), (&Value::from(2), &Value::from("the file task-002-answer.md")));
    let left = site.json(&["questions"])[0]["id"].to_string();
    assert_eq!(site.run(&["answer", &left, "2"]).code, 0, "{left}");
    running.wait_count(2, "ready");
    assert!(site.read("agent_questions/task-001-answer.md").contains("B) right"), "a person finds what was answered");
    begun.wait().expect("it ends");
    assert!(site.task(2)["pending"]["diff"].as_str().is_some_and(|diff| diff.contains("+Use\n+B) right")));
    running.stop();
}

#[test]
fn who_works_on_no_task_file_asks_under_the_number_of_the_task() {
    let agent = ASKS.replace("word.txt", "word-$ORCHESTRATOR_TASK.txt");
    let site = site(&agent);
    let config = CONFIG.replace("role.fixer", "role.analysis").replace("sh check.sh", "true");
    site.write("orchestrator.toml", &format!("{config}[role.coding]\nagent = \"mine\"\n"));
    let mut running = site.start(&[]);
    running.wait_kind("green_at");
    assert_eq!(site.run(&["queue", "add", "Ask something"]).code, 0);
    let open = asked(&site, &mut running);
    assert!(open[0].to_string().contains("Which word is right?"), "{open:?}");
    let told = std::fs::read_to_string(site.outside("prompt.txt")).expect("its prompt");
    assert!(told.contains("/task-1.md`") && told.contains("Question from Agent task-1"), "{told}");
    assert_eq!(site.run(&["answer", "1", "2"]).code, 0);
    running.wait_kind("attempt_ended");
    running.stop();
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
