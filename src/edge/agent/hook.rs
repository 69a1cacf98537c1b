//! The hook that Claude asks before it uses a tool: `hook pre-tool-use FILE`. Whatever goes wrong, the answer is no.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::guard::{Guard, Tree};
use crate::core::policy::{PERSON_TOOLS, judge};
use crate::model::policy::{Permission, Verdict};

/// What our reasons begin with where a safety rule was broken, so that they are known again in the stream.
pub(super) const MARK: &str = "orchestrator-tui stops here: ";

/// The exit code by which a hook refuses; any other failure of it would let the tool run.
const REFUSED: u8 = 2;

/// Carries out `hook EVENT FILE`.
pub fn main(args: &[String]) -> ExitCode {
    match answer(args) {
        Ok(text) => {
            let mut out = std::io::stdout().lock();
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::from(REFUSED),
            }
        }
        Err(why) => {
            let _ = writeln!(std::io::stderr().lock(), "refused, since it could not be judged: {why}");
            ExitCode::from(REFUSED)
        }
    }
}

/// Judges a use of a tool by what the guard's file says.
///
/// # Errors
/// Why it cannot be judged; then it is refused.
pub fn judged(file: &Path, request: &Value) -> Result<Verdict, String> {
    let mut guard = Guard::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let tool = request["tool_name"].as_str().ok_or("the request names no tool")?;
    guard.scope.at = match &request["cwd"] {
        Value::Null => None,
        Value::String(cwd) if Path::new(cwd).is_absolute() => {
            let cwd = Path::new(cwd).canonicalize().map_err(|error| format!("{cwd}: {error}"))?;
            (cwd != guard.scope.workspace).then_some(cwd)
        }
        other => return Err(format!("{other} is no folder that it could begin in")),
    };
    Ok(judge(&guard.scope, &Tree::of(&guard.scope), tool, &request["tool_input"]))
}

fn answer(args: &[String]) -> Result<String, String> {
    // Read before anything can be wrong, so that nobody writes to a closed pipe.
    let mut text = Vec::new();
    std::io::stdin().lock().read_to_end(&mut text).map_err(|error| error.to_string())?;
    let [event, file] = args else { return Err("usage: hook pre-tool-use FILE".to_owned()) };
    if event != "pre-tool-use" {
        return Err(format!("no hook is called {event}"));
    }
    let request: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    let verdict = judged(Path::new(file), &request)?;
    Ok(output(request["tool_name"].as_str().unwrap_or_default(), &verdict))
}

/// Returns what the CLI reads: nothing for a yes, so that the user's own rules may still say no.
pub(super) fn output(tool: &str, verdict: &Verdict) -> String {
    let decision = |word: &str, reason: &str| json!({ "hookEventName": "PreToolUse", "permissionDecision": word, "permissionDecisionReason": reason });
    let reason = reason(verdict);
    let said = match verdict.decision {
        Permission::Allow => return String::new(),
        // These always reach a person, or whoever answers in the place of one.
        Permission::Ask if PERSON_TOOLS.contains(&tool) => return String::new(),
        Permission::Ask => json!({ "hookSpecificOutput": decision("ask", &reason) }),
        Permission::Deny if verdict.violation => {
            json!({ "continue": false, "stopReason": reason, "hookSpecificOutput": decision("deny", &reason) })
        }
        Permission::Deny => json!({ "hookSpecificOutput": decision("deny", &reason) }),
    };
    said.to_string()
}

/// Returns the reason as the agent reads it.
pub(super) fn reason(verdict: &Verdict) -> String {
    let mark = if verdict.violation { MARK } else { "" };
    format!("{mark}{} ({})", verdict.reason, verdict.rule)
}
