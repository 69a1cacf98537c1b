//! A day's work: a task file goes through agents to its report, and what a person said about earlier days reaches them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::messages_api::Reply;
use crate::real_claude::Claude;
use crate::screen::client;
use crate::site::{Site, until};

pub(crate) const FILE: &str = "tasks/2025-11-18.yaml";

/// Steps of an agent that does what this part of its prompt asks for.
fn scenario(matches: &str, files: &[(&str, &str)], said: &str) -> String {
    let mut steps = vec!["{ do = \"usage\", cost = 0.02, input = 1000, output = 100 }".to_owned()];
    steps.extend(
        files.iter().map(|(file, content)| format!("{{ do = \"write\", file = {file:?}, content = {content:?} }}")),
    );
    steps.push(format!("{{ do = \"result\", text = {said:?} }}"));
    format!("[[scenario]]\nmatch = {matches:?}\nsteps = [\n  {},\n]\n", steps.join(",\n  "))
}

const REGISTRY: &str =
    "# Registry\n\n- docs/LOANS_GUIDE.md\n- docs/MODULE_REGISTRY.md\n- docs/PAGINATION.md\n- docs/TESTING_GUIDE.md\n";

fn guide() -> String {
    let files = [
        ("docs/LOANS_GUIDE.md", "# Loans\n\nA loan goes out and comes back.\n"),
        ("docs/MODULE_REGISTRY.md", REGISTRY),
    ];
    scenario("guide to the loans module", &files, "The guide is written.")
}

fn tests() -> String {
    scenario("Cover loans with tests", &[("src/app/(main)/loans/loan.test.ts", "test(1)\n")], "Every state is covered.")
}

fn pages(files: &[(&str, &str)]) -> String {
    scenario("list of members over in pages", files, "25 on a page.")
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&to).expect("a new folder");
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("copied");
        }
    }
}

/// The library of the example, with its task file.
fn library(script: &str) -> Site {
    let site = Site::bare(&[]);
    let day = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/day");
    copy(&day.join("project"), &site.project);
    site.write(FILE, &fs::read_to_string(day.join("example.yaml")).expect("readable"));
    site.git_init();
    site.script(script);
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    site
}

pub(crate) fn states(site: &Site) -> Vec<Value> {
    site.json(&["tasks"]).as_array().expect("tasks").iter().map(|task| task["state"].clone()).collect()
}

#[test]
fn the_example_runs_to_a_report_and_lands_after_a_yes() {
    let both = [
        ("src/app/(main)/members/page.ts", "export const size = 25\n"),
        ("src/app/(main)/members/page.test.ts", "t\n"),
    ];
    let site = library(&[tests(), pages(&both), guide()].concat());
    let git = site.hashes(".git");
    let said = site.run(&["start", FILE]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(states(&site), ["ready", "ready", "ready"]);
    let report = site.read("results/2025-11-18-report.md");
    for part in [
        "3 tasks: 3 to review",
        "task-001 · Write the guide to the loans module | 👀 to review",
        "[x] `docs/LOANS_GUIDE.md`",
        "Every state is covered.",
        "$0.06",
        "orchestrator-tui land 1",
    ] {
        assert!(report.contains(part), "no {part:?} in:\n{report}");
    }
    let told = site.read("agent_workspaces/task-003/agent_instructions.md");
    assert!(told.contains("Cover loans with tests"), "{told}");
    let status: Value = serde_json::from_str(&site.read("agent_status/task-001.json")).expect("JSON");
    assert_eq!((&status["status"], &status["task"]), (&json!("ready_for_review"), &json!(1)));
    assert!(site.read("agent_logs/task-002.log").contains("Write"), "the log is there");
    assert_eq!(site.read("agent_workspaces/task-002/summary.md").lines().next(), Some("25 on a page."));
    assert!(!site.project.join("docs/LOANS_GUIDE.md").exists(), "nothing lands unasked");
    let said = site.run(&["land", "3"]);
    assert!(said.code == 1 && said.err.contains("#3 builds on #1, which has not landed"), "{said:?}");
    for task in ["1", "3", "2"] {
        let said = site.run(&["land", task]);
        assert_eq!(said.code, 0, "{said:?}");
    }
    for task in ["1", "3"] {
        // Its own status, logs and report are no change of the tree: what was checked lands as it is.
        let log = site.run(&["logs", task]).out;
        assert!(log.contains("landed") && !log.contains("the tree has changed meanwhile"), "{log}");
    }
    assert_eq!(site.read("docs/MODULE_REGISTRY.md"), REGISTRY);
    assert_eq!(site.read("src/app/(main)/loans/loan.test.ts"), "test(1)\n");
    assert_eq!(site.run(&["report", FILE]).code, 0);
    assert!(site.read("results/2025-11-18-report.md").contains("3 tasks: 3 done"));
    assert_eq!(git, site.hashes(".git"), "nothing was staged or committed");
    site.wait_until_empty();
}

#[test]
fn without_its_deliverables_a_task_is_not_done_and_blocks_what_waits_for_it() {
    let half = [("src/app/(main)/members/page.ts", "export const size = 25\n")];
    let site =
        library(&[pages(&half), scenario("guide to the loans module", &[("docs/OTHER.md", "x\n")], "Done!")].concat());
    site.write(
        "orchestrator.toml",
        "[fix]\nbackoff = \"10ms\"\n[role.coding]\nattempts = 2\n[[check]]\nname = \"docs\"\nrun = \"true\"\n",
    );
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    let said = site.run(&["start", FILE]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(states(&site), ["failed", "failed", "blocked"]);
    let task = site.task(2);
    assert_eq!(task["history"].as_array().map(Vec::len), Some(2), "{task}");
    assert!(task["reason"].as_str().is_some_and(|why| why.contains("page.test.ts")), "{task}");
    let report = site.read("results/2025-11-18-report.md");
    assert!(
        report.contains("2 failed") && report.contains("1 blocked") && report.contains("orchestrator-tui retry 1"),
        "{report}"
    );
    let told = site.read("agent_workspaces/task-002/agent_instructions.md");
    assert!(
        told.contains("not delivered: New file: src/app/(main)/members/page.test.ts"),
        "the next attempt is told: {told}"
    );
    site.wait_until_empty();
}

#[test]
fn what_was_said_about_a_day_reaches_the_next_prompt_with_its_origin() {
    let all = [
        ("docs/LOANS_GUIDE.md", "# Loans\n"),
        ("docs/MODULE_REGISTRY.md", REGISTRY),
        ("src/app/(main)/members/page.ts", "export const size = 25\n"),
        ("src/app/(main)/members/page.test.ts", "t\n"),
        ("src/app/(main)/loans/loan.test.ts", "test(1)\n"),
    ];
    let site = library(&scenario("make testing mandatory (feedback/2025-11-17.md:6)", &all, "It is tested."));
    site.write(
        "feedback/2025-11-17.md",
        "# Feedback - 2025-11-17\n\n## task-009: Old\nRating: 2/5\n\nAction: make testing mandatory\n",
    );
    site.run(&["start", FILE]);
    let told = site.read("agent_workspaces/task-001/agent_instructions.md");
    assert!(told.contains("make testing mandatory (feedback/2025-11-17.md:6)"), "{told}");
    assert_eq!(site.json(&["show", "1"])["assignment"]["role"], "coding");
    assert_eq!(states(&site)[..2], ["ready", "ready"], "each agent was told");
    site.wait_until_empty();
}

#[test]
fn a_lesson_that_was_dropped_is_quoted_no_more_until_it_is_kept() {
    let site = library(&[tests(), guide()].concat());
    site.write(
        "feedback/2025-11-17.md",
        "# Feedback - 2025-11-17\n\n## task-009: Old\nRating: 2/5\n\nAction: make testing mandatory\n",
    );
    let told =
        |site: &Site| site.read("agent_workspaces/task-001/agent_instructions.md").contains("make testing mandatory");
    let lesson = |site: &Site| {
        let all = site.json(&["lessons"]);
        let mut rows = all.as_array().expect("lessons").iter();
        rows.find(|row| row["text"] == "make testing mandatory").cloned().expect("also before the first day")
    };
    let id = lesson(&site)["id"].as_str().expect("an id").to_owned();
    let said = site.run(&["lessons", "drop", "00000000"]);
    assert!(said.code == 1 && said.err.contains("no lesson 00000000"), "{said:?}");
    site.run(&["start", FILE]);
    assert!(told(&site));
    let row = lesson(&site).clone();
    assert_eq!(
        (&row["kind"], &row["origin"], &row["dropped"]),
        (&json!("action"), &json!("feedback/2025-11-17.md:6"), &json!(false))
    );
    assert!(row["concerns"].to_string().contains("task-001"), "{row}");
    site.wait_until_empty();

    let said = site.run(&["lessons", "drop", &id]);
    assert!(said.code == 0 && said.out.contains("no prompt quotes it"), "{said:?}");
    assert_eq!((&lesson(&site)["dropped"], &lesson(&site)["concerns"]), (&json!(true), &json!([])));
    assert!(site.run(&["lessons"]).out.contains("· dropped"));
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("started");
    assert_eq!(site.run(&["retry", "2"]).code, 0);
    supervisor.wait("an agent", |fact| fact["kind"] == "agent_started");
    supervisor.wait("its end", |fact| fact["kind"] == "attempt_ended");
    let again =
        |site: &Site| site.read("agent_workspaces/task-002/agent_instructions.md").contains("make testing mandatory");
    assert!(!again(&site));
    let said = site.run(&["lessons", "keep", &id]);
    assert!(said.code == 0 && said.out.contains("prompts quote it again"), "{said:?}");
    // It is read from the journal, which the answer may be ahead of.
    until("the lesson kept", || lesson(&site)["dropped"] == false);
    assert_eq!(site.run(&["stop"]).code, 0);
    supervisor.end();
    site.wait_until_empty();
}

#[test]
fn what_worked_is_suggested_for_the_next_day() {
    let site = library(&[tests(), guide()].concat());
    site.run(&["start", FILE]);
    let next = "date: 2025-11-19\ntasks:\n  - id: task-001\n    name: \"Guide to loans, second part\"\n    \
                description: \"More\"\n    deliverables:\n      - docs/LOANS_GUIDE.md\n";
    site.write("tasks/2025-11-19.yaml", next);
    let suggested = site.json(&["start", "tasks/2025-11-19.yaml", "--dry-run"])["tasks"][0]["suggested"].clone();
    assert!(suggested["context_files"].to_string().contains("2025-11-18 task-001, it worked"), "{suggested}");
    assert_eq!(suggested["cost"]["typical_usd"], json!(0.02), "{suggested}");
    let said = site.run(&["start", "tasks/2025-11-19.yaml", "--dry-run"]);
    assert!(said.out.contains("could also read ") && said.out.contains("likely to cost $0.02"), "{said:?}");
    site.wait_until_empty();
}

#[test]
fn a_day_ends_at_what_it_may_cost() {
    let site = library(&[tests(), guide()].concat());
    let text = site.read(FILE).replace("max_cost_usd: 50.00", "max_cost_usd: 0.01").replace("budget_usd: 12.50", "");
    site.write(FILE, &text);
    let said = site.run(&["start", FILE]);
    assert_eq!(said.code, 1, "{said:?}");
    let spent = site.json(&["costs"])["today"]["spent_usd"].as_f64();
    let report = site.read("results/2025-11-18-report.md");
    assert!(report.contains("**The day ended early:**"), "{spent:?}\n{report}");
    site.wait_until_empty();
}

#[test]
fn a_day_at_what_it_may_cost_goes_on_when_its_file_says_more() {
    let write = |file: &str| format!("{{ do = \"write\", file = {file:?}, content = \"x\\n\" }}");
    let one = write("notes/ONE.md");
    let usage = "{ do = \"usage\", cost = 0.02, input = 10, output = 1 }, { do = \"say\", text = \"Well.\" }";
    let go = "{ do = \"wait_for\", file = \"GO\" }";
    let script = format!(
        "[[scenario]]\nmatch = \"Say one\"\nsteps = [ {usage}, {go}, {one} ]\n\
         [[scenario]]\nmatch = \"Say two\"\nsteps = [ {} ]\n",
        write("notes/TWO.md")
    );
    let site = library("");
    let go = site.outside("go");
    site.script(&script.replace("GO", &go.display().to_string()));
    let day = |limit: &str, tasks: &[(&str, &str, &str)]| {
        let entry = |(id, description, brings): &(&str, &str, &str)| {
            format!("  - {{id: {id}, name: {id}, description: {description}, deliverables: [{brings}]}}\n")
        };
        let tasks: String = tasks.iter().map(entry).collect();
        site.write(FILE, &format!("date: 2025-11-18\nmax_cost_usd: {limit}\ntasks:\n{tasks}"));
    };
    day("0.01", &[("one", "Say one", "notes/ONE.md")]);
    let said = site.run(&["start", FILE]);
    assert_eq!(said.code, 1, "{said:?}");
    let report = site.read("results/2025-11-18-report.md");
    assert!(report.contains("write a higher limit into the file and start it again"), "{report}");
    day("0.01", &[("one", "Say more", "notes/ONE.md")]);
    let said = site.run(&["start", FILE]);
    assert!(said.code == 1 && said.out.contains("to have its new description give it another id"), "{said:?}");
    fs::write(go, "").expect("written");
    day("5.00", &[("one", "Say one", "notes/ONE.md"), ("two", "Say two", "notes/TWO.md")]);
    let said = site.run(&["start", FILE]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("batch 1 goes on; #2 is filed; max_cost_usd is $5.00 instead of $0.01"), "{said:?}");
    assert_eq!(states(&site), ["ready", "ready"]);
    site.wait_until_empty();
}

#[test]
fn a_mistake_in_a_task_file_starts_nothing() {
    let site = library("");
    site.write(FILE, &site.read(FILE).replace("depends_on: [task-001]", "depends_on: [task-007]"));
    let said = site.run(&["start", FILE]);
    assert!(said.code == 2 && said.err.contains("task-007") && said.err.contains(":49:"), "{said:?}");
    assert_eq!(states(&site), Vec::<Value>::new());
    assert!(!site.project.join("results").exists());
}

#[test]
fn what_no_result_can_bring_is_refused_before_anything_starts() {
    let site = library("");
    site.write(".gitignore", "built/\ndocs/LOANS*\n");
    let said = site.run(&["start", FILE]);
    let rule = "docs/LOANS_GUIDE.md can never be delivered: git ignores it (`docs/LOANS*` in .gitignore:2)";
    assert!(said.code == 2 && said.err.contains(rule) && said.err.contains("tasks/2025-11-18.yaml:"), "{said:?}");
    site.write(".gitignore", "");
    site.write(FILE, &site.read(FILE).replace("- docs/LOANS_GUIDE.md", "- agent_logs/guide.md"));
    let said = site.run(&["start", FILE, "--dry-run"]);
    assert!(said.code == 2 && said.err.contains("agent_logs/guide.md can never be delivered: the files of the day"));
    let reader =
        "date: 2025-11-18\ntasks:\n- {id: a, name: a, description: a, role: reviewer, deliverables: [docs/x.md]}\n";
    site.write(FILE, reader);
    let said = site.run(&["start", FILE]);
    assert!(said.code == 2 && said.err.contains("the role reviewer only reads: it brings no files"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_no_result_can_bring_is_refused_at_the_door_too() {
    let site = library("");
    site.write(".gitignore", "built/\n");
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("started");
    let client = client(&site).await;
    let mut assignment = json!({
        "label": "a", "name": "a", "description": "a", "lane": "day", "workflow": "task", "role": "coding", "land": "auto",
        "deliverables": [{ "said": "built/", "path": "built" }],
    });
    let mut answers = Vec::new();
    for role in ["coding", "reviewer"] {
        assignment["role"] = json!(role);
        let task = json!({ "assignment": assignment, "after": [], "priority": 0, "held": false });
        let filing = json!({ "filing": { "batch": null, "tasks": [task] } });
        let (status, answer) = client.command("file", &filing).await.expect("an answer");
        answers.push((status, answer["error"].as_str().unwrap_or_default().to_owned()));
        assignment["deliverables"][0]["path"] = json!("docs/new.md");
    }
    let why = "built can never be delivered: git ignores it (`built/` in .gitignore:1)";
    assert_eq!(answers[0], (409, why.to_owned()));
    assert!(
        answers[1].0 == 409 && answers[1].1.contains("`reviewer` only reads and cannot bring docs/new.md"),
        "{answers:?}"
    );
    assert_eq!(states(&site), Vec::<Value>::new());
    supervisor.stop();
}

#[test]
fn the_report_says_what_is_true_of_a_conflict_and_the_status_what_a_task_is() {
    let site = library(&[tests(), guide()].concat());
    site.run(&["start", FILE]);
    let queues = site.json(&["status"])["queues"].clone();
    let first = &queues["pending"][0];
    assert_eq!((&first["type"], &first["file_path"]), (&json!("day"), &json!("docs/LOANS_GUIDE.md")), "{queues}");
    let about = first["description"].as_str().unwrap_or_default();
    assert!(about.contains("New people ask the same questions") && !about.contains("green"), "{about}");
    assert!(site.read("results/2025-11-18-report.md").contains("its result is verified and waits for your yes"));
    site.write("docs/MODULE_REGISTRY.md", "# Mine\n\n- only this\n");
    site.run(&["land", "1"]);
    until("the conflict", || states(&site)[0] == "review");
    assert_eq!(site.run(&["report", FILE]).code, 0);
    let report = site.read("results/2025-11-18-report.md");
    let (_, own) = report.split_once("### task-001").expect("its part");
    let own = own.split("\n### ").next().unwrap_or_default();
    assert!(own.contains("to review: you both changed docs/MODULE\\_REGISTRY.md"), "{report}");
    assert!(!own.contains("waits for your yes"), "{report}");
    assert!(report.contains("orchestrator-tui retry 1") && report.contains("orchestrator-tui refuse 1"), "{report}");
    site.wait_until_empty();
}

#[test]
fn the_real_claude_works_on_a_task_file() {
    let site = library("");
    let write =
        |file: &str, text: &str| Reply::Tool("Write", json!({ "file_path": format!("@CWD@/{file}"), "content": text }));
    let read = |file: &str| Reply::Tool("Read", json!({ "file_path": format!("@CWD@/{file}") }));
    let guide = vec![
        read("docs/MODULE_REGISTRY.md"),
        write("docs/LOANS_GUIDE.md", "# Loans\n"),
        write("docs/MODULE_REGISTRY.md", REGISTRY),
        Reply::text(
            "The guide is written.\n\n```json\n{\"summary\": \"A guide.\", \"artifacts\": [], \"next_steps\": []}\n```",
        ),
    ];
    let pages = vec![
        read("src/app/(main)/members/page.ts"),
        write("src/app/(main)/members/page.ts", "export const size = 25\n"),
        write("src/app/(main)/members/page.test.ts", "t\n"),
        Reply::text("25 on a page."),
    ];
    let tests = vec![write("src/app/(main)/loans/loan.test.ts", "test(1)\n"), Reply::text("Every state is covered.")];
    let scenarios = vec![
        ("Test every state a loan can be in", tests),
        ("The list loads every member", pages),
        ("New people ask the same questions", guide),
    ];
    let Some(_claude) = Claude::with(&site, scenarios, "", "") else { return };
    let said = site.run(&["start", FILE]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(states(&site), ["ready", "ready", "ready"]);
    let report = site.read("results/2025-11-18-report.md");
    assert!(report.contains("3 tasks: 3 to review") && report.contains("[x] `docs/LOANS_GUIDE.md`"), "{report}");
    site.wait_until_empty();
}
