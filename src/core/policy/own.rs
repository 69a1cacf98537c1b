//! The commands of the checks: an agent may run them as they are, and not what it wrote into them.

use super::place::Place;
use super::reads::HARMLESS_VARIABLES;
use super::walk::{Call, Walk};
use super::word::Word;
use super::wrap::{Inner, inner};
use crate::model::policy::Verdict;

impl Walk<'_> {
    /// Walks through a check's own line: only what the agent wrote into it counts.
    pub(super) fn own_line(&mut self, text: &str) {
        let before = self.verdicts.len();
        self.is_own = true;
        self.script(text);
        self.is_own = false;
        self.verdicts.truncate(before);
        self.verdicts.append(&mut self.broken);
        self.verdicts.push(Verdict::allow("default.check", "it is the check's own line"));
    }

    /// Whether a command is one of a check's own, word for word, where checks run.
    pub(super) fn is_check(&self, call: &Call) -> bool {
        let is_elsewhere = !self.folders.is_only(&self.scope.workspace);
        let is_other = call.words.first().is_none_or(|program| self.functions.contains(&program.text));
        if is_elsewhere || is_other {
            return false;
        }
        self.checks.iter().any(|check| {
            let same = |name: &String, value: &Word| {
                check.assignments.iter().any(|(known, set)| known == name && set == value)
            };
            check.words.len() == call.words.len()
                && check
                    .words
                    .iter()
                    .zip(&call.words)
                    .all(|(wanted, given)| (self.is_own || (wanted.known && given.known)) && wanted.text == given.text)
                && call
                    .assignments
                    .iter()
                    .all(|(name, value)| same(name, value) || HARMLESS_VARIABLES.contains(&name.as_str()))
                && !call.more
        })
    }

    /// A check's own command; a script that it names is looked at if the agent has touched it.
    pub(super) fn check(&mut self, call: &Call, name: &str, args: &[Word]) {
        let before = self.verdicts.len();
        let script = if let Inner::File(file) = inner(name, args) {
            Some(file)
        } else {
            call.words.first().filter(|program| program.text.contains('/')).cloned()
        };
        if let Some(file) = script
            && !self.is_untouched(&file)
        {
            self.script_file(&file, &call.fed);
            // What the agent wrote into it may be anything but a broken safety rule.
            let bad: Vec<Verdict> = self.verdicts.drain(before..).filter(|verdict| verdict.violation).collect();
            self.broken.extend(bad.iter().cloned());
            self.verdicts.extend(bad);
            let places = self.folders.places(&file, self.scope, self.world);
            if places.iter().any(|place| matches!(place, Place::Inside(path) if self.may_be_written(path))) {
                self.ask("default.unclear", format!("this line writes {} before it runs it", file.text));
            }
        }
        let before = self.verdicts.len();
        self.recipes(name, args, true);
        self.broken.extend(self.verdicts[before..].iter().filter(|verdict| verdict.violation).cloned());
        self.verdicts.push(Verdict::allow("default.check", "it is the check's own command"));
    }
}
