//! Is a request judged from the folder that it begins in?

use std::path::PathBuf;

use orchestrator_tui::model::policy::{FIXER, PolicyScope};
use serde_json::json;

use super::{bash, scope, tool};

#[test]
fn a_request_is_judged_from_where_it_begins() {
    let at = |folder: &str| PolicyScope { at: Some(PathBuf::from(folder)), ..scope(FIXER) };
    let (below, outside) = (at("/project/src"), at("/elsewhere"));
    for (expected, scope, command) in [
        ("deny guard.delete", &below, "rm a.rs"),
        ("allow default.edit", &below, "rm new.rs"),
        ("deny guard.delete", &below, "rm ../list"),
        ("deny guard.outside", &below, "rm ../../x"),
        ("allow default.edit", &below, "echo x > ../new"),
        ("allow default.read", &below, "cat ../list"),
        ("ask default.outside", &below, "cat ../../x"),
        ("allow default.read", &below, "cat a.rs"),
        ("deny guard.git", &below, "sh ../commit.sh"),
        // A check is its own line only where checks run.
        ("allow default.read", &below, "cd .. && sh check.sh"),
        ("ask default.unclear", &below, "sh check.sh"),
        ("deny guard.delete", &below, "cd .. && rm src/a.rs"),
        ("ask default.outside", &outside, "ls"),
        ("ask default.outside", &outside, "cargo test"),
        ("ask default.outside", &outside, "cat x"),
        ("deny guard.outside", &outside, "rm x"),
        ("deny guard.outside", &outside, "echo x > y"),
        ("deny guard.git", &outside, "git commit -m x"),
        ("ask default.outside", &outside, "sh check.sh"),
        ("ask default.outside", &at("/project/link"), "ls"),
        ("deny guard.outside", &at("/project/link"), "rm x"),
    ] {
        let verdict = bash(scope, command);
        assert_eq!(format!("{} {}", verdict.decision, verdict.rule), expected, "{command}: {verdict}");
    }
    let own = PolicyScope { commands: vec!["npx prisma migrate reset && jest".to_owned()], ..scope(FIXER) };
    assert_eq!(bash(&own, &own.commands[0]).rule, "default.check");
    assert_eq!(bash(&PolicyScope { at: below.at.clone(), ..own.clone() }, &own.commands[0]).rule, "guard.database");
    for (expected, scope, name, input) in [
        ("deny guard.outside", &outside, "Write", json!({ "file_path": "x" })),
        ("allow default.edit", &outside, "Write", json!({ "file_path": "/project/x" })),
        ("allow default.edit", &below, "Write", json!({ "file_path": "../x" })),
        ("ask default.outside", &outside, "Grep", json!({ "pattern": "x" })),
        ("ask default.outside", &outside, "Glob", json!({ "pattern": "*.rs" })),
        ("allow default.read", &below, "Grep", json!({ "pattern": "x" })),
    ] {
        assert_eq!(tool(scope, name, &input), expected, "{name} {input}");
    }
}
