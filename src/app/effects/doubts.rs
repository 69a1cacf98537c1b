//! Gathers what a result is judged by before it lands; the judgement is core's.

use std::collections::BTreeMap;

use crate::app::effects::tools::Tools;
use crate::core::suspicion::{Changed, Judgement, Mode, UserEdit, judge};
use crate::edge::workspace::WorkspaceError;
use crate::model::path::ProjectPath;
use crate::model::workspace::{Snapshot, Suspicion, TreeId};

/// A test file above this many bytes is not searched for literals.
const TESTS_READ: usize = 512 * 1024;

/// What the user did to one file since the last green run.
struct Edit {
    path: ProjectPath,
    before: String,
    now: String,
}

/// Returns what a person should see before this result lands.
///
/// # Errors
/// If trees cannot be read.
pub fn of(
    tools: &Tools,
    base: &Snapshot,
    result: &TreeId,
    last_green: Option<&TreeId>,
    blamed: &[ProjectPath],
) -> Result<Vec<Suspicion>, WorkspaceError> {
    let shadow = &tools.shadow;
    let pairs = shadow.pairs(&base.tree, result)?;
    let modes: BTreeMap<ProjectPath, (u32, u32)> =
        shadow.modes(&base.tree, result)?.into_iter().map(|(path, before, after)| (path, (before, after))).collect();
    let changes: Vec<Changed<'_>> = pairs
        .iter()
        .map(|(change, before, after)| {
            let (mode_before, mode_after) = modes.get(&change.path).copied().unwrap_or_default();
            Changed {
                change,
                before: before.as_deref(),
                after: after.as_deref(),
                mode_before: mode(mode_before),
                mode_after: mode(mode_after),
            }
        })
        .collect();
    let mut tests = Vec::new();
    for path in blamed {
        let text = shadow.content(&base.tree, path)?.filter(|bytes| bytes.len() <= TESTS_READ);
        if let Some(text) = text.and_then(|bytes| String::from_utf8(bytes).ok()) {
            tests.push((path, text));
        }
    }
    let tests_text: Vec<(&ProjectPath, &str)> = tests.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let edits = match last_green {
        Some(green) => edits(tools, green, &base.tree)?,
        None => Vec::new(),
    };
    let lines: Vec<(Vec<&str>, Vec<&str>)> =
        edits.iter().map(|edit| (only_in(&edit.now, &edit.before), only_in(&edit.before, &edit.now))).collect();
    let user_edits: Vec<UserEdit<'_>> = edits
        .iter()
        .zip(&lines)
        .map(|(edit, (added, removed))| UserEdit { path: &edit.path, added, removed, last_green: Some(&edit.before) })
        .collect();
    let configured = tools.now();
    Ok(judge(&Judgement {
        changes: &changes,
        protected: &configured.settings.fix.protect,
        test_globs: &configured.test_globs,
        config_globs: &configured.config_globs,
        tests_text: &tests_text,
        // The machine compares the counts of the runs itself.
        tests_before: None,
        tests_after: None,
        user_edits: &user_edits,
    }))
}

/// Reads a git mode.
fn mode(bits: u32) -> Option<Mode> {
    match bits & 0o170_000 {
        0o120_000 => Some(Mode::Link),
        0o100_000 if bits & 0o111 != 0 => Some(Mode::Executable),
        0o100_000 => Some(Mode::Regular),
        _ => None,
    }
}

fn edits(tools: &Tools, green: &TreeId, now: &TreeId) -> Result<Vec<Edit>, WorkspaceError> {
    let text = |bytes: Option<Vec<u8>>| bytes.map_or(Some(String::new()), |bytes| String::from_utf8(bytes).ok());
    let pairs = tools.shadow.pairs(green, now)?;
    Ok(pairs
        .into_iter()
        .filter_map(|(change, before, now)| Some(Edit { path: change.path, before: text(before)?, now: text(now)? }))
        .collect())
}

/// Returns the lines of `text` that `other` does not have, or not so often.
fn only_in<'a>(text: &'a str, other: &str) -> Vec<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in other.lines() {
        *counts.entry(line).or_default() += 1;
    }
    text.lines()
        .filter(|line| match counts.get_mut(line) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_compared_as_often_as_they_occur() {
        assert_eq!(only_in("a\nb\nb\nc", "b\nc"), ["a", "b"]);
        assert!(only_in("", "x").is_empty());
    }
}
