//! `stats`: how work went, for a person: counts, success, times and cost by role, agent, check or day.

use std::fmt::Write as _;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::app::failure::Failure;
use crate::app::project::setup::Site;
use crate::app::verbs::ask;
use crate::app::words::say::{pretty, say};
use crate::model::number::thousands;
use crate::model::time::brief;

/// Flags of `stats`.
#[derive(Debug, Args)]
#[command(after_help = "stats --by role\n\n\
                        success is the share of tasks that succeeded among those that succeeded or failed. What you refused, undid\n\
                        or killed is counted by itself, and is neither.")]
pub struct Stats {
    /// Show only these lines.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub by: Option<By>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// What lines are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// The part that was played: fixer, coding, reviewer …
    Role,
    /// Who worked.
    Agent,
    /// The check that was to become green.
    Check,
    /// The day it ended on.
    Day,
}

impl By {
    const ALL: [Self; 4] = [Self::Role, Self::Agent, Self::Check, Self::Day];

    fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Agent => "agent",
            Self::Check => "check",
            Self::Day => "day",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Role => "by_role",
            Self::Agent => "by_agent",
            Self::Check => "by_check",
            Self::Day => "by_day",
        }
    }
}

/// Carries out `stats`.
pub(super) fn show(site: &Site, wish: &Stats) -> Result<u8, Failure> {
    let mut value = ask::stats(site)?;
    if let (Some(by), Some(all)) = (wish.by, value.as_object_mut()) {
        all.retain(|field, _| field == by.field() || field == "total");
    }
    say(&if wish.json { pretty(&value) } else { render(&value, wish.by) });
    Ok(0)
}

fn render(value: &Value, by: Option<By>) -> String {
    let mut out = String::new();
    if value["total"]["attempts"] == 0 && value["total"]["tasks"] == 0 {
        return "nothing was worked on yet".to_owned();
    }
    let table = Table::of(value);
    table.head(&mut out, "");
    table.line(&mut out, &value["total"]);
    for by in By::ALL.into_iter().filter(|known| by.is_none_or(|by| by == *known)) {
        let lines = value[by.field()].as_array().map_or(&[][..], Vec::as_slice);
        if lines.is_empty() {
            continue;
        }
        out.push('\n');
        table.head(&mut out, by.name());
        for known in lines {
            table.line(&mut out, known);
        }
    }
    out.trim_end().to_owned()
}

/// How the columns lie: as wide as the longest name, and with those of what a person ended only if there is any.
struct Table {
    name: usize,
    by_you: bool,
}

const BY_YOU: [&str; 3] = ["refused", "undone", "killed"];

impl Table {
    fn of(value: &Value) -> Self {
        let lines = || By::ALL.into_iter().filter_map(|by| value[by.field()].as_array()).flatten();
        let name = lines().map(|line| line["name"].as_str().unwrap_or_default().chars().count()).max().unwrap_or(0);
        let count = |field: &str| value["total"][field].as_u64().unwrap_or_default();
        Self { name: name.max(10), by_you: BY_YOU.iter().any(|field| count(field) > 0) }
    }

    fn head(&self, out: &mut String, name: &str) {
        let by_you = if self.by_you { " refused undone killed" } else { "" };
        let _ = writeln!(
            out,
            "{name:<0$} {1:>6} {2:>6} {3:>6}{by_you} {4:>8} {5:>8} {6:>8} {7:>9} {8:>13}",
            self.name, "tasks", "good", "failed", "success", "median", "95 %", "cost", "tokens"
        );
    }

    fn line(&self, out: &mut String, line: &Value) {
        let count = |field: &str| line[field].as_u64().unwrap_or_default();
        let time = |field: &str| {
            line[field].as_f64().map_or_else(|| "-".to_owned(), |took| brief(Duration::from_secs_f64(took)))
        };
        let rate = line["success_rate"].as_f64().map_or_else(|| "-".to_owned(), |rate| format!("{:.1}%", rate * 100.0));
        let cost = match (line["cost_usd"].as_f64(), line["unpriced"] == true) {
            (Some(usd), false) => format!("${usd:.2}"),
            (Some(usd), true) => format!("${usd:.2}+"),
            (None, _) => "?".to_owned(),
        };
        let name = line["name"].as_str().unwrap_or_default();
        let _ = write!(
            out,
            "{name:<0$} {1:>6} {2:>6} {3:>6}",
            self.name,
            count("tasks"),
            count("succeeded"),
            count("failed")
        );
        for field in BY_YOU.iter().filter(|_| self.by_you) {
            let _ = write!(out, " {:>1$}", count(field), field.len());
        }
        let _ = writeln!(
            out,
            " {rate:>8} {:>8} {:>8} {cost:>9} {:>13}",
            time("median_seconds"),
            time("p95_seconds"),
            thousands(count("tokens_in") + count("tokens_out")),
        );
    }
}
