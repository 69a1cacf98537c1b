//! Commands that run other commands: what they run, taken out of their arguments.

use super::options::{read_until_operand, takes_next};
use super::word::Word;
use super::wrappers::{WRAPPERS, Wrapper};

/// What a command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inner {
    /// Nothing: it is what it is.
    Nothing,
    /// Another command in its place; `elsewhere`: with other rights, or on another machine.
    Command {
        /// Variables that are set for it.
        assignments: Vec<(String, Word)>,
        /// The program and its arguments.
        words: Vec<Word>,
        /// Whether more arguments come that are not known.
        more: bool,
        /// Whether what runs is not what this machine would run, or not with these rights.
        elsewhere: bool,
    },
    /// A text, as a script of the shell.
    Script {
        /// The text.
        text: Word,
        /// Whether it runs elsewhere.
        elsewhere: bool,
    },
    /// A file, as a script of the shell.
    File(Word),
    /// What it reads, as a script of the shell.
    Input,
    /// Whatever `find` is told to run, and what it does besides is its own.
    Find,
    /// Something that cannot be told; each of these texts may be a script.
    Lost(Vec<Word>),
}

/// Shells of which the language is understood here.
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "mksh", "rbash"];

/// Commands that take command lines as texts among their arguments.
const TAKE_TEXTS: [&str; 22] = [
    "su",
    "runuser",
    "script",
    "flock",
    "tmux",
    "screen",
    "concurrently",
    "nodemon",
    "watchexec",
    "entr",
    "hyperfine",
    "nix-shell",
    "nix",
    "sg",
    "parallel",
    "fish",
    "csh",
    "tcsh",
    "watch",
    "at",
    "expect",
    "bwrap",
];

/// Says what a command runs.
pub(super) fn inner(program: &str, args: &[Word]) -> Inner {
    match program {
        _ if SHELLS.contains(&program) => return shell(args),
        "eval" => return Inner::Script { text: joined(args), elsewhere: false },
        "source" | "." => return args.first().map_or(Inner::Nothing, |file| Inner::File(file.clone())),
        "trap" => {
            return match args.iter().find(|arg| !arg.text.starts_with('-') || arg.text == "-") {
                Some(text) if args.len() > 1 && text.text != "-" => {
                    Inner::Script { text: text.clone(), elsewhere: false }
                }
                Some(_) | None => Inner::Nothing,
            };
        }
        "alias" => {
            let texts = args.iter().filter_map(|arg| arg.text.split_once('='));
            return Inner::Lost(texts.map(|(_, text)| Word::literal(text)).collect());
        }
        "env" => return env(args),
        "xargs" => return xargs(args),
        "find" | "gfind" => return Inner::Find,
        "fd" | "fdfind" => {
            let options = ["-x", "-X", "--exec", "--exec-batch"];
            let glued = |arg: &Word| options[2..].iter().any(|option| arg.text.starts_with(&format!("{option}=")));
            let at = args.iter().position(|arg| glued(arg) || options.iter().any(|option| arg.is(option)));
            let Some(at) = at else { return Inner::Nothing };
            let first = args[at].text.split_once('=').map(|(_, program)| Word::literal(program));
            return appended(first.into_iter().chain(args[at + 1..].iter().cloned()).collect());
        }
        "command" if args.first().is_some_and(|arg| arg.is("-v") || arg.is("-V")) => return Inner::Nothing,
        _ => {}
    }
    if let Some(text) = option_text(program, args) {
        return Inner::Script { text, elsewhere: TAKE_TEXTS.contains(&program) };
    }
    if TAKE_TEXTS.contains(&program) {
        let mut texts: Vec<Word> = args.iter().filter(|arg| !arg.text.starts_with('-')).cloned().collect();
        // Some take the command as words, some after words of their own.
        texts.extend(
            (0..texts.len().min(4))
                .map(|at| joined(&args[args.len() - texts.len().min(args.len()) + at..]))
                .collect::<Vec<_>>(),
        );
        return Inner::Lost(texts);
    }
    wrapped(program, args)
}

/// `npx -c TEXT`, `su -c TEXT`, `nix-shell --run TEXT`, …
fn option_text(program: &str, args: &[Word]) -> Option<Word> {
    let options: &[&str] = match program {
        "su" | "runuser" | "script" | "sg" => &["-c", "--command", "-qc", "-lc"],
        "npx" | "pnpx" => &["-c", "--call"],
        "npm" if args.first().is_some_and(|arg| arg.is("exec") || arg.is("x")) => &["-c", "--call"],
        "nix-shell" => &["--run", "--command"],
        "nodemon" => &["--exec", "-x"],
        "cargo" if args.first().is_some_and(|arg| arg.is("watch")) => &["-s", "--shell"],
        _ => return None,
    };
    let at = args.iter().position(|arg| options.iter().any(|option| arg.is(option)))?;
    args.get(at + 1).cloned()
}

fn wrapped(program: &str, args: &[Word]) -> Inner {
    let fits = |wrapper: &&Wrapper| {
        wrapper.names[0] == program
            && wrapper.names[1..].iter().zip(args).filter(|(name, arg)| arg.is(name)).count() == wrapper.names.len() - 1
    };
    let Some(wrapper) = WRAPPERS.iter().find(fits) else { return Inner::Nothing };
    let mut rest = &args[wrapper.names.len() - 1..];
    let mut own = wrapper.own;
    let mut assignments = Vec::new();
    while let [word, after @ ..] = rest {
        if word.is("--") {
            rest = after;
            if own == 0 {
                break;
            }
        } else if word.text.starts_with('-') {
            let takes = takes_next(&word.text, wrapper.valued);
            rest = if takes { after.get(1..).unwrap_or_default() } else { after };
        } else if ["sudo", "doas", "cross-env"].contains(&program) && assignment(word).is_some() {
            assignments.extend(assignment(word));
            rest = after;
        } else if own > 0 {
            own -= 1;
            rest = after;
        } else {
            break;
        }
    }
    if rest.is_empty() {
        return Inner::Nothing;
    }
    if program == "ssh" {
        // The other side's shell reads them as one line.
        return Inner::Script { text: joined(rest), elsewhere: true };
    }
    Inner::Command { assignments, words: rest.to_vec(), more: false, elsewhere: wrapper.elsewhere }
}

fn assignment(word: &Word) -> Option<(String, Word)> {
    let (name, value) = word.text.split_once('=')?;
    let is_name = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') && !name.is_empty();
    let value = if word.known { Word::literal(value) } else { Word::unknown() };
    is_name.then(|| (name.to_owned(), value))
}

/// Options of env that take a value.
const ENV: [&str; 8] = ["-u", "-C", "-S", "-a", "--unset", "--chdir", "--split-string", "--argv0"];

fn env(args: &[Word]) -> Inner {
    let (given, mut rest) = read_until_operand(args, &ENV);
    if rest.first().is_some_and(|word| word.is("-")) {
        // The old way to write `-i`.
        rest = &rest[1..];
    }
    let texts = given.values(&["-S", "--split-string"]);
    if !texts.is_empty() {
        return Inner::Script { text: joined(&[&texts, rest].concat()), elsewhere: false };
    }
    let mut assignments = Vec::new();
    if !given.values(&["-C", "--chdir"]).is_empty() {
        // The folder is another one: what is relative then cannot be told.
        assignments.push(("PWD".to_owned(), Word::unknown()));
    }
    while let [word, after @ ..] = rest
        && let Some(assigned) = assignment(word)
    {
        assignments.push(assigned);
        rest = after;
    }
    if rest.is_empty() {
        return Inner::Nothing;
    }
    Inner::Command { assignments, words: rest.to_vec(), more: false, elsewhere: false }
}

fn shell(args: &[Word]) -> Inner {
    let mut rest = args;
    let mut takes_text = false;
    while let [word, after @ ..] = rest {
        let text = word.text.as_str();
        if text == "--" || text == "-" {
            rest = after;
            break;
        }
        if !text.starts_with(['-', '+']) || text.len() < 2 {
            break;
        }
        if !text.starts_with("--") && text.contains('c') {
            takes_text = true;
        }
        if !text.starts_with("--") && text.contains('s') {
            return Inner::Input;
        }
        // `-eo pipefail`: the name follows the whole cluster.
        let takes = ["--rcfile", "--init-file"].contains(&text)
            || (!text.starts_with("--") && text.contains(['o', 'O']) && !text.contains("--"));
        rest = if takes { after.get(1..).unwrap_or_default() } else { after };
    }
    match rest {
        [text, ..] if takes_text => Inner::Script { text: text.clone(), elsewhere: false },
        [file, ..] => Inner::File(file.clone()),
        [] if args.iter().any(|arg| arg.is("--version") || arg.is("--help")) => Inner::Nothing,
        [] => Inner::Input,
    }
}

fn appended(words: Vec<Word>) -> Inner {
    if words.is_empty() {
        return Inner::Nothing;
    }
    let words =
        words.into_iter().map(|word| if word.text.contains("{}") { Word { known: false, ..word } } else { word });
    Inner::Command { assignments: Vec::new(), words: words.collect(), more: true, elsewhere: false }
}

/// Options of xargs that take a value.
const XARGS: [&str; 20] = [
    "-I",
    "-n",
    "-P",
    "-L",
    "-d",
    "-s",
    "-E",
    "-a",
    "-i?",
    "-l?",
    "-e?",
    "--max-args",
    "--max-procs",
    "--max-chars",
    "--max-lines?",
    "--delimiter",
    "--arg-file",
    "--replace?",
    "--eof?",
    "--process-slot-var",
];

fn xargs(args: &[Word]) -> Inner {
    let (given, rest) = read_until_operand(args, &XARGS);
    let named = given.values(&["-I", "-i?", "--replace?"]).first().map(|word| word.text.clone());
    let plain = given.has(&["-i", "--replace"]).then(|| "{}".to_owned());
    let placeholder = named.or(plain);
    let hidden = |word: &Word| match &placeholder {
        Some(placeholder) if word.text.contains(placeholder.as_str()) => {
            Word { known: false, text: word.text.replace(placeholder.as_str(), "…"), ..word.clone() }
        }
        Some(_) | None => word.clone(),
    };
    let words: Vec<Word> = rest.iter().map(hidden).collect();
    if words.is_empty() {
        return Inner::Nothing;
    }
    Inner::Command { assignments: Vec::new(), words, more: placeholder.is_none(), elsewhere: false }
}

/// Returns words as one text, as `eval` would.
pub(super) fn joined(words: &[Word]) -> Word {
    let text = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    Word { text, known: words.iter().all(|word| word.known), glob: false, plain: false }
}
