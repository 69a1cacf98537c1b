//! What the configuration promises.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

mod bad;
mod layers;
mod project;
mod projects;
mod roles;
mod safety;
mod screen;
mod support;
mod trust;
