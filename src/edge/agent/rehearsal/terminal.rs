//! Plays an interactive agent in a terminal: takes pastes, fires the hooks that its settings name, and changes no file.
#![expect(
    clippy::disallowed_methods,
    reason = "the rehearsal agent is a process of its own, and waits for files and for signals"
)]

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use serde_json::{Value, json};

use crate::edge::agent::rehearsal::frames::MODEL;
use crate::edge::agent::rehearsal::script::{Script, Step};

/// How often a file that is waited for is looked for.
const LOOK: Duration = Duration::from_millis(10);

/// So many tokens fill the context.
const CONTEXT: u64 = 200_000;

/// From how many lines a paste reaches hooks wrapped, as the real CLI does it.
const LONG_PASTE: usize = 4;

/// How it is called.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// The conversation's id.
    pub(super) conversation: String,
    /// Whether it goes on with one.
    pub(super) resume: bool,
    /// What hooks it has, as JSON.
    pub(super) settings: String,
    /// Its name, for the title.
    pub(super) name: String,
    /// The permission mode it begins in.
    pub(super) mode: String,
    /// Whether it shows a dialog first, as the real CLI does in a folder that is not trusted.
    pub(super) dialog: bool,
}

/// The agent while it plays.
struct Terminal<'a> {
    script: &'a Script,
    call: Call,
    settings: Value,
    folder: PathBuf,
    prompts: u32,
    cost: f64,
    tokens: u64,
    line: Vec<u8>,
}

/// How a turn ends.
enum End {
    Stop,
    Failed,
    Exit(ExitCode),
}

/// Plays until `/exit`, ctrl-c in an empty line, or the end of the terminal.
pub(super) fn play(script: &Script, call: Call) -> io::Result<ExitCode> {
    let input = io::stdin();
    let mut raw = tcgetattr(&input)?;
    cfmakeraw(&mut raw);
    tcsetattr(&input, SetArg::TCSANOW, &raw)?;
    let settings = serde_json::from_str(&call.settings).unwrap_or_default();
    let folder = std::env::current_dir()?;
    let mut terminal = Terminal { script, call, settings, folder, prompts: 0, cost: 0.0, tokens: 0, line: Vec::new() };
    terminal.begin()?;
    let mut bytes = [0; 4096];
    let mut paste: Option<Vec<u8>> = None;
    loop {
        let count = input.lock().read(&mut bytes)?;
        if count == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        for &byte in &bytes[..count] {
            if let Some(code) = terminal.key(byte, &mut paste)? {
                return Ok(code);
            }
        }
    }
}

impl Terminal<'_> {
    fn begin(&mut self) -> io::Result<()> {
        show("\x1b[?2004h")?;
        if self.call.dialog {
            return show("Do you trust the files in this folder?\r\n> No, exit\r\n  Yes\r\n");
        }
        show(&format!("{MODEL}\r\n"))?;
        self.title('✳')?;
        let source = if self.call.resume { "resume" } else { "startup" };
        self.fire("SessionStart", json!({ "source": source, "model": MODEL }));
        show("> ")
    }

    /// Takes one byte that was typed.
    fn key(&mut self, byte: u8, paste: &mut Option<Vec<u8>>) -> io::Result<Option<ExitCode>> {
        if let Some(pasted) = paste {
            pasted.push(byte);
            if pasted.ends_with(b"\x1b[201~") {
                pasted.truncate(pasted.len() - 6);
                let text = String::from_utf8_lossy(pasted).into_owned();
                let is_long = text.lines().count() >= LONG_PASTE;
                let text = if is_long { format!("<pasted_content id=\"1\">{text}</pasted_content>") } else { text };
                self.line.extend_from_slice(text.as_bytes());
                *paste = None;
            }
            return Ok(None);
        }
        match byte {
            b'\r' if self.call.dialog => return Ok(Some(ExitCode::FAILURE)),
            b'\r' => return self.enter(),
            0x03 if self.line.is_empty() => return Ok(Some(ExitCode::SUCCESS)),
            0x03 => self.line.clear(),
            0x7f => {
                self.line.pop();
            }
            _ => {
                self.line.push(byte);
                if self.line.ends_with(b"\x1b[200~") {
                    self.line.truncate(self.line.len() - 6);
                    *paste = Some(Vec::new());
                } else if self.line.ends_with(b"\x1b[Z") {
                    self.line.truncate(self.line.len() - 3);
                    let plans = self.call.mode == "plan";
                    if plans { "default" } else { "plan" }.clone_into(&mut self.call.mode);
                } else if byte >= 0x20 {
                    io::stdout().write_all(&[byte])?;
                    io::stdout().flush()?;
                }
            }
        }
        Ok(None)
    }

    fn enter(&mut self) -> io::Result<Option<ExitCode>> {
        let prompt = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        match prompt.trim() {
            "" => return Ok(None),
            "/exit" => {
                self.fire("SessionEnd", json!({ "reason": "prompt_input_exit" }));
                return Ok(Some(ExitCode::SUCCESS));
            }
            command if command.starts_with('/') => {
                show("\r\n(a dialog)\r\n> ")?;
                return Ok(None);
            }
            _ => {}
        }
        show("\r\n")?;
        self.prompts += 1;
        let answer = self.fire("UserPromptSubmit", json!({ "prompt": prompt }));
        if answer["decision"] == "block" {
            show(&format!("{}\r\n> ", answer["reason"].as_str().unwrap_or_default()))?;
            return Ok(None);
        }
        self.title('◐')?;
        match self.turn(&prompt)? {
            (End::Exit(code), _) => return Ok(Some(code)),
            (End::Stop, said) => self.fire("Stop", json!({ "last_assistant_message": said })),
            (End::Failed, said) => {
                self.fire("StopFailure", json!({ "error": said, "last_assistant_message": "API Error" }))
            }
        };
        self.title('✳')?;
        self.status();
        show("> ")?;
        Ok(None)
    }

    /// Plays the scenario of a prompt; returns how it ends and what was said last.
    fn turn(&mut self, prompt: &str) -> io::Result<(End, String)> {
        let script = self.script;
        let mut said = String::new();
        let Some(scenario) = script.choose(prompt) else { return Ok((End::Stop, said)) };
        for step in &scenario.steps {
            match step {
                Step::Say { text } => {
                    said.clone_from(text);
                    show(&format!("{}\r\n", text.replace('\n', "\r\n")))?;
                }
                Step::Plan { text } => {
                    let event = json!({ "tool_name": "ExitPlanMode", "tool_input": { "plan": text } });
                    let answer = self.fire("PreToolUse", event);
                    let decision = &answer["hookSpecificOutput"]["permissionDecision"];
                    said = format!("Thank you. ({})", decision.as_str().unwrap_or("nobody said no"));
                }
                Step::Ask { tool, input } => {
                    let answer = self.fire("PermissionRequest", json!({ "tool_name": tool, "tool_input": input }));
                    let message = &answer["hookSpecificOutput"]["decision"]["message"];
                    message.as_str().unwrap_or("asked").clone_into(&mut said);
                }
                Step::Usage { cost, input, output } => {
                    self.cost += cost;
                    self.tokens += input + output;
                }
                Step::ApiError { message, .. } => return Ok((End::Failed, message.clone())),
                Step::WaitFor { file } => {
                    while !self.folder.join(file).exists() {
                        std::thread::sleep(LOOK);
                    }
                }
                Step::Touch { file } => std::fs::write(self.folder.join(file), "")?,
                Step::Silent => loop {
                    std::thread::park();
                },
                Step::Die { code } => return Ok((End::Exit(ExitCode::from(*code)), said)),
                Step::Abort => std::process::abort(),
                // In plan mode nothing is changed, and the rest is about frames.
                Step::Read { .. }
                | Step::Edit { .. }
                | Step::Write { .. }
                | Step::Delete { .. }
                | Step::Rename { .. }
                | Step::Run { .. }
                | Step::Request { .. }
                | Step::ApiRetry { .. }
                | Step::Result { .. }
                | Step::ResultError { .. }
                | Step::TaskStart { .. }
                | Step::TaskEnd { .. }
                | Step::Garbage { .. }
                | Step::Bytes { .. }
                | Step::IgnoreSignals
                | Step::Daemon { .. } => {}
            }
        }
        Ok((End::Stop, said))
    }

    fn title(&self, sign: char) -> io::Result<()> {
        show(&format!("\x1b]0;{sign} {}\x07", self.call.name))
    }

    /// Runs the hooks of an event that fit; returns what the last of them answered.
    fn fire(&self, name: &str, mut event: Value) -> Value {
        event["hook_event_name"] = name.into();
        event["session_id"] = self.call.conversation.clone().into();
        event["permission_mode"] = self.call.mode.clone().into();
        event["prompt_id"] = format!("prompt-{}", self.prompts).into();
        let fits =
            |group: &&Value| group["matcher"].as_str().is_none_or(|tool| tool == "*" || event["tool_name"] == tool);
        let groups = self.settings["hooks"][name].as_array().cloned().unwrap_or_default();
        let hooks = groups.iter().filter(fits).filter_map(|group| group["hooks"].as_array()).flatten();
        let answers: Vec<Value> = hooks.filter_map(|hook| run(hook["command"].as_str()?, &event)).collect();
        answers.last().cloned().unwrap_or_default()
    }

    fn status(&self) {
        if let Some(command) = self.settings["statusLine"]["command"].as_str() {
            let percent = self.tokens * 100 / CONTEXT;
            let state = json!({
                "session_id": self.call.conversation,
                "model": { "display_name": MODEL },
                "cost": { "total_cost_usd": self.cost },
                "context_window": { "used_percentage": percent },
            });
            run(command, &state);
        }
    }
}

/// Runs a hook and reads its answer.
fn run(command: &str, event: &Value) -> Option<Value> {
    let mut child =
        Command::new("sh").arg("-c").arg(command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    // Dropped at once, so that the hook sees the end.
    child.stdin.take().and_then(|mut input| input.write_all(event.to_string().as_bytes()).ok());
    let output = child.wait_with_output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

fn show(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
