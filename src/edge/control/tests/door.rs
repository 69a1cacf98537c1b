//! The whole door over a real socket: requests in, replies out.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::house::{DEADLINE, echo, house, sources, suspicious_house};
use crate::edge::control::*;
use crate::model::id::Seq;

/// Sends bytes as they are and returns the whole reply; the request must ask to close the connection.
async fn raw(socket: &Path, request: &str) -> String {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    timeout(DEADLINE, stream.read_to_string(&mut reply)).await.unwrap().unwrap();
    reply
}

fn post(path: &str, key: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nidempotency-key: {key}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn queries_and_commands_reach_the_app_and_come_back() {
    let house = house();
    assert_eq!(std::fs::metadata(&house.socket).unwrap().permissions().mode() & 0o777, 0o600);
    tokio::spawn(echo(house.calls));
    let client = Client::connect(&house.socket).await.unwrap();
    let reply = client.get("tasks/14/receipt?log=1&name=a%20b").await.unwrap();
    assert_eq!(reply, (200, json!({ "path": "tasks/14/receipt", "query": { "log": "1", "name": "a b" } })));
    let reply = client.command("retry", &json!({ "task": 14 })).await.unwrap();
    assert_eq!(reply, (200, json!({ "name": "retry", "body": { "task": 14 }, "count": 2 })));
    let refused = client.command("forbidden", &json!({})).await.unwrap();
    assert_eq!(refused, (409, json!({ "error": "it has ended", "hint": "retry it", "choices": ["retry"] })));
    assert!(matches!(client.get("a b").await, Err(ClientError::BadRequest { .. })));
    house.server.stop(Farewell::default()).await;
    assert!(!house.socket.exists());
    assert!(matches!(client.get("status").await, Err(ClientError::NotRunning(NotRunning::NoSocket { .. }))));
}

#[tokio::test]
async fn who_is_no_person_gets_only_what_is_open_through_every_route() {
    let house = suspicious_house();
    tokio::spawn(echo(house.calls));
    let client = Client::connect(&house.socket).await.unwrap();
    assert_eq!(client.get("costs").await.unwrap().0, 200);
    let refused = client.command("answer", &json!({ "question": 1 })).await.unwrap();
    assert_eq!(refused.0, 403, "an app that answers with success does not make it one");
    assert_eq!(refused.1["path"], "commands/answer");
    for path in ["questions", "view?lease=1", "facts?follow=1", "sessions/7/attach", "%63osts", "costs/", "../costs"] {
        let (status, body) = client.get(path).await.unwrap();
        assert_eq!((status, &body["method"]), (403, &json!("GET")), "{path}");
    }
    let event = r#"{"type":"file_change","files":["a.rs"],"timestamp":"2026-11-20T14:32:15Z"}"#;
    assert!(raw(&house.socket, &post("/api/v1/events", "k", event)).await.starts_with("HTTP/1.1 403 "));
    assert_eq!(house.views.audience().borrow().granted, 0, "no screen was opened");
    house.server.stop(Farewell::default()).await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_json() {
    let house = house();
    tokio::spawn(echo(house.calls));
    let too_long = " ".repeat(5 * 1024 * 1024);
    for (request, status) in [
        (post("/api/v1/commands/retry", "k1", "{"), 400),
        (post("/api/v1/commands/retry", "two words", "{}"), 400),
        (post("/api/v1/commands/retry", "k2", &too_long), 413),
        (post("/api/v1/events", "k3", r#"{"type":"other"}"#), 422),
        (post("/api/v1/events", "k4", r#"{"type":"file_change","files":[1]}"#), 422),
        (post("/api/v1/status", "k5", "{}"), 405),
        (post("/elsewhere", "k6", "{}"), 404),
        ("GET /api/v1/facts?after=x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_owned(), 400),
    ] {
        // What is left unread when the server hangs up breaks the connection, so no more is sent than it reads.
        let head = request.find("\r\n\r\n").unwrap() + 4;
        let sent = &request[..request.len().min(head + 4 * 1024 * 1024 + 1)];
        let reply = raw(&house.socket, sent).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {reply}");
        let body: Value = serde_json::from_str(reply.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert!(body["error"].is_string() && body["hint"].is_string(), "{body}");
    }
    assert_eq!(ControlReply::refused(200, "no", "").status(), 500);
    house.server.stop(Farewell::default()).await;
}

#[tokio::test]
async fn a_repeated_command_runs_once_and_a_file_change_is_a_command() {
    let house = house();
    tokio::spawn(echo(house.calls));
    let first = raw(&house.socket, &post("/api/v1/commands/retry", "k1", r#"{"task":1}"#)).await;
    let again = raw(&house.socket, &post("/api/v1/commands/retry", "k1", r#"{"task":1}"#)).await;
    assert!(first.contains(r#""count":1"#), "{first}");
    assert_eq!(first.split("\r\n\r\n").nth(1), again.split("\r\n\r\n").nth(1));
    let other = raw(&house.socket, &post("/api/v1/commands/retry", "k1", r#"{"task":2}"#)).await;
    assert!(other.starts_with("HTTP/1.1 422 "), "{other}");
    let event = r#"{"type":"file_change","files":["a.rs"],"timestamp":"2026-11-20T14:32:15Z"}"#;
    let changed = raw(&house.socket, &post("/api/v1/events", "k2", event)).await;
    assert!(changed.contains(r#""name":"changed""#) && changed.contains(r#""count":2"#), "{changed}");
    house.server.stop(Farewell::default()).await;
}

#[tokio::test]
async fn an_app_that_does_not_answer_is_a_refusal() {
    let mut house = house();
    let client = Client::connect(&house.socket).await.unwrap();
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.command("retry", &json!({})).await.unwrap() }
    });
    drop(timeout(DEADLINE, house.calls.recv()).await.unwrap().unwrap());
    assert_eq!(asking.await.unwrap().0, 503);
    let asking = tokio::spawn(async move { client.get("status").await.unwrap() });
    let _unanswered = timeout(DEADLINE, house.calls.recv()).await.unwrap().unwrap();
    house.server.stop(Farewell::default()).await;
    assert_eq!(asking.await.unwrap().0, 503);
}

fn after(seq: u64) -> Wanted {
    Wanted { after: Seq(seq), ..Wanted::default() }
}

#[tokio::test]
async fn stopping_ends_open_streams_and_half_sent_requests() {
    let house = house();
    tokio::spawn(echo(house.calls));
    let client = Client::connect(&house.socket).await.unwrap();
    let mut following = client.facts(&after(5), true).await.unwrap();
    let mut half_sent = UnixStream::connect(&house.socket).await.unwrap();
    half_sent
        .write_all(b"POST /api/v1/commands/retry HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{")
        .await
        .unwrap();
    // Without its own end, the stream would keep the server alive until this deadline.
    timeout(DEADLINE, house.server.stop(Farewell::default())).await.unwrap();
    assert!(timeout(DEADLINE, following.next()).await.unwrap().is_none());
    assert!(!house.socket.exists());
}

#[tokio::test]
async fn a_dead_supervisors_socket_is_told_from_a_living_one() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("control.sock");
    assert!(matches!(Client::connect(&socket).await, Err(NotRunning::NoSocket { .. })));
    // A killed process leaves the file behind; dropping the listener does the same.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let stale = Client::connect(&socket).await.unwrap_err();
    assert!(matches!(stale, NotRunning::Stale { .. }));
    assert!(stale.to_string().contains("no supervisor runs"), "{stale}");
    let start = |path: &Path| Server::start(path, sources("0.0.0").0);
    let server = start(&socket).unwrap();
    assert!(matches!(start(&socket), Err(BindError::Answered { .. })));
    server.stop(Farewell::default()).await;
    let file = home.path().join("file");
    std::fs::write(&file, "precious").unwrap();
    assert!(matches!(start(&file), Err(BindError::InTheWay { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
}

#[test]
fn a_program_without_a_runtime_asks_too() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let house = {
        let _inside = runtime.enter();
        house()
    };
    runtime.spawn(echo(house.calls));
    let client = BlockingClient::connect(&house.socket).unwrap();
    assert_eq!(client.get("status").unwrap().0, 200);
    assert_eq!(client.command("forbidden", &Value::Null).unwrap().0, 409);
    let mut seen = Vec::new();
    client
        .facts(&after(3), true, |fact| {
            seen.push(fact["seq"].as_u64());
            seen.len() < 2
        })
        .unwrap();
    assert_eq!(seen, [Some(4), Some(5)]);
    runtime.block_on(house.server.stop(Farewell::default()));
}
