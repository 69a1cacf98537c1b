//! Notices that a task file changed while its work goes on, once whoever writes it has paused.

use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::edge::watch::Named;

/// How long a file must be quiet before it is read: editors write in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// How often it is read where the system cannot watch it.
const POLL: Duration = Duration::from_secs(5);

/// Sends a message when a file may have changed; the first at once, for what happened before anybody watched. To be called
/// within a runtime; ends with its receiver.
pub(super) fn changes(file: &Path) -> mpsc::Receiver<()> {
    let (tell, told) = mpsc::channel(1);
    let (sender, mut touched) = mpsc::channel(1);
    let watch = Named::watch(&[file.to_owned()], move || {
        // Full: one that has not been looked at yet says the same.
        let _ = sender.try_send(());
    });
    tokio::spawn(async move {
        while tell.send(()).await.is_ok() {
            if let Err(error) = &watch {
                tracing::warn!(%error, "the task file is looked at every few seconds");
                sleep(POLL).await;
                continue;
            }
            tokio::select! {
                touch = touched.recv() => if touch.is_none() { return },
                () = tell.closed() => return,
            }
            while let Ok(Some(())) = timeout(QUIET, touched.recv()).await {}
        }
    });
    told
}
