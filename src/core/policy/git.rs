//! What a git command does to the repository: reads it, changes files, or moves what only the user moves.

use super::options::read;
use super::word::Word;
use super::wrap::joined;

/// What a git command is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GitUse {
    /// It only reads; the folder (`-C`) that it was told to work in, and its arguments after the subcommand.
    Reads {
        /// `-C`, in order.
        folders: Vec<Word>,
        /// The subcommand.
        subcommand: String,
        /// What follows it.
        args: Vec<Word>,
    },
    /// It changes refs, the index or the configuration, or talks to a remote.
    Moves(String),
    /// It may do anything: what it is cannot be told.
    Unclear(String),
    /// It runs this as a script of the shell.
    Runs(Word),
    /// It changes files, or does something else that is not among the above.
    Other {
        /// What it is.
        what: String,
        /// `-C`, `--work-tree` and `--git-dir`, in order.
        folders: Vec<Word>,
        /// What it writes, seen from there.
        writes: Vec<Word>,
    },
}

/// Options before the subcommand that take the next word.
const VALUED: [&str; 8] =
    ["-C", "-c", "--git-dir", "--work-tree", "--namespace", "--super-prefix", "--config-env", "--exec-path"];

/// Subcommands that stage, commit, push, move refs or change the configuration, whatever their arguments.
const MOVES: [&str; 44] = [
    "add",
    "am",
    "bisect",
    "cherry-pick",
    "citool",
    "commit",
    "commit-tree",
    "fast-import",
    "fetch",
    "fetch-pack",
    "filter-branch",
    "filter-repo",
    "gui",
    "http-push",
    "merge",
    "mv",
    "pack-refs",
    "prune",
    "pull",
    "push",
    "read-tree",
    "rebase",
    "receive-pack",
    "replace",
    "reset",
    "revert",
    "rm",
    "send-pack",
    "stage",
    "subtree",
    "svn",
    "switch",
    "p4",
    "update-index",
    "update-ref",
    "update-server-info",
    "write-tree",
    "checkout-index",
    "mktag",
    "repack",
    "gc",
    "flow",
    "credential-store",
    "annex",
];

/// Subcommands that only read, and what each must not be given.
const READS: [(&str, &[&str]); 25] = [
    ("blame", &[]),
    ("annotate", &[]),
    ("cat-file", &["--textconv", "--filters"]),
    ("check-attr", &[]),
    ("check-ignore", &[]),
    ("cherry", &[]),
    ("count-objects", &[]),
    ("describe", &[]),
    ("diff", &["--output", "--ext-diff", "--textconv"]),
    ("diff-tree", &["--output", "--ext-diff", "--textconv"]),
    ("diff-files", &["--output", "--ext-diff", "--textconv"]),
    ("diff-index", &["--output", "--ext-diff", "--textconv"]),
    ("for-each-ref", &[]),
    ("grep", &["-O", "--open-files-in-pager", "--ext-grep", "--textconv"]),
    ("log", &["--output", "--ext-diff", "--textconv"]),
    ("ls-files", &[]),
    ("ls-tree", &[]),
    ("merge-base", &[]),
    ("name-rev", &[]),
    ("rev-list", &[]),
    ("rev-parse", &[]),
    ("shortlog", &["--output"]),
    ("show", &["--output", "--ext-diff", "--textconv"]),
    ("show-ref", &[]),
    ("status", &[]),
];

/// Says what a git command is, from the words after `git`. `exists` says whether a word names a file.
pub(super) fn git(args: &[Word], exists: impl Fn(&str) -> bool) -> GitUse {
    let (mut folders, mut trees) = (Vec::new(), Vec::new());
    let mut aliases: Vec<(String, Word)> = Vec::new();
    let mut strange = None;
    let mut at = 0;
    let subcommand = loop {
        let Some(word) = args.get(at) else {
            return GitUse::Other { what: "git".to_owned(), folders: Vec::new(), writes: Vec::new() };
        };
        let Some(text) = word.known() else {
            return GitUse::Unclear("git with a subcommand that is not written there".to_owned());
        };
        at += 1;
        if !text.starts_with('-') {
            break text;
        }
        let (option, mut value) = match text.split_once('=') {
            Some((option, value)) if text.starts_with("--") => (option, Some(Word::literal(value))),
            _ => (text, None),
        };
        if VALUED.contains(&option) && value.is_none() && (option != "--exec-path") {
            value = args.get(at).cloned();
            at += 1;
        }
        match (option, value) {
            ("-C", Some(folder)) => folders.push(folder),
            ("-c", Some(setting)) => match setting.text.split_once('=') {
                Some((key, expansion)) if key.to_ascii_lowercase().starts_with("alias.") && setting.known => {
                    aliases.push((key["alias.".len()..].to_owned(), Word::literal(expansion)));
                }
                Some((key, _)) if is_harmless(key) => {}
                _ => strange = Some(format!("git -c {}", setting.text)),
            },
            (
                "--no-pager"
                | "-P"
                | "-p"
                | "--paginate"
                | "--no-optional-locks"
                | "--literal-pathspecs"
                | "--no-replace-objects"
                | "--glob-pathspecs"
                | "--icase-pathspecs",
                None,
            ) => {}
            ("--version" | "-v" | "--help" | "-h", None) => {
                return GitUse::Reads { folders, subcommand: "version".to_owned(), args: Vec::new() };
            }
            (option, value) => {
                strange = Some(format!("git {option}"));
                if ["--work-tree", "--git-dir"].contains(&option) {
                    trees.extend(value);
                }
            }
        }
    };
    let rest = &args[at..];
    if let Some((_, expansion)) = aliases.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(subcommand)) {
        return alias(&expansion.text, rest, exists);
    }
    if subcommand == "submodule"
        && let Some(at) = rest.iter().position(|word| word.is("foreach"))
    {
        let command: Vec<Word> = rest[at + 1..].iter().skip_while(|word| word.text.starts_with('-')).cloned().collect();
        return GitUse::Runs(joined(&command));
    }
    let what = format!("git {subcommand}");
    match subcommand_use(subcommand, rest, exists) {
        Some(true) => GitUse::Moves(what),
        Some(false) => match strange {
            Some(strange) => GitUse::Unclear(strange),
            None => GitUse::Reads { folders, subcommand: subcommand.to_owned(), args: rest.to_vec() },
        },
        None if is_known(subcommand) => {
            GitUse::Other { what, folders: [folders, trees].concat(), writes: written(subcommand, rest) }
        }
        None => GitUse::Unclear(format!("{what}, which may be an alias,")),
    }
}

/// Returns what a subcommand writes that does not move anything.
fn written(subcommand: &str, args: &[Word]) -> Vec<Word> {
    let given =
        read(args, &["-o", "-b", "-c", "-u", "--output", "--output-directory", "--separate-git-dir", "--depth"]);
    let mut writes = given.values(&["-o", "--output", "--output-directory", "--separate-git-dir"]);
    match subcommand {
        "clone" => writes.extend(given.operands.into_iter().skip(1)),
        "init" => writes.extend(given.operands),
        _ => {}
    }
    if writes.is_empty() { vec![Word::literal(".")] } else { writes }
}

fn alias(expansion: &str, rest: &[Word], exists: impl Fn(&str) -> bool) -> GitUse {
    if let Some(script) = expansion.strip_prefix('!') {
        return GitUse::Runs(Word::literal(script));
    }
    let mut words: Vec<Word> = expansion.split_whitespace().map(Word::literal).collect();
    words.extend_from_slice(rest);
    // An alias cannot name itself, so that this ends.
    let boxed: &dyn Fn(&str) -> bool = &exists;
    match words.first().map(|word| word.text.as_str()) {
        Some(first)
            if subcommand_use(first, &words[1..], boxed).is_some() || is_known(first) || first.starts_with('-') =>
        {
            git(&words, boxed)
        }
        _ => GitUse::Unclear("git with an alias of an alias".to_owned()),
    }
}

/// Settings that change only how something is shown.
fn is_harmless(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.starts_with("color.")
        || key.starts_with("log.")
        || key.starts_with("column.")
        || ["core.quotepath", "advice.detachedhead", "diff.renames", "safe.directory"].contains(&key.as_str())
}

/// Whether a subcommand moves something (`true`) or only reads (`false`); `None` for all else.
fn subcommand_use(subcommand: &str, args: &[Word], exists: impl Fn(&str) -> bool) -> Option<bool> {
    let operands: Vec<&Word> = args.iter().filter(|arg| !arg.text.starts_with('-')).collect();
    let has = |options: &[&str]| {
        args.iter()
            .any(|arg| options.iter().any(|option| arg.text == *option || arg.text.starts_with(&format!("{option}="))))
    };
    let first = operands.first().map_or("", |word| word.text.as_str());
    // What follows an option, or `--`, need not be a subcommand of its own.
    let begin = args.first().map_or("", |word| word.text.as_str());
    let is_unknown = args.iter().any(|arg| !arg.known);
    let reads = |yes: bool| if is_unknown { None } else { Some(!yes) };
    match subcommand {
        "branch" => {
            let shows = args.iter().all(|arg| {
                ["-a", "-r", "-v", "-vv", "--all", "--remotes", "--show-current", "--no-color", "--color", "--verbose"]
                    .contains(&arg.text.as_str())
            });
            reads(shows || has(&["--list", "-l", "--contains", "--merged", "--no-merged", "--points-at"]))
        }
        "tag" if has(&["-a", "-s", "-u", "-f", "-d", "-m", "-F", "--annotate", "--sign", "--force", "--delete"]) => {
            Some(true)
        }
        "tag" => reads(args.is_empty() || has(&["-l", "--list", "--contains", "--points-at", "-n", "--merged"])),
        "stash" => reads(["list", "show"].contains(&begin)),
        "worktree" => reads(begin == "list"),
        "remote" => {
            reads(args.iter().all(|arg| arg.is("-v") || arg.is("--verbose")) || ["get-url", "show"].contains(&first))
        }
        "reflog" => reads(!["expire", "delete", "drop", "write"].contains(&first)),
        "notes" => reads(["", "list", "show"].contains(&first)),
        "sparse-checkout" | "lfs" => reads(["list", "status", "ls-files", "env", "version", "logs"].contains(&first)),
        "submodule" => reads(["", "status", "summary"].contains(&first)),
        "symbolic-ref" => reads(operands.len() < 2 && !has(&["-d", "--delete"])),
        "bundle" => reads(["verify", "list-heads"].contains(&first)),
        "config" => {
            let asks = has(&["--get", "--get-all", "--get-regexp", "--get-urlmatch", "-l", "--list", "--get-color"])
                || ["get", "list"].contains(&first);
            let writes = has(&[
                "--add",
                "--unset",
                "--unset-all",
                "--replace-all",
                "--rename-section",
                "--remove-section",
                "-e",
                "--edit",
            ]) || ["set", "unset", "edit", "rename-section", "remove-section"].contains(&first);
            reads(asks || (operands.len() == 1 && !writes))
        }
        "checkout" => {
            // With `--`, or the name of something that is there, it brings back files; else it moves HEAD.
            let names_files = args.iter().any(|arg| arg.is("--"))
                || (!operands.is_empty() && operands.iter().all(|word| exists(&word.text)));
            let branches = has(&["-b", "-B", "--orphan", "--detach", "-d", "-t", "--track"]);
            if names_files && !branches { None } else { reads(false) }
        }
        "restore" => {
            if has(&["--staged", "-S"]) {
                Some(true)
            } else {
                None
            }
        }
        "apply" => {
            if has(&["--index", "--cached", "-3", "--3way"]) {
                Some(true)
            } else {
                None
            }
        }
        "init" | "clone" | "clean" | "archive" | "format-patch" | "difftool" | "mergetool" => None,
        "hash-object" => {
            if has(&["-w"]) {
                None
            } else {
                Some(false)
            }
        }
        "version" | "help" => Some(false),
        _ if MOVES.contains(&subcommand) => Some(true),
        _ => {
            let (_, refused) = READS.iter().find(|(name, _)| *name == subcommand)?;
            let is_refused = args.iter().any(|arg| super::reads::is_refused(&arg.text, refused));
            (!is_refused).then_some(false)
        }
    }
}

fn is_known(subcommand: &str) -> bool {
    READS.iter().any(|(name, _)| *name == subcommand)
        || [
            "branch",
            "tag",
            "stash",
            "worktree",
            "remote",
            "reflog",
            "notes",
            "sparse-checkout",
            "lfs",
            "submodule",
            "symbolic-ref",
            "bundle",
            "config",
            "checkout",
            "restore",
            "apply",
            "init",
            "clone",
            "clean",
            "archive",
            "format-patch",
            "difftool",
            "mergetool",
            "hash-object",
        ]
        .contains(&subcommand)
}
