//! What the processes of sessions may ask of the supervisor that runs them; all else is a person's.

use std::path::Path;

use crate::app::failure::Failure;
use crate::app::project::mark::{mark_of, mark_of_root};
use crate::edge::control::{Caller, Doorkeeper};
use crate::edge::session;
use crate::edge::store::Layout;
use crate::model::session::Stranger;

/// One thing that they may ask for.
struct Open {
    method: &'static str,
    /// Below `/api/v1/`.
    path: &'static str,
    /// Whether only about their own session, which the body names as `session`.
    own: bool,
    /// Why it must be so, or does no harm.
    why: &'static str,
}

/// The only things that they may ask for: an agent, or a test that it runs, must not answer for a person, and not read
/// what others were asked and said. Which task an event is from is known by the caller, not by what it says.
const OPEN: [Open; 4] = [
    Open { method: "POST", path: "commands/emit", own: false, why: "agents report events of their task" },
    Open { method: "POST", path: "commands/planner-hook", own: true, why: "the planner's hooks tell what it does" },
    Open { method: "GET", path: "health/last", own: false, why: "whether a supervisor is there" },
    Open { method: "GET", path: "costs", own: false, why: "numbers only" },
];

/// What commands are called in a sentence; others than these there are not.
const COMMANDS: [(&str, &str); 29] = [
    ("agree", "say what lands by itself"),
    ("answer", "answer"),
    ("approve", "approve a plan"),
    ("begin", "start a session"),
    ("changed", "report changes"),
    ("check", "start the checks"),
    ("decline", "refuse a plan"),
    ("emit", "report an event"),
    ("file", "file tasks"),
    ("fix", "start a fix"),
    ("hold", "hold a task"),
    ("kill", "end a task"),
    ("land", "land"),
    ("lane", "steer a queue"),
    ("leave", "take leave"),
    ("lesson", "drop a lesson"),
    ("message", "speak to an agent"),
    ("orchestrate", "orchestrate"),
    ("pause", "pause"),
    ("planner-hook", "speak for the planner"),
    ("quit", "stop it"),
    ("raise", "raise the budget"),
    ("refuse", "refuse a result"),
    ("reload", "read the configuration again"),
    ("resume", "let it go on"),
    ("retry", "try a task again"),
    ("snooze", "snooze a check"),
    ("undo", "undo"),
    ("unsnooze", "end a snooze"),
];

/// Tells the processes of sessions by their marks and their descent.
pub struct Concierge {
    /// What marks this project's sessions.
    mark: String,
    /// The sessions that this supervisor itself runs in: what surrounds it as well as its callers tells nothing.
    around: Vec<String>,
}

impl Concierge {
    /// Makes one for the project with this mark.
    pub fn new(mark: &str) -> Self {
        let own = i32::try_from(std::process::id()).ok();
        Self { mark: mark.to_owned(), around: own.and_then(session::marks_above).unwrap_or_default() }
    }

    fn judge(&self, marks: &[String]) -> Caller {
        let theirs = || marks.iter().filter(|marked| !self.around.contains(marked));
        match theirs().find_map(|marked| session::session_in(marked, &self.mark)) {
            Some(session) => Caller::Stranger(Stranger::Session(session)),
            None if theirs().next().is_some() => Caller::Stranger(Stranger::Elsewhere),
            None => Caller::Person,
        }
    }
}

impl Doorkeeper for Concierge {
    fn who(&self, pid: Option<i32>) -> Caller {
        let marks = pid.and_then(session::marks_above);
        marks.map_or(Caller::Stranger(Stranger::Unknown), |marks| self.judge(&marks))
    }

    fn admits(&self, caller: Caller, method: &str, path: &str) -> bool {
        caller == Caller::Person || OPEN.iter().any(|open| open.method == method && open.path == path)
    }
}

/// Refuses what only a person may do also where no supervisor is there to be asked.
///
/// # Errors
/// If this process belongs to a session of the project.
pub fn only_for_a_person(layout: &Layout, deed: &str) -> Result<(), Failure> {
    let own = i32::try_from(std::process::id()).ok();
    let marks = own.and_then(session::marks_above).unwrap_or_default();
    let mark = mark_of(layout);
    if marks.iter().any(|marked| session::session_in(marked, &mark).is_some()) {
        return Err(Failure::refused(format!(
            "this process belongs to a session of this project; only a person's process may {deed}"
        )));
    }
    Ok(())
}

/// Refuses what goes beyond a project to every process of a session, of whatever project: who works in one must not clone
/// for others, or look into them. That their supervisors are not spoken to, those see to themselves.
///
/// # Errors
/// If this process belongs to a session of a project whose state lies below `state_root`.
pub fn not_from_a_session(state_root: &Path, deed: &str) -> Result<(), Failure> {
    let own = i32::try_from(std::process::id()).ok();
    let marks = own.and_then(session::marks_above).unwrap_or_default();
    // None of a session elsewhere: this program is worked on in sessions of its own.
    let projects = || std::fs::read_dir(state_root).into_iter().flatten().flatten();
    let is_ours = |marked: &String| {
        projects().any(|project| session::session_in(marked, &mark_of_root(&project.path())).is_some())
    };
    if marks.iter().any(is_ours) {
        return Err(Failure::refused(format!(
            "this process belongs to a session of a project; only a person's process may {deed}"
        )));
    }
    Ok(())
}

/// Whether a command that is open to this caller names another session than the caller's own.
pub fn is_for_another(caller: Caller, name: &str, body: &serde_json::Value) -> Option<Stranger> {
    let Caller::Stranger(stranger) = caller else { return None };
    let own = OPEN.iter().any(|open| open.own && open.path.strip_prefix("commands/") == Some(name));
    let named = body["session"].as_u64();
    let is_own = matches!(stranger, Stranger::Session(session) if Some(session.0) == named);
    (own && !is_own).then_some(stranger)
}

/// Says what was asked for, as in "only a person may …".
pub fn deed(method: &str, path: &str) -> String {
    let mut parts = path.split(['/', '?']);
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match (method, first) {
        ("POST", "commands") => {
            let known = COMMANDS.iter().find(|(name, _)| *name == second);
            known.map_or("give orders", |(_, deed)| deed).to_owned()
        }
        ("POST", _) => "report changes".to_owned(),
        (_, "sessions") => "use the terminals of sessions".to_owned(),
        (_, "view" | "facts" | "questions" | "status" | "tasks" | "detail" | "health" | "statistics") => {
            format!("read {first}")
        }
        _ => "read this".to_owned(),
    }
}

/// Says what they may ask for, as a hint to those who were refused something else.
pub fn what_is_open() -> String {
    let rows = OPEN.iter().map(|open| format!("{} {} ({})", open.method, open.path, open.why));
    format!("a person may in a terminal of their own; a session may {}", rows.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::id::SessionId;

    const OURS: Caller = Caller::Stranger(Stranger::Session(SessionId(7)));

    fn concierge() -> Concierge {
        Concierge { mark: "m".to_owned(), around: vec!["outer/3".to_owned()] }
    }

    #[test]
    fn the_innermost_session_counts_and_what_surrounds_both_does_not() {
        let judge = |marks: &[&str]| concierge().judge(&marks.iter().map(|&mark| mark.to_owned()).collect::<Vec<_>>());
        assert_eq!(judge(&[]), Caller::Person);
        assert_eq!(judge(&["outer/3"]), Caller::Person);
        assert_eq!(judge(&["m/7", "outer/3"]), OURS);
        assert_eq!(judge(&["other/1", "m/7"]), OURS);
        assert_eq!(judge(&["mm/7"]), Caller::Stranger(Stranger::Elsewhere));
        assert_eq!(judge(&["outer/4"]), Caller::Stranger(Stranger::Elsewhere));
        assert_eq!(concierge().who(None), Caller::Stranger(Stranger::Unknown));
    }

    #[test]
    fn only_what_is_listed_is_open() {
        let may = |caller: Caller, method: &str, path: &str| concierge().admits(caller, method, path);
        for (name, _) in COMMANDS {
            let path = format!("commands/{name}");
            assert!(may(Caller::Person, "POST", &path));
            assert_eq!(may(OURS, "POST", &path), ["emit", "planner-hook"].contains(&name), "{name}");
        }
        for path in ["questions", "view", "facts", "detail/1", "tasks/1", "sessions/7/attach", "costs/", "//costs"] {
            assert!(!may(OURS, "GET", path) && !may(Caller::Stranger(Stranger::Unknown), "GET", path), "{path}");
        }
        assert!(may(OURS, "GET", "costs") && !may(OURS, "POST", "costs") && !may(OURS, "POST", "events"));
    }

    #[test]
    fn a_session_speaks_only_for_itself() {
        let other = |caller, session: u64| is_for_another(caller, "planner-hook", &json!({ "session": session }));
        assert_eq!(other(OURS, 7), None);
        assert_eq!(other(OURS, 8), Some(Stranger::Session(SessionId(7))));
        assert_eq!(other(Caller::Person, 8), None);
        assert_eq!(
            is_for_another(Caller::Stranger(Stranger::Unknown), "planner-hook", &json!({})),
            Some(Stranger::Unknown)
        );
    }
}
