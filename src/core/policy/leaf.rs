//! Judges a command that runs no other: what it touches, and whether it only reads, tests or edits.

use super::database::{self, Use};
use super::feed::Fed;
use super::files;
use super::git::{GitUse, git};
use super::gone;
use super::options::takes_next;
use super::place::Place;
use super::reads::{self, Look};
use super::runners::is_runner;
use super::walk::{Call, Walk};
use super::word::Word;
use super::wrap::joined;
use crate::model::policy::Verdict;

impl Walk<'_> {
    /// A command that runs no other.
    pub(super) fn leaf(&mut self, call: &Call, path: &str, name: &str, args: &[Word]) {
        self.recipes(name, args, false);
        let program = interpreted(name, args);
        let (called, rest) = program.as_ref().map_or((name, args), |(called, rest)| (called.as_str(), rest.as_slice()));
        if let Some(rule) = self
            .lists
            .database
            .iter()
            .find(|rule| rule.fits_command(path, args, true) || rule.fits_command(called, rest, true))
        {
            let what = format!("{:?} is listed in policy.database", rule.text());
            return self.verdicts.push(Verdict::violation("guard.database", what));
        }
        let fed = call.fed != Fed::Nothing || call.more;
        match database::database(called, rest, fed) {
            Some(Use::Executes(what)) => {
                return self.verdicts.push(Verdict::violation(
                    "guard.database",
                    format!("{what} executes something against a database"),
                ));
            }
            Some(Use::Writes(what))
                if !call.more && args.iter().all(|arg| arg.known) && self.stays_inside(&reads::paths(rest, false)) =>
            {
                return self
                    .verdicts
                    .push(Verdict::allow("default.migration", format!("{what} executes nothing against a database")));
            }
            Some(Use::Writes(_)) | None => {}
        }
        if name == "git" || name == "hub" {
            return self.git(args, call.more);
        }
        if let Some(subcommand) = name.strip_prefix("git-").filter(|_| !name.starts_with("git-lfs")) {
            return self.git(&[&[Word::literal(subcommand)], args].concat(), call.more);
        }
        if commits(name, args) {
            return self
                .verdicts
                .push(Verdict::violation("guard.git", format!("{name} {} commits", joined(args).text)));
        }
        if let Some(touches) = files::touches(name, args) {
            return self.touch(call, &touches);
        }
        if !call.more && is_runner(name, args) && self.stays_inside(&reads::paths(args, false)) {
            return self
                .verdicts
                .push(Verdict::allow("default.runner", "tests, linters, formatters and builds may be run"));
        }
        match reads::look(name, args) {
            Look::Paths(paths) if (!call.more || reads::HARMLESS.contains(&name)) => {
                if self.stays_inside(&paths) {
                    self.verdicts.push(Verdict::allow("default.read", "it only reads, in the workspace"));
                } else {
                    self.ask("default.outside", format!("{name} would read outside the workspace"));
                }
            }
            Look::Paths(_) | Look::No => match name {
                "export" | "declare" | "local" | "readonly" | "typeset" | "unset" | "read" => self.variables(args),
                _ => self.ask(
                    "default.unlisted",
                    format!("`{}` is neither read-only nor a check", joined(&call.words).text),
                ),
            },
        }
    }

    fn variables(&mut self, args: &[Word]) {
        let name = |arg: &Word| arg.text.split('=').next().unwrap_or_default().to_owned();
        self.set.extend(args.iter().map(name));
        match args.iter().map(name).find(|name| reads::is_powerful(name)) {
            Some(name) => self.ask("default.unclear", format!("${name} decides what later commands do")),
            None if args.iter().any(|arg| reads::is_evaluated(&arg.text)) => {
                self.ask("default.unclear", "a subscript would run something");
            }
            None => self.verdicts.push(Verdict::allow("default.read", "it only sets variables")),
        }
    }

    pub(super) fn stays_inside(&self, paths: &[&str]) -> bool {
        // `...` and the like are patterns of go, not paths that climb.
        paths.iter().all(|path| {
            self.folders.is_inside(
                &Word { glob: path.contains(['*', '?', '[']), ..Word::literal(*path) },
                self.scope,
                self.world,
            )
        })
    }

    fn touch(&mut self, call: &Call, touches: &files::Touches) {
        let (folders, scope, world) = (&self.folders, self.scope, self.world);
        let mut refusals: Vec<Verdict> =
            touches.writes.iter().filter_map(|word| folders.refuse_write(word, scope, world)).collect();
        refusals.extend(touches.deletes.iter().filter_map(|word| gone::refuse_delete(word, folders, scope, world)));
        let is_away = |word: &Word| !folders.is_inside(word, scope, world);
        if let Some(away) = touches.reads.iter().find(|word| is_away(word)) {
            refusals.push(Verdict::ask("default.outside", format!("{} is outside the workspace", away.text)));
        }
        if call.more || !touches.is_all {
            let what = format!("`{}` is neither read-only nor a check", joined(&call.words).text);
            refusals.push(Verdict::ask("default.unlisted", what));
        }
        for file in &touches.writes {
            self.writes(file);
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
            GitUse::Runs(text) => {
                // In the folder of a submodule, or at the top of the tree.
                let folders = self.folders.clone();
                self.folders = self.folders.within(&Word::unknown());
                self.text(&text, true);
                self.folders = folders;
            }
            GitUse::Unclear(what) => self.ask("default.unclear", format!("{what} may do anything")),
            GitUse::Other { .. } | GitUse::Reads { .. } if more => {
                self.ask("default.unclear", "git gets arguments that are not written there");
            }
            GitUse::Other { what, folders, writes } => {
                let mut here = self.folders.clone();
                for folder in &folders {
                    here = here.within(folder);
                }
                let refusals = writes.iter().filter_map(|file| here.refuse_write(file, self.scope, self.world));
                self.verdicts.extend(refusals);
                self.ask("default.unlisted", format!("{what} does more than read"));
            }
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

/// Options of interpreters that take a value.
const INTERPRETER: [&str; 12] =
    ["-W", "-X", "-d", "-r", "-I", "-S", "-M?", "--require", "--import", "--loader", "--env-file", "--conditions"];

/// Returns the program that another one is told to run, by its name: `python manage.py migrate`, `yarn prisma …`.
fn interpreted(name: &str, args: &[Word]) -> Option<(String, Vec<Word>)> {
    let runs = ["python", "python2", "python3", "ruby", "php", "node", "nodejs", "ts-node", "tsx", "perl"];
    let mut rest = args;
    match name {
        "cargo" => {}
        "npm" | "yarn" | "pnpm" | "bun" => {
            let skipped = ["run", "run-script", "exec", "--"];
            while let [word, after @ ..] = rest
                && (word.text.starts_with('-') || skipped.iter().any(|skip| word.is(skip)))
            {
                rest = after;
            }
        }
        _ if runs.contains(&name) || name.starts_with("python3.") => {
            while let [word, after @ ..] = rest
                && word.text.starts_with('-')
            {
                rest = if takes_next(&word.text, &INTERPRETER) { after.get(1..).unwrap_or_default() } else { after };
                if let Some(module) = word.text.strip_prefix("-m").filter(|_| name.starts_with("python")) {
                    // What follows the module is its own.
                    if !module.is_empty() {
                        return Some((module.to_owned(), rest.to_vec()));
                    }
                    break;
                }
            }
        }
        _ => return None,
    }
    let (program, rest) = rest.split_first()?;
    let program = program.known()?;
    // `npm run prisma -- migrate deploy`
    let rest = rest.iter().filter(|word| name != "npm" || !word.is("--")).cloned().collect();
    Some((program.rsplit('/').next().unwrap_or(program).to_owned(), rest))
}

/// Whether a tool that is not git commits, tags or pushes by itself.
fn commits(name: &str, args: &[Word]) -> bool {
    let first = args.iter().find(|arg| !arg.text.starts_with('-')).map_or("", |arg| arg.text.as_str());
    match name {
        "npm" | "yarn" | "pnpm" => {
            first == "version" && !args.iter().any(|arg| arg.is("--no-git-tag-version")) && args.len() > 1
        }
        "hg" | "sl" => {
            ["add", "commit", "ci", "push", "tag", "update", "rebase", "merge", "addremove", "remove", "strip"]
                .contains(&first)
        }
        "svn" => ["add", "commit", "ci", "delete", "rm", "switch", "merge"].contains(&first),
        "lerna" => ["version", "publish"].contains(&first),
        "gh" => args.windows(2).any(|pair| match pair[0].text.as_str() {
            "pr" => ["create", "merge", "checkout", "close", "update-branch"].contains(&pair[1].text.as_str()),
            "repo" => ["sync", "create", "delete", "rename", "fork"].contains(&pair[1].text.as_str()),
            "release" => ["create", "delete", "upload"].contains(&pair[1].text.as_str()),
            _ => false,
        }),
        "jj" => ["git", "commit", "describe", "new", "squash", "bookmark", "abandon", "rebase", "edit", "undo"]
            .contains(&first),
        "gt" => ["submit", "create", "modify", "sync", "merge"].contains(&first),
        "standard-version" | "semantic-release" | "release-it" | "bump2version" | "bumpversion" | "cz"
        | "commitizen" => true,
        _ => false,
    }
}
