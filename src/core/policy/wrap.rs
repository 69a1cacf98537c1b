//! Commands that run other commands: what they run, taken out of their arguments.

use std::collections::BTreeMap;

use super::options::{read_until_operand, takes_next};
use super::packages::stripped;
use super::word::Word;
pub(super) use super::wrappers::Runs;
use super::wrappers::{WRAPPERS, Wrapper};

/// What a command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inner {
    /// Nothing: it is what it is.
    Nothing,
    /// Another command in its place.
    Command {
        /// Variables that are set for it.
        assignments: Vec<(String, Word)>,
        /// The program and its arguments.
        words: Vec<Word>,
        /// Whether more arguments come that are not known.
        more: bool,
        /// Where it is found, and runs.
        place: Runs,
    },
    /// A text, as a script of the shell.
    Script {
        /// The text.
        text: Word,
        /// What follows it: `$0`, `$1`, …
        given: Vec<Word>,
        /// Whether it runs elsewhere.
        elsewhere: bool,
    },
    /// A file, as a script of the shell.
    File(Word),
    /// What it reads, as a script of the shell.
    Input {
        /// Whether it runs later, and elsewhere.
        elsewhere: bool,
    },
    /// Whatever `find` is told to run, and what it does besides is its own.
    Find,
    /// Something that cannot be told; each of these texts may be a script.
    Lost(Vec<Word>),
}

/// Shells of which the language is understood here.
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "mksh", "rbash"];

/// Commands that take command lines as texts among their arguments.
const TAKE_TEXTS: [&str; 21] = [
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
    "expect",
    "bwrap",
];

/// Says what a command runs.
pub(super) fn inner(program: &str, args: &[Word]) -> Inner {
    match program {
        _ if SHELLS.contains(&program) => return shell(args),
        "eval" => return script(joined(args), false),
        // What they read runs when nobody watches any more.
        "at" | "batch" => {
            let file = args.iter().position(|arg| arg.is("-f")).and_then(|at| args.get(at + 1));
            return file.map_or(Inner::Input { elsewhere: true }, |file| Inner::Lost(vec![file.clone()]));
        }
        "source" | "." => return args.first().map_or(Inner::Nothing, |file| Inner::File(file.clone())),
        "trap" => {
            return match args.iter().find(|arg| !arg.text.starts_with('-') || arg.text == "-") {
                Some(text) if args.len() > 1 && text.text != "-" => script(text.clone(), false),
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
        return script(text, TAKE_TEXTS.contains(&program));
    }
    if let Some((words, moved)) = stripped(program, args) {
        return Inner::Command { assignments: elsewhere(moved), words, more: false, place: Runs::Here };
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

fn script(text: Word, elsewhere: bool) -> Inner {
    Inner::Script { text, given: Vec::new(), elsewhere }
}

/// Says that the folder is another one: what is relative then cannot be told.
fn elsewhere(moved: bool) -> Vec<(String, Word)> {
    if moved { vec![("PWD".to_owned(), Word::unknown())] } else { Vec::new() }
}

/// Returns what follows the words that make a wrapper; options may stand before and between them.
fn after_names<'a>(wrapper: &Wrapper, args: &'a [Word]) -> Option<&'a [Word]> {
    let mut rest = args;
    for name in &wrapper.names[1..] {
        loop {
            let (word, after) = rest.split_first()?;
            rest = after;
            if word.is(name) {
                break;
            }
            if !word.text.starts_with('-') {
                return None;
            }
            if takes_next(&word.text, wrapper.valued) {
                rest = rest.get(1..)?;
            }
        }
    }
    Some(rest)
}

fn wrapped(program: &str, args: &[Word]) -> Inner {
    let mut named = WRAPPERS.iter().filter(|wrapper| wrapper.names[0] == program);
    let Some((wrapper, mut rest)) = named.find_map(|wrapper| Some((wrapper, after_names(wrapper, args)?))) else {
        return Inner::Nothing;
    };
    // `mise exec node@20 -- COMMAND`
    if let Some(at) = rest.iter().position(|word| word.is("--")).filter(|_| program == "mise") {
        rest = &rest[at..];
    }
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
        return script(joined(rest), true);
    }
    let own = &args[..args.len() - rest.len()];
    let chooses = |arg: &Word| wrapper.moves.iter().any(|option| is_option(&arg.text, option));
    assignments.extend(elsewhere(own.iter().any(chooses) || wrapper.moves.contains(&program)));
    Inner::Command { assignments, words: rest.to_vec(), more: false, place: wrapper.place }
}

/// Whether a word is an option, perhaps with its value glued to it.
pub(super) fn is_option(text: &str, option: &str) -> bool {
    let is_glued =
        |rest: &str| rest.is_empty() || rest.starts_with('=') || (option.len() == 2 && !text.starts_with("--"));
    text.strip_prefix(option).is_some_and(is_glued)
}

/// Returns the variables that hold what a script was given: `0`, `1`, … as far as they are known, and `@` if that is all.
pub(super) fn positional(given: &[Word], more: bool) -> BTreeMap<String, String> {
    let known: Vec<&Word> = given.iter().take_while(|word| word.known && !word.glob).collect();
    let is_all = known.len() == given.len() && !more && !given.is_empty();
    let numbered = known.iter().enumerate().map(|(number, word)| (number.to_string(), word.text.clone()));
    numbered.chain(is_all.then(|| ("@".to_owned(), String::new()))).collect()
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
        return script(joined(&[&texts, rest].concat()), false);
    }
    let mut assignments = elsewhere(!given.values(&["-C", "--chdir"]).is_empty());
    while let [word, after @ ..] = rest
        && let Some(assigned) = assignment(word)
    {
        assignments.push(assigned);
        rest = after;
    }
    if rest.is_empty() {
        return Inner::Nothing;
    }
    Inner::Command { assignments, words: rest.to_vec(), more: false, place: Runs::Here }
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
            return Inner::Input { elsewhere: false };
        }
        // `-eo pipefail`: the name follows the whole cluster.
        let takes = ["--rcfile", "--init-file"].contains(&text)
            || (!text.starts_with("--") && text.contains(['o', 'O']) && !text.contains("--"));
        rest = if takes { after.get(1..).unwrap_or_default() } else { after };
    }
    match rest {
        [text, given @ ..] if takes_text => {
            // A script may change what it was given.
            let changes = ["shift", "set", "eval"].iter().any(|word| text.text.contains(word));
            let given = if changes { Vec::new() } else { given.to_vec() };
            Inner::Script { text: text.clone(), given, elsewhere: false }
        }
        [file, ..] => Inner::File(file.clone()),
        [] if args.iter().any(|arg| arg.is("--version") || arg.is("--help")) => Inner::Nothing,
        [] => Inner::Input { elsewhere: false },
    }
}

fn appended(words: Vec<Word>) -> Inner {
    if words.is_empty() {
        return Inner::Nothing;
    }
    let words =
        words.into_iter().map(|word| if word.text.contains("{}") { Word { known: false, ..word } } else { word });
    Inner::Command { assignments: Vec::new(), words: words.collect(), more: true, place: Runs::Here }
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
    Inner::Command { assignments: Vec::new(), words, more: placeholder.is_none(), place: Runs::Here }
}

/// Returns words as one text, as `eval` would.
pub(super) fn joined(words: &[Word]) -> Word {
    let text = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    Word { text, known: words.iter().all(|word| word.known), ..Word::default() }
}
