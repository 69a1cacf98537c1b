//! The program that the planner's hooks run: it judges what tools may do, and tells the supervisor.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use crate::edge::agent::claude::planner::{KIND_STATUS, answer_at_once, guarded, reason, status_line};
use crate::edge::agent::hook::judged;
use crate::edge::control::BlockingClient;
use crate::model::policy::{Permission, Verdict};

/// The command by which the control socket knows it.
pub const HOOK: &str = "planner-hook";

/// How long the supervisor may take to answer. It answers from memory, unless a person does.
const PATIENCE: Duration = Duration::from_secs(3);

/// The most that is read, and the most of it that is passed on, in bytes.
const INPUT_MAX: u64 = 32 * 1024 * 1024;
const EVENT_MAX: usize = 1024 * 1024;

/// Plays the hook: `SOCKET SESSION KIND GUARD`, the event on standard input. If a tool cannot be judged it fails, which
/// whoever runs it for a tool takes as a no; of all else nothing follows from that.
pub fn main(args: &[String]) -> ExitCode {
    let mut input = Vec::new();
    let read = std::io::stdin().lock().take(INPUT_MAX).read_to_end(&mut input);
    let event = serde_json::from_slice::<Value>(&input).ok().filter(|_| read.is_ok());
    let (Some(event), [socket, session, kind, guard]) = (event, args) else {
        let _ = writeln!(std::io::stderr().lock(), "refused, since it could not be judged");
        return ExitCode::FAILURE;
    };
    let name = event["hook_event_name"].as_str().unwrap_or_default();
    let verdict = matches!(name, "PreToolUse" | "PermissionRequest").then(|| judged(Path::new(guard), &event));
    let verdict = match verdict.transpose() {
        Ok(verdict) => verdict,
        Err(why) => {
            let _ = writeln!(std::io::stderr().lock(), "refused, since it could not be judged: {why}");
            return ExitCode::FAILURE;
        }
    };
    let mut body = json!({ "session": session.parse::<u64>().unwrap_or_default(), "kind": kind });
    let mut said = answer_at_once(&event).map(|answer| answer.to_string());
    if kind == KIND_STATUS {
        said = Some(status_line(&event));
    } else if let Some(verdict) = &verdict {
        if name == "PreToolUse" {
            let (output, violation) = guarded(verdict, &event);
            body["violation"] = json!(violation);
            said = said.or(Some(output).filter(|output| !output.is_empty()));
        }
        body["why"] = json!(reason(verdict));
        body["allowed"] = json!(verdict.decision == Permission::Allow);
    }
    if let Some(said) = &said {
        say(said);
    }
    if let Some(output) = tell(Path::new(socket), body, event, input.len(), verdict.as_ref()).filter(|_| said.is_none())
    {
        say(&output.to_string());
    }
    ExitCode::SUCCESS
}

/// Tells the supervisor; returns what it wants said.
fn tell(socket: &Path, mut body: Value, mut event: Value, length: usize, verdict: Option<&Verdict>) -> Option<Value> {
    let is_tool = event["hook_event_name"] == "PreToolUse";
    if is_tool && event["tool_name"] != "ExitPlanMode" && verdict.is_none_or(|verdict| !verdict.violation) {
        // Nothing follows from it.
        return None;
    }
    let is_dialog = event["hook_event_name"] == "PermissionRequest";
    if let Value::Object(fields) = &mut event {
        // What came of a tool matters to nobody here, and whole files may be in it.
        fields.remove("tool_response");
        if length > EVENT_MAX {
            fields.remove("tool_input");
        }
    }
    body["event"] = event;
    let client = BlockingClient::connect(socket).ok()?;
    let told = if is_dialog { client.wait(HOOK, &body) } else { client.command_within(HOOK, &body, PATIENCE) };
    match told {
        Ok((200, mut reply)) => Some(reply["output"].take()).filter(Value::is_object),
        Ok(_) | Err(_) => None,
    }
}

/// Whoever started the hook may have gone.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
