//! A Messages API on the loopback interface that answers by scenario, so that the real `claude` runs without a
//! network, an account or a price.
//!
//! A request picks its scenario by the newest user text that contains a scenario's name, and its step by the number of
//! assistant messages since then; so any number of conversations can run at once. `@CWD@` in a reply becomes the
//! conversation's working folder, `@PLAN@` the file that it may write its plan to.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};

/// How one request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// With text, which ends the turn.
    Text(String),
    /// With the use of a tool.
    Tool(&'static str, Value),
    /// With an HTTP error, so often, over all conversations; then the next step answers.
    Error { status: u16, times: u32, headers: Vec<(&'static str, String)>, message: &'static str },
    /// Not at all, until the client goes away.
    Hang,
}

impl Reply {
    /// Text that ends the turn.
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// An HTTP error without further headers.
    pub(crate) fn error(status: u16, times: u32) -> Self {
        Self::Error { status, times, headers: Vec::new(), message: "turned away" }
    }
}

/// Tokens that every answer claims to have used: in, out.
pub(crate) const TOKENS: (u64, u64) = (1000, 100);

/// The running service; ends when dropped.
pub(crate) struct MessagesApi {
    address: SocketAddr,
    state: Arc<State>,
    accepting: Option<JoinHandle<()>>,
}

struct State {
    scenarios: BTreeMap<String, Vec<Reply>>,
    served: Mutex<BTreeMap<(String, usize), u32>>,
    requests: AtomicU64,
    /// All messages of the last request, as JSON.
    heard: Mutex<String>,
    stopped: AtomicBool,
}

impl MessagesApi {
    /// Starts it on a free port.
    pub(crate) fn start(scenarios: impl IntoIterator<Item = (&'static str, Vec<Reply>)>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            scenarios: scenarios.into_iter().map(|(name, steps)| (name.to_owned(), steps)).collect(),
            served: Mutex::default(),
            requests: AtomicU64::new(0),
            heard: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let accepting = std::thread::spawn({
            let state = Arc::clone(&state);
            move || {
                for stream in listener.incoming() {
                    if state.stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    let Ok(stream) = stream else { continue };
                    let state = Arc::clone(&state);
                    // A client that goes away in the middle is its own business.
                    std::thread::spawn(move || drop(serve(stream, &state)));
                }
            }
        });
        Ok(Self { address, state, accepting: Some(accepting) })
    }

    /// What `ANTHROPIC_BASE_URL` must be.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The conversation so far, as the model was last sent it.
    #[allow(dead_code, reason = "not every test asks what the model read")]
    pub(crate) fn heard(&self) -> String {
        self.state.heard.lock().expect("no test panics while it is held").clone()
    }

    /// How many requests for a message there were.
    pub(crate) fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::SeqCst)
    }
}

impl Drop for MessagesApi {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

fn serve(stream: TcpStream, state: &State) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split_whitespace().nth(1).unwrap_or_default();
    if !first.starts_with("POST") || path.split('?').next() != Some("/v1/messages") {
        return respond(&mut stream, 404, &[], &error(404, "no such thing"));
    }
    state.requests.fetch_add(1, Ordering::SeqCst);
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    *state.heard.lock().expect("no test panics while it is held") = body["messages"].to_string();
    match pick(state, &body) {
        Reply::Text(text) => stream_message(&mut stream, &body, &json!({ "type": "text", "text": fill(&text, &body) })),
        Reply::Tool(name, input) => {
            let number = state.requests.load(Ordering::SeqCst);
            let input: Value = serde_json::from_str(&fill(&input.to_string(), &body)).unwrap_or_default();
            let id = format!("toolu_{number:016}");
            stream_message(&mut stream, &body, &json!({ "type": "tool_use", "name": name, "input": input, "id": id }))
        }
        Reply::Error { status, headers, message, .. } => {
            respond(&mut stream, status, &headers, &error(status, message))
        }
        Reply::Hang => reader.read(&mut [0]).map(drop),
    }
}

/// Finds the step that answers this request.
fn pick(state: &State, body: &Value) -> Reply {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let named =
        messages.iter().enumerate().rev().filter(|(_, message)| message["role"] == "user").find_map(|(at, message)| {
            let text = text_of(&message["content"]);
            state.scenarios.iter().find(|(name, _)| text.contains(name.as_str())).map(|(name, steps)| (at, name, steps))
        });
    let Some((at, name, steps)) = named else { return Reply::text("no scenario") };
    let mut done = messages[at + 1..].iter().filter(|message| message["role"] == "assistant").count();
    for (index, step) in steps.iter().enumerate() {
        if let Reply::Error { times, .. } = step {
            let key = (name.clone(), index);
            let mut served = state.served.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let count = served.entry(key).or_default();
            if done == 0 && *count < *times {
                *count += 1;
                return step.clone();
            }
            continue;
        }
        if done == 0 {
            return step.clone();
        }
        done -= 1;
    }
    Reply::text("the scenario is over")
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// Replaces `@CWD@` by the working folder, which a message or the system prompt names.
fn fill(text: &str, body: &Value) -> String {
    if text.contains("@PLAN@") {
        return text
            .replace("@PLAN@", &plan_file(&body.to_string()).unwrap_or_else(|| "/no-plan-file-found".to_owned()));
    }
    if !text.contains("@CWD@") {
        return text.to_owned();
    }
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let texts = messages.iter().map(|message| &message["content"]).chain([&body["system"]]);
    let folder = texts.map(text_of).find_map(|text| {
        let rest = text.split("orking directory: ").nth(1)?;
        rest.split_whitespace().next().map(str::to_owned)
    });
    text.replace("@CWD@", folder.as_deref().unwrap_or("/no-working-folder-found"))
}

/// Finds the path of a plan file, which a conversation in plan mode is told.
fn plan_file(body: &str) -> Option<String> {
    let at = body.find("/plans/")?;
    let ends = |letter: char| letter.is_whitespace() || "\"'`()<>\\".contains(letter);
    let begin = body[..at].rfind(ends)? + 1;
    let end = at + body[at..].find(ends)?;
    Some(body[begin..end].trim_end_matches('.').to_owned())
}

fn error(status: u16, message: &str) -> Value {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    json!({ "type": "error", "error": { "type": kind, "message": message } })
}

fn respond(stream: &mut TcpStream, status: u16, headers: &[(&str, String)], body: &Value) -> io::Result<()> {
    let body = body.to_string();
    write!(stream, "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len())?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "connection: close\r\n\r\n{body}")?;
    stream.shutdown(Shutdown::Write)
}

/// Streams a message of one content block as server-sent events.
fn stream_message(stream: &mut TcpStream, body: &Value, block: &Value) -> io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    let is_tool = block["type"] == "tool_use";
    let (empty, delta) = if is_tool {
        let mut empty = block.clone();
        empty["input"] = json!({});
        (empty, json!({ "type": "input_json_delta", "partial_json": block["input"].to_string() }))
    } else {
        (json!({ "type": "text", "text": "" }), json!({ "type": "text_delta", "text": block["text"] }))
    };
    let stop = if is_tool { "tool_use" } else { "end_turn" };
    let usage = |output: u64| {
        json!({ "input_tokens": TOKENS.0, "output_tokens": output, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0 })
    };
    let message = json!({
        "id": format!("msg_{number:016}"), "type": "message", "role": "assistant", "model": body["model"], "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(1),
    });
    let end = json!({ "stop_reason": stop, "stop_sequence": null });
    let events = [
        json!({ "type": "message_start", "message": message }),
        json!({ "type": "content_block_start", "index": 0, "content_block": empty }),
        json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": end, "usage": usage(TOKENS.1) }),
        json!({ "type": "message_stop" }),
    ];
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_{number:016}\r\n")?;
    write!(stream, "connection: close\r\n\r\n")?;
    for event in &events {
        write!(stream, "event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())?;
        stream.flush()?;
    }
    stream.shutdown(Shutdown::Write)
}
