//! Walks through a command line with all that it runs, and gathers what each command would need.

use std::collections::BTreeSet;
use std::path::Path;

use super::judge::NO_EDITS;
use super::parse::parse;
use super::place::{Folders, Place};
use super::reads::{self, HARMLESS_VARIABLES};
use super::rule::Rule;
use super::script::{Reads, Script, Simple};
use super::word::Word;
use super::world::World;
use super::wrap::{Inner, inner, joined};
use crate::model::policy::{Permission, PolicyScope, Verdict};
use crate::model::prompt::PLANNER;

/// How deep commands within commands are followed.
const DEEPEST: u32 = 16;

/// The rules of a scope, taken apart.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) deny: Vec<(String, Rule)>,
    pub(super) ask: Vec<(String, Rule)>,
    pub(super) allow: Vec<(String, Rule)>,
    pub(super) database: Vec<Rule>,
}

/// What a command reads, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fed {
    Nothing,
    Text(Word),
    Something,
}

/// A command on its way to a verdict.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) words: Vec<Word>,
    pub(super) assignments: Vec<(String, Word)>,
    pub(super) fed: Fed,
    /// Whether more arguments come that nobody knows.
    pub(super) more: bool,
}

/// The walk through one request.
pub(super) struct Walk<'a> {
    pub(super) scope: &'a PolicyScope,
    pub(super) world: &'a dyn World,
    pub(super) lists: &'a Lists,
    /// The commands of the checks.
    pub(super) checks: &'a [Simple],
    pub(super) folders: Folders,
    pub(super) verdicts: Vec<Verdict>,
    functions: BTreeSet<String>,
    depth: u32,
}

impl<'a> Walk<'a> {
    pub(super) fn new(scope: &'a PolicyScope, world: &'a dyn World, lists: &'a Lists, checks: &'a [Simple]) -> Self {
        let folders = Folders::new(&scope.workspace);
        Self { scope, world, lists, checks, folders, verdicts: Vec::new(), functions: BTreeSet::new(), depth: 0 }
    }

    pub(super) fn ask(&mut self, rule: &str, reason: impl Into<String>) {
        self.verdicts.push(Verdict::ask(rule, reason));
    }

    /// Walks through a text.
    pub(super) fn script(&mut self, text: &str) {
        self.depth += 1;
        if self.depth > DEEPEST {
            self.ask("default.unclear", "it is nested too deeply");
        } else {
            match parse(text, &self.scope.variables) {
                Err(unclear) => self.ask("default.unclear", unclear.to_string()),
                Ok(script) if script.commands.is_empty() => self.ask("default.unclear", "there is no command in it"),
                Ok(script) => self.commands(&script),
            }
        }
        self.depth -= 1;
    }

    fn commands(&mut self, script: &Script) {
        self.functions.extend(script.functions.iter().cloned());
        for command in &script.commands {
            self.folders.begin(command.after_success);
            self.simple(command, &script.commands);
        }
    }

    fn simple(&mut self, command: &Simple, all: &[Simple]) {
        for redirect in &command.redirects {
            if redirect.writes {
                match self.folders.refuse_write(&redirect.file, self.scope, self.world) {
                    Some(refusal) => self.verdicts.push(refusal),
                    None => self.edits(&redirect.file.text),
                }
            } else if !self.folders.is_inside(&redirect.file, self.scope, self.world) {
                self.ask("default.outside", format!("{} is outside the workspace", redirect.file.text));
            }
        }
        if command.words.is_empty() {
            for (name, value) in &command.assignments {
                if reads::is_powerful(name) || reads::is_evaluated(&value.text) {
                    self.ask("default.unclear", format!("${name} decides what later commands do"));
                } else {
                    self.verdicts.push(Verdict::allow("default.read", "it only sets a variable"));
                }
            }
            return;
        }
        let fed = self.fed(&command.reads, all);
        let (words, assignments) = (command.words.clone(), command.assignments.clone());
        self.call(&Call { words, assignments, fed, more: false });
    }

    /// Says what a command reads.
    fn fed(&self, reads: &Reads, all: &[Simple]) -> Fed {
        match reads {
            Reads::Nothing => Fed::Nothing,
            Reads::Later(_) => Fed::Something,
            Reads::Text(text) => Fed::Text(text.clone()),
            Reads::File(file) => self.text_of(file).map_or(Fed::Something, |text| Fed::Text(Word::literal(text))),
            Reads::Pipe(from) => {
                let Some(from) = from.and_then(|at| all.get(at)) else { return Fed::Something };
                let Some((program, args)) = from.words.split_first() else { return Fed::Something };
                match program.text.as_str() {
                    "echo" => {
                        let kept: Vec<Word> =
                            args.iter().skip_while(|arg| arg.text.starts_with('-')).cloned().collect();
                        Fed::Text(unescaped(joined(&kept)))
                    }
                    "printf" => Fed::Text(unescaped(joined(args))),
                    "cat" => match args {
                        [] => match &from.reads {
                            Reads::Text(text) => Fed::Text(text.clone()),
                            Reads::Nothing | Reads::Later(_) | Reads::File(_) | Reads::Pipe(_) => Fed::Something,
                        },
                        [file] => self.text_of(file).map_or(Fed::Something, |text| Fed::Text(Word::literal(text))),
                        _ => Fed::Something,
                    },
                    _ => Fed::Something,
                }
            }
        }
    }

    /// Reads a file inside of the workspace.
    fn text_of(&self, file: &Word) -> Option<String> {
        let mut texts = self.folders.places(file, self.scope, self.world).into_iter().filter_map(|place| match place {
            Place::Inside(path) => self.world.read(&self.scope.workspace.join(path)),
            Place::Free => self.world.read(Path::new(file.known()?)),
            Place::Outside(_) | Place::Unknown => None,
        });
        let text = texts.next();
        // Which of several it is nobody knows.
        text.filter(|text| texts.all(|other| other == *text))
    }

    pub(super) fn edits(&mut self, what: &str) {
        match self.scope.role.as_str() {
            PLANNER => self.verdicts.push(Verdict::deny("default.edit", format!("it writes {what}; {NO_EDITS}"))),
            _ if self.scope.edits => {
                self.verdicts.push(Verdict::allow("default.edit", format!("it writes {what}, in the workspace")));
            }
            role => self.ask("default.edit", format!("it writes {what}, and a {role} only looks")),
        }
    }

    /// Judges a command, and whatever it runs.
    pub(super) fn call(&mut self, call: &Call) {
        let Some((program, args)) = call.words.split_first() else { return };
        let Some(path) = program.known() else {
            // What is known of the rest may be bad enough.
            return self.ask("default.unclear", "which program it runs is not written there");
        };
        self.depth += 1;
        if self.depth > DEEPEST {
            self.depth -= 1;
            return self.ask("default.unclear", "it is nested too deeply");
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let before = self.verdicts.len();
        if self.is_check(call) {
            self.check(call, name, args);
        } else {
            self.judge(call, path, name, args);
            self.listed(before, path, args);
        }
        self.depth -= 1;
    }

    /// Lets the lists that a person wrote have their say about a command; safety rules stand above them.
    fn listed(&mut self, before: usize, path: &str, args: &[Word]) {
        let find = |list: &[(String, Rule)]| {
            list.iter()
                .find(|(_, rule)| rule.fits_command(path, args))
                .map(|(name, rule)| format!("{name} {:?}", rule.text()))
        };
        if let Some(rule) = find(&self.lists.deny) {
            self.verdicts.push(Verdict::deny(rule, "the configuration refuses it"));
        } else if let Some(rule) = find(&self.lists.ask) {
            self.verdicts.push(Verdict::ask(rule, "the configuration says that a person is asked"));
        } else if let Some(rule) = find(&self.lists.allow) {
            let kept = |verdict: &Verdict| verdict.decision == Permission::Deny || verdict.rule.starts_with("policy.");
            let stronger: Vec<Verdict> = self.verdicts.drain(before..).filter(kept).collect();
            self.verdicts.extend(stronger);
            self.verdicts.push(Verdict::allow(rule, "the configuration allows it"));
        }
    }

    /// Whether a command is one of a check's own, word for word.
    fn is_check(&self, call: &Call) -> bool {
        self.checks.iter().any(|check| {
            let same = |name: &String, value: &Word| {
                check.assignments.iter().any(|(known, set)| known == name && set == value)
            };
            check.words.len() == call.words.len()
                && check
                    .words
                    .iter()
                    .zip(&call.words)
                    .all(|(wanted, given)| wanted.known && given.known && wanted.text == given.text)
                && call
                    .assignments
                    .iter()
                    .all(|(name, value)| same(name, value) || HARMLESS_VARIABLES.contains(&name.as_str()))
                && !call.more
        })
    }

    /// A check's own command; a script that it names is looked at if the agent has touched it.
    fn check(&mut self, call: &Call, name: &str, args: &[Word]) {
        let before = self.verdicts.len();
        let script = if let Inner::File(file) = inner(name, args) {
            Some(file)
        } else {
            call.words.first().filter(|program| program.text.contains('/')).cloned()
        };
        if let Some(file) = script
            && !self.is_untouched(&file)
        {
            self.script_file(&file);
            // What the agent wrote into it may be anything but a broken safety rule.
            let bad: Vec<Verdict> = self.verdicts.drain(before..).filter(|verdict| verdict.violation).collect();
            self.verdicts.extend(bad);
        }
        self.verdicts.push(Verdict::allow("default.check", "it is the check's own command"));
    }

    /// Whether a script is as it was when the work began, wherever a word may lead.
    fn is_untouched(&self, file: &Word) -> bool {
        self.folders.places(file, self.scope, self.world).into_iter().all(|place| match place {
            Place::Inside(path) => self.world.is_untouched(&self.scope.workspace.join(path)),
            Place::Free | Place::Outside(_) | Place::Unknown => true,
        })
    }

    pub(super) fn script_file(&mut self, file: &Word) {
        match self.text_of(file) {
            Some(text) if is_shell(&text) => self.script(&text),
            Some(_) => self.ask("default.unlisted", format!("{} is a program of its own", file.text)),
            None => self.ask("default.unclear", format!("what is in {} is not known", file.text)),
        }
    }

    /// Judges a command that is no check.
    fn judge(&mut self, call: &Call, path: &str, name: &str, args: &[Word]) {
        if self.functions.contains(path) {
            return self.verdicts.push(Verdict::allow("default.read", "what the function does is judged by itself"));
        }
        if ["cd", "pushd", "popd"].contains(&name) {
            return self.change_folder(name, args);
        }
        self.powerful(&call.assignments);
        match inner(name, args) {
            Inner::Nothing => self.leaf(call, path, name, args),
            Inner::Command { assignments, words, more, elsewhere } => {
                let folders = self.folders.clone();
                if assignments.iter().any(|(variable, _)| variable == "PWD") {
                    self.folders = self.folders.within(&Word::unknown());
                }
                self.powerful(&assignments);
                let before = self.verdicts.len();
                let assignments = [call.assignments.clone(), assignments].concat();
                let inside = Call { words, assignments, fed: call.fed.clone(), more: more || call.more };
                self.call(&inside);
                self.folders = folders;
                if elsewhere {
                    self.only_bad(before, &format!("{name} runs it with other rights or elsewhere"));
                }
            }
            Inner::Script { text, elsewhere } => {
                let before = self.verdicts.len();
                self.text(&text, call.more);
                if elsewhere {
                    self.only_bad(before, &format!("{name} runs it in its own way"));
                }
            }
            Inner::File(file) => self.script_file(&file),
            Inner::Input => match call.fed.clone() {
                Fed::Text(text) => self.text(&text, false),
                Fed::Nothing | Fed::Something => self.ask("default.unclear", format!("what {name} reads is not known")),
            },
            Inner::Find => self.find(args),
            Inner::Lost(texts) => {
                let before = self.verdicts.len();
                for text in texts {
                    self.text(&text, false);
                }
                self.only_bad(before, &format!("what {name} runs is not known for sure"));
            }
        }
    }

    /// Judges a text that is run as a script; what is not known of it makes the rest unclear.
    pub(super) fn text(&mut self, text: &Word, more: bool) {
        self.script(&text.text);
        if !text.known || more {
            self.ask("default.unclear", "part of what it runs is not written there");
        }
    }

    /// Keeps only what is bad of the verdicts since `before`, and asks for the rest.
    fn only_bad(&mut self, before: usize, why: &str) {
        let bad: Vec<Verdict> =
            self.verdicts.drain(before..).filter(|verdict| verdict.decision == Permission::Deny).collect();
        self.verdicts.extend(bad);
        self.ask("default.unclear", why);
    }

    pub(super) fn powerful(&mut self, assignments: &[(String, Word)]) {
        if let Some((name, _)) =
            assignments.iter().find(|(name, value)| reads::is_powerful(name) || reads::is_evaluated(&value.text))
        {
            self.ask("default.unclear", format!("${name} decides what the command does"));
        }
    }

    fn change_folder(&mut self, name: &str, args: &[Word]) {
        let to = match args {
            [to] if name != "popd" && to.known && !to.glob && !to.text.starts_with('-') => Some(to.text.clone()),
            _ => None,
        };
        self.folders.change(to.as_deref());
        match to.map(|to| self.folders.place(&Word::literal(to), self.scope, self.world)) {
            Some(Place::Outside(path)) => {
                self.ask("default.outside", format!("{} is outside the workspace", path.display()));
            }
            _ => self.verdicts.push(Verdict::allow("default.read", "it only changes the folder")),
        }
    }
}

/// Whether a text is a script of a shell, by its first line.
fn is_shell(text: &str) -> bool {
    match text.lines().next().and_then(|line| line.strip_prefix("#!")) {
        None => !text.contains('\0'),
        Some(line) => {
            ["sh", "bash", "dash", "zsh", "ksh"].iter().any(|shell| line.split(['/', ' ']).any(|part| part == *shell))
        }
    }
}

/// Returns a text with `\n` and `\x41` put into letters, as `echo -e` and `printf` do: the worse of the two ways to read it.
fn unescaped(word: Word) -> Word {
    if !word.text.contains('\\') {
        return word;
    }
    let quoted = format!("$'{}'", word.text.replace('\'', "\\'"));
    let parsed = parse(&quoted, &std::collections::BTreeMap::new()).ok();
    let text = parsed.and_then(|script| script.commands.first()?.words.first().map(|word| word.text.clone()));
    Word { text: text.unwrap_or_default(), ..word }
}
