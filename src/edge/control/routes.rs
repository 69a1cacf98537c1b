//! Which HTTP request is which [`ControlRequest`]; nothing is decided here.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use serde_json::Value;

use super::archive::Wanted;
use super::attach::attach;
use super::call::{ControlReply, ControlRequest};
use super::caller::Caller;
use super::door::{Door, guard};
use super::lines::Lines;
use super::{facts, looking};
use crate::model::id::{BadTaskId, Seq, TaskId};

/// The largest body that is read, in bytes. The largest there is names 100,000 changed files' paths by the thousand.
const BODY_MAX: usize = 4 * 1024 * 1024;

/// Builds the routes.
pub(super) fn router(door: Door) -> Router {
    let door = Arc::new(door);
    Router::new()
        .route("/api/v1/facts", get(follow))
        .route("/api/v1/view", get(look))
        .route("/api/v1/sessions/{id}/attach", get(attach))
        .route("/api/v1/events", post(event).get(events))
        .route("/api/v1/commands/{name}", post(command))
        .route("/api/v1/{*path}", get(query))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&door), guard))
        .with_state(door)
}

impl IntoResponse for ControlReply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = format!("{}\n", self.body());
        (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}

async fn query(
    State(door): State<Arc<Door>>,
    Extension(caller): Extension<Caller>,
    Path(path): Path<String>,
    query: Result<Query<BTreeMap<String, String>>, QueryRejection>,
) -> ControlReply {
    match pairs(query) {
        Ok(query) => door.ask(caller, ControlRequest::Query { path, query }).await,
        Err(refusal) => refusal,
    }
}

async fn events(State(door): State<Arc<Door>>, Extension(caller): Extension<Caller>) -> ControlReply {
    door.ask(caller, ControlRequest::Query { path: "events".to_owned(), query: BTreeMap::new() }).await
}

async fn command(
    State(door): State<Arc<Door>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> ControlReply {
    match (read(body), key(&headers)) {
        (Ok(body), Ok(key)) => door.command(caller, name, body, key).await,
        (Err(refusal), _) | (_, Err(refusal)) => refusal,
    }
}

/// Takes a change that another program noticed: `{"type": "file_change", "files": […], "timestamp": "…"}`.
async fn event(
    State(door): State<Arc<Door>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> ControlReply {
    let (body, key) = match (read(body), key(&headers)) {
        (Ok(body), Ok(key)) => (body, key),
        (Err(refusal), _) | (_, Err(refusal)) => return refusal,
    };
    let hint = r#"send {"type": "file_change", "files": ["src/a.rs"], "timestamp": "2026-11-20T14:32:15Z"}"#;
    if body.get("type").and_then(Value::as_str) != Some("file_change") {
        return ControlReply::refused(422, "the event has no known type", hint);
    }
    let files = body.get("files").and_then(Value::as_array);
    if files.is_none_or(|files| files.is_empty() || !files.iter().all(Value::is_string)) {
        return ControlReply::refused(422, "the event names no files", hint);
    }
    door.command(caller, "changed".to_owned(), body, key).await
}

/// `facts?after=120&task=14&limit=500&follow=1`.
async fn follow(
    State(door): State<Arc<Door>>,
    query: Result<Query<BTreeMap<String, String>>, QueryRejection>,
) -> Response {
    let wanted = pairs(query).and_then(|query| {
        let number = |name: &str| query.get(name).map(|text| text.parse::<u64>()).transpose();
        let (Ok(after), Ok(limit), Ok(follow)) = (number("after"), number("limit"), number("follow")) else {
            let hint = "use /api/v1/facts?after=120&limit=500&follow=1";
            return Err(ControlReply::refused(400, "after, limit and follow must be whole numbers", hint));
        };
        let task = query.get("task").map(|text| text.parse::<TaskId>()).transpose();
        let task = task.map_err(|error: BadTaskId| ControlReply::refused(400, error.to_string(), ""))?;
        let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Ok((Wanted { after: Seq(after.unwrap_or_default()), task, limit }, follow.is_some_and(|follow| follow != 0)))
    });
    let lines = match wanted {
        Ok((wanted, follow)) => facts::stream(door, wanted, follow).await,
        Err(refusal) => Err(refusal),
    };
    respond(lines)
}

/// `view?lease=1`.
async fn look(
    State(door): State<Arc<Door>>,
    query: Result<Query<BTreeMap<String, String>>, QueryRejection>,
) -> Response {
    let lease = pairs(query).and_then(|query| match query.get("lease").map_or("0", String::as_str) {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(ControlReply::refused(400, "lease is 0 or 1", "use /api/v1/view?lease=1 for a person's screen")),
    });
    respond(lease.map(|lease| looking::stream(door, lease)))
}

fn respond(lines: Result<Lines, ControlReply>) -> Response {
    match lines {
        Ok(lines) => ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::new(lines)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn unknown(uri: Uri) -> ControlReply {
    ControlReply::refused(
        404,
        format!("there is no {}", uri.path()),
        "paths begin with /api/v1/, such as /api/v1/status",
    )
}

async fn wrong_method(method: Method, uri: Uri) -> ControlReply {
    let error = format!("{} does not take {method}", uri.path());
    ControlReply::refused(405, error, "GET reads; POST /api/v1/commands/NAME asks for a change")
}

fn pairs(
    query: Result<Query<BTreeMap<String, String>>, QueryRejection>,
) -> Result<BTreeMap<String, String>, ControlReply> {
    query.map(|Query(pairs)| pairs).map_err(|rejection| {
        ControlReply::refused(rejection.status().as_u16(), rejection.body_text(), "write ?name=value&other=value")
    })
}

/// Reads the body as JSON; an empty one is `{}`.
fn read(body: Result<Bytes, BytesRejection>) -> Result<Value, ControlReply> {
    let body = body.map_err(|rejection| {
        let hint = format!("a body may have {BODY_MAX} bytes");
        ControlReply::refused(rejection.status().as_u16(), rejection.body_text(), hint)
    })?;
    if body.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(&body)
        .map_err(|error| ControlReply::refused(400, format!("the body is not JSON: {error}"), "send an object"))
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ControlReply> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text =
        value.to_str().map_err(|_| ControlReply::refused(400, "the idempotency key is no text", "a UUID will do"))?;
    Ok(Some(text.to_owned()))
}
