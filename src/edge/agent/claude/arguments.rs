//! Which arguments of a user contradict what every run of ours must have; they are refused before anything runs.

use std::path::Path;

use super::settings;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which, by its place in the list.
    pub at: usize,
    /// What is wrong with it.
    pub message: String,
    /// What to do instead.
    pub hint: String,
}

/// Returns what is wrong with a user's arguments; `folder`: where the names of files begin.
pub fn mistakes(args: &[String], folder: &Path) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        let name = arg.split_once('=').map_or(&**arg, |(name, _)| name);
        if let Some((_, why)) = OURS.iter().find(|(names, _)| names.contains(&name)) {
            let message = format!("{name} cannot be given to an agent: {why}");
            mistakes.push(Mistake { at, message, hint: "leave it out".to_owned() });
        }
    }
    for (at, given) in settings::given(args) {
        if let Err(why) = settings::read(given, folder) {
            let message = format!("--settings cannot be read: {why}");
            let hint = "name a file of JSON, or write the JSON itself; it is used together with our own".to_owned();
            mistakes.push(Mistake { at, message, hint });
        }
    }
    mistakes.sort_by_key(|mistake| mistake.at);
    mistakes
}

/// Returns a user's arguments with the names of settings files made absolute: agents run in other folders.
pub fn absolute(args: &[String], folder: &Path) -> Vec<String> {
    let mut args = args.to_vec();
    let files: Vec<(usize, String)> = settings::given(&args)
        .filter(|(_, given)| !settings::is_json(given))
        .map(|(at, given)| (at, folder.join(given).display().to_string()))
        .collect();
    for (at, file) in files {
        let written = if args[at].starts_with("--settings=") { format!("--settings={file}") } else { file };
        args[at] = written;
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(args: &[&str]) -> Vec<(usize, String)> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        mistakes(&args, Path::new("/nowhere")).into_iter().map(|mistake| (mistake.at, mistake.message)).collect()
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

    #[test]
    fn settings_are_found_from_every_folder() {
        let args = ["--settings", "a.json", "--settings={}", "--settings=b.json"].map(str::to_owned);
        let expected = ["--settings", "/p/a.json", "--settings={}", "--settings=/p/b.json"];
        assert_eq!(absolute(&args, Path::new("/p")), expected);
    }
}
