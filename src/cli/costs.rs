//! `costs`: what was spent, for a person, and the day's lines moved away.

use std::fmt::Write as _;

use clap::Args;
use serde_json::Value;

use super::verbs::said;
use crate::app::answers::costs::LISTED as TASKS;
use crate::app::failure::Failure;
use crate::app::project::setup::Site;
use crate::app::verbs::ask;
use crate::app::words::say::{pretty, say};
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
    /// List every task of today, and the days before; otherwise the dearest 20. JSON always has all of them.
    #[arg(long)]
    pub all: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// A longer title pushes what follows it.
const WIDEST: usize = 48;

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
    say(&if wish.json { pretty(&value) } else { render(&value, wish.all) });
    Ok(0)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn render(value: &Value, all: bool) -> String {
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
    let tasks = list(value, "tasks");
    let (shown, rest) = tasks.split_at(if all { tasks.len() } else { tasks.len().min(TASKS) });
    if !shown.is_empty() {
        out.push_str("\ntasks of today\n");
    }
    let title_of = |task| match text(task, "title") {
        "" => "no longer remembered",
        title => title,
    };
    let width = shown.iter().map(|task| title_of(task).chars().count()).max().unwrap_or(0).min(WIDEST);
    for task in shown {
        let title = title_of(task);
        let _ = writeln!(
            out,
            "  #{:<4} {title:<width$}  {} ({} in all)",
            task["number"],
            text(&task["today"], "text"),
            text(&task["total"], "text")
        );
    }
    if !rest.is_empty() {
        let usd: f64 = rest.iter().filter_map(|task| task["today"]["cost_usd"].as_f64()).sum();
        let unpriced = rest.iter().filter(|task| task["today"]["unpriced"] == true).count();
        let least = if unpriced == 0 { String::new() } else { format!(" at least, {unpriced} without a price") };
        let (count, hint) = (rest.len(), "`orchestrator-tui costs --all` lists them");
        let _ = writeln!(out, "  and {count} more, ${usd:.2} today{least}; {hint}");
    }
    let days = list(value, "days");
    if all && days.len() > 1 {
        out.push_str("\ndays\n");
        for day in days.iter().rev() {
            let _ = writeln!(out, "  {:<18} {}, {} landed", text(day, "day"), text(&day["all"], "text"), day["landed"]);
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_listed_is_counted_and_all_of_it_can_be_had() {
        let spent = |usd: f64| json!({ "cost_usd": usd, "text": format!("${usd:.2}") });
        let task = |id: usize| json!({ "number": id, "title": "unit", "today": spent(0.25), "total": spent(0.25) });
        let day = |id: usize| json!({ "day": format!("2026-11-{id:02}"), "all": spent(1.5), "landed": 2 });
        let value = json!({
            "day": "2026-11-02",
            "tasks": (1..=TASKS + 3).map(task).collect::<Vec<_>>(),
            "days": (1..=2).map(day).collect::<Vec<_>>(),
        });
        let short = render(&value, false);
        assert!(short.contains("#20 ") && !short.contains("#21 ") && !short.contains("2026-11-01"), "{short}");
        assert!(short.contains("and 3 more, $0.75 today; `orchestrator-tui costs --all` lists them"), "{short}");
        let all = render(&value, true);
        assert!(all.contains("#23 ") && !all.contains(" more,"), "{all}");
        assert!(all.contains("2026-11-01         $1.50, 2 landed"), "{all}");
    }
}
