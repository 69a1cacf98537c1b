//! How what an agent says and does reads in the log.

use std::path::Path;

use serde_json::Value;

use crate::edge::agent::plain::one_line;
use crate::model::agent::LogLine;

/// The longest log line, in characters.
pub(super) const LINE_CAP: usize = 400;

/// Returns the log lines of an assistant message: what it says and which tools it uses.
///
/// `who` speaks.
pub(super) fn assistant(message: &Value, who: &str, workspace: &Path) -> Vec<LogLine> {
    let blocks = message["content"].as_array().map_or(&[][..], Vec::as_slice);
    blocks
        .iter()
        .filter_map(|block| match block["type"].as_str()? {
            "text" => line(who, block["text"].as_str()?),
            "tool_use" => {
                let tool = block["name"].as_str()?;
                let text = tool_use(tool, &block["input"], workspace);
                Some(LogLine { label: one_line(tool, LINE_CAP), text })
            }
            _ => None,
        })
        .collect()
}

/// Returns the log lines of tool results that are errors; others are the agent's own business.
pub(super) fn tool_errors(message: &Value) -> Vec<LogLine> {
    let blocks = message["content"].as_array().map_or(&[][..], Vec::as_slice);
    blocks
        .iter()
        .filter(|block| block["type"] == "tool_result" && block["is_error"] == true)
        .filter_map(|block| line("error", &text_of(&block["content"])))
        .collect()
}

/// Returns a tool's input in a few words: the file inside the workspace, the command, the pattern.
pub(super) fn tool_use(tool: &str, input: &Value, workspace: &Path) -> String {
    let field = match tool {
        "Bash" => "command",
        "Edit" | "MultiEdit" | "Write" | "Read" => "file_path",
        "NotebookEdit" => "notebook_path",
        "Glob" | "Grep" => "pattern",
        "LS" => "path",
        "WebFetch" => "url",
        "WebSearch" => "query",
        "Agent" | "Task" => "description",
        "Skill" => "skill",
        _ => "",
    };
    let asked = &input["questions"][0]["question"];
    let named = if tool == "AskUserQuestion" { asked } else { &input[field] };
    match named.as_str() {
        Some(text) => {
            let inside = Path::new(text).strip_prefix(workspace).ok().and_then(Path::to_str);
            one_line(inside.filter(|inside| !inside.is_empty()).unwrap_or(text), LINE_CAP)
        }
        None if input.as_object().is_none_or(serde_json::Map::is_empty) => String::new(),
        None => one_line(&input.to_string(), LINE_CAP),
    }
}

/// Returns the text of a message's or a tool result's content, which is a string or a list of blocks.
pub(super) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<_> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

/// Makes a log line, unless nothing is left of the text.
pub(super) fn line(label: &str, text: &str) -> Option<LogLine> {
    let text = one_line(text, LINE_CAP);
    (!text.is_empty()).then(|| LogLine { label: label.to_owned(), text })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tools_read_as_a_person_would_say_them() {
        let message = json!({ "content": [
            { "type": "thinking", "thinking": "hm" },
            { "type": "text", "text": "I will\nlook." },
            { "type": "tool_use", "name": "Edit", "input": { "file_path": "/project/src/a.rs", "old_string": "x" } },
            { "type": "tool_use", "name": "Read", "input": { "file_path": "/etc/hosts" } },
            { "type": "tool_use", "name": "Bash", "input": { "command": "npm test\u{1b}[2J" } },
            { "type": "tool_use", "name": "Odd", "input": { "a": 1 } },
            { "type": "tool_use", "name": "Odd", "input": {} },
        ] });
        let lines: Vec<_> = assistant(&message, LogLine::CLAUDE, Path::new("/project"))
            .into_iter()
            .map(|line| format!("{} {}", line.label, line.text))
            .collect();
        let expected =
            ["Claude I will look.", "Edit src/a.rs", "Read /etc/hosts", "Bash npm test", "Odd {\"a\":1}", "Odd "];
        assert_eq!(lines, expected);
    }

    #[test]
    fn only_failed_tool_results_are_told() {
        let message = json!({ "content": [
            { "type": "tool_result", "content": "fine", "is_error": false },
            { "type": "tool_result", "content": [{ "type": "text", "text": "Exit code 1" }], "is_error": true },
        ] });
        assert_eq!(tool_errors(&message), [LogLine { label: "error".to_owned(), text: "Exit code 1".to_owned() }]);
        assert_eq!(tool_errors(&json!({ "content": "plain" })), []);
    }
}
