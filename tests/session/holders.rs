//! What a holder is: it starts or says why not, is one per session, outlives its client, and keeps to itself.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use orchestrator_tui::edge::session::{Place, Session, StartError};
use orchestrator_tui::model::id::SessionId;
use orchestrator_tui::model::session::{Exit, Rung, SessionSpec};

use super::home::{Heard, Home, binary, hear, run, start, until};

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
        .args(["--exact", "session::holders::client_to_be_killed"])
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
