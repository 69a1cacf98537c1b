//! Judges `find`: where it looks, what it runs for what it finds, what it writes and deletes.

use super::feed::Fed;
use super::files;
use super::gone::found_and_deleted;
use super::place::Place;
use super::reads::{self, Look};
use super::walk::{Call, Walk};
use super::word::Word;
use crate::model::policy::Verdict;

/// A command that is run for what is found.
struct Run {
    words: Vec<Word>,
    /// Whether it runs in the folder of what was found, which nobody knows.
    elsewhere: bool,
}

/// Actions that write into a file, and how many words each takes.
const WRITES: [(&str, usize); 4] = [("-fprint", 1), ("-fprint0", 1), ("-fls", 1), ("-fprintf", 2)];

/// Parts the words of `find` into what it runs, the files that it writes, and the rest.
fn parts(args: &[Word]) -> (Vec<Run>, Vec<Word>, Vec<Word>) {
    let (mut runs, mut writes, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = args;
    while let [word, after @ ..] = rest {
        rest = after;
        if ["-exec", "-execdir", "-ok", "-okdir"].iter().any(|option| word.is(option)) {
            let end = rest.iter().enumerate().position(|(at, word)| {
                word.is(";") || (word.is("+") && at.checked_sub(1).is_some_and(|before| rest[before].text == "{}"))
            });
            let end = end.unwrap_or(rest.len());
            runs.push(Run { words: rest[..end].to_vec(), elsewhere: word.text.ends_with("dir") });
            rest = rest.get(end + 1..).unwrap_or_default();
        } else if let Some((_, count)) = WRITES.iter().find(|(action, _)| word.is(action)) {
            writes.push(rest.first().cloned().unwrap_or_else(Word::unknown));
            rest = rest.get(*count..).unwrap_or_default();
        } else {
            kept.push(word.clone());
        }
    }
    (runs, writes, kept)
}

impl Walk<'_> {
    /// Judges all that a `find` does.
    pub(super) fn find(&mut self, args: &[Word]) {
        let (runs, writes, rest) = parts(args);
        for run in &runs {
            self.found(run, &rest);
        }
        for file in &writes {
            match self.folders.refuse_write(file, self.scope, self.world) {
                Some(refusal) => self.verdicts.push(refusal),
                None => self.edits(&file.text),
            }
        }
        if rest.iter().any(|arg| arg.is("-delete")) {
            return self.all_gone(&rest, false);
        }
        match reads::look("find", &rest) {
            Look::Paths(paths) if self.stays_inside(&paths) => {
                self.verdicts.push(Verdict::allow("default.read", "it only looks for files in the workspace"));
            }
            Look::Paths(_) => self.ask("default.outside", "find would look outside the workspace"),
            Look::No => self.ask("default.unlisted", "find would do more than look"),
        }
    }

    /// Judges the deletion of all that is found.
    fn all_gone(&mut self, search: &[Word], whole: bool) {
        match found_and_deleted(search, whole, &self.folders, self.scope, self.world) {
            Some(verdict) => self.verdicts.push(verdict),
            None => self.ask("default.unlisted", "find deletes what it finds"),
        }
    }

    /// Judges what is run for each file that is found.
    fn found(&mut self, run: &Run, search: &[Word]) {
        // What is found lies below where it looks.
        let start = search.first().filter(|start| !start.text.starts_with(['-', '(', '!']));
        let start = start.cloned().unwrap_or_else(|| Word::literal("."));
        let start = match self.folders.place(&start, self.scope, self.world) {
            Place::Inside(path) => Word::literal(self.scope.workspace.join(path).display().to_string()),
            Place::Free | Place::Outside(_) | Place::Unknown => start,
        };
        let place = |word: &Word| match word.text.as_str() {
            "{}" => start.clone(),
            text if text.contains("{}") => Word { known: false, ..word.clone() },
            _ => word.clone(),
        };
        let words: Vec<Word> = run.words.iter().map(place).collect();
        let folders = self.folders.clone();
        if run.elsewhere {
            self.folders = self.folders.within(&Word::unknown());
        }
        let name = words.first().map_or("", |word| word.text.rsplit('/').next().unwrap_or_default()).to_owned();
        let named = files::touches(&name, run.words.get(1..).unwrap_or_default());
        match (named, files::touches(&name, words.get(1..).unwrap_or_default())) {
            (Some(named), Some(touches)) => {
                let deletes_found = named.deletes.iter().any(|word| word.text.contains("{}"));
                for file in &touches.writes {
                    if let Some(refusal) = self.folders.refuse_write(file, self.scope, self.world) {
                        self.verdicts.push(refusal);
                    }
                }
                if deletes_found {
                    let recurses = |word: &Word| {
                        word.text.starts_with('-') && (word.text.contains(['r', 'R'])) && !word.text.contains("force")
                    };
                    self.folders = folders;
                    return self.all_gone(search, name != "rm" || run.words.iter().any(recurses));
                }
                self.ask("default.unlisted", format!("{name} changes what find finds"));
            }
            (Some(_), None) | (None, _) => {
                self.call(&Call { words, assignments: Vec::new(), fed: Fed::Nothing, more: false });
            }
        }
        self.folders = folders;
    }
}
