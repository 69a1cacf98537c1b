//! Reads a unified diff as git writes it, line by line, with line numbers; what it does not know stays text.

use crate::model::path::ProjectPath;

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DiffLine {
    /// A file begins.
    File {
        /// Which, as it is now, or as it was if it is gone.
        name: String,
        /// What became of it, if it is not just other content.
        fate: String,
        added: usize,
        removed: usize,
    },
    /// A hunk begins, in this line of the new file.
    Hunk { file: String, line: u32, within: String },
    /// A line that both have.
    Same { old: u32, new: u32, text: String },
    /// A line that is gone.
    Removed { old: u32, text: String },
    /// A line that is new.
    Added { new: u32, text: String },
    /// Something else.
    Other(String),
}

/// Reads a diff.
pub(super) fn parse(diff: &str) -> Vec<DiffLine> {
    let mut lines: Vec<DiffLine> = Vec::new();
    let (mut old, mut new) = (0, 0);
    // How many lines of the hunk are still to come on each side: what looks like a header may be a removed line.
    let (mut olds, mut news) = (0, 0);
    let mut file = String::new();
    let mut at = None;
    for text in diff.lines() {
        let in_hunk = olds > 0 || news > 0;
        let rest = text.get(1..).unwrap_or_default().to_owned();
        match text.as_bytes().first() {
            Some(b'+') if in_hunk => {
                lines.push(DiffLine::Added { new, text: rest });
                (new, news) = (new + 1, news - 1_i64);
                count(&mut lines, at, 1, 0);
            }
            Some(b'-') if in_hunk => {
                lines.push(DiffLine::Removed { old, text: rest });
                (old, olds) = (old + 1, olds - 1_i64);
                count(&mut lines, at, 0, 1);
            }
            Some(b' ') | None if in_hunk => {
                lines.push(DiffLine::Same { old, new, text: rest });
                (old, new, olds, news) = (old + 1, new + 1, olds - 1, news - 1);
            }
            _ => {
                if let Some(names) = text.strip_prefix("diff --git ") {
                    file = named(names);
                    at = Some(lines.len());
                    lines.push(DiffLine::File { name: file.clone(), fate: String::new(), added: 0, removed: 0 });
                    (olds, news) = (0, 0);
                } else if let Some(header) = text.strip_prefix("@@ ").and_then(header) {
                    (old, olds, new, news) = (header.0, header.1, header.2, header.3);
                    lines.push(DiffLine::Hunk { file: file.clone(), line: new, within: header.4 });
                } else if let Some(word) = fate(text) {
                    if let Some(DiffLine::File { fate, .. }) = at.and_then(|at| lines.get_mut(at)) {
                        word.clone_into(fate);
                    }
                } else if !is_known(text) {
                    lines.push(DiffLine::Other(text.to_owned()));
                }
            }
        }
    }
    lines
}

fn count(lines: &mut [DiffLine], at: Option<usize>, more: usize, less: usize) {
    if let Some(DiffLine::File { added, removed, .. }) = at.and_then(|at| lines.get_mut(at)) {
        *added += more;
        *removed += less;
    }
}

/// Returns the name in `a/src/x.rs b/src/x.rs`, where both sides are the same but for the letter.
fn named(names: &str) -> String {
    let half = names.len() / 2;
    let name = match names.split_at_checked(half) {
        Some((a, b)) if a.get(2..) == b.get(3..) => b.get(3..),
        _ => names.rsplit_once(" b/").map(|(_, name)| name),
    };
    name.unwrap_or(names).to_owned()
}

/// Reads `-31,11 +31,14 @@ fn x`.
fn header(text: &str) -> Option<(u32, i64, u32, i64, String)> {
    let (ranges, within) = text.split_once(" @@")?;
    let (old, new) = ranges.split_once(' ')?;
    let range = |text: &str| {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse::<u32>().ok()?, i64::from(count.parse::<u32>().ok()?)))
    };
    let ((old, olds), (new, news)) = (range(old.strip_prefix('-')?)?, range(new.strip_prefix('+')?)?);
    Some((old, olds, new, news, within.trim().to_owned()))
}

fn fate(text: &str) -> Option<&str> {
    if text.starts_with("new file mode") {
        Some("new file")
    } else if text.starts_with("deleted file mode") {
        Some("deleted")
    } else if text.starts_with("rename from ") {
        Some("renamed")
    } else if text.starts_with("new mode ") {
        Some("mode changed")
    } else if text.starts_with("Binary files ") || text == "GIT binary patch" {
        Some("binary")
    } else {
        None
    }
}

/// Whether a line of the header says nothing new.
fn is_known(text: &str) -> bool {
    ["index ", "--- ", "+++ ", "old mode ", "similarity index ", "rename to "]
        .iter()
        .any(|known| text.starts_with(known))
}

/// Returns the path of a file of the diff.
pub(super) fn path(name: &str) -> Option<ProjectPath> {
    ProjectPath::new(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_numbers_of_their_files() {
        let diff = "diff --git a/x.rs b/x.rs\nindex 1..2 100644\n--- a/x.rs\n+++ b/x.rs\n@@ -3,3 +3,3 @@ fn f() {\n same\n--- a comment of SQL\n+new\n\n\\ No newline at end of file\n… 3 lines left out\n";
        let text = |text: &str| text.to_owned();
        assert_eq!(
            parse(diff),
            [
                DiffLine::File { name: text("x.rs"), fate: text(""), added: 1, removed: 1 },
                DiffLine::Hunk { file: text("x.rs"), line: 3, within: text("fn f() {") },
                DiffLine::Same { old: 3, new: 3, text: text("same") },
                DiffLine::Removed { old: 4, text: text("-- a comment of SQL") },
                DiffLine::Added { new: 4, text: text("new") },
                DiffLine::Same { old: 5, new: 5, text: text("") },
                DiffLine::Other(text("\\ No newline at end of file")),
                DiffLine::Other(text("… 3 lines left out")),
            ]
        );
    }

    #[test]
    fn what_became_of_a_file_is_said() {
        let diff = "diff --git a/a b b/a b\nnew file mode 100644\nindex 0..1\ndiff --git a/old b/new\nsimilarity index 90%\nrename from old\nrename to new\n";
        let DiffLine::File { name, fate, .. } = &parse(diff)[0] else { unreachable!("a file comes first") };
        assert_eq!((name.as_str(), fate.as_str()), ("a b", "new file"));
        let DiffLine::File { name, fate, .. } = &parse(diff)[1] else { unreachable!("a file comes second") };
        assert_eq!((name.as_str(), fate.as_str()), ("new", "renamed"));
    }
}
