//! The supervisor without a terminal: started for a screen, seen by several, and gone with the last of them.

use std::fs;
use std::os::fd::AsRawFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchestrator_tui::app::failure::Code;
use orchestrator_tui::config::Overrides;
use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::view::{Group, View};
use orchestrator_tui::edge::control::{ClientError, Ending, FactNews, ViewNews};
use orchestrator_tui::model::id::{Seq, TaskId};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::screen::{Screen, attach, attach_with, client, known, looker, trust};
use crate::site::{PATIENCE, PROGRAM, Site, until};

const CONFIG: &str = "[fix]\nafter = \"50ms\"\nland = \"auto\"\n\n[limits]\nstop = \"11s\"\n\n\
    [[check]]\nname = \"unit\"\nrun = \"grep -q good file.txt\"\n";

/// A project with this file, and an agent that mends it when it may.
fn site(file: &str) -> Site {
    let site = Site::new(&[("file.txt", file), ("orchestrator.toml", CONFIG)]);
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n{{ do = \"say\", text = \"Looking.\" }},\n\
         {{ do = \"touch\", file = {:?} }},\n{{ do = \"wait_for\", file = {:?} }},\n\
         {{ do = \"edit\", file = \"file.txt\", find = \"bad\", replace = \"a good line\" }},\n]\n",
        site.outside("here"),
        site.outside("go")
    ));
    site
}

fn is_green(view: &View) -> bool {
    view.checks.iter().any(|row| row.verdict.is_some() && row.running.is_none())
}

fn group(view: &View) -> Option<Group> {
    view.rows.first().map(|row| row.group)
}

fn send(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid as i32), signal).expect("it lives");
}

fn status(site: &Site) -> String {
    site.json(&["status"])["processes"]["orchestrator"]["status"].as_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_screens_see_one_task_through_and_every_difference_leads_to_what_a_newcomer_sees() {
    let site = site("good\n");
    let mut one = Screen::start(&site).await;
    assert!(one.company.leased);
    one.until("green", is_green).await;
    let mut two = Screen::open(one.client.clone(), false).await;
    site.write("file.txt", "bad\n");
    one.until("the task at work", |view| group(view) == Some(Group::Working)).await;
    until("the agent", || site.outside("here").exists());
    fs::write(site.outside("go"), "").expect("written");
    for screen in [&mut one, &mut two] {
        screen.until("the landing", |view| group(view) == Some(Group::Done) && view.head.numbers.succeeded == 1).await;
    }
    for screen in [&mut one, &mut two] {
        screen.until_as_a_newcomer().await;
    }
    assert_eq!(one.view.rows[0].why, "landed");

    let detail = one.client.detail(TaskId(1)).await.expect("an answer").expect("there is one");
    assert_eq!((detail.task.id, detail.stages.is_empty()), (TaskId(1), false));
    assert_eq!(one.client.detail(TaskId(7)).await.expect("an answer"), None);
    let whole = one.client.story(TaskId(1), 10_000).await.expect("a story");
    assert!(whole.left_out == 0 && whole.facts.iter().all(|fact| fact.fact.task() == Some(TaskId(1))), "{whole:#?}");
    let last = one.client.story(TaskId(1), 3).await.expect("a story");
    assert_eq!(last.left_out, whole.facts.len() as u64 - 3);
    assert_eq!(last.facts, whole.facts[whole.facts.len() - 3..]);
    let undone = one.client.ask(&Command::Undo { task: TaskId(1) }).await.expect("done");
    assert!(undone.contains("file.txt") || undone.contains("undone"), "{undone}");
    let refused = one.client.ask(&Command::Undo { task: TaskId(1) }).await.expect_err("it is undone");
    assert!(matches!(&refused, ClientError::Refused { status: 409, .. }), "{refused:?}");
    let mut facts = one.client.follow(Seq(0), Some(TaskId(1))).await.expect("a stream");
    let first = timeout(PATIENCE, facts.next()).await.expect("in time").expect("a fact").expect("readable");
    assert_eq!(first, FactNews::Fact(Box::new(whole.facts[0].clone())));

    one.client.ask(&Command::Quit).await.expect("taken");
    for screen in [&mut one, &mut two] {
        let Ending::Stopped(farewell) = screen.end().await else { panic!("it stopped in an orderly way") };
        assert!(farewell.said.contains("Session Statistics:"), "{farewell:?}");
    }
    assert_eq!(status(&site), "stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_last_screen_it_ends_in_time_and_leaves_nothing_behind() {
    let site = site("bad\n");
    let screen = Screen::start(&site).await;
    let guest = Screen::open(screen.client.clone(), false).await;
    let mut second = looker(&site);
    screen.client.ask(&Command::Fix { task: TaskId(1) }).await.ok();
    let mut guest = guest;
    guest.until("the task", |view| !view.rows.is_empty()).await;
    screen.client.ask(&Command::Fix { task: TaskId(1) }).await.ok();
    until("the agent", || site.outside("here").exists());
    drop(screen);
    // The other screen still holds it; as a fact, not as a matter of time: whatever is asked is answered.
    assert_eq!(guest.client.ask(&Command::Check).await.expect("taken"), "running all checks");
    let told = Instant::now();
    second.kill().expect("it lives");
    second.wait().expect("ours");
    let ending = guest.end().await;
    assert!(matches!(ending, Ending::Stopped(_)), "{ending:?}");
    assert!(told.elapsed() < Duration::from_secs(11), "{:?}", told.elapsed());
    site.wait_until_empty();
    assert_eq!(status(&site), "stopped");
    assert_eq!(site.json(&["tasks"])[0]["state"], "queued", "the attempt does not count");
    assert_eq!(site.read("file.txt"), "bad\n");
    let log = fs::read_to_string(known(&site).layout.log()).expect("a log");
    assert!(log.contains("the last screen has gone"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_leave_it_goes_on_and_depends_on_nobody() {
    let site = site("good\n");
    let screen = Screen::start(&site).await;
    let pid = screen.pid();
    let said = screen.client.leave().await.expect("taken");
    assert!(said.contains("in the background"), "{said}");
    drop(screen);
    // A guest from now on, though it says that it is a screen.
    let mut back = Screen::open(client(&site).await, true).await;
    assert_eq!((back.pid(), back.company.leased), (pid, false));
    back.until("green", is_green).await;
    drop(back);
    let attached = attach(&site).await.expect("it runs");
    assert!(attached.remarks.is_none());
    let mut watching = Screen::open(attached.client, false).await;
    site.write("file.txt", "bad\n");
    watching.until("red", |view| view.checks.iter().any(|row| row.failures > 0 || row.since.is_some())).await;
    assert_eq!(watching.pid(), pid);
    let said = site.run(&["stop"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(matches!(watching.end().await, Ending::Stopped(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_in_a_terminal_depends_on_no_screen() {
    let site = site("good\n");
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    let attached = attach(&site).await.expect("it runs");
    assert!(attached.remarks.is_none());
    let screen = Screen::open(attached.client, true).await;
    assert_eq!((screen.pid(), screen.company.leased), (supervisor.child.id(), false));
    drop(screen);
    site.write("file.txt", "bad\n");
    supervisor.wait("red", |fact| fact["kind"] == "ran" && fact["run"]["verdict"] == "red");
    assert_eq!(supervisor.stop(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_it_from_starting_is_told_as_in_a_terminal() {
    let site = site("good\n");
    let untrusted = attach(&site).await.expect_err("untrusted");
    assert_eq!(untrusted.code, Code::Refused);
    for part in ["is not trusted yet; nothing was run", "check run: grep -q good file.txt", "--trust"] {
        assert!(untrusted.message.contains(part), "{}", untrusted.message);
    }
    assert!(!untrusted.message.contains("orchestrator-tui: "), "{}", untrusted.message);
    trust(&site);
    site.write("orchestrator.toml", &CONFIG.replace("50ms", "3 parsecs"));
    let wrong = attach(&site).await.expect_err("a mistake");
    assert_eq!(wrong.code, Code::Usage);
    assert!(wrong.message.contains("orchestrator.toml:2:9"), "{}", wrong.message);
    site.write("orchestrator.toml", CONFIG);
    let program = site.outside("nothing");
    let none = orchestrator_tui::app::process::background::start(
        &program,
        &known(&site),
        &Overrides::default(),
        &watch::Sender::default(),
    )
    .await;
    assert!(none.expect_err("no program").message.contains("cannot be started"));
    let nowhere = Overrides { attempts: Some(0), ..Overrides::default() };
    let wrong = attach_with(&site, &nowhere).await.expect_err("a flag that makes no sense");
    assert!(wrong.message.contains("--attempts"), "{}", wrong.message);

    // Somebody else keeps the lock, and answers elsewhere: who it is, is said.
    let lock = known(&site).layout.lock();
    fs::create_dir_all(lock.parent().expect("a folder")).expect("made");
    let flags = Overrides { fix: Some(false), model: Some("tiny".to_owned()), ..Overrides::default() };
    let attached = attach_with(&site, &flags).await.expect("it starts");
    let screen = Screen::open(attached.client, true).await;
    assert!(!screen.view.head.fixing, "--checks-only");
    let other = site.command(&["run", "--headless"]).env("LOCK_FILE", site.outside("other")).output().expect("run");
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert_eq!(other.status.code(), Some(3), "{said}");
    assert!(said.contains(&format!("process {} has supervised this project since 20", screen.pid())), "{said}");
    assert!(said.contains("`orchestrator-tui` in this project"), "{said}");
    let same = site.run(&["run", "--headless"]);
    assert_eq!(same.code, 3, "{same:?}");
    assert!(same.err.contains(&format!("process {} has", screen.pid())), "{same:?}");
    assert!(same.err.contains("`orchestrator-tui` in this project"), "{same:?}");
    drop(screen);
    site.wait_until_empty();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_start_at_once_share_one() {
    let site = site("good\n");
    trust(&site);
    let (one, two) = tokio::join!(attach(&site), attach(&site));
    let (one, two) = (one.expect("it runs"), two.expect("it runs"));
    let one = Screen::open(one.client, true).await;
    let two = Screen::open(two.client, true).await;
    assert_eq!(one.pid(), two.pid());
    drop((one, two));
    site.wait_until_empty();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_supervisor_is_told_from_one_that_stopped() {
    let site = site("bad\n");
    let mut screen = Screen::start(&site).await;
    screen.until("the task", |view| !view.rows.is_empty()).await;
    let mut facts = screen.client.follow(Seq(0), None).await.expect("a stream");
    send(screen.pid(), Signal::SIGKILL);
    let ending = screen.end().await;
    assert!(matches!(ending, Ending::Died(_)), "{ending:?}");
    assert_eq!(screen.next().await, ViewNews::Ended(ending), "it says so again and never hangs");
    let last = loop {
        match timeout(PATIENCE, facts.next()).await.expect("it does not hang") {
            Some(Ok(_)) => {}
            other => break other,
        }
    };
    assert!(matches!(last, Some(Err(ClientError::Broken { .. }))), "{last:?}");
    assert!(screen.client.leave().await.is_err());
    // The next one finds everything as it was left.
    let attached = attach(&site).await.expect("it starts");
    assert!(attached.remarks.is_some());
    let again = Screen::open(attached.client, true).await;
    assert_eq!(again.view.rows.len(), 1);
    drop(again);
    site.wait_until_empty();
}

/// On one thread, which does nothing for the runtime meanwhile: as while an editor has the terminal.
#[tokio::test]
async fn one_that_has_ended_is_taken_note_of_by_whoever_started_it() {
    let site = site("good\n");
    let screen = Screen::start(&site).await;
    send(screen.pid(), Signal::SIGKILL);
    until("no trace of it", || !fs::exists(format!("/proc/{}", screen.pid())).expect("ours"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_has_nothing_of_the_terminal_it_was_started_in_and_outlives_it() {
    let site = site("good\n");
    trust(&site);
    let terminal = native_pty_system().openpty(PtySize::default()).expect("a terminal");
    let stray = site.outside("stray");
    let fifo = site.outside("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
    // A careless shell: it leaves a file open, and waits in the terminal.
    let script = format!("exec 9>{}; {PROGRAM} supervise --leased >{} 2>&1 & wait", stray.display(), fifo.display());
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", &script]);
    command.cwd(&site.project);
    command.env_clear();
    for (name, value) in known(&site).environment {
        command.env(name, value);
    }
    let mut shell = terminal.slave.spawn_command(command).expect("sh");
    drop(terminal.slave);
    let said = tokio::task::spawn_blocking(move || fs::read_to_string(fifo)).await.expect("it ends");
    let said = said.expect("text");
    assert!(said.ends_with("orchestrator-tui is up\n"), "{said}");
    assert!(said.lines().all(|line| line.starts_with("orchestrator-tui is ")), "{said}");
    // The terminal goes, and with it the shell.
    drop(terminal.master);
    tokio::task::spawn_blocking(move || shell.wait()).await.expect("it ends").expect("a status");
    let screen = Screen::open(client(&site).await, true).await;
    let pid = screen.pid();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    assert_eq!((fields[3], fields[4]), (pid.to_string().as_str(), "0"), "its own session, no terminal: {stat}");
    let open: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("ours")
        .flatten()
        .filter_map(|entry| Some(fs::read_link(entry.path()).ok()?.display().to_string()))
        .collect();
    let log = known(&site).layout.log().display().to_string();
    assert!(open.contains(&log), "{open:?}");
    assert!(
        !open.iter().any(|path| path.contains("stray") || path.contains("/pts/") || path.contains("fifo")),
        "{open:?}"
    );
    drop(screen);
    site.wait_until_empty();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_happens_nothing_is_sent_but_that_it_lives() {
    let config = CONFIG.replace("[limits]", "[limits]\nheartbeat = \"1s\"");
    let site = Site::new(&[("file.txt", "good\n"), ("orchestrator.toml", &config)]);
    let mut screen = Screen::start(&site).await;
    screen.until("green", is_green).await;
    // The first beat may come with the last news of the start.
    screen.until("a beat", |view| view.head.beat > view.head.started).await;
    for _ in 0..3 {
        let before = screen.view.clone();
        let ViewNews::Changed(delta) = screen.next().await else { panic!("it ended") };
        let head = delta.head.as_ref().expect("a beat");
        assert!(head.beat.since(before.head.beat) >= Duration::from_millis(900), "not more often");
        let mut still = screen.view.clone();
        still.head.beat = before.head.beat;
        assert_eq!(still, before, "nothing else");
        assert!(delta.checks.is_none() && delta.rows.is_empty() && delta.order.is_none(), "{delta:?}");
    }
    drop(screen);
    site.wait_until_empty();
}

#[test]
fn without_any_screen_it_ends_by_itself() {
    let site = site("good\n");
    trust(&site);
    let mut command = site.command(&["supervise", "--leased"]);
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("our program");
    let status = child.wait().expect("it was started");
    assert!(status.success(), "{status}");
    assert!(began.elapsed() >= Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!(self::status(&site), "stopped");
    let log = fs::read_to_string(known(&site).layout.log()).expect("a log");
    assert!(log.contains("no screen has come"), "{log}");
}

#[test]
fn a_reader_that_does_not_read_never_stops_the_work() {
    let site = site("good\n");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    // Full from the start: already the first line finds no room.
    let flags = nix::fcntl::OFlag::O_NONBLOCK;
    nix::fcntl::fcntl(&writer, nix::fcntl::FcntlArg::F_SETFL(flags)).expect("set");
    while nix::unistd::write(&writer, &[b'\n'; 4096]).is_ok() {}
    nix::fcntl::fcntl(&writer, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::empty())).expect("set");
    assert!(reader.as_raw_fd() > 2);
    let mut command = site.command(&["run", "--headless", "--trust"]);
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().expect("our program");
    drop(command);
    until("green", || site.json(&["status"])["checks"][0]["verdict"] == "green");
    site.write("file.txt", "bad\n");
    until("the agent", || site.outside("here").exists());
    fs::write(site.outside("go"), "").expect("written");
    until("the landing", || site.json(&["tasks"])[0]["reason"] == "landed");
    send(child.id(), Signal::SIGINT);
    let told = Instant::now();
    let output = child.wait_with_output().expect("it was started");
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("were not written: nobody reads standard output"), "{said}");
    drop(reader);
    assert_eq!(status(&site), "stopped");
}
