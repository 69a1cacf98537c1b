//! How work went, as the JSON that `stats --json` and its route give out. The shape is documented and only grows.

use serde_json::{Value, json};

use crate::core::view::{Stats, StatsLine};
use crate::model::cost::Usd;

/// Writes the numbers as JSON. What nothing is known of yet is null: a rate, a time, a price.
pub fn json(stats: &Stats) -> Value {
    let lines = |lines: &[StatsLine]| lines.iter().map(line).collect::<Vec<_>>();
    json!({
        "total": line(&stats.total),
        "by_role": lines(&stats.roles),
        "by_agent": lines(&stats.agents),
        "by_check": lines(&stats.checks),
        "by_day": stats.days.iter().map(|(_, of_day)| line(of_day)).collect::<Vec<_>>(),
    })
}

fn line(line: &StatsLine) -> Value {
    let seconds = |millis: Option<u64>| millis.and_then(|millis| serde_json::Number::from_f64(rounded(millis)));
    let unknown = line.spent.unpriced && line.spent.usd == Usd(0);
    json!({
        "name": line.name,
        "tasks": line.counts.ended,
        "succeeded": line.counts.succeeded,
        "failed": line.counts.failed,
        "refused": line.counts.refused,
        "undone": line.counts.undone,
        "killed": line.counts.killed,
        "success_rate": line.counts.rate().map(|rate| f64::from(rate) / 1000.0),
        "attempts": line.attempts,
        "median_seconds": seconds(line.median),
        "p95_seconds": seconds(line.p95),
        "cost_usd": if unknown { Value::Null } else { json!(line.spent.usd.dollars()) },
        "unpriced": line.spent.unpriced,
        "tokens_in": line.spent.tokens_in,
        "tokens_out": line.spent.tokens_out,
    })
}

/// Writes milliseconds in seconds; what is longer than a float tells apart took for ever.
fn rounded(millis: u64) -> f64 {
    std::time::Duration::from_millis(millis).as_secs_f64()
}
