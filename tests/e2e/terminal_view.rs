//! The terminal of a session: looked at and typed into, through the binary in a terminal, and over the control socket.

use std::fs;

use orchestrator_tui::edge::control::{Attached, ClientError, Shown, Wish};
use orchestrator_tui::model::id::SessionId;
use orchestrator_tui::model::session::Rung;
use tokio::time::timeout;

use crate::screen::client;
use crate::site::{PATIENCE, Site, until};
use crate::terminal::Terminal;
use crate::terminal_stage::{Kind, SESSION, Stage};

const CHECK: &str = "printf 'the check says hello\\n'\n\
    printf '\\033]0;HOSTILE\\007\\033]52;c;SE9TVElMRQ==\\007\\033[c\\033[?1003h\\033[?1049h\\033[2Jon the other screen\\n'\n\
    printf '\\033[?1049l\\033[31mred words\\033[m\\n'\n\
    cat \"$GATE\" >/dev/null\n\
    echo over\n";

fn site(check: &str) -> Site {
    let site = Site::new(&[
        ("check.sh", check),
        ("orchestrator.toml", "[[check]]\nname = \"unit\"\nrun = \"sh check.sh\"\n\n[watch]\nsettle = \"50ms\"\n"),
    ]);
    let gate = site.outside("gate");
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).expect("a gate");
    let script = check.replace("$GATE", &gate.display().to_string());
    site.write("check.sh", &script);
    site.commit("Know the gate");
    site
}

#[test]
fn a_running_check_is_looked_at_and_nothing_but_cells_comes_through() {
    let site = site(CHECK);
    let mut terminal = Terminal::start(&site, &["run", "--trust"], (80, 24));
    terminal.wait_text("running");
    terminal.keys("t");
    let screen = terminal.wait("the check's terminal", |screen| screen.contains("red words"));
    assert!(screen.contains("the check says hello") && screen.contains("check unit"), "{screen}");
    assert!(screen.contains("ctrl+q leaves") && screen.contains("takes no keys"), "{screen}");
    assert!(!screen.contains("on the other screen"), "{screen}");
    for hostile in ["HOSTILE", "SE9TVElMRQ", "\u{1b}]52"] {
        assert!(terminal.count(hostile) == 0, "{hostile} reached the outer terminal");
    }
    // A check has no use for keys: they scroll, copy and leave.
    terminal.keys("y");
    terminal.wait_text("copied");
    assert!(terminal.count("\u{1b}]52;c;") > 0, "what a person copies is copied");
    terminal.resize(40, 10);
    terminal.wait("a small one", |screen| screen.contains("red words") && screen.contains("ctrl+q"));
    terminal.resize(120, 36);
    terminal.wait("a large one", |screen| screen.contains("red words") && screen.lines().count() > 30);
    fs::write(site.outside("gate"), "go").expect("the check reads it");
    terminal.wait_text("ended: exit code 0");
    terminal.keys("\u{11}");
    terminal.wait_text("all green");
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
    site.wait_until_empty();
}

/// A shell without what differs from machine to machine.
const SHELL: &str = "PS1='ready> ' exec sh -i";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

fn dashboard(site: &Site, size: (u16, u16)) -> Terminal {
    let mut terminal = Terminal::start(site, &[], size);
    terminal.wait_text("supervised already");
    until("the question to take keys", || {
        terminal.keys("a");
        terminal.screen().contains("play")
    });
    terminal
}

#[test]
fn a_shell_is_typed_into_and_one_chord_leaves() {
    let site = Site::new(&[("orchestrator.toml", "[[check]]\nname = \"unit\"\nrun = \"true\"\n")]);
    let runtime = runtime();
    let stage = runtime.block_on(Stage::start(&site, Kind::Interactive, SHELL));
    let mut terminal = dashboard(&site, (80, 24));
    terminal.keys("t");
    terminal.wait("the prompt", |screen| screen.contains("ready>") && screen.contains("keys go to the program"));
    // The session has as many columns and rows as there is room.
    terminal.keys("stty size; echo $((6*7))\r");
    terminal.wait("what the shell says", |screen| screen.contains("22 80") && screen.contains("\n42"));
    terminal.resize(100, 30);
    terminal.wait_text("100x28");
    terminal.keys("stty size\r");
    terminal.wait_text("28 100");
    // Every key is the program's: those that would quit, stop or suspend the screen, too.
    terminal.keys("cat\r");
    terminal.wait_text("ready> cat");
    terminal.keys("q:?\u{c}");
    terminal.wait_text("q:?^L");
    terminal.keys("\u{3}");
    terminal.wait_text("^C");
    terminal.keys("\u{1b}[200~echo pasted\u{1b}[201~");
    terminal.wait_text("echo pasted");
    terminal.keys("\r");
    terminal.wait("the paste carried out", |screen| screen.contains("\npasted"));
    // What a program asks its terminal is answered to it.
    terminal.keys("stty -echo -icanon; printf '\\033[6n'; dd bs=1 count=4 2>/dev/null | od -c; stty echo icanon\r");
    terminal.wait("the answer", |screen| screen.contains("033   ["));
    terminal.keys("clear; seq 100 170\r");
    terminal.wait_text("170\nready>");
    terminal.keys("\u{11}");
    terminal.wait("the dashboard", |screen| !screen.contains("ready>") && screen.contains("play"));
    assert!(terminal.is_on_other_screen());
    // It goes on, and is found as it was left; only looked at, it gets no key.
    terminal.keys("T");
    terminal.wait("the same shell", |screen| screen.contains("only looking") && screen.contains("170"));
    terminal.keys("gg");
    terminal.wait_text("lines below");
    terminal.keys("Gt");
    terminal.wait_text("keys go to the program");
    terminal.keys("exit 3\r");
    terminal.wait_text("ended: exit code 3");
    // Keys that were meant for the program do nothing here.
    terminal.keys("qq\u{3}");
    terminal.keys("\r");
    terminal.wait("the dashboard again", |screen| !screen.contains("ended: exit code") && screen.contains("play"));
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
    runtime.block_on(stage.end());
    site.wait_until_empty();
}

#[test]
fn the_mouse_is_the_programs_if_it_asked_and_marks_otherwise() {
    let site = Site::new(&[("orchestrator.toml", "[[check]]\nname = \"unit\"\nrun = \"true\"\n")]);
    let runtime = runtime();
    let script = "printf 'mark these words\\n'; stty raw -echo; dd bs=1 count=1 2>/dev/null; \
        printf '\\033[?1000h\\033[?1006hasked'; dd bs=1 count=9 2>/dev/null | od -c; cat >/dev/null";
    let stage = runtime.block_on(Stage::start(&site, Kind::Interactive, script));
    let mut terminal = dashboard(&site, (80, 24));
    terminal.keys("t");
    terminal.wait_text("mark these words");
    // A person drags over "these" in the second row of the window, the first of the pane.
    terminal.keys("\u{1b}[<0;6;2M\u{1b}[<32;8;2M\u{1b}[<32;10;2M\u{1b}[<0;10;2m");
    terminal.wait_text("copied 1 line");
    // "these"
    until("the copy", || terminal.count("\u{1b}]52;c;dGhlc2U=") > 0);
    terminal.keys("x");
    terminal.wait_text("asked");
    terminal.keys("\u{1b}[<0;11;7M");
    // As the program's own sixth row.
    terminal.wait("the click", |screen| screen.contains("<   0   ;   1   1   ;   6"));
    terminal.keys("\u{11}");
    terminal.wait("the dashboard", |screen| screen.contains("play") && !screen.contains("ctrl+q"));
    terminal.keys("q");
    assert_eq!(terminal.end().0, 0);
    runtime.block_on(stage.end());
    site.wait_until_empty();
}

/// Takes in what is shown until it fits.
async fn shown(attached: &mut Attached, what: &str, fits: impl Fn(&str, &[Shown]) -> bool) -> Vec<Shown> {
    let (mut all, mut text) = (Vec::new(), String::new());
    let waited = timeout(PATIENCE, async {
        while !fits(&text, &all) {
            let next = attached.shown.recv().await;
            let Some(next) = next else { panic!("{what} did not come before the end: {all:?}") };
            if let Shown::Output { bytes, .. } = &next {
                text.push_str(&String::from_utf8_lossy(bytes));
            }
            all.push(next);
        }
    });
    assert!(waited.await.is_ok(), "{what} did not come: {all:?}");
    all
}

#[test]
fn several_who_look_see_the_same_and_one_of_them_answers() {
    let site = Site::bare(&[("orchestrator.toml", "[[check]]\nname = \"unit\"\nrun = \"true\"\n")]);
    runtime().block_on(async {
        let mut stage = Stage::start(&site, Kind::Interactive, SHELL).await;
        stage.until_written("ready>").await;
        let client = client(&site).await;
        let mut first = client.attach(SESSION).await.expect("attached");
        let mut second = client.attach(SESSION).await.expect("attached, too");
        let about = shown(&mut first, "the prompt", |text, _| text.contains("ready>")).await;
        let Some(Shown::About(about)) = about.first() else { panic!("{about:?}") };
        assert!(about.terminal.typing && !about.terminal.raw && about.end > 0, "{about:?}");
        shown(&mut second, "the prompt", |text, _| text.contains("ready>")).await;
        // Who said last which size it wants has it; all are told.
        first.wishes.send(Wish::Size(70, 20)).await.expect("heard");
        shown(&mut second, "the size", |_, all| all.contains(&Shown::Size(70, 20))).await;
        second.wishes.send(Wish::Size(90, 25)).await.expect("heard");
        shown(&mut first, "the other size", |_, all| all.contains(&Shown::Size(90, 25))).await;
        second
            .wishes
            .send(Wish::Keys(b"stty -echo; echo n''ow; read a; echo got-$a-\r".to_vec()))
            .await
            .expect("typed");
        stage.until_written("now").await;
        // Whoever does not lead does not answer; and a question is answered once.
        let answer = |bytes: &[u8]| Wish::Answer { offset: u64::MAX - 1, bytes: bytes.to_vec() };
        first.wishes.send(answer(b"wrong\r")).await.expect("heard");
        shown(&mut first, "an echo", |_, _| true).await;
        second.wishes.send(answer(b"right\r")).await.expect("heard");
        second.wishes.send(answer(b"again\r")).await.expect("heard");
        second.wishes.send(Wish::Keys(b"echo the-end\r".to_vec())).await.expect("typed");
        let all = shown(&mut second, "the end", |text, _| text.contains("the-end")).await;
        let text: String = all
            .iter()
            .filter_map(
                |shown| if let Shown::Output { bytes, .. } = shown { std::str::from_utf8(bytes).ok() } else { None },
            )
            .collect();
        assert!(text.contains("got-right-") && !text.contains("again") && !text.contains("wrong"), "{text:?}");
        // With the leader gone, the other one leads again.
        drop(second);
        shown(&mut first, "its own size", |_, all| all.contains(&Shown::Size(70, 20))).await;
        stage.end().await;
    });
    site.wait_until_empty();
}

#[test]
fn whoever_comes_and_goes_leaves_nothing_behind() {
    let site = Site::bare(&[("orchestrator.toml", "[[check]]\nname = \"unit\"\nrun = \"true\"\n")]);
    runtime().block_on(async {
        let mut stage = Stage::start(&site, Kind::Check, "printf 'one\\ntwo\\n'; tail -f /dev/null").await;
        stage.until_written("two").await;
        let client = client(&site).await;
        // More often than a holder takes clients at a time, and the program says nothing meanwhile.
        for _ in 0..80 {
            let mut attached = client.attach(SESSION).await.expect("attached");
            let all = shown(&mut attached, "the past", |text, _| text.contains("two")).await;
            let Some(Shown::About(about)) = all.first() else { panic!("{all:?}") };
            assert!(!about.terminal.typing && about.terminal.raw && about.terminal.size == (400, 50), "{about:?}");
            // It takes neither keys nor a size: either would change what the check says.
            attached.wishes.send(Wish::Keys(b"x\n".to_vec())).await.expect("heard");
            attached.wishes.send(Wish::Size(20, 5)).await.expect("heard");
        }
        let refused = client.attach(SessionId(9)).await.expect_err("there is none");
        assert!(matches!(&refused, ClientError::Refused { status: 404, .. }), "{refused:?}");
        let mut last = client.attach(SESSION).await.expect("attached");
        stage.session.signal(Rung::Kill).expect("it lives");
        let end = shown(&mut last, "the end", |_, all| all.iter().any(|shown| matches!(shown, Shown::Ended(_)))).await;
        assert!(!end.iter().any(|shown| matches!(shown, Shown::Size(..))), "{end:?}");
        stage.end().await;
    });
    site.wait_until_empty();
}

#[test]
fn a_long_past_is_shown_by_its_beginning_and_its_end() {
    let site = Site::bare(&[("orchestrator.toml", "[[check]]\nname = \"unit\"\nrun = \"true\"\n")]);
    runtime().block_on(async {
        let script = "echo the-beginning; yes 'something is said, and said again' | head -c 5000000; echo the-end; tail -f /dev/null";
        let mut stage = Stage::start(&site, Kind::Check, script).await;
        stage.until_written("the-end").await;
        let mut attached = client(&site).await.attach(SESSION).await.expect("attached");
        let all = shown(&mut attached, "the end", |text, _| text.contains("the-end")).await;
        let mut next = 0;
        let mut holes = 0;
        for shown in &all {
            match shown {
                Shown::Output { offset, bytes } => {
                    assert_eq!(*offset, next);
                    next += bytes.len() as u64;
                }
                Shown::Hole { from, to } => {
                    assert!(*from == next && *to > next);
                    (next, holes) = (*to, holes + 1);
                }
                Shown::About(_) | Shown::Size(..) | Shown::Ended(_) => {}
            }
        }
        assert_eq!(holes, 1);
        assert!(next > 5_000_000);
        assert!(matches!(&all[1], Shown::Output { bytes, .. } if bytes.starts_with(b"the-beginning")));
        stage.end().await;
    });
    site.wait_until_empty();
}
