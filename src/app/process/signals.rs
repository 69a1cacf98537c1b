//! Signals of the operating system become wishes: to stop, or to give the terminal back for a while.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

const STOP: &[(SignalKind, &str)] =
    &[(SignalKind::interrupt(), "SIGINT"), (SignalKind::terminate(), "SIGTERM"), (SignalKind::hangup(), "SIGHUP")];

/// What the shell asks of a program on a terminal.
fn job_control() -> [(SignalKind, &'static str); 2] {
    use nix::sys::signal::Signal;
    [
        (SignalKind::from_raw(Signal::SIGTSTP as i32), "SIGTSTP"),
        (SignalKind::from_raw(Signal::SIGCONT as i32), "SIGCONT"),
    ]
}

/// Sends one message for each SIGINT, SIGTERM and SIGHUP, as long as somebody listens.
///
/// # Errors
/// If the system does not let us listen to signals.
pub fn listen() -> std::io::Result<mpsc::Receiver<&'static str>> {
    receive(STOP)
}

/// As [`listen`], and also for SIGQUIT, SIGTSTP and SIGCONT: for whoever has taken the terminal, and must give it back.
///
/// # Errors
/// As [`listen`].
pub fn listen_on_terminal() -> std::io::Result<mpsc::Receiver<&'static str>> {
    let all: Vec<_> = STOP.iter().copied().chain([(SignalKind::quit(), "SIGQUIT")]).chain(job_control()).collect();
    receive(&all)
}

fn receive(kinds: &[(SignalKind, &'static str)]) -> std::io::Result<mpsc::Receiver<&'static str>> {
    let (send, receive) = mpsc::channel(8);
    for (kind, name) in kinds.iter().copied() {
        let mut signals = signal(kind)?;
        let send = send.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if send.send(name).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(receive)
}
