//! Why the service turned an agent away.

use std::time::Duration;

use serde_json::Value;

use crate::edge::agent::plain::one_line;
use crate::model::agent::Trouble;
use crate::model::time::Wall;

/// The longest text of a result that is kept, in characters.
pub(super) const RESULT_CAP: usize = 2_000;

/// Reads why the service turned a request away from the CLI's word for it, or else from the HTTP status.
pub(super) fn trouble(error: Option<&str>, status: Option<u64>, message: &str) -> Option<Trouble> {
    let login = || Some(Trouble::Login { message: one_line(message, RESULT_CAP) });
    match (error, status) {
        (Some("rate_limit"), _) | (_, Some(429)) => Some(Trouble::RateLimit { until: None }),
        (Some("authentication_failed" | "billing_error" | "oauth_org_not_allowed"), _) | (_, Some(401..=403)) => {
            login()
        }
        (Some("overloaded"), _) | (_, Some(503 | 529)) => Some(Trouble::Overloaded),
        _ => None,
    }
}

/// Reads that the CLI tries again: what to say of it, and why it must.
pub(super) fn retry(frame: &Value, now: Wall) -> (String, Option<Trouble>) {
    let status = frame["error_status"].as_u64();
    let wait = Duration::from_millis(frame["retry_delay_ms"].as_f64().map_or(0, whole));
    let error = frame["error"].as_str();
    let told = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let what = format!("{} ({told}), it tries again in {} s", error.unwrap_or("error"), wait.as_secs());
    let trouble = match trouble(error, status, error.unwrap_or_default()) {
        Some(Trouble::RateLimit { .. }) => Some(Trouble::RateLimit { until: Some(now.after(wait)) }),
        other => other,
    };
    (what, trouble)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast to an integer saturates")]
fn whole(number: f64) -> u64 {
    number as u64
}
