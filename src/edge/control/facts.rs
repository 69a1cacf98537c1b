//! Streams facts as lines: first what is known, then what becomes true, without a gap or with a word about it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use hyper::body::{Body, Frame};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

use super::call::{ControlReply, ControlRequest, FactLine};
use super::routes::Door;
use crate::model::id::Seq;

/// How many lines wait for a slow reader; behind them lies the broadcast's own limit, and then a resync.
const LINES_AHEAD: usize = 64;

/// A body that is filled line by line.
pub(super) struct Lines(pub(super) mpsc::Receiver<Bytes>);

impl Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}

/// Starts a stream of the facts after `after`, and of those to come if `follow`.
///
/// Where facts are missing (compacted away, or the reader was too slow) stands the line
/// `{"resync":true,"after":N}`: the last fact that was sent; the reader should ask for the state anew.
pub(super) async fn stream(door: Arc<Door>, after: Seq, follow: bool) -> Result<Lines, ControlReply> {
    // Subscribed before the history is read: what comes in between is seen twice and dropped once.
    let news = follow.then(|| door.facts.subscribe());
    let query = [("after".to_owned(), after.0.to_string())].into();
    let reply = door.ask(ControlRequest::Query { path: "facts".to_owned(), query }).await;
    if reply.status() >= 400 {
        return Err(reply);
    }
    let Value::Array(history) = reply.body() else {
        return Err(ControlReply::refused(500, "the history was not a list", "please report this"));
    };
    let mut last = after;
    let mut first = Vec::new();
    for fact in history {
        let Some(seq) = fact.get("seq").and_then(Value::as_u64).map(Seq) else {
            return Err(ControlReply::refused(500, "a fact had no position", "please report this"));
        };
        if seq <= last {
            continue;
        }
        if seq != last.next() {
            first.push(resync(last));
        }
        first.push(line(&fact.to_string()));
        last = seq;
    }
    let (lines, body) = mpsc::channel(LINES_AHEAD);
    tokio::spawn(async move {
        let mut stopping = door.stopping.clone();
        tokio::select! {
            // An open stream would hold up the server's end for ever.
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = lines.closed() => {}
            () = send(first, news, last, &lines) => {}
        }
    });
    Ok(Lines(body))
}

/// Sends the history and then the news, until the reader is gone or there is no more.
async fn send(
    first: Vec<Bytes>,
    news: Option<broadcast::Receiver<FactLine>>,
    mut last: Seq,
    lines: &mpsc::Sender<Bytes>,
) {
    for line in first {
        if lines.send(line).await.is_err() {
            return;
        }
    }
    let Some(mut news) = news else { return };
    loop {
        let fact = match news.recv().await {
            Ok(fact) if fact.seq <= last => continue,
            Ok(fact) => fact,
            // The gap shows at the next fact.
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        if fact.seq != last.next() && lines.send(resync(last)).await.is_err() {
            return;
        }
        last = fact.seq;
        if lines.send(line(&fact.json)).await.is_err() {
            return;
        }
    }
}

pub(super) fn line(json: &str) -> Bytes {
    Bytes::from(format!("{json}\n"))
}

fn resync(last: Seq) -> Bytes {
    line(&json!({ "resync": true, "after": last.0 }).to_string())
}
