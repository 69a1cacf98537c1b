//! Commands that pack and unpack: where they write, and what they take away.

use super::files::Touches;
use super::options::{Given, read};
use super::word::Word;

/// Options of tar that take a value.
const TAR: [&str; 26] = [
    "-C",
    "-f",
    "-b",
    "-g",
    "-H",
    "-I",
    "-K",
    "-L",
    "-N",
    "-T",
    "-V",
    "-X",
    "-F",
    "--directory",
    "--file",
    "--files-from",
    "--exclude",
    "--exclude-from",
    "--listed-incremental",
    "--one-top-level?",
    "--use-compress-program",
    "--to-command",
    "--checkpoint-action",
    "--transform",
    "--strip-components",
    "--index-file",
];

/// Says what one of these does to files.
pub(super) fn touches(program: &str, args: &[Word]) -> Option<Touches> {
    Some(match program {
        "tar" | "bsdtar" | "gtar" => tar(args),
        "unzip" => {
            let given = read(args, &["-d", "-P"]);
            Touches { writes: or_here(given.values(&["-d"])), ..Touches::default() }
        }
        "zip" => {
            let given = read(args, &["-b", "-t", "-tt", "-P", "-n", "-x", "-i"]);
            let (archive, packed) = given.operands.split_first()?;
            let moves = given.has(&["-m", "--move"]);
            let deletes = if moves { packed.to_vec() } else { Vec::new() };
            Touches { writes: vec![archive.clone()], reads: packed.to_vec(), deletes, is_all: false }
        }
        "7z" | "7za" | "7zr" | "7zz" => {
            let glued = |begin: &str| -> Vec<Word> {
                let values = args.iter().filter_map(|arg| {
                    arg.text.strip_prefix(begin).map(|text| Word { text: text.to_owned(), ..arg.clone() })
                });
                values.collect()
            };
            let mut operands = args.iter().filter(|arg| !arg.text.starts_with('-')).cloned();
            let extracts = operands.next().is_some_and(|verb| verb.is("x") || verb.is("e"));
            let archive: Vec<Word> = operands.by_ref().take(1).collect();
            let moves = args.iter().any(|arg| arg.text.starts_with("-sdel"));
            Touches {
                writes: if extracts { or_here(glued("-o")) } else { archive },
                deletes: if moves { operands.collect() } else { Vec::new() },
                ..Touches::default()
            }
        }
        "cpio" => {
            let given = read(args, &["-D", "-F", "-O", "-I", "-E", "-H", "--directory", "--file"]);
            let mut writes = given.values(&["-D", "-F", "-O", "--directory", "--file"]);
            // `-p FOLDER` copies there.
            writes.extend(given.operands);
            Touches { writes, ..Touches::default() }
        }
        // They put their result in the place of the file.
        "gzip" | "bzip2" | "xz" | "lzma" | "lzop" | "compress" | "pigz" | "gunzip" | "bunzip2" | "unxz" => {
            let given = read(args, &["-S", "--suffix", "-T", "--threads"]);
            let keeps = ["-k", "--keep", "-c", "--stdout", "--to-stdout", "-l", "--list", "-t", "--test"];
            let deletes = if given.has(&keeps) { Vec::new() } else { given.operands };
            Touches { deletes, ..Touches::default() }
        }
        "zstd" if args.iter().any(|arg| arg.is("--rm")) => {
            Touches { deletes: read(args, &["-o"]).operands, ..Touches::default() }
        }
        _ => return None,
    })
}

fn or_here(folders: Vec<Word>) -> Vec<Word> {
    if folders.is_empty() { vec![Word::literal(".")] } else { folders }
}

fn tar(args: &[Word]) -> Touches {
    let given = tar_options(args);
    let folders = given.values(&["-C", "--directory"]);
    let files = given.values(&["-f", "--file"]);
    if given.has(&["-x", "--extract", "--get"]) {
        let writes = or_here(folders).into_iter().chain(given.values(&["--one-top-level?"])).collect();
        return Touches { writes, reads: files, ..Touches::default() };
    }
    if given.has(&["-t", "--list", "-d", "--diff", "--compare"]) {
        return Touches { reads: files, ..Touches::default() };
    }
    let deletes = if given.has(&["--remove-files"]) { given.operands.clone() } else { Vec::new() };
    let writes = files.into_iter().filter(|file| !file.is("-"));
    let writes = writes.chain(given.values(&["-g", "--listed-incremental", "--index-file"])).collect();
    Touches { writes, deletes, reads: [given.operands.clone(), folders].concat(), is_all: false }
}

/// Reads the options of tar, also in the old way: `tar xfC archive folder`.
fn tar_options(args: &[Word]) -> Given {
    let Some((first, rest)) = args.split_first().filter(|(first, _)| !first.text.starts_with('-')) else {
        return read(args, &TAR);
    };
    let mut rest = rest;
    let mut old = Vec::new();
    let mut flags = Vec::new();
    for letter in first.text.chars() {
        let named = TAR.iter().find(|option| option.len() == 2 && option.ends_with(letter));
        match (named, rest.split_first()) {
            (Some(option), Some((value, after))) => {
                old.push((*option, value.clone()));
                rest = after;
            }
            (Some(_) | None, _) => flags.push(format!("-{letter}")),
        }
    }
    let mut given = read(rest, &TAR);
    given.flags.extend(flags);
    for (option, value) in old {
        given.push(option, value);
    }
    given
}
