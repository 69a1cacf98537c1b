//! Commands that write, move and delete files: what each of them touches.

use super::archives;
use super::options::{Given, read};
use super::word::Word;

/// What a command does to files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Touches {
    /// What it writes.
    pub(super) writes: Vec<Word>,
    /// What is no longer there when it is done.
    pub(super) deletes: Vec<Word>,
    /// What it reads besides.
    pub(super) reads: Vec<Word>,
    /// Whether that is all that it does.
    pub(super) is_all: bool,
}

/// Where copies go.
const TARGET: [&str; 2] = ["-t", "--target-directory"];

/// Options that take a value, of the commands that have some.
fn valued(program: &str) -> &'static [&'static str] {
    match program {
        "touch" => &["-d", "-t", "-r", "--date", "--reference", "--time"],
        "mkdir" | "mkfifo" | "mknod" => &["-m", "--mode"],
        "truncate" => &["-s", "--size", "-r", "--reference"],
        "shred" => &["-n", "-s", "--iterations", "--size", "--random-source"],
        "cp" | "mv" | "ln" => {
            &["-t", "-S", "--target-directory", "--suffix", "--sparse", "--no-preserve", "--backup?", "--preserve?"]
        }
        "install" => &[
            "-t",
            "-S",
            "-m",
            "-o",
            "-g",
            "--target-directory",
            "--suffix",
            "--mode",
            "--owner",
            "--group",
            "--strip-program",
            "--backup?",
        ],
        "curl" => &[
            "-o",
            "-D",
            "-c",
            "-T",
            "-d",
            "-F",
            "-H",
            "-X",
            "-u",
            "-A",
            "-b",
            "-e",
            "-K",
            "-m",
            "-w",
            "-x",
            "--output",
            "--output-dir",
            "--dump-header",
            "--cookie-jar",
            "--trace",
            "--trace-ascii",
            "--stderr",
            "--etag-save",
            "--hsts",
            "--alt-svc",
            "--libcurl",
        ],
        "wget" => &[
            "-O",
            "-o",
            "-a",
            "-P",
            "-U",
            "-i",
            "-e",
            "-T",
            "-t",
            "--output-document",
            "--output-file",
            "--append-output",
            "--directory-prefix",
            "--save-cookies",
        ],
        "sort" => &["-o", "-k", "-t", "-T", "-S", "--output", "--temporary-directory", "--key", "--field-separator"],
        "uniq" => &["-f", "-s", "-w", "--skip-fields", "--skip-chars", "--check-chars"],
        "split" => &["-a", "-b", "-C", "-l", "-n", "-t", "--bytes", "--lines", "--number", "--filter"],
        "csplit" => &["-f", "-b", "-n", "--prefix", "--suffix-format", "--digits"],
        "patch" => &[
            "-o",
            "-d",
            "-r",
            "-i",
            "-p",
            "-B",
            "-F",
            "-Y",
            "-z",
            "--output",
            "--directory",
            "--reject-file",
            "--input",
        ],
        "tree" => &["-o", "-L", "-P", "-I"],
        "xxd" => &["-c", "-g", "-l", "-o", "-s", "-n"],
        _ => &[],
    }
}

/// Says what a command does to files, if it is one of those that are there for it.
pub(super) fn touches(program: &str, args: &[Word]) -> Option<Touches> {
    let given = read(args, valued(program));
    let all = |writes: Vec<Word>| Touches { writes, is_all: true, ..Touches::default() };
    let some = |writes: Vec<Word>| Touches { writes, ..Touches::default() };
    Some(match program {
        "touch" | "mkdir" | "tee" | "rmdir" | "truncate" | "mkfifo" => all(given.operands),
        "mknod" => some(given.operands.into_iter().take(1).collect()),
        "chmod" | "chown" | "chgrp" => Touches {
            // A mode that begins with a dash, or one taken from a file, hides which words are files.
            is_all: program == "chmod" && args.iter().all(|arg| !arg.text.starts_with('-') || arg.is("-R")),
            ..all(read(args, &["--reference"]).operands.into_iter().skip(1).collect())
        },
        "rm" | "unlink" | "shred" | "trash" | "trash-put" | "rimraf" | "del" | "srm" | "wipe" => {
            Touches { deletes: given.operands, is_all: program != "shred", ..Touches::default() }
        }
        "gio" if args.first().is_some_and(|arg| arg.is("trash") || arg.is("remove")) => {
            Touches { deletes: given.operands.into_iter().skip(1).collect(), ..Touches::default() }
        }
        // What they would rename is moved away; the expressions in front name no file.
        "rename" | "prename" | "perl-rename" | "file-rename" => {
            Touches { deletes: given.operands, ..Touches::default() }
        }
        "cp" | "mv" | "install" | "ln" => copies(program, &given)?,
        "rsync" => rsync(args)?,
        "dd" => {
            let named = |name: &str| -> Vec<Word> {
                let values = args.iter().filter_map(|arg| {
                    arg.text.strip_prefix(name).map(|text| Word { text: text.to_owned(), ..arg.clone() })
                });
                values.collect()
            };
            Touches { writes: named("of="), reads: named("if="), ..Touches::default() }
        }
        "sed" | "gsed" => sed(args)?,
        "perl" | "ruby" => in_place(args)?,
        "curl" => {
            let options = ["-o", "-D", "-c", "--output", "--output-dir", "--dump-header", "--cookie-jar", "--trace"];
            let more = ["--trace-ascii", "--stderr", "--etag-save", "--hsts", "--alt-svc", "--libcurl"];
            some(kept([given.values(&options), given.values(&more)].concat()))
        }
        "wget" => {
            let options = ["-O", "-o", "-a", "-P", "--output-document", "--output-file", "--append-output"];
            some(kept([given.values(&options), given.values(&["--directory-prefix", "--save-cookies"])].concat()))
        }
        // These only read unless they are told where to write.
        "sort" | "tree" => {
            let writes = given.values(&["-o", "--output"]);
            return (!writes.is_empty()).then(|| some(writes));
        }
        "uniq" | "xxd" | "link" if given.operands.len() > 1 => some(given.operands.into_iter().skip(1).collect()),
        "split" => some(given.operands.into_iter().skip(1).collect()),
        "csplit" => some(given.values(&["-f", "--prefix"])),
        "patch" => {
            let mut writes = given.values(&["-o", "-d", "-r", "--output", "--directory", "--reject-file"]);
            writes.extend(given.operands.into_iter().take(1));
            some(writes)
        }
        _ => return archives::touches(program, args),
    })
}

/// Leaves out what stands for the standard output.
fn kept(writes: Vec<Word>) -> Vec<Word> {
    writes.into_iter().filter(|word| !word.is("-")).collect()
}

fn copies(program: &str, given: &Given) -> Option<Touches> {
    let mut targets = given.values(&TARGET);
    let mut sources = given.operands.clone();
    if program == "install" && given.has(&["-d", "--directory"]) {
        return Some(Touches { writes: sources, ..Touches::default() });
    }
    if targets.is_empty() {
        // The link to a single name appears where the command runs.
        targets.push(if program == "ln" && sources.len() == 1 { Word::literal(".") } else { sources.pop()? });
    }
    let is_all = program == "cp" || program == "mv";
    let touches = Touches { writes: targets, is_all, ..Touches::default() };
    Some(match program {
        // What is moved is gone from where it was.
        "mv" => Touches { deletes: sources, ..touches },
        "ln" => touches,
        _ => Touches { reads: sources, ..touches },
    })
}

/// It knows a hundred options and no shortened ones; whatever looks like a path among their values may be written.
fn rsync(args: &[Word]) -> Option<Touches> {
    let given =
        read(args, &["-e", "-f", "-T", "-B", "-M", "-@", "--temp-dir", "--backup-dir", "--partial-dir", "--log-file"]);
    let (mut sources, mut writes) = (given.operands.clone(), Vec::new());
    let target = sources.pop()?;
    writes.extend(given.values(&["-T", "--temp-dir", "--backup-dir", "--partial-dir", "--log-file"]));
    let mut touches = Touches { writes, ..Touches::default() };
    if given.flags.iter().any(|flag| flag.starts_with("--del")) {
        touches.deletes.push(target.clone());
    }
    if given.has(&["--remove-source-files"]) {
        touches.deletes.append(&mut sources);
    }
    touches.writes.push(target);
    touches.reads = sources;
    Some(touches)
}

/// `sed -i SCRIPT FILE…`: a script that could write elsewhere or run something is not understood.
fn sed(args: &[Word]) -> Option<Touches> {
    let given = read(args, &["-e", "-f", "-l", "-i?", "--expression", "--file", "--line-length", "--in-place?"]);
    let suffixes = given.values(&["-i?", "--in-place?"]);
    if suffixes.is_empty() && !given.has(&["-i", "--in-place"]) {
        return None;
    }
    let mut scripts = given.values(&["-e", "--expression"]);
    let from_file = !given.values(&["-f", "--file"]).is_empty();
    let mut files = given.operands.clone();
    if scripts.is_empty() && !from_file && !files.is_empty() {
        scripts.push(files.remove(0));
    }
    let plain = ["-E", "-r", "-n", "-s", "-z", "-u", "-i", "--in-place", "--regexp-extended", "--quiet"];
    let is_plain = given.flags.iter().all(|flag| plain.contains(&flag.as_str()));
    // A copy is kept beside, or elsewhere: `-i/outside/*`.
    let is_beside = suffixes.iter().all(|suffix| suffix.known && !suffix.text.contains(['/', '*']));
    // A script in a file was not read.
    let is_all =
        is_plain && is_beside && !from_file && scripts.iter().all(|script| script.known && only_replaces(&script.text));
    files.extend(suffixes.into_iter().filter(|suffix| suffix.text.contains('/')));
    Some(Touches { writes: files, is_all, ..Touches::default() })
}

/// `perl -pi -e PROGRAM FILE…`: what the program does besides is not known.
fn in_place(args: &[Word]) -> Option<Touches> {
    let given = read(args, &["-e", "-E", "-I", "-M?", "-m?", "-i?", "-l?", "-0?", "-F?"]);
    if given.values(&["-i?"]).is_empty() && !given.has(&["-i"]) {
        return None;
    }
    let has_program = !given.values(&["-e", "-E"]).is_empty();
    Some(Touches { writes: given.operands.into_iter().skip(usize::from(!has_program)).collect(), ..Touches::default() })
}

/// Whether a script of sed only replaces and deletes: `s/a/b/g`, `3d`, `/x/d`.
pub(super) fn only_replaces(script: &str) -> bool {
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
