//! `costs`: what was spent, for a person, and the day's lines moved away.

use std::fmt::Write as _;

use clap::Args;
use serde_json::Value;

use super::verbs::said;
use crate::app::ask;
use crate::app::failure::Failure;
use crate::app::say::{pretty, say};
use crate::app::setup::Site;
use crate::model::cost::Usd;
use crate::model::number::thousands;

/// Flags of `costs`.
#[derive(Debug, Args)]
pub struct Costs {
    /// Raise today's line (`budget.day_usd`) by so many dollars, until midnight.
    #[arg(long, value_name = "DOLLARS")]
    pub raise: Option<Usd>,
    /// Raise today's line in tokens (`budget.day_tokens`) by so many, until midnight.
    #[arg(long, value_name = "TOKENS")]
    pub raise_tokens: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Carries out `costs`.
pub(super) fn show(site: &Site, wish: &Costs) -> Result<u8, Failure> {
    if wish.raise.is_some() || wish.raise_tokens.is_some() {
        let (usd, tokens) = (wish.raise.unwrap_or(Usd(0)), wish.raise_tokens.unwrap_or(0));
        if usd == Usd(0) && tokens == 0 {
            return Err(Failure::usage("a raise of nothing\nhint: say by how much: costs --raise 10"));
        }
        return ask::raise(site, usd, tokens).map(|answer| said(&answer, wish.json));
    }
    let value = ask::costs(site)?;
    say(&if wish.json { pretty(&value) } else { render(&value) });
    Ok(0)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn render(value: &Value) -> String {
    let mut out = String::new();
    let today = &value["today"];
    let _ = writeln!(out, "today    {}  {}", text(value, "day"), text(&today["all"], "text"));
    for line in list(value, "lines") {
        let what = match (line["reached"] == true, line["near"] == true) {
            (true, _) => ", used up: nothing starts until midnight; `orchestrator-tui costs --raise 10` goes on today",
            (false, true) => ", near",
            (false, false) => "",
        };
        let _ = writeln!(out, "  {:<18} {}{what}", text(line, "line"), text(line, "text"));
    }
    sum(&mut out, today);
    if !list(value, "tasks").is_empty() {
        out.push_str("\ntasks of today\n");
    }
    for task in list(value, "tasks") {
        let title = if text(task, "title").is_empty() { "no longer remembered" } else { text(task, "title") };
        let _ = writeln!(
            out,
            "  #{:<4} {title}  {} ({} in all)",
            task["number"],
            text(&task["today"], "text"),
            text(&task["total"], "text")
        );
    }
    let _ = writeln!(out, "\nsince the journal began  {}", text(&value["total"]["all"], "text"));
    sum(&mut out, &value["total"]);
    out.trim_end().to_owned()
}

fn sum(out: &mut String, sum: &Value) {
    let tokens = |of: &Value| {
        let count = |name: &str| thousands(of[name].as_u64().unwrap_or_default());
        format!("{} tokens in, {} out", count("tokens_in"), count("tokens_out"))
    };
    for name in ["agents", "planner"] {
        let of = &sum[name];
        let _ = writeln!(out, "  {name:<18} {}, {}", text(of, "text"), tokens(of));
    }
    match sum["for_each_landed"]["text"].as_str() {
        Some(each) => {
            let _ = writeln!(
                out,
                "  {:<18} {}, {each} for each, failed attempts included",
                "landed results", sum["landed"]
            );
        }
        None => {
            let _ = writeln!(out, "  {:<18} none", "landed results");
        }
    }
    let unpriced = sum["unpriced_tokens"].as_u64().unwrap_or_default();
    if sum["all"]["unpriced"] == true {
        let what = if unpriced > 0 { format!("{} tokens", thousands(unpriced)) } else { "some runs".to_owned() };
        let _ = writeln!(out, "  the price of {what} is not known, or not yet; they are in none of the dollars");
    }
}
