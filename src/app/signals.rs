//! Signals of the operating system become wishes to stop.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Sends one message for each SIGINT, SIGTERM and SIGHUP, as long as somebody listens.
///
/// # Errors
/// If the system does not let us listen to signals.
pub fn listen() -> std::io::Result<mpsc::Receiver<&'static str>> {
    let (send, receive) = mpsc::channel(8);
    for (kind, name) in
        [(SignalKind::interrupt(), "SIGINT"), (SignalKind::terminate(), "SIGTERM"), (SignalKind::hangup(), "SIGHUP")]
    {
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
