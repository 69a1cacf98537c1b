//! What runs in a session cannot answer for a person, in whatever way it is started; a person's own calls go on working.

use std::fs;

use serde_json::Value;

use crate::site::{PROGRAM, Site, Supervisor};

const CONFIG: &str = "[fix]\nattempts = 1\nafter = \"0s\"\nplanner = \"off\"\n[questions]\nunattended = \"wait\"\n[[check]]\nname = \"unit\"\nrun = \"sh check.sh\"\n";

const ASKS: &str = r#"[[scenario]]
match = "*"
steps = [
  { do = "run", command = "echo right | dd of=word.txt status=none", ask = true },
  { do = "say", text = "It is right now." },
]
"#;

/// A site whose check also runs what stands in the file `try.sh` outside of the project, once there is one.
fn site() -> Site {
    let site = Site::bare(&[("word.txt", "wrong\n"), ("orchestrator.toml", CONFIG)]);
    let check = format!(
        "[ ! -f {0:?} ] || sh {0:?}\ngrep -q right word.txt || {{ echo 'word.txt:1:1: error: wrong word'; exit 1; }}\n",
        site.outside("try.sh")
    );
    site.write("check.sh", &check);
    site.git_init();
    site.script(ASKS);
    site
}

/// Writes down what a check tries from now on: to answer; in a session of its own, to land; twice forked and with
/// nothing of its environment left, to raise the budget.
fn tries(site: &Site) {
    let tried = site.outside("tried");
    fs::create_dir_all(&tried).expect("made");
    let surroundings = format!(
        "HOME={:?} ORCHESTRATOR_STATE_DIR={:?} ORCHESTRATOR_CONFIG={:?}",
        site.outside("home"),
        site.state(),
        site.outside("user.toml")
    );
    let ours = format!("{PROGRAM:?} -C {:?}", site.project);
    let script = format!(
        "out=$(mktemp -d {tried:?}/XXXXXX)\n\
         note() {{ cat > $out/part; mv $out/part $out/$1; }}\n\
         {{ {surroundings} {ours} answer 1 allow 2>&1; echo exit $?; }} | note answer\n\
         {{ {surroundings} setsid -w {ours} land 1 2>&1; echo exit $?; }} | note land\n\
         (setsid sh -c '{{ env -i {surroundings} {ours} costs --raise 5 2>&1; echo exit $?; }} > '$out'/far; mv '$out'/far '$out'/raise' &)\n\
         while [ ! -f $out/raise ]; do sleep 0.02; done\n"
    );
    fs::write(site.outside("try.new"), script).expect("written");
    fs::rename(site.outside("try.new"), site.outside("try.sh")).expect("renamed");
}

/// Returns what was tried so far and what came of it, each in one text.
fn tried(site: &Site) -> Vec<[String; 3]> {
    let runs = fs::read_dir(site.outside("tried")).expect("a folder").flatten().map(|entry| entry.path());
    let said = |folder: std::path::PathBuf| {
        ["answer", "land", "raise"].map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default())
    };
    runs.map(said).collect()
}

fn trespasses(running: &Supervisor) -> Vec<Value> {
    running.seen.iter().filter(|fact| fact["kind"] == "trespassed").cloned().collect()
}

#[test]
fn a_check_cannot_answer_land_or_raise_and_a_person_can() {
    let site = site();
    let mut running = site.start(&["--land", "ask"]);
    running.wait_kind("held");
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    running.wait_kind("questioned");

    tries(&site);
    assert_eq!(site.run(&["check"]).code, 0);
    running.wait("the check", |fact| fact["kind"] == "ran");
    let runs = tried(&site);
    assert_eq!(runs.len(), 1);
    let [answer, land, raise] = &runs[0];
    let whose = "this process belongs to the session of the check unit; only a person's process may";
    for (said, deed) in [(answer, "read questions"), (land, "land"), (raise, "raise the budget")] {
        assert!(said.contains(&format!("{whose} {deed}")) && said.ends_with("exit 1\n"), "{said}");
    }
    let noted = trespasses(&running);
    assert_eq!(noted.len(), 3, "{noted:#?}");
    assert!(noted.iter().all(|fact| fact["whose"] == "the session of the check unit"), "{noted:#?}");
    assert_eq!(site.json(&["questions"])[0]["id"], 1, "it is open still");

    // From here it is the attempt's own session that tries, in the workspace.
    assert_eq!(site.run(&["answer", "1", "allow"]).code, 0);
    running.wait_kind("ready");
    let runs = tried(&site);
    assert!(runs.len() > 1, "the result was checked");
    assert!(runs.iter().any(|[_, land, _]| land.contains("belongs to the session of #1; only")), "{runs:#?}");
    assert!(runs.iter().flatten().all(|said| said.ends_with("exit 1\n")), "{runs:#?}");
    assert!(trespasses(&running).iter().any(|fact| fact["task"] == 1 && fact["deed"] == "land"));
    assert_eq!(site.read("word.txt"), "wrong\n", "nothing has landed");
    assert_eq!(site.json(&["costs"])["lines"][0]["raised"], 0.0);
    let log = site.run(&["logs", "1"]);
    assert!(log.out.contains("⚠ #1 refused: a process of the session of #1 asked to land"), "{log:?}");

    let raised = site.run(&["costs", "--raise", "5"]);
    assert_eq!(raised.code, 0, "{raised:?}");
    let landed = site.run(&["land", "1"]);
    assert_eq!(landed.code, 0, "{landed:?}");
    running.wait_kind("landed");
    assert_eq!(site.read("word.txt"), "right\n");
    running.stop();
}

#[test]
fn a_session_does_not_agree_to_anything_or_take_the_place_of_a_supervisor() {
    let site = site();
    let out = site.outside("tried");
    let surroundings = format!(
        "HOME={:?} ORCHESTRATOR_STATE_DIR={:?} ORCHESTRATOR_CONFIG={:?}",
        site.outside("home"),
        site.state(),
        site.outside("user.toml")
    );
    let ours = format!("{surroundings} {PROGRAM:?} -C {:?}", site.project);
    let changed = site.outside("changed.toml");
    fs::write(&changed, CONFIG.replace("sh check.sh", "sh ./check.sh")).expect("written");
    let script = format!(
        "cp {changed:?} {0:?}/orchestrator.toml\n\
         {{ {ours} trust --yes; echo exit $?; {ours} purge --yes; echo exit $?; }} > {1:?} 2>&1\n",
        site.project, out
    );
    fs::write(site.outside("try.sh"), script).expect("written");
    let said = site.run(&["run", "--headless", "--trust", "--until-idle", "--checks-only"]);
    assert_eq!(said.code, 1, "{said:?}");
    let tried = fs::read_to_string(&out).expect("it tried");
    assert!(tried.contains("only a person's process may agree to what it runs"), "{tried}");
    assert_eq!(tried.matches("exit 0").count(), 0, "{tried}");
}
