//! What every route needs: the way to the app, and who may take it.

use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::archive::Archive;
use super::attach::AttachCall;
use super::call::{ControlCall, ControlReply, ControlRequest, FactLine, Farewell};
use super::caller::{Caller, Doorkeeper, Peer};
use super::once::Replies;
use super::views::Views;

/// Where all paths begin.
const ROOT: &str = "/api/v1/";

/// What every route needs.
pub(super) struct Door {
    /// Where requests go.
    pub(super) calls: mpsc::Sender<ControlCall>,
    /// New facts.
    pub(super) facts: broadcast::Sender<FactLine>,
    /// Where those go who want to look at a session's terminal.
    pub(super) attach: mpsc::Sender<AttachCall>,
    /// Old facts.
    pub(super) archive: Arc<dyn Archive>,
    /// The view.
    pub(super) views: Views,
    /// Knows who may do what.
    pub(super) keeper: Arc<dyn Doorkeeper>,
    /// Our version.
    pub(super) version: &'static str,
    /// Is there when the server stops.
    pub(super) stopping: watch::Receiver<Option<Farewell>>,
    /// Replies by idempotency key.
    pub(super) replies: Replies,
}

impl Door {
    /// Asks the app and waits for its reply, or for the server's end.
    pub(super) async fn ask(&self, caller: Caller, request: ControlRequest) -> ControlReply {
        let mut stopping = self.stopping.clone();
        let answered = async {
            let (reply, answer) = oneshot::channel();
            self.calls.send(ControlCall { caller, request, reply }).await.ok()?;
            answer.await.ok()
        };
        let refusal = || ControlReply::refused(503, "the supervisor is stopping", "start it again");
        tokio::select! {
            // What was answered is said, also at the very end.
            biased;
            answer = answered => answer.unwrap_or_else(refusal),
            _ = stopping.wait_for(Option::is_some) => refusal(),
        }
    }

    pub(super) async fn command(
        self: Arc<Self>,
        caller: Caller,
        name: String,
        body: Value,
        key: Option<String>,
    ) -> ControlReply {
        let asked = format!("{name}\n{body}");
        let request = ControlRequest::Command { name, body };
        let Some(key) = key else { return self.ask(caller, request).await };
        let door = Arc::clone(&self);
        self.replies.once(&key, asked.as_bytes(), async move { door.ask(caller, request).await }).await
    }
}

/// Passes a request on with who asks, or turns it away: the app says why, and takes note of it.
pub(super) async fn guard(
    State(door): State<Arc<Door>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = peer.caller().await;
    let path = request.uri().path();
    let path = path.strip_prefix(ROOT).unwrap_or(path);
    let method = request.method().as_str();
    if let Caller::Stranger(stranger) = caller
        && !door.keeper.admits(caller, method, path)
    {
        let refused = ControlRequest::Trespass { by: stranger, method: method.to_owned(), path: path.to_owned() };
        let reply = door.ask(caller, refused).await;
        return reply.refusing(403).into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}
