//! What a package manager is told to run, and the scripts that a package gives names to.

use serde_json::Value;

use super::glob::fits;
use super::options::takes_next;
use super::word::Word;
use super::wrap::is_option;

/// Package managers that run scripts of `package.json`.
const MANAGERS: [&str; 4] = ["npm", "yarn", "pnpm", "bun"];

/// Options in front of what a manager is told that take a value.
const VALUED: [&str; 11] = [
    "-C",
    "-F",
    "--dir",
    "--prefix",
    "--cwd",
    "--filter",
    "--filter-prod",
    "--workspace",
    "--loglevel",
    "--reporter",
    "--workspace-concurrency",
];

/// Options by which it works in another folder, or in several.
const MOVES: [&str; 13] = [
    "-C",
    "-F",
    "-r",
    "-w",
    "-ws",
    "--dir",
    "--prefix",
    "--cwd",
    "--filter",
    "--filter-prod",
    "--recursive",
    "--workspace",
    "--workspaces",
];

/// Options that change only how it reports.
const QUIET: [&str; 11] = [
    "-s",
    "-q",
    "-y",
    "--silent",
    "--quiet",
    "--yes",
    "--if-present",
    "--no-progress",
    "--offline",
    "--stream",
    "--parallel",
];

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The names of the scripts; a `*` stands for any letters.
    pub(super) names: Vec<String>,
    /// What they are given.
    pub(super) args: Vec<Word>,
    /// Whether they may be those of any package.
    pub(super) wide: bool,
    /// The file that they stand in.
    pub(super) file: &'static str,
}

/// Takes away what stands in front of what a manager is told; whether it then works in another folder.
pub(super) fn stripped(program: &str, args: &[Word]) -> Option<(Vec<Word>, bool)> {
    if !MANAGERS.contains(&program) {
        return None;
    }
    let again = |rest: &[Word]| [&[Word::literal(program)], rest].concat();
    if program == "yarn" && args.first().is_some_and(|word| word.is("workspace")) {
        return args.get(2..).filter(|rest| !rest.is_empty()).map(|rest| (again(rest), true));
    }
    if program == "yarn" && args.first().is_some_and(|word| word.is("workspaces")) {
        let at = args.iter().position(|word| word.is("run") || word.is("exec"))?;
        return Some((again(&args[at..]), true));
    }
    let mut rest = args;
    while let [word, after @ ..] = rest
        && word.text.starts_with('-')
    {
        // With npm a workspace has a name here.
        let takes = takes_next(&word.text, &VALUED) || (program == "npm" && word.is("-w"));
        if !takes && !QUIET.iter().chain(&MOVES).any(|option| is_option(&word.text, option)) {
            return None;
        }
        rest = if takes { after.get(1..)? } else { after };
    }
    let own = &args[..args.len() - rest.len()];
    (!own.is_empty() && !rest.is_empty()).then(|| (again(rest), own.iter().any(moves)))
}

fn moves(word: &Word) -> bool {
    MOVES.iter().any(|option| is_option(&word.text, option))
}

/// Says which scripts a command runs, if it is one that runs some by their name.
pub(super) fn told(program: &str, args: &[Word]) -> Option<Told> {
    let first = args.first()?.text.as_str();
    let file = if program == "composer" { "composer.json" } else { "package.json" };
    let single = |name: &Word, args: &[Word], wide: bool| Told {
        names: vec![name.text.clone()],
        args: args.iter().filter(|arg| !arg.is("--")).cloned().collect(),
        wide,
        file,
    };
    match program {
        "run-s" | "run-p" | "npm-run-all" | "npm-run-all2" | "turbo" | "nx" | "lerna" => {
            // `run-s "build -- --watch"`, `nx run api:build`
            let signs: &[char] = if program == "nx" { &[' ', ':'] } else { &[' '] };
            let words = args.iter().filter(|arg| !arg.text.starts_with('-'));
            let names = words.flat_map(|arg| arg.text.split(signs)).map(str::to_owned).collect();
            let wide = ["turbo", "nx", "lerna"].contains(&program);
            Some(Told { names, args: Vec::new(), wide, file })
        }
        "node" => {
            let at = args.iter().position(|arg| arg.is("--run"))?;
            Some(single(args.get(at + 1)?, args.get(at + 2..).unwrap_or_default(), false))
        }
        "npm" | "yarn" | "pnpm" | "bun" | "composer" => {
            let rest = &args[1..];
            let begins = ["run", "run-script", "rum", "urn"].contains(&first);
            // Behind the name, or behind `--`, nothing is meant for the manager.
            let end = rest.iter().position(|arg| arg.is("--")).filter(|_| program == "npm").unwrap_or(rest.len());
            if !begins {
                let builtin = program == "bun" && ["test", "build", "install", "add", "x", "pm"].contains(&first);
                let is_short = ["npm", "pnpm"].contains(&program) && ["t", "tst"].contains(&first);
                let name = if is_short { Word::literal("test") } else { args[0].clone() };
                let wide = program == "npm" && rest[..end].iter().any(moves);
                return (!builtin && !first.starts_with('-')).then(|| single(&name, rest, wide));
            }
            let mut at = 0;
            while rest.get(at).is_some_and(|word| word.text.starts_with('-')) {
                let word = &rest[at];
                let takes = takes_next(&word.text, &VALUED) || (program == "npm" && word.is("-w"));
                at += 1 + usize::from(takes);
            }
            let name = rest.get(at)?;
            let own = if program == "npm" { &rest[..end] } else { &rest[..at] };
            Some(single(name, &rest[at + 1..], own.iter().any(moves)))
        }
        _ => None,
    }
}

/// Returns the scripts that a package has under these names, with those that run before and after them.
pub(super) fn scripts(told: &Told, text: &str) -> Option<Vec<String>> {
    let package: Value = serde_json::from_str(text).ok()?;
    let Some(all) = package["scripts"].as_object() else { return Some(Vec::new()) };
    let mut found = Vec::new();
    for name in &told.names {
        let around = [format!("pre{name}"), name.clone(), format!("post{name}")];
        for (called, script) in all.iter().filter(|(called, _)| around.iter().any(|name| fits(called, name))) {
            let given = if called == name { told.args.as_slice() } else { &[] };
            let lines = script.as_array().map_or_else(|| vec![script], |lines| lines.iter().collect());
            found.extend(lines.into_iter().filter_map(Value::as_str).map(|line| {
                // `@test`: another one of composer's.
                let line = match line.strip_prefix('@').filter(|_| told.file == "composer.json") {
                    Some(rest) if rest.starts_with("php ") => rest.to_owned(),
                    Some(rest) => format!("composer {rest}"),
                    None => line.to_owned(),
                };
                given.iter().fold(line, |line, word| format!("{line} {}", quoted(&word.text)))
            }));
        }
    }
    Some(found)
}

/// Returns a text as one word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
