//! Work that names another repository: found or cloned, and done by that project's own supervisor.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::site::{PROGRAM, Said, Site, Supervisor, until};

const CONFIG: &str = "[lanes]\nsession = 2\n[[check]]\nname = \"unit\"\nrun = \"true\"\n[fix]\nbackoff = \"0s\"\n";

const SAYS: &str = "[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"write\", file = \"made.txt\", content = \"made\\n\" }, { do = \"say\", text = \"Done.\\n\\n```json\\n{\\\"summary\\\": \\\"Made it.\\\"}\\n```\" }]\n";

/// A project, and folders for others: `projects` to look in, `clones`, and `hub` to clone from.
fn site(config: &str) -> Site {
    let site = Site::new(&[("file.txt", "fine\n"), ("orchestrator.toml", config)]);
    site.script(SAYS);
    let user = site.outside("user.toml");
    let text = fs::read_to_string(&user).unwrap();
    let folders = format!(
        "{text}\n[projects]\ndir = {:?}\nclones = {:?}\nhost = {:?}\n",
        site.outside("projects"),
        site.outside("clones"),
        site.outside("hub")
    );
    fs::write(user, folders).unwrap();
    site
}

fn git(site: &Site, folder: &Path, args: &[&str]) {
    fs::create_dir_all(folder).unwrap();
    let mut command = Command::new("git");
    command.env("HOME", site.outside("home")).env("GIT_CONFIG_NOSYSTEM", "1").env_remove("GIT_DIR");
    let done = command.arg("-C").arg(folder).args(args).output().unwrap();
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Makes a repository with the usual configuration and an origin.
fn project(site: &Site, folder: &str, origin: &str) -> PathBuf {
    let folder = site.outside(folder);
    git(site, &folder, &["init", "-q", "-b", "main"]);
    fs::write(folder.join("orchestrator.toml"), CONFIG).unwrap();
    fs::write(folder.join("file.txt"), "other\n").unwrap();
    git(site, &folder, &["add", "-A"]);
    git(site, &folder, &["-c", "user.name=A", "-c", "user.email=a@localhost", "commit", "-q", "-m", "Begin"]);
    git(site, &folder, &["remote", "add", "origin", origin]);
    folder.canonicalize().unwrap()
}

/// Makes a repository without a tree, to be cloned.
fn bare(site: &Site, name: &str) -> PathBuf {
    let from = project(site, &format!("source/{name}"), "nowhere");
    let hub = site.outside(&format!("hub/{name}.git"));
    git(site, &from, &["clone", "-q", "--bare", ".", hub.to_str().unwrap()]);
    hub
}

fn supervise(site: &Site, folder: &Path) -> Supervisor {
    let mut supervisor = site.start(&["-C", folder.to_str().unwrap()]);
    supervisor.wait_kind("green_at");
    supervisor
}

fn refused(said: &Said, code: i32, parts: &[&str]) {
    assert!(said.code == code && parts.iter().all(|part| said.err.contains(part)), "{parts:?}: {said:?}");
}

fn count(list: &Value) -> usize {
    list["data"]["sessions"].as_array().map_or_else(|| panic!("{list}"), Vec::len)
}

#[test]
fn a_repository_that_is_found_gets_the_work_and_this_one_none() {
    let site = site(CONFIG);
    let shop = project(&site, "projects/mine/shop", "git@example.invalid:Owner/Shop.git");
    // What is in the way: another one of this name, one below a repository, and one that is hidden.
    project(&site, "projects/shop", "https://example.invalid/other/shop");
    project(&site, "projects/mine/shop/vendor/shop", "git@example.invalid:owner/shop.git");
    project(&site, "projects/.old/shop", "git@example.invalid:owner/shop.git");
    let here = supervise(&site, &site.project);
    let dir = shop.display().to_string();

    // Nobody works there, and nobody has agreed to anything.
    let said = site.run(&["session", "create", "Build it", "--repository", "owner/shop"]);
    let trust = format!("`orchestrator-tui -C {dir} trust`");
    refused(&said, 3, &["owner/shop is here", &dir, "nothing was filed", &trust, "run --headless` starts one"]);
    // What is known is read without one.
    assert_eq!(count(&site.json(&["session", "list", "--repository", "owner/shop"])), 0);

    let there = supervise(&site, &shop);
    assert_eq!(count(&site.json(&["session", "list"])), 0);
    assert_eq!(site.run(&["session", "create", "Mine"]).code, 0);
    // #1 is a session of this project, and none there yet.
    let said = site.run(&["session", "create", "x", "--repository", "owner/shop", "--after", "1"]);
    refused(&said, 1, &["#1 is a session of", "waits only for those of its own project"]);
    let said = site.run(&["session", "create", "x", "--after", "owner/shop#1"]);
    refused(&said, 1, &["#1 is a session of owner/shop", "waits only for those of its own project"]);

    let created = site.json(&["session", "create", "Build it", "--repository", "owner/shop", "--start"]);
    assert_eq!(created["data"]["folder"], json!(shop), "{created}");
    let session = &created["data"]["session"];
    assert_eq!((&session["task"], &session["project"]["repository"]), (&json!(1), &json!("owner/shop")), "{created}");
    let dependent = ["session", "create", "Go on", "--after", "owner/shop#1", "--repository", "owner/shop"];
    let said = site.run(&dependent);
    assert!(said.code == 0 && said.out.contains("after #1") && said.out.ends_with(&format!("in {dir}\n")), "{said:?}");
    until("it is done there", || {
        site.json(&["session", "get", "2", "--repository", "owner/shop"])["data"]["session"]["status"] == "completed"
    });
    let output = site.run(&["session", "output", "1", "--repository", &dir]);
    assert!(output.out.contains("Made it."), "{output:?}");
    assert_eq!(count(&site.json(&["-C", &dir, "session", "list"])), 2);
    assert_eq!(count(&site.json(&["session", "list"])), 1, "nothing came here");

    let queued = site.json(&["queue", "add", "Later", "--repository", "git@example.invalid:owner/shop.git"]);
    assert_eq!((&queued["tasks"], &queued["folder"]), (&json!([3]), &json!(shop)), "{queued}");
    assert_eq!(site.json(&["queue"])["items"], json!([]));
    until("the queue is through", || site.json(&["queue", "--repo", "owner/shop"])["completed"][0]["title"] == "Later");
    let planned = site.json(&["orchestrate", "A page with a login", "--no-agent", "--repository", "owner/shop"]);
    assert_eq!(planned["data"]["folder"], json!(shop), "{planned}");
    assert!(planned["data"]["summary"].as_str().is_some_and(|text| text.ends_with("for owner/shop")), "{planned}");
    let batch = planned["data"]["batch"].to_string();
    until("the plan", || {
        count(&site.json(&["session", "list", "--orchestration", &batch, "--repository", "owner/shop"])) > 1
    });
    let said = site.run(&["approve", &batch, "--repository", "owner/shop"]);
    assert!(said.code == 0 && said.out.contains("is approved"), "{said:?}");
    assert_eq!(count(&site.json(&["session", "list"])), 1, "nothing came here");

    // One state folder and its own workspaces each.
    let states: Vec<PathBuf> = fs::read_dir(site.state()).unwrap().flatten().map(|entry| entry.path()).collect();
    let with_work = states.iter().filter(|state| state.join("work").is_dir()).count();
    assert_eq!(with_work, 2, "{states:?}");
    assert!(!site.project.join("made.txt").exists());

    let second = project(&site, "projects/zweite/kopie", "ssh://git@example.invalid/owner/shop");
    let said = site.run(&["session", "list", "--repository", "owner/shop"]);
    refused(&said, 1, &["could be any of", &dir, second.to_str().unwrap()]);
    assert_eq!(site.run(&["session", "list", "--repository", &dir]).code, 0, "a folder is certain");
    for (named, code, why) in [
        ("--repository=-x/y", 2, "names no repository"),
        ("--repository=a/b/c", 2, "names no repository"),
        ("--repository=/no/such/folder", 2, "there is no folder"),
        ("--repository=nobody", 1, "nobody is not found in"),
        ("--repository=nobody/nothing", 1, "nobody/nothing is not found in"),
    ] {
        refused(&site.run(&["session", "list", named]), code, &[why]);
    }
    assert!(!site.outside("clones").exists(), "who only looks clones nothing");
    here.stop();
    there.stop();
}

#[test]
fn this_project_is_known_by_its_name_its_folder_and_its_origin() {
    let site = site(CONFIG);
    site.git(&["remote", "add", "origin", "https://example.invalid/owner/shop.git"]);
    let supervisor = supervise(&site, &site.project);
    let folder = site.project.canonicalize().unwrap();
    for named in ["project", "owner/shop", "git@example.invalid:owner/shop.git", ".", folder.to_str().unwrap()] {
        let created = site.json(&["session", "create", "Build it", "--repository", named]);
        assert_eq!(created["data"]["folder"], json!(folder), "{named}: {created}");
    }
    assert_eq!(count(&site.json(&["session", "list"])), 5);
    supervisor.stop();
}

#[test]
fn a_repository_that_is_nowhere_is_cloned_whole_and_trusted_by_nobody() {
    let site = site(CONFIG);
    let hub = bare(&site, "owner/tool");
    // Neither a hook of a template nor one of the user's runs.
    let ran = site.outside("ran");
    for hooks in ["template/hooks", "hooks"] {
        let hook = site.outside(hooks).join("post-checkout");
        fs::create_dir_all(site.outside(hooks)).unwrap();
        fs::write(&hook, format!("#!/bin/sh\ntouch {ran:?}\n")).unwrap();
        fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let settings = format!(
        "[init]\ntemplateDir = {:?}\n[core]\nhooksPath = {:?}\n",
        site.outside("template"),
        site.outside("hooks")
    );
    fs::write(site.outside("home").join(".gitconfig"), settings).unwrap();

    let fails = site.run(&["session", "create", "x", "--repository", "owner/nothing"]);
    refused(&fails, 1, &["owner/nothing.git cannot be cloned", "fatal:"]);
    assert!(!site.outside("clones").exists(), "nothing is left of a clone that failed");
    // What can be known before is said before.
    assert_eq!(site.run(&["session", "create", " ", "--repository", "owner/tool"]).code, 2);
    assert!(!site.outside("clones").exists());

    let said = site.run(&["session", "create", "Build it", "--repository", "owner/tool"]);
    let clone = site.outside("clones").canonicalize().unwrap().join("owner/tool");
    let dir = clone.display().to_string();
    refused(
        &said,
        3,
        &["Cloning into", "owner/tool was cloned", "nothing of it is trusted", &format!("-C {dir} trust`")],
    );
    assert_eq!(fs::read_to_string(clone.join("file.txt")).unwrap(), "other\n");
    assert!(!ran.exists() && !clone.join(".git/hooks/post-checkout").exists(), "a hook came along");
    let rest: Vec<_> = fs::read_dir(site.outside("clones")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(rest, ["owner"]);
    refused(&site.run(&["run", "--headless", "-C", &dir]), 1, &["is not trusted yet"]);

    // It is used as it is from now on, by whatever name.
    fs::write(clone.join("file.txt"), "edited\n").unwrap();
    let supervisor = supervise(&site, &clone);
    let address = format!("file://{}", hub.display());
    for (at, named) in ["owner/tool", "tool", &address, hub.to_str().unwrap(), &dir].into_iter().enumerate() {
        let queued = site.json(&["queue", "add", "Do it", "--repository", named]);
        assert_eq!((&queued["tasks"], &queued["folder"]), (&json!([at + 1]), &json!(clone)), "{named}: {queued}");
    }
    assert_eq!(fs::read_to_string(clone.join("file.txt")).unwrap(), "edited\n");
    assert_eq!(fs::read_dir(site.outside("clones").join("owner")).unwrap().count(), 1);
    supervisor.stop();
    let said = site.run(&["queue", "pause", "--repository", "tool"]);
    refused(&said, 3, &["tool is here, and no supervisor runs in", "nothing was filed"]);
    assert!(!said.err.contains("trust"), "that was agreed to: {said:?}");

    // Another repository that ends in the same words, and something else altogether, are not taken for it.
    let other = site.outside("other/owner/tool.git");
    fs::create_dir_all(other.parent().unwrap()).unwrap();
    git(&site, &hub, &["clone", "-q", "--bare", ".", other.to_str().unwrap()]);
    let said = site.run(&["queue", "add", "x", "--repository", other.to_str().unwrap()]);
    refused(&said, 1, &["is in the way: it is a clone of", "not of owner/tool"]);
    fs::create_dir_all(site.outside("clones/owner/files")).unwrap();
    let said = site.run(&["queue", "add", "x", "--repository", "owner/files"]);
    refused(&said, 1, &["is in the way: it is no clone at all"]);
}

#[test]
fn the_environment_says_where_and_a_project_does_not() {
    let site = site(&format!("{CONFIG}[projects]\nhost = \"https://evil.invalid\"\n"));
    bare(&site, "owner/tool");
    site.write(".env", "WORKSPACES_DIR=/nowhere\nPROJECTS_DIR=/nowhere\n");
    let other = site.outside("elsewhere");
    let named = ["session", "create", "x", "--repository", "owner/tool"];
    let done = site.command(&named).env("WORKSPACES_DIR", &other).output().unwrap();
    assert_eq!(done.status.code(), Some(3), "{done:?}");
    assert!(other.join("owner/tool/file.txt").is_file() && !site.outside("clones").exists());
    // What was cloned there is found there, by its origin, and is cloned no second time.
    let done = site.command(&named).env("PROJECTS_DIR", &other).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("owner/tool is here") && !site.outside("clones").exists(), "{said}");
    let done = site.command(&named).env("PROJECTS_DIR", "relative").output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(2) && said.contains("PROJECTS_DIR: \"relative\" is not possible"), "{said}");
    let said = site.run(&["config", "check"]);
    assert!(said.err.contains("[projects] counts only in the user's own file"), "{said:?}");
}

#[test]
fn who_works_in_a_session_reaches_no_other_project() {
    let site = Site::bare(&[]);
    let tried = site.outside("tried");
    let surroundings = format!(
        "HOME={:?} ORCHESTRATOR_STATE_DIR={:?} ORCHESTRATOR_CONFIG={:?} WORKSPACES_DIR={:?}",
        site.outside("home"),
        site.state(),
        site.outside("user.toml"),
        site.outside("clones"),
    );
    let hub = bare(&site, "owner/tool");
    let shop = project(&site, "projects/shop", "git@example.invalid:owner/shop.git");
    let ours = format!("{surroundings} {PROGRAM:?} -C");
    let script = format!(
        "{{ {ours} . queue add x --repository {hub:?}; echo exit $?\n\
            {ours} {:?} session list --repository {shop:?}; echo exit $?\n\
            {ours} {shop:?} queue add x; echo exit $?; }} > {tried:?} 2>&1\n",
        site.outside("source/owner/tool"),
    );
    site.write("try.sh", &script);
    site.write("orchestrator.toml", "[[check]]\nname = \"unit\"\nrun = \"sh try.sh\"\n");
    site.git_init();
    let supervisor = supervise(&site, &shop);
    let said = site.run(&["run", "--headless", "--trust", "--until-idle", "--checks-only"]);
    assert_eq!(said.code, 0, "{said:?}");
    let tried = fs::read_to_string(tried).unwrap();
    let whole = "only a person's process may reach another project\nexit 1\n";
    assert_eq!(tried.matches(whole).count(), 2, "{tried}");
    assert!(
        tried.matches("exit 1").count() == 3 && tried.contains("only a person's process may file tasks"),
        "{tried}"
    );
    assert!(!site.outside("clones").exists());
    assert_eq!(site.json(&["-C", shop.to_str().unwrap(), "queue"])["items"], json!([]));
    supervisor.stop();
}
