//! The frames that the rehearsal agent writes, built like those of the real CLI.

use std::path::Path;

use serde_json::{Value, json};

/// What it says when asked for its model.
pub const MODEL: &str = "rehearsal (no model, no cost)";

/// Builds frames and keeps what they share and count.
#[derive(Debug)]
pub(super) struct Frames {
    conversation: String,
    folder: String,
    numbers: u64,
    turns: u64,
    results: u64,
    cost: f64,
    tokens: (u64, u64),
    next_usage: (u64, u64),
    denials: Vec<Value>,
}

/// How a turn ends.
pub(super) enum Ending<'a> {
    /// Well.
    Success(&'a str),
    /// The service turned it away.
    Api(u16, &'a str),
    /// With an error subtype.
    Error { subtype: &'a str, terminal_reason: &'a str, text: &'a str },
}

impl Frames {
    pub(super) fn new(conversation: &str, folder: &Path) -> Self {
        let mut frames = Self {
            conversation: conversation.to_owned(),
            folder: folder.display().to_string(),
            numbers: 0,
            turns: 0,
            results: 0,
            cost: 0.0,
            tokens: (0, 0),
            next_usage: (0, 0),
            denials: Vec::new(),
        };
        if frames.conversation.is_empty() {
            frames.conversation = frames.uuid();
        }
        frames
    }

    /// Adds to what the run has cost; the next message carries the tokens.
    pub(super) fn use_up(&mut self, cost: f64, input: u64, output: u64) {
        self.cost += cost;
        self.tokens = (self.tokens.0 + input, self.tokens.1 + output);
        self.next_usage = (input, output);
    }

    pub(super) fn init(&mut self) -> Value {
        self.turns = 0;
        self.denials.clear();
        let tools = ["AskUserQuestion", "Bash", "Edit", "Read", "Write"];
        self.system(
            "init",
            json!({
                "cwd": self.folder, "tools": tools, "mcp_servers": [], "model": MODEL, "permissionMode": "acceptEdits",
                "slash_commands": [], "apiKeySource": "none", "claude_code_version": env!("CARGO_PKG_VERSION"),
                "output_style": "default", "agents": [], "skills": [],
            }),
        )
    }

    /// A system frame with these fields.
    pub(super) fn system(&mut self, subtype: &str, fields: Value) -> Value {
        let mut frame = json!({ "type": "system", "subtype": subtype });
        self.sign(&mut frame, fields);
        frame
    }

    pub(super) fn text(&mut self, text: &str) -> Value {
        self.assistant(&json!({ "type": "text", "text": text }))
    }

    /// A tool use and the id that its result answers.
    pub(super) fn tool_use(&mut self, tool: &str, input: &Value) -> (Value, String) {
        let id = self.id("toolu");
        (self.assistant(&json!({ "type": "tool_use", "name": tool, "input": input, "id": id })), id)
    }

    pub(super) fn tool_result(&mut self, id: &str, content: &str, is_error: bool) -> Value {
        let block = json!({ "type": "tool_result", "tool_use_id": id, "content": content, "is_error": is_error });
        let mut frame = json!({ "type": "user", "message": { "role": "user", "content": [block] } });
        self.sign(&mut frame, json!({ "parent_tool_use_id": null }));
        frame
    }

    /// A permission request and its id.
    pub(super) fn can_use_tool(&mut self, tool: &str, input: &Value, tool_use: &str) -> (Value, String) {
        let request = json!({
            "subtype": "can_use_tool", "tool_name": tool, "display_name": tool, "input": input,
            "permission_suggestions": [], "tool_use_id": tool_use,
        });
        self.request(&request)
    }

    /// A control request and its id.
    pub(super) fn request(&mut self, request: &Value) -> (Value, String) {
        let id = self.uuid();
        (json!({ "type": "control_request", "request_id": id, "request": request }), id)
    }

    pub(super) fn denied(&mut self, tool: &str, tool_use: &str, input: &Value) {
        self.denials.push(json!({ "tool_name": tool, "tool_use_id": tool_use, "tool_input": input }));
    }

    /// The message that stands for an error of the service.
    pub(super) fn api_error(&mut self, status: u16, message: &str) -> Value {
        let usage = json!({
            "input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        });
        let message = json!({
            "id": self.uuid(), "model": "<synthetic>", "role": "assistant", "stop_reason": "stop_sequence",
            "stop_sequence": "", "type": "message", "usage": usage,
            "content": [{ "type": "text", "text": message }], "context_management": null,
        });
        let mut frame = json!({ "type": "assistant", "message": message });
        let fields = json!({
            "parent_tool_use_id": null, "error": error_name(status), "is_api_error_message": true,
            "api_error_status": status,
        });
        self.sign(&mut frame, fields);
        frame
    }

    pub(super) fn api_retry(&mut self, status: u16, delay_ms: u64) -> Value {
        let fields = json!({
            "attempt": 1, "max_retries": 10, "retry_delay_ms": delay_ms, "error_status": status,
            "error": error_name(status),
        });
        self.system("api_retry", fields)
    }

    /// What it has used so far, as the CLI says it when asked.
    pub(super) fn usage(&self) -> Value {
        json!({ "total_cost_usd": self.cost, "model_usage": self.models() })
    }

    fn models(&self) -> Value {
        if self.tokens == (0, 0) {
            return json!({});
        }
        json!({ MODEL: {
            "inputTokens": self.tokens.0, "outputTokens": self.tokens.1, "cacheReadInputTokens": 0,
            "cacheCreationInputTokens": 0, "costUSD": self.cost,
        } })
    }

    pub(super) fn result(&mut self, ending: &Ending<'_>) -> Value {
        let models = self.models();
        let mut frame = json!({ "type": "result" });
        let fields = json!({
            "duration_ms": 1, "duration_api_ms": 0, "num_turns": self.turns, "total_cost_usd": self.cost,
            "usage": { "input_tokens": self.tokens.0, "output_tokens": self.tokens.1,
                       "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0 },
            "modelUsage": models, "permission_denials": self.denials, "queued_turn_count": 0,
            "result_index": self.results,
        });
        self.sign(&mut frame, fields);
        let fields = match ending {
            Ending::Success(text) => json!({
                "subtype": "success", "is_error": false, "result": text, "stop_reason": "end_turn",
                "terminal_reason": "completed", "api_error_status": null,
            }),
            Ending::Api(status, text) => json!({
                "subtype": "success", "is_error": true, "result": text, "stop_reason": "stop_sequence",
                "terminal_reason": "api_error", "api_error_status": status,
            }),
            Ending::Error { subtype, terminal_reason, text } => json!({
                "subtype": subtype, "is_error": true, "errors": [text],
                "stop_reason": terminal_reason.starts_with("aborted").then_some("tool_use"),
                "terminal_reason": terminal_reason,
            }),
        };
        merge(&mut frame, fields);
        self.results += 1;
        frame
    }

    fn assistant(&mut self, block: &Value) -> Value {
        self.turns += 1;
        let (input, output) = std::mem::take(&mut self.next_usage);
        let usage = json!({
            "input_tokens": input, "output_tokens": output, "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        });
        let message = json!({
            "id": self.id("msg"), "type": "message", "role": "assistant", "model": MODEL, "content": [block],
            "stop_reason": null, "stop_sequence": null, "usage": usage, "context_management": null,
        });
        let mut frame = json!({ "type": "assistant", "message": message });
        let request = self.id("req");
        self.sign(&mut frame, json!({ "parent_tool_use_id": null, "request_id": request }));
        frame
    }

    fn sign(&mut self, frame: &mut Value, fields: Value) {
        merge(frame, fields);
        let uuid = self.uuid();
        merge(frame, json!({ "session_id": self.conversation, "uuid": uuid }));
    }

    fn id(&mut self, kind: &str) -> String {
        self.numbers += 1;
        format!("{kind}_rehearsal{:08}", self.numbers)
    }

    /// An id in the shape of a UUID, counted.
    fn uuid(&mut self) -> String {
        self.numbers += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.numbers)
    }
}

fn merge(frame: &mut Value, fields: Value) {
    if let (Some(frame), Value::Object(fields)) = (frame.as_object_mut(), fields) {
        frame.extend(fields);
    }
}

/// The CLI's words for what the service answered.
fn error_name(status: u16) -> &'static str {
    match status {
        401 | 403 => "authentication_failed",
        429 => "rate_limit",
        529 => "overloaded",
        500..=599 => "server_error",
        _ => "unknown",
    }
}
