//! Which path a person means by "Updated docs/X.md (the table)".

use std::path::Path;

use crate::model::path::ProjectPath;

/// Why no path could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unclear {
    /// Nothing in it looks like a path.
    NoPath,
    /// More than one thing does.
    Several(Vec<String>),
    /// It is outside of the project.
    Outside(String),
    /// It is what nobody but git may write.
    Git,
}

/// Words that say what is done to a file, or with it.
const VERBS: [&str; 26] = [
    "a",
    "add",
    "added",
    "an",
    "change",
    "changed",
    "create",
    "created",
    "edit",
    "edited",
    "extend",
    "extended",
    "file",
    "fix",
    "fixed",
    "in",
    "modified",
    "modify",
    "new",
    "rewrite",
    "rewritten",
    "the",
    "update",
    "updated",
    "write",
    "written",
];

/// Finds the path in what is said; a path with spaces is one that is there already, or stands in backquotes.
pub(super) fn path_in(said: &str, project: &Path) -> Result<ProjectPath, Unclear> {
    let said = said.trim();
    if let Some((quoted, _)) = said.split_once('`').and_then(|(_, rest)| rest.split_once('`')) {
        return inside(quoted.trim());
    }
    let bare = without_verbs(said);
    if bare.split_whitespace().count() == 1 {
        return inside(trimmed(bare));
    }
    if let Some(path) = ProjectPath::new(bare).filter(|path| path.under(project).exists()) {
        return not_gits(path);
    }
    let mut found: Vec<&str> = said.split_whitespace().map(trimmed).filter(|word| looks_like_path(word)).collect();
    found.dedup();
    match found.as_slice() {
        [] => Err(Unclear::NoPath),
        [one] => inside(one),
        several => Err(Unclear::Several(several.iter().map(|word| (*word).to_owned()).collect())),
    }
}

fn without_verbs(said: &str) -> &str {
    let mut rest = said;
    while let Some((word, after)) = rest.split_once(char::is_whitespace) {
        if !VERBS.contains(&&*word.trim_end_matches(':').to_lowercase()) {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

/// Takes punctuation and quotes off a word; parentheses only if both stand around it, because they occur in names.
fn trimmed(word: &str) -> &str {
    let word = word.trim_end_matches([',', ';', ':']);
    let word = word.strip_suffix('.').filter(|rest| !rest.is_empty() && !rest.ends_with('.')).unwrap_or(word);
    let word = word.trim_matches(['"', '\'']);
    word.strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .filter(|inner| !inner.contains(['(', ')']))
        .unwrap_or(word)
}

/// Whether a word is a path rather than prose: it has a folder, or a name with an ending.
fn looks_like_path(word: &str) -> bool {
    let is_address = word.contains("://");
    // `and/or` is prose: a path has an ending, ends in a slash, or has more than one folder.
    let ending = word.rsplit('/').next().unwrap_or(word).rsplit_once('.');
    let has_ending = ending.is_some_and(|(_, ending)| {
        (1..=8).contains(&ending.len())
            && ending.chars().all(char::is_alphanumeric)
            && ending.chars().any(char::is_alphabetic)
    });
    // `e.g` and `i.e` are words.
    let is_short = word.len() <= 3 && !word.contains('/');
    !is_address && !is_short && (has_ending || word.ends_with('/') || word.matches('/').count() > 1)
}

fn inside(path: &str) -> Result<ProjectPath, Unclear> {
    let outside = || Unclear::Outside(path.to_owned());
    if path.starts_with('~') {
        return Err(outside());
    }
    not_gits(ProjectPath::new(path).ok_or_else(outside)?)
}

fn not_gits(path: ProjectPath) -> Result<ProjectPath, Unclear> {
    let first = path.as_path().components().next();
    let is_gits = first.is_some_and(|first| first.as_os_str().eq_ignore_ascii_case(".git"));
    if is_gits { Err(Unclear::Git) } else { Ok(path) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn prose_around_a_path_is_no_part_of_it() {
        let project = tempfile::tempdir().unwrap();
        std::fs::write(project.path().join("my notes.md"), "").unwrap();
        for (said, path) in [
            ("docs/NEW_DOC.md", "docs/NEW_DOC.md"),
            ("Updated docs/MODULE_REGISTRY.md", "docs/MODULE_REGISTRY.md"),
            ("Updated: the Makefile", "Makefile"),
            ("New file: src/app/(main)/funerals/page.tsx", "src/app/(main)/funerals/page.tsx"),
            ("tests for the parser in tests/parser/ and/or its helpers", "tests/parser"),
            ("docs/X.md (updated)", "docs/X.md"),
            ("A summary in docs/X.md.", "docs/X.md"),
            ("Updated my notes.md", "my notes.md"),
            ("Created `docs/two words.md` with all of it", "docs/two words.md"),
            ("(main)/x.ts", "(main)/x.ts"),
            (".env.example", ".env.example"),
            ("LICENSE", "LICENSE"),
        ] {
            assert_eq!(path_in(said, project.path()).map(|path| path.to_string()), Ok(path.to_owned()), "{said}");
        }
    }

    #[test]
    fn what_is_unclear_is_not_guessed() {
        let project = Path::new("/nowhere");
        assert_eq!(path_in("All tests are green", project), Err(Unclear::NoPath));
        assert_eq!(
            path_in("docs/a.md and docs/b.md", project),
            Err(Unclear::Several(vec!["docs/a.md".to_owned(), "docs/b.md".to_owned()]))
        );
        for outside in ["../x.md", "Updated /etc/hosts", "~/notes.md", "docs/../../x.md"] {
            assert!(matches!(path_in(outside, project), Err(Unclear::Outside(_))), "{outside}");
        }
        assert_eq!(path_in("Updated .git/config", project), Err(Unclear::Git));
    }
}
