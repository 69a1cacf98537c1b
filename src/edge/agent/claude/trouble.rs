//! Why the service turned an agent away.

use crate::edge::agent::plain::one_line;
use crate::model::agent::Trouble;

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
