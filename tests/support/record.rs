//! Writes what the real CLI said to `tests/frames`, cleaned of everything that belongs to this machine or moment.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

/// Writes the frames of a run, with `hidden` places renamed, ids counted, times and long lists cut.
pub(crate) fn record(name: &str, output: &[u8], hidden: &[(&Path, &str)]) {
    let mut text = String::from_utf8_lossy(output).into_owned();
    for (path, alias) in hidden {
        let real = path.canonicalize().expect("it still exists");
        for known in [real.as_path(), path] {
            text = text.replace(known.to_str().expect("a path in UTF-8"), alias);
        }
    }
    let mut names = BTreeMap::new();
    let lines: Vec<String> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|mut frame| {
            clean("", &mut frame, &mut names);
            frame.to_string()
        })
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frames");
    std::fs::write(folder.join(format!("{name}.jsonl")), lines.join("\n") + "\n").expect("the folder is writable");
}

fn clean(key: &str, value: &mut Value, names: &mut BTreeMap<String, String>) {
    match value {
        Value::String(text) => match key {
            "id" | "uuid" | "request_id" | "tool_use_id" | "session_id" | "task_id" | "run_id" | "agent_id" => {
                let next = format!("{key}-{}", names.len() + 1);
                let alias = names.entry(text.clone()).or_insert(next);
                text.clone_from(alias);
            }
            "timestamp" => "2026-01-01T00:00:00.000Z".clone_into(text),
            "output_file" | "messaging_socket_path" => "/tmp/file".clone_into(text),
            "content" | "result" => text.truncate(text.char_indices().nth(60).map_or(text.len(), |(at, _)| at)),
            _ => {}
        },
        Value::Array(items) => {
            if ["slash_commands", "terminal_slash_commands", "agents", "skills", "plugins"].contains(&key) {
                items.truncate(1);
            }
            for item in items {
                clean(key, item, names);
            }
        }
        Value::Object(fields) => {
            if key == "memory_paths" {
                for path in fields.values_mut() {
                    *path = json!("/config/memory");
                }
            }
            for (name, field) in fields.iter_mut() {
                clean(name, field, names);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
