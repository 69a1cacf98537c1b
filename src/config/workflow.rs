//! `[workflow]` and `[[rule]]`: how those of several files come together, and whether they make sense.

use toml::Spanned;

use crate::config::diagnostic::{Diagnostic, nearest};
use crate::config::draft::{Draft, RuleDraft};
use crate::config::file::{RuleDoes, RuleTable, WorkflowTable};
use crate::config::layer::Layer;
use crate::config::origin::Places;
use crate::config::role::{self, is_name};
use crate::model::attempt::Stage;
use crate::model::routing::{Does, Rule, is_event};
use crate::model::settings::{Settings, WorkflowSpec};

/// The workflow of a rule that names none.
const PIPELINE: &str = "pipeline";
/// The workflow that the fix loop has built in.
const FIX: &str = "fix";

impl Layer<'_> {
    /// Lays a workflow over the one of the same name.
    pub(super) fn workflow(&mut self, workflow: &mut WorkflowSpec, name: &Spanned<String>, table: WorkflowTable) {
        let prefix = format!("workflow.{}", name.get_ref());
        self.note(&prefix, name);
        self.put(&format!("{prefix}.purpose"), &mut workflow.purpose, table.purpose);
        self.put(&format!("{prefix}.role"), &mut workflow.role, table.role);
        if let Some(given) = table.stages {
            self.note(&format!("{prefix}.stages"), &given);
            workflow.stages = given.into_inner().into_iter().map(Spanned::into_inner).collect();
        }
    }

    /// Lays rules over those so far: for an event that they name they stand in place of all others.
    pub(super) fn rules(&mut self, rules: &mut Vec<RuleDraft>, tables: Vec<Spanned<RuleTable>>) {
        let named: Vec<String> = tables
            .iter()
            .filter_map(|table| table.get_ref().event.as_ref())
            .map(|event| event.get_ref().clone())
            .collect();
        let first = self.places.keys.keys().filter(|key| key.starts_with("rule[") && key.ends_with(']')).count();
        rules.retain(|rule| !named.contains(&rule.event));
        for (number, table) in (first..).zip(tables) {
            let key = format!("rule[{number}]");
            self.note(&key, &table);
            let table = table.into_inner();
            let mut rule = RuleDraft {
                key: key.clone(),
                event: String::new(),
                does: None,
                role: String::new(),
                workflow: PIPELINE.to_owned(),
            };
            self.put(&format!("{key}.event"), &mut rule.event, table.event);
            self.put(&format!("{key}.role"), &mut rule.role, table.role);
            self.put(&format!("{key}.workflow"), &mut rule.workflow, table.workflow);
            if let Some(does) = table.does {
                self.note(&format!("{key}.does"), &does);
                rule.does = Some(does.into_inner());
            }
            rules.push(rule);
        }
    }
}

/// Remembers which events the built-in rules name.
pub(super) fn begin(draft: &mut Draft) {
    draft.events = draft.rules.iter().map(|rule| rule.event.clone()).collect();
}

/// Makes rules of what was written, and notes what is wrong with them and with the workflows. Returns what is odd.
pub(super) fn finish(draft: &mut Draft, incomplete: bool) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for (name, workflow) in &draft.settings.workflows {
        errors.extend(workflow_mistakes(&draft.settings, &draft.places, name, workflow, incomplete));
    }
    let mut warnings = Vec::new();
    let mut rules: Vec<Rule> = Vec::new();
    for written in &draft.rules {
        let wrong = rule_mistakes(&draft.settings, &draft.places, written, incomplete);
        if !wrong.is_empty() {
            errors.extend(wrong);
            continue;
        }
        warnings.extend(unheard_of(draft, written));
        let rule = Rule { event: written.event.clone(), does: does(written) };
        if rules.contains(&rule) {
            let message = format!("a second rule that says the same about `{}`", rule.event);
            errors.push(draft.places.diagnostic(&written.key, message).hint("remove one of them"));
        }
        rules.push(rule);
    }
    draft.settings.rules = rules;
    draft.diagnostics.extend(errors);
    warnings
}

fn does(rule: &RuleDraft) -> Does {
    match rule.does {
        None | Some(RuleDoes::Start) => Does::Start { role: rule.role.clone(), workflow: rule.workflow.clone() },
        Some(RuleDoes::Complete) => Does::Complete,
        Some(RuleDoes::FileBug) => Does::FileBug,
    }
}

fn rule_mistakes(settings: &Settings, places: &Places, rule: &RuleDraft, incomplete: bool) -> Vec<Diagnostic> {
    let key = |field: &str| format!("{}.{field}", rule.key);
    let mut wrong = Vec::new();
    let mut error = |place: &str, message: String, hint: String| {
        wrong.push(places.diagnostic(place, message).hint(hint));
    };
    if rule.event.is_empty() && !places.is_given(&key("event")) {
        if !incomplete {
            error(&rule.key, "a rule without an event".to_owned(), "write event = \"pr.created\"".to_owned());
        }
    } else if !is_event(&rule.event) {
        error(&key("event"), format!("{:?} is no event", rule.event), role::EVENT.to_owned());
    }
    match rule.does {
        None | Some(RuleDoes::Start) if rule.role.is_empty() && !places.is_given(&key("role")) => {
            if !incomplete {
                let hint = "write role = \"coding\", or does = \"complete\" or \"file-bug\"";
                error(&rule.key, "a rule that starts nobody".to_owned(), hint.to_owned());
            }
        }
        None | Some(RuleDoes::Start) => {
            if let Some((message, hint)) = role::cannot_start(settings, &rule.role).filter(|_| !incomplete) {
                error(&key("role"), message, hint);
            }
            if let Some((message, hint)) = no_workflow(settings, &rule.workflow).filter(|_| !incomplete) {
                error(&key("workflow"), message, hint);
            }
        }
        Some(RuleDoes::Complete | RuleDoes::FileBug) => {
            for field in ["role", "workflow"].map(key).iter().filter(|field| places.is_given(field)) {
                let message = "this rule starts nobody, so this has no meaning".to_owned();
                error(field, message, "remove it, or remove `does`".to_owned());
            }
        }
    }
    wrong
}

/// An event that nobody reports and that is written almost like one that somebody does.
fn unheard_of(draft: &Draft, rule: &RuleDraft) -> Option<Diagnostic> {
    let emitted = draft.settings.roles.values().flat_map(|role| &role.emits);
    let known: Vec<&str> = draft.events.iter().chain(emitted).map(String::as_str).collect();
    if known.contains(&rule.event.as_str()) {
        return None;
    }
    let near = nearest(&rule.event, known)?;
    let message = format!("no role reports `{}`", rule.event);
    Some(
        draft
            .places
            .diagnostic(&format!("{}.event", rule.key), message)
            .warning()
            .hint(format!("did you mean \"{near}\"?")),
    )
}

fn no_workflow(settings: &Settings, name: &str) -> Option<(String, String)> {
    if name == FIX {
        let hint = "use \"pipeline\", \"task\" or \"session\"".to_owned();
        return Some(("the workflow `fix` is for red checks, and for nothing else".to_owned(), hint));
    }
    if settings.workflows.contains_key(name) {
        return None;
    }
    let hint = match nearest(name, settings.workflows.keys().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("add [workflow.{name}], or name one that `orchestrator-tui workflows` lists"),
    };
    Some((format!("there is no workflow `{name}`"), hint))
}

fn workflow_mistakes(
    settings: &Settings,
    places: &Places,
    name: &str,
    workflow: &WorkflowSpec,
    incomplete: bool,
) -> Vec<Diagnostic> {
    let whole = format!("workflow.{name}");
    if name == FIX {
        let hint = "fix.planner and the `fixers` of a [[check]] say what it goes through";
        let message = "the workflow `fix` cannot be changed";
        return places.is_given(&whole).then(|| places.diagnostic(&whole, message).hint(hint)).into_iter().collect();
    }
    let mut wrong = Vec::new();
    if !is_name(name) {
        wrong.push(places.diagnostic(&whole, format!("{name:?} is no name for a workflow")).hint(role::NAME));
    }
    let stages = format!("{whole}.stages");
    let at = if places.is_given(&stages) { &stages } else { &whole };
    if let Some((message, hint)) = stage_mistake(&workflow.stages).filter(|_| !incomplete || places.is_given(&stages)) {
        wrong.push(places.diagnostic(at, message).hint(hint));
    }
    let role = format!("{whole}.role");
    if workflow.role.is_empty() && !places.is_given(&role) {
        if !incomplete {
            let message = format!("workflow `{name}` has no role");
            wrong.push(places.diagnostic(&whole, message).hint("write role = \"coding\""));
        }
    } else if let Some((message, hint)) = role::cannot_start(settings, &workflow.role).filter(|_| !incomplete) {
        wrong.push(places.diagnostic(&role, message).hint(hint));
    }
    wrong
}

/// Returns what is wrong with a list of stages. What lands was verified, whatever a file says.
fn stage_mistake(stages: &[Stage]) -> Option<(&'static str, &'static str)> {
    let has = |stage| stages.contains(&stage);
    if [Stage::Baseline, Stage::Fixers, Stage::Plan].into_iter().any(has) {
        return Some((
            "\"baseline\", \"fixers\" and \"plan\" are about a red check",
            "they belong to the workflow `fix`",
        ));
    }
    if !has(Stage::Prepare) || !has(Stage::Agent) {
        let hint = "write stages = [\"prepare\", \"agent\", \"verify\", \"land\", \"confirm\"], or fewer of them";
        return Some(("a workflow without \"prepare\" or \"agent\" does nothing", hint));
    }
    if !stages.is_sorted_by(|one, next| one < next) {
        return Some((
            "stages stand in one order, each once",
            "the order is \"prepare\", \"agent\", \"verify\", \"land\", \"confirm\"",
        ));
    }
    if has(Stage::Land) && !has(Stage::Verify) {
        return Some(("nothing lands that was not verified", "add \"verify\" before \"land\""));
    }
    if has(Stage::Confirm) && !has(Stage::Land) {
        return Some(("there is nothing to confirm where nothing lands", "add \"land\", or remove \"confirm\""));
    }
    None
}
