//! Exactly what may be written in a configuration file, key by key.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::de::{Error as _, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::model::attempt::Stage;
use crate::model::cost::Usd;
use crate::model::policy::Permission;
use crate::model::settings::{AgentKind, FixOn, Isolation, LandMode, Planner, Unattended};

/// A value that may be left out, with its place.
pub(crate) type Given<T> = Option<Spanned<T>>;
/// A list that may be left out; each element knows its place.
pub(crate) type List = Given<Vec<Spanned<String>>>;

/// One file. Plain structs only: serde's `flatten`, `untagged` and internally tagged forms lose the places.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    pub(crate) watch: Option<WatchTable>,
    pub(crate) check: Given<Vec<Spanned<CheckTable>>>,
    pub(crate) fix: Option<FixTable>,
    pub(crate) limits: Option<LimitsTable>,
    pub(crate) events: Option<EventsTable>,
    pub(crate) lanes: Option<LanesTable>,
    pub(crate) queue: Option<QueueTable>,
    pub(crate) workspace: Option<WorkspaceTable>,
    pub(crate) budget: Option<BudgetTable>,
    pub(crate) questions: Option<QuestionsTable>,
    #[serde(default)]
    pub(crate) agent: BTreeMap<Spanned<String>, AgentTable>,
    #[serde(default)]
    pub(crate) role: BTreeMap<Spanned<String>, RoleTable>,
    #[serde(default)]
    pub(crate) workflow: BTreeMap<Spanned<String>, WorkflowTable>,
    pub(crate) rule: Given<Vec<Spanned<RuleTable>>>,
    pub(crate) documents: Option<DocumentsTable>,
    pub(crate) policy: Option<PolicyTable>,
    pub(crate) projects: Given<ProjectsTable>,
    pub(crate) ui: Given<UiTable>,
    pub(crate) keys: Given<BTreeMap<Spanned<String>, Spanned<Keys>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectsTable {
    pub(crate) dir: Given<String>,
    pub(crate) clones: Given<String>,
    pub(crate) host: Given<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UiTable {
    pub(crate) theme: Given<String>,
    pub(crate) ascii: Given<bool>,
    pub(crate) mouse: Given<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchTable {
    pub(crate) settle: Given<Time>,
    pub(crate) settle_max: Given<Time>,
    pub(crate) ignore: List,
    pub(crate) paths: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckTable {
    pub(crate) name: Given<String>,
    pub(crate) paths: List,
    pub(crate) run: Given<String>,
    pub(crate) tests: Given<String>,
    pub(crate) timeout: Given<Time>,
    pub(crate) parallel: Given<bool>,
    pub(crate) lock: Given<String>,
    pub(crate) fixers: List,
    pub(crate) daemons: Given<Daemons>,
}

/// What becomes of processes that outlive a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Daemons {
    End,
    Keep,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FixTable {
    pub(crate) enabled: Given<bool>,
    pub(crate) on: Given<FixOn>,
    pub(crate) after: Given<Time>,
    pub(crate) attempts: Given<i64>,
    pub(crate) backoff: Given<Time>,
    pub(crate) backoff_max: Given<Time>,
    pub(crate) land: Given<LandMode>,
    pub(crate) isolation: Given<Isolation>,
    pub(crate) protect: List,
    pub(crate) breaker: Option<BreakerTable>,
    pub(crate) planner: Given<Planner>,
    pub(crate) plan_wait: Given<Time>,
    pub(crate) planner_sleep: Given<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BreakerTable {
    pub(crate) failures: Given<i64>,
    pub(crate) window: Given<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsTable {
    pub(crate) running: Given<i64>,
    pub(crate) checks: Given<i64>,
    pub(crate) completed: Given<i64>,
    pub(crate) failed: Given<i64>,
    pub(crate) history: Given<i64>,
    pub(crate) heartbeat: Given<Time>,
    pub(crate) health: Given<Time>,
    pub(crate) stop: Given<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsTable {
    pub(crate) depth: Given<i64>,
    pub(crate) rate: Given<i64>,
    pub(crate) multi_agent: Given<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LanesTable {
    pub(crate) queue: Given<i64>,
    pub(crate) day: Given<i64>,
    pub(crate) issue: Given<i64>,
    pub(crate) session: Given<i64>,
    pub(crate) total: Given<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueTable {
    pub(crate) enabled: Given<bool>,
    pub(crate) stop_on_failure: Given<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceTable {
    pub(crate) copy: List,
    pub(crate) prepare: Given<String>,
    pub(crate) link: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetTable {
    pub(crate) day_usd: Given<Dollars>,
    pub(crate) task_usd: Given<Dollars>,
    pub(crate) day_tokens: Given<i64>,
    pub(crate) task_tokens: Given<i64>,
    pub(crate) warn: Given<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionsTable {
    pub(crate) wait: Given<Time>,
    pub(crate) unattended: Given<Unattended>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentTable {
    pub(crate) kind: Given<AgentKind>,
    pub(crate) program: Given<String>,
    pub(crate) model: Given<String>,
    pub(crate) args: List,
    pub(crate) env: Option<BTreeMap<Spanned<String>, Spanned<String>>>,
    pub(crate) timeout: Given<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleTable {
    pub(crate) purpose: Given<String>,
    pub(crate) agent: Given<String>,
    pub(crate) edits: Given<bool>,
    pub(crate) budget_usd: Given<Dollars>,
    pub(crate) attempts: Given<i64>,
    pub(crate) prompt: Given<String>,
    pub(crate) produces: Given<String>,
    pub(crate) emits: List,
    pub(crate) after_landing: Given<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkflowTable {
    pub(crate) purpose: Given<String>,
    pub(crate) role: Given<String>,
    pub(crate) stages: Given<Vec<Spanned<Stage>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTable {
    pub(crate) event: Given<String>,
    pub(crate) does: Given<RuleDoes>,
    pub(crate) role: Given<String>,
    pub(crate) workflow: Given<String>,
}

/// What a rule does; one that names a role starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RuleDoes {
    Start,
    Complete,
    FileBug,
}

/// Files with the text of each document.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentsTable {
    pub(crate) orchestrator_rules: Given<String>,
    pub(crate) agent_instructions: Given<String>,
    pub(crate) task_execution_patterns: Given<String>,
    pub(crate) code_quality_standards: Given<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyTable {
    pub(crate) allow: List,
    pub(crate) ask: List,
    pub(crate) deny: List,
    pub(crate) database: List,
    pub(crate) delete: Given<Permission>,
    pub(crate) write: List,
    #[serde(default)]
    pub(crate) role: BTreeMap<Spanned<String>, RulesTable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulesTable {
    pub(crate) allow: List,
    pub(crate) ask: List,
    pub(crate) deny: List,
}

/// The keys of an action: one text, or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;
        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = Keys;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key such as \"ctrl+k\", or a list of them")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Keys, E> {
                Ok(Keys(vec![text.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some(key) = list.next_element()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_any(KeysVisitor)
    }
}

/// A span of time, written `"300ms"`, `"2s"`, `"10m"` or `"1h"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

/// Reads a span of time: a number, which may have decimals, and its unit. Exact to the millisecond, at most 100 days.
pub fn parse_time(text: &str) -> Option<Duration> {
    const LONGEST: f64 = 100.0 * 86_400.0;
    let text = text.trim();
    let unit = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let number: f64 = text[..unit].parse().ok()?;
    let seconds = number
        * match text[unit..].trim_start() {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
    let span = (seconds <= LONGEST).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()?;
    Some(Duration::from_millis(u64::try_from(span.as_micros().saturating_add(500) / 1000).ok()?))
}

/// Writes a span of time the way it may be written in a file.
pub(crate) fn write_time(span: Duration) -> String {
    let millis = span.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")] {
        if millis >= unit && millis.is_multiple_of(unit) {
            return format!("{}{name}", millis / unit);
        }
    }
    format!("{millis}ms")
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimeVisitor;
        impl Visitor<'_> for TimeVisitor {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"300ms\", \"2s\", \"10m\" or \"1h\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Time, E> {
                parse_time(text).map(Time).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(TimeVisitor)
    }
}

/// An amount of money, written as a number of dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dollars(pub(crate) Usd);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        Usd::from_dollars(dollars)
            .map(Dollars)
            .ok_or_else(|| D::Error::invalid_value(Unexpected::Float(dollars), &"an amount in dollars such as 1.5"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_with_a_unit() {
        for (text, millis) in [
            ("300ms", 300),
            ("2s", 2000),
            ("1.5s", 1500),
            ("10m", 600_000),
            ("1h", 3_600_000),
            ("0s", 0),
            (" 2 s ", 2000),
        ] {
            assert_eq!(parse_time(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "-1s", "1 hour", "1.2.3s", "1e9h", "999999999999999999999h", "NaNs", "infs", "1s2"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
        for text in ["300ms", "2s", "10m", "1h", "90s", "2d", "0s"] {
            assert_eq!(parse_time(text).map(write_time).as_deref(), Some(text));
        }
    }
}
