//! What we write to a running `claude`: answers to its requests and requests of our own, one JSON line each.

use serde_json::{Value, json};

/// How the ids of requests for what was used begin.
pub(super) const USAGE: &str = "usage-";

/// Returns the line that tells it something: the prompt, or a word of a person while it works.
pub(super) fn message(text: &str) -> Vec<u8> {
    let content = json!([{ "type": "text", "text": text }]);
    line(&json!({ "type": "user", "message": { "role": "user", "content": content }, "parent_tool_use_id": null }))
}

/// Returns the line that allows a tool use as it was asked for.
pub(super) fn allow(request: &str, input: &Value) -> Vec<u8> {
    success(request, &allowed(input))
}

/// Returns what allows a tool use with this input.
pub(super) fn allowed(input: &Value) -> Value {
    json!({ "behavior": "allow", "updatedInput": input })
}

/// Returns what refuses a tool use.
pub(super) fn denied(why: &str) -> Value {
    json!({ "behavior": "deny", "message": why })
}

/// Returns the line that refuses a tool use; the model reads `why` as the tool's result.
pub(super) fn deny(request: &str, why: &str) -> Vec<u8> {
    success(request, &denied(why))
}

/// Returns the line that says that we cannot do what was asked.
pub(super) fn error(request: &str, why: &str) -> Vec<u8> {
    let response = json!({ "subtype": "error", "request_id": request, "error": why });
    line(&json!({ "type": "control_response", "response": response }))
}

/// Returns the line that asks for the end of the current turn; `number` tells such requests apart.
pub(super) fn interrupt(number: u32) -> Vec<u8> {
    let request = json!({ "subtype": "interrupt" });
    line(&json!({ "type": "control_request", "request_id": format!("stop-{number}"), "request": request }))
}

/// Returns the line that asks for what was used so far, subagents included; `number` tells such requests apart.
pub(super) fn usage(number: u32) -> Vec<u8> {
    let request = json!({ "subtype": "get_usage", "skip_behaviors": true });
    line(&json!({ "type": "control_request", "request_id": format!("{USAGE}{number}"), "request": request }))
}

/// Returns the line that answers a request.
pub(super) fn success(request: &str, answer: &Value) -> Vec<u8> {
    let response = json!({ "subtype": "success", "request_id": request, "response": answer });
    line(&json!({ "type": "control_response", "response": response }))
}

fn line(message: &Value) -> Vec<u8> {
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}
