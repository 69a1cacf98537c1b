//! What every screen sees: one view for all, sent to each as the whole and then as differences; and who holds a lease.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use super::call::{ControlCall, ControlReply, ControlRequest};
use super::facts::{Lines, line};
use super::routes::Door;
use crate::core::view::{Delta, View};
use crate::model::id::Seq;

/// What is shown, and to whom.
#[derive(Debug, Default)]
pub struct Views {
    shown: watch::Sender<(Seq, Arc<View>)>,
    leases: AtomicUsize,
    /// Whether there ever was a lease.
    leased: AtomicBool,
    /// Whether the last person let the supervisor go on without a screen.
    left: Mutex<bool>,
}

impl Views {
    /// Whether anybody looks.
    pub fn is_seen(&self) -> bool {
        self.shown.receiver_count() > 0
    }

    /// Shows a view to everybody who looks; those who see the same already hear nothing.
    pub fn show(&self, seq: Seq, view: View) {
        self.shown.send_if_modified(|shown| {
            let differs = *shown.1 != view;
            shown.0 = seq;
            if differs {
                shown.1 = Arc::new(view);
            }
            differs
        });
    }

    /// Whether a screen holds a lease, or ever did.
    pub fn was_leased(&self) -> bool {
        self.leased.load(Ordering::SeqCst)
    }

    pub(super) fn leave(&self) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn lease(&self) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.leases.fetch_add(1, Ordering::SeqCst);
        self.leased.store(true, Ordering::SeqCst);
    }

    /// Ends a lease; says whether it was the last one and nobody said that the work goes on.
    fn release(&self) -> bool {
        self.leases.fetch_sub(1, Ordering::SeqCst) == 1 && !*self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a stream of what there is to see.
///
/// The first line is `{"version":…,"seq":…,"view":…}`, each later one `{"delta":…}`; nothing is sent when nothing
/// changes.
pub(super) async fn stream(door: Arc<Door>, leased: bool) -> Result<Lines, ControlReply> {
    let mut views = door.views.shown.subscribe();
    // The machine looks anew: until now perhaps nobody did.
    let reply = door.ask(ControlRequest::Query { path: "view".to_owned(), query: [].into() }).await;
    if reply.status() >= 400 {
        return Err(reply);
    }
    let (seq, mut last) = views.borrow_and_update().clone();
    let first = json!({ "version": env!("CARGO_PKG_VERSION"), "seq": seq, "view": *last });
    // One line ahead: a slow reader gets few big differences instead of many small ones.
    let (lines, body) = mpsc::channel(1);
    if leased {
        door.views.lease();
    }
    tokio::spawn(async move {
        let mut stopping = door.stopping.clone();
        let send = async {
            if lines.send(line(&first.to_string())).await.is_err() {
                return;
            }
            while views.changed().await.is_ok() {
                let (_, next) = views.borrow_and_update().clone();
                let delta = Delta::between(&last, &next);
                last = next;
                if lines.send(delta_line(&delta)).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = lines.closed() => {}
            () = send => {}
        }
        if leased && door.views.release() && !*door.stopping.borrow() {
            stop(&door).await;
        }
    });
    Ok(Lines(body))
}

fn delta_line(delta: &Delta) -> Bytes {
    line(&json!({ "delta": delta }).to_string())
}

/// Asks the machine to stop, as a signal would.
pub(super) async fn stop(door: &Door) {
    let request = ControlRequest::Command { name: "quit".to_owned(), body: Value::Null, idempotency_key: None };
    // Nobody waits for the answer.
    let (reply, _) = oneshot::channel();
    let _ = door.calls.send(ControlCall { request, reply }).await;
}
