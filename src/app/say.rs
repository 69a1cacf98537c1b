//! The one door by which words leave for a person: nothing that an agent, a tool or a file wrote steers their terminal.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::model::plain;

/// Takes the last line on standard error back.
const CLEAR: &str = "\r\x1b[2K";

/// Whether anything was written to standard output.
static SPOKEN: AtomicBool = AtomicBool::new(false);

/// Whether this process has [said](say) anything on standard output.
pub fn has_spoken() -> bool {
    SPOKEN.load(Ordering::Relaxed)
}

/// Writes lines to standard output; a reader that has gone is no error.
pub fn say(text: &str) {
    SPOKEN.store(true, Ordering::Relaxed);
    let _ = writeln!(std::io::stdout().lock(), "{}", plain::text(text));
}

/// Complains on standard error; if that cannot be read either, there is nobody to tell.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "orchestrator-tui: {}", plain::text(text));
}

/// Writes a line to standard error, as what is only news.
pub fn news(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", plain::text(text));
}

/// Shows a line on the terminal of standard error in the place of the one that was shown there before; it stays if it is
/// `whole`, else the next one takes its place.
pub fn over(text: &str, whole: bool) {
    let mut out = std::io::stderr().lock();
    let end = if whole { "\n" } else { "" };
    let _ = write!(out, "{CLEAR}{}{end}", plain::row(text)).and_then(|()| out.flush());
}

/// Asks on standard error, and leaves the cursor behind the question.
pub fn ask(question: &str) {
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "{}", plain::text(question)).and_then(|()| out.flush());
}

/// Writes a program for another program to standard output, byte for byte.
pub fn script(bytes: &[u8]) {
    let _ = std::io::stdout().lock().write_all(bytes);
}

/// Writes JSON in one line.
pub fn compact(value: &Value) -> String {
    plain::json(&value.to_string()).into_owned()
}

/// Writes JSON for a person to read as well.
pub fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    plain::json(&text).into_owned()
}
