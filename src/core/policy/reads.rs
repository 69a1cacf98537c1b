//! Which commands only read: a table, and the options that make an exception of some.

use super::files::only_replaces;
use super::word::Word;

/// A program that only reads, if none of `refused` is among its arguments.
struct Reader {
    program: &'static str,
    /// Options that write, run something or never end: exact, as `--long=…`, or a letter in a cluster (`-i`).
    refused: &'static [&'static str],
    /// Whether the first operand is a pattern or a program text and not a path.
    pattern_first: bool,
}

const fn reader(program: &'static str) -> Reader {
    Reader { program, refused: &[], pattern_first: false }
}

const fn but(program: &'static str, refused: &'static [&'static str]) -> Reader {
    Reader { program, refused, pattern_first: false }
}

const fn searcher(program: &'static str, refused: &'static [&'static str]) -> Reader {
    Reader { program, refused, pattern_first: true }
}

/// Programs that only read. Not here on purpose: `awk` (can run programs), `env` and `jq` (show the environment, with
/// its secrets), `less`.
const READERS: [Reader; 33] = [
    reader("basename"),
    reader("cat"),
    reader("cmp"),
    reader("column"),
    reader("comm"),
    reader("cut"),
    reader("date"),
    reader("diff"),
    reader("dirname"),
    reader("du"),
    searcher("egrep", &["-f", "--file"]),
    searcher("fgrep", &["-f", "--file"]),
    but("file", &["-C", "--compile"]),
    searcher("grep", &["-f", "--file"]),
    reader("head"),
    reader("ls"),
    reader("md5sum"),
    reader("nl"),
    reader("pwd"),
    reader("readlink"),
    reader("realpath"),
    searcher("rg", &["-f", "--file", "--pre", "--hostname-bin"]),
    reader("sha256sum"),
    but("sort", &["-o", "--output", "--compress-program"]),
    reader("stat"),
    but("tail", &["-f", "-F", "--follow", "--retry"]),
    searcher("tr", &[]),
    but("tree", &["-o", "-R"]),
    reader("uname"),
    reader("wc"),
    reader("which"),
    reader("whoami"),
    reader("type"),
];

/// Programs for which it makes no difference what they are given.
pub(super) const HARMLESS: [&str; 17] = [
    "echo", "printf", "true", "false", ":", "sleep", "exit", "return", "break", "continue", "[[", "[", "test", "let",
    "shift", "wait", "set",
];

/// What `find` must not do; the rest of its tests and actions only read.
const FIND_REFUSED: [&str; 8] = ["-delete", "-exec", "-execdir", "-ok", "-okdir", "-fls", "-fprint", "-fprintf"];

/// Variables that may be set for one command: they change how it reports, not what it does.
pub(super) const HARMLESS_VARIABLES: [&str; 15] = [
    "CI",
    "CLICOLOR",
    "COLUMNS",
    "DEBUG",
    "FORCE_COLOR",
    "LANG",
    "LC_ALL",
    "NODE_ENV",
    "NO_COLOR",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "TERM",
    "TZ",
];

/// Variables that decide what other commands are or do.
pub(super) fn is_powerful(name: &str) -> bool {
    const NAMES: [&str; 32] = [
        "AR",
        "BROWSER",
        "CC",
        "CDPATH",
        "CXX",
        "ENV",
        "GREP_OPTIONS",
        "HOME",
        "IFS",
        "LESSOPEN",
        "LD",
        "MAKE",
        "MAKEFLAGS",
        "NODE_OPTIONS",
        "NODE_PATH",
        "PATH",
        "PERL5OPT",
        "PROMPT_COMMAND",
        "PS0",
        "PS1",
        "PS2",
        "PS4",
        "RIPGREP_CONFIG_PATH",
        "RUBYOPT",
        "RUSTC",
        "RUSTDOC",
        "RUSTFLAGS",
        "SHELL",
        "SHELLOPTS",
        "TAR_OPTIONS",
        "TMPDIR",
        "VISUAL",
    ];
    const STARTS: [&str; 16] = [
        "BASH_",
        "BUNDLE_",
        "CARGO_",
        "DYLD_",
        "GIT_",
        "GO",
        "JAVA_",
        "LD_",
        "MAVEN_",
        "NPM_CONFIG_",
        "PERL5",
        "PYTEST_",
        "PYTHON",
        "RUBY",
        "SSH_",
        "npm_config_",
    ];
    const ENDS: [&str; 6] = ["PAGER", "EDITOR", "WRAPPER", "_COMMAND", "_OPTS", "FLAGS"];
    !HARMLESS_VARIABLES.contains(&name)
        && (NAMES.contains(&name)
            || STARTS.iter().any(|start| name.starts_with(start))
            || ENDS.iter().any(|end| name.ends_with(end)))
}

/// Whether arithmetic would run what stands in this text: `a[$(command)]` is a subscript like any other.
pub(super) fn is_evaluated(text: &str) -> bool {
    text.split_once('[').is_some_and(|(_, rest)| rest.contains("$(") || rest.contains('`'))
}

/// Builtins that work out their arguments as arithmetic, or as names with subscripts.
const EVALUATING: [&str; 11] =
    ["[[", "[", "test", "let", "wait", "shift", "exit", "return", "break", "continue", "set"];

/// What a command that may only read would look at.
pub(super) enum Look<'a> {
    /// It does more than read, or that cannot be told.
    No,
    /// It reads these paths; one that is not known is not fine.
    Paths(Vec<&'a str>),
}

/// Says what a command looks at, if it only reads.
pub(super) fn look<'a>(program: &str, args: &'a [Word]) -> Look<'a> {
    if HARMLESS.contains(&program) {
        let is_odd = |arg: &Word| EVALUATING.contains(&program) && is_evaluated(&arg.text);
        // `printf -v` sets a variable; behind `]]` another shell takes braces for a body.
        let is_body = program == "[[" && args.iter().position(|arg| arg.is("]]")) != args.len().checked_sub(1);
        if args.iter().any(is_odd)
            || is_body
            || (program == "printf" && args.first().is_some_and(|arg| arg.text.starts_with("-v")))
        {
            return Look::No;
        }
        return Look::Paths(Vec::new());
    }
    // `--files0-from` of sort, wc, du and find reads whatever paths a file names, which the agent may have written.
    if args.iter().any(|arg| !arg.known || arg.text.contains("-files0")) {
        return Look::No;
    }
    let all = |pattern_first: bool| Look::Paths(paths(args, pattern_first));
    match program {
        "find" if args.iter().any(|arg| FIND_REFUSED.iter().any(|refused| arg.text.starts_with(refused))) => Look::No,
        "find" => all(false),
        "sed" => sed(args),
        // The second operand of uniq is a file that it writes.
        "uniq" if args.iter().all(|arg| arg.text.starts_with('-')) => all(false),
        "command" => match args {
            [option, name] if option.is("-v") && !name.text.contains('/') => Look::Paths(Vec::new()),
            _ => Look::No,
        },
        _ if matches!(args, [only] if only.is("--version") || only.is("--help")) && !program.contains('/') => {
            Look::Paths(Vec::new())
        }
        _ => match READERS.iter().find(|reader| reader.program == program) {
            Some(reader) if !args.iter().any(|arg| is_refused(&arg.text, reader.refused)) => all(reader.pattern_first),
            _ => Look::No,
        },
    }
}

/// Options of git's readers that take a pattern or text.
pub(super) fn git_paths<'a>(subcommand: &str, args: &'a [Word]) -> Vec<&'a str> {
    paths(args, subcommand == "grep")
}

/// `sed -n '10,20p' file`, `sed s/a/b/ file`: print, delete, quit and replace; anything else could write or run something.
fn sed(args: &[Word]) -> Look<'_> {
    let mut operands = Vec::new();
    for arg in args {
        match arg.text.as_str() {
            "-n" | "-E" | "-r" => {}
            option if option.starts_with('-') => return Look::No,
            operand => operands.push(operand),
        }
    }
    let Some((script, files)) = operands.split_first() else { return Look::No };
    let plain = |part: &str| part.trim().strip_suffix(['p', 'd', 'q', '=']).is_some_and(is_address);
    if script.split(';').all(plain) || only_replaces(script) { Look::Paths(files.to_vec()) } else { Look::No }
}

/// Whether a text is an address of sed's: lines by number, or by patterns without a slash in them.
fn is_address(text: &str) -> bool {
    let mut pieces = text.split('/');
    let numbers = |text: &str| text.chars().all(|letter| letter.is_ascii_digit() || ",$~+ !".contains(letter));
    // Every second piece is a pattern.
    let is_paired = text.matches('/').count().is_multiple_of(2);
    let mut outside = true;
    is_paired
        && pieces.all(|piece| {
            let fits = !outside || numbers(piece);
            outside = !outside;
            fits
        })
}

/// Whether an argument is one of the refused options: exact, `--long=value`, a shortened `--long`, or a letter in a
/// cluster like `-rno`.
pub(super) fn is_refused(arg: &str, refused: &[&str]) -> bool {
    refused.iter().any(|option| {
        if option.starts_with("--") {
            let name = arg.split('=').next().unwrap_or(arg);
            name.len() > 2 && name.starts_with("--") && option.starts_with(name)
        } else {
            let letter = &option[1..];
            arg.starts_with('-') && !arg.starts_with("--") && arg.contains(letter)
        }
    })
}

/// Options that make every operand of a searcher a path.
const NO_PATTERN: [&str; 3] = ["-e", "--regexp", "--files"];

/// Returns every argument that could be a path.
pub(super) fn paths(args: &[Word], pattern_first: bool) -> Vec<&str> {
    let mut skip = pattern_first && !args.iter().any(|arg| is_refused(&arg.text, &NO_PATTERN));
    let mut paths = Vec::new();
    for arg in args {
        if let Some(option) = arg.text.strip_prefix('-') {
            // `--file=path`, and `-fpath` where only what begins with a slash could lead outside.
            let value = option
                .split_once('=')
                .map_or_else(|| option.find('/').map(|at| &option[at..]), |(_, value)| Some(value));
            paths.extend(value);
        } else if skip {
            skip = false;
        } else {
            paths.push(&arg.text);
        }
    }
    paths
}
