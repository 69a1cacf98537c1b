//! One run of a headless `claude`: bytes of its output in, reports and answers out. It touches nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::core::secrets::Redactor;
use crate::edge::agent::claude::ask::Pending;
use crate::edge::agent::claude::asking::Asking;
use crate::edge::agent::claude::launch::RunSpec;
use crate::edge::agent::claude::meter::Meter;
use crate::edge::agent::claude::steps::{Step, Steps};
use crate::edge::agent::claude::trouble::{RESULT_CAP, retry, trouble};
use crate::edge::agent::claude::watch::Watch;
use crate::edge::agent::claude::{answer, say};
use crate::edge::agent::lines::{Line, Lines, MAX_LINE};
use crate::edge::agent::plain::one_line;
use crate::model::agent::{AgentReport, AgentResult, Trouble};
use crate::model::cost::Spent;
use crate::model::session::Exit;
use crate::model::time::Wall;

/// The state of one run.
#[derive(Debug)]
pub struct ClaudeRun {
    pub(super) spec: RunSpec,
    pub(super) watch: Watch,
    lines: Lines,
    meter: Meter,
    reported: Spent,
    ready: bool,
    /// Work that goes on in the background and will start another turn when it ends.
    background: BTreeSet<String>,
    /// The last result, held back until nothing more can follow.
    held: Option<AgentResult>,
    /// What its last result said, whole.
    last_words: String,
    /// What it last said about its state; versions that say nothing are taken to be idle after a result.
    idle: Option<bool>,
    finished: bool,
    /// What the service said in this turn, so that the result does not say it again.
    trouble: Option<Trouble>,
    stops: u32,
    /// Messages of a person that it has not said to have read; versions that never say so are taken to have.
    unread: u32,
    /// How many messages, the prompt included, it said to have read.
    read: u32,
    /// What it is asked about its usage.
    asking: Asking,
    /// Requests that wait for a person, by the CLI's names for them.
    pub(super) pending: BTreeMap<String, Pending>,
    /// Covers what is reported; what is decided and answered goes by the true words.
    pub(super) redactor: Redactor,
}

impl ClaudeRun {
    /// Starts with nothing heard.
    pub fn new(spec: RunSpec) -> Self {
        let watch = Watch::new(spec.scope.clone());
        let meter = Meter::new(spec.resume);
        Self {
            spec,
            watch,
            lines: Lines::new(MAX_LINE),
            meter,
            reported: Spent::default(),
            ready: false,
            background: BTreeSet::new(),
            held: None,
            last_words: String::new(),
            idle: None,
            finished: false,
            trouble: None,
            stops: 0,
            unread: 0,
            read: 0,
            asking: Asking::default(),
            pending: BTreeMap::new(),
            redactor: Redactor::new(Vec::new()),
        }
    }

    /// Covers these secrets in all that it reports.
    #[must_use]
    pub fn covering(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// Returns the program and its arguments.
    pub fn command(&self) -> (String, Vec<String>) {
        self.spec.command()
    }

    /// Returns what to write first; the input stays open until [`Step::CloseInput`].
    pub fn first_input(&self) -> Vec<u8> {
        self.spec.first_input()
    }

    /// Returns what to write to ask it to end its turn; it answers with a result and waits for more input, so that
    /// [`Step::CloseInput`] follows.
    pub fn ask_to_stop(&mut self) -> Vec<u8> {
        self.stops += 1;
        answer::interrupt(self.stops)
    }

    /// Returns what to write so that it hears a person: at once after the tool that it uses, or in a turn of its own.
    /// Nothing if it reads nothing any more.
    pub fn message(&mut self, text: &str) -> Option<Vec<u8>> {
        if self.finished {
            return None;
        }
        self.unread += 1;
        Some(answer::message(text))
    }

    /// Takes the next bytes of its output, in chunks of any size.
    pub fn feed(&mut self, bytes: &[u8], now: Wall) -> Vec<Step> {
        let mut steps = Steps::default();
        for line in self.lines.feed(bytes) {
            self.line(&line, now, &mut steps);
        }
        self.report_used(&mut steps);
        steps.0
    }

    /// Says how it went after the last byte, from what was said before; the exit code alone proves nothing, since
    /// the CLI also ends with 0 when it was interrupted. `stderr` is the end of what it wrote there.
    pub fn finish(&mut self, exit: Exit, stderr: &str) -> Vec<AgentReport> {
        let mut steps = Steps::default();
        if let Some(line) = self.lines.finish() {
            // A line that was cut off means nothing; only the escape sequence that restores the cursor is usual.
            self.line(&line, Wall(0), &mut steps);
        }
        self.asking.is_over = true;
        if self.held.is_none() && !self.finished {
            // It may have been in the middle of a call.
            self.meter.request();
        }
        self.report_used(&mut steps);
        if self.held.is_some() || !self.finished {
            let result = self.held.take().unwrap_or_else(|| {
                let said = one_line(stderr, RESULT_CAP);
                let text = if said.is_empty() {
                    format!("ended without a result: {exit}")
                } else {
                    format!("ended without a result: {exit}: {said}")
                };
                AgentResult { ok: false, text }
            });
            self.finished = true;
            steps.report(AgentReport::Done(result));
        }
        if self.unread > 0 && self.read > 0 {
            steps.log([say::line("note", "it ended before it read what it was told")]);
        }
        let mut reports = Vec::new();
        for step in steps.0 {
            if let Step::Report(report) = step {
                reports.push(report);
            }
        }
        reports
    }

    fn line(&mut self, line: &Line, now: Wall, steps: &mut Steps) {
        let bytes = match line {
            Line::Whole(bytes) => bytes,
            Line::TooLong(length) => {
                steps.log([say::line("output", &format!("(a line of {length} bytes left out)"))]);
                return;
            }
        };
        let frame = if bytes.first() == Some(&b'{') { serde_json::from_slice::<Value>(bytes).ok() } else { None };
        let Some(frame) = frame else {
            // Before it is cut: half a secret would not be known.
            let text = String::from_utf8_lossy(bytes);
            steps.log([say::line("output", &self.redactor.text(&text))]);
            return;
        };
        match self.redactor.document(&frame) {
            Some(covered) => self.frame(&covered, &frame, now, steps),
            None => self.frame(&frame, &frame, now, steps),
        }
    }

    /// `frame` is what may be told of what was `said`.
    fn frame(&mut self, frame: &Value, said: &Value, now: Wall, steps: &mut Steps) {
        match frame["type"].as_str().unwrap_or_default() {
            "system" => self.system(frame, now, steps),
            "assistant" => {
                let message = &frame["message"];
                self.meter.message(message);
                self.asking.ask(steps);
                steps.log(say::assistant(message, self.spec.speaker(), &self.spec.workspace).into_iter().map(Some));
                self.watch.look(&said["message"], message, self.spec.hook.is_some(), steps);
                if let Some(error) = frame["error"].as_str() {
                    let status = frame["api_error_status"].as_u64();
                    self.trouble(trouble(Some(error), status, &say::text_of(&message["content"])), steps);
                }
            }
            "user" => {
                // A call is over and the next one not begun, or just so: what it has cost is known now.
                self.asking.ask(steps);
                steps.log(say::tool_errors(&frame["message"]).into_iter().map(Some));
                let stopped = self.watch.stopped(&frame["message"]);
                steps.violated(stopped);
            }
            "command_lifecycle" if frame["state"] == "queued" => {
                // The first is the prompt.
                self.unread = self.unread.saturating_sub(u32::from(self.read > 0));
                self.read += 1;
            }
            "control_response" => self.asking.answered(&frame["response"], &mut self.meter, steps),
            "result" => self.result(frame, steps),
            "control_request" => self.request(frame, said, steps),
            "control_cancel_request" => {
                let request = text(&said["request_id"]);
                if self.pending.remove(&request).is_some() {
                    steps.report(AgentReport::Withdrew { request });
                }
            }
            "rate_limit_event" => {
                let info = &frame["rate_limit_info"];
                if info["status"] == "rejected" {
                    let until = info["resetsAt"].as_u64().map(|seconds| Wall(seconds.saturating_mul(1000)));
                    self.trouble(Some(Trouble::RateLimit { until }), steps);
                }
            }
            // What is new.
            _ => {}
        }
    }

    fn system(&mut self, frame: &Value, now: Wall, steps: &mut Steps) {
        match frame["subtype"].as_str().unwrap_or_default() {
            "init" => {
                self.trouble = None;
                self.meter.request();
                if !self.ready {
                    self.ready = true;
                    steps.report(AgentReport::Ready {
                        conversation: text(&frame["session_id"]),
                        model: text(&frame["model"]),
                    });
                }
            }
            "api_retry" => {
                let (what, trouble) = retry(frame, now);
                steps.log([say::line("service", &what)]);
                if let Some(trouble) = trouble {
                    self.trouble = Some(trouble.clone());
                    steps.report(AgentReport::Trouble(trouble));
                }
            }
            "task_started" => {
                if let Some(id) = frame["task_id"].as_str() {
                    self.background.insert(id.to_owned());
                }
            }
            "task_notification" => {
                if let Some(id) = frame["task_id"].as_str() {
                    self.background.remove(id);
                }
            }
            "session_state_changed" => {
                let idle = frame["state"] == "idle";
                self.idle = Some(idle);
                if idle {
                    self.finish_if_idle(steps);
                }
            }
            "background_tasks_changed" => {
                if let Some(tasks) = frame["tasks"].as_array() {
                    let ids = tasks.iter().filter_map(|task| task["task_id"].as_str());
                    self.background = ids.map(str::to_owned).collect();
                }
            }
            _ => {}
        }
    }

    fn result(&mut self, frame: &Value, steps: &mut Steps) {
        self.meter.result(frame);
        self.asking.told();
        let subtype = frame["subtype"].as_str().unwrap_or_default();
        let is_error = frame["is_error"] == true;
        let said = frame["result"].as_str().map(str::to_owned).or_else(|| {
            let errors = frame["errors"].as_array()?;
            Some(errors.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "))
        });
        self.last_words = said.unwrap_or_default();
        let said = one_line(&self.last_words, RESULT_CAP);
        let ok = subtype == "success" && !is_error;
        let words = match subtype {
            "error_max_budget_usd" => "the budget is used up",
            "error_max_turns" => "the number of turns is used up",
            "error_during_execution" if text(&frame["terminal_reason"]).starts_with("aborted") => "stopped when asked",
            "success" => "",
            other => other,
        };
        if subtype == "error_max_budget_usd" {
            self.trouble(Some(Trouble::Budget), steps);
        } else if is_error && self.trouble.is_none() {
            let status = frame["api_error_status"].as_u64();
            self.trouble(trouble(None, status, &said), steps);
        }
        let result = match (ok, words.is_empty() || said.is_empty()) {
            (true, _) => AgentResult { ok, text: said },
            (false, true) => AgentResult { ok, text: format!("{words}{said}") },
            (false, false) => AgentResult { ok, text: format!("{words}: {said}") },
        };
        self.report_used(steps);
        self.held = Some(result);
        if !ok || self.stops > 0 {
            // Nothing good can follow; work in the background ends with its input.
            self.end_turns(steps);
        } else if frame["queued_turn_count"].as_u64().unwrap_or(0) == 0 && self.idle.is_none() {
            self.finish_if_idle(steps);
        }
    }

    /// Returns what it said last, line by line as it did.
    pub fn last_words(&self) -> &str {
        &self.last_words
    }

    /// Reports the result unless something goes on in the background, whose end starts another turn.
    fn finish_if_idle(&mut self, steps: &mut Steps) {
        // What it was told and has not read yet starts another turn, too.
        let is_told = self.unread > 0 && self.read > 0;
        if self.background.is_empty() && !is_told {
            self.end_turns(steps);
        }
    }

    fn end_turns(&mut self, steps: &mut Steps) {
        if let Some(result) = self.held.take() {
            self.finished = true;
            self.asking.is_over = true;
            steps.report(AgentReport::Done(result));
            steps.0.push(Step::CloseInput);
        }
    }

    /// Reports trouble unless the same was just reported; a time that is known is not replaced by none.
    fn trouble(&mut self, trouble: Option<Trouble>, steps: &mut Steps) {
        let Some(trouble) = trouble else { return };
        let known = match (&self.trouble, &trouble) {
            (Some(Trouble::RateLimit { .. }), Trouble::RateLimit { until: None })
            | (Some(Trouble::Login { .. }), Trouble::Login { .. }) => true,
            (before, now) => before.as_ref() == Some(now),
        };
        if !known {
            self.trouble = Some(trouble.clone());
            steps.report(AgentReport::Trouble(trouble));
        }
    }

    fn report_used(&mut self, steps: &mut Steps) {
        let spent = self.meter.spent();
        if spent != self.reported && !self.asking.will_tell() {
            self.reported = spent;
            steps.report(AgentReport::Used(spent));
        }
    }
}

fn text(value: &Value) -> String {
    one_line(value.as_str().unwrap_or_default(), say::LINE_CAP)
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
