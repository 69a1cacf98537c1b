//! `[role]`: how the tables of several files come together, what follows from them, and whether they make sense.

use toml::Spanned;

use crate::config::built_in::PROMPTS;
use crate::config::diagnostic::{Diagnostic, nearest};
use crate::config::draft::Draft;
use crate::config::file::RoleTable;
use crate::config::layer::Layer;
use crate::config::origin::Places;
use crate::model::cost::Usd;
use crate::model::policy::FIXER;
use crate::model::prompt::{PLANNER, mends};
use crate::model::routing::is_event;
use crate::model::settings::{Role, Settings};

/// The longest name of a role or workflow; longer ones do not fit into rows.
const LONGEST_NAME: usize = 40;

/// The tools of the Claude CLI that change files.
const EDIT_TOOLS: [&str; 4] = ["Edit", "MultiEdit", "NotebookEdit", "Write"];

/// The price of one task above which a typing error is more likely than a wish.
const DEAREST: Usd = Usd(1_000_000_000);

impl Layer<'_> {
    /// Lays a role over the one of the same name.
    pub(super) fn role(&mut self, role: &mut Role, name: &Spanned<String>, table: RoleTable) {
        let prefix = format!("role.{}", name.get_ref());
        self.note(&prefix, name);
        let key = |name: &str| format!("{prefix}.{name}");
        self.put(&key("purpose"), &mut role.purpose, table.purpose);
        self.put(&key("agent"), &mut role.agent, table.agent);
        self.put(&key("edits"), &mut role.edits, table.edits);
        self.put(&key("produces"), &mut role.produces, table.produces);
        self.list(&key("emits"), &mut role.emits, table.emits);
        self.put(&key("after_landing"), &mut role.after_landing, table.after_landing);
        self.text(&key("prompt"), table.prompt);
        if let Some(given) = table.budget_usd {
            self.note(&key("budget_usd"), &given);
            let usd = given.get_ref().0;
            if usd <= DEAREST {
                role.budget = Some(usd);
            } else {
                let message = format!("{} makes no sense here", usd.dollars());
                let hint = format!("write dollars, at most {}; 0: no limit", DEAREST.dollars());
                self.diagnostics.push(self.places.diagnostic(&key("budget_usd"), message).hint(hint));
            }
        }
        if table.attempts.is_some() {
            self.count(&key("attempts"), role.attempts.get_or_insert_default(), table.attempts);
        }
    }
}

/// Gives every built-in role its words.
pub(super) fn begin(draft: &mut Draft) {
    for (name, prompt) in PROMPTS {
        prompt.clone_into(&mut draft.settings.roles.entry(name.to_owned()).or_default().prompt);
    }
}

/// Fills in what nobody wrote and other values decide: who plans, and that files are changed by those who may.
pub(super) fn complete(settings: &mut Settings) {
    let fixer = settings.roles.get(FIXER).map(|role| role.agent.clone()).unwrap_or_default();
    for (name, role) in &mut settings.roles {
        if name == PLANNER && role.agent.is_empty() {
            role.agent.clone_from(&fixer);
        }
        if mends(name) {
            continue;
        }
        let rules = settings.policy.roles.entry(name.clone()).or_default();
        let list = if role.edits { &mut rules.allow } else { &mut rules.deny };
        list.extend(EDIT_TOOLS.map(str::to_owned));
    }
}

/// Returns what is wrong with the roles, besides their agents.
pub(super) fn mistakes(settings: &Settings, places: &Places, incomplete: bool) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    for (name, role) in &settings.roles {
        let key = |field: &str| format!("role.{name}.{field}");
        if !is_name(name) {
            mistakes
                .push(places.diagnostic(&format!("role.{name}"), format!("{name:?} is no name for a role")).hint(NAME));
        }
        if role.prompt.trim().is_empty() && !places.is_given(&key("prompt")) && !incomplete {
            let message = format!("role `{name}` has no prompt");
            let hint = format!("write prompt = \"prompts/{name}.md\"; `orchestrator-tui prompt coding TEXT` shows one");
            mistakes.push(places.diagnostic(&format!("role.{name}"), message).hint(hint));
        }
        for (number, event) in role.emits.iter().enumerate().filter(|(_, event)| !is_event(event)) {
            let place = format!("{}[{number}]", key("emits"));
            mistakes.push(places.diagnostic(&place, format!("{event:?} is no event")).hint(EVENT));
        }
        if !mends(name) {
            continue;
        }
        for (field, instead) in [
            ("edits", "a fixer edits and a planner does not"),
            ("attempts", "fix.attempts says how often a fix is tried"),
            ("budget_usd", "budget.task_usd is the line for a fix"),
            ("emits", "it works on a check, and reports nothing"),
            ("after_landing", "it works on a check, and waits for no landing"),
        ] {
            if places.is_given(&key(field)) {
                let message = format!("`{field}` has no meaning for the role `{name}`");
                mistakes.push(places.diagnostic(&key(field), message).hint(instead));
            }
        }
    }
    mistakes
}

/// How an event is written.
pub(super) const EVENT: &str = "write lower-case words with dots between them, such as \"pr.created\"";

/// How a name is written.
pub(super) const NAME: &str = "use lower-case letters, digits, - and _, at most 40, and begin with a letter";

/// Whether a text can be the name of a role or workflow.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter))
}

/// Returns what to say of a role that a workflow or rule names; nothing if it can work on an assignment.
pub(super) fn cannot_start(settings: &Settings, name: &str) -> Option<(String, String)> {
    if mends(name) {
        return Some((
            format!("the role `{name}` works on red checks, and on nothing else"),
            "name another role; `orchestrator-tui roles` lists them".to_owned(),
        ));
    }
    if settings.roles.contains_key(name) {
        return None;
    }
    let known = settings.roles.keys().map(String::as_str).filter(|name| !mends(name));
    let hint = match nearest(name, known) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("add [role.{name}], or name one that `orchestrator-tui roles` lists"),
    };
    Some((format!("there is no role `{name}`"), hint))
}
