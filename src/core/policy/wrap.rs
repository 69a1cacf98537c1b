//! Commands that run other commands: what they run, taken out of their arguments.

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
    /// Several commands, and what it does besides them is its own.
    Each(Vec<Vec<Word>>),
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
        "find" => return find(args),
        "fd" | "fdfind" => {
            let at =
                args.iter().position(|arg| ["-x", "-X", "--exec", "--exec-batch"].iter().any(|option| arg.is(option)));
            return at.map_or(Inner::Nothing, |at| appended(args[at + 1..].to_vec()));
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
            let takes = wrapper.valued.contains(&word.text.as_str());
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
    Inner::Command { assignments, words: rest.to_vec(), more: false, elsewhere: wrapper.elsewhere }
}

fn assignment(word: &Word) -> Option<(String, Word)> {
    let (name, value) = word.text.split_once('=')?;
    let is_name = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') && !name.is_empty();
    let value = if word.known { Word::literal(value) } else { Word::unknown() };
    is_name.then(|| (name.to_owned(), value))
}

fn env(args: &[Word]) -> Inner {
    let (mut assignments, mut rest) = (Vec::new(), args);
    while let [word, after @ ..] = rest {
        let text = word.text.as_str();
        if text == "--" {
            rest = after;
            break;
        }
        if let Some(split) = text.strip_prefix("--split-string=") {
            return Inner::Script {
                text: joined(&[&[Word { text: split.to_owned(), ..word.clone() }], after].concat()),
                elsewhere: false,
            };
        }
        if text.starts_with('-') && !text.starts_with("--") && text.contains('S') {
            let glued = text.split_once('S').map_or("", |(_, glued)| glued);
            let first =
                if glued.is_empty() { Vec::new() } else { vec![Word { text: glued.to_owned(), ..word.clone() }] };
            return Inner::Script { text: joined(&[&first, after].concat()), elsewhere: false };
        }
        if text.starts_with('-') {
            let takes = ["-u", "-C", "--unset", "--chdir"].contains(&text);
            if text == "-C" || text.starts_with("--chdir") {
                // The folder is another one: what is relative then cannot be told.
                assignments.push(("PWD".to_owned(), Word::unknown()));
            }
            rest = if takes { after.get(1..).unwrap_or_default() } else { after };
        } else if let Some(assigned) = assignment(word) {
            assignments.push(assigned);
            rest = after;
        } else {
            break;
        }
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
        let takes = ["-o", "+o", "-O", "+O", "--rcfile", "--init-file"].contains(&text);
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

fn xargs(args: &[Word]) -> Inner {
    let mut rest = args;
    let mut placeholder = None;
    while let [word, after @ ..] = rest {
        let text = word.text.as_str();
        if !text.starts_with('-') {
            break;
        }
        if let Some(glued) = text.strip_prefix("-I").filter(|glued| !glued.is_empty()) {
            placeholder = Some(glued.to_owned());
        }
        let takes = [
            "-I",
            "-n",
            "-P",
            "-L",
            "-d",
            "-s",
            "-E",
            "-a",
            "--max-args",
            "--max-procs",
            "--delimiter",
            "--arg-file",
            "--replace",
        ]
        .contains(&text);
        if text == "-I" {
            placeholder = after.first().map(|word| word.text.clone());
        }
        rest = if takes { after.get(1..).unwrap_or_default() } else { after };
    }
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

fn find(args: &[Word]) -> Inner {
    let mut each = Vec::new();
    let mut at = 0;
    while at < args.len() {
        if ["-exec", "-execdir", "-ok", "-okdir"].iter().any(|option| args[at].is(option)) {
            let rest = &args[at + 1..];
            let end = rest.iter().position(|word| word.is(";") || word.is("+")).unwrap_or(rest.len());
            let hidden = |word: &Word| {
                if word.text.contains("{}") { Word { known: false, ..word.clone() } } else { word.clone() }
            };
            each.push(rest[..end].iter().map(hidden).collect());
            at += end + 1;
        }
        at += 1;
    }
    if each.is_empty() { Inner::Nothing } else { Inner::Each(each) }
}

/// Returns words as one text, as `eval` would.
pub(super) fn joined(words: &[Word]) -> Word {
    let text = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    Word { text, known: words.iter().all(|word| word.known), glob: false, plain: false }
}
