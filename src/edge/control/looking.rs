//! Streams the view as lines: first all of it, then what changes, and who else looks, then how it ended; nothing while
//! nothing changes.

use std::sync::Arc;

use axum::body::Bytes;
use serde::Serialize;
use serde_json::json;
use tokio::sync::{mpsc, watch};

use super::call::Farewell;
use super::door::Door;
use super::lines::{Lines, line};
use super::views::{Company, Seat, Shown};
use crate::core::view::{Delta, View};
use crate::model::id::Seq;

/// How many lines wait for a slow reader: few, since what it was too slow for comes as one difference later.
const LINES_AHEAD: usize = 2;

/// The first line.
#[derive(Serialize)]
struct Hello<'a> {
    version: &'a str,
    leased: bool,
    screens: usize,
    seq: Seq,
    view: &'a View,
}

/// Starts a stream of the view; with a lease it is a person's screen for as long as it is open.
pub(super) fn stream(door: Arc<Door>, lease: bool) -> Lines {
    let seat = door.views.seat(lease);
    let (lines, body) = mpsc::channel(LINES_AHEAD);
    tokio::spawn(async move {
        tokio::select! {
            // The connection is closed as soon as its other end is, also by a death.
            () = lines.closed() => {}
            _ = tell(seat, &door, &lines) => {}
        }
    });
    Lines(body)
}

/// Sends until the reader is gone or the supervisor ends; nothing: the reader is gone.
async fn tell(mut seat: Seat, door: &Door, lines: &mpsc::Sender<Bytes>) -> Option<()> {
    let mut stopping = door.stopping.clone();
    let mut last: Option<Arc<View>> = None;
    let mut told = seat.company();
    loop {
        let company = seat.company();
        if last.is_some() && told != company {
            say(lines, &json!({ "company": company })).await?;
            told = company;
        }
        let newest = seat.shown.borrow_and_update().clone();
        match (&last, newest) {
            (None, Some(Shown { seq, view })) => {
                let Company { leased, screens } = company;
                say(lines, &Hello { version: door.version, leased, screens, seq, view: &view }).await?;
                last = Some(view);
                told = company;
            }
            (Some(before), Some(Shown { view, .. })) => {
                let delta = Delta::between(before, &view);
                if !delta.is_empty() {
                    say(lines, &json!({ "delta": delta })).await?;
                }
                last = Some(view);
            }
            (_, None) => {}
        }
        tokio::select! {
            // What was shown last comes before the end.
            biased;
            Ok(()) = seat.shown.changed() => {}
            Ok(()) = seat.audience.changed() => {}
            word = end(&mut stopping) => {
                return say(lines, &json!({ "version": door.version, "ended": word? })).await;
            }
        }
    }
}

/// Waits for the last word.
async fn end(stopping: &mut watch::Receiver<Option<Farewell>>) -> Option<Farewell> {
    stopping.wait_for(Option::is_some).await.ok()?.clone()
}

async fn say(lines: &mpsc::Sender<Bytes>, what: &impl Serialize) -> Option<()> {
    let text = serde_json::to_string(what).ok()?;
    lines.send(line(&text)).await.ok()
}
