//! The `--settings` of a Claude session: our hooks, together with what the user's own arguments say there.

use serde_json::{Value, json};

/// How long the hook may take, in seconds; it takes milliseconds.
const TIMEOUT: u32 = 60;

/// Returns the user's arguments with a `--settings` that has the hook in it. The CLI takes only the last `--settings`,
/// so that what the user gave there is taken over.
pub(super) fn with_hook(args: &[String], hook: &str) -> Vec<String> {
    let (mut kept, mut settings) = apart(args);
    put_first(&mut settings, "PreToolUse", guard(hook));
    kept.extend(["--settings".to_owned(), settings.to_string()]);
    kept
}

/// Takes the settings out of a user's arguments; what a file of settings says stands there already.
pub(super) fn apart(args: &[String]) -> (Vec<String>, Value) {
    let mut kept = Vec::new();
    let mut settings = json!({});
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let given = match arg.strip_prefix("--settings") {
            Some("") => args.next().map(String::as_str),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        match given.map(serde_json::from_str) {
            Some(Ok(given)) => settings = given,
            Some(Err(_)) => {}
            None => kept.push(arg.clone()),
        }
    }
    if !settings.is_object() {
        settings = json!({});
    }
    // A user may have turned hooks off; ours stay.
    settings["disableAllHooks"] = json!(false);
    (kept, settings)
}

/// Returns the entry of a hook that judges every tool, and refuses if it cannot.
pub(super) fn guard(hook: &str) -> Value {
    // Exit code 2 refuses in every version; a hook that cannot run at all refuses in those that know `onFailure`.
    let command = json!({
        "type": "command", "command": format!("{hook} || exit 2"), "timeout": TIMEOUT, "onFailure": "block",
    });
    json!({ "matcher": "*", "hooks": [command] })
}

/// Puts a hook before those that the settings have.
pub(super) fn put_first(settings: &mut Value, event: &str, entry: Value) {
    let mut before = settings["hooks"][event].as_array().cloned().unwrap_or_default();
    before.insert(0, entry);
    if !settings["hooks"].is_object() {
        settings["hooks"] = json!({});
    }
    settings["hooks"][event] = Value::Array(before);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    fn settings(args: &[&str]) -> (Vec<String>, Value) {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let mut all = with_hook(&args, "'prog' hook pre-tool-use 'f'");
        let json = serde_json::from_str(&all.pop().unwrap()).unwrap();
        (all, json)
    }

    #[test]
    fn the_hook_is_added_and_fails_closed() {
        let (args, json) = settings(&["--effort", "high"]);
        assert_eq!(args, ["--effort", "high", "--settings"]);
        let hook = &json["hooks"]["PreToolUse"][0];
        assert_eq!(hook["matcher"], "*");
        assert_eq!(hook["hooks"][0]["command"], "'prog' hook pre-tool-use 'f' || exit 2");
        assert_eq!(hook["hooks"][0]["onFailure"], "block");
        assert_eq!(json["disableAllHooks"], false);
    }

    #[test]
    fn what_the_user_gave_stays_and_cannot_turn_it_off() {
        let given = r#"{"model":"x","disableAllHooks":true,"hooks":{"PreToolUse":[{"matcher":"Bash"}],"Stop":[]}}"#;
        for args in [vec!["--settings", given, "-x"], vec!["-x", &format!("--settings={given}")]] {
            let (args, json) = settings(&args);
            assert_eq!(args, ["-x", "--settings"]);
            assert_eq!((&json["model"], &json["disableAllHooks"]), (&json!("x"), &json!(false)));
            assert_eq!(json["hooks"]["PreToolUse"].as_array().unwrap().len(), 2);
            assert_eq!(json["hooks"]["Stop"], json!([]));
        }
    }
}
