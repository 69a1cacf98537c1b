//! Plays scenarios: takes prompts, opens and ends turns, and answers the supervisor between the steps.
#![expect(
    clippy::disallowed_methods,
    reason = "the rehearsal agent is a process of its own, and plays every way to end"
)]

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::edge::agent::rehearsal::frames::{Ending, Frames};
use crate::edge::agent::rehearsal::hear::{Ears, on_signals};
use crate::edge::agent::rehearsal::script::Script;

/// Whoever sets this is told when the agent is idle, as the real CLI tells.
const STATE_VARIABLE: &str = "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS";

/// What a step leads to.
pub(super) enum Next {
    /// The next step.
    Go,
    /// The end of the turn, whose result is written.
    Over,
    /// The end of the program.
    Exit(ExitCode),
}

/// The agent while it plays.
pub(super) struct Player {
    pub(super) frames: Arc<Mutex<Frames>>,
    pub(super) ears: Ears,
    pub(super) deaf_to_signals: Arc<AtomicBool>,
    pub(super) folder: PathBuf,
    /// How long it takes a breath before each step, so that a person can watch.
    pace: Duration,
    /// What it said last: the text of a successful result.
    pub(super) said: String,
    /// Whether a turn is open: `init` was written and its result was not.
    in_turn: bool,
    failed: bool,
    /// Whether work goes on in the background.
    pub(super) working: bool,
    /// What it last said about its state, if it was told to say that.
    idle: Option<bool>,
}

/// Plays until the input ends; the exit code is that of the last result, as the real CLI's.
pub(super) fn play(script: &Script, conversation: &str, pace: Duration) -> io::Result<ExitCode> {
    let folder = std::env::current_dir()?;
    let frames = Arc::new(Mutex::new(Frames::new(conversation, &folder)));
    let deaf_to_signals = Arc::new(AtomicBool::new(false));
    on_signals({
        let (frames, deaf) = (Arc::clone(&frames), Arc::clone(&deaf_to_signals));
        move |signal| end_by_signal(signal, &frames, &deaf)
    })?;
    let ears = Ears::open();
    let mut player = Player {
        frames,
        ears,
        deaf_to_signals,
        folder,
        pace,
        said: String::new(),
        in_turn: false,
        failed: false,
        working: false,
        idle: std::env::var_os(STATE_VARIABLE).is_some_and(|value| value == "1").then_some(true),
    };
    loop {
        if let Some(code) = player.hear(Duration::from_secs(1))? {
            return Ok(code);
        }
        if let Some(prompt) = player.ears.prompts.pop_front() {
            if let Some(code) = player.turn(script, &prompt)? {
                return Ok(code);
            }
            player.state(true)?;
        } else if player.ears.closed {
            return Ok(if player.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS });
        }
    }
}

/// Ends the program as the real CLI ends: SIGINT with a result and code 0, SIGTERM with 143 and no word.
#[expect(clippy::exit, reason = "the main thread may be in the middle of anything")]
fn end_by_signal(signal: Signal, frames: &Mutex<Frames>, deaf: &AtomicBool) {
    if deaf.load(Ordering::SeqCst) {
        return;
    }
    if signal == Signal::SIGINT {
        let _ = write(&lock(frames).result(&aborted()));
        std::process::exit(0);
    }
    std::process::exit(143);
}

fn aborted() -> Ending<'static> {
    let text = "Request was aborted";
    Ending::Error { subtype: "error_during_execution", terminal_reason: "aborted_streaming", text }
}

impl Player {
    /// Plays the scenario for one prompt.
    fn turn(&mut self, script: &Script, prompt: &str) -> io::Result<Option<ExitCode>> {
        let Some(scenario) = script.choose(prompt) else {
            self.begin()?;
            self.end(&Ending::Error {
                subtype: "error_during_execution",
                terminal_reason: "completed",
                text: "the rehearsal script has no scenario for this prompt",
            })?;
            return Ok(None);
        };
        self.begin()?;
        for step in &scenario.steps {
            if let Some(code) = self.hear(self.pace)? {
                return Ok(Some(code));
            }
            if self.interrupted()? {
                return Ok(None);
            }
            match self.step(step)? {
                Next::Go => {}
                Next::Over => return Ok(None),
                Next::Exit(code) => return Ok(Some(code)),
            }
        }
        if self.in_turn {
            let text = self.said.clone();
            self.end(&Ending::Success(&text))?;
        }
        Ok(None)
    }

    /// Takes in what came; a line that is no JSON ends the program.
    pub(super) fn hear(&mut self, patience: Duration) -> io::Result<Option<ExitCode>> {
        self.ears.listen(patience);
        if self.ears.broken {
            writeln!(io::stderr(), "Error parsing streaming input line")?;
            return Ok(Some(ExitCode::FAILURE));
        }
        if !self.in_turn {
            self.interrupted()?;
        }
        Ok(None)
    }

    /// Answers the supervisor's requests; whether one of them ended the turn.
    pub(super) fn interrupted(&mut self) -> io::Result<bool> {
        let mut ended = false;
        while let Some((id, subtype)) = self.ears.requests.pop_front() {
            let response = match subtype.as_str() {
                "interrupt" => {
                    ended = self.in_turn;
                    json!({ "subtype": "success", "request_id": id, "response": { "still_queued": [] } })
                }
                "get_usage" => {
                    let session = lock(&self.frames).usage();
                    json!({ "subtype": "success", "request_id": id, "response": { "session": session } })
                }
                "initialize" => json!({ "subtype": "success", "request_id": id, "response": {} }),
                _ => json!({ "subtype": "error", "request_id": id, "error": "not known to the rehearsal agent" }),
            };
            write(&json!({ "type": "control_response", "response": response }))?;
        }
        if ended {
            self.end(&aborted())?;
        }
        Ok(ended)
    }

    /// Opens a turn unless one is open.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        if !self.in_turn {
            self.in_turn = true;
            self.state(false)?;
            self.tell(Frames::init)?;
        }
        Ok(())
    }

    /// Says whether it is idle, if it was told to and that is news.
    pub(super) fn state(&mut self, idle: bool) -> io::Result<()> {
        if self.idle != Some(!idle) {
            return Ok(());
        }
        self.idle = Some(idle);
        let state = if idle { "idle" } else { "running" };
        self.tell(|frames| frames.system("session_state_changed", json!({ "state": state })))
    }

    pub(super) fn end(&mut self, ending: &Ending<'_>) -> io::Result<()> {
        self.in_turn = false;
        self.failed = !matches!(ending, Ending::Success(_));
        self.tell(|frames| frames.result(ending))
    }

    pub(super) fn tell(&mut self, make: impl FnOnce(&mut Frames) -> Value) -> io::Result<()> {
        let frame = make(&mut lock(&self.frames));
        write(&frame)
    }
}

pub(super) fn lock(frames: &Mutex<Frames>) -> std::sync::MutexGuard<'_, Frames> {
    frames.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn write(frame: &Value) -> io::Result<()> {
    write_line(frame.to_string().as_bytes())
}

pub(super) fn write_line(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.write_all(b"\n")?;
    out.flush()
}
