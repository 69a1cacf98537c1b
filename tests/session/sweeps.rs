//! What a supervisor or a holder that is gone has left is found and ended; the rest is spared.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchestrator_tui::edge::session::{Place, SweepReport, marked, sweep, sweep_session};
use orchestrator_tui::model::session::Exit;

use super::home::{Heard, Home, hear, run, start};

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
    assert_eq!(sweep(&home.mark), SweepReport::default());

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
    spec.args = vec!["--exact".into(), "session::sweeps::sweeper_in_a_session".into()];
    spec.env.insert("TEST_SWEEP_MARK".into(), home.mark.clone());
    let heard = run(&spec).await;
    assert_eq!(heard.exit, Some(Exit::Code(0)), "{}", heard.text());
    assert_eq!(hear(&mut other).await.exit, Some(Exit::Signal(15)));
    home.nothing_is_left();
}
