//! A dialog of the planner as a question of the inbox, and the answer as what its hook says.

use serde_json::{Value, json};

use crate::core::secrets::Redactor;
use crate::edge::agent::claude::ask::{self, Pending};
use crate::edge::agent::hook;
use crate::model::policy::Verdict;
use crate::model::question::{Ask, Reply};

/// What a planner is told besides a no.
const HINT: &str = "Go on with what you can read without asking, decide yourself, and give your plan.";

/// A dialog that is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialog {
    tool: String,
    pending: Pending,
    /// What is asked.
    pub ask: Ask,
}

impl Dialog {
    /// Turns the event of a dialog into a question. `request`: our name for it; `why`: why it is not simply allowed.
    ///
    /// # Errors
    /// What the hook says at once if a person could not see what would be allowed.
    pub fn read(event: &Value, request: String, why: &str, redactor: &Redactor) -> Result<Self, Value> {
        let tool = event["tool_name"].as_str().unwrap_or_default();
        let input = &event["tool_input"];
        let covered = redactor.document(input);
        let shown = covered.as_ref().unwrap_or(input);
        let (exact, pending) = if let Some(pending) = ask::of_tool(tool, input, shown) {
            (String::new(), pending)
        } else if let Some(why) = ask::unreadable(tool, input, shown) {
            return Err(refusal(&format!("Refused: {why}.")));
        } else {
            let why = redactor.text(why).into_owned();
            (ask::exact(tool, input), ask::permission(tool, input, shown, why))
        };
        let ask = Ask { request, exact, about: pending.about().clone() };
        Ok(Self { tool: tool.to_owned(), pending, ask })
    }

    /// Returns what the hook says when a person has answered.
    pub fn output(&self, reply: &Reply) -> Value {
        decision(&self.pending.decision(reply, HINT))
    }

    /// Whether another event shows that it was answered in its terminal: what it asked for was done, or its turn is over.
    pub fn is_over_by(&self, event: &Value) -> bool {
        match event["hook_event_name"].as_str().unwrap_or_default() {
            "PostToolUse" | "PostToolUseFailure" => {
                event["tool_name"] == *self.tool && self.pending.is_of(&event["tool_input"])
            }
            "Stop" | "StopFailure" | "UserPromptSubmit" | "SessionStart" | "SessionEnd" => true,
            _ => false,
        }
    }
}

/// Says why something is asked, by the verdict of the guard.
pub fn reason(verdict: &Verdict) -> String {
    hook::reason(verdict)
}

/// Returns what the hook says where the policy allows what is asked.
pub fn allowed() -> Value {
    decision(&json!({ "behavior": "allow" }))
}

/// Returns what the hook says where no fix waits for the plan any more for which something is asked.
pub fn unwanted() -> Value {
    let message = "The fix does not wait for this plan any more: ask nothing, and end your turn now with one word.";
    decision(&json!({ "behavior": "deny", "message": message }))
}

fn refusal(message: &str) -> Value {
    decision(&json!({ "behavior": "deny", "message": format!("{message} {HINT}") }))
}

fn decision(decision: &Value) -> Value {
    json!({ "hookSpecificOutput": { "hookEventName": "PermissionRequest", "decision": decision } })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;
    use crate::model::question::About;
    use crate::model::secret::Secret;

    fn event(name: &str, tool: &str, input: &Value) -> Value {
        json!({ "hook_event_name": name, "tool_name": tool, "tool_input": input })
    }

    #[test]
    fn a_dialog_is_a_question_and_its_answer_is_for_what_was_asked() {
        let secret = Secret { name: "KEY".to_owned(), value: "very-secret-42".to_owned() };
        let redactor = Redactor::new(vec![secret]);
        let input = json!({ "command": "curl -u me:very-secret-42 http://h" });
        let asked = event("PermissionRequest", "Bash", &input);
        let dialog = Dialog::read(&asked, "1".to_owned(), "no rule", &redactor).unwrap();
        assert!(matches!(&dialog.ask.about, About::Permission { wants, .. } if !wants.contains("very-secret")));
        let said = &dialog.output(&Reply::Allow)["hookSpecificOutput"]["decision"];
        assert_eq!((&said["behavior"], &said["updatedInput"]), (&json!("allow"), &input));
        let said = &dialog.output(&Reply::Deny { why: "Not here.".to_owned() })["hookSpecificOutput"]["decision"];
        assert_eq!(said["behavior"], "deny");
        assert!(said["message"].as_str().unwrap().starts_with("Not here. Go on"));
    }

    #[test]
    fn what_nobody_could_read_is_refused_at_once() {
        let long = json!({ "command": "x".repeat(20_000) });
        let refused = Dialog::read(&event("PermissionRequest", "Bash", &long), "1".into(), "", &Redactor::new(vec![]));
        assert_eq!(refused.unwrap_err()["hookSpecificOutput"]["decision"]["behavior"], "deny");
    }

    #[test]
    fn it_is_over_when_its_tool_ran_or_its_turn_ended() {
        let input = json!({ "command": "ls" });
        let asked = event("PermissionRequest", "Bash", &input);
        let dialog = Dialog::read(&asked, "1".into(), "", &Redactor::new(vec![])).unwrap();
        for (over, event) in [
            (true, event("PostToolUse", "Bash", &input)),
            (true, event("PostToolUse", "Bash", &json!({ "command": "ls", "answers": {} }))),
            (true, event("Stop", "", &Value::Null)),
            (true, event("UserPromptSubmit", "", &Value::Null)),
            (false, event("PostToolUse", "Bash", &json!({ "command": "pwd" }))),
            (false, event("PostToolUse", "Read", &input)),
            (false, event("PreToolUse", "Bash", &input)),
        ] {
            assert_eq!(dialog.is_over_by(&event), over, "{event}");
        }
    }
}
