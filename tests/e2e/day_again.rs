//! `start FILE` of a day that was done before: only what is new or says something else, unless more is asked for.

use serde_json::{Value, json};

use crate::site::{Site, until};

const FILE: &str = "tasks/2025-11-18.yaml";
const CONFIG: &str =
    "[fix]\nbackoff = \"10ms\"\n[role.coding]\nattempts = 1\n[[check]]\nname = \"unit\"\nrun = \"true\"\n";

/// Agents that write `docs/B.md` with this text for the task that asks for page N.
fn script(site: &Site, pages: &[(u32, u32, &str)]) {
    let scenario = |(page, brings, text): &(u32, u32, &str)| {
        let write =
            format!("{{ do = \"write\", file = \"docs/{brings}.md\", content = {} }}", json!(format!("{text}\n")));
        let usage = "{ do = \"usage\", cost = 0.02, input = 10, output = 1 }";
        format!(
            "[[scenario]]\nmatch = \"Write page {page}.\"\nsteps = [{usage}, {write}, {{ do = \"result\", text = \"Written.\" }}]\n"
        )
    };
    site.script(&pages.iter().map(scenario).collect::<String>());
}

fn task(page: u32, brings: u32, more: &str) -> String {
    format!(
        "  - id: page-{page}\n    name: \"Page {page}\"\n    description: \"Write page {page}.{more}\"\n    deliverables: [docs/{brings}.md]\n"
    )
}

fn write(site: &Site, tasks: &[String]) {
    site.write(FILE, &format!("date: 2025-11-18\ntasks:\n{}", tasks.concat()));
}

fn states(site: &Site) -> Vec<Value> {
    site.json(&["tasks"]).as_array().expect("tasks").iter().map(|task| task["state"].clone()).collect()
}

fn land(site: &Site, task: u32) {
    let said = site.run(&["land", &task.to_string()]);
    assert_eq!(said.code, 0, "{said:?}");
    until("it has landed", || site.task(task)["state"] == "done");
}

#[test]
fn a_day_that_is_over_is_done_again_only_when_that_is_said() {
    let site = Site::new(&[("orchestrator.toml", CONFIG)]);
    // The second writes another page than it is to bring.
    script(&site, &[(1, 1, "one"), (2, 2, "two")]);
    write(&site, &[task(1, 1, ""), task(2, 9, "")]);
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    let said = site.run(&["start", FILE]);
    assert!(said.code == 1 && said.out.contains(&format!("`orchestrator-tui start {FILE} --failed`")), "{said:?}");
    assert_eq!(states(&site), ["ready", "failed"]);
    let report = site.read("results/2025-11-18-report.md");
    assert!(report.contains(&format!("/{FILE} --failed`")), "{report}");
    // Something of it waits for a yes: it is shown again, and nothing of it begins anew.
    let said = site.run(&["start", FILE, "--again"]);
    assert!(said.code == 1 && said.err.contains("#1 is open: land, refuse or kill it first"), "{said:?}");
    land(&site, 1);

    let spent = |site: &Site| site.json(&["costs"])["total"]["all"]["cost_usd"].clone();
    let before = spent(&site);
    let said = site.run(&["start", FILE]);
    for part in [
        "was done before and says nothing new: batch 1, ended 20",
        "1 done, 1 not",
        "#2 page-2 · Page 2: escalated",
        "--failed` tries again what failed",
        "--again` does all of it again",
    ] {
        assert!(said.code == 1 && said.err.contains(part), "{part}: {said:?}");
    }
    let said = site.run(&["start", FILE, "--json"]);
    let last: Value = serde_json::from_str(said.out.lines().last().unwrap_or_default()).expect("JSON");
    assert!(said.code == 1 && last["refused"].is_string() && last["ended"]["over"] == true, "{said:?}");
    assert_eq!((spent(&site), states(&site).len()), (before, 2), "nothing was done, and nothing paid");

    // What failed, with an agent that does better.
    script(&site, &[(1, 1, "one"), (2, 9, "two")]);
    let said = site.run(&["start", FILE, "--failed"]);
    assert!(said.code == 0 && said.out.contains("batch 1 goes on; #2 is tried again"), "{said:?}");
    assert_eq!(states(&site), ["done", "ready"]);
    land(&site, 2);
    let said = site.run(&["start", FILE]);
    assert!(said.code == 1 && said.err.contains("2 done\n") && !said.err.contains("--failed"), "{said:?}");

    // What says something else now, and what is new, as more of the same day.
    script(&site, &[(1, 1, "one, with a picture"), (3, 3, "three")]);
    write(&site, &[task(1, 1, " With a picture."), task(2, 9, ""), task(3, 3, "") + "    depends_on: [page-1]\n"]);
    let said = site.run(&["start", FILE]);
    assert!(said.code == 0 && said.out.contains("batch 1 goes on; #3 to #4 are filed"), "{said:?}");
    assert_eq!(states(&site), ["done", "done", "ready", "ready"]);
    assert_eq!(site.task(4)["assignment"]["after"], json!([3]), "it builds on the new one");
    let report = site.read("results/2025-11-18-report.md");
    assert!(
        report.contains("3 tasks: 1 done, 2 to review") && report.contains("✅ done: landed; done anew as #3"),
        "{report}"
    );
    assert_eq!(report.matches("## page-1: Page 1").count(), 1, "one place for what is said about it: {report}");
    land(&site, 3);
    land(&site, 4);

    // What others have built on is said, and stays.
    let said = site.run(&["undo", "1"]);
    let why = "#1 cannot be taken back: #3, or you, changed the same lines since, in docs/1.md; nothing was written";
    assert!(said.code == 1 && said.err.contains(why) && said.err.contains("undo 3"), "{said:?}");
    let said = site.run(&["undo", "3"]);
    assert!(said.code == 0 && said.out.contains("; #4 was made on top of it and stays"), "{said:?}");
    assert_eq!((site.read("docs/1.md"), site.read("docs/3.md")), ("one\n".to_owned(), "three\n".to_owned()));

    script(&site, &[(1, 1, "again"), (2, 9, "again"), (3, 3, "again")]);
    let said = site.run(&["start", FILE, "--again"]);
    assert!(said.code == 0 && said.out.contains("#5 to #7 are filed, as batch 2"), "{said:?}");
    assert_eq!(states(&site)[4..], ["ready", "ready", "ready"]);
    site.wait_until_empty();
}

#[test]
fn a_failed_task_that_is_written_anew_takes_with_it_what_waited_for_it() {
    let site = Site::new(&[("orchestrator.toml", CONFIG)]);
    script(&site, &[(1, 1, "one"), (2, 2, "two")]);
    let second = task(2, 2, "") + "    depends_on: [page-1]\n";
    write(&site, &[task(1, 9, ""), second.clone()]);
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    assert_eq!(site.run(&["start", FILE]).code, 1);
    assert_eq!(states(&site), ["failed", "blocked"]);
    write(&site, &[task(1, 1, ""), second]);
    let said = site.run(&["start", FILE]);
    assert!(said.code == 0 && said.out.contains("batch 1 goes on; #3 to #4 are filed"), "{said:?}");
    assert_eq!(states(&site), ["failed", "failed", "ready", "ready"]);
    assert_eq!(site.task(4)["assignment"]["after"], json!([3]));
    let report = site.read("results/2025-11-18-report.md");
    assert!(report.contains("2 tasks: 2 to review"), "{report}");
    let waits = report.split("## Tasks").next().unwrap_or_default();
    assert!(!waits.contains("orchestrator-tui retry"), "{report}");
    for flags in [["--failed", "--again"], ["--dry-run", "--again"]] {
        assert_eq!(site.run(&[&["start", FILE][..], &flags].concat()).code, 2);
    }
    site.wait_until_empty();
}
