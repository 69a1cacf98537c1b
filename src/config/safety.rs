//! What a project's file cannot take from its user: where both say how careful to be, the more careful one counts.

use std::collections::BTreeMap;

use crate::config::diagnostic::Diagnostic;
use crate::config::draft::Draft;
use crate::config::origin::{Origin, Places};
use crate::config::trust::Running;
use crate::model::budget::Budget;
use crate::model::cost::Usd;
use crate::model::policy::Permission;
use crate::model::settings::{Isolation, LandMode, Questions, Role};

const LAND: &str = "fix.land";
const ISOLATION: &str = "fix.isolation";
const PROTECT: &str = "fix.protect";
const ENABLED: &str = "fix.enabled";
const QUEUE: &str = "queue.enabled";
const DELETE: &str = "policy.delete";
const WARN: &str = "budget.warn";
const WAIT: &str = "questions.wait";
const UNATTENDED: &str = "questions.unattended";

const DEPTH: &str = "events.depth";
const RATE: &str = "events.rate";
const MULTI_AGENT: &str = "events.multi_agent";

/// The lines of the budget, in the order of [`lines`].
const BUDGET: [&str; 4] = ["budget.task_usd", "budget.day_usd", "budget.task_tokens", "budget.day_tokens"];

/// Returns every line of a budget, to be compared and set alike.
fn lines(budget: &mut Budget) -> [&mut u64; 4] {
    [&mut budget.task.0, &mut budget.day.0, &mut budget.task_tokens, &mut budget.day_tokens]
}

/// Whether a line lets more be spent than another; zero is no line at all.
fn is_further(line: u64, other: u64) -> bool {
    other > 0 && (line == 0 || line > other)
}

/// What the layers below the project's file say, and where the user has said it; nowhere: it is built in.
pub(crate) struct Below {
    land: (LandMode, Option<Origin>),
    isolation: (Isolation, Option<Origin>),
    budget: Vec<(u64, Option<Origin>)>,
    /// How many events may follow one another, and how often.
    events: [(u32, Option<Origin>); 2],
    protect: Vec<(String, Option<Origin>)>,
    /// What the user wrote of a role: whether it edits, and what a task of it may cost.
    roles: Vec<(String, Role)>,
    origins: BTreeMap<String, Origin>,
    enabled: (bool, Option<Origin>),
    queue: (bool, Option<Origin>),
    delete: (Permission, Option<Origin>),
    warn: (u32, Option<Origin>),
    questions: (Questions, [Option<Origin>; 2]),
}

impl Below {
    /// Takes it down, before the project's file is laid over it.
    pub(crate) fn of(draft: &Draft) -> Self {
        let origin = |key: &str| draft.places.keys.get(key).cloned();
        let fix = &draft.settings.fix;
        let protect = fix.protect.iter().enumerate();
        let mut budget = draft.settings.budget;
        Self {
            land: (fix.land, origin(LAND)),
            isolation: (fix.isolation, origin(ISOLATION)),
            events: [(draft.settings.events.depth, origin(DEPTH)), (draft.settings.events.rate, origin(RATE))],
            budget: lines(&mut budget).into_iter().zip(BUDGET).map(|(line, key)| (*line, origin(key))).collect(),
            protect: protect.map(|(number, glob)| (glob.clone(), origin(&element(number)))).collect(),
            roles: draft.settings.roles.iter().map(|(name, role)| (name.clone(), role.clone())).collect(),
            origins: draft
                .places
                .keys
                .iter()
                .filter(|(key, _)| key.starts_with("role."))
                .map(|(key, origin)| (key.clone(), origin.clone()))
                .collect(),
            enabled: (fix.enabled, origin(ENABLED)),
            queue: (draft.settings.lanes.enabled, origin(QUEUE)),
            delete: (draft.settings.policy.delete, origin(DELETE)),
            warn: (draft.settings.budget.warn, origin(WARN)),
            questions: (draft.settings.questions, [origin(WAIT), origin(UNATTENDED)]),
        }
    }

    /// Puts back what the project's `.env` and its file, the one with this index, have made less careful than their user
    /// wrote it, and returns what to say about that. What they make less careful than the built-in defaults is added to
    /// what needs a yes.
    pub(crate) fn keep(self, draft: &mut Draft, index: Option<usize>, running: &mut Running) -> Vec<Diagnostic> {
        let Draft { settings, places, .. } = draft;
        let mut said = Vec::new();
        let task_usd = self.budget.first().map(|(line, origin)| (Usd(*line), origin.clone()));
        let by_project = |places: &Places, key: &str| is_of_project(places, key, index);
        said.extend(keep_questions(self.questions, &mut settings.questions, places, index));
        if let (false, Some(origin)) = self.enabled
            && by_project(places, ENABLED)
            && settings.fix.enabled
        {
            settings.fix.enabled = false;
            said.push(not_used(places, ENABLED, origin));
        }
        if let (false, Some(origin)) = self.queue
            && by_project(places, QUEUE)
            && settings.lanes.enabled
        {
            settings.lanes.enabled = false;
            said.push(not_used(places, QUEUE, origin));
        }
        if by_project(places, DELETE) && settings.policy.delete < self.delete.0 {
            if let (before, Some(origin)) = self.delete {
                settings.policy.delete = before;
                said.push(not_used(places, DELETE, origin));
            } else {
                running.of_choice(DELETE, &settings.policy.delete.to_string());
            }
        }
        if let (before, Some(origin)) = self.warn
            && by_project(places, WARN)
            && is_further(settings.budget.warn.into(), before.into())
        {
            settings.budget.warn = before;
            said.push(not_used(places, WARN, origin));
        }
        if by_project(places, LAND) && settings.fix.land == LandMode::Auto {
            match self.land {
                (LandMode::Ask, Some(origin)) => {
                    settings.fix.land = LandMode::Ask;
                    said.push(not_used(places, LAND, origin));
                }
                (LandMode::Auto, Some(_)) => {}
                (LandMode::Ask | LandMode::Auto, None) => running.of_choice(LAND, "auto"),
            }
        }
        if by_project(places, ISOLATION) && settings.fix.isolation == Isolation::InPlace {
            match self.isolation {
                (Isolation::Worktree, Some(origin)) => {
                    settings.fix.isolation = Isolation::Worktree;
                    said.push(not_used(places, ISOLATION, origin));
                }
                (Isolation::InPlace, Some(_)) => {}
                (Isolation::InPlace | Isolation::Worktree, None) => running.of_choice(ISOLATION, "in-place"),
            }
        }
        for ((line, key), (before, origin)) in lines(&mut settings.budget).into_iter().zip(BUDGET).zip(self.budget) {
            if !by_project(places, key) || !is_further(*line, before) {
                continue;
            }
            if let Some(origin) = origin {
                *line = before;
                said.push(not_used(places, key, origin));
            } else {
                let amount = if key.ends_with("usd") { Usd(*line).dollars().to_string() } else { line.to_string() };
                running.of_choice(key, &amount);
            }
        }
        let events = &mut settings.events;
        for ((limit, key), (before, origin)) in
            [(&mut events.depth, DEPTH), (&mut events.rate, RATE)].into_iter().zip(self.events)
        {
            if !by_project(places, key) || *limit <= before {
                continue;
            }
            if let Some(origin) = origin {
                *limit = before;
                said.push(not_used(places, key, origin));
            } else {
                running.of_choice(key, &limit.to_string());
            }
        }
        if by_project(places, MULTI_AGENT) && events.multi_agent {
            // Several agents for each task instead of one.
            running.of_choice(MULTI_AGENT, "true");
        }
        for (glob, origin) in self.protect {
            if !settings.fix.protect.contains(&glob) {
                places.keys.extend(origin.map(|origin| (element(settings.fix.protect.len()), origin)));
                settings.fix.protect.push(glob);
            }
        }
        keep_roles(draft, self.roles, &self.origins, task_usd, index, &mut said);
        said
    }
}

/// Whether the project's `.env` or its file, the one with this index, has written a value.
fn is_of_project(places: &Places, key: &str, index: Option<usize>) -> bool {
    match places.keys.get(key) {
        Some(Origin::File(file, _)) => Some(*file) == index,
        Some(Origin::DotEnv(..)) => true,
        Some(Origin::Variable(_) | Origin::Flag(_) | Origin::Detected) | None => false,
    }
}

/// Puts back what its user wrote about questions: how long a person is waited for is nothing that a project knows better,
/// in either direction.
fn keep_questions(
    (before, [wait, unattended]): (Questions, [Option<Origin>; 2]),
    now: &mut Questions,
    places: &mut Places,
    index: Option<usize>,
) -> Vec<Diagnostic> {
    let mut said = Vec::new();
    if let Some(origin) = wait.filter(|_| is_of_project(places, WAIT, index) && now.wait != before.wait) {
        now.wait = before.wait;
        said.push(not_used(places, WAIT, origin));
    }
    let differs = now.unattended != before.unattended;
    if let Some(origin) = unattended.filter(|_| is_of_project(places, UNATTENDED, index) && differs) {
        now.unattended = before.unattended;
        said.push(not_used(places, UNATTENDED, origin));
    }
    said
}

/// Puts back what a project's file has made less careful about roles than its user wrote it.
fn keep_roles(
    draft: &mut Draft,
    roles: Vec<(String, Role)>,
    origins: &BTreeMap<String, Origin>,
    task_usd: Option<(Usd, Option<Origin>)>,
    index: Option<usize>,
    said: &mut Vec<Diagnostic>,
) {
    let Draft { settings, places, .. } = draft;
    let is_more = |line: Option<Usd>, other: Option<Usd>| match (line, other) {
        (Some(line), Some(other)) => is_further(line.0, other.0),
        (None | Some(_), None) | (None, Some(_)) => false,
    };
    // The user's line for any task is one for a task of a role, too.
    let for_any = task_usd.and_then(|(line, origin)| Some((line, origin?)));
    for (name, before) in roles {
        let Some(role) = settings.roles.get_mut(&name) else { continue };
        let (edits, budget) = (format!("role.{name}.edits"), format!("role.{name}.budget_usd"));
        if let Some(origin) = origins.get(&edits).filter(|_| role.edits && !before.edits) {
            role.edits = false;
            said.push(not_used(places, &edits, origin.clone()));
        }
        let landing = format!("role.{name}.after_landing");
        if let Some(origin) = origins.get(&landing).filter(|_| before.after_landing && !role.after_landing) {
            role.after_landing = true;
            said.push(not_used(places, &landing, origin.clone()));
        }
        let is_theirs = matches!(places.keys.get(&budget), Some(Origin::File(file, _)) if Some(*file) == index);
        let own = origins.get(&budget).map(|origin| (before.budget, origin.clone()));
        let line = own.or_else(|| for_any.clone().map(|(line, origin)| (Some(line), origin)));
        if let Some((line, origin)) = line.filter(|(line, _)| is_theirs && is_more(role.budget, *line)) {
            role.budget = line;
            said.push(not_used(places, &budget, origin));
        }
    }
}

fn element(number: usize) -> String {
    format!("{PROTECT}[{number}]")
}

/// Says that a value is not used, and gives its key back to where the user wrote it.
fn not_used(places: &mut Places, key: &str, origin: Origin) -> Diagnostic {
    let more_careful = if key.starts_with("questions.") { "" } else { " is more careful, and" };
    let text = format!("{key} is not used: what you wrote yourself{more_careful} counts");
    let diagnostic = places.diagnostic(key, text).warning();
    places.keys.insert(key.to_owned(), origin);
    diagnostic.hint("change it in your own file, or say it on the command line")
}
