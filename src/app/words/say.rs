//! The one door by which words leave for a person: nothing that an agent, a tool or a file wrote steers their terminal.

use std::borrow::Cow;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use serde_json::Value;

use crate::model::plain;

/// Takes the last line on standard error back.
const CLEAR: &str = "\r\x1b[2K";

/// In which folder the project is that this process speaks of, if it is another one than around the current folder.
static ELSEWHERE: RwLock<Option<String>> = RwLock::new(None);

/// Verbs that are named with the number of what they concern, without the program's name.
const HINTED: [&str; 12] =
    ["answer", "approve", "decline", "event", "fix", "kill", "land", "message", "refuse", "retry", "show", "undo"];

/// From now on this process speaks of the project in another folder.
pub fn speak_of(folder: &Path) {
    let folder = folder.display().to_string();
    let quoted = shlex::try_quote(&folder).map_or_else(|_| folder.clone(), Cow::into_owned);
    *ELSEWHERE.write().unwrap_or_else(PoisonError::into_inner) = Some(quoted);
}

/// Returns a text in which the commands name the folder that they are about, so that they mean it wherever they are typed.
pub fn aimed(text: &str) -> Cow<'_, str> {
    let folder = ELSEWHERE.read().unwrap_or_else(PoisonError::into_inner);
    folder.as_ref().map_or(Cow::Borrowed(text), |folder| Cow::Owned(aim(text, folder)))
}

fn aim(text: &str, folder: &str) -> String {
    let aimed = |(at, piece): (usize, &str)| {
        // What stands between two backquotes.
        let is_code = at % 2 == 1;
        let rest = piece.strip_prefix("orchestrator-tui").filter(|rest| rest.is_empty() || rest.starts_with(' '));
        let is_short = || {
            let (verb, number) = piece.split_once(' ').unwrap_or((piece, ""));
            HINTED.contains(&verb) && number.starts_with(|digit: char| digit.is_ascii_digit())
        };
        match rest {
            Some(rest) if is_code && !rest.starts_with(" -C ") => format!("orchestrator-tui -C {folder}{rest}"),
            None if is_code && is_short() => format!("orchestrator-tui -C {folder} {piece}"),
            Some(_) | None => piece.to_owned(),
        }
    };
    text.split('`').enumerate().map(aimed).collect::<Vec<_>>().join("`")
}

/// Whether anything was written to standard output.
static SPOKEN: AtomicBool = AtomicBool::new(false);

/// Whether this process has [said](say) anything on standard output.
pub fn has_spoken() -> bool {
    SPOKEN.load(Ordering::Relaxed)
}

/// Writes lines to standard output; a reader that has gone is no error.
pub fn say(text: &str) {
    SPOKEN.store(true, Ordering::Relaxed);
    // JSON is for programs, which get each text as it is.
    let text = if text.starts_with(['{', '[']) { Cow::Borrowed(text) } else { aimed(text) };
    let _ = writeln!(std::io::stdout().lock(), "{}", plain::text(&text));
}

/// Complains on standard error; if that cannot be read either, there is nobody to tell.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "orchestrator-tui: {}", plain::text(&aimed(text)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_the_folder_that_they_are_about() {
        for (text, aimed) in [
            (
                "`orchestrator-tui approve 1` starts them, `decline 1` does not",
                "`orchestrator-tui -C /a approve 1` starts them, `orchestrator-tui -C /a decline 1` does not",
            ),
            ("`orchestrator-tui` shows it", "`orchestrator-tui -C /a` shows it"),
            ("`orchestrator-tui -C /b trust` first", "`orchestrator-tui -C /b trust` first"),
            ("`land mines` and show 1 of `status`", "`land mines` and show 1 of `status`"),
        ] {
            assert_eq!(aim(text, "/a"), aimed);
        }
    }
}
