//! The `--settings` of a Claude session: the guard's hook, together with what the user's own arguments say there.

use serde_json::{Value, json};

/// How long the hook may take, in seconds; it takes milliseconds.
const TIMEOUT: u32 = 60;

/// Returns the user's arguments with a `--settings` that has the hook in it. The CLI takes only the last `--settings`,
/// so that what the user gave there is taken over.
pub(super) fn with_hook(args: &[String], hook: &str) -> Vec<String> {
    let mut kept = Vec::new();
    let mut settings = json!({});
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let given = match arg.strip_prefix("--settings") {
            Some("") => args.next().cloned(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        match given {
            Some(given) => settings = read(&given).unwrap_or(settings),
            None => kept.push(arg.clone()),
        }
    }
    kept.extend(["--settings".to_owned(), add(settings, hook).to_string()]);
    kept
}

/// Reads settings: JSON itself, or the name of a file with it.
fn read(given: &str) -> Option<Value> {
    let text =
        if given.trim_start().starts_with('{') { given.to_owned() } else { std::fs::read_to_string(given).ok()? };
    serde_json::from_str(&text).ok().filter(Value::is_object)
}

fn add(mut settings: Value, hook: &str) -> Value {
    // Exit code 2 refuses in every version; a hook that cannot run at all refuses in those that know `onFailure`.
    let command = json!({
        "type": "command", "command": format!("{hook} || exit 2"), "timeout": TIMEOUT, "onFailure": "block",
    });
    let ours = json!({ "matcher": "*", "hooks": [command] });
    let mut before = settings["hooks"]["PreToolUse"].as_array().cloned().unwrap_or_default();
    before.insert(0, ours);
    if !settings["hooks"].is_object() {
        settings["hooks"] = json!({});
    }
    settings["hooks"]["PreToolUse"] = Value::Array(before);
    // A user may have turned hooks off; this one stays.
    settings["disableAllHooks"] = json!(false);
    settings
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
