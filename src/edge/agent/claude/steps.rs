//! What must be done after some output of a run was read.

use crate::model::agent::{AgentReport, LogLine, Violation};

/// What must be done after some output was read, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Tell the machine.
    Report(AgentReport),
    /// Write this to the program's input.
    Write(Vec<u8>),
    /// Close its input: it has said all, and ends by itself then.
    CloseInput,
}

/// Steps in order, log lines that follow each other gathered into one report.
#[derive(Default)]
pub(super) struct Steps(pub(super) Vec<Step>);

impl Steps {
    pub(super) fn report(&mut self, report: AgentReport) {
        self.0.push(Step::Report(report));
    }

    pub(super) fn violated(&mut self, violation: Option<Violation>) {
        self.0.extend(violation.map(|violation| Step::Report(AgentReport::Violation(violation))));
    }

    pub(super) fn log(&mut self, lines: impl IntoIterator<Item = Option<LogLine>>) {
        for line in lines.into_iter().flatten() {
            match self.0.last_mut() {
                Some(Step::Report(AgentReport::Log(log))) => log.push(line),
                _ => self.report(AgentReport::Log(vec![line])),
            }
        }
    }
}
