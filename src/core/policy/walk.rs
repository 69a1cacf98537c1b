//! Walks through a command line with all that it runs, and gathers what each command would need.

use std::collections::BTreeSet;
use std::path::Path;

use super::database::{self, Use};
use super::files;
use super::git::{GitUse, git};
use super::parse::{Reads, Script, Simple, parse};
use super::place::{Folders, Place};
use super::reads::{self, HARMLESS_VARIABLES, Look};
use super::rule::Rule;
use super::runners::is_runner;
use super::word::Word;
use super::world::World;
use super::wrap::{Inner, inner, joined};
use crate::model::policy::{FIXER, Permission, PolicyScope, Verdict};

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
enum Fed {
    Nothing,
    Text(Word),
    Something,
}

/// A command on its way to a verdict.
#[derive(Clone, Debug)]
struct Call {
    words: Vec<Word>,
    assignments: Vec<(String, Word)>,
    fed: Fed,
    /// Whether more arguments come that nobody knows.
    more: bool,
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

    fn ask(&mut self, rule: &str, reason: impl Into<String>) {
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
            for (name, _) in &command.assignments {
                if reads::is_powerful(name) {
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
                        let kept: Vec<Word> = args.iter().skip_while(|arg| arg.text.starts_with('-')).cloned().collect();
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
        match self.folders.place(file, self.scope, self.world) {
            Place::Inside(path) => self.world.read(&self.scope.workspace.join(path)),
            Place::Free => self.world.read(Path::new(file.known()?)),
            Place::Outside(_) | Place::Unknown => None,
        }
    }

    fn edits(&mut self, what: &str) {
        if self.scope.role == FIXER {
            self.verdicts.push(Verdict::allow("default.edit", format!("it writes {what}, in the workspace")));
        } else {
            self.ask("default.edit", format!("it writes {what}, and a {} only looks", self.scope.role));
        }
    }

    /// Judges a command, and whatever it runs.
    fn call(&mut self, call: &Call) {
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
            list.iter().find(|(_, rule)| rule.fits_command(path, args)).map(|(name, rule)| format!("{name} {:?}", rule.text()))
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
            let same = |name: &String, value: &Word| check.assignments.iter().any(|(known, set)| known == name && set == value);
            check.words.len() == call.words.len()
                && check.words.iter().zip(&call.words).all(|(wanted, given)| wanted.known && given.known && wanted.text == given.text)
                && call.assignments.iter().all(|(name, value)| same(name, value) || HARMLESS_VARIABLES.contains(&name.as_str()))
                && !call.more
        })
    }

    /// A check's own command; a script that it names is looked at if the agent has touched it.
    fn check(&mut self, call: &Call, name: &str, args: &[Word]) {
        let before = self.verdicts.len();
        let script = match inner(name, args) {
            Inner::File(file) => Some(file),
            _ if call.words[0].text.contains('/') => Some(call.words[0].clone()),
            _ => None,
        };
        if let Some(file) = script
            && let Place::Inside(path) = self.folders.place(&file, self.scope, self.world)
            && !self.world.is_untouched(&self.scope.workspace.join(&path))
        {
            self.script_file(&file);
            // What the agent wrote into it may be anything but a broken safety rule.
            let bad: Vec<Verdict> = self.verdicts.drain(before..).filter(|verdict| verdict.violation).collect();
            self.verdicts.extend(bad);
        }
        self.verdicts.push(Verdict::allow("default.check", "it is the check's own command"));
    }

    fn script_file(&mut self, file: &Word) {
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
            Inner::Each(commands) => {
                for words in commands {
                    self.found(&words, args);
                }
                self.leaf_find(args);
            }
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
    fn text(&mut self, text: &Word, more: bool) {
        self.script(&text.text);
        if !text.known || more {
            self.ask("default.unclear", "part of what it runs is not written there");
        }
    }

    /// Keeps only what is bad of the verdicts since `before`, and asks for the rest.
    fn only_bad(&mut self, before: usize, why: &str) {
        let bad: Vec<Verdict> = self.verdicts.drain(before..).filter(|verdict| verdict.decision == Permission::Deny).collect();
        self.verdicts.extend(bad);
        self.ask("default.unclear", why);
    }

    fn powerful(&mut self, assignments: &[(String, Word)]) {
        if let Some((name, _)) = assignments.iter().find(|(name, _)| !HARMLESS_VARIABLES.contains(&name.as_str()) && reads::is_powerful(name)) {
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
            Some(Place::Outside(path)) => self.ask("default.outside", format!("{} is outside the workspace", path.display())),
            _ => self.verdicts.push(Verdict::allow("default.read", "it only changes the folder")),
        }
    }

    /// A command that runs no other.
    fn leaf(&mut self, call: &Call, path: &str, name: &str, args: &[Word]) {
        let program = interpreted(name, args);
        let (called, rest) = program.as_ref().map_or((name, args), |(called, rest)| (called.as_str(), rest.as_slice()));
        if let Some(rule) = self.lists.database.iter().find(|rule| rule.fits_command(path, args) || rule.fits_command(called, rest)) {
            let what = format!("{:?} is listed in policy.database", rule.text());
            return self.verdicts.push(Verdict::violation("guard.database", what));
        }
        let fed = call.fed != Fed::Nothing || call.more;
        match database::database(called, rest, fed) {
            Some(Use::Executes(what)) => {
                return self.verdicts.push(Verdict::violation("guard.database", format!("{what} executes something against a database")));
            }
            Some(Use::Writes(what)) if !call.more && args.iter().all(|arg| arg.known) => {
                return self.verdicts.push(Verdict::allow("default.migration", format!("{what} executes nothing against a database")));
            }
            Some(Use::Writes(_)) | None => {}
        }
        self.powerful(&call.assignments);
        if name == "git" || name == "hub" {
            return self.git(args, call.more);
        }
        if let Some(subcommand) = name.strip_prefix("git-").filter(|_| !name.starts_with("git-lfs")) {
            return self.git(&[&[Word::literal(subcommand)], args].concat(), call.more);
        }
        if commits(name, args) {
            return self.verdicts.push(Verdict::violation("guard.git", format!("{name} {} commits", joined(args).text)));
        }
        if name == "find" {
            return self.leaf_find(args);
        }
        if let Some(touches) = files::touches(name, args) {
            return self.touch(name, &touches, call.more);
        }
        // A name with a slash may be any program: only where tools are installed is it what it is called.
        let is_tool = !path.contains('/') || is_installed(path);
        if is_tool && !call.more && is_runner(name, args) && self.stays_inside(&reads::paths(args, false)) {
            return self.verdicts.push(Verdict::allow("default.runner", "tests, linters, formatters and builds may be run"));
        }
        match reads::look(name, args) {
            Look::Paths(paths) if is_tool && (!call.more || reads::HARMLESS.contains(&name)) => {
                if self.stays_inside(&paths) {
                    self.verdicts.push(Verdict::allow("default.read", "it only reads, in the workspace"));
                } else {
                    self.ask("default.outside", format!("{name} would read outside the workspace"));
                }
            }
            Look::Paths(_) | Look::No => match name {
                "export" | "declare" | "local" | "readonly" | "typeset" | "unset" | "read" => self.variables(args),
                _ if path.contains('/') && !is_tool => self.script_file(&call.words[0]),
                _ => self.ask("default.unlisted", format!("`{}` is neither read-only nor a check", joined(&call.words).text)),
            },
        }
    }

    fn variables(&mut self, args: &[Word]) {
        let name = |arg: &Word| arg.text.split('=').next().unwrap_or_default().to_owned();
        match args.iter().map(name).find(|name| reads::is_powerful(name)) {
            Some(name) => self.ask("default.unclear", format!("${name} decides what later commands do")),
            None => self.verdicts.push(Verdict::allow("default.read", "it only sets variables")),
        }
    }

    fn stays_inside(&self, paths: &[&str]) -> bool {
        // `...` and the like are patterns of go, not paths that climb.
        paths.iter().all(|path| self.folders.is_inside(&Word { glob: path.contains(['*', '?', '[']), ..Word::literal(*path) }, self.scope, self.world))
    }

    fn leaf_find(&mut self, args: &[Word]) {
        if args.iter().any(|arg| arg.is("-delete")) {
            match files::found_and_deleted(args, &self.folders, self.scope, self.world) {
                Some(verdict) => self.verdicts.push(verdict),
                None => self.ask("default.unlisted", "find deletes what it finds"),
            }
            return;
        }
        let plain: Vec<Word> = args.iter().take_while(|arg| !arg.text.starts_with("-exec") && !arg.text.starts_with("-ok")).cloned().collect();
        match reads::look("find", &plain) {
            Look::Paths(paths) if self.stays_inside(&paths) => {
                self.verdicts.push(Verdict::allow("default.read", "it only looks for files in the workspace"));
            }
            Look::Paths(_) => self.ask("default.outside", "find would look outside the workspace"),
            Look::No => self.ask("default.unlisted", "find would write"),
        }
    }

    /// Judges what find runs for each file that it finds.
    fn found(&mut self, words: &[Word], args: &[Word]) {
        let program = words.first().map_or("", |word| word.text.as_str());
        match files::touches(program, words.get(1..).unwrap_or_default()) {
            Some(touches) if !touches.deletes.is_empty() => {
                let refusal = files::found_and_deleted(args, &self.folders, self.scope, self.world);
                return match refusal {
                    Some(refusal) => self.verdicts.push(refusal),
                    None => self.ask("default.unlisted", "find deletes what it finds"),
                };
            }
            Some(_) => self.ask("default.unlisted", format!("{program} changes what find finds")),
            None => {}
        }
        // What is found lies below where it looks.
        let start = args.first().filter(|start| !start.text.starts_with(['-', '(', '!']));
        let place = |word: &Word| if word.text == "{}" { start.cloned().unwrap_or_else(|| Word::literal(".")) } else { word.clone() };
        let words = words.iter().map(place).collect();
        self.call(&Call { words, assignments: Vec::new(), fed: Fed::Nothing, more: false });
    }

    fn touch(&mut self, name: &str, touches: &files::Touches, more: bool) {
        let (folders, scope, world) = (&self.folders, self.scope, self.world);
        let mut refusals: Vec<Verdict> = touches.writes.iter().filter_map(|word| folders.refuse_write(word, scope, world)).collect();
        refusals.extend(touches.deletes.iter().filter_map(|word| files::refuse_delete(word, folders, scope, world)));
        let is_away = |word: &Word| !folders.is_inside(word, scope, world);
        if let Some(away) = touches.reads.iter().find(|word| is_away(word)) {
            refusals.push(Verdict::ask("default.outside", format!("{} is outside the workspace", away.text)));
        }
        if more || !touches.is_all {
            refusals.push(Verdict::ask("default.unlisted", format!("all that {name} does here is not known")));
        }
        if refusals.is_empty() {
            self.edits("files");
        }
        self.verdicts.extend(refusals);
    }

    fn git(&mut self, args: &[Word], more: bool) {
        let exists = |word: &str| match self.folders.place(&Word::literal(word), self.scope, self.world) {
            Place::Inside(path) => self.world.exists(&self.scope.workspace.join(path)),
            Place::Free | Place::Outside(_) | Place::Unknown => false,
        };
        match git(args, exists) {
            GitUse::Moves(what) => {
                let why = format!("{what} moves what only you move: the index, refs, the configuration or a remote");
                self.verdicts.push(Verdict::violation("guard.git", why));
            }
            GitUse::Runs(text) => self.text(&text, true),
            GitUse::Unclear(what) => self.ask("default.unclear", format!("{what} may do anything")),
            GitUse::Other(_) if more => self.ask("default.unclear", "git gets arguments that are not written there"),
            GitUse::Other(what) => self.ask("default.unlisted", format!("{what} does more than read")),
            GitUse::Reads { .. } if more => self.ask("default.unclear", "git gets arguments that are not written there"),
            GitUse::Reads { folders, subcommand, args } => {
                let mut here = self.folders.clone();
                for folder in &folders {
                    here = here.within(folder);
                }
                let inside = |text: &str| here.is_inside(&Word::literal(text), self.scope, self.world);
                if inside(".") && reads::git_paths(&subcommand, &args).into_iter().all(inside) {
                    self.verdicts.push(Verdict::allow("default.read", "it only reads the repository"));
                } else {
                    self.ask("default.outside", "git would read outside the workspace");
                }
            }
        }
    }
}

/// Returns the program that an interpreter is told to run, by its name: `python manage.py migrate`.
fn interpreted(name: &str, args: &[Word]) -> Option<(String, Vec<Word>)> {
    if name == "cargo" {
        let (first, rest) = args.split_first()?;
        return Some((first.known()?.to_owned(), rest.to_vec()));
    }
    let runs = ["python", "python2", "python3", "ruby", "php", "node", "nodejs", "ts-node", "tsx", "bun", "perl"];
    let is_one = runs.contains(&name) || name.starts_with("python3.");
    let at = args.iter().position(|arg| !arg.text.starts_with('-') || arg.is("-m"))?;
    if !is_one {
        return None;
    }
    let at = if args[at].is("-m") { at + 1 } else { at };
    let program = args.get(at)?.known()?;
    let name = program.rsplit('/').next().unwrap_or(program);
    Some((name.to_owned(), args[at + 1..].to_vec()))
}

/// Whether a tool that is not git commits, tags or pushes by itself.
fn commits(name: &str, args: &[Word]) -> bool {
    let first = args.iter().find(|arg| !arg.text.starts_with('-')).map_or("", |arg| arg.text.as_str());
    match name {
        "npm" | "yarn" | "pnpm" => first == "version" && !args.iter().any(|arg| arg.is("--no-git-tag-version")) && args.len() > 1,
        "hg" | "sl" => ["add", "commit", "ci", "push", "tag", "update", "rebase", "merge", "addremove", "remove", "strip"].contains(&first),
        "svn" => ["add", "commit", "ci", "delete", "rm", "switch", "merge"].contains(&first),
        "lerna" => ["version", "publish"].contains(&first),
        "gh" => args.windows(2).any(|pair| pair[0].is("pr") && ["create", "merge", "checkout"].contains(&pair[1].text.as_str())),
        "standard-version" | "semantic-release" | "release-it" | "bump2version" | "bumpversion" | "cz" | "commitizen" => true,
        _ => false,
    }
}

/// Whether a program with a slash in its name is where tools are installed.
fn is_installed(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = folder.strip_prefix("./").unwrap_or(folder);
    ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "node_modules/.bin", "vendor/bin", ".venv/bin", "venv/bin", "bin", "."]
        .contains(&folder)
        && !(folder == "." && !["gradlew", "mvnw"].contains(&path.rsplit('/').next().unwrap_or_default()))
}

/// Whether a text is a script of a shell, by its first line.
fn is_shell(text: &str) -> bool {
    match text.lines().next().and_then(|line| line.strip_prefix("#!")) {
        None => !text.contains('\0'),
        Some(line) => ["sh", "bash", "dash", "zsh", "ksh"].iter().any(|shell| line.split(['/', ' ']).any(|part| part == *shell)),
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
