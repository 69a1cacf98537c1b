//! Speaks to an agent of kind `command`: the prompt goes in, lines come out, the exit code is its word.

use std::collections::VecDeque;

use crate::edge::agent::lines::{Line, Lines};
use crate::edge::agent::plain::one_line;
use crate::model::agent::{AgentReport, AgentResult, LogLine};
use crate::model::cost::Spent;
use crate::model::session::Exit;

/// The longest log line, in characters.
const LINE_CAP: usize = 400;
/// The longest line that is read at all, in bytes; such a program prints for people.
const READ_CAP: usize = 1024 * 1024;
/// How much of its end is kept, in bytes: enough for what it hands over.
const TAIL_KEPT: usize = 64 * 1024;

/// One run of such a program; does no reading and writing itself.
#[derive(Debug)]
pub struct CommandRun {
    prompt: String,
    name: String,
    lines: Lines,
    last: String,
    /// The end of what it said, line by line.
    tail: VecDeque<String>,
    /// How many bytes of it are kept.
    kept: usize,
}

impl CommandRun {
    /// Takes what it is told and the name that its log lines carry.
    pub fn new(name: impl Into<String>, prompt: impl Into<String>) -> Self {
        Self {
            prompt: prompt.into(),
            name: name.into(),
            lines: Lines::new(READ_CAP),
            last: String::new(),
            tail: VecDeque::new(),
            kept: 0,
        }
    }

    /// Returns what to write to its standard input, which is closed afterwards.
    pub fn first_input(&self) -> Vec<u8> {
        let mut bytes = self.prompt.clone().into_bytes();
        if bytes.last() != Some(&b'\n') {
            bytes.push(b'\n');
        }
        bytes
    }

    /// Takes the next bytes of its output.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<AgentReport> {
        let lines = self.lines.feed(bytes);
        self.log(lines)
    }

    /// Says how it went, after the last byte; the cost of such a program is never known.
    pub fn finish(&mut self, exit: Exit) -> Vec<AgentReport> {
        let rest = self.lines.finish();
        let mut reports = self.log(rest);
        reports.push(AgentReport::Used(Spent { unpriced: true, ..Spent::default() }));
        let result = match exit {
            Exit::Code(0) => AgentResult { ok: true, text: std::mem::take(&mut self.last) },
            Exit::Code(_) | Exit::Signal(_) | Exit::TimedOut | Exit::Unknown => {
                let text = if self.last.is_empty() { exit.to_string() } else { format!("{exit}: {}", self.last) };
                AgentResult { ok: false, text }
            }
        };
        reports.push(AgentReport::Done(result));
        reports
    }

    /// Returns the end of what it said, line by line.
    pub fn last_words(&self) -> String {
        self.tail.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    fn keep(&mut self, line: String) {
        self.kept += line.len() + 1;
        self.tail.push_back(line);
        while self.kept > TAIL_KEPT {
            let Some(first) = self.tail.pop_front() else { return };
            self.kept -= first.len() + 1;
        }
    }

    fn log(&mut self, lines: impl IntoIterator<Item = Line>) -> Vec<AgentReport> {
        let mut log = Vec::new();
        for line in lines {
            let text = match line {
                Line::Whole(bytes) => {
                    let text = String::from_utf8_lossy(&bytes);
                    self.keep(one_line(&text, TAIL_KEPT));
                    one_line(&text, LINE_CAP)
                }
                Line::TooLong(length) => format!("(a line of {length} bytes left out)"),
            };
            if !text.is_empty() {
                self.last.clone_from(&text);
                log.push(LogLine { label: self.name.clone(), text });
            }
        }
        if log.is_empty() { Vec::new() } else { vec![AgentReport::Log(log)] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_exit_code_is_its_word_and_its_price_is_unknown() {
        let mut run = CommandRun::new("fixbot", "mend it");
        assert_eq!(run.first_input(), b"mend it\n");
        assert_eq!(run.feed(b"\x1b[1mwork"), []);
        let log = LogLine { label: "fixbot".to_owned(), text: "working".to_owned() };
        assert_eq!(run.feed(b"ing\r\n\r\n\xff"), [AgentReport::Log(vec![log])]);
        let reports = run.finish(Exit::Code(0));
        assert!(matches!(&reports[0], AgentReport::Log(lines) if lines[0].text == "\u{fffd}"));
        assert!(matches!(&reports[1], AgentReport::Used(spent) if spent.unpriced));
        assert!(matches!(&reports[2], AgentReport::Done(result) if result.ok));
    }

    #[test]
    fn what_it_hands_over_at_its_end_is_kept_whole() {
        let mut run = CommandRun::new("builder", "");
        let long = "word ".repeat(40_000);
        run.feed(format!("{long}\nI am done.\r\n```json\r\n{{\r\n").as_bytes());
        let summary = "s".repeat(2 * LINE_CAP);
        run.feed(format!("\x1b[32m  \"summary\": \"{summary}\"\x1b[0m\r\n}}\r\n```\r\n").as_bytes());
        run.finish(Exit::Code(0));
        let words = run.last_words();
        assert!(words.len() <= TAIL_KEPT && crate::edge::agent::outcome(&words).summary == summary);
    }

    #[test]
    fn a_failed_run_says_how_it_ended() {
        let mut run = CommandRun::new("fixbot", "");
        run.feed(b"no idea\n");
        let reports = run.finish(Exit::Signal(9));
        let result = AgentResult { ok: false, text: "signal 9: no idea".to_owned() };
        assert_eq!(reports.last(), Some(&AgentReport::Done(result)));
    }
}
