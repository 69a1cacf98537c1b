//! How a run's requests are answered: at once by policy, or when a person has said something.

use serde_json::Value;

use super::ask::{self, Pending};
use super::run::ClaudeRun;
use super::steps::{Step, Steps};
use super::{answer, say};
use crate::edge::agent::hook;
use crate::model::agent::AgentReport;
use crate::model::policy::Permission;
use crate::model::question::{Ask, Reply};

impl ClaudeRun {
    /// Returns what to write to answer a request; `None` if it does not wait for that any more.
    pub fn answer(&mut self, request: &str, reply: &Reply) -> Option<Vec<u8>> {
        let pending = self.pending.remove(request)?;
        Some(pending.answer(request, reply, &self.watch.allowed()))
    }

    /// Whether it waits for a person. Its time limit does not run then.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(super) fn request(&mut self, frame: &Value, said: &Value, steps: &mut Steps) {
        let Some(id) = said["request_id"].as_str() else {
            steps.log([say::line("output", "a request without an id, which cannot be answered")]);
            return;
        };
        let (request, shown) = (&said["request"], &frame["request"]["input"]);
        let subtype = request["subtype"].as_str().unwrap_or_default();
        if subtype != "can_use_tool" {
            // Silence would make it wait for ever.
            steps.log([say::line("output", &format!("a request that is not known here: {subtype}"))]);
            steps.0.push(Step::Write(answer::error(id, &format!("{subtype:?} is not supported here"))));
            return;
        }
        let tool = request["tool_name"].as_str().unwrap_or_default();
        let input = &request["input"];
        if let Some(pending) = ask::of_tool(tool, input, shown) {
            return self.wait(id, String::new(), pending, steps);
        }
        let verdict = self.watch.judge(tool, input, request["blocked_path"].as_str());
        let line = match verdict.decision {
            Permission::Allow => answer::allow(id, input),
            Permission::Ask => {
                if let Some(why) = ask::unreadable(tool, input, shown) {
                    let what = format!("{tool} {}", say::tool_use(tool, shown, &self.spec.workspace));
                    steps.report(AgentReport::Refused { what: what.trim_end().to_owned() });
                    steps.0.push(Step::Write(answer::deny(id, &format!("Refused: {why}."))));
                    return;
                }
                let why = self.redactor.text(&hook::reason(&verdict)).into_owned();
                let exact = ask::exact(tool, input);
                return self.wait(id, exact, ask::permission(tool, input, shown, why), steps);
            }
            Permission::Deny => {
                match self.watch.broken(tool, shown, &verdict) {
                    Some(violation) => steps.report(AgentReport::Violation(violation)),
                    None if verdict.violation => {}
                    None => {
                        let what = format!("{tool} {}", say::tool_use(tool, shown, &self.spec.workspace));
                        steps.report(AgentReport::Refused { what: what.trim_end().to_owned() });
                    }
                }
                answer::deny(id, &format!("Refused: {}. {}", hook::reason(&verdict), self.watch.allowed()))
            }
        };
        steps.0.push(Step::Write(line));
    }

    /// Lets a request wait for a person.
    fn wait(&mut self, request: &str, exact: String, pending: Pending, steps: &mut Steps) {
        if self.pending.contains_key(request) {
            // An answer could not tell which of the two it is for.
            steps.0.push(Step::Write(answer::error(request, "a request of this id waits already")));
            return;
        }
        let about = pending.about().clone();
        steps.report(AgentReport::Asks(Ask { request: request.to_owned(), exact, about }));
        self.pending.insert(request.to_owned(), pending);
    }
}
