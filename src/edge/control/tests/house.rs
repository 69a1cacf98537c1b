//! A server with a small app behind it.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc};

use crate::edge::control::*;
use crate::model::id::{Seq, SessionId, TaskId};
use crate::model::session::Stranger;

/// Longer than any answer takes on a loaded machine.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

/// A server, the requests it passes on, where new facts go, and who looks.
pub(super) struct House {
    pub(super) server: Server,
    pub(super) calls: mpsc::Receiver<ControlCall>,
    pub(super) facts: broadcast::Sender<FactLine>,
    pub(super) views: Views,
    pub(super) socket: PathBuf,
    _home: TempDir,
}

/// Knows the facts 3 to 5, of which 4 is about task 7; what was before is lost.
struct ThreeToFive;

impl Archive for ThreeToFive {
    fn begin(&self, wanted: &Wanted) -> Result<Beginning, String> {
        match wanted.limit {
            Some(0) => Err("the disk is gone".to_owned()),
            Some(limit) if limit < 3 => Ok(Beginning { after: Seq(5 - limit as u64), left_out: 3 - limit as u64 }),
            Some(_) | None => Ok(Beginning { after: wanted.after, left_out: 0 }),
        }
    }

    /// Returns one fact at a time.
    fn read(&self, wanted: &Wanted, after: Seq) -> Result<Batch, String> {
        let from = after.max(Seq(2));
        let next = from.next();
        let facts = [fact(next.0)].into_iter().filter(|fact| fact.seq <= Seq(5) && wanted.fits(fact)).collect();
        let to = next.min(Seq(5)).max(from);
        Ok(Batch { from, facts, to, more: next < Seq(5) })
    }
}

/// Takes everybody for a person.
struct Anybody;

impl Doorkeeper for Anybody {
    fn who(&self, _pid: Option<i32>) -> Caller {
        Caller::Person
    }

    fn admits(&self, _caller: Caller, _method: &str, _path: &str) -> bool {
        true
    }
}

/// Takes nobody for a person, and lets all read the costs.
pub(super) struct Suspicious;

impl Doorkeeper for Suspicious {
    fn who(&self, pid: Option<i32>) -> Caller {
        assert_eq!(pid, i32::try_from(std::process::id()).ok(), "the test itself asks");
        Caller::Stranger(Stranger::Session(SessionId(7)))
    }

    fn admits(&self, _caller: Caller, method: &str, path: &str) -> bool {
        (method, path) == ("GET", "costs")
    }
}

/// A fact as the app tells it; even ones are about task 7.
pub(super) fn fact(seq: u64) -> FactLine {
    let task = seq.is_multiple_of(2).then_some(TaskId(7));
    FactLine { seq: Seq(seq), task, json: json!({ "seq": seq, "at_ms": 9, "kind": "beat" }).to_string().into() }
}

/// What a server of this version gives out, and the requests that come of it.
pub(super) fn sources(version: &'static str) -> (Sources, mpsc::Receiver<ControlCall>) {
    let (sender, calls) = mpsc::channel(8);
    let (facts, _) = broadcast::channel(4);
    // Nobody serves terminals here.
    let (attach, _) = mpsc::channel(1);
    let archive = Arc::new(ThreeToFive);
    let keeper = Arc::new(Anybody);
    (Sources { version, calls: sender, attach, facts, archive, views: Views::new(true), keeper }, calls)
}

pub(super) fn house() -> House {
    house_of(env!("CARGO_PKG_VERSION"))
}

pub(super) fn house_of(version: &'static str) -> House {
    built(sources(version))
}

pub(super) fn suspicious_house() -> House {
    let (sources, calls) = sources(env!("CARGO_PKG_VERSION"));
    built((Sources { keeper: Arc::new(Suspicious), ..sources }, calls))
}

fn built((sources, calls): (Sources, mpsc::Receiver<ControlCall>)) -> House {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("control.sock");
    let (facts, views) = (sources.facts.clone(), sources.views.clone());
    let server = Server::start(&socket, sources).unwrap();
    House { server, calls, facts, views, socket, _home: home }
}

/// Answers everything with what was asked; a command named `forbidden` is refused.
pub(super) async fn echo(mut calls: mpsc::Receiver<ControlCall>) {
    let mut count = 0;
    while let Some(ControlCall { request, reply, caller: _ }) = calls.recv().await {
        count += 1;
        let answer = match request {
            ControlRequest::Query { path, query } => ControlReply::done(json!({ "path": path, "query": query })),
            ControlRequest::Trespass { by, method, path } => {
                // As if the app did not know better.
                ControlReply::done(json!({ "by": format!("{by:?}"), "method": method, "path": path }))
            }
            ControlRequest::Command { name, .. } if name == "forbidden" => {
                ControlReply::refused(409, "it has ended", "retry it").with("choices", json!(["retry"]))
            }
            ControlRequest::Command { name, body } => {
                ControlReply::done(json!({ "name": name, "body": body, "count": count }))
            }
        };
        let _ = reply.send(answer);
    }
}
