//! Where a fix is made and by whom: what a workspace is given, work in place, and programs other than Claude.

use std::fs;

use serde_json::json;

use crate::real_claude::log;
use crate::site::Site;

/// Each `*.txt` must say "right"; `deps/ready`, which git ignores, must be there.
const CHECK: &str = "test -f deps/ready || { echo 'deps/ready: not found' >&2; exit 1; }\ngrep -q right \"$1\" || { echo \"$1:1:1: error: wrong word\"; exit 1; }\n";

/// A project of such files, `deps` in place, with more configuration.
fn words(files: &[&str], more: &str) -> Site {
    let config = format!("[[check]]\nname = \"word\"\npaths = [\"*.txt\"]\nrun = \"sh check.sh {{file}}\"\n{more}");
    let mut all = vec![
        ("check.sh", CHECK),
        (".gitignore", "deps\n.env\ndata\n"),
        ("package-lock.json", "{}\n"),
        ("orchestrator.toml", config.as_str()),
    ];
    all.extend(files.iter().map(|file| (*file, "wrong\n")));
    let site = Site::new(&all);
    site.write("deps/ready", "");
    site.script(
        "[[scenario]]\nmatch = \"a.txt\"\nsteps = [{ do = \"edit\", file = \"a.txt\", find = \"wrong\", replace = \"right\" }]\n\
         [[scenario]]\nmatch = \"b.txt\"\nsteps = [{ do = \"edit\", file = \"b.txt\", find = \"wrong\", replace = \"right\" }]\n\
         [[scenario]]\nmatch = \"c.txt\"\nsteps = [{ do = \"edit\", file = \"c.txt\", find = \"wrong\", replace = \"right\" }]\n",
    );
    site
}

/// How often an agent was started.
fn agents(site: &Site) -> usize {
    log(site, "agent").len()
}

#[test]
fn a_workspace_is_prepared_once_for_the_same_lock_files() {
    let site = words(&["a.txt", "b.txt"], "[workspace]\nprepare = \"sh prepare.sh\"\n");
    let count = site.outside("count");
    site.write("prepare.sh", &format!("mkdir -p deps && touch deps/ready && echo once >> '{}'\n", count.display()));
    site.commit("Prepare");
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    let times = || fs::read_to_string(&count).expect("it was prepared").lines().count();
    assert_eq!((times(), agents(&site)), (1, 2), "{said:?}");
    assert_eq!(site.git(&["status", "--porcelain"]), " M a.txt\n M b.txt\n");
    site.write("package-lock.json", "{ \"lockfileVersion\": 3 }\n");
    site.write("c.txt", "wrong\n");
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(times(), 2, "another lock file: {said:?}");
}

#[test]
fn a_workspace_that_cannot_be_prepared_costs_no_agent() {
    let site = words(&["a.txt"], "[workspace]\nprepare = \"echo 'E404 left-pad is gone' >&2; exit 1\"\n");
    let said = site.until_idle();
    assert_eq!(said.code, 1, "{said:?}");
    let reason = site.task(1)["reason"].to_string();
    assert!(reason.contains("workspace.prepare failed") && reason.contains("E404 left-pad is gone"), "{reason}");
    assert_eq!(agents(&site), 0);
    assert_eq!(site.read("a.txt"), "wrong\n");
}

#[test]
fn a_missing_program_is_named_and_costs_no_agent() {
    let site = words(&["a.txt"], "[workspace]\ncopy = []\n");
    site.write("deps/tool", "#!/bin/sh\nexec sh check.sh \"$1\"\n");
    let tool = site.project.join("deps/tool");
    fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("its own file");
    site.write("orchestrator.toml", &site.read("orchestrator.toml").replace("sh check.sh", "deps/tool"));
    let said = site.until_idle();
    assert_eq!(said.code, 1, "{said:?}");
    let reason = site.task(1)["reason"].to_string();
    assert!(
        ["workspace unusable", "deps/tool", "not found", "workspace.copy"].iter().all(|word| reason.contains(word)),
        "{reason}"
    );
    assert_eq!(agents(&site), 0);
}

#[test]
fn what_is_copied_is_there_is_current_and_does_not_land() {
    let site = words(&["a.txt", "b.txt"], "[workspace]\ncopy = [\"deps\", \".env\", \"not-there\"]\n");
    site.write(".env", "KEY=1\n");
    let seen = site.outside("seen");
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n  {{ do = \"run\", command = \"cat .env >> '{}'; echo KEY=mine > .env; touch deps/mine\" }},\n  {{ do = \"run\", command = \"for f in a.txt b.txt; do test -f $f && test $(cat $f) = wrong && {{ echo right > $f; break; }}; done\" }},\n]\n",
        seen.display()
    ));
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!((site.read("a.txt"), site.read(".env")), ("right\n".to_owned(), "KEY=1\n".to_owned()));
    assert!(!site.project.join("deps/mine").exists());
    assert!(!said.out.contains("not-there"), "copied where it exists: {said:?}");
    assert!(fs::read_to_string(seen).expect("it was there").starts_with("KEY=1\n"));
}

#[test]
fn what_is_linked_is_the_users_own() {
    let site = words(&["a.txt"], "[workspace]\ncopy = [\"deps\"]\nlink = [\"data\"]\n");
    site.write("data/large", "one\n");
    site.script(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n  { do = \"run\", command = \"test -L data && cat data/large > from-data.txt && echo right >> from-data.txt\" },\n  { do = \"edit\", file = \"a.txt\", find = \"wrong\", replace = \"right\" },\n]\n",
    );
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("from-data.txt"), "one\nright\n");
    assert_eq!(site.git(&["status", "--porcelain"]), " M a.txt\n?? from-data.txt\n");
}

/// Makes a shell script the fixer of a site.
fn script_fixes(site: &Site, text: &str) {
    let script = site.outside("fix.sh");
    fs::write(&script, text).expect("written");
    let config = format!(
        "[fix]\nland = \"auto\"\n[agent.script]\nkind = \"command\"\nprogram = \"sh\"\nargs = [{script:?}]\nenv = {{ SEEN = {:?} }}\n[role.fixer]\nagent = \"script\"\n[policy]\nwrite = [{:?}]\n",
        site.outside("seen"),
        // Its fence lets it say what it was told.
        site.state().parent().expect("a folder"),
    );
    fs::write(site.outside("user.toml"), config).expect("written");
}

#[test]
fn any_program_can_be_the_agent() {
    let site = words(&["a.txt"], "[workspace]\ncopy = [\"deps\"]\n");
    script_fixes(&site, "cat > \"$SEEN\"\necho mending\nsed -i s/wrong/right/ a.txt\n");
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("a.txt"), "right\n");
    let prompt = fs::read_to_string(site.outside("seen")).expect("it was told something");
    assert!(prompt.contains("sh check.sh a.txt") && prompt.contains("wrong word"), "{prompt}");
    assert!(log(&site, "script").iter().any(|line| line.contains("mending")), "{said:?}");
    let receipt = site.json(&["receipt", "1"]);
    assert_eq!((&receipt["by"], &receipt["cost_usd"]), (&json!("script"), &json!(null)), "{receipt:#}");
}

#[test]
fn a_program_that_reads_nothing_is_not_waited_for() {
    let site = words(&["a.txt"], "[workspace]\ncopy = [\"deps\"]\n");
    script_fixes(&site, "exec <&-\nsed -i s/wrong/right/ a.txt\n");
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn a_program_that_fails_is_tried_again_from_the_untouched_snapshot() {
    let site = words(&["a.txt"], "[workspace]\ncopy = [\"deps\"]\n[fix]\nbackoff = \"10ms\"\n");
    script_fixes(
        &site,
        "cat >> \"$SEEN\"\ngrep -q wrong a.txt || exit 9\ntest -e \"$SEEN.once\" && { sed -i s/wrong/right/ a.txt; exit 0; }\n\
         touch \"$SEEN.once\"\necho half > a.txt\necho 'no idea' >&2\nexit 3\n",
    );
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("a.txt"), "right\n");
    let task = site.task(1);
    assert_eq!(task["history"][0]["outcome"].as_str().map(|text| text.contains("no idea")), Some(true), "{task:#}");
    assert_eq!(site.json(&["receipt", "1"])["attempts"], 2);
    let prompts = fs::read_to_string(site.outside("seen")).expect("it was told something");
    assert!(prompts.contains("Earlier attempts") && prompts.contains("attempt 2 of 5"), "{prompts}");
}

#[test]
fn a_program_that_is_not_there_parks_the_queue() {
    let site = words(&["a.txt"], "[workspace]\ncopy = [\"deps\"]\n");
    script_fixes(&site, "");
    let user = site.outside("user.toml");
    let config = fs::read_to_string(&user).expect("written before").replace("\"sh\"", "\"no-such-agent\"");
    fs::write(user, config).expect("written");
    let said = site.until_idle();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("there is no program no-such-agent"), "{said:?}");
    assert_eq!(site.task(1)["attempts"], 0);
}

const IN_PLACE: &str = "[fix]\nisolation = \"in-place\"\nbackoff = \"10ms\"\n";

#[test]
fn in_place_a_fix_is_made_in_the_users_tree_and_undone() {
    let site = words(&["a.txt"], IN_PLACE);
    // What the user has not committed stays as it is, byte for byte.
    site.write("notes.md", "mine\r\n");
    site.write("a.txt", "wrong\r\nmore\n");
    let before = fs::read(site.project.join("a.txt")).expect("readable");
    let git = site.hashes(".git");
    site.script(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n  { do = \"edit\", file = \"a.txt\", find = \"wrong\", replace = \"right\" },\n  { do = \"write\", file = \"sub/new.md\", content = \"new\" },\n]\n",
    );
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("a.txt"), "right\r\nmore\n");
    assert_eq!(git, site.hashes(".git"));
    let receipt = site.json(&["receipt", "1"]);
    assert_eq!(receipt["files"].as_array().map(Vec::len), Some(2), "{receipt:#}");
    let undone = site.run(&["undo", "1"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(fs::read(site.project.join("a.txt")).expect("readable"), before);
    assert_eq!(site.read("notes.md"), "mine\r\n");
    assert!(!site.project.join("sub").exists());
}

#[test]
fn in_place_a_failed_attempt_is_taken_back_before_the_next() {
    let site = words(&["a.txt"], IN_PLACE);
    site.write("notes.md", "mine\n");
    let seen = site.outside("seen");
    site.script(&format!(
        "[[scenario]]\nmatch = \"Earlier attempts\"\nsteps = [\n  {{ do = \"run\", command = \"git status --porcelain > '{0}'; cat a.txt >> '{0}'\" }},\n  {{ do = \"edit\", file = \"a.txt\", find = \"wrong\", replace = \"right\" }},\n]\n\
         [[scenario]]\nmatch = \"*\"\nsteps = [\n  {{ do = \"write\", file = \"a.txt\", content = \"worse\" }},\n  {{ do = \"write\", file = \"sub/stray.md\", content = \"x\" }},\n]\n",
        seen.display()
    ));
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(fs::read_to_string(seen).expect("the second attempt looked"), "?? notes.md\nwrong\n");
    assert_eq!(site.git(&["status", "--porcelain"]), " M a.txt\n?? notes.md\n");
    assert_eq!(site.json(&["receipt", "1"])["attempts"], 2);
}

#[test]
fn in_place_the_last_failed_attempt_leaves_nothing() {
    let site = words(&["a.txt"], &format!("{IN_PLACE}attempts = 2\n"));
    site.script("[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"write\", file = \"a.txt\", content = \"worse\" }, { do = \"delete\", file = \"check.sh\" }]\n");
    let said = site.until_idle();
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(site.git(&["status", "--porcelain"]), "");
    assert_eq!(site.task(1)["state"], "held");
}

#[test]
fn what_runs_in_a_session_does_not_know_the_users_terminal() {
    let run = "env > ran; ! grep -E '^(TMUX|NVIM|KITTY_LISTEN_ON)=' ran && grep -q '^KEPT=' ran";
    let config = format!("[[check]]\nname = \"unit\"\nrun = {run:?}\n");
    let site = Site::new(&[("orchestrator.toml", &config), (".gitignore", "ran\n")]);
    let mut command = site.command(&["run", "--headless", "--until-idle", "--trust"]);
    for name in ["TMUX", "NVIM", "KITTY_LISTEN_ON", "KEPT"] {
        command.env(name, "/tmp/of-the-user,1,0");
    }
    let done = command.stdin(std::process::Stdio::null()).output().expect("our program");
    assert!(done.status.success(), "{done:?}");
    assert!(site.read("ran").contains("KEPT="), "the check ran");
}
