//! The program that the planner's hooks run: it tells the supervisor, quickly, and never stands in a person's way.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use crate::edge::agent::claude::planner::{KIND_STATUS, answer_at_once, status_line};
use crate::edge::control::BlockingClient;

/// The command by which the control socket knows it.
pub const HOOK: &str = "planner-hook";

/// How long the supervisor may take to answer. It answers from memory.
const PATIENCE: Duration = Duration::from_secs(3);

/// The most that is read, and the most of it that is passed on, in bytes.
const INPUT_MAX: u64 = 32 * 1024 * 1024;
const EVENT_MAX: usize = 1024 * 1024;

/// Plays the hook: `SOCKET SESSION KIND`, the event on standard input. Whatever goes wrong, it says nothing and ends with
/// success, so that nothing is refused that nobody meant to refuse.
pub fn main(args: &[String]) -> ExitCode {
    let [socket, session, kind] = args else { return ExitCode::SUCCESS };
    let mut input = Vec::new();
    let read = std::io::stdin().lock().take(INPUT_MAX).read_to_end(&mut input);
    let (Ok(_), Ok(mut event)) = (read, serde_json::from_slice::<Value>(&input)) else { return ExitCode::SUCCESS };
    let answer = answer_at_once(&event);
    if kind == KIND_STATUS {
        say(&status_line(&event));
    } else if let Some(answer) = &answer {
        say(&answer.to_string());
    }
    if input.len() > EVENT_MAX
        && let Value::Object(fields) = &mut event
    {
        // Whole files may be in it; what matters here is not.
        fields.retain(|name, _| name != "tool_input" && name != "tool_response");
    }
    let body = json!({ "session": session.parse::<u64>().unwrap_or_default(), "kind": kind, "event": event });
    let told = BlockingClient::connect(Path::new(socket)).ok();
    let told = told.and_then(|client| client.command_within(HOOK, &body, PATIENCE).ok());
    if let Some((200, reply)) = told
        && answer.is_none()
        && reply["output"].is_object()
    {
        say(&reply["output"].to_string());
    }
    ExitCode::SUCCESS
}

/// Whoever started the hook may have gone.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
