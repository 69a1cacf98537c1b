//! Says which checks concern a changed file and which files are ignored.

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::core::command_line::test_path;
use crate::model::check::CheckName;
use crate::model::path::ProjectPath;
use crate::model::settings::Settings;
use crate::model::template::{Piece, Placeholder, pieces};

/// A glob that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bad glob {glob:?}: {why}")]
pub struct BadGlob {
    /// The glob as written.
    pub glob: String,
    /// What is wrong with it.
    pub why: String,
}

/// Why a check concerns a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// The file is one of its `paths`.
    Source,
    /// The file may be the test of a source by its `tests` pattern; see
    /// [`sources_of`](crate::core::command_line::sources_of).
    Test,
}

/// The globs of all checks, compiled once.
#[derive(Clone, Debug)]
pub struct Matcher {
    checks: Vec<Row>,
    ignore: GlobSet,
}

#[derive(Clone, Debug)]
struct Row {
    name: CheckName,
    /// `None`: every file.
    paths: Option<GlobSet>,
    /// The pattern, and what it can give.
    tests: Option<(String, GlobSet)>,
}

impl Matcher {
    /// Compiles the globs of `[[check]]` and `[watch] ignore`.
    ///
    /// # Errors
    /// The first glob that cannot be understood; the configuration's own check finds all of them, with their places.
    pub fn new(settings: &Settings) -> Result<Self, BadGlob> {
        let checks = settings
            .checks
            .iter()
            .map(|check| {
                let paths = (!check.paths.is_empty()).then(|| compile(&check.paths)).transpose()?;
                let tests = match &check.tests {
                    Some(tests) => Some((tests.clone(), compile(&[as_glob(tests)])?)),
                    None => None,
                };
                Ok(Row { name: check.name.clone(), paths, tests })
            })
            .collect::<Result<_, _>>()?;
        let ignore: Vec<_> = settings.watch.ignore.iter().map(|glob| anywhere(glob)).collect();
        Ok(Self { checks, ignore: compile(&ignore)? })
    }

    /// Returns the checks that concern `path` and why, in the order of the configuration.
    pub fn concerned(&self, path: &ProjectPath) -> impl Iterator<Item = (&CheckName, Concern)> {
        let candidate = Candidate::new(path.as_path());
        self.checks.iter().filter_map(move |row| {
            let hit = |set: &GlobSet| set.is_match_candidate(&candidate);
            // A test may lie inside `paths`, too: then it is a test, so that its source is checked and not itself.
            let is_test = |(pattern, set): &(String, GlobSet)| {
                // A file that holds its own tests is a source.
                hit(set) && !test_path(pattern, path).is_ok_and(|test| test == *path)
            };
            if row.tests.as_ref().is_some_and(is_test) {
                Some((&row.name, Concern::Test))
            } else if row.paths.as_ref().is_none_or(hit) {
                Some((&row.name, Concern::Source))
            } else {
                None
            }
        })
    }

    /// Whether `[watch] ignore` leaves this file out; what git ignores is the watcher's business.
    pub fn is_ignored(&self, path: &ProjectPath) -> bool {
        self.ignore.is_match(path.as_path())
    }
}

/// Compiles globs that are relative to the project. `*` stops at `/`, `**` does not; a glob that names a folder means
/// all that is in it.
///
/// # Errors
/// The first glob that cannot be understood.
pub fn compile<S: AsRef<str>>(globs: &[S]) -> Result<GlobSet, BadGlob> {
    let mut set = GlobSetBuilder::new();
    let bad = |glob: &str, why: &globset::Error| BadGlob { glob: glob.to_owned(), why: why.kind().to_string() };
    for glob in globs.iter().map(AsRef::as_ref) {
        let plain = glob.strip_prefix("./").unwrap_or(glob).trim_end_matches('/');
        for form in [plain.to_owned(), format!("{plain}/**")] {
            let compiled = GlobBuilder::new(&form).literal_separator(true).build().map_err(|why| bad(glob, &why))?;
            set.add(compiled);
        }
    }
    set.build().map_err(|why| bad("", &why))
}

/// Reads a glob of `[watch] ignore` the way `.gitignore` does: without a slash it means any folder.
fn anywhere(glob: &str) -> String {
    if glob.trim_end_matches('/').contains('/') {
        glob.strip_prefix('/').unwrap_or(glob).to_owned()
    } else {
        format!("**/{glob}")
    }
}

/// Turns a `tests` pattern into a glob for everything it can give.
fn as_glob(pattern: &str) -> String {
    let mut glob = String::new();
    for piece in pieces(pattern) {
        match piece {
            Piece::Text(text) => {
                let whole_folder = glob.ends_with("**");
                let text = if whole_folder { text.strip_prefix('/').unwrap_or(text) } else { text };
                if whole_folder {
                    glob.push('/');
                }
                glob.push_str(&globset::escape(text));
            }
            // A whole part of the path may be any folder; glued to other text, `**` would be read as two stars.
            Piece::Fill(Placeholder::Dir | Placeholder::File) => {
                glob.push_str(if glob.is_empty() || glob.ends_with('/') { "**" } else { "*" });
            }
            Piece::Fill(Placeholder::Stem) => glob.push('*'),
            Piece::Fill(Placeholder::Tests) | Piece::Unknown(..) => {}
        }
    }
    glob
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    fn hit(glob: &str, path: &[u8]) -> bool {
        compile(&[glob]).unwrap().is_match(ProjectPath::from_bytes(path).unwrap().as_path())
    }

    #[test]
    fn globs_are_relative_to_the_project() {
        for (glob, path, yes) in [
            ("src/**/*.py", &b"src/a.py"[..], true),
            ("src/**/*.py", b"src/a/b/c.py", true),
            ("src/**/*.py", b"lib/src/a.py", false),
            ("*.py", b"a.py", true),
            ("*.py", b"src/a.py", false),
            ("**/*.py", b"a.py", true),
            ("src", b"src/deep/a.py", true),
            ("./src/", b"src/a.py", true),
            ("src/*.{ts,tsx}", b"src/a.tsx", true),
            ("src/**", b"src/\xff\xfe.py", true),
            ("src/**/*.py", b"src/\xff/x.py", true),
        ] {
            assert_eq!(hit(glob, path), yes, "{glob} on {path:?}");
        }
        assert_eq!(compile(&["a[b"]).unwrap_err().glob, "a[b");
    }

    #[test]
    fn ignore_globs_read_like_gitignore() {
        assert_eq!(anywhere("*.log"), "**/*.log");
        assert_eq!(anywhere("dist/"), "**/dist/");
        assert_eq!(anywhere("/dist"), "dist");
        assert_eq!(anywhere("a/b"), "a/b");
    }

    #[test]
    fn a_tests_pattern_knows_its_tests() {
        for (pattern, path, yes) in [
            ("tests/test_{stem}.py", "tests/test_a.py", true),
            ("tests/test_{stem}.py", "src/a.py", false),
            ("{dir}/__tests__/{stem}.test.ts", "src/x/__tests__/a.test.ts", true),
            ("{dir}/__tests__/{stem}.test.ts", "__tests__/a.test.ts", true),
            ("tests/{file}", "tests/src/a.py", true),
            ("{dir}/{stem}_test.go", "pkg/a_test.go", true),
            ("{dir}/{stem}_test.go", "pkg/a.go", false),
        ] {
            assert_eq!(hit(&as_glob(pattern), path.as_bytes()), yes, "{pattern} on {path}");
        }
    }
}
