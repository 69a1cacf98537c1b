//! `roles`, `workflows` and `prompt`: who works how, in which order, after what, and what they are told.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::args::Prompt;
use crate::app::failure::Failure;
use crate::app::project::setup::Site;
use crate::app::verbs::roles;
use crate::app::words::say::{complain, pretty, say};
use crate::config::Overrides;

/// Carries out `roles`.
pub(super) fn list(site: &Site, json: bool) -> Result<u8, Failure> {
    let value = roles::roles(&site.load(Overrides::default())?);
    say(&if json { pretty(&value) } else { render_roles(&value) });
    Ok(0)
}

/// Carries out `workflows`.
pub(super) fn workflows(site: &Site, json: bool) -> Result<u8, Failure> {
    let value = roles::workflows(&site.load(Overrides::default())?.settings);
    say(&if json { pretty(&value) } else { render_workflows(&value) });
    Ok(0)
}

/// Carries out `prompt`.
pub(super) fn prompt(site: &Site, wish: &Prompt) -> Result<u8, Failure> {
    if wish.about.iter().all(|word| word.trim().is_empty()) {
        return Err(Failure::usage(
            "a prompt is about something\nhint: the number of a task, or a text that says what to do",
        ));
    }
    let prompt = roles::prompt(site, &wish.role, &wish.about.join(" "))?;
    if wish.json {
        say(&pretty(&json!({
            "role": wish.role,
            "agent": prompt.agent,
            "prompt": prompt.text,
            "bytes": prompt.text.len(),
            "notes": prompt.notes,
        })));
        return Ok(0);
    }
    for note in &prompt.notes {
        complain(&format!("note: {note}"));
    }
    say(prompt.text.trim_end_matches('\n'));
    Ok(0)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn list_of<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn words(value: &Value, field: &str) -> String {
    list_of(value, field).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

fn render_roles(value: &Value) -> String {
    let mut out = String::new();
    for role in list_of(value, "roles") {
        let what = if role["edits"] == true { "edits" } else { "looks" };
        let _ =
            writeln!(out, "{:<15} {what}  {:<8} {}", text(role, "name"), text(role, "agent"), text(role, "purpose"));
        let mut more = Vec::new();
        if !list_of(role, "emits").is_empty() {
            more.push(format!("reports {}", words(role, "emits")));
        }
        if role["after_landing"] == true {
            more.push("begins after the landing".to_owned());
        }
        if let Some(usd) = role["budget_usd"].as_f64() {
            more.push(format!("${usd:.2} a task"));
        }
        if text(role, "prompt") != "built in" {
            more.push(format!("prompt from {}", text(role, "prompt")));
        }
        if !more.is_empty() {
            let _ = writeln!(out, "{:<31} {}", "", more.join(" · "));
        }
    }
    out.push_str("\ndocuments in every prompt\n");
    for document in list_of(value, "documents") {
        let _ = writeln!(out, "  {:<24} {}", text(document, "name"), text(document, "from"));
    }
    out.trim_end().to_owned()
}

fn render_workflows(value: &Value) -> String {
    let mut out = String::new();
    for workflow in list_of(value, "workflows") {
        let _ = writeln!(out, "{:<10} {}", text(workflow, "name"), text(workflow, "purpose"));
        let stages: Vec<&str> = list_of(workflow, "stages").iter().filter_map(Value::as_str).collect();
        let _ = writeln!(out, "{:<10} {} ({})", "", stages.join(" > "), text(workflow, "role"));
    }
    out.push_str("\nafter an event\n");
    for rule in list_of(value, "rules") {
        let what = match text(rule, "does") {
            "start" if text(rule, "workflow") == "pipeline" => text(rule, "role").to_owned(),
            "start" => format!("{} in workflow {}", text(rule, "role"), text(rule, "workflow")),
            "complete" => "its subject is done".to_owned(),
            _ => "its subject is over, and a bug is filed".to_owned(),
        };
        let _ = writeln!(out, "  {:<22} {what}", text(rule, "event"));
    }
    out.trim_end().to_owned()
}
