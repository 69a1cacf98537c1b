//! Plans, events and the report of a day in the dashboard, by the keys that a person has.

use serde_json::{Value, json};

use crate::site::{Site, until};
use crate::terminal::Terminal;

const CONFIG: &str = "[lanes]\nsession = 4\n[[check]]\nname = \"unit\"\nrun = \"true\"\n[role.coordination]\nattempts = 2\n\
                      [fix]\nplanner = \"off\"\nbackoff = \"0s\"\n";

/// The last words of an agent that hands this over.
fn says(outcome: &Value) -> String {
    let text = format!("I am done.\n\n```json\n{outcome}\n```");
    format!("{{ do = \"say\", text = {} }}", json!(text))
}

fn scenario(matches: &str, steps: &[String]) -> String {
    format!("[[scenario]]\nmatch = {}\nsteps = [{}]\n", json!(matches), steps.join(", "))
}

fn site(script: &str) -> Site {
    let site = Site::new(&[("file.txt", "fine\n"), ("orchestrator.toml", CONFIG)]);
    site.script(script);
    site
}

fn sessions(site: &Site, batch: &str) -> Vec<Value> {
    let all = site.json(&["session", "list", "--orchestration", batch]);
    all["data"]["sessions"].as_array().cloned().unwrap_or_default()
}

fn states(site: &Site, batch: &str) -> Vec<String> {
    let state = |session: &Value| session["status"].as_str().unwrap_or_default().to_owned();
    sessions(site, batch).iter().map(state).collect()
}

#[test]
fn three_plans_are_approved_by_a_key_and_run_or_refused_by_one() {
    let plan = json!({ "summary": "Divided.", "components": [
        { "name": "Tests", "type": "testing", "description": "Part tests", "dependencies": ["API"] },
        { "name": "API", "type": "implementation", "description": "Part api", "dependencies": ["Design"] },
        { "name": "Design", "type": "analysis", "description": "Part design" },
    ]});
    let script = [
        scenario("You take a requirement for a software project apart", &[says(&plan)]),
        scenario("*", &[says(&json!({ "summary": "done" }))]),
    ];
    let site = site(&script.concat());
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (120, 36));
    terminal.wait_text("all green");

    // An agent takes the first one apart; nothing starts before the yes, and the plan stands once among what needs a person.
    assert_eq!(site.run(&["orchestrate", "Build a REST API"]).code, 0);
    let shown =
        terminal.wait("the plan", |screen| screen.contains("NEEDS YOU") && screen.contains("plan of 3: say yes"));
    let (before, after) = shown.split_once("QUEUED").expect("what waits for the first session");
    assert!(before.contains("Design · analysis") && after.contains("waits for #2"), "{shown}");
    terminal.keys("a");
    let asked = terminal.wait_text("esc not now");
    for part in [
        "Start the plan of batch 1?",
        "Build a REST API",
        "#2  Design · analysis     starts at once",
        "#4  Tests · testing       after #3",
    ] {
        assert!(asked.contains(part), "no {part:?} in:\n{asked}");
    }
    assert!(states(&site, "1").iter().all(|state| state != "running" && state != "failed"));
    terminal.keys("y");
    until("all of it", || states(&site, "1").iter().all(|state| state == "completed"));
    terminal.wait("its end", |screen| !screen.contains("NEEDS YOU") && screen.contains("DONE"));

    // The words of the second are enough, and it starts from the session that was selected.
    assert_eq!(site.run(&["orchestrate", "A React page with a login", "--no-agent"]).code, 0);
    terminal.wait_text("NEEDS YOU");
    terminal.keys("!");
    terminal.wait("it is selected", |screen| screen.contains("f start the plan"));
    terminal.keys("f");
    terminal.wait_text("Start the plan of batch 2?");
    terminal.keys("y");
    until("all of it", || states(&site, "2").iter().all(|state| state == "completed"));
    let list = sessions(&site, "2");
    assert!(list.len() > 2, "{list:?}");

    // The third is refused as a whole.
    terminal.wait("its end", |screen| !screen.contains("NEEDS YOU"));
    assert_eq!(site.run(&["orchestrate", "Docker and tests", "--no-agent"]).code, 0);
    terminal.wait_text("NEEDS YOU");
    // The key for a no asks for a no, whose yes starts nothing.
    terminal.keys("!");
    terminal.wait("what needs a person", |screen| screen.contains("▌? #"));
    terminal.keys("D");
    terminal.wait_text("Throw the plan of batch 3 away?");
    terminal.keys("n");
    terminal.wait("no question", |screen| !screen.contains("Throw the plan"));
    terminal.keys("a");
    terminal.wait_text("Start the plan of batch 3?");
    terminal.keys("D");
    terminal.wait("the refusal", |screen| screen.contains("refused") && !screen.contains("NEEDS YOU"));
    assert!(states(&site, "3").iter().all(|state| state == "failed"), "{:?}", sessions(&site, "3"));
    let again = site.run(&["decline", "3"]);
    assert!(again.code == 1 && again.err.contains("waits for a yes"), "{again:?}");

    // It is asked for once more, approved by a key, and run.
    assert_eq!(site.run(&["orchestrate", "Docker and tests", "--no-agent"]).code, 0);
    terminal.wait_text("NEEDS YOU");
    terminal.keys("a");
    terminal.wait_text("Start the plan of batch 4?");
    terminal.keys("y");
    until("all of it", || states(&site, "4").iter().all(|state| state == "completed"));
    // Leaving asks how while the screen has work under way.
    terminal.wait("its end", |screen| !["NEEDS YOU", "WORKING", "QUEUED"].iter().any(|group| screen.contains(group)));
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);

    // And without a dashboard, where each verb that says what waits says so.
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    assert_eq!(site.run(&["orchestrate", "A database", "--no-agent"]).code, 0);
    let waits = site.run(&["questions"]).out;
    let plan = site.json(&["questions"]);
    let plan = plan.as_array().and_then(|all| all.iter().find(|one| one["kind"] == "plan")).expect("the plan").clone();
    let first = plan["sessions"][0]["task"].to_string();
    for part in ["batch 5 · plan: A database", &format!("#{first} "), "starts at once", "orchestrator-tui approve 5`"]
    {
        assert!(waits.contains(part), "no {part:?} in {waits}");
    }
    assert_eq!(plan["batch"], 5);
    assert_eq!(site.json(&["status"])["waiting_for_you"]["plans"], 1);
    assert!(site.run(&["status"]).out.contains("1 plan; `orchestrator-tui questions` lists"));
    assert!(site.run(&["tasks"]).out.contains("waits for your yes to the plan of batch 5"));
    assert!(site.run(&["session", "list"]).out.contains("`orchestrator-tui approve 5`"));
    let shown = site.run(&["show", &first]).out;
    assert!(shown.contains("  batch 5\n") && shown.contains("\nto do\n"), "{shown}");
    // From another folder the commands name the project.
    let aimed = site.command(&["-C"]).arg(&site.project).arg("questions").current_dir(site.outside("home")).output();
    let aimed = String::from_utf8(aimed.expect("our program").stdout).expect("text");
    let folder = site.project.canonicalize().expect("a folder").display().to_string();
    for verb in ["show N", "approve 5", "decline 5"] {
        let command = format!("`orchestrator-tui -C {folder} {verb}`");
        assert!(aimed.contains(&command), "no {command} in {aimed}");
    }
    let said = site.run(&["decline", "5"]);
    assert!(said.code == 0 && said.out.contains("the plan of batch 5 is refused"), "{said:?}");
    supervisor.stop();
}

#[test]
fn an_event_is_seen_and_leads_to_what_it_started() {
    let wait =
        |site: &Site| format!("{{ do = \"wait_for\", file = {} }}", json!(site.outside("go").display().to_string()));
    let site = site("");
    let emit =
        "{ do = \"run\", command = \"orchestrator-tui emit audit.completed --data '{}'\", ask = true }".to_owned();
    let done = "{ do = \"result\", text = \"Done.\" }".to_owned();
    site.script(&scenario("Is the door shut?", &[emit, wait(&site), done]));
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (120, 36));
    terminal.wait_text("all green");
    assert_eq!(site.run(&["emit", "deploy.wanted"]).code, 0);
    terminal.wait_text("1 event not followed: E");
    // What an agent reports waits for the end of its work, and that can be seen too.
    let data = json!({ "description": "Is the door shut?" }).to_string();
    assert_eq!(site.run(&["emit", "audit.requested", "--data", &data]).code, 0);
    until("the report of the agent", || site.json(&["events", "--pending"])["events"] != json!([]));
    terminal.keys("E");
    terminal.wait("all three", |screen| {
        let has = |parts: &[&str]| screen.lines().any(|line| parts.iter().all(|part| line.contains(part)));
        has(&["3", "audit.completed", "pending", "from #1"])
            && has(&["waits for the end of the attempt at #1"])
            && has(&["2", "audit.requested", "processed", "from you"])
            && has(&["started #1"])
            && has(&["1", "deploy.wanted", "failed", "from you"])
            && has(&["no rule is about deploy.wanted"])
    });
    terminal.keys("j\r");
    terminal
        .wait("the task", |screen| screen.contains("Tasks") && screen.contains("Log") && screen.contains("WORKING"));
    let shown = terminal.screen();
    assert!(!shown.contains("not followed") && shown.contains("1 event waits"), "{shown}");
    std::fs::write(site.outside("go"), "").expect("written");
    terminal.wait("its end", |screen| !screen.contains("event waits") && screen.contains("DONE"));
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn the_report_of_a_day_is_shown_as_it_is_written() {
    let file = "tasks/2025-11-18.yaml";
    let write = "{ do = \"write\", file = \"docs/guide.md\", content = \"It goes out.\\n\" }".to_owned();
    let site = site(&scenario("*", &[write, "{ do = \"result\", text = \"The guide is written.\" }".to_owned()]));
    site.write(
        file,
        "date: \"2025-11-18\"\ntasks:\n  - id: task-001\n    name: Write the guide\n    description: About loans.\n    \
         deliverables: [docs/guide.md]\n",
    );
    site.commit("A day");
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (80, 24));
    terminal.wait_text("all green");
    terminal.keys("w");
    terminal.wait_text("no task file is under way");
    let said = site.run(&["start", file]);
    assert_eq!(said.code, 0, "{said:?}");
    terminal.wait_text("NEEDS YOU");
    terminal.keys("w");
    // Its last line is there when the toast about the answer to the first `w` has gone.
    let parts = ["It lies in", "2025-11-18-report.md", "1 task: 1 to review", "What waits for you", "? to review"];
    terminal.wait("the report", |screen| parts.iter().all(|part| screen.contains(part)));
    let written = site.read("results/2025-11-18-report.md");
    assert!(
        written.contains("1 task: 1 to review") && written.contains("| task-001 · Write the guide | 👀 to review |")
    );
    // It is as things stand now, and says that what lies there is older.
    terminal.keys("\u{1b}");
    terminal.wait_text("NEEDS YOU");
    assert_eq!(site.run(&["land", "1"]).code, 0);
    terminal.wait("it landed", |screen| screen.contains("DONE"));
    terminal.keys("W\r");
    terminal.wait_text("1 task: 1 done");
    terminal.keys("\u{1b}");
    terminal.wait_text("What was filed together");
    terminal.keys("\u{1b}");
    terminal.wait("the list", |screen| !screen.contains("What was filed together"));
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
}
