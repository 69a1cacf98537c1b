//! Which commands only read: a table, and the options that make an exception of some.

use std::path::{Component, Path, PathBuf};

use crate::edge::agent::claude::shell::Simple;

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

/// Programs that only read. Not here on purpose: `awk` (can run programs), `xargs`, `env` and `jq` (show the environment, with its
/// secrets), `less`.
const READERS: [Reader; 33] = [
    reader("basename"),
    reader("cat"),
    reader("cmp"),
    reader("column"),
    reader("comm"),
    reader("cut"),
    reader("diff"),
    reader("dirname"),
    reader("du"),
    reader("echo"),
    searcher("egrep", &["-f", "--file"]),
    reader("false"),
    searcher("fgrep", &["-f", "--file"]),
    but("file", &["-C", "--compile"]),
    searcher("grep", &["-f", "--file"]),
    reader("head"),
    reader("ls"),
    reader("nl"),
    reader("printf"),
    reader("pwd"),
    reader("readlink"),
    reader("realpath"),
    searcher("rg", &["-f", "--file", "--pre", "--hostname-bin"]),
    but("sort", &["-o", "--output", "--compress-program"]),
    reader("stat"),
    but("tail", &["-f", "-F", "--follow", "--retry"]),
    reader("test"),
    searcher("tr", &[]),
    but("tree", &["-o", "-R"]),
    reader("true"),
    reader("wc"),
    reader("which"),
    reader("whoami"),
];

/// What `find` must not do; the rest of its tests and actions only read.
const FIND_REFUSED: [&str; 8] = ["-delete", "-exec", "-execdir", "-ok", "-okdir", "-fls", "-fprint", "-fprintf"];

/// Subcommands of git that only read, and what each must not be given.
const GIT_READERS: [(&str, &[&str]); 12] = [
    ("blame", &[]),
    ("cat-file", &["--textconv", "--filters"]),
    ("describe", &[]),
    ("diff", &["--output", "--ext-diff", "--textconv"]),
    ("grep", &["-O", "--open-files-in-pager", "--ext-grep", "--textconv"]),
    ("log", &["--output", "--ext-diff", "--textconv"]),
    ("ls-files", &[]),
    ("ls-tree", &[]),
    ("rev-parse", &[]),
    ("shortlog", &["--output"]),
    ("show", &["--output", "--ext-diff", "--textconv"]),
    ("status", &[]),
];

/// Variables that may be set for one command: they change how it reports, not what it does.
pub(super) const HARMLESS_VARIABLES: [&str; 9] = [
    "CI",
    "CLICOLOR",
    "FORCE_COLOR",
    "LANG",
    "LC_ALL",
    "NO_COLOR",
    "PYTHONDONTWRITEBYTECODE",
    "RUST_BACKTRACE",
    "TERM",
];

/// Whether a command only reads, and only inside `root`; `folder` is where it runs, and follows a `cd`.
pub(super) fn is_read_only(command: &Simple, root: &Path, folder: &mut PathBuf) -> bool {
    if command.assignments.iter().any(|(name, _)| !HARMLESS_VARIABLES.contains(&name.as_str())) {
        return false;
    }
    let Some((program, args)) = command.words.split_first() else { return false };
    // `--files0-from` of sort, wc, du and find reads whatever paths a file names, which the agent may have written.
    if args.iter().any(|arg| arg.contains("-files0")) {
        return false;
    }
    match program.as_str() {
        "cd" => change_folder(args, root, folder),
        "git" => git(args, root, folder),
        "find" => {
            !args.iter().any(|arg| FIND_REFUSED.iter().any(|refused| arg.starts_with(refused)))
                && paths_inside(args, false, root, folder)
        }
        "sed" => sed(args, root, folder),
        // The second operand of uniq is a file that it writes.
        "uniq" => args.iter().all(|arg| arg.starts_with('-')) && paths_inside(args, false, root, folder),
        "command" => matches!(args, [option, name] if option == "-v" && !name.contains('/')),
        _ if matches!(args, [only] if only == "--version") => !program.contains('/'),
        _ => READERS.iter().find(|reader| reader.program == program).is_some_and(|reader| {
            !args.iter().any(|arg| is_refused(arg, reader.refused))
                && paths_inside(args, reader.pattern_first, root, folder)
        }),
    }
}

fn change_folder(args: &[String], root: &Path, folder: &mut PathBuf) -> bool {
    let [to] = args else { return false };
    if to.starts_with(['-', '~']) {
        return false;
    }
    match inside(to, root, folder) {
        Some(path) => {
            *folder = path;
            true
        }
        None => false,
    }
}

fn git(args: &[String], root: &Path, folder: &Path) -> bool {
    let mut args = args;
    let mut folder = folder.to_path_buf();
    loop {
        match args {
            [option, rest @ ..] if option == "--no-pager" || option == "-P" => args = rest,
            [option, to, rest @ ..] if option == "-C" => {
                let Some(path) = inside(to, root, &folder) else { return false };
                folder = path;
                args = rest;
            }
            _ => break,
        }
    }
    let Some((subcommand, args)) = args.split_first() else { return false };
    match subcommand.as_str() {
        // These write as soon as they are given a name.
        "branch" => {
            args.iter().all(|arg| ["-a", "-r", "-v", "-vv", "--list", "--show-current"].contains(&arg.as_str()))
        }
        "stash" | "worktree" => matches!(args, [list] if list == "list"),
        _ => GIT_READERS.iter().find(|(name, _)| name == subcommand).is_some_and(|(_, refused)| {
            !args.iter().any(|arg| is_refused(arg, refused)) && paths_inside(args, *subcommand == "grep", root, &folder)
        }),
    }
}

/// `sed -n '10,20p' file`: print, delete and quit by line number; anything else could write or run something.
fn sed(args: &[String], root: &Path, folder: &Path) -> bool {
    let mut operands = Vec::new();
    for arg in args {
        match arg.as_str() {
            "-n" | "-E" | "-r" => {}
            option if option.starts_with('-') => return false,
            operand => operands.push(operand.to_owned()),
        }
    }
    let Some((script, files)) = operands.split_first() else { return false };
    let plain = |part: &str| {
        let address = part.trim().strip_suffix(['p', 'd', 'q', '=']);
        address
            .is_some_and(|address| address.chars().all(|letter| letter.is_ascii_digit() || ",$~+ !".contains(letter)))
    };
    script.split(';').all(plain) && paths_inside(files, false, root, folder)
}

/// Whether an argument is one of the refused options: exact, `--long=value`, a shortened `--long`, or a letter in a
/// cluster like `-rno`.
fn is_refused(arg: &str, refused: &[&str]) -> bool {
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

/// Whether every argument that could be a path stays inside.
pub(super) fn paths_inside(args: &[String], pattern_first: bool, root: &Path, folder: &Path) -> bool {
    let mut skip = pattern_first && !args.iter().any(|arg| is_refused(arg, &NO_PATTERN));
    args.iter().all(|arg| {
        if let Some(option) = arg.strip_prefix('-') {
            // `--file=path`, and `-fpath` where only what begins with a slash could lead outside.
            let value = option
                .split_once('=')
                .map_or_else(|| option.find('/').map(|at| &option[at..]), |(_, value)| Some(value));
            return value.is_none_or(|value| inside(value, root, folder).is_some());
        }
        if skip {
            skip = false;
            return true;
        }
        inside(arg, root, folder).is_some()
    })
}

/// Returns the path that a word names, seen from `folder`, if it stays inside `root` by its letters; links are
/// followed by nobody here.
pub(super) fn inside(word: &str, root: &Path, folder: &Path) -> Option<PathBuf> {
    // Some shells let `.*` stand for `..`.
    let may_climb = |part: &str| [".*", ".?", ".["].iter().any(|start| part.starts_with(start));
    if word.starts_with('~') || word.split('/').any(may_climb) {
        return None;
    }
    if word == "/dev/null" {
        return Some(PathBuf::from(word));
    }
    let mut path = PathBuf::new();
    for part in folder.join(word).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => path.push(part),
        }
    }
    path.starts_with(root).then_some(path)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;
    use crate::edge::agent::claude::shell::parse;

    fn reads(text: &str) -> bool {
        let root = Path::new("/project");
        let mut folder = root.to_path_buf();
        parse(text).unwrap().iter().all(|command| is_read_only(command, root, &mut folder))
    }

    #[test]
    fn reading_is_allowed() {
        for text in [
            "ls -la src",
            "cat src/a.rs | head -50",
            "cd /project/src && grep -rn '/api/users' . && cat ../Cargo.toml",
            "rg --files -g '*.rs'",
            "find . -name '*.py' -not -path './x/*'",
            "git diff HEAD~1 -- src && git log --oneline -5 && git -C /project status",
            "git --no-pager show HEAD:src/a.rs",
            "git branch --show-current",
            "sed -n '10,20p' src/a.rs",
            "sort a | uniq -c | wc -l",
            "RUST_BACKTRACE=1 cargo --version",
            "command -v cargo; which python3; echo done",
            "test -f a.txt && echo \"exit: $?\"",
        ] {
            assert!(reads(text), "{text}");
        }
    }

    #[test]
    fn writing_running_and_looking_elsewhere_is_not() {
        for text in [
            "rm a",
            "touch a",
            "cat /etc/passwd",
            "cat ~/.ssh/id_rsa",
            "cat ../../etc/passwd",
            "cd .. && ls",
            "cd && ls",
            "cd ~",
            "cd src && cat ../../x",
            "grep -f/etc/passwd x .",
            "grep -f /etc/passwd .",
            "grep -eroot /etc/passwd",
            "grep -rneroot /etc/passwd",
            "grep --regexp=root /etc/passwd",
            "rg --files /etc",
            "cat .*/.*/etc/passwd",
            "sed -n -e 1p -e '1w x' a",
            "tree -R -L 1",
            "ls\rx",
            "jq -n env",
            "grep --file=/etc/passwd .",
            "find . -delete",
            "find . -name x -exec rm {} +",
            "find / -name x",
            "git commit -m x",
            "git push",
            "git -c core.pager=x log",
            "git -C / log",
            "git diff --output=x",
            "git diff --outp=x",
            "git diff --ext-diff",
            "git grep -Orm x",
            "git branch new",
            "git stash",
            "git checkout .",
            "sed -i s/a/b/ x",
            "sed -n '1w x' a",
            "sed 's/a/b/e' a",
            "sort -o x a",
            "wc --files0-from=list",
            "find -files0-from list",
            "sort -uo x a",
            "sort --outp x a",
            "uniq a b",
            "tail -f log",
            "tail -50f log",
            "rg --pre ./x a",
            "LD_PRELOAD=./x.so ls",
            "GIT_EXTERNAL_DIFF=./x git diff",
            "A=1",
            "./x --version",
            "xargs rm",
            "awk 'BEGIN{system(\"x\")}' a",
            "bash -c ls",
            "for x in a",
            "env",
            "command rm x",
        ] {
            assert!(!reads(text), "{text}");
        }
    }
}
