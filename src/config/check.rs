//! Looks at the merged settings: do the parts fit together?

use std::path::Path;

use globset::GlobBuilder;

use crate::config::arguments;
use crate::config::diagnostic::{Diagnostic, nearest};
use crate::config::draft::Draft;
use crate::config::file::write_time;
use crate::config::origin::Places;
use crate::config::{policy, role, workflow};
use crate::model::path::ProjectPath;
use crate::model::prompt::PLANNER;
use crate::model::settings::{AgentKind, Check, Settings};
use crate::model::template::{Piece, Placeholder, pieces, placeholders};

/// The longest name of a check; longer ones do not fit into rows.
const LONGEST_NAME: usize = 40;

/// Completes what follows from other values and notes what does not fit.
///
/// `incomplete`: an entry that could not be read was left out, so that a missing one is no news.
pub(crate) fn check(draft: &mut Draft, project: &Path, incomplete: bool) -> Vec<Diagnostic> {
    complete(&mut draft.settings, &draft.places);
    for (name, agent) in draft.settings.agents.iter_mut().filter(|(_, agent)| agent.kind == AgentKind::Claude) {
        for mistake in arguments::take(&mut agent.args, project) {
            let key = format!("agent.{name}.args[{}]", mistake.at);
            draft.diagnostics.push(draft.places.diagnostic(&key, mistake.message).hint(mistake.hint));
        }
    }
    let patterns = policy::mistakes(&draft.settings.policy, &draft.places);
    draft.diagnostics.extend(patterns);
    role::complete(&mut draft.settings);
    draft.diagnostics.extend(role::mistakes(&draft.settings, &draft.places, incomplete));
    let odd = workflow::finish(draft, incomplete);
    let mut view = View { places: &draft.places, incomplete, errors: &mut draft.diagnostics, warnings: odd };
    view.all(&draft.settings);
    view.warnings
}

/// Fills in what nobody wrote and other values decide.
fn complete(settings: &mut Settings, places: &Places) {
    let watch = &mut settings.watch;
    if !places.is_given("watch.settle_max") {
        watch.settle_max = watch.settle_max.max(watch.settle);
    }
    let fix = &mut settings.fix;
    if !places.is_given("fix.backoff_max") {
        fix.backoff_max = fix.backoff_max.max(fix.backoff);
    }
    let workspace = &mut settings.workspace;
    if !places.is_given("workspace.copy") {
        workspace.copy.retain(|path| !workspace.link.contains(path));
    }
    for agent in settings.agents.values_mut() {
        if agent.kind == AgentKind::Claude && agent.program.is_empty() {
            "claude".clone_into(&mut agent.program);
        }
    }
}

struct View<'a> {
    places: &'a Places,
    incomplete: bool,
    errors: &'a mut Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl View<'_> {
    fn error(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.errors.push(self.places.diagnostic(key, message).hint(hint));
    }

    fn all(&mut self, settings: &Settings) {
        let (watch, fix) = (&settings.watch, &settings.fix);
        if watch.settle > watch.settle_max {
            let limit = write_time(watch.settle_max);
            self.error(
                "watch.settle",
                format!("settle is longer than settle_max, which is {limit}"),
                "raise settle_max",
            );
        }
        if fix.backoff > fix.backoff_max {
            let limit = write_time(fix.backoff_max);
            self.error(
                "fix.backoff",
                format!("backoff is longer than backoff_max, which is {limit}"),
                "raise backoff_max",
            );
        }
        self.globs("watch.ignore", &watch.ignore);
        self.globs("fix.protect", &fix.protect);
        for (key, list) in [
            ("watch.paths", &watch.paths),
            ("workspace.copy", &settings.workspace.copy),
            ("workspace.link", &settings.workspace.link),
        ] {
            for (number, path) in list.iter().enumerate() {
                if ProjectPath::new(path).is_none() && path != "." {
                    let hint = "write a path relative to the project, without ..";
                    self.error(&format!("{key}[{number}]"), format!("{path:?} is not inside the project"), hint);
                }
            }
        }
        for (number, path) in settings.workspace.link.iter().enumerate() {
            if settings.workspace.copy.contains(path) {
                let hint = "keep it in one of the two lists; `copy` is the safer one";
                self.error(&format!("workspace.link[{number}]"), format!("{path:?} is both copied and linked"), hint);
            }
        }
        for (number, check) in settings.checks.iter().enumerate() {
            self.name(settings, number, check);
            self.command(number, check);
            self.tests(number, check);
            self.globs(&format!("check[{number}].paths"), &check.paths);
        }
        for (name, agent) in &settings.agents {
            if agent.program.is_empty() && !self.incomplete {
                let hint = "write program = \"…\"";
                self.error(
                    &format!("agent.{name}"),
                    format!("agent `{name}` of kind \"command\" has no program"),
                    hint,
                );
            }
        }
        for (name, role) in &settings.roles {
            let takes_fixers = name == PLANNER && !self.places.is_given("role.planner.agent");
            if settings.agents.contains_key(&role.agent) || self.incomplete || takes_fixers {
                continue;
            }
            let known: Vec<_> = settings.agents.keys().map(String::as_str).collect();
            let hint = match nearest(&role.agent, known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("add [agent.{}], or use one of: {}", role.agent, known.join(", ")),
            };
            if role.agent.is_empty() {
                self.error(&format!("role.{name}"), format!("role `{name}` has no agent"), "write agent = \"claude\"");
            } else {
                self.error(&format!("role.{name}.agent"), format!("there is no agent `{}`", role.agent), hint);
            }
        }
    }

    fn name(&mut self, settings: &Settings, number: usize, check: &Check) {
        let (key, name) = (format!("check[{number}].name"), &check.name.0);
        if name.trim().is_empty() {
            if !self.incomplete || self.places.is_given(&key) {
                let whole = format!("check[{number}]");
                let at = if self.places.is_given(&key) { &key } else { &whole };
                self.error(at, "a check without a name", "write name = \"unit\"");
            }
        } else if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            self.error(
                &key,
                format!("{name:?} is no name for a check"),
                format!("use up to {LONGEST_NAME} visible characters"),
            );
        } else if settings.checks[..number].iter().any(|earlier| earlier.name == check.name) {
            let first = settings.checks.iter().position(|earlier| earlier.name == check.name).unwrap_or_default();
            let line = self.places.diagnostic(&format!("check[{first}].name"), "").line.unwrap_or_default();
            self.error(
                &key,
                format!("a second check named \"{name}\""),
                format!("the first is in line {line}; names are unique"),
            );
        }
    }

    fn command(&mut self, number: usize, check: &Check) {
        let run = format!("check[{number}].run");
        if check.run.trim().is_empty() && (!self.incomplete || self.places.is_given(&run)) {
            let whole = format!("check[{number}]");
            let at = if self.places.is_given(&run) { &run } else { &whole };
            self.error(at, "a check with nothing to run", "write run = \"cargo test\"");
        }
        self.unknown(&run, &check.run);
        if check.tests.is_none()
            && !self.incomplete
            && placeholders(&check.run).any(|known| known == Placeholder::Tests)
        {
            let hint = "add tests = \"tests/test_{stem}.py\", or the like, to this [[check]]";
            self.errors.push(self.places.within(&run, "{tests}", "{tests} has no meaning without `tests`").hint(hint));
        }
        for (index, fixer) in check.fixers.iter().enumerate() {
            let key = format!("check[{number}].fixers[{index}]");
            self.unknown(&key, fixer);
            if fixer.trim().is_empty() {
                self.error(&key, "an empty fixer", "remove it");
            } else if !check.is_per_file() && placeholders(fixer).next().is_some() && !self.incomplete {
                let hint = "use {file} in `run`, too, or let the fixer work on the whole project";
                self.error(&key, "a fixer with placeholders needs a `run` with placeholders", hint);
            } else if check.tests.is_none() && placeholders(fixer).any(|known| known == Placeholder::Tests) {
                self.error(&key, "{tests} has no meaning without `tests`", "add tests = \"…\" to this [[check]]");
            }
        }
    }

    fn tests(&mut self, number: usize, check: &Check) {
        let key = format!("check[{number}].tests");
        let Some(tests) = &check.tests else { return };
        self.unknown(&key, tests);
        let used: Vec<_> = placeholders(tests).collect();
        if used.contains(&Placeholder::Tests) {
            let diagnostic = self.places.within(&key, "{tests}", "{tests} cannot explain itself");
            self.errors.push(diagnostic.hint("use {dir} and {stem}"));
        } else if !used.contains(&Placeholder::Stem) && !used.contains(&Placeholder::File) {
            self.error(&key, "this names the same test for every file", "use {stem}, as in \"tests/test_{stem}.py\"");
        } else if tests.starts_with('/') || tests.split('/').any(|part| part == "..") {
            self.error(&key, "this leads out of the project", "write a path relative to the project, without ..");
        } else if !check.is_per_file() && !check.run.is_empty() {
            let diagnostic = self.places.diagnostic(&key, "`tests` has no effect: `run` is the same for every file");
            self.warnings.push(diagnostic.warning().hint("use {tests} in `run`, or remove `tests`"));
        }
    }

    /// Notes words in braces that look like placeholders and are none.
    fn unknown(&mut self, key: &str, text: &str) {
        for piece in pieces(text) {
            let Piece::Unknown(word, range) = piece else { continue };
            let known = Placeholder::ALL.map(Placeholder::word);
            let hint = match nearest(word, known) {
                Some(near) => format!("did you mean {{{near}}}?"),
                None => format!(
                    "there are {{file}}, {{dir}}, {{stem}} and {{tests}}; braces for the shell need a space: {{ {word} }}"
                ),
            };
            let diagnostic = self.places.within(key, &text[range], format!("unknown placeholder {{{word}}}"));
            self.errors.push(diagnostic.hint(hint));
        }
    }

    fn globs(&mut self, key: &str, globs: &[String]) {
        for (number, glob) in globs.iter().enumerate() {
            let key = format!("{key}[{number}]");
            if let Err(error) = GlobBuilder::new(glob).literal_separator(true).build() {
                let hint = "globs know *, **, ?, [abc] and {a,b}; write [[] for a bracket itself";
                self.error(&key, format!("bad glob: {}", error.kind()), hint);
            } else if glob.starts_with('!') {
                self.error(
                    &key,
                    "a glob cannot begin with !",
                    "list what counts, and use watch.ignore for what does not",
                );
            } else if glob.trim().is_empty() {
                self.error(&key, "an empty glob", "remove it; an empty list means all files");
            } else if (glob.starts_with('/') && !key.starts_with("watch.ignore"))
                || glob.split('/').any(|part| part == "..")
            {
                self.error(
                    &key,
                    "this glob leads out of the project",
                    "globs are relative to the project, without / at the start or ..",
                );
            }
        }
    }
}
