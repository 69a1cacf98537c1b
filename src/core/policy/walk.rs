//! Walks through a command line with all that it runs, and gathers what each command would need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::feed::Fed;
use super::judge::NO_EDITS;
use super::parse::parse_from;
use super::place::{Folders, Place};
use super::reads;
use super::rule::Rule;
use super::script::{Script, Simple};
use super::trust::{is_system, is_tool, is_tools_own};
use super::word::Word;
use super::world::World;
use super::wrap::{Inner, Runs, inner, positional};
use crate::model::policy::{Permission, PolicyScope, Verdict};
use crate::model::prompt::PLANNER;

/// How deep commands within commands are followed.
const DEEPEST: u32 = 16;

/// How many commands of one request are looked at; no work needs so many. A text counts for as many as it is long.
const MOST: usize = 4000;

/// How long a text is that counts for one command, in bytes.
const STEP: usize = 128;

/// The rules of a scope, taken apart.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) deny: Vec<(String, Rule)>,
    pub(super) ask: Vec<(String, Rule)>,
    pub(super) allow: Vec<(String, Rule)>,
    pub(super) database: Vec<Rule>,
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
    /// What a check breaks only since the agent wrote something into it.
    pub(super) broken: Vec<Verdict>,
    /// Whether the text is a check's own, so that what is not known of it is the same, too.
    pub(super) is_own: bool,
    /// The functions that were defined anywhere: what has the name of one may be another thing by then.
    pub(super) functions: BTreeSet<String>,
    /// What this line writes, seen from the workspace.
    pub(super) wrote: Vec<PathBuf>,
    /// What the words that name an output stand for.
    pub(super) outputs: Vec<Fed>,
    /// Variables that were set on the way: what they were before says nothing.
    pub(super) set: BTreeSet<String>,
    depth: u32,
    steps: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(scope: &'a PolicyScope, world: &'a dyn World, lists: &'a Lists, checks: &'a [Simple]) -> Self {
        let folders = Folders::new(scope.folder());
        Self {
            scope,
            world,
            lists,
            checks,
            folders,
            verdicts: Vec::new(),
            broken: Vec::new(),
            is_own: false,
            functions: BTreeSet::new(),
            wrote: Vec::new(),
            outputs: Vec::new(),
            set: BTreeSet::new(),
            depth: 0,
            steps: 0,
        }
    }

    pub(super) fn ask(&mut self, rule: &str, reason: impl Into<String>) {
        self.verdicts.push(Verdict::ask(rule, reason));
    }

    /// Walks through a text.
    pub(super) fn script(&mut self, text: &str) {
        self.script_with(text, &BTreeMap::new());
    }

    /// Walks through a text that is given these variables besides: what follows it, by number.
    pub(super) fn script_with(&mut self, text: &str, given: &BTreeMap<String, String>) {
        self.steps += text.len() / STEP;
        if self.goes_deeper() {
            match parse_from(text, self.known_variables(given), 0) {
                Err(unclear) => self.ask("default.unclear", unclear.to_string()),
                Ok(script) if script.commands.is_empty() => self.ask("default.unclear", "there is no command in it"),
                Ok(script) => {
                    self.commands(&script);
                    // What runs again, or later, runs with what the rest has left behind.
                    if script.repeats
                        && let Ok(again) = parse_from(text, script.variables, 0)
                    {
                        self.commands(&again);
                    }
                }
            }
        }
        self.depth -= 1;
    }

    /// Begins a command or a text inside of another one; whether it is to be looked at.
    fn goes_deeper(&mut self) -> bool {
        self.depth += 1;
        self.steps += 1;
        let why = match () {
            () if self.depth > DEEPEST => "it is nested too deeply",
            () if self.steps > MOST => "it is too much to be understood",
            () => return true,
        };
        self.ask("default.unclear", why);
        false
    }

    /// Returns the variables whose value is known here and now.
    fn known_variables(&self, given: &BTreeMap<String, String>) -> BTreeMap<String, Option<String>> {
        let is_home = self.folders.is_only(&self.scope.workspace);
        let known = self.scope.variables.iter().filter(|(name, _)| is_home || *name != "PWD").chain(given);
        let value = |name: &String, value: &String| (!self.set.contains(name)).then(|| value.clone());
        known.map(|(name, text)| (name.clone(), value(name, text))).collect()
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
                self.writes(&redirect.file);
            } else if !self.folders.is_inside(&redirect.file, self.scope, self.world) {
                self.ask("default.outside", format!("{} is outside the workspace", redirect.file.text));
            }
        }
        if command.words.is_empty() {
            for (name, value) in &command.assignments {
                self.set.insert(name.clone());
                if reads::is_powerful(name) || reads::is_evaluated(&value.text) {
                    self.ask("default.unclear", format!("${name} decides what later commands do"));
                } else {
                    self.verdicts.push(Verdict::allow("default.read", "it only sets a variable"));
                }
            }
            return;
        }
        let fed = self.fed(&command.reads, all);
        let (words, assignments) = (self.printed(&command.words, all), command.assignments.clone());
        self.call(&Call { words, assignments, fed, more: false });
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
            // It may come to nothing, and what is known of the rest may be bad enough.
            let before = self.verdicts.len();
            let words = args.iter().skip_while(|word| !word.known).cloned().collect();
            self.call(&Call { words, ..call.clone() });
            return self.only_bad(before, "which program it runs is not written there");
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        let before = self.verdicts.len();
        if self.goes_deeper() {
            if self.is_check(call) {
                self.check(call, name, args);
            } else {
                self.judge(call, path, name, args);
                self.listed(before, path, args);
            }
        }
        self.depth -= 1;
    }

    /// Lets the lists that a person wrote have their say about a command; safety rules stand above them.
    fn listed(&mut self, before: usize, path: &str, args: &[Word]) {
        let find = |list: &[(String, Rule)], named: bool| {
            list.iter()
                .find(|(_, rule)| rule.fits_command(path, args, named))
                .map(|(name, rule)| format!("{name} {:?}", rule.text()))
        };
        if let Some(rule) = find(&self.lists.deny, true) {
            self.verdicts.push(Verdict::deny(rule, "the configuration refuses it"));
        } else if let Some(rule) = find(&self.lists.ask, true) {
            self.verdicts.push(Verdict::ask(rule, "the configuration says that a person is asked"));
        } else if let Some(rule) = find(&self.lists.allow, is_tool(path)) {
            let kept = |verdict: &Verdict| verdict.decision == Permission::Deny || verdict.rule.starts_with("policy.");
            let stronger: Vec<Verdict> = self.verdicts.drain(before..).filter(kept).collect();
            self.verdicts.extend(stronger);
            self.verdicts.push(Verdict::allow(rule, "the configuration allows it"));
        }
    }

    /// Judges a command that is no check. What a name says counts only where tools are installed; elsewhere a program of
    /// that name is worse than its name or as bad.
    fn judge(&mut self, call: &Call, path: &str, name: &str, args: &[Word]) {
        self.powerful(&call.assignments);
        let (before, folders) = (self.verdicts.len(), self.folders.clone());
        self.judge_by_name(call, path, name, args);
        if is_system(path) {
            return;
        }
        self.folders = folders;
        let program = &call.words[0];
        if (is_tool(path) || self.is_untouched(program))
            && self.verdicts[before..].iter().all(|verdict| is_tools_own(verdict, name, args))
        {
            return;
        }
        let bad: Vec<Verdict> =
            self.verdicts.drain(before..).filter(|verdict| verdict.decision == Permission::Deny).collect();
        self.verdicts.extend(bad);
        self.script_file(program, &call.fed);
    }

    fn judge_by_name(&mut self, call: &Call, path: &str, name: &str, args: &[Word]) {
        if ["cd", "pushd", "popd"].contains(&path) {
            return self.change_folder(name, args);
        }
        match inner(name, args) {
            Inner::Nothing => self.leaf(call, path, name, args),
            Inner::Command { assignments, words, more, place } => {
                let folders = self.folders.clone();
                if assignments.iter().any(|(variable, _)| variable == "PWD") {
                    self.folders = self.folders.within(&Word::unknown());
                }
                self.powerful(&assignments);
                let before = self.verdicts.len();
                let inside_name = words.first().map(|word| word.text.clone()).unwrap_or_default();
                let inside_args: Vec<Word> = words.iter().skip(1).cloned().collect();
                let assignments = [call.assignments.clone(), assignments].concat();
                let inside = Call { words, assignments, fed: call.fed.clone(), more: more || call.more };
                self.call(&inside);
                self.folders = folders;
                match place {
                    Runs::Here => {}
                    Runs::FromProject => {
                        let own = |verdict: &Verdict| is_tools_own(verdict, &inside_name, &inside_args);
                        if !self.verdicts[before..]
                            .iter()
                            .all(|verdict| verdict.decision > Permission::Allow || own(verdict))
                        {
                            self.ask(
                                "default.unclear",
                                format!("what {name} finds as {inside_name} is the project's own"),
                            );
                        }
                    }
                    Runs::Elsewhere => self.only_bad(before, &format!("{name} runs it with other rights or elsewhere")),
                }
            }
            Inner::Script { text, given, elsewhere } => {
                let before = self.verdicts.len();
                let set: Vec<String> = call.assignments.iter().map(|(name, _)| name.clone()).collect();
                self.set.extend(set);
                self.text_with(&text, &positional(&given, call.more), call.more);
                if elsewhere {
                    self.only_bad(before, &format!("{name} runs it in its own way"));
                }
            }
            Inner::File(file) => self.script_file(&file, &call.fed),
            Inner::Input { elsewhere } => {
                let before = self.verdicts.len();
                self.input(name, &call.fed);
                if elsewhere {
                    self.only_bad(before, &format!("{name} runs it later and elsewhere"));
                }
            }
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
        self.text_with(text, &BTreeMap::new(), more);
    }

    fn text_with(&mut self, text: &Word, given: &BTreeMap<String, String>, more: bool) {
        self.script_with(&text.text, given);
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
            // Whoever defines its own goes where it likes.
            _ if self.functions.contains(name) => None,
            [to] if name != "popd" && to.known && !to.glob && !to.text.starts_with('-') => Some(to.text.clone()),
            _ => None,
        };
        self.folders.change(to.as_deref());
        match to.map(|_| self.folders.place(&Word::literal("."), self.scope, self.world)) {
            Some(Place::Outside(path)) => {
                self.ask("default.outside", format!("{} is outside the workspace", path.display()));
            }
            _ => self.verdicts.push(Verdict::allow("default.read", "it only changes the folder")),
        }
    }
}
