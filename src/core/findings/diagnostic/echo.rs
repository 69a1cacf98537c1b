//! Lines that say that something failed, not what.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{Claims, Found, Report, Strength};
use crate::core::findings::place::Files;

/// Phrases of build tools and package managers about a step that failed.
const PHRASES: [&str; 20] = [
    "error: could not compile",
    "error: aborting due to",
    "error: test failed, to rerun",
    "error: doctest failed, to rerun",
    "error: test run failed",
    "error: build failed",
    "error: process didn't exit successfully",
    "warning: build failed",
    "npm ERR!",
    "npm error",
    "npm notice",
    "error Command failed",
    "info Visit https://yarnpkg.com",
    "ELIFECYCLE",
    "collect2: error: ld returned",
    "clang: error: linker command failed",
    "exit status ",
    "error: Recipe ",
    "ninja: build stopped",
    "Found ",
];

/// Whether a line only repeats that something failed.
pub(in crate::core::findings) fn is_echo(line: &str) -> bool {
    let text = line.trim_start();
    PHRASES.iter().any(|phrase| text.starts_with(phrase))
        || step(text).is_some()
        || (text.starts_with("error: ") && text.ends_with(" targets failed:"))
        || text.starts_with("===")
        || text.starts_with("---")
}

/// Reads the steps of make and just that failed.
pub(in crate::core::findings) fn read(output: &Output, _: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    for (index, line) in output.lines().filter(|(index, _)| !claims.has(*index)) {
        if let Some(id) = step(line) {
            report.found.push(Found::new(id, None, index..index + 1).with(Strength::Echo));
        }
    }
    report
}

/// Reads `make: *** [Makefile:3: test] Error 1`, without the line.
fn step(line: &str) -> Option<String> {
    let (program, rest) = line.split_once(": *** ")?;
    if !program.starts_with("make") && !program.starts_with("gmake") {
        return None;
    }
    let Some((target, error)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return Some(format!("make: {rest}"));
    };
    let target = target.rsplit(": ").next().unwrap_or(target);
    Some(format!("make: {target}:{error}"))
}
