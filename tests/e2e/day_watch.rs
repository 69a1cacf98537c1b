//! `start FILE --watch`: the day goes on with what its file says next, until a person leaves.

use serde_json::{Value, json};

use crate::site::{Site, Supervisor, until};

const FILE: &str = "tasks/2025-11-18.yaml";
const REPORT: &str = "results/2025-11-18-report.md";
const CONFIG: &str = "[fix]\nbackoff = \"10ms\"\n[[check]]\nname = \"unit\"\nrun = \"true\"\n";

/// A project whose agents write `docs/N.md` for the task that asks for page N; the fourth waits until a file is there.
fn site() -> Site {
    let site = Site::new(&[("orchestrator.toml", CONFIG)]);
    let wait = format!("{{ do = \"wait_for\", file = {} }}, ", json!(site.outside("go").display().to_string()));
    let scenario = |page: u32| {
        let wait = if page == 4 { wait.as_str() } else { "" };
        format!(
            "[[scenario]]\nmatch = \"Write page {page}.\"\nsteps = [{wait}{{ do = \"write\", file = \"docs/{page}.md\", content = \"{page}\\n\" }}, {{ do = \"result\", text = \"Written.\" }}]\n"
        )
    };
    site.script(&[1, 2, 3, 4, 5].map(scenario).concat());
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    site
}

fn task(page: u32, more: &str) -> String {
    format!(
        "  - id: page-{page}\n    name: \"Page {page}\"\n    description: \"Write page {page}.{more}\"\n    deliverables: [docs/{page}.md]\n"
    )
}

fn file(tasks: &[String]) -> String {
    format!("date: 2025-11-18\ntasks:\n{}", tasks.concat())
}

fn watch(site: &Site) -> Supervisor {
    let mut watch = site.follow(&["start", FILE, "--watch", "--json"]);
    watch.wait("the work is filed", |line| line["said"].is_string());
    watch
}

fn said(watch: &mut Supervisor, what: &str, parts: &[&str]) {
    watch.wait(what, |line| line["said"].as_str().is_some_and(|said| parts.iter().all(|part| said.contains(part))));
}

fn settled(watch: &mut Supervisor, count: usize) -> Value {
    watch.wait("its end", |line| line["ended"]["tasks"].as_array().is_some_and(|tasks| tasks.len() == count))
}

#[test]
fn what_is_new_in_a_watched_file_is_taken_up_and_nothing_twice() {
    let site = site();
    site.write(FILE, &file(&[task(1, "")]));
    let mut watch = watch(&site);
    let ended = settled(&mut watch, 1);
    assert_eq!(ended["done"], true, "{ended}");
    assert!(site.read(REPORT).contains("page-1 · Page 1"), "{}", site.read(REPORT));

    // Half of a task, as an editor saves it in between.
    site.write(FILE, &(file(&[task(1, "")]) + "  - id: page-2\n    name: \"Page"));
    watch.wait("the mistake", |line| {
        line["refused"].as_str().is_some_and(|said| said.contains(&format!("{FILE}:8:")) && said.contains("mistake"))
    });
    assert_eq!(site.json(&["tasks"]).as_array().map(Vec::len), Some(1));
    // A task that waits for itself.
    site.write(FILE, &file(&[task(1, ""), task(2, "") + "    depends_on: [page-2]\n"]));
    watch.wait("the circle", |line| line["refused"].as_str().is_some_and(|said| said.contains("page-2")));

    site.write(FILE, &file(&[task(1, ""), task(2, "") + "    depends_on: [page-1]\n"]));
    said(&mut watch, "the second page", &["goes on", "#2 is filed"]);
    assert_eq!(settled(&mut watch, 2)["done"], true);
    assert!(site.read(REPORT).contains("page-2 · Page 2"), "{}", site.read(REPORT));

    // All of it landed: the day is over, and what is new is no reason to do the rest again.
    for number in ["1", "2"] {
        assert_eq!(site.run(&["land", number]).code, 0);
        until("it has landed", || site.task(number.parse().unwrap())["state"] == "done");
    }
    assert_eq!(site.read("docs/2.md"), "2\n");
    site.write(FILE, &file(&[task(1, " Now with a picture."), task(3, ""), task(2, "")]));
    said(&mut watch, "the third page", &["#3 is filed", "page-1 stays as #1 was filed", "description"]);
    assert_eq!(settled(&mut watch, 3)["done"], true);
    assert_eq!(site.json(&["tasks"]).as_array().map(Vec::len), Some(3));

    // What is queued and gone from the file is said, not lost.
    let five = task(5, "") + "    depends_on: [page-4]\n";
    let rest = [task(1, ""), task(2, "") + "    depends_on: [page-1]\n", task(3, "")];
    site.write(FILE, &file(&[&rest[..], &[task(4, ""), five]].concat()));
    said(&mut watch, "two more", &["#4 to #5 are filed"]);
    site.write(FILE, &file(&[&rest[..], &[task(4, "")]].concat()));
    said(&mut watch, "one that is gone", &["page-5 is not in the file any more, and #5 stays", "kill 5"]);
    std::fs::write(site.outside("go"), "").unwrap();
    let ended = settled(&mut watch, 5);
    assert_eq!(ended["done"], true, "{ended}");
    let kinds = |line: &&Value| line["fact"]["kind"] == "attempt_started";
    assert_eq!(watch.seen.iter().filter(kinds).count(), 5, "each was worked on once");
    std::fs::remove_file(site.project.join(REPORT)).unwrap();
    assert_eq!(watch.stop(), 0);
    assert!(site.read(REPORT).contains("page-5 · Page 5"), "it is written at the end: {}", site.read(REPORT));
    site.wait_until_empty();
}

#[test]
fn who_leaves_a_watched_day_in_the_middle_has_its_report() {
    let site = site();
    site.write(FILE, &file(&[task(4, "")]));
    let mut watch = watch(&site);
    watch.wait("the agent", |line| line["fact"]["stage"] == "agent");
    assert!(!site.project.join(REPORT).exists());
    assert_eq!(watch.stop(), 1);
    assert!(site.read(REPORT).contains("page-4 · Page 4"), "{}", site.read(REPORT));
    // It goes on without anybody who looks.
    std::fs::write(site.outside("go"), "").unwrap();
    until("it is done", || site.task(1)["state"] == "ready");
    assert_eq!(site.run(&["stop"]).code, 0);
    let both = site.run(&["start", FILE, "--watch", "--dry-run"]);
    assert_eq!(both.code, 2, "{both:?}");
    site.wait_until_empty();
}
