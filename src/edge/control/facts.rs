//! Streams facts as lines: first what is known, then what becomes true, without a gap or with a word about it.

use std::sync::Arc;

use axum::body::Bytes;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

use super::archive::{Archive, Batch, Wanted};
use super::call::{ControlReply, FactLine};
use super::door::Door;
use super::lines::{Lines, line};
use crate::model::id::Seq;

/// How many lines wait for a slow reader; behind them lies the broadcast's own limit, and then a resync.
const LINES_AHEAD: usize = 64;

/// Nobody listens any more.
struct Left;

/// Starts a stream of the wanted facts, and of those to come if `follow`.
///
/// Where facts are missing (the journal cannot be read, or the reader was too slow) stands the line
/// `{"resync":true,"after":N}`: the last fact before the gap; the reader should ask for the state anew. Where only the
/// last ones were wanted and there are more, the first line is `{"cut":true,"left_out":N}`.
pub(super) async fn stream(door: Arc<Door>, wanted: Wanted, follow: bool) -> Result<Lines, ControlReply> {
    // Subscribed before the history is read: what comes in between is seen twice and dropped once.
    let news = follow.then(|| door.facts.subscribe());
    let refused = |why: String| ControlReply::refused(500, why, "`orchestrator-tui health` says more");
    let begin = blocking(&door, move |archive| archive.begin(&wanted)).await.map_err(refused)?;
    let first = blocking(&door, move |archive| archive.read(&wanted, begin.after)).await.map_err(refused)?;
    let (lines, body) = mpsc::channel(LINES_AHEAD);
    tokio::spawn(async move {
        let told = Told { lines: lines.clone(), wanted, last: begin.after };
        tokio::select! {
            () = lines.closed() => {}
            _ = tell(told, &door, begin.left_out, first, news) => {}
        }
    });
    Ok(Lines(body))
}

/// Asks the archive on a thread that may block.
async fn blocking<T: Send + 'static>(
    door: &Door,
    ask: impl FnOnce(&dyn Archive) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let archive = Arc::clone(&door.archive);
    let asked = tokio::task::spawn_blocking(move || ask(archive.as_ref())).await;
    asked.unwrap_or_else(|error| Err(format!("the history cannot be read: {error}")))
}

/// What was sent so far.
struct Told {
    lines: mpsc::Sender<Bytes>,
    wanted: Wanted,
    /// The last fact that was looked at.
    last: Seq,
}

impl Told {
    async fn send(&self, text: &str) -> Result<(), Left> {
        self.lines.send(line(text)).await.map_err(|_| Left)
    }

    /// Says that what lies between the last fact and the one before `next` is missing, if so.
    async fn gap(&self, before: Seq) -> Result<(), Left> {
        if before <= self.last {
            return Ok(());
        }
        self.send(&json!({ "resync": true, "after": self.last }).to_string()).await
    }

    async fn batch(&mut self, batch: Batch) -> Result<(), Left> {
        self.gap(batch.from).await?;
        for fact in &batch.facts {
            self.send(&fact.json).await?;
        }
        self.last = batch.to;
        Ok(())
    }

    async fn news(&mut self, fact: FactLine) -> Result<(), Left> {
        if fact.seq <= self.last {
            return Ok(());
        }
        self.gap(Seq(fact.seq.0 - 1)).await?;
        self.last = fact.seq;
        if self.wanted.fits(&fact) { self.send(&fact.json).await } else { Ok(()) }
    }
}

/// Sends the history and then the news, until the reader is gone or there is no more.
async fn tell(
    mut told: Told,
    door: &Door,
    left_out: u64,
    first: Batch,
    news: Option<broadcast::Receiver<FactLine>>,
) -> Result<(), Left> {
    if left_out > 0 {
        told.send(&json!({ "cut": true, "left_out": left_out }).to_string()).await?;
    }
    let wanted = told.wanted;
    let mut more = first.more;
    told.batch(first).await?;
    while more {
        let after = told.last;
        match blocking(door, move |archive| archive.read(&wanted, after)).await {
            Ok(batch) => {
                more = batch.more;
                told.batch(batch).await?;
            }
            Err(why) => return told.send(&json!({ "error": why }).to_string()).await,
        }
    }
    let Some(mut news) = news else { return Ok(()) };
    let mut stopping = door.stopping.clone();
    loop {
        let fact = tokio::select! {
            // The last facts before the end are news, too.
            biased;
            fact = news.recv() => fact,
            // An open stream would hold up the server's end for ever.
            _ = stopping.wait_for(Option::is_some) => return Ok(()),
        };
        match fact {
            Ok(fact) => told.news(fact).await?,
            // The gap shows at the next fact.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}
