//! Which arguments of a user contradict what every run of ours must have; they are refused before anything runs.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Options that are ours, and why.
const OURS: [(&[&str], &str); 7] = [
    (
        &["--permission-mode", "--dangerously-skip-permissions", "--allow-dangerously-skip-permissions"],
        "the mode is ours: a fixer edits its workspace, a planner only plans; what may run without asking stands in [policy]",
    ),
    (&["--permission-prompt-tool", "--permission-prompts"], "its questions come to the inbox of orchestrator-tui"),
    (&["--bare", "--safe-mode"], "it takes away the hooks by which the safety rules hold"),
    (&["-p", "--print", "--input-format", "--output-format"], "how it is spoken to is ours"),
    (
        &["--session-id", "-r", "--resume", "-c", "--continue", "--fork-session"],
        "which conversation goes on where is ours",
    ),
    (&["--bg", "--tmux"], "it would run where nobody sees it"),
    (&["-w", "--worktree"], "where it works is ours"),
];

/// One argument that cannot stay.
pub(crate) struct Mistake {
    /// Which, by its place in the list.
    pub(crate) at: usize,
    /// What is wrong with it.
    pub(crate) message: String,
    /// What to do instead.
    pub(crate) hint: &'static str,
}

/// Puts what settings files say in the place of their names, so that it can be merged with ours; returns what is wrong with
/// the arguments. `folder`: where the names of files begin.
pub(crate) fn take(args: &mut [String], folder: &Path) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut is_value = false;
    for (at, arg) in args.iter_mut().enumerate() {
        let (name, value) = arg.split_once('=').map_or((&**arg, None), |(name, value)| (name, Some(value)));
        let given = if std::mem::replace(&mut is_value, false) {
            Some((&**arg, ""))
        } else if name == "--settings" {
            is_value = value.is_none();
            value.map(|value| (value, "--settings="))
        } else {
            if let Some((_, why)) = OURS.iter().find(|(names, _)| names.contains(&name)) {
                let message = format!("{name} cannot be given to an agent: {why}");
                mistakes.push(Mistake { at, message, hint: "leave it out" });
            }
            None
        };
        match given.map(|(given, prefix)| read(given, folder).map(|settings| format!("{prefix}{settings}"))) {
            Some(Ok(settings)) => *arg = settings,
            Some(Err(why)) => {
                let message = format!("--settings cannot be read: {why}");
                let hint = "name a file of JSON, or write the JSON itself; it is used together with our own";
                mistakes.push(Mistake { at, message, hint });
            }
            None => {}
        }
    }
    if is_value {
        let (at, message) = (args.len() - 1, "--settings names no settings".to_owned());
        mistakes.push(Mistake { at, message, hint: "name a file of JSON, or leave it out" });
    }
    mistakes
}

/// Reads settings: JSON itself, or the name of a file with it.
fn read(given: &str, folder: &Path) -> Result<Value, String> {
    let (name, text) = if given.trim_start().starts_with(['{', '[']) {
        ("it".to_owned(), given.to_owned())
    } else {
        let file = folder.join(given);
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        (file.display().to_string(), text)
    };
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("{name} is no JSON: {error}"))?;
    if value.is_object() { Ok(value) } else { Err(format!("{name} is no JSON object")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(args: &[&str]) -> Vec<(usize, String)> {
        let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        take(&mut args, Path::new("/nowhere")).into_iter().map(|mistake| (mistake.at, mistake.message)).collect()
    }

    #[test]
    fn what_contradicts_ours_is_refused_and_the_rest_is_not() {
        assert_eq!(wrong(&["npx", "--effort", "high", "--settings", "{\"model\":\"x\"}", "--add-dir", "/x"]), []);
        for (args, at) in [
            (&["--permission-mode", "acceptEdits"][..], 0),
            (&["--effort", "high", "--permission-mode=plan"], 2),
            (&["--dangerously-skip-permissions"], 0),
            (&["-x", "--bare"], 1),
            (&["--settings", "gone.json"], 1),
            (&["--settings=[]"], 0),
            (&["--settings", "{"], 1),
            (&["--settings"], 0),
        ] {
            let wrong = wrong(args);
            assert!(wrong.len() == 1 && wrong[0].0 == at, "{args:?}: {wrong:?}");
        }
    }
}
