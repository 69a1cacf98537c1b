//! Turns what the routes answer into text for a person.

use std::fmt::Write as _;

use serde_json::Value;

use super::chain;
use crate::app::clock;

pub(super) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn money(value: &Value) -> String {
    match value.as_f64() {
        Some(dollars) => format!("${dollars:.2}"),
        None => "no price".to_owned(),
    }
}

/// Writes a time as the user's clock shows it.
fn when(value: &Value, field: &str) -> String {
    let iso = text(value, field);
    clock::local(iso).unwrap_or_else(|| iso.to_owned())
}

pub(super) fn seconds(value: &Value) -> String {
    value.as_f64().map_or_else(String::new, |seconds| {
        crate::model::time::brief(std::time::Duration::from_secs_f64(seconds.max(0.0)))
    })
}

/// The answer to `status`.
pub(super) fn status(value: &Value) -> String {
    let process = &value["processes"]["orchestrator"];
    if process["pid"] == 0 {
        return "no supervisor has run here yet; `orchestrator-tui run --headless` starts one".to_owned();
    }
    let mut out = String::new();
    let state = text(process, "status");
    let _ = writeln!(
        out,
        "supervisor  {state}, process {}, last heartbeat {}",
        process["pid"],
        text(process, "last_heartbeat")
    );
    if value["paused"] == true {
        let _ = writeln!(out, "paused      `orchestrator-tui resume` goes on");
    }
    if let Some(why) = value["queue_paused"].as_str() {
        let _ = writeln!(out, "the queue   paused: {why}; `orchestrator-tui queue resume` goes on");
    } else if value["queue_enabled"] == false {
        let _ = writeln!(out, "the queue   off: queue.enabled is false (ENABLE_QUEUE_PROCESSOR)");
    }
    if !value["parked"].is_null() {
        let until = value["parked"]["until"].as_str().map(|until| format!(" until {until}")).unwrap_or_default();
        let _ = writeln!(out, "parked{until}: {}", text(&value["parked"], "reason"));
    }
    let refused = &value["configuration"];
    if !refused.is_null() {
        let _ = writeln!(out, "refused     the configuration as it is written, since {}:", when(refused, "since"));
        for line in text(refused, "refused").lines() {
            let _ = writeln!(out, "            {line}");
        }
        let _ = writeln!(out, "            the one before is in force");
    }
    let count = |queue: &str| value["queues"][queue].as_array().map_or(0, Vec::len);
    let _ = writeln!(
        out,
        "queues      {} pending, {} in progress, {} completed, {} failed",
        count("pending"),
        count("in_progress"),
        count("completed"),
        count("failed")
    );
    if let Some(what) = waiting(&value["waiting_for_you"]) {
        let _ = writeln!(out, "for you     {what}; `orchestrator-tui questions` lists what waits");
    }
    for check in list(value, "checks") {
        let failures = list(check, "failures");
        let glyph = if check["verdict"] == "green" { "✓" } else { "✗" };
        let name = match check["file"].as_str() {
            Some(file) => format!("{} · {file}", text(check, "check")),
            None => text(check, "check").to_owned(),
        };
        let verdict = match text(check, "verdict") {
            "broken" => "cannot run",
            "timed_out" => "took too long",
            verdict => verdict,
        };
        let _ = write!(out, "{glyph} {name}  {verdict} since {}", when(check, "since"));
        if let Some(first) = failures.first() {
            let more = if failures.len() > 1 { format!(" and {} more", failures.len() - 1) } else { String::new() };
            let _ = write!(out, ": {}{more}", text(first, "id"));
        }
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// Says how many things wait for a person, if any does.
fn waiting(counts: &Value) -> Option<String> {
    let counted = |(one, field): (&str, &str)| {
        let count = counts[field].as_u64().filter(|count| *count > 0)?;
        Some(format!("{count} {one}{}", if count == 1 { "" } else { "s" }))
    };
    let kinds = [("question", "questions"), ("result", "results"), ("plan", "plans")];
    let parts: Vec<String> = kinds.into_iter().filter_map(counted).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The answer to `tasks`.
pub(super) fn tasks(value: &Value) -> String {
    let rows = value.as_array().map_or(&[][..], Vec::as_slice);
    if rows.is_empty() {
        return "no tasks; a check that turns red files one".to_owned();
    }
    let width = rows.iter().map(|row| text(row, "title").chars().count()).max().unwrap_or(0).min(48);
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let title = text(row, "title");
            let number = format!("#{}", row["number"]);
            format!(
                "{number:<5} {title:<width$}  {:<8} {}  {}",
                text(row, "state"),
                money(&row["cost_usd"]),
                text(row, "reason")
            )
        })
        .collect();
    lines.join("\n")
}

/// The answer to `show`.
pub(super) fn task(value: &Value) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "#{} {}  {}", value["number"], text(value, "title"), text(value, "reason"));
    let _ = writeln!(
        out,
        "filed {}  attempts {}  {}",
        text(value, "filed_at"),
        value["attempts"],
        chain::used(value, &value["worked"])
    );
    chain::write(&mut out, &value["chain"]);
    let files: Vec<&str> = list(value, "files").iter().filter_map(Value::as_str).collect();
    if !files.is_empty() {
        let _ = writeln!(out, "files {}", files.join(", "));
    }
    assignment(&mut out, value);
    section(&mut out, "events", super::events::of_task(&value["events"]).into_iter());
    section(&mut out, "failures", list(value, "failures").iter().map(|failure| text(failure, "id").to_owned()));
    section(&mut out, "red before", list(value, "red_before").iter().map(|failure| text(failure, "id").to_owned()));
    block(&mut out, "output", text(value, "excerpt"));
    if let Some(plan) = value.get("plan").filter(|plan| !plan.is_null()) {
        let _ = writeln!(out, "\nplan for attempt {}", plan["attempt"]);
        match text(plan, "why_none") {
            "" => block(&mut out, "strategy", text(plan, "strategy")),
            why => {
                let _ = writeln!(out, "  the basic strategy: {why}");
            }
        }
    }
    let pending = value.get("pending").filter(|pending| !pending.is_null());
    let waiting = pending.map(|pending| text(pending, "diff")).unwrap_or_default();
    // What only landed what an attempt had made is no attempt of its own.
    let is_own = |attempt: &&Value| attempt["landing"] != true || attempt["outcome"] != "verified";
    for attempt in list(value, "history").iter().filter(is_own) {
        let _ = writeln!(
            out,
            "\n{} {}: {}  {}  {}",
            if attempt["landing"] == true { "landing of attempt" } else { "attempt" },
            attempt["number"],
            text(attempt, "outcome"),
            seconds(&attempt["duration"]),
            money(&attempt["cost_usd"])
        );
        if attempt["exit_code"] != 0
            && let Some(end) = attempt["agent_end"].as_str()
            && !text(attempt, "outcome").contains(end)
        {
            let _ = writeln!(out, "  the agent's process: {end}");
        }
        block(&mut out, "said", text(attempt, "summary"));
        outcome(&mut out, &attempt["handed_over"]);
        // The diff that waits for a yes follows below; it need not be read twice.
        if text(attempt, "diff") != waiting {
            block(&mut out, "diff", text(attempt, "diff"));
        }
    }
    if let Some(pending) = pending {
        block(&mut out, "waits for your yes", waiting);
        block(&mut out, "both versions", text(pending, "conflict"));
        // Without the number sign, which begins a comment in a shell.
        let number = &value["number"];
        let _ = if value["state"] == "ready" {
            writeln!(
                out,
                "\n`orchestrator-tui land {number}` lands it, `orchestrator-tui refuse {number}` throws it away"
            )
        } else {
            let by_hand = if value["assignment"].is_null() {
                "Mend it by hand and it is done when the check is green; "
            } else {
                ""
            };
            writeln!(
                out,
                "\n{by_hand}`orchestrator-tui retry {number}` lets an agent begin again from what you have now, \
                 `orchestrator-tui refuse {number}` throws the result away"
            )
        };
    }
    if !value["receipt"].is_null() {
        let _ = writeln!(out, "\n{}", receipt(&value["receipt"]));
    }
    out.trim_end().to_owned()
}

/// What a task is to bring that is about no check: who does it, after what, and in which words it was asked for.
fn assignment(out: &mut String, value: &Value) {
    let assignment = &value["assignment"];
    if assignment.is_null() {
        return;
    }
    let batch = assignment["batch"].as_u64().map(|batch| format!("  batch {batch}")).unwrap_or_default();
    let _ = writeln!(out, "role {}{batch}", text(assignment, "role"));
    let after: Vec<String> = list(assignment, "after").iter().map(|task| format!("#{task}")).collect();
    let brings: Vec<&str> = list(assignment, "deliverables").iter().map(|wanted| text(wanted, "path")).collect();
    let reads: Vec<&str> = list(assignment, "context_files").iter().filter_map(Value::as_str).collect();
    let check: Vec<&str> = assignment["check"].as_str().into_iter().collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    for (what, which) in [("after", after), ("brings", brings), ("reads", reads), ("green then", check)] {
        if !which.is_empty() {
            let _ = writeln!(out, "{what} {}", which.join(", "));
        }
    }
    let asked = &value["events"]["asked"];
    if !asked.is_null() {
        let what = format!("asked by event {}, {} from {}", asked["id"], text(asked, "type"), text(asked, "by"));
        block(out, &what, &crate::app::words::say::pretty(&asked["data"]));
    }
    // What an event starts knows the text of its subject; what it is to do itself, its role and the event say.
    match value["events"]["subject"].as_u64().filter(|subject| value["number"] != *subject) {
        Some(subject) => block(out, &format!("what #{subject} is about"), text(assignment, "description")),
        None => block(out, "to do", text(assignment, "description")),
    }
}

/// What an agent handed over, besides its words.
fn outcome(out: &mut String, outcome: &Value) {
    let named = |artifact: &Value| match artifact["path"].as_str() {
        Some(path) => path.to_owned(),
        None => format!("commit {}", text(artifact, "sha")),
    };
    section(out, "it says it made", list(outcome, "artifacts").iter().map(named));
    section(out, "next steps", list(outcome, "next_steps").iter().filter_map(Value::as_str).map(str::to_owned));
    let component = |one: &Value| {
        let after: Vec<&str> = list(one, "dependencies").iter().filter_map(Value::as_str).collect();
        let after = if after.is_empty() { String::new() } else { format!(", after {}", after.join(", ")) };
        format!("{} ({}{after})", text(one, "name"), text(one, "type"))
    };
    section(out, "components", list(outcome, "components").iter().map(component));
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|line| format!("  {line}")).collect();
    if !lines.is_empty() {
        let _ = writeln!(out, "\n{title}\n{}", lines.join("\n"));
    }
}

fn block(out: &mut String, title: &str, text: &str) {
    // What ends with a carriage return shows it: a change of the ends of lines is one.
    let text = text.strip_suffix('\n').unwrap_or(text);
    if !text.is_empty() {
        section(out, title, text.split('\n').map(str::to_owned));
    }
}

/// The answer to `receipt`.
pub(super) fn receipt(value: &Value) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "receipt of {}  landed {}  by {}",
        text(value, "task"),
        text(value, "landed_at"),
        text(value, "by")
    );
    if value["undone"] == true {
        let _ = writeln!(out, "undone      {}: nothing of it is in your tree any more", text(value, "undone_at"));
    }
    section(
        &mut out,
        "replaced by your save",
        list(value, "replaced").iter().filter_map(Value::as_str).map(str::to_owned),
    );
    section(&mut out, "fixed", list(value, "fixed").iter().map(|failure| text(failure, "id").to_owned()));
    let witness = |witness: &Value| {
        let name = match witness["file"].as_str() {
            Some(file) => format!("{} · {file}", text(witness, "check")),
            None => text(witness, "check").to_owned(),
        };
        let tests = witness["tests"]
            .as_object()
            .map(|tests| format!(", {} passed, {} failed", tests["passed"], tests["failed"]));
        format!(
            "{name}: {} in {}{}",
            text(witness, "verdict"),
            seconds(&witness["duration"]),
            tests.unwrap_or_default()
        )
    };
    let red = Some(&value["red"]).filter(|red| red["check"].is_string());
    section(&mut out, "red before", red.into_iter().map(witness));
    section(&mut out, "green after", list(value, "green").iter().map(witness));
    let file = |file: &Value| {
        format!("{} +{} −{} ({})", text(file, "path"), file["added"], file["removed"], text(file, "change"))
    };
    section(&mut out, "files", list(value, "files").iter().map(file));
    section(&mut out, "accepted by you", list(value, "accepted").iter().filter_map(Value::as_str).map(str::to_owned));
    let _ = writeln!(
        out,
        "\ntrees {} → {}\nattempts {}  {}  {}",
        text(value, "tree_before"),
        text(value, "tree_after"),
        value["attempts"],
        money(&value["cost_usd"]),
        seconds(&value["duration"])
    );
    out.trim_end().to_owned()
}

/// The answer to `health`.
pub(super) fn health(value: &Value) -> String {
    let healthy = value["healthy"] == true;
    let how = match (healthy, value["running"] == false) {
        (true, _) => "✓ HEALTHY",
        (false, false) => "✗ UNHEALTHY",
        (false, true) => "✗ NOT RUNNING",
    };
    let mut out = format!("Health check: {how}\n");
    if value["running"] == false {
        out.push_str("✗ no supervisor runs; `orchestrator-tui run --headless` starts one\n");
    }
    if let Value::Object(silent) = &value["silent"] {
        let _ = writeln!(out, "✗ process {} does not answer", silent["process"]);
        let _ = writeln!(out, "    {}", text(&value["silent"], "mend"));
    }
    for part in crate::model::health::Part::ALL {
        let level = &value["parts"][part.name()];
        let glyph = match (level["healthy"] == true, level["degraded"] == true) {
            (true, false) if value["examined"] == true => "✓",
            (true, false) => "·",
            (true, true) => "!",
            (false, _) => "✗",
        };
        let _ = write!(out, "{glyph} {}{}", part.name(), if glyph == "·" { " was not examined" } else { "" });
        if let Some(reason) = level["reason"].as_str() {
            let _ = write!(out, ", since {}: {reason}", when(level, "since"));
        }
        out.push('\n');
        if let Some(mend) = level["mend"].as_str() {
            let _ = writeln!(out, "    {mend}");
        }
    }
    let heart = &value["heart"];
    if heart.is_object() {
        let (age, every) = (seconds(&heart["age"]), seconds(&heart["every"]));
        let (glyph, late) = if heart["late"] == true { ("✗", ", is late") } else { ("✓", "") };
        let _ = writeln!(out, "{glyph} heart{late}: last beat {age} ago, one is due every {every}");
    }
    let sizes = &value["sizes"];
    if sizes.is_object() {
        let each = ["journal", "transcripts", "landings", "snapshots", "workspaces"];
        let each: Vec<String> = each.iter().map(|what| format!("{what} {}", bytes(&sizes[what]))).collect();
        let _ = writeln!(out, "  on disk: {} ({})", bytes(&sizes["total"]), each.join(", "));
    }
    out.trim_end().to_owned()
}

/// Writes an amount of disk space the way a person reads it.
pub(super) fn bytes(value: &Value) -> String {
    crate::app::records::keep::readable(value.as_u64().unwrap_or_default())
}
