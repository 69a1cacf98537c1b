//! What each step of a script does, and how it is told in frames.
#![expect(
    clippy::disallowed_methods,
    reason = "the rehearsal agent is a process of its own, and plays every way to end"
)]

use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use crate::edge::agent::rehearsal::act::{edit, leave_daemon};
use crate::edge::agent::rehearsal::frames::Ending;
use crate::edge::agent::rehearsal::play::{Next, Player, lock, write, write_line};
use crate::edge::agent::rehearsal::script::Step;

/// How often a file that is waited for is looked for.
const LOOK: Duration = Duration::from_millis(10);

impl Player {
    /// Does one step.
    pub(super) fn step(&mut self, step: &Step) -> io::Result<Next> {
        match step {
            Step::Say { text } => {
                self.said.clone_from(text);
                self.begin()?;
                self.tell(|frames| frames.text(text))?;
            }
            // Only an interactive agent has a mode for it.
            Step::Plan { .. } => {}
            Step::Read { file } => {
                let read = std::fs::read_to_string(self.folder.join(file)).map_err(|error| error.to_string());
                self.tool("Read", &self.named(file), read)?;
            }
            Step::Edit { file, find, replace, all } => {
                let input = json!({ "file_path": self.path(file), "old_string": find, "new_string": replace, "replace_all": all });
                let done = edit(&self.folder.join(file), find, replace, *all);
                self.tool("Edit", &input, done.map(|()| "The file has been updated successfully.".to_owned()))?;
            }
            Step::Write { file, content } => {
                let input = json!({ "file_path": self.path(file), "content": content });
                let path = self.folder.join(file);
                let folders = path.parent().map_or(Ok(()), std::fs::create_dir_all);
                let done = folders.and_then(|()| std::fs::write(&path, content)).map_err(|error| error.to_string());
                self.tool("Write", &input, done.map(|()| "File created successfully.".to_owned()))?;
            }
            Step::Delete { file } => {
                let done = std::fs::remove_file(self.folder.join(file)).map_err(|error| error.to_string());
                let input = json!({ "command": format!("rm {}", file.display()) });
                self.tool("Bash", &input, done.map(|()| String::new()))?;
            }
            Step::Rename { from, to } => {
                let done = std::fs::rename(self.folder.join(from), self.folder.join(to));
                let input = json!({ "command": format!("mv {} {}", from.display(), to.display()) });
                self.tool("Bash", &input, done.map(|()| String::new()).map_err(|error| error.to_string()))?;
            }
            Step::Run { command, ask } => return self.run(command, *ask),
            Step::Ask { tool, input } => return self.ask(tool, input).map(|(next, _)| next),
            Step::Request { subtype } => {
                let (frame, id) = lock(&self.frames).request(&json!({ "subtype": subtype }));
                write(&frame)?;
                return self.answer(&id).map(|(next, _)| next);
            }
            Step::Usage { cost, input, output } => lock(&self.frames).use_up(*cost, *input, *output),
            Step::ApiRetry { status, delay_ms } => {
                self.begin()?;
                self.tell(|frames| frames.api_retry(*status, *delay_ms))?;
            }
            Step::ApiError { status, message } => {
                self.begin()?;
                self.tell(|frames| frames.api_error(*status, message))?;
                self.end(&Ending::Api(*status, message))?;
                return Ok(Next::Over);
            }
            Step::Result { text } => {
                self.begin()?;
                self.end(&Ending::Success(text))?;
                if self.working {
                    self.state(true)?;
                }
            }
            Step::ResultError { subtype, text } => {
                self.begin()?;
                self.end(&Ending::Error { subtype, terminal_reason: "completed", text })?;
                return Ok(Next::Over);
            }
            Step::TaskStart { id } => {
                self.working = true;
                let task = json!({ "task_id": id, "task_type": "local_bash", "description": id });
                self.tell(|frames| frames.system("background_tasks_changed", json!({ "tasks": [task] })))?;
                self.tell(|frames| frames.system("task_started", task))?;
            }
            Step::TaskEnd { id } => {
                self.working = false;
                let ended = json!({ "task_id": id, "status": "completed", "summary": id });
                self.tell(|frames| frames.system("task_notification", ended))?;
                self.tell(|frames| frames.system("background_tasks_changed", json!({ "tasks": [] })))?;
                self.begin()?;
            }
            Step::Garbage { text } => write_line(text.as_bytes())?,
            Step::Bytes { bytes } => write_line(bytes)?,
            Step::WaitFor { file } => return self.wait_for(file),
            Step::Touch { file } => std::fs::write(self.folder.join(file), "")?,
            Step::Silent => loop {
                std::thread::park();
            },
            Step::IgnoreSignals => self.deaf_to_signals.store(true, Ordering::SeqCst),
            Step::Daemon { file } => leave_daemon(&self.folder.join(file))?,
            Step::Die { code } => return Ok(Next::Exit(ExitCode::from(*code))),
            Step::Abort => std::process::abort(),
        }
        Ok(Next::Go)
    }

    /// A tool that needs no permission: its use, and what came of it.
    fn tool(&mut self, tool: &str, input: &Value, outcome: Result<String, String>) -> io::Result<()> {
        self.begin()?;
        let (frame, id) = lock(&self.frames).tool_use(tool, input);
        write(&frame)?;
        self.outcome(&id, outcome)
    }

    fn outcome(&mut self, tool_use: &str, outcome: Result<String, String>) -> io::Result<()> {
        let (content, is_error) = match outcome {
            Ok(content) => (content, false),
            Err(error) => (error, true),
        };
        self.tell(|frames| frames.tool_result(tool_use, &content, is_error))
    }

    fn run(&mut self, command: &str, ask: bool) -> io::Result<Next> {
        self.begin()?;
        let input = json!({ "command": command });
        let id = if ask {
            match self.ask("Bash", &input)? {
                (next, Some(id)) => {
                    if !matches!(next, Next::Go) {
                        return Ok(next);
                    }
                    id
                }
                (next, None) => return Ok(next),
            }
        } else {
            let (frame, id) = lock(&self.frames).tool_use("Bash", &input);
            write(&frame)?;
            id
        };
        let output =
            Command::new("sh").arg("-c").arg(command).current_dir(&self.folder).stdin(Stdio::null()).output()?;
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        let outcome = match output.status.code() {
            Some(0) => Ok(said),
            Some(code) => Err(format!("Exit code {code}\n{said}")),
            None => Err(format!("killed\n{said}")),
        };
        self.outcome(&id, outcome)?;
        Ok(Next::Go)
    }

    /// Asks whether a tool may be used. Returns the id of the use if it may, after which its result is due.
    fn ask(&mut self, tool: &str, input: &Value) -> io::Result<(Next, Option<String>)> {
        self.begin()?;
        let (frame, tool_use) = lock(&self.frames).tool_use(tool, input);
        write(&frame)?;
        let (frame, request) = lock(&self.frames).can_use_tool(tool, input, &tool_use);
        write(&frame)?;
        let (next, answer) = self.answer(&request)?;
        let Some(answer) = answer else { return Ok((next, None)) };
        let answer = &answer["response"];
        if answer["behavior"] == "allow" {
            if tool != "Bash" {
                self.outcome(&tool_use, Ok("allowed".to_owned()))?;
            }
            return Ok((Next::Go, Some(tool_use)));
        }
        let why = answer["message"].as_str().unwrap_or("denied").to_owned();
        lock(&self.frames).denied(tool, &tool_use, input);
        self.outcome(&tool_use, Err(why))?;
        Ok((Next::Go, None))
    }

    /// Waits for the answer to a control request; `None` if the turn or the input ended before.
    fn answer(&mut self, request: &str) -> io::Result<(Next, Option<Value>)> {
        loop {
            if let Some(answer) = self.ears.answers.remove(request) {
                return Ok((Next::Go, Some(answer)));
            }
            if let Some(code) = self.hear(LOOK)? {
                return Ok((Next::Exit(code), None));
            }
            if self.ears.requests.iter().any(|(_, subtype)| subtype == "interrupt") {
                write(&json!({ "type": "control_cancel_request", "request_id": request }))?;
            }
            if self.interrupted()? {
                return Ok((Next::Over, None));
            }
            if self.ears.closed {
                return Ok((Next::Go, None));
            }
        }
    }

    fn wait_for(&mut self, file: &Path) -> io::Result<Next> {
        let path = self.folder.join(file);
        while !path.exists() {
            if let Some(code) = self.hear(LOOK)? {
                return Ok(Next::Exit(code));
            }
            if self.interrupted()? {
                return Ok(Next::Over);
            }
        }
        Ok(Next::Go)
    }

    fn path(&self, file: &Path) -> String {
        self.folder.join(file).display().to_string()
    }

    fn named(&self, file: &Path) -> Value {
        json!({ "file_path": self.path(file) })
    }
}
