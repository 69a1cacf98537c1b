//! The tables beside the journal, read with `SQLite` itself while a supervisor runs, after it was killed, and at the end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::sys::signal::Signal;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::site::{Site, until};

const CONFIG: &str = "[[check]]\nname = \"price\"\npaths = [\"*.py\"]\nrun = \"grep -q good price.py\"\n";

const MEND: &str = "{ do = \"usage\", cost = 0.01, input = 10, output = 1 },\n\
                    { do = \"write\", file = \"price.py\", content = \"good\\n\" },\n{ do = \"result\", text = \"Done.\" },\n";

fn script(steps: &str) -> String {
    format!("[[scenario]]\nmatch = \"*\"\nsteps = [\n{steps}]\n")
}

fn journal_below(folder: &Path) -> Option<PathBuf> {
    let entries: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    let here = entries.iter().find(|path| path.file_name().is_some_and(|name| name == "journal.db"));
    here.cloned().or_else(|| entries.iter().filter(|path| path.is_dir()).find_map(|path| journal_below(path)))
}

/// Reads rows as any tool would; columns are joined by bars, and what is null is empty.
fn rows(site: &Site, sql: &str) -> Vec<String> {
    let path = journal_below(&site.state()).expect("a journal");
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("readable");
    connection.busy_timeout(std::time::Duration::from_secs(30)).expect("set");
    let mut statement = connection.prepare(sql).expect("the documented columns");
    let count = statement.column_count();
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<String> {
        let cells = (0..count).map(|column| {
            row.get_ref(column).map(|cell| match cell {
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                _ => String::new(),
            })
        });
        Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    };
    statement.query_map([], read).expect("rows").collect::<Result<_, _>>().expect("read")
}

/// What `tasks --json` and the table say must be the same.
fn agree(site: &Site) {
    let tasks = site.json(&["tasks"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said: Vec<String> = tasks
        .as_array()
        .expect("tasks")
        .iter()
        .map(|task| format!("{}|{}|{}", text(&task["id"]), text(&task["title"]), text(&task["state"])))
        .collect();
    assert_eq!(rows(site, "SELECT id, title, state FROM tasks ORDER BY id"), said);
}

#[test]
fn a_fix_is_in_them_from_its_beginning_across_a_kill_to_its_end() {
    let site = Site::new(&[("price.py", "bad\n"), ("orchestrator.toml", CONFIG)]);
    site.script(&script("{ do = \"say\", text = \"I look.\" },\n{ do = \"wait_for\", file = \"never\" },\n"));
    let mut first = site.start(&["--until-idle"]);
    first.wait("the agent's words", |fact| fact["kind"] == "logged" && fact.to_string().contains("I look."));
    // What is told may not be on disk yet; from there on another process sees it while the supervisor runs.
    let log = "SELECT content FROM agent_logs JOIN agents ON agents.id = agent_id WHERE agent_type = 'fixer'";
    until("the log", || rows(&site, log).iter().any(|line| line.ends_with("I look.")));
    let running = rows(&site, "SELECT status, completed_at, exit_code FROM agents");
    assert_eq!(running, ["running||"]);
    let task =
        "SELECT tasks.status, tasks.assigned_agent_id = agents.id FROM tasks JOIN agents ON agents.task_id = tasks.id";
    assert_eq!(rows(&site, task), ["in_progress|1"]);
    first.signal(Signal::SIGKILL);
    first.end();
    agree(&site);

    site.script(&script(MEND));
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    agree(&site);
    assert_eq!(rows(&site, task), ["completed|", "completed|"]);
    let agents = "SELECT status, error, exit_code, json_extract(metadata, '$.tokens') FROM agents ORDER BY started_at";
    assert_eq!(rows(&site, agents), ["killed|interrupted with the supervisor||0", "completed||0|11"]);
    assert_eq!(
        rows(&site, "SELECT key, value FROM queue_settings ORDER BY key"),
        ["enabled|true", "max_concurrent|1", "paused|false", "stop_on_failure|true"]
    );
    site.wait_until_empty();
}

#[test]
fn a_journal_that_lost_them_has_them_again_after_the_next_start() {
    let site = Site::new(&[("price.py", "bad\n"), ("orchestrator.toml", CONFIG)]);
    site.script(&script(MEND));
    assert_eq!(site.until_idle().code, 0);
    let all = "SELECT id, title, description, status, state, repos, execution_plan FROM tasks";
    let agents = "SELECT id, task_id, container_id, status, started_at, completed_at, metadata FROM agents";
    let logs = "SELECT id, agent_id, timestamp, stream, content FROM agent_logs";
    let before: Vec<Vec<String>> = [all, agents, logs].iter().map(|sql| rows(&site, sql)).collect();
    assert!(before.iter().all(|rows| !rows.is_empty()), "{before:?}");
    let path = journal_below(&site.state()).expect("a journal");
    let spoil = "DROP VIEW queue; DROP TABLE agent_logs; DROP TABLE agents; DROP TABLE tasks; DROP TABLE projection";
    Connection::open(&path).expect("ours").execute_batch(spoil).expect("dropped");
    assert_eq!(site.until_idle().code, 0);
    let after: Vec<Vec<String>> = [all, agents, logs].iter().map(|sql| rows(&site, sql)).collect();
    assert_eq!(after, before);
    agree(&site);
    site.wait_until_empty();
}

#[test]
fn an_agent_starts_runs_and_is_out_of_time() {
    let config = format!("[fix]\nattempts = 1\n{CONFIG}[agent.claude]\ntimeout = \"1s\"\n");
    let site = Site::new(&[("price.py", "bad\n"), ("orchestrator.toml", &config)]);
    site.script(&script("{ do = \"silent\" },\n"));
    let mut supervisor = site.start(&["--until-idle"]);
    // It has said nothing: that it runs is known from its process.
    supervisor.wait_kind("agent_up");
    until("a running agent", || {
        let agents = rows(&site, "SELECT status FROM agents");
        agents == ["running"] || agents == ["timeout"]
    });
    assert_eq!(supervisor.end(), 1);
    let ended = rows(&site, "SELECT status, error, completed_at IS NOT NULL FROM agents");
    assert_eq!(ended, ["timeout|the agent reached its time limit, 1.0 s|1"]);
    let kinds = "SELECT kind FROM fact WHERE kind IN ('attempt_started', 'agent_started', 'agent_up') ORDER BY seq";
    assert_eq!(rows(&site, kinds), ["attempt_started", "agent_started", "agent_up"]);
    site.wait_until_empty();
}

#[test]
fn how_the_process_of_an_agent_ended_is_there_and_in_what_show_says() {
    let agent = |line: &str| {
        format!(
            "[fix]\nattempts = 1\n{CONFIG}[agent.claude]\nkind = \"command\"\nprogram = \"sh\"\nargs = [\"-c\", \"{line}\"]\n"
        )
    };
    for (line, code, how) in [("exit 7", "7", "exit code 7"), ("kill -9 $$", "137", "signal 9")] {
        let site = Site::new(&[("price.py", "bad\n"), ("orchestrator.toml", &agent(line))]);
        let said = site.until_idle();
        assert_eq!(said.code, 1, "{said:?}");
        assert_eq!(rows(&site, "SELECT status, exit_code FROM agents"), [format!("failed|{code}")]);
        let history = site.task(1)["history"][0].clone();
        assert_eq!((history["exit_code"].to_string(), history["agent_end"].as_str()), (code.to_owned(), Some(how)));
        let text = site.run(&["show", "1"]).out;
        assert!(text.contains(how), "{text}");
        // What was written before ends were kept is read as before.
        let path = journal_below(&site.state()).expect("a journal");
        let old = "UPDATE fact SET body = json_remove(body, '$.attempt_ended.record.exit', '$.record.exit')";
        Connection::open(&path).expect("ours").execute_batch(old).expect("as it was");
        assert_eq!(site.task(1)["history"][0]["exit_code"], Value::Null);
    }
}

#[test]
fn an_agent_that_cannot_be_started_never_ran() {
    let config = format!("{CONFIG}[agent.claude]\nprogram = \"/nowhere/at/all\"\n");
    let site = Site::new(&[("price.py", "bad\n"), ("orchestrator.toml", &config)]);
    let mut supervisor = site.start(&["--until-idle"]);
    supervisor.wait_kind("attempt_ended");
    supervisor.end();
    let kinds = "SELECT kind FROM fact WHERE kind IN ('agent_started', 'agent_up') ORDER BY seq";
    assert_eq!(rows(&site, kinds), ["agent_started"]);
    assert_eq!(rows(&site, "SELECT status FROM agents"), ["failed"]);
}

#[test]
fn the_queue_stands_there_in_its_order() {
    let site = Site::new(&[("price.py", "good\n"), ("orchestrator.toml", CONFIG)]);
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    assert_eq!(site.run(&["queue", "pause"]).code, 0);
    for (title, priority) in [("one", "0"), ("two", "5"), ("three", "0")] {
        let said = site.run(&["queue", "add", title, "--priority", priority]);
        assert_eq!(said.code, 0, "{said:?}");
    }
    assert_eq!(site.run(&["queue", "remove", "1"]).code, 0);
    let queue =
        "SELECT position, title, queue.status, tasks.status, queue.id FROM queue JOIN tasks ON tasks.id = task_id
                 ORDER BY position";
    until("the queue", || rows(&site, queue) == ["1|two|queued|queued|2", "2|three|queued|queued|3"]);
    // What an event files has its turn between those that you file.
    assert_eq!(site.run(&["queue", "add", "four"]).code, 0);
    assert_eq!(site.run(&["emit", "audit.requested", "--data", "{\"question\": \"Is it good?\"}"]).code, 0);
    until("the turns", || rows(&site, "SELECT id FROM queue ORDER BY position") == ["2", "3", "5", "4"]);
    let listed = site.json(&["queue"]);
    let positions: Vec<String> = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| format!("{}|{}", item["position"], item["id"]))
        .collect();
    assert_eq!(rows(&site, "SELECT position, id FROM queue ORDER BY position"), positions);
    assert_eq!(rows(&site, "SELECT value FROM queue_settings WHERE key = 'paused'"), ["true"]);
    supervisor.signal(Signal::SIGKILL);
    supervisor.end();
    agree(&site);
    assert_eq!(site.until_idle().code, 1, "paused as it is, it still has what waits");
}

#[test]
fn they_are_found_where_the_environment_says() {
    let sites = [(); 2].map(|()| Site::new(&[("price.py", "good\n"), ("orchestrator.toml", CONFIG)]));
    let [site, other] = &sites;
    let path = site.outside("data/orchestrator.db");
    let mut supervisor = site.start_with(&[], &[("DATABASE_PATH", &path)]);
    supervisor.wait_kind("ran");
    assert_eq!(site.run(&["queue", "add", "Say it", "--description", "Say it."]).code, 0);
    let reader = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("readable");
    let found = reader.query_row("SELECT count(*) FROM tasks WHERE title = 'Say it'", [], |row| row.get::<_, i64>(0));
    assert_eq!(found.expect("the documented table"), 1);
    // It belongs to one project, and nothing that is there is taken away.
    for (site, path, why) in [
        (other, path.clone(), "already"),
        (other, other.outside("user.toml"), "not ours"),
        (other, other.project.join("all.db"), "in the project"),
    ] {
        let mut command = site.command(&["run", "--headless", "--until-idle", "--trust"]);
        let said = command.env("DATABASE_PATH", &path).output().expect("our program");
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.code() == Some(2) && text.contains("DATABASE_PATH") && text.contains(why), "{text}");
    }
    assert!(other.outside("user.toml").is_file() && path.is_symlink());
    supervisor.signal(Signal::SIGINT);
    supervisor.signal(Signal::SIGINT);
    supervisor.end();
}

/// A journal that another program holds is not empty, and what cannot be written into it is not done.
#[test]
fn a_journal_that_is_held_is_waited_for_and_never_forgotten() {
    let site = Site::new(&[("price.py", "bad\n"), ("orchestrator.toml", CONFIG)]);
    site.script(&script(MEND));
    assert_eq!(site.until_idle().code, 0);
    let holding = Connection::open(journal_below(&site.state()).expect("a journal")).expect("opened");
    holding.execute_batch("BEGIN IMMEDIATE").expect("held");
    let said = site.run(&["undo", "1"]);
    assert!(said.code == 3 && said.err.contains("journal") && !said.err.contains("no task"), "{said:?}");
    assert_eq!(site.read("price.py"), "good\n");
    drop(holding);
    let said = site.run(&["undo", "1"]);
    assert_eq!((said.code, site.read("price.py").as_str()), (0, "bad\n"), "{said:?}");
    assert_eq!(site.task(1)["failure_reason"], "undone");
}

/// What was answered is promised: it outlives a kill, and what does not was never answered.
#[test]
fn an_answer_is_given_when_its_facts_are_on_disk() {
    let site = Site::new(&[("orchestrator.toml", "[[check]]\nname = \"unit\"\nrun = \"true\"\n")]);
    site.script(&script("{ do = \"result\", text = \"Done.\" },\n"));
    for word in ["one", "two", "three", "four", "five", "six"] {
        let mut running = site.start(&[]);
        running.wait_kind("ran");
        // A program that holds the journal for a moment is a slow disk.
        let path = journal_below(&site.state()).expect("a journal");
        let slow = Connection::open(path).expect("opened");
        slow.busy_timeout(std::time::Duration::from_secs(30)).expect("set");
        slow.execute_batch("BEGIN IMMEDIATE").expect("locked");
        let mut adding = site.command(&["queue", "add", word, "--description", "Say it."]);
        let adding = adding.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("our program");
        running.wait_kind("filed");
        // Who asks after that is answered, so whoever added it would be by now.
        assert_eq!(site.json(&["tasks"])[0]["title"], word);
        running.signal(Signal::SIGKILL);
        let (_, seen) = running.end_with_facts();
        let code = adding.wait_with_output().expect("it ends").status.code();
        drop(slow);
        if seen.iter().any(|fact| fact["kind"] == "felt") {
            // The machine was so busy that the disk was given up in between: then all goes on in memory, and says so.
            continue;
        }
        assert_eq!(code, Some(3), "nothing of it was on disk: {seen:#?}");
        assert_eq!(rows(&site, "SELECT title FROM tasks"), Vec::<String>::new());

        let mut running = site.start(&[]);
        running.wait_kind("ran");
        assert_eq!(site.run(&["queue", "add", word, "--description", "Say it."]).code, 0);
        running.signal(Signal::SIGKILL);
        running.end();
        assert_eq!(rows(&site, "SELECT title FROM tasks"), [word]);
        let mut running = site.start(&[]);
        running.wait_kind("started");
        running.stop();
        return;
    }
    panic!("it never came to it");
}
