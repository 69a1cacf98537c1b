//! Commands that write, move and delete files.

use std::path::Path;

use globset::GlobBuilder;

use super::database::fits;
use super::place::{Folders, Place, outside, refuse_protected};
use super::word::Word;
use super::world::World;
use crate::model::policy::{Permission, PolicyScope, Verdict};

/// What a command does to files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Touches {
    /// What it writes.
    pub(super) writes: Vec<Word>,
    /// What it deletes.
    pub(super) deletes: Vec<Word>,
    /// What it reads besides.
    pub(super) reads: Vec<Word>,
    /// Whether that is all that it does.
    pub(super) is_all: bool,
}

fn operands(args: &[Word], valued: &[&str]) -> Vec<Word> {
    let mut operands = Vec::new();
    let mut rest = args;
    let mut only = false;
    while let [word, after @ ..] = rest {
        rest = after;
        if !only && word.is("--") {
            only = true;
        } else if !only && word.text.starts_with('-') && word.text.len() > 1 {
            if valued.contains(&word.text.as_str()) {
                rest = after.get(1..).unwrap_or_default();
            }
        } else {
            operands.push(word.clone());
        }
    }
    operands
}

/// Returns the value of an option: `-t DIR`, `--target-directory=DIR`.
fn value(args: &[Word], short: &str, long: &str) -> Option<Word> {
    args.iter().enumerate().find_map(|(at, arg)| {
        if arg.is(short) || (!long.is_empty() && arg.is(long)) {
            return args.get(at + 1).cloned();
        }
        let glued = if long.is_empty() { None } else { arg.text.strip_prefix(long)?.strip_prefix('=') };
        glued.map(|text| Word { text: text.to_owned(), ..arg.clone() })
    })
}

/// Says what a command does to files, if it is one of those that are there for it.
pub(super) fn touches(program: &str, args: &[Word]) -> Option<Touches> {
    let all = |writes: Vec<Word>| Touches { writes, is_all: true, ..Touches::default() };
    Some(match program {
        "touch" | "mkdir" => all(operands(args, &["-m", "--mode", "-d", "-t", "-r", "--date", "--reference"])),
        "tee" | "rmdir" => all(operands(args, &[])),
        "truncate" => all(operands(args, &["-s", "--size", "-r", "--reference"])),
        "chmod" | "chown" | "chgrp" => Touches {
            // A mode that begins with a dash, or one taken from a file, hides which words are files.
            is_all: program == "chmod" && args.iter().all(|arg| !arg.text.starts_with('-') || arg.is("-R")),
            ..all(operands(args, &["--reference"]).into_iter().skip(1).collect())
        },
        "rm" | "unlink" | "shred" | "trash" | "rimraf" | "del" => {
            Touches { deletes: operands(args, &["-n", "-s"]), is_all: program != "shred", ..Touches::default() }
        }
        "cp" | "mv" | "install" | "ln" | "rsync" => {
            let mut sources = operands(args, &["-t", "--target-directory", "-m", "-o", "-g", "-S", "--suffix", "-e"]);
            let target = value(args, "-t", "--target-directory").or_else(|| sources.pop())?;
            let is_all = program == "cp" || program == "mv";
            let mut touches = Touches { writes: vec![target.clone()], is_all, ..Touches::default() };
            if program == "mv" {
                // Moved out of sight is gone.
                if target.text == "/dev/null" {
                    touches.deletes = sources;
                } else {
                    touches.writes.extend(sources);
                }
            } else if program != "ln" {
                touches.reads = sources;
            }
            touches
        }
        "dd" => {
            let of = args.iter().filter_map(|arg| {
                arg.text.strip_prefix("of=").map(|text| Word { text: text.to_owned(), ..arg.clone() })
            });
            Touches { writes: of.collect(), ..Touches::default() }
        }
        "sed" | "gsed" | "perl" if args.iter().any(|arg| in_place(program, &arg.text)) => sed(program, args),
        "curl" => Touches { writes: value(args, "-o", "--output").into_iter().collect(), ..Touches::default() },
        "wget" => {
            Touches { writes: value(args, "-O", "--output-document").into_iter().collect(), ..Touches::default() }
        }
        "tar" | "bsdtar" => {
            Touches { writes: value(args, "-C", "--directory").into_iter().collect(), ..Touches::default() }
        }
        "unzip" => Touches { writes: value(args, "-d", "").into_iter().collect(), ..Touches::default() },
        _ => return None,
    })
}

fn in_place(program: &str, arg: &str) -> bool {
    let cluster = arg.starts_with('-') && !arg.starts_with("--");
    if program == "perl" {
        cluster && arg.contains('i')
    } else {
        arg.starts_with("--in-place") || (cluster && arg.contains('i'))
    }
}

/// `sed -i SCRIPT FILE…`: a script that could write elsewhere or run something is not understood.
fn sed(program: &str, args: &[Word]) -> Touches {
    let has_script = args.iter().any(|arg| arg.is("-e") || arg.is("--expression") || arg.is("-f"));
    let mut files = operands(args, &["-e", "--expression", "-f", "--file", "-l"]);
    let mut scripts: Vec<Word> = args
        .windows(2)
        .filter(|pair| pair[0].is("-e") || pair[0].is("--expression"))
        .map(|pair| pair[1].clone())
        .collect();
    if !has_script && !files.is_empty() {
        scripts.push(files.remove(0));
    }
    let plain = ["-E", "-r", "-n", "-s", "-z", "-u", "-e", "--expression"];
    let is_plain = |arg: &Word| {
        !arg.text.starts_with('-')
            || plain.iter().any(|option| arg.is(option))
            || arg.text.starts_with("-i")
            || arg.text.starts_with("--in-place")
    };
    // A script in a file, or glued to its option, was not read.
    let is_all = program != "perl"
        && args.iter().all(is_plain)
        && scripts.iter().all(|script| script.known && only_replaces(&script.text));
    Touches { writes: files, is_all, ..Touches::default() }
}

/// Whether a script of sed only replaces and deletes: `s/a/b/g`, `3d`, `/x/d`.
fn only_replaces(script: &str) -> bool {
    script.split(';').all(|part| {
        let part = part.trim().trim_start_matches(|letter: char| letter.is_ascii_digit() || ",$ ".contains(letter));
        if let Some(rest) = part.strip_prefix('s') {
            let Some(sign) = rest.chars().next().filter(|sign| !sign.is_alphanumeric()) else { return false };
            let pieces: Vec<&str> = rest[sign.len_utf8()..].split(sign).collect();
            return matches!(pieces.as_slice(), [_, _, flags] if flags.chars().all(|flag| "gIip0123456789".contains(flag)));
        }
        if let Some(rest) = part.strip_prefix('/') {
            return rest.split_once('/').is_some_and(|(_, action)| matches!(action, "d" | "p"));
        }
        ["d", "p", ""].contains(&part)
    })
}

/// Returns what stands against deleting what a word names.
pub(super) fn refuse_delete(word: &Word, folders: &Folders, scope: &PolicyScope, tree: &dyn World) -> Option<Verdict> {
    let path = match folders.place(word, scope, tree) {
        Place::Free => return None,
        Place::Outside(path) => return Some(outside(&path)),
        Place::Unknown => {
            return Some(Verdict::ask("default.unclear", format!("which files {} names is not known", word.text)));
        }
        Place::Inside(path) => path,
    };
    if let Some(refusal) = refuse_protected(&path) {
        return Some(refusal);
    }
    let gone = first_gone(&path, word.glob, tree)?;
    by_setting(&gone, scope)
}

/// Says what the configuration says about deleting a file of the project.
pub(super) fn by_setting(file: &str, scope: &PolicyScope) -> Option<Verdict> {
    let what = format!("{file} is a file of the project (policy.delete)");
    match scope.policy.delete {
        Permission::Allow => None,
        Permission::Ask => Some(Verdict::ask("guard.delete", what)),
        Permission::Deny => Some(Verdict::violation("guard.delete", what)),
    }
}

/// Returns the first file of the project that would be gone.
fn first_gone(path: &Path, is_glob: bool, tree: &dyn World) -> Option<String> {
    let text = path.to_str().unwrap_or_default();
    let files = tree.project_files();
    if text.is_empty() {
        return files.into_iter().next();
    }
    let glob = is_glob.then(|| GlobBuilder::new(text).literal_separator(true).build().ok()).flatten();
    let matcher = glob.map(|glob| glob.compile_matcher());
    files.into_iter().find(|file| {
        let mut upward = Path::new(file).ancestors().filter(|part| !part.as_os_str().is_empty());
        upward.any(|part| part == path || matcher.as_ref().is_some_and(|matcher| matcher.is_match(part)))
    })
}

/// Returns the first file of the project that `find … -delete` would delete.
pub(super) fn found_and_deleted(
    args: &[Word],
    folders: &Folders,
    scope: &PolicyScope,
    tree: &dyn World,
) -> Option<Verdict> {
    let starts: Vec<Word> = args.iter().take_while(|arg| !arg.text.starts_with(['-', '(', '!'])).cloned().collect();
    let starts = if starts.is_empty() { vec![Word::literal(".")] } else { starts };
    let names: Vec<&str> = args
        .windows(2)
        .filter(|pair| pair[0].is("-name") || pair[0].is("-iname"))
        .map(|pair| pair[1].text.as_str())
        .collect();
    for start in &starts {
        match folders.place(start, scope, tree) {
            Place::Free => {}
            Place::Outside(path) => return Some(outside(&path)),
            Place::Unknown => return Some(Verdict::ask("default.unclear", "where it looks for files is not known")),
            Place::Inside(path) => {
                let is_meant = |file: &str| {
                    let name = file.rsplit('/').next().unwrap_or(file);
                    names.is_empty() || names.iter().any(|pattern| fits(name, pattern))
                };
                let gone =
                    tree.project_files().into_iter().find(|file| Path::new(file).starts_with(&path) && is_meant(file));
                if let Some(verdict) = gone.and_then(|file| by_setting(&file, scope)) {
                    return Some(verdict);
                }
            }
        }
    }
    None
}
