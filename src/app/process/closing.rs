//! What a person is told when a run comes to its end.

use crate::app::answers::report::Reporter;
use crate::core::book::Book;
use crate::core::live::Phase;
use crate::core::supervisor::Supervisor;
use crate::model::id::Space;
use crate::model::task::Task;
use crate::model::time::{Wall, brief};

/// Says what stopping waits for; nothing if it is not stopping.
pub fn stopping(machine: &Supervisor) -> Option<String> {
    let Phase::Stopping { asked, until } = machine.live().phase else { return None };
    let names: Vec<String> = machine.live().attempts.keys().map(ToString::to_string).collect();
    // Not all of `limits.stop`: ending what runs takes time, too.
    let stop = brief(until.since(machine.live().now.moment));
    Some(match (asked, names.is_empty()) {
        (_, true) => "stopping".to_owned(),
        (1, false) => {
            format!("stopping: {} may finish within {stop}; once more, and it is ended now", names.join(", "))
        }
        (_, false) => format!("stopping: ending {}; once more, and nothing is waited for", names.join(", ")),
    })
}

/// Says in one line why the exit code is not 0.
pub fn why_not_green(book: &Book) -> Option<String> {
    let red: Vec<String> =
        book.checks.iter().filter(|(_, status)| !status.is_green()).map(|(key, _)| key.to_string()).collect();
    let open: Vec<String> = book.open().map(|task| format!("{} ({})", task.id, task.state.name())).collect();
    let parts: Vec<String> = [("not green", red), ("open", open)]
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(what, list)| format!("{what}: {}", list.join(", ")))
        .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Returns the statistics as they are printed last.
pub fn statistics(book: &Book, now: Wall) -> String {
    let reason = |_: &Task| String::new();
    Reporter { book, reason: &reason, running: true, now, space: Space::default() }.statistics_text()
}
