//! What reaches the rehearsal agent: lines on its input, and signals.
#![expect(clippy::disallowed_methods, reason = "the rehearsal agent is a process of its own, and waits for signals")]

use std::collections::{BTreeMap, VecDeque};
use std::io::BufRead;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use serde_json::Value;

/// Something that was heard.
enum Heard {
    Line(Result<Value, serde_json::Error>),
    Closed,
}

/// What was heard and not dealt with yet.
pub(super) struct Ears {
    heard: Receiver<Heard>,
    /// Prompts that wait for their turn.
    pub(super) prompts: VecDeque<String>,
    /// Answers to control requests, by their id.
    pub(super) answers: BTreeMap<String, Value>,
    /// Control requests of the supervisor that wait for an answer: id and subtype.
    pub(super) requests: VecDeque<(String, String)>,
    /// The input is at its end.
    pub(super) closed: bool,
    /// A line came that is no JSON; the real CLI ends then.
    pub(super) broken: bool,
}

impl Ears {
    /// Starts to read standard input in a thread of its own.
    pub(super) fn open() -> Self {
        let (tell, heard) = channel();
        std::thread::spawn(move || read(&tell));
        Self {
            heard,
            prompts: VecDeque::new(),
            answers: BTreeMap::new(),
            requests: VecDeque::new(),
            closed: false,
            broken: false,
        }
    }

    /// Takes in what came, waiting for at most `patience` if nothing did.
    pub(super) fn listen(&mut self, patience: Duration) {
        match self.heard.recv_timeout(patience) {
            Ok(heard) => self.take(heard),
            Err(RecvTimeoutError::Disconnected) if !self.closed => self.closed = true,
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(patience),
            Err(RecvTimeoutError::Timeout) => {}
        }
        while let Ok(heard) = self.heard.try_recv() {
            self.take(heard);
        }
    }

    fn take(&mut self, heard: Heard) {
        let frame = match heard {
            Heard::Closed => {
                self.closed = true;
                return;
            }
            Heard::Line(Err(_)) => {
                self.broken = true;
                return;
            }
            Heard::Line(Ok(frame)) => frame,
        };
        match frame["type"].as_str() {
            Some("user") => self.prompts.push_back(text_of(&frame["message"]["content"])),
            Some("control_response") => {
                let response = &frame["response"];
                if let Some(id) = response["request_id"].as_str() {
                    self.answers.insert(id.to_owned(), response.clone());
                }
            }
            Some("control_request") => {
                let id = frame["request_id"].as_str().unwrap_or_default();
                let subtype = frame["request"]["subtype"].as_str().unwrap_or_default();
                self.requests.push_back((id.to_owned(), subtype.to_owned()));
            }
            _ => {}
        }
    }
}

fn read(tell: &Sender<Heard>) {
    let mut input = std::io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => {
                let _ = tell.send(Heard::Closed);
                return;
            }
            Ok(_) if line.trim_ascii().is_empty() => {}
            Ok(_) => {
                if tell.send(Heard::Line(serde_json::from_slice(&line))).is_err() {
                    return;
                }
            }
        }
    }
}

/// The text of a message: a string, or a list of blocks.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// Keeps SIGINT and SIGTERM from their default action in this thread and those it starts, and hands each to `act`
/// in a thread of its own. Must come before any other thread is started.
pub(super) fn on_signals(act: impl Fn(Signal) + Send + 'static) -> nix::Result<()> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    signals.thread_block()?;
    std::thread::spawn(move || {
        while let Ok(signal) = signals.wait() {
            act(signal);
        }
    });
    Ok(())
}
