//! How many files this process may open at a time.

use rustix::process::{Resource, getrlimit};

use super::finding::Finding;

/// The supervisor itself needs some dozens; each check, each agent and each follower of the logs some more.
const NEEDED: u64 = 128;
/// Enough for whatever a screen can show.
const PLENTY: u64 = 512;

/// Looks at the limit.
pub(super) fn probe() -> Finding {
    let Some(limit) = getrlimit(Resource::Nofile).current else {
        return Finding::ok("open files", "as many as there can be");
    };
    let said = format!("{limit} at a time");
    let mend = "`ulimit -n 4096` before it is started (LimitNOFILE= in a service)";
    if limit < NEEDED {
        Finding::fault("open files", format!("only {said}; with checks and agents {NEEDED} are needed"), mend)
    } else if limit < PLENTY {
        Finding::warning("open files", format!("only {said}"), mend)
    } else {
        Finding::ok("open files", said)
    }
}

/// Whether so few files may be open that the probes should not run side by side.
pub(super) fn is_tight() -> bool {
    getrlimit(Resource::Nofile).current.is_some_and(|limit| limit < PLENTY)
}
