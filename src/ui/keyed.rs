//! Says keys instead of commands: what one would type in a shell is one key on the screen.

use super::action::Action;
use super::state::State;
use super::widget::plain;

/// How a command for a shell begins.
const COMMAND: &str = "`orchestrator-tui ";

/// Returns a text with the keys that do what its commands would; what has no key here is left out with its clause.
pub(super) fn keyed(state: &State, text: &str) -> String {
    if !text.contains(COMMAND) {
        return plain(text);
    }
    let mut clauses: Vec<String> = Vec::new();
    for clause in text.split("; ") {
        let Some((before, rest)) = clause.split_once(COMMAND) else {
            clauses.push(clause.to_owned());
            continue;
        };
        let (command, after) = rest.split_once('`').unwrap_or((rest, ""));
        if let Some(action) = action(command.split(' ').next().unwrap_or_default()) {
            clauses.push(format!("{before}{}{after}", state.keymap.key_of(action)));
        } else {
            // What stands before it may say something by itself.
            let before = before.trim_end_matches([' ', ',', ':']).trim_end_matches(", then").trim_end();
            clauses.extend((!before.is_empty()).then(|| before.to_owned()));
        }
    }
    plain(&clauses.join("; "))
}

/// Returns the action that does what a verb of the command line does.
fn action(verb: &str) -> Option<Action> {
    Some(match verb {
        "fix" => Action::Fix,
        "retry" => Action::Retry,
        "kill" => Action::Kill,
        "undo" => Action::Undo,
        "land" => Action::Land,
        "refuse" => Action::Refuse,
        "hold" => Action::Hold,
        "snooze" => Action::Snooze,
        "pause" | "resume" => Action::Pause,
        "check" => Action::Check,
        "show" => Action::Open,
        "health" | "status" => Action::Health,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Wall;

    #[test]
    fn commands_become_keys_and_what_has_none_is_left_out() {
        let state = State::new("p", (80, 24), Wall(0));
        for (text, said) in [
            ("#3 is held; `orchestrator-tui fix 3` starts it", "#3 is held; f starts it"),
            (
                "not logged in: run `claude` and `/login`, then `orchestrator-tui resume`",
                "not logged in: run `claude` and `/login`, then P",
            ),
            ("there is no task #9; `orchestrator-tui tasks` lists them", "there is no task #9"),
            ("`sudo sysctl x=1` mends it; more", "`sudo sysctl x=1` mends it; more"),
        ] {
            assert_eq!(keyed(&state, text), said);
        }
    }
}
