//! What a planner's hooks say, and what they are answered at once, with or without a supervisor.

use std::path::Path;

use serde_json::{Value, json};

use super::bill::Bill;
use crate::edge::agent::claude::say;
use crate::edge::agent::hook;
use crate::edge::agent::plain::one_line;
use crate::model::agent::Violation;
use crate::model::cost::Usd;
use crate::model::policy::Verdict;

/// How much of an error is kept, in characters.
const ERROR_CAP: usize = 300;

/// How every question of ours begins; a number follows.
pub(super) const MARK: &str = "[orchestrator-tui plan ";

/// The word by which the status line is told from hooks.
pub const KIND_STATUS: &str = "status";

/// What a hook says.
#[derive(Clone, Debug, PartialEq)]
pub enum HookEvent {
    /// A conversation began or goes on under this id; also after `/clear`.
    Begins {
        /// The conversation.
        conversation: String,
    },
    /// A prompt was submitted, by us or by a person.
    Prompted {
        /// What it says.
        prompt: String,
        /// Its id, which later events of the same turn carry.
        id: Option<String>,
        /// Whether nothing can be changed in this mode, if that is known.
        plans: Option<bool>,
    },
    /// The plan is ready; the tool itself is always refused, so that it stays in plan mode.
    Plans {
        /// The prompt's id.
        id: Option<String>,
        /// The plan.
        plan: String,
    },
    /// A dialog asks a person something.
    Asks,
    /// A turn has ended.
    Stops {
        /// The prompt's id.
        id: Option<String>,
        /// The last message.
        said: String,
    },
    /// A turn has ended because the service refused.
    Fails {
        /// Why.
        why: String,
    },
    /// The state after a turn.
    Status {
        /// What the conversation has cost so far.
        total: Option<Usd>,
        /// How full the context is, in percent.
        context: Option<u8>,
        /// What the transcript says; a hook does not know it.
        bill: Bill,
    },
    /// Nothing that matters here.
    Other,
}

impl HookEvent {
    /// Reads what a hook, or the status line, got on its input.
    pub fn read(kind: &str, event: &Value) -> Self {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let id = event["prompt_id"].as_str().map(str::to_owned);
        if kind == KIND_STATUS {
            return Self::Status {
                total: event["cost"]["total_cost_usd"].as_f64().and_then(Usd::from_dollars),
                context: event["context_window"]["used_percentage"].as_f64().map(percent),
                bill: Bill::default(),
            };
        }
        match event["hook_event_name"].as_str().unwrap_or_default() {
            "SessionStart" => Self::Begins { conversation: text("session_id") },
            "UserPromptSubmit" => {
                let plans = event["permission_mode"].as_str().map(|mode| mode == "plan");
                Self::Prompted { prompt: text("prompt"), id, plans }
            }
            "PreToolUse" if event["tool_name"] == "ExitPlanMode" => {
                let plan = event["tool_input"]["plan"].as_str().unwrap_or_default().to_owned();
                Self::Plans { id, plan }
            }
            "PermissionRequest" => Self::Asks,
            "Stop" => Self::Stops { id, said: text("last_assistant_message") },
            "StopFailure" => {
                let (error, said) = (text("error"), text("last_assistant_message"));
                let why = if said.is_empty() { error } else { format!("{error}: {said}") };
                Self::Fails { why: one_line(&why, ERROR_CAP) }
            }
            _ => Self::Other,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "brought into range before")]
fn percent(value: f64) -> u8 {
    value.clamp(0.0, 100.0).round() as u8
}

/// Returns what a hook answers by itself, whatever becomes of the supervisor: a plan is only written down, and a
/// question of ours is not answered in a mode in which the planner could change the user's files.
pub fn answer_at_once(event: &Value) -> Option<Value> {
    match event["hook_event_name"].as_str()? {
        "PreToolUse" if event["tool_name"] == "ExitPlanMode" => Some(json!({ "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": "Thank you, the plan was written down and handed on: another agent carries it \
                                         out. Stay in plan mode, do not call ExitPlanMode again, and end your turn now \
                                         with one short sentence.",
        } })),
        "UserPromptSubmit"
            if event["prompt"].as_str().is_some_and(|prompt| prompt.contains(MARK))
                && event["permission_mode"].as_str().is_some_and(|mode| mode != "plan") =>
        {
            Some(json!({
                "decision": "block",
                "reason": "orchestrator-tui asks for plans in plan mode only (shift+tab); the fix goes on without one",
            }))
        }
        _ => None,
    }
}

/// Judges the use of a tool by the guard's file; returns what the hook says to it, if it does not simply pass, and which
/// safety rule it would break.
pub fn guarded(verdict: &Verdict, event: &Value) -> (String, Option<Violation>) {
    let tool = event["tool_name"].as_str().unwrap_or_default();
    let what = || {
        let workspace = event["cwd"].as_str().map_or(Path::new("/"), Path::new);
        format!("planner: {tool} {}", say::tool_use(tool, &event["tool_input"], workspace)).trim_end().to_owned()
    };
    let violation =
        verdict.violation.then(|| Violation { rule: verdict.rule.clone(), what: what(), why: verdict.reason.clone() });
    (hook::output(tool, verdict), violation)
}

/// Returns what the status line shows.
pub fn status_line(event: &Value) -> String {
    let model = event["model"]["display_name"].as_str().unwrap_or("claude");
    let cost = event["cost"]["total_cost_usd"].as_f64().and_then(Usd::from_dollars).unwrap_or_default();
    one_line(&format!("planner of orchestrator-tui · {model} · {cost}"), ERROR_CAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_always_refused_and_other_tools_never() {
        let plan =
            json!({ "hook_event_name": "PreToolUse", "tool_name": "ExitPlanMode", "tool_input": { "plan": "1." } });
        let answer = answer_at_once(&plan).unwrap_or_default();
        assert_eq!(answer["hookSpecificOutput"]["permissionDecision"], "deny");
        assert_eq!(HookEvent::read("hook", &plan), HookEvent::Plans { id: None, plan: "1.".to_owned() });
        let bash = json!({ "hook_event_name": "PreToolUse", "tool_name": "Bash" });
        assert_eq!(answer_at_once(&bash), None);
    }

    #[test]
    fn our_question_is_refused_where_files_could_change() {
        let ask = |prompt: &str, mode: &str| {
            answer_at_once(&json!({ "hook_event_name": "UserPromptSubmit", "prompt": prompt, "permission_mode": mode }))
        };
        assert!(ask("[orchestrator-tui plan 3] mend it", "acceptEdits").is_some());
        assert_eq!(ask("[orchestrator-tui plan 3] mend it", "plan"), None);
        assert_eq!(ask("what a person asks", "acceptEdits"), None);
    }
}
