//! Goes on with settings that were read again: what is new runs, what is gone ends, all else is left as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::core::fact::{Fact, Remember};
use crate::core::live::{Cause, Owner, Step, Surplus};
use crate::core::matching::Matcher;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::Lane;
use crate::model::budget::Limit;
use crate::model::check::{CheckKey, CheckName};
use crate::model::document::Document;
use crate::model::hold::HoldReason;
use crate::model::routing::Does;
use crate::model::settings::{Check, Limits, Settings};

impl Supervisor {
    /// Takes in settings that hold from now on. One that is leaving, or was started for one command, is too late for
    /// others.
    pub(crate) fn reconfigured(&mut self, settings: Arc<Settings>, matcher: Arc<Matcher>) {
        if !self.is_up() || self.live.one_command {
            return;
        }
        if self.settings == settings {
            if self.book.refused.is_some() {
                // What was refused is taken back.
                let remember = remember(&self.settings.limits);
                self.record(Fact::Reconfigured { changes: Vec::new(), remember });
            }
            return;
        }
        let before = std::mem::replace(&mut self.settings, settings);
        self.matcher = matcher;
        let changes = differences(&before, &self.settings);
        self.record(Fact::Reconfigured { changes, remember: remember(&self.settings.limits) });
        let now = self.live.now.moment;
        self.live.beat = self.live.beat.min(now.after(self.settings.limits.heartbeat));
        self.live.surplus = Surplus {
            agents: Lane::ALL.map(|lane| self.agents(lane)),
            checks: self.live.checks().count(),
            last_session: self.live.last_session,
        };
        self.live.planner.unable = None;
        self.live.planner.said = false;
        self.end_what_is_gone();
        self.fixing_toggled(before.fix.enabled);
        self.hold_unfit_anew();
        let is_passed_on = |settings: &Settings| settings.events.multi_agent && settings.lanes.enabled;
        if is_passed_on(&self.settings) && !is_passed_on(&before) {
            self.note_queue();
        }
        if self.settings.roles != before.roles {
            // What waits for a landing, or not, follows from them.
            self.live.turned.extend(self.book.index.open());
        }
        let fresh = fresh_checks(&before, &self.settings);
        self.live.echoes.retain(|(key, _), _| !fresh.contains(&key.check));
        // What they say first is nobody's doing: the same as at a start.
        self.want_checks(|check| fresh.contains(&check.name), &Cause { start: true, ..Cause::default() });
    }

    /// Takes in why what is written now does not hold; the settings stay as they are.
    pub(crate) fn config_refused(&mut self, why: String) {
        let is_news = self.book.refused.as_ref().is_none_or(|(_, known)| *known != why);
        if self.is_up() && !self.live.one_command && is_news {
            self.record(Fact::ConfigRefused { why });
        }
    }

    /// Ends runs, tasks and snoozes of checks that are no longer there, and lets nothing wait for them.
    fn end_what_is_gone(&mut self) {
        let wanted: Vec<CheckKey> = self.live.wanted.keys().cloned().collect();
        let runs = self.live.checks().filter(|(_, running)| matches!(running.owner, Owner::Tree { .. }));
        let runs: Vec<CheckKey> = runs.filter_map(|(_, running)| running.check.clone()).collect();
        let confirming = self.live.attempts.values().filter_map(|attempt| match &attempt.step {
            Step::Confirm(keys) => Some(keys.iter().cloned()),
            Step::Snapshot(_)
            | Step::Prepare(_)
            | Step::Run(..)
            | Step::SecondOpinion
            | Step::Plan(..)
            | Step::Agent(_)
            | Step::Collect(_)
            | Step::Gate
            | Step::Merge(_)
            | Step::Restore(_)
            | Step::Land(_)
            | Step::Record(_)
            | Step::TakeBack(_)
            | Step::Ending => None,
        });
        let confirming: Vec<CheckKey> = confirming.flatten().collect();
        let all: BTreeSet<CheckKey> = wanted.into_iter().chain(runs).chain(confirming).collect();
        for key in all.into_iter().filter(|key| !self.is_meaningful(key)).collect::<Vec<_>>() {
            self.live.wanted.remove(&key);
            self.drop_tree_run(&key);
            self.confirmed_gone(&key);
        }
        self.forget_vanished();
    }

    /// Fixing was turned on or off. What works goes on; what comes after it waits for a person.
    fn fixing_toggled(&mut self, was_enabled: bool) {
        let enabled = self.settings.fix.enabled;
        if enabled == was_enabled {
            return;
        }
        self.hold_anew();
        for (id, attempt) in &mut self.live.attempts {
            if !matches!(attempt.held_after, None | Some(HoldReason::FixingOff)) {
                // What ended it says more.
                continue;
            }
            let is_unasked = self.book.task(*id).is_some_and(|task| !task.forced);
            attempt.held_after = (!enabled && is_unasked).then_some(HoldReason::FixingOff);
        }
    }

    /// What began by other settings becomes less, and is not replaced.
    pub(crate) fn shrink_surplus(&mut self) {
        for lane in Lane::ALL {
            let left = self.live.surplus.agents[lane as usize].min(self.agents(lane));
            self.live.surplus.agents[lane as usize] = left;
        }
        self.live.surplus.checks = self.live.surplus.checks.min(self.live.checks().count());
    }

    /// Returns how many agents run in a lane, those that are told to end included.
    pub(crate) fn agents(&self, lane: Lane) -> usize {
        self.live.attempts.values().filter(|attempt| attempt.lane == lane && attempt.costs()).count()
    }
}

/// Returns how much of the past is remembered by these limits.
pub(crate) fn remember(limits: &Limits) -> Remember {
    Remember { completed: limits.completed, failed: limits.failed, history: limits.history }
}

/// Returns the checks that are to run because they are new, or ask something else, or of something else.
fn fresh_checks(before: &Settings, after: &Settings) -> BTreeSet<CheckName> {
    let old: BTreeMap<&CheckName, &Check> = before.checks.iter().map(|check| (&check.name, check)).collect();
    let asks = |check: &Check| (check.run.clone(), check.tests.clone(), check.paths.clone());
    let is_fresh = |check: &&Check| {
        before.fix.on != after.fix.on || old.get(&check.name).is_none_or(|old| asks(old) != asks(check))
    };
    after.checks.iter().filter(is_fresh).map(|check| check.name.clone()).collect()
}

/// Names the fields of a section that differ.
macro_rules! fields {
    ($section:literal, $before:expr, $after:expr, $changes:expr, [$($field:ident),+]) => {
        $(if $before.$field != $after.$field {
            $changes.push(concat!($section, ".", stringify!($field)).to_owned());
        })+
    };
}

/// Says what is different, for a person to read: `check lint is new`, `fix.after`.
fn differences(before: &Settings, after: &Settings) -> Vec<String> {
    // A section that comes later must be looked at here, too: what is not named would be said to be as before.
    let Settings {
        watch: _,
        checks: _,
        fix: _,
        limits: _,
        lanes: _,
        events: _,
        workspace: _,
        budget: _,
        questions: _,
        agents: _,
        roles: _,
        workflows: _,
        rules: _,
        documents: _,
        policy: _,
    } = after;
    let mut changes = Vec::new();
    let find = |checks: &[Check], name: &CheckName| checks.iter().find(|check| check.name == *name).cloned();
    for check in &after.checks {
        match find(&before.checks, &check.name) {
            None => changes.push(format!("check {} is new", check.name)),
            Some(old) if old != *check => changes.push(format!("check {} is different", check.name)),
            Some(_) => {}
        }
    }
    let gone = before.checks.iter().filter(|check| find(&after.checks, &check.name).is_none());
    changes.extend(gone.map(|check| format!("check {} is gone", check.name)));
    if changes.is_empty() && before.checks != after.checks {
        changes.push("the order of checks".to_owned());
    }
    fields!("watch", before.watch, after.watch, changes, [settle, settle_max, ignore, paths]);
    fields!(
        "fix",
        before.fix,
        after.fix,
        changes,
        [
            enabled,
            on,
            after,
            attempts,
            backoff,
            backoff_max,
            isolation,
            protect,
            breaker,
            planner,
            plan_wait,
            planner_sleep
        ]
    );
    if before.fix.agents != after.fix.agents && !before.fix.enabled && !after.fix.enabled {
        changes.push(if after.fix.agents { "agents are agreed to" } else { "agents are not agreed to" }.to_owned());
    }
    if (before.fix.land, before.fix.land_by) != (after.fix.land, after.fix.land_by) {
        changes.push("fix.land".to_owned());
    }
    fields!(
        "limits",
        before.limits,
        after.limits,
        changes,
        [running, checks, completed, failed, history, heartbeat, health, stop]
    );
    fields!("lanes", before.lanes, after.lanes, changes, [queue, day, issue, session, total]);
    fields!("events", before.events, after.events, changes, [depth, rate, multi_agent]);
    if before.events.folder != after.events.folder {
        changes.push("EVENT_DIR".to_owned());
    }
    fields!("questions", before.questions, after.questions, changes, [wait, unattended]);
    fields!("queue", before.lanes, after.lanes, changes, [enabled, stop_on_failure]);
    fields!("workspace", before.workspace, after.workspace, changes, [copy, prepare, link]);
    let lines = Limit::DAY.into_iter().chain(Limit::TASK);
    let lines = lines.filter(|line| before.budget.limit(*line) != after.budget.limit(*line));
    changes.extend(lines.map(|line| line.key().to_owned()));
    if before.budget.warn != after.budget.warn {
        changes.push("budget.warn".to_owned());
    }
    if before.policy != after.policy {
        changes.push("policy".to_owned());
    }
    changes.extend(named("agent", &before.agents, &after.agents));
    changes.extend(named("role", &before.roles, &after.roles));
    changes.extend(named("workflow", &before.workflows, &after.workflows));
    let by_event = |settings: &Settings| {
        let mut rules: BTreeMap<String, Vec<Does>> = BTreeMap::new();
        for rule in &settings.rules {
            rules.entry(rule.event.clone()).or_default().push(rule.does.clone());
        }
        rules
    };
    changes.extend(named("rule", &by_event(before), &by_event(after)));
    let by_name = |settings: &Settings| -> BTreeMap<String, Document> {
        settings.documents.iter().map(|(name, document)| (name.name().to_owned(), document.clone())).collect()
    };
    changes.extend(named("documents", &by_name(before), &by_name(after)));
    changes
}

/// Names the tables of a kind that differ.
fn named<T: PartialEq>(kind: &str, before: &BTreeMap<String, T>, after: &BTreeMap<String, T>) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| format!("{kind}.{name}"))
        .collect()
}
