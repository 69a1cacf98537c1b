//! What the watcher promises, on real files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

mod degraded;
mod files;
mod seen;
