//! The route: a request that becomes a connection of frames.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::sync::{mpsc, oneshot};

use super::call::{AttachCall, Attached, Shown};
use super::frame::carry;
use crate::edge::control::call::ControlReply;
use crate::edge::control::door::Door;
use crate::model::id::SessionId;

/// The name of the protocol.
pub(super) const PROTOCOL: &str = "orchestrator-terminal";

/// `sessions/7/attach`.
pub(in crate::edge::control) async fn attach(
    State(door): State<Arc<Door>>,
    Path(session): Path<u64>,
    mut request: Request,
) -> Response {
    let is_ours = request.headers().get(header::UPGRADE).is_some_and(|protocol| protocol == PROTOCOL);
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>().filter(|_| is_ours) else {
        let hint = format!("send Connection: upgrade and Upgrade: {PROTOCOL}");
        return ControlReply::refused(426, "a terminal is a connection of its own", hint).into_response();
    };
    let (reply, answer) = oneshot::channel();
    let call = AttachCall { session: SessionId(session), reply };
    let mut stopping = door.stopping.clone();
    let asked = async {
        door.attach.send(call).await.ok()?;
        answer.await.ok()
    };
    let answered = tokio::select! {
        answer = asked => answer,
        _ = stopping.wait_for(Option::is_some) => None,
    };
    let refusal = || Err(ControlReply::refused(503, "no session can be attached to now", "try again"));
    let Attached { shown, wishes } = match answered.unwrap_or_else(refusal) {
        Ok(attached) => attached,
        Err(refusal) => return refusal.into_response(),
    };
    tokio::spawn(async move {
        let Ok(connection) = upgrade.await else { return };
        let (out, to_say) = mpsc::channel(1);
        let carried = carry(TokioIo::new(connection), wishes, to_say);
        let told = async {
            pass_on(shown, &out, &mut stopping).await;
            drop(out);
        };
        tokio::join!(carried, told);
    });
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, PROTOCOL)];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

/// Passes on what is shown until its end, the reader's, or the server's.
async fn pass_on(
    mut shown: mpsc::Receiver<Shown>,
    out: &mpsc::Sender<Shown>,
    stopping: &mut tokio::sync::watch::Receiver<Option<crate::edge::control::call::Farewell>>,
) {
    loop {
        let next = tokio::select! {
            next = shown.recv() => next,
            () = out.closed() => None,
            // The session goes on, and so may the terminal, with the next supervisor.
            _ = stopping.wait_for(Option::is_some) => None,
        };
        let Some(next) = next else { return };
        if out.send(next).await.is_err() {
            return;
        }
    }
}
