//! What tasks used, for `show`: one of them, and all that one piece of work passed through.

use std::fmt::Write as _;

use serde_json::Value;

use super::render::{list, money, seconds, text};

/// Writes what was used: money, tokens, time of work.
pub(super) fn used(value: &Value, worked: &Value) -> String {
    let tokens = crate::model::number::thousands(value["tokens"].as_u64().unwrap_or_default());
    format!("{}  {tokens} tokens  {} of work", money(&value["cost_usd"]), seconds(worked))
}

/// The tasks that one piece of work passed through, and what they used together.
pub(super) fn write(out: &mut String, chain: &Value) {
    let links = list(chain, "tasks");
    if links.is_empty() {
        return;
    }
    let (count, all) = (links.len(), used(chain, &chain["seconds"]));
    let _ = writeln!(out, "all {count} tasks about #{}, from role to role: {all}", chain["subject"]);
    let role = links.iter().map(|link| text(link, "role").chars().count()).max().unwrap_or(0);
    for link in links {
        let number = format!("#{}", link["number"]);
        let is_begun = link["seconds"].as_f64().is_some_and(|took| took > 0.0) || link["tokens"] != 0;
        let used = if is_begun { used(link, &link["seconds"]) } else { "nothing used".to_owned() };
        let _ = writeln!(out, "  {number:<5} {:<role$}  {:<7}  {}", text(link, "role"), text(link, "state"), used);
    }
}
