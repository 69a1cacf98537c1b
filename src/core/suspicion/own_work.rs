//! Whether a result takes back what the user did since the last green run.

use crate::model::path::ProjectPath;

/// What the user did to a file since the check was last green.
#[derive(Clone, Copy, Debug)]
pub struct UserEdit<'a> {
    /// Which file.
    pub path: &'a ProjectPath,
    /// Lines the user added.
    pub added: &'a [&'a str],
    /// Lines the user removed.
    pub removed: &'a [&'a str],
    /// The whole file at the last green run, if it is kept.
    pub last_green: Option<&'a str>,
}

/// Says what of the user's work since the last green run is taken back.
pub(super) fn taken_back(edit: &UserEdit<'_>, before: Option<&str>, after: Option<&str>) -> Option<String> {
    let (before, after) = (before?, after?);
    let telling = |line: &&&str| line.chars().filter(|c| c.is_alphanumeric()).count() > 1;
    let has = |text: &str, line: &str| text.lines().any(|other| other.trim() == line.trim());
    if edit.last_green.is_some_and(|green| green == after && green != before) {
        return Some("goes back to what it was at the last green run".to_owned());
    }
    let dropped = edit.added.iter().filter(telling).filter(|line| has(before, line) && !has(after, line)).count();
    let restored = edit.removed.iter().filter(telling).filter(|line| !has(before, line) && has(after, line)).count();
    let added = edit.added.iter().filter(telling).count();
    // A line that was rewritten is a fix of new work; one that came back, or went without a successor, is not.
    let replaced = after.lines().count() >= before.lines().count();
    if restored > 0 {
        Some(format!("brings back {restored} of the lines you removed since the last green run"))
    } else if dropped > 0 && (!replaced || (added >= 3 && dropped * 2 > added)) {
        Some(format!("takes away {dropped} of the {added} lines you added since the last green run"))
    } else {
        None
    }
}
