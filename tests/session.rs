//! Sessions as they are: real holders, real terminals, real processes; and after each, proof that none is left.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchestrator_tui::edge::session::{
    Found, Output, Place, Session, SessionOutput, StartError, marked, sweep, sweep_session,
};
use orchestrator_tui::model::id::SessionId;
use orchestrator_tui::model::session::{Exit, Rung, SessionSpec, Stdin};

/// Longer than anything takes on a machine out of breath.
const DEADLINE: Duration = Duration::from_secs(120);

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_orchestrator-tui"))
}

/// A place for sessions of one test; when it goes, so does everything that was started in it.
struct Home {
    folder: tempfile::TempDir,
    mark: String,
}

impl Home {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mark = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { folder: tempfile::tempdir().unwrap(), mark }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A shell script without input, on a raw terminal.
    fn script(&self, id: u64, text: &str) -> SessionSpec {
        SessionSpec {
            id: SessionId(id),
            mark: self.mark.clone(),
            program: "sh".into(),
            args: vec!["-c".into(), text.into()],
            folder: self.folder.path().to_owned(),
            env: BTreeMap::from([("PATH".into(), std::env::var("PATH").unwrap())]),
            stdin: Stdin::Null,
            own_stderr: false,
            raw: true,
            size: (80, 24),
            logs: self.path("logs"),
            socket: self.path(&format!("{id}.sock")),
            log_cap: u64::MAX,
            limit: DEADLINE,
            keep_daemons: false,
        }
    }

    fn names(&self) -> Vec<String> {
        marked(&self.mark).into_iter().map(|marked| marked.found.name).collect()
    }

    /// Proves that no process is left, holders included.
    fn nothing_is_left(&self) {
        until(|| self.names().is_empty());
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for kept in sweep(&self.mark).kept {
            let _ = kill(Pid::from_raw(kept.pid), Signal::SIGKILL);
        }
    }
}

/// Waits until something is so that nobody reports.
fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

async fn start(spec: &SessionSpec) -> (Session, Output) {
    Session::start(binary(), spec).await.unwrap()
}

async fn receive(output: &mut Output) -> Option<SessionOutput> {
    tokio::time::timeout(DEADLINE, output.recv()).await.unwrap()
}

/// What a session said.
#[derive(Debug, Default)]
struct Heard {
    bytes: Vec<u8>,
    errors: Vec<u8>,
    holes: Vec<(u64, u64)>,
    next: u64,
    exit: Option<Exit>,
}

impl Heard {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    fn take(&mut self, what: SessionOutput) {
        assert_eq!(self.exit, None, "the end comes last, and once");
        match what {
            SessionOutput::Bytes { offset, bytes } => {
                assert_eq!(offset, self.next);
                self.next += bytes.len() as u64;
                self.bytes.extend(bytes);
            }
            SessionOutput::Errors(bytes) => self.errors.extend(bytes),
            SessionOutput::Hole { from, to } => {
                assert_eq!(from, self.next);
                assert!(to > from);
                self.next = to;
                self.holes.push((from, to));
            }
            SessionOutput::Ended(exit) => self.exit = Some(exit),
        }
    }

    async fn until_text(&mut self, output: &mut Output, text: &str) {
        while !String::from_utf8_lossy(&self.bytes).contains(text) {
            self.take(receive(output).await.unwrap());
        }
    }

    async fn finish(mut self, output: &mut Output) -> Self {
        while let Some(what) = receive(output).await {
            self.take(what);
        }
        assert!(self.exit.is_some(), "there was no end");
        self
    }
}

async fn hear(output: &mut Output) -> Heard {
    Heard::default().finish(output).await
}

async fn run(spec: &SessionSpec) -> Heard {
    let (_session, mut output) = start(spec).await;
    let heard = hear(&mut output).await;
    until(|| !spec.socket.exists());
    heard
}

#[tokio::test]
async fn twenty_megabytes_come_through_unchanged() {
    let home = Home::new();
    let spec = home.script(1, "head -c 20000000 /dev/urandom | tee copy");
    let (_session, mut output) = start(&spec).await;
    let (_other, mut other) = Session::attach(Place::of(&spec), 0).await;
    let (heard, heard_too) = tokio::join!(hear(&mut output), hear(&mut other));
    let copy = fs::read(home.path("copy")).unwrap();
    assert_eq!(heard.exit, Some(Exit::Code(0)));
    assert_eq!(copy.len(), 20_000_000);
    assert!(heard.bytes == copy && heard.holes.is_empty());
    assert!(heard_too.bytes == copy && heard_too.holes.is_empty());
    assert!(fs::read(Place::of(&spec).output()).unwrap() == copy);
    let record = Place::of(&spec).exit_record().unwrap();
    assert_eq!((record.output, record.output_dropped, record.notes), (20_000_000, 0, vec![]));
    let times = fs::read_to_string(Place::of(&spec).times()).unwrap();
    let times: Vec<(u64, u64)> = times
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(offset, ms)| (offset.parse().unwrap(), ms.parse().unwrap()))
        .collect();
    assert!(times[0].0 == 0 && times.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{times:?}");
    assert!(times.last().unwrap().0 < 20_000_000 && times.last().unwrap().1 <= record.ran_ms);
    home.nothing_is_left();
}

#[tokio::test]
async fn a_client_that_does_not_read_slows_nobody_and_is_told_the_hole() {
    let home = Home::new();
    let mut spec = home.script(1, "head -c 20000000 /dev/urandom | tee copy; touch done");
    spec.log_cap = 6_000_000;
    let (_session, mut output) = start(&spec).await;
    let place = Place::of(&spec);
    until(|| place.exit_record().is_some());
    let heard = hear(&mut output).await;
    let copy = fs::read(home.path("copy")).unwrap();
    assert_eq!((heard.exit, heard.next), (Some(Exit::Code(0)), 20_000_000));
    // A second hole, when the holder did not wait for a reader as slow as a machine out of breath.
    assert!(heard.holes[0].0 >= 6_000_000 && heard.holes.len() <= 2, "{:?}", heard.holes);
    let index = |offset: u64| usize::try_from(offset).unwrap();
    let (mut expected, mut at) = (Vec::new(), 0);
    for &(from, to) in heard.holes.iter().chain([&(20_000_000, 20_000_000)]) {
        expected.extend_from_slice(&copy[at..index(from)]);
        at = index(to);
    }
    assert!(heard.bytes == expected);
    assert!(fs::read(place.output()).unwrap() == copy[..6_000_000]);
    assert_eq!(place.exit_record().unwrap().output_dropped, 14_000_000);
    home.nothing_is_left();
}

#[tokio::test]
async fn a_large_message_goes_through_the_pipe() {
    let home = Home::new();
    for (id, size) in [(1, 2_000_000_usize), (2, 11_000_000)] {
        let mut spec = home.script(id, "sleep 0.2; cat > copy; cat copy");
        spec.stdin = Stdin::Pipe;
        let (session, mut output) = start(&spec).await;
        let message: Vec<u8> = (0..size).map(|n| u8::try_from(n % 253).unwrap()).collect();
        session.write(&message).await.unwrap();
        session.write(b"and more").await.unwrap();
        session.close_input().unwrap();
        let heard = hear(&mut output).await;
        assert_eq!(heard.exit, Some(Exit::Code(0)));
        assert!(heard.bytes == [&message[..], b"and more"].concat(), "{size}: {}", heard.bytes.len());
    }
    home.nothing_is_left();
}

#[tokio::test]
async fn what_one_writer_writes_stays_together() {
    let home = Home::new();
    let mut spec = home.script(1, "cat");
    spec.stdin = Stdin::Pipe;
    let (session, mut output) = start(&spec).await;
    let mut writers = Vec::new();
    for letter in b"abc" {
        let session = session.clone();
        writers.push(tokio::spawn(async move {
            for _ in 0..5 {
                session.write(&[vec![*letter; 300_000], vec![b'\n']].concat()).await.unwrap();
            }
        }));
    }
    let listener = tokio::spawn(async move { hear(&mut output).await });
    for writer in writers {
        writer.await.unwrap();
    }
    session.close_input().unwrap();
    let heard = listener.await.unwrap();
    let lines: Vec<&str> = heard.text().lines().collect();
    assert_eq!(lines.len(), 15);
    assert!(lines.iter().all(|line| line.len() == 300_000 && line.bytes().all(|byte| line.starts_with(byte as char))));
    home.nothing_is_left();
}

#[tokio::test]
async fn a_program_that_reads_no_more_is_said() {
    let home = Home::new();
    let mut spec = home.script(1, "exec <&-; echo closed; sleep 1000");
    spec.stdin = Stdin::Pipe;
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "closed").await;
    // The pipe breaks at the first write at the latest.
    while session.write(&vec![0; 100_000]).await.is_ok() {}
    session.signal(Rung::Kill).unwrap();
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Signal(9)));
    until(|| session.signal(Rung::Kill).is_err());
    home.nothing_is_left();
}

#[tokio::test]
async fn a_raw_terminal_adds_nothing_and_a_cooked_one_does_as_always() {
    let home = Home::new();
    let mut spec = home.script(1, "printf 'a\\nb\\n'");
    assert_eq!(run(&spec).await.text(), "a\nb\n");
    spec.raw = false;
    assert_eq!(run(&spec).await.text(), "a\r\nb\r\n");
    home.nothing_is_left();
}

#[tokio::test]
async fn standard_error_goes_to_the_terminal_or_its_own_pipe() {
    let home = Home::new();
    let mut spec = home.script(1, "echo one; echo two >&2; test -t 1 && ! test -t 2");
    let heard = run(&spec).await;
    assert_eq!((heard.text(), heard.exit), ("one\ntwo\n", Some(Exit::Code(1))));
    assert!(heard.errors.is_empty());
    spec.own_stderr = true;
    spec.id = SessionId(2);
    let heard = run(&spec).await;
    assert_eq!((heard.text(), &*heard.errors, heard.exit), ("one\n", &b"two\n"[..], Some(Exit::Code(0))));
    assert_eq!(fs::read(Place::of(&spec).errors()).unwrap(), b"two\n");
    let (_session, mut output) = Session::attach(Place::of(&spec), 2).await;
    let mut again = Heard { next: 2, ..Heard::default() };
    while let Some(what) = receive(&mut output).await {
        again.take(what);
    }
    assert_eq!((again.text(), &*again.errors, again.exit), ("e\n", &b"two\n"[..], Some(Exit::Code(0))));
    home.nothing_is_left();
}

#[tokio::test]
async fn daemons_are_gone_at_the_end() {
    let home = Home::new();
    // In the session's group, in a session of its own, and orphaned by a double fork; with and without the terminal.
    let spec = home.script(
        1,
        "sleep 1001 & setsid sh -c 'echo > up1; exec sleep 1002' & \
         ( setsid sh -c 'sleep 1003 & sleep 1004 >/dev/null 2>&1 & echo > up2' & ) ; \
         until test -e up1 && test -e up2; do sleep 0.01; done; exit 3",
    );
    let heard = run(&spec).await;
    assert_eq!(heard.exit, Some(Exit::Code(3)));
    let record = Place::of(&spec).exit_record().unwrap();
    assert_eq!(record.left, []);
    // 1001 dies with its session, of SIGHUP; the others have left it.
    assert!((3..=4).contains(&record.swept.len()), "{record:?}");
    home.nothing_is_left();
}

#[tokio::test]
async fn the_gentle_rungs_reach_whom_they_should() {
    let home = Home::new();
    let (session, mut output) =
        start(&home.script(1, "trap 'echo heard; exit 7' INT; echo ready; while :; do sleep 0.05; done")).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "ready").await;
    session.signal(Rung::Interrupt).unwrap();
    let heard = heard.finish(&mut output).await;
    assert_eq!((heard.text(), heard.exit), ("ready\nheard\n", Some(Exit::Code(7))));

    let child = "trap 'echo child; exit' TERM; echo ready; while :; do sleep 0.05; done";
    let spec = home.script(2, &format!("trap : TERM; setsid sh -c \"{child}\" & wait; wait; exit 8"));
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "ready").await;
    session.signal(Rung::Terminate).unwrap();
    let heard = heard.finish(&mut output).await;
    assert!(heard.text().contains("child"), "{}", heard.text());
    assert_eq!(heard.exit, Some(Exit::Code(8)));
    home.nothing_is_left();
}

#[tokio::test]
async fn a_stopped_program_hears_a_rung() {
    let home = Home::new();
    let (session, mut output) = start(&home.script(1, "echo ready; kill -STOP $$; sleep 1000")).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "ready").await;
    session.signal(Rung::Terminate).unwrap();
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Signal(15)));
    home.nothing_is_left();
}

#[tokio::test]
async fn a_program_that_ignores_all_but_kill_dies_by_kill() {
    let home = Home::new();
    let spec = home.script(1, "trap '' INT TERM HUP; echo ready; while :; do sleep 0.05; done");
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "ready").await;
    for rung in [Rung::Interrupt, Rung::Terminate, Rung::Kill] {
        session.signal(rung).unwrap();
    }
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Signal(9)));
    home.nothing_is_left();
}

#[tokio::test]
async fn a_tree_that_forks_for_ever_is_ended() {
    let home = Home::new();
    let storm = "trap '' INT TERM HUP; while :; do ( trap '' INT TERM HUP; sleep 1000 & ); echo fork; done";
    let spec = home.script(1, &format!("trap '' INT TERM HUP; setsid sh -c \"{storm}\" & sleep 1000"));
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, &"fork\n".repeat(100)).await;
    session.signal(Rung::Kill).unwrap();
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Signal(9)));
    assert_eq!(Place::of(&spec).exit_record().unwrap().left, []);
    home.nothing_is_left();
}

#[tokio::test]
async fn the_holder_keeps_the_time_limit_itself() {
    let home = Home::new();
    let mut willing = home.script(1, "sleep 1000");
    willing.limit = Duration::from_millis(200);
    let mut stubborn = home.script(2, "trap '' TERM; while :; do sleep 0.05; done");
    stubborn.limit = Duration::from_millis(200);
    let (willing, stubborn) = tokio::join!(run(&willing), run(&stubborn));
    assert_eq!((willing.exit, stubborn.exit), (Some(Exit::TimedOut), Some(Exit::TimedOut)));
    home.nothing_is_left();
}

#[tokio::test]
async fn a_holder_told_to_end_takes_its_tree_with_it() {
    let home = Home::new();
    let spec = home.script(1, "(sleep 1000 &); echo ready; exec sleep 1000");
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "ready").await;
    kill(Pid::from_raw(session.holder().unwrap().pid), Signal::SIGTERM).unwrap();
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Signal(15)));

    // The second time it does not wait whether the program listens; SIGHUP is nothing to it.
    let spec = home.script(2, "trap 'echo term' TERM; echo ready; while :; do sleep 0.02; done");
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "ready").await;
    let holder = Pid::from_raw(session.holder().unwrap().pid);
    kill(holder, Signal::SIGHUP).unwrap();
    kill(holder, Signal::SIGTERM).unwrap();
    heard.until_text(&mut output, "term").await;
    kill(holder, Signal::SIGTERM).unwrap();
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Signal(9)));
    home.nothing_is_left();
}

#[tokio::test]
async fn what_cannot_start_says_why_and_leaves_nothing() {
    let home = Home::new();
    fs::write(home.path("plain"), "text").unwrap();
    fs::write(home.path("orphan"), "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(home.path("orphan"), fs::Permissions::from_mode(0o755)).unwrap();
    let good = home.script(1, "true");
    let fail = async |spec: SessionSpec| {
        let Err(error) = Session::start(binary(), &spec).await else { unreachable!("{spec:?} started") };
        assert_eq!(fs::read_dir(&spec.logs).map_or(0, Iterator::count), 0, "{error}");
        assert!(!spec.socket.exists(), "{error}");
        error
    };
    assert_eq!(
        fail(SessionSpec { program: "no-such-program".into(), ..good.clone() }).await,
        StartError::NoProgram("no-such-program".into())
    );
    assert_eq!(
        fail(SessionSpec { program: "./orphan".into(), ..good.clone() }).await,
        StartError::NoInterpreter("./orphan".into())
    );
    let folder = home.path("nowhere");
    assert_eq!(fail(SessionSpec { folder: folder.clone(), ..good.clone() }).await, StartError::NoFolder(folder));
    let folder = home.path("plain");
    assert_eq!(fail(SessionSpec { folder: folder.clone(), ..good.clone() }).await, StartError::NotAFolder(folder));
    let error = fail(SessionSpec { program: "./plain".into(), ..good.clone() }).await;
    assert!(error.to_string().contains("ermission denied"), "{error}");
    let error = fail(SessionSpec { args: vec!["x".repeat(200_000)], ..good.clone() }).await;
    assert!(error.to_string().contains("too long"), "{error}");
    let error = fail(SessionSpec { socket: home.path(&"x".repeat(200)), ..good.clone() }).await;
    assert!(matches!(error, StartError::Socket { .. }), "{error}");
    assert!(matches!(Session::start(Path::new("/no/such/file"), &good).await, Err(StartError::Holder(_))));
    assert!(matches!(Session::start(Path::new("/bin/true"), &good).await, Err(StartError::Holder(_))));
    assert_eq!(fs::read_dir(&good.logs).unwrap().count(), 0);
    home.nothing_is_left();
}

#[tokio::test]
async fn a_session_is_held_once() {
    let home = Home::new();
    let spec = home.script(1, "echo ready; sleep 1000");
    let (session, mut output) = start(&spec).await;
    assert_eq!(Session::start(binary(), &spec).await.unwrap_err(), StartError::Running(spec.socket.clone()));
    session.signal(Rung::Kill).unwrap();
    let heard = hear(&mut output).await;
    assert_eq!((heard.text(), heard.exit), ("ready\n", Some(Exit::Signal(9))));
    home.nothing_is_left();
}

/// Not a test of its own: the client process that [`the_holder_survives_its_client`] kills.
#[tokio::test]
async fn client_to_be_killed() {
    let Ok(spec) = std::env::var("TEST_SESSION_SPEC") else { return };
    let (_session, mut output) = start(&serde_json::from_str(&spec).unwrap()).await;
    Heard::default().until_text(&mut output, "started\n").await;
    fs::write(std::env::var("TEST_SESSION_UP").unwrap(), "").unwrap();
    // For ever, as far as it is concerned.
    while output.recv().await.is_some() {}
}

#[tokio::test]
async fn the_holder_survives_its_client() {
    let home = Home::new();
    let spec = home
        .script(1, "echo started; while ! test -e go; do sleep 0.02; done; head -c 3000000 /dev/urandom | tee copy");
    let mut client = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "client_to_be_killed"])
        .env("TEST_SESSION_SPEC", serde_json::to_string(&spec).unwrap())
        .env("TEST_SESSION_UP", home.path("up"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    until(|| home.path("up").exists());
    client.kill().unwrap();
    client.wait().unwrap();
    // Nothing of the client's is held open by the holder: its output ends.
    for line in BufReader::new(client.stdout.take().unwrap()).lines() {
        line.unwrap();
    }

    let (session, mut output) = Session::attach(Place::of(&spec), 3).await;
    assert!(session.holder().unwrap().is_alive() && session.leader().unwrap().is_alive());
    fs::write(home.path("go"), "").unwrap();
    let heard = Heard { next: 3, ..Heard::default() }.finish(&mut output).await;
    let expected = [&b"rted\n"[..], &fs::read(home.path("copy")).unwrap()].concat();
    assert_eq!(heard.exit, Some(Exit::Code(0)));
    assert!(heard.bytes == expected);
    home.nothing_is_left();
}

#[tokio::test]
async fn an_ended_session_is_told_from_its_files() {
    let home = Home::new();
    let spec = home.script(1, "seq 100000; exit 5");
    let first = run(&spec).await;
    home.nothing_is_left();
    assert!(!spec.socket.exists());
    let (session, mut output) = Session::attach(Place::of(&spec), 0).await;
    let again = hear(&mut output).await;
    assert!(again.bytes == first.bytes);
    assert_eq!(again.exit, Some(Exit::Code(5)));
    assert_eq!((session.holder(), session.write(b"x").await.is_err()), (None, true));
    let (_session, mut output) = Session::attach(Place { id: SessionId(9), ..Place::of(&spec) }, 0).await;
    assert_eq!(hear(&mut output).await.exit, Some(Exit::Unknown));
}

#[tokio::test]
async fn input_and_end_wait_for_no_other_event() {
    let home = Home::new();
    let mut spec = home.script(1, "cat; sleep 1000");
    spec.stdin = Stdin::Pipe;
    spec.args[1] = "exec cat".into();
    for round in 0..30 {
        spec.id = SessionId(round);
        spec.socket = home.path(&format!("{round}.sock"));
        let (session, mut output) = start(&spec).await;
        if round % 2 == 0 {
            session.write(b"hello").await.unwrap();
        }
        session.close_input().unwrap();
        let heard = hear(&mut output).await;
        assert_eq!(heard.exit, Some(Exit::Code(0)));
        assert_eq!(heard.text(), if round % 2 == 0 { "hello" } else { "" });
    }
    let mut spec = home.script(100, "exec cat");
    spec.stdin = Stdin::Terminal;
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    for round in 0..300 {
        session.write(format!("<{round}>").as_bytes()).await.unwrap();
        heard.until_text(&mut output, &format!("<{round}>")).await;
    }
    session.signal(Rung::Kill).unwrap();
    heard.finish(&mut output).await;
    home.nothing_is_left();
}

#[tokio::test]
async fn an_interactive_program_has_a_terminal_of_its_own() {
    let home = Home::new();
    let mut spec = home.script(
        1,
        "trap 'stty size' WINCH; trap 'echo int; exit 4' INT; test -t 0 && test -t 2 && stty size; echo ctty >/dev/tty; \
         while :; do sleep 0.05; done",
    );
    (spec.stdin, spec.raw) = (Stdin::Terminal, false);
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "24 80\r\nctty\r\n").await;
    session.resize(120, 36).unwrap();
    heard.until_text(&mut output, "36 120\r\n").await;
    session.write(b"\x03").await.unwrap();
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Code(4)));

    for text in ["", "line\n", "half a line"] {
        let mut spec = home.script(2, "exec cat");
        (spec.stdin, spec.raw) = (Stdin::Terminal, false);
        let (session, mut output) = start(&spec).await;
        session.write(text.as_bytes()).await.unwrap();
        session.signal(Rung::Ask).unwrap();
        assert_eq!(hear(&mut output).await.exit, Some(Exit::Code(0)), "{text:?}");
        until(|| !spec.socket.exists());
    }
    home.nothing_is_left();
}

#[tokio::test]
async fn the_program_gets_its_environment_and_nothing_of_the_holder() {
    let home = Home::new();
    let mut spec =
        home.script(1, "env | sort; umask; ls /proc/self/fd | tr '\\n' ' '; grep -E '^Sig(Blk|Ign)' /proc/self/status");
    spec.env.insert("SECRET".into(), "äöü\n".into());
    let heard = run(&spec).await;
    let text = heard.text();
    let mask = Command::new("sh").args(["-c", "umask"]).output().unwrap().stdout;
    assert!(text.contains("SECRET=äöü\n") && text.contains(&format!("ORCHESTRATOR_SESSION={}/1\n", home.mark)));
    assert!(!text.contains("HOLDER") && !text.contains("HOME="), "{text}");
    // 3 is the folder that ls reads.
    assert!(text.contains(&format!("\n{}0 1 2 3 ", String::from_utf8(mask).unwrap())), "{text}");
    for line in text.lines().filter(|line| line.starts_with("Sig")) {
        // The lowest 31 bits; the C library keeps 32 and 33 for itself.
        let signals = u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap();
        assert_eq!(signals & 0x7fff_ffff, 0, "{line}");
    }
    assert_eq!(text.matches("Sig").count(), 2, "{text}");
    let files: Vec<_> = fs::read_dir(&spec.logs).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    home.nothing_is_left();
}

#[tokio::test]
async fn the_holder_is_alone_in_its_session_and_idle() {
    let home = Home::new();
    let spec = home
        .script(1, "exec </dev/null >/dev/null 2>&1; sleep 1; echo back >/dev/tty; sleep 0.5; echo again >/dev/tty");
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "back\n").await;
    let holder = session.holder().unwrap().pid;
    let stat = fs::read_to_string(format!("/proc/{holder}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    assert_eq!((fields[2], fields[3], fields[4]), (&*holder.to_string(), &*holder.to_string(), "0"));
    let ticks: u32 = fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap();
    assert!(ticks < 30, "a second of waiting cost {ticks} ticks");
    for number in 0..3 {
        assert_eq!(fs::metadata(&spec.socket).unwrap().permissions().mode() & 0o077, 0);
        assert_eq!(fs::read_link(format!("/proc/{holder}/fd/{number}")).unwrap(), Path::new("/dev/null"));
    }
    assert_eq!(fs::read_link(format!("/proc/{holder}/cwd")).unwrap(), Path::new("/"));
    let heard = heard.finish(&mut output).await;
    assert_eq!((heard.text(), heard.exit), ("back\nagain\n", Some(Exit::Code(0))));
    home.nothing_is_left();
}

#[tokio::test]
async fn a_death_by_any_signal_is_told() {
    let home = Home::new();
    for (id, signal) in [(1, 9), (2, 11), (3, 40)] {
        assert_eq!(run(&home.script(id, &format!("kill -{signal} $$"))).await.exit, Some(Exit::Signal(signal)));
    }
    home.nothing_is_left();
}

#[tokio::test]
async fn daemons_may_stay_when_the_check_keeps_them() {
    let home = Home::new();
    let mut spec = home
        .script(1, "setsid sh -c 'touch up; exec sleep 1005' >/dev/null 2>&1 & until test -e up; do sleep 0.01; done");
    spec.keep_daemons = true;
    assert_eq!(run(&spec).await.exit, Some(Exit::Code(0)));
    until(|| home.names() == ["sleep"]);

    // Told to end, it ends its own session and nobody else.
    let mut spec =
        home.script(2, "setsid sleep 1006 & (trap '' TERM; while :; do sleep 0.05; done) & echo ready; wait");
    spec.keep_daemons = true;
    let (session, mut output) = start(&spec).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "ready").await;
    let daemon = |found: &Found| found.name == "sleep" && found.session == found.id.pid;
    until(|| marked(&home.mark).iter().filter(|marked| daemon(&marked.found)).count() == 2);
    session.signal(Rung::Terminate).unwrap();
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Signal(15)));
    until(|| home.names() == ["sleep", "sleep"]);

    let report = sweep(&home.mark);
    assert_eq!((report.ended.len(), report.kept.len(), report.left.len()), (0, 2, 0), "{report:?}");
    for kept in report.kept {
        kill(Pid::from_raw(kept.pid), Signal::SIGKILL).unwrap();
    }
    home.nothing_is_left();
}

#[tokio::test]
async fn what_a_dead_holder_left_is_swept() {
    let home = Home::new();
    // One of them hides its mark, but not its parent.
    let spec = home.script(
        1,
        "trap '' HUP; setsid sh -c 'sleep 1007 & env -i sleep 1008 & echo ready; wait' & while :; do sleep 0.05; done",
    );
    let other = home.script(2, "echo ready; exec sleep 1009");
    let (session, mut output) = start(&spec).await;
    let (_other, mut others) = start(&other).await;
    let mut heard = Heard::default();
    heard.until_text(&mut output, "ready").await;
    let mut other_heard = Heard::default();
    other_heard.until_text(&mut others, "ready").await;

    let holder = session.holder().unwrap();
    kill(Pid::from_raw(holder.pid), Signal::SIGKILL).unwrap();
    assert_eq!(heard.finish(&mut output).await.exit, Some(Exit::Unknown));
    assert!(home.names().len() >= 4);

    let place = Place::of(&spec);
    let report = tokio::task::spawn_blocking(move || sweep_session(&place)).await.unwrap();
    assert!(report.ended.len() >= 4 && report.left.is_empty() && report.kept.is_empty(), "{report:?}");
    assert!(marked(&home.mark).iter().all(|marked| marked.session == other.id));

    // The living holder of the other is asked, ends its tree and writes down how.
    let mark = home.mark.clone();
    let report = tokio::task::spawn_blocking(move || sweep(&mark)).await.unwrap();
    assert_eq!(report.ended.len(), 2, "{report:?}");
    assert_eq!(other_heard.finish(&mut others).await.exit, Some(Exit::Signal(15)));
    assert_eq!(Place::of(&other).exit_record().unwrap().exit, Exit::Signal(15));
    assert_eq!(home.names(), Vec::<String>::new());
    assert_eq!(sweep(&home.mark), orchestrator_tui::edge::session::SweepReport::default());

    // A stale socket is taken over.
    assert!(spec.socket.exists());
    let again = home.script(1, "echo again");
    assert_eq!(run(&again).await.text(), "again\n");
    home.nothing_is_left();
}

/// Not a test of its own: what [`a_sweep_spares_the_session_it_runs_in`] runs as a session.
#[test]
fn sweeper_in_a_session() {
    let Ok(mark) = std::env::var("TEST_SWEEP_MARK") else { return };
    let report = sweep(&mark);
    assert_eq!((report.ended.len(), report.left.len()), (2, 0), "{report:?}");
}

#[tokio::test]
async fn a_sweep_spares_the_session_it_runs_in() {
    let home = Home::new();
    let (_other, mut other) = start(&home.script(1, "exec sleep 1010")).await;
    let mut spec = home.script(2, "");
    spec.program = std::env::current_exe().unwrap();
    spec.args = vec!["--exact".into(), "sweeper_in_a_session".into()];
    spec.env.insert("TEST_SWEEP_MARK".into(), home.mark.clone());
    let heard = run(&spec).await;
    assert_eq!(heard.exit, Some(Exit::Code(0)), "{}", heard.text());
    assert_eq!(hear(&mut other).await.exit, Some(Exit::Signal(15)));
    home.nothing_is_left();
}
