//! Roles as a user meets them: what `roles`, `workflows` and `prompt` say, and that what they say is what agents are told.

use serde_json::{Value, json};

use crate::site::{Site, until};

const CONFIG: &str = "[fix]\nattempts = 2\n[[check]]\nname = \"unit\"\nrun = \"! grep -q bad file.txt\"\n";

/// A red project whose agent mends it if it was told so in these words, and else does nothing.
fn red(config: &str, words: &str) -> Site {
    let site =
        Site::new(&[("file.txt", "fine\n"), ("orchestrator.toml", config), ("fix.md", "Mend {{check}}, friend.\n")]);
    let step = "{ do = \"edit\", file = \"file.txt\", find = \"bad\", replace = \"good\" }";
    site.script(&format!(
        "[[scenario]]\nmatch = {words:?}\nsteps = [{step}]\n[[scenario]]\nmatch = \"*\"\nsteps = []\n"
    ));
    site.write("file.txt", "bad\n");
    site
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect()
}

#[test]
fn roles_and_workflows_are_listed() {
    let site = Site::bare(&[(
        "orchestrator.toml",
        "[role.coding]\nattempts = 4\n[[rule]]\nevent = \"pr.merged\"\ndoes = \"complete\"\n",
    )]);
    let value = site.json(&["roles"]);
    assert_eq!(names(&value["roles"]).len(), 13);
    let coding =
        value["roles"].as_array().expect("a list").iter().find(|role| role["name"] == "coding").expect("coding");
    let permissions = json!({
        "allow": ["Bash(orchestrator-tui emit *)", "Edit", "MultiEdit", "NotebookEdit", "Write"], "ask": [], "deny": []
    });
    assert_eq!(coding["permissions"], permissions);
    assert_eq!(coding["emits"], json!(["pr.created", "pr.updated"]));
    assert_eq!((&coding["edits"], &coding["attempts"], &coding["budget_usd"]), (&json!(true), &json!(4), &Value::Null));
    assert_eq!((&coding["agent"], &coding["prompt"]), (&json!("claude"), &json!("built in")));
    assert_eq!(names(&value["documents"])[0], "orchestrator_rules");
    let text = site.run(&["roles"]).out;
    assert!(
        text.contains("reviewer        looks  claude") && text.contains("reports verify.passed, verify.failed"),
        "{text}"
    );

    let value = site.json(&["workflows"]);
    assert_eq!(names(&value["workflows"]), ["fix", "pipeline", "session", "task"]);
    assert_eq!(value["workflows"][3]["stages"], json!(["prepare", "agent", "verify", "land", "confirm"]));
    let rules = value["rules"].as_array().expect("a list");
    assert_eq!(
        rules[0],
        json!({ "event": "task.assigned", "does": "start", "role": "starter", "workflow": "pipeline" })
    );
    assert!(rules.contains(&json!({ "event": "pr.merged", "does": "complete" })), "{rules:?}");
    let text = site.run(&["workflows"]).out;
    assert!(text.contains("pr.merged              its subject is done") && text.contains("(starter)"), "{text}");
}

#[test]
fn what_a_role_may_do_is_what_the_policy_answers() {
    let site = Site::bare(&[]);
    for (role, line, code) in [
        ("reviewer", "orchestrator-tui emit pr.merged --data '{\"summary\": \"good\"}'", 0),
        ("review", "git push", 1),
        ("coding", "orchestrator-tui emit pr.created --data '{}' && git commit -m x", 1),
    ] {
        let said = site.run(&["policy", "check", "--role", role, line]);
        assert_eq!(said.code, code, "{role}: {said:?}");
    }
    let said = site.run(&["policy", "check", "--role", "analysis", "orchestrator-tui emit x.y"]).out;
    assert!(said.starts_with("ask"), "it reports nothing: {said}");
}

#[test]
fn a_prompt_is_printed_for_a_text() {
    let site = Site::bare(&[("orchestrator.toml", CONFIG)]);
    let said = site.run(&["prompt", "coding", "Add paging to the list"]);
    assert_eq!(said.code, 0, "{said:?}");
    for part in [
        "**Add paging to the list**",
        "- `unit`: `! grep -q bad file.txt`",
        "orchestrator-tui emit pr.created",
        "```json",
    ] {
        assert!(said.out.contains(part), "no {part:?} in {}", said.out);
    }
    assert!(!said.out.contains("{{") && said.err.contains("note: this project is not trusted yet"), "{said:?}");
    let value = site.json(&["prompt", "analysis", "Add", "paging"]);
    assert!(value["prompt"].as_str().is_some_and(|text| text.contains("**Add paging**") && !text.contains(" emit ")));
    assert_eq!((&value["role"], &value["agent"]), (&json!("analysis"), &json!("claude")));
    for (args, code, why) in [
        (&["prompt", "poet", "x"][..], 2, "there is no role `poet`"),
        (&["prompt", "fixer", "mend it"], 2, "\"mend it\" is no task"),
        (&["prompt", "fixer", "7"], 1, "there is no task #7"),
        (&["prompt", "coding"], 2, "TASK OR TEXT"),
    ] {
        let said = site.run(args);
        assert!(said.code == code && said.err.contains(why), "{args:?}: {said:?}");
    }
}

#[test]
fn the_words_of_a_project_reach_agents_after_a_yes() {
    let config = format!("{CONFIG}[role.fixer]\nprompt = \"fix.md\"\n");
    let site = red(&config, "Mend unit, friend.");
    let refused = site.run(&["run", "--headless", "--until-idle"]);
    assert!(refused.code == 1 && refused.err.contains("role.fixer.prompt: fix.md (SHA-256 "), "{refused:?}");
    let said = site.until_idle();
    assert_eq!((said.code, site.read("file.txt").as_str()), (0, "good\n"), "{said:?}");
    // Other words need another yes.
    site.write("fix.md", "Mend {{check}}, foe.\n");
    let refused = site.run(&["run", "--headless", "--until-idle"]);
    assert!(refused.code == 1 && refused.err.contains("has changed what it would run"), "{refused:?}");
}

#[test]
fn the_prompt_of_an_open_task_is_what_its_agent_would_be_told() {
    // Nothing starts, so that the task stays open.
    let site = red(&CONFIG.replace("[fix]", "[fix]\nenabled = false"), "never said");
    site.write("file.txt", "fine\n");
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");
    site.write("file.txt", "bad\n");
    supervisor.wait_kind("filed");
    // It is told before it is on disk, where the prompt is put together from.
    until("the task on disk", || site.run(&["prompt", "fixer", "1"]).code == 0);
    let said = site.run(&["prompt", "fixer", "1"]);
    for part in
        ["`unit` is run as:\n\n```sh\n! grep -q bad file.txt\n```", "- file.txt (modified, +1 -1)", "-fine\n+bad"]
    {
        assert!(said.out.contains(part), "no {part:?} in {}", said.out);
    }
    let planner = site.run(&["prompt", "planner", "#1"]).out;
    assert!(planner.starts_with("A check in this project is red.") && planner.contains("+bad"), "{planner}");
    let wrong = site.run(&["prompt", "coding", "1"]);
    assert!(wrong.code == 1 && wrong.err.contains("#1 is about a red check"), "{wrong:?}");
    supervisor.stop();
}
