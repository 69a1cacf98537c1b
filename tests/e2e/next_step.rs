//! What is said to do next can be done, and what waits is said wherever a person asks.

use crate::site::Site;

const CHECK: &str = "grep -q right word.txt || { echo 'word.txt:1:1: error: wrong word'; exit 1; }\n";
const CONFIG: &str = "[fix]\nafter = \"0s\"\n[[check]]\nname = \"unit\"\nrun = \"sh check.sh\"\n";
const MEND: &str = r#"[[scenario]]
match = "*"
steps = [
  { do = "edit", file = "word.txt", find = "wrong", replace = "right" },
  { do = "say", text = "It is right now." },
]
"#;

#[test]
fn a_result_that_waits_stands_in_questions_and_may_be_the_last_that_asks() {
    let site = Site::new(&[("word.txt", "wrong\n"), ("check.sh", CHECK), ("orchestrator.toml", CONFIG)]);
    site.asks_first();
    site.script(MEND);
    assert_eq!(site.until_idle().code, 1, "it waits for a yes");
    let waits = site.run(&["questions"]);
    assert!(waits.out.contains("#1 unit · result") && waits.out.contains("then `land 1` or `refuse 1`"), "{waits:?}");
    let listed = site.json(&["questions"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "no agent asks: {listed:#}");
    assert_eq!((&listed[0]["kind"], &listed[0]["task"]), (&"result".into(), &1.into()), "{listed:#}");
    assert_eq!((&listed[0]["state"], &listed[0]["verbs"][0]), (&"ready".into(), &"land".into()), "{listed:#}");
    let landed = site.run(&["land", "1", "--always"]);
    assert_eq!(landed.code, 0, "{landed:?}");
    assert_eq!(site.read("word.txt"), "right\n");
    let log = site.run(&["logs"]);
    assert!(log.out.contains("from now on verified fixes land by themselves"), "{log:?}");
    assert!(log.out.contains("agent    It is right now."), "the rehearsal is no Claude: {log:?}");
    assert_eq!(site.run(&["questions"]).out.trim(), "nothing waits for you");
    site.write("word.txt", "wrong again\n");
    assert_eq!(site.until_idle().code, 0, "nobody is asked any more");
    assert_eq!(site.read("word.txt"), "right again\n");
}

#[test]
fn where_no_check_is_found_nobody_is_sent_in_a_circle() {
    let site = Site::new(&[("notes.txt", "nothing usual\n")]);
    let first = site.run(&["doctor"]);
    assert!(first.out.contains("`orchestrator-tui init` writes a file"), "{first:?}");
    let written = site.run(&["init"]);
    assert!(written.code == 0 && written.out.contains("run = \"make test\""), "{written:?}");
    let then = site.run(&["doctor"]);
    assert!(!then.out.contains("orchestrator-tui init"), "the file is there: {then:?}");
    assert!(then.out.contains("say in orchestrator.toml what is green or red: [[check]]"), "{then:?}");
}
