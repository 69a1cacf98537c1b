//! Judges what a task runner runs under a name: scripts of a package, targets of a Makefile or a justfile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::makefile::{self, Dialect};
use super::options::read;
use super::packages::{self, Told};
use super::reads::is_powerful;
use super::walk::Walk;
use super::word::Word;
use crate::model::policy::Verdict;

/// What is to be run, and which file says how.
enum Task {
    Package(Told),
    Targets {
        dialect: Dialect,
        targets: Vec<String>,
        variables: BTreeMap<String, String>,
        folders: Vec<Word>,
    },
    /// It cannot be told.
    Unclear(&'static str),
}

/// Names of the files with rules, in the order in which they are looked for.
const MAKEFILES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];
const JUSTFILES: [&str; 3] = ["justfile", "Justfile", ".justfile"];

/// Options of make that take a value.
const MAKE: [&str; 12] =
    ["-C", "-f", "-I", "-E", "-o", "-W", "-j?", "-l?", "--directory", "--eval", "--file", "--include-dir"];

/// Says what a command runs by its name.
fn task(program: &str, args: &[Word]) -> Option<Task> {
    match program {
        "make" | "gmake" => {
            let given = read(args, &MAKE);
            if !given.values(&["-f", "-I", "-E", "--eval", "--file", "--include-dir"]).is_empty()
                || given.has(&["--makefile"])
            {
                return Some(Task::Unclear("which rules make goes by is not known"));
            }
            let (mut targets, mut variables) = (Vec::new(), BTreeMap::new());
            for word in &given.operands {
                match word.text.split_once('=') {
                    Some((name, _)) if is_powerful(name) => {
                        return Some(Task::Unclear("a variable decides what make runs"));
                    }
                    Some((name, value)) => drop(variables.insert(name.to_owned(), value.to_owned())),
                    None => targets.push(word.text.clone()),
                }
            }
            // `-j 4`
            targets.retain(|target| !target.chars().all(|letter| letter.is_ascii_digit()));
            let folders = given.values(&["-C", "--directory"]);
            Some(Task::Targets { dialect: Dialect::Make, targets, variables, folders })
        }
        "just" => {
            let is_odd = |arg: &Word| arg.text.starts_with('-') || arg.text.contains('=') || arg.text.contains('/');
            if args.iter().take_while(|arg| !arg.is("--")).any(is_odd) {
                return Some(Task::Unclear("which rules just goes by is not known"));
            }
            let targets = args.iter().map(|arg| arg.text.clone()).collect();
            let variables = BTreeMap::new();
            Some(Task::Targets { dialect: Dialect::Just, targets, variables, folders: Vec::new() })
        }
        _ => packages::told(program, args).map(Task::Package),
    }
}

impl Task {
    /// Returns what a file with this text makes it run; nothing if the text cannot be understood.
    fn scripts(&self, text: &str) -> Option<Vec<String>> {
        match self {
            Self::Package(told) => packages::scripts(told, text),
            Self::Targets { dialect, targets, variables, .. } => {
                Some(makefile::scripts(*dialect, text, targets, variables))
            }
            Self::Unclear(_) => None,
        }
    }
}

impl Walk<'_> {
    /// Judges what a command runs by its name, if it runs something so. What the project says has been there before and
    /// may be run, unless it breaks a safety rule; what the agent wrote itself is judged as if it stood in the command.
    pub(super) fn recipes(&mut self, program: &str, args: &[Word], is_check: bool) {
        let Some(task) = task(program, args) else { return };
        if let Task::Unclear(why) = task {
            if !is_check {
                self.ask("default.unclear", why);
            }
            return;
        }
        let folders = self.folders.clone();
        if let Task::Targets { folders, .. } = &task {
            for folder in folders {
                self.folders = self.folders.within(folder);
            }
        }
        let files = self.files_of(&task);
        if files.is_empty() && !is_check {
            self.ask("default.unclear", format!("what {program} runs is not known: its file is not there"));
        }
        for file in &files {
            self.recipe(&task, program, file, is_check);
        }
        self.folders = folders;
    }

    /// Returns the files that say what is run.
    fn files_of(&self, task: &Task) -> Vec<PathBuf> {
        let (names, upward, wide): (&[&str], bool, bool) = match task {
            Task::Package(told) => (&[told.file], true, told.wide),
            Task::Targets { dialect: Dialect::Make, .. } => (&MAKEFILES, false, false),
            Task::Targets { dialect: Dialect::Just, .. } => (&JUSTFILES, true, false),
            Task::Unclear(_) => (&[], false, false),
        };
        let mut files = Vec::new();
        for folder in self.folders.possible() {
            let Some(folder) = folder.as_ref().filter(|_| !wide) else {
                // It may be any of them.
                return names.iter().flat_map(|name| self.world.named(name)).collect();
            };
            let mut above = folder.ancestors().take_while(|folder| folder.starts_with(&self.scope.workspace));
            let above: Vec<_> = if upward { above.collect() } else { above.next().into_iter().collect() };
            let there = above
                .into_iter()
                .find_map(|folder| names.iter().map(|name| folder.join(name)).find(|file| self.world.exists(file)));
            files.extend(there.filter(|file| !files.contains(file)));
        }
        files
    }

    fn recipe(&mut self, task: &Task, program: &str, file: &Path, is_check: bool) {
        let inside = file.strip_prefix(&self.scope.workspace).unwrap_or(file);
        let text = if self.may_be_written(inside) { None } else { self.world.read(file) };
        let Some(scripts) = text.and_then(|text| task.scripts(&text)) else {
            return self.ask("default.unclear", format!("what {program} runs is not known: {}", inside.display()));
        };
        let then = self.world.before(file).and_then(|text| task.scripts(&text));
        let is_untouched = then.as_ref() == Some(&scripts);
        if is_untouched && is_check {
            return;
        }
        let (before, folders) = (self.verdicts.len(), self.folders.clone());
        if let Some(folder) = file.parent() {
            self.folders = self.folders.within(&Word::literal(folder.display().to_string()));
        }
        let here = self.folders.clone();
        for script in &scripts {
            self.folders.clone_from(&here);
            self.script(script);
        }
        self.folders = folders;
        if is_untouched || is_check {
            let counts = |verdict: &Verdict| verdict.violation || verdict.rule.starts_with("policy.");
            let kept: Vec<Verdict> = self.verdicts.drain(before..).filter(counts).collect();
            self.verdicts.extend(kept);
        }
    }
}
