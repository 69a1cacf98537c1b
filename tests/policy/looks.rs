//! Who only looks: what needs a yes, or is refused, that one who edits may do?

use orchestrator_tui::model::policy::{Permission, PolicyScope};
use serde_json::json;

use super::{bash, scope, tool};

#[test]
fn who_only_looks_asks_before_it_edits() {
    let reviewer = PolicyScope { edits: false, ..scope("reviewer") };
    assert_eq!(bash(&reviewer, "echo x > src/a.rs").to_string().split(':').next(), Some("ask by default.edit"));
    assert_eq!(tool(&reviewer, "Edit", &json!({ "file_path": "/project/src/a.rs" })), "ask default.edit");
    assert_eq!(tool(&reviewer, "WebFetch", &json!({ "url": "https://example.org" })), "ask default.unlisted");
    // A planner says what is to be edited, and looks up what it needs.
    let planner = PolicyScope { edits: false, ..scope("planner") };
    assert_eq!(bash(&planner, "echo x > src/a.rs").to_string().split(':').next(), Some("deny by default.edit"));
    assert_eq!(bash(&planner, "grep -n x src/a.rs").decision, Permission::Allow);
    assert!(bash(&planner, "git commit -m x").violation);
    assert!(!bash(&planner, "echo x > src/a.rs").violation);
    for (expected, name, input) in [
        ("deny default.edit", "Edit", json!({ "file_path": "/project/src/a.rs" })),
        ("allow default.own", "Write", json!({ "file_path": "/scratch/plan.md" })),
        ("deny guard.outside", "Write", json!({ "file_path": "/projects/a" })),
        ("allow default.read", "Read", json!({ "file_path": "/project/src/a.rs" })),
        ("allow default.look_up", "WebFetch", json!({ "url": "https://example.org" })),
        ("allow default.look_up", "Agent", json!({ "prompt": "look" })),
        ("ask person", "ExitPlanMode", json!({})),
    ] {
        assert_eq!(tool(&planner, name, &input), expected, "{name} {input}");
    }
}
