//! What was spent, as the JSON that `costs --json` and its route give out. The shape is documented and only grows.

use serde_json::{Value, json};

use crate::core::view::{CostLine, Costs, Sum, TASKS_LISTED};
use crate::model::budget::Limit;
use crate::model::cost::{Spent, Usd};

/// How many tasks a person is shown unless all are asked for.
pub const LISTED: usize = TASKS_LISTED;

/// Writes costs as JSON. Dollars are null where no price is known, and `unpriced` says that there is more to pay.
pub fn json(costs: &Costs) -> Value {
    json!({
        "day": costs.day.to_string(),
        "ends_at": costs.ends.iso(),
        "today": sum(&costs.today),
        "lines": costs.lines.iter().map(line).collect::<Vec<_>>(),
        "parked": costs.reached().map(|line| line.line.key()),
        "tasks": costs.tasks.iter().map(|task| json!({
            "task": task.id.long(),
            "number": task.id,
            "title": task.title,
            "today": spent(task.today),
            "total": spent(task.total),
        })).collect::<Vec<_>>(),
        "days": costs.days.iter().map(|(day, of_day)| {
            let mut value = sum(of_day);
            value["day"] = json!(day.to_string());
            value
        }).collect::<Vec<_>>(),
        "total": sum(&costs.total),
    })
}

fn sum(sum: &Sum) -> Value {
    json!({
        "all": spent(sum.spent()),
        "agents": spent(sum.fixer),
        "planner": spent(sum.planner),
        "unpriced_tokens": sum.unpriced,
        "landed": sum.landed,
        "for_each_landed": sum.for_each_fix().map(spent),
    })
}

fn spent(spent: Spent) -> Value {
    json!({
        "cost_usd": if spent.unpriced && spent.usd == Usd(0) { Value::Null } else { json!(spent.usd.dollars()) },
        "unpriced": spent.unpriced,
        "tokens_in": spent.tokens_in,
        "tokens_out": spent.tokens_out,
        "text": spent.to_string(),
    })
}

fn line(line: &CostLine) -> Value {
    let amount = |amount: u64| match line.line {
        Limit::DayUsd | Limit::TaskUsd | Limit::BatchUsd => json!(Usd(amount).dollars()),
        Limit::DayTokens | Limit::TaskTokens => json!(amount),
    };
    json!({
        "line": line.line.key(),
        "used": amount(line.used),
        "limit": amount(line.limit),
        "raised": amount(line.raised),
        "near": line.is_near(),
        "reached": line.is_reached(),
        "text": line.line.share(line.used, line.limit),
    })
}
