//! Every way to end a session reaches the whole tree, and is told as it was.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchestrator_tui::edge::session::{Found, Place, marked, sweep};
use orchestrator_tui::model::session::{Exit, Rung};

use super::home::{Heard, Home, run, start, until};

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
