//! Watches what a run is about to do, by the same verdicts as its hook: a broken safety rule is known here, too.

use serde_json::Value;

use super::say;
use super::steps::Steps;
use crate::core::policy::{judge, leaves};
use crate::edge::agent::guard::Tree;
use crate::edge::agent::hook;
use crate::model::agent::{AgentReport, Violation};
use crate::model::policy::{Permission, PolicyScope, Verdict};

/// The watch over one run.
#[derive(Debug)]
pub(super) struct Watch {
    scope: PolicyScope,
    /// Whether a broken rule was said already; the first is enough.
    said: bool,
}

impl Watch {
    pub(super) fn new(scope: PolicyScope) -> Self {
        Self { scope, said: false }
    }

    /// Answers whether a tool may be used; `blocked_path` is the place that the CLI itself found to be outside.
    pub(super) fn judge(&self, tool: &str, input: &Value, blocked_path: Option<&str>) -> Verdict {
        let tree = Tree::of(&self.scope);
        let verdict = judge(&self.scope, &tree, tool, input);
        match blocked_path {
            Some(path) if verdict.decision == Permission::Allow && leaves(&self.scope, &tree, path) => {
                Verdict::ask("default.outside", format!("{path} is outside the workspace"))
            }
            Some(_) | None => verdict,
        }
    }

    /// Says what needs nobody's yes.
    pub(super) fn allowed(&self) -> String {
        let commands: Vec<_> = self.scope.commands.iter().map(|command| format!("`{command}`")).collect();
        let run = if commands.is_empty() { String::new() } else { format!(", and run {}", commands.join(" or ")) };
        format!(
            "You may read and edit files inside {}, run tests, linters and read-only commands there (ls, cat, grep, find, \
             git diff, …){run}. Find a way with these, or finish and say what is missing.",
            self.scope.workspace.display()
        )
    }

    /// Looks at what a message is about to do. The hook stops it in time; this knows for sure that it was wanted.
    fn uses(&mut self, message: &Value, shown: &Value) -> Option<Violation> {
        let blocks = message["content"].as_array().map_or(&[][..], Vec::as_slice).iter().enumerate();
        let mut uses = blocks.filter(|(_, block)| block["type"] == "tool_use");
        uses.find_map(|(n, block)| {
            let tool = block["name"].as_str()?;
            let verdict = self.judge(tool, &block["input"], None);
            self.broken(tool, &shown["content"][n]["input"], &verdict)
        })
    }

    /// Reports what is wrong with what a message is about to do; `hooked`: the hook refuses it, and no request comes.
    ///
    /// It is judged by what is in it, and told by what is `shown` of it: with secrets covered.
    pub(super) fn look(&mut self, message: &Value, shown: &Value, hooked: bool, steps: &mut Steps) {
        if hooked {
            for what in self.refused(message, shown) {
                steps.report(AgentReport::Refused { what });
            }
        }
        let broken = self.uses(message, shown);
        steps.violated(broken);
    }

    /// Returns what the hook refuses of a message without ending the run: no request comes for it.
    fn refused(&self, message: &Value, shown: &Value) -> Vec<String> {
        let blocks = message["content"].as_array().map_or(&[][..], Vec::as_slice).iter().enumerate();
        let uses = blocks.filter(|(_, block)| block["type"] == "tool_use");
        let refused = uses.filter_map(|(n, block)| {
            let tool = block["name"].as_str()?;
            let verdict = self.judge(tool, &block["input"], None);
            let is_refused = verdict.decision == Permission::Deny && !verdict.violation;
            let shown = &shown["content"][n]["input"];
            is_refused.then(|| format!("{tool} {}", say::tool_use(tool, shown, &self.scope.workspace)))
        });
        refused.collect()
    }

    /// Hears what the hook has stopped, should it have seen what is gone by now: a script that was there for a moment.
    pub(super) fn stopped(&mut self, message: &Value) -> Option<Violation> {
        let mut texts = say::tool_errors(message).into_iter().map(|line| line.text);
        texts.find_map(|text| {
            let (_, why) = text.split_once(hook::MARK).filter(|_| text.starts_with("PreToolUse:"))?;
            self.broken("", &Value::Null, &Verdict::violation("guard", why))
        })
    }

    /// Returns what is to be said about a broken safety rule: once for each run.
    pub(super) fn broken(&mut self, tool: &str, input: &Value, verdict: &Verdict) -> Option<Violation> {
        if !verdict.violation || std::mem::replace(&mut self.said, true) {
            return None;
        }
        let what = format!("{tool} {}", say::tool_use(tool, input, &self.scope.workspace)).trim().to_owned();
        Some(Violation { rule: verdict.rule.clone(), what, why: verdict.reason.clone() })
    }
}
