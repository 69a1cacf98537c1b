//! The hook that is asked before a tool runs: when it cannot judge, and where a request begins.

use std::fs;

use serde_json::{Value, json};

use crate::guard::{bash, project};
use crate::real_claude::{Claude, fix};

#[test]
fn a_hook_that_cannot_judge_says_no() {
    let site = project();
    let file = site.outside("guard.json");
    let asks = |file: &std::path::Path, input: &str| {
        use std::io::Write as _;
        let file = file.to_str().expect("a path in UTF-8");
        let mut command = site.command(&["hook", "pre-tool-use", file]);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.stderr(std::process::Stdio::null()).spawn().expect("it starts");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
        let done = child.wait_with_output().expect("it ends");
        (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    let ask = r#"{"tool_name":"Bash","tool_input":{"command":"ls"}}"#;
    assert_eq!(asks(&file, ask).0, Some(2), "no such file");
    fs::write(&file, "{}").expect("written");
    assert_eq!(asks(&file, ask).0, Some(2), "not what was written");
    let scope = json!({ "role": "fixer", "workspace": site.project, "write": [], "commands": [], "variables": {},
        "policy": { "rules": { "allow": [], "ask": [], "deny": [] }, "roles": {}, "database": [], "delete": "deny", "write": [] } });
    fs::write(&file, json!({ "scope": scope, "fence": [], "keep": [] }).to_string()).expect("written");
    assert_eq!(asks(&file, ask), (Some(0), String::new()));
    assert_eq!(asks(&file, "no JSON").0, Some(2));
    assert_eq!(asks(&file, "{}").0, Some(2));
    let (code, said) = asks(&file, r#"{"tool_name":"Bash","tool_input":{"command":"git push"}}"#);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &said["continue"]), (Some(0), &json!(false)));
    assert_eq!(said["hookSpecificOutput"]["permissionDecision"], "deny");
    let (_, said) = asks(&file, r#"{"tool_name":"Bash","tool_input":{"command":"curl x"}}"#);
    assert!(said.contains("\"ask\""), "{said}");
    // Where it begins is what the CLI says.
    fs::create_dir(site.project.join("sub")).expect("a new folder");
    let from = |cwd: &std::path::Path, command: &str| {
        let request = json!({ "cwd": cwd.canonicalize().unwrap_or_else(|_| cwd.to_owned()), "tool_name": "Bash", "tool_input": { "command": command } });
        asks(&file, &request.to_string())
    };
    assert!(from(&site.project, "cat ../x").1.contains("default.outside"));
    assert_eq!(from(&site.project.join("sub"), "cat ../x"), (Some(0), String::new()));
    assert!(from(&site.project.join("sub"), "rm ../word.txt").1.contains("guard.delete"));
    assert!(from(&site.state(), "touch x").1.contains("guard.outside"));
    assert!(from(&site.state(), "ls").1.contains("default.outside"));
    assert_eq!(from(&site.project.join("gone"), "ls").0, Some(2), "nobody knows where that is");
    assert_eq!(from(std::path::Path::new("sub"), "ls").0, Some(2));
}

#[test]
fn a_folder_that_a_command_went_to_is_not_that_of_the_next() {
    let site = project();
    site.write("sub/word.txt", "other\n");
    let mut steps = vec![bash("cd sub && ls"), bash("cat word.txt")];
    steps.extend(fix("word.txt", "wrong", "right"));
    let Some(claude) = Claude::on(&site, steps, "") else { return };
    let end = site.until_idle();
    assert_eq!(end.code, 0, "{end:?}");
    let told = crate::real_claude::told(&claude.api.heard());
    assert!(told.contains("wrong") && !told.contains("other"), "{told}");
}
