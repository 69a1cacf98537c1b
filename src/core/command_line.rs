//! Fills the placeholders of a command line for one file, and finds the test of a source and the sources of a test.

use std::fmt::Write as _;

use crate::model::path::ProjectPath;
use crate::model::template::{Piece, Placeholder, pieces};

/// Why a command line cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// The text names a placeholder that does not exist.
    #[error("unknown placeholder {{{0}}}; there are {{file}}, {{dir}}, {{stem}} and {{tests}}")]
    Unknown(String),
    /// The command wants a test file and the check has no `tests` pattern.
    #[error("{{tests}} needs a pattern: set tests = \"…\" in this [[check]]")]
    NoTests,
    /// The pattern, filled in, leads out of the project.
    #[error("the tests pattern {0:?} leads out of the project")]
    Outside(String),
}

/// Returns the folder of a file, without a slash at its end; `.` at the top.
fn folder(file: &ProjectPath) -> &[u8] {
    let bytes = file.as_bytes();
    bytes.iter().rposition(|byte| *byte == b'/').map_or(b".", |slash| &bytes[..slash])
}

/// Returns the file name without its last extension; a leading dot starts no extension.
fn stem(file: &ProjectPath) -> &[u8] {
    let bytes = file.as_bytes();
    let name = bytes.rsplit(|byte| *byte == b'/').next().unwrap_or(bytes);
    match name.iter().rposition(|byte| *byte == b'.') {
        None | Some(0) => name,
        Some(dot) => &name[..dot],
    }
}

/// Returns the test file that `pattern` gives for a source file; whether it exists is not asked.
///
/// # Errors
/// If the pattern names an unknown placeholder, `{tests}` itself, or leads out of the project.
pub fn test_path(pattern: &str, source: &ProjectPath) -> Result<ProjectPath, ExpandError> {
    let mut path = Vec::new();
    for piece in pieces(pattern) {
        match piece {
            Piece::Text(text) => path.extend_from_slice(text.as_bytes()),
            Piece::Fill(Placeholder::File) => path.extend_from_slice(source.as_bytes()),
            Piece::Fill(Placeholder::Dir) => path.extend_from_slice(folder(source)),
            Piece::Fill(Placeholder::Stem) => path.extend_from_slice(stem(source)),
            Piece::Fill(Placeholder::Tests) => return Err(ExpandError::Unknown("tests".to_owned())),
            Piece::Unknown(word, _) => return Err(ExpandError::Unknown(word.to_owned())),
        }
    }
    ProjectPath::from_bytes(&path).ok_or_else(|| ExpandError::Outside(pattern.to_owned()))
}

/// Returns those of `candidates` whose test file, by `pattern`, is `test`.
///
/// Several sources may share a test when the pattern leaves their folder out.
pub fn sources_of<'a>(
    pattern: &str,
    test: &ProjectPath,
    candidates: impl IntoIterator<Item = &'a ProjectPath>,
) -> Vec<&'a ProjectPath> {
    candidates
        .into_iter()
        .filter(|source| *source != test && test_path(pattern, source).is_ok_and(|path| path == *test))
        .collect()
}

/// Fills the placeholders of `line` for `file`, quoted, as one command line for `sh -c`.
///
/// A line without placeholders comes back as it is. A name that begins with `-` gets `./` in front, so that no program
/// takes it for an option.
///
/// # Errors
/// If a placeholder is unknown, or `{tests}` is used and `tests` is no usable pattern.
pub fn expand(line: &str, tests: Option<&str>, file: &ProjectPath) -> Result<String, ExpandError> {
    let mut out = String::with_capacity(line.len() + 32);
    for piece in pieces(line) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Fill(Placeholder::File) => quote(&mut out, file.as_bytes()),
            Piece::Fill(Placeholder::Dir) => quote(&mut out, folder(file)),
            Piece::Fill(Placeholder::Stem) => quote_part(&mut out, stem(file)),
            Piece::Fill(Placeholder::Tests) => {
                let path = test_path(tests.ok_or(ExpandError::NoTests)?, file)?;
                quote(&mut out, path.as_bytes());
            }
            Piece::Unknown(word, _) => return Err(ExpandError::Unknown(word.to_owned())),
        }
    }
    Ok(out)
}

/// Writes a path as one shell word.
fn quote(out: &mut String, path: &[u8]) {
    if path.starts_with(b"-") {
        out.push_str("./");
    }
    quote_part(out, path);
}

/// Writes bytes as part of a shell word. Bytes that are not UTF-8 go through `printf`, as the shell of POSIX has no
/// other notation for them and arguments are text.
fn quote_part(out: &mut String, bytes: &[u8]) {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(byte);
    if bytes.is_empty() {
        out.push_str("''");
    }
    for chunk in bytes.utf8_chunks() {
        if chunk.valid().as_bytes().iter().all(plain) {
            out.push_str(chunk.valid());
        } else {
            out.push('\'');
            out.push_str(&chunk.valid().replace('\'', r"'\''"));
            out.push('\'');
        }
        if !chunk.invalid().is_empty() {
            out.push_str("\"$(printf '");
            for byte in chunk.invalid() {
                let _ = write!(out, "\\{byte:03o}");
            }
            out.push_str("')\"");
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    fn path(text: &str) -> ProjectPath {
        ProjectPath::new(text).unwrap()
    }

    #[test]
    fn a_line_is_filled_for_a_file() {
        let file = path("src/a b/x.test.ts");
        assert_eq!(
            expand("run {file} {dir} {stem}", None, &file),
            Ok("run 'src/a b/x.test.ts' 'src/a b' x.test".to_owned())
        );
        assert_eq!(expand("make test", None, &file), Ok("make test".to_owned()));
        assert_eq!(expand("py {tests}", Some("tests/test_{stem}.py"), &path("a.py")), Ok("py tests/test_a.py".into()));
        assert_eq!(expand("rm {file} in {dir}", None, &path("-rf")), Ok("rm ./-rf in .".into()));
        assert_eq!(expand("py {tests}", None, &file), Err(ExpandError::NoTests));
        assert_eq!(expand("py {flie}", None, &file), Err(ExpandError::Unknown("flie".into())));
    }

    #[test]
    fn a_test_and_its_source_find_each_other() {
        let pattern = "{dir}/__tests__/{stem}.test.ts";
        assert_eq!(test_path(pattern, &path("src/x.ts")), Ok(path("src/__tests__/x.test.ts")));
        assert_eq!(test_path(pattern, &path("x.ts")), Ok(path("__tests__/x.test.ts")));
        assert_eq!(test_path("../{stem}", &path("x.ts")), Err(ExpandError::Outside("../{stem}".into())));
        let files = [path("src/x.ts"), path("lib/x.ts"), path("src/y.ts"), path("src/__tests__/x.test.ts")];
        assert_eq!(sources_of(pattern, &path("src/__tests__/x.test.ts"), &files), [&files[0]]);
        assert_eq!(sources_of("t/{stem}.ts", &path("t/x.ts"), &files), [&files[0], &files[1]]);
    }

    #[test]
    fn dotfiles_keep_their_name() {
        assert_eq!(stem(&path("a/.bashrc")), b".bashrc");
        assert_eq!(stem(&path("a.d/Makefile")), b"Makefile");
        assert_eq!(stem(&path("a.tar.gz")), b"a.tar");
    }
}
