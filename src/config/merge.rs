//! Lays one file over the settings so far: values replace values, lists replace lists, tables are merged.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use crate::config::diagnostic::Diagnostic;
use crate::config::file::{
    AgentTable, CheckTable, ConfigFile, Daemons, FixTable, Given, LimitsTable, List, Time, write_time,
};
use crate::config::origin::{Origin, Places};
use crate::config::policy;
use crate::config::projects::ProjectsDraft;
use crate::config::workflow::RuleDraft;
use crate::model::budget::Budget;
use crate::model::check::CheckName;
use crate::model::policy::Policy;
use crate::model::settings::{
    Agent, AgentKind, Breaker, Check, Events, Fix, FixOn, Isolation, LandBy, LandMode, Lanes, Limits, Planner,
    Questions, Settings, Unattended, Watch, Workspace,
};

/// How long a check may run if its table does not say; also in `config.example.toml`, as a comment.
pub(crate) const CHECK_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a run of an agent may take if its table does not say; the built-in agent's is the same.
const AGENT_TIMEOUT: Duration = Duration::from_secs(1800);
/// Settings under construction.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) settings: Settings,
    pub(crate) places: Places,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) screen: ScreenDraft,
    pub(crate) projects: ProjectsDraft,
    /// `[[rule]]`, as written.
    pub(crate) rules: Vec<RuleDraft>,
    /// The events that built-in rules name.
    pub(crate) events: BTreeSet<String>,
    /// Files that are named for their text: `role.coding.prompt` → `prompts/coding.md`.
    pub(crate) texts: BTreeMap<String, String>,
}

/// What the user's file says about the screen, as written.
#[derive(Debug, Default)]
pub(crate) struct ScreenDraft {
    /// The name of the theme.
    pub(crate) theme: String,
    pub(crate) ascii: bool,
    pub(crate) mouse: bool,
    /// The keys of actions, by their names.
    pub(crate) keys: BTreeMap<String, Vec<String>>,
}

/// The numbers that make sense for a key. Zero would stop everything; the upper ends are far above any use and catch
/// typing errors.
pub(crate) fn counts(key: &str) -> RangeInclusive<i64> {
    match key {
        "limits.running" | "lanes.queue" | "lanes.day" | "lanes.issue" | "lanes.session" => 1..=64,
        "lanes.total" => 0..=256,
        "limits.checks" => 1..=256,
        "fix.attempts" | "fix.breaker.failures" => 1..=100,
        "events.depth" | "events.rate" => 1..=1000,
        role if role.starts_with("role.") => 1..=100,
        _ => 1..=100_000,
    }
}

/// The times that make sense for a key.
pub(crate) fn times(key: &str) -> RangeInclusive<Duration> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 3600;
    let (least, most) = match key {
        "watch.settle" => (10, MINUTE),
        "watch.settle_max" => (10, 10 * MINUTE),
        "fix.after" | "fix.backoff" | "limits.stop" => (0, HOUR),
        "fix.backoff_max" => (0, 24 * HOUR),
        "fix.breaker.window" => (1000, 30 * 24 * HOUR),
        "fix.plan_wait" | "limits.heartbeat" => (1000, HOUR),
        "limits.health" => (5000, 24 * HOUR),
        _ => (1000, 24 * HOUR),
    };
    Duration::from_millis(least)..=Duration::from_secs(most)
}

impl Draft {
    /// Starts with nothing set; the built-in file, laid over it first, sets everything.
    pub(crate) fn blank() -> Self {
        let zero = Duration::ZERO;
        let settings = Settings {
            watch: Watch { settle: zero, settle_max: zero, ignore: Vec::new(), paths: Vec::new() },
            checks: Vec::new(),
            fix: Fix {
                enabled: false,
                agents: false,
                on: FixOn::Red,
                after: zero,
                attempts: 0,
                backoff: zero,
                backoff_max: zero,
                land: LandMode::Ask,
                land_by: LandBy::Nobody,
                isolation: Isolation::Worktree,
                protect: Vec::new(),
                breaker: Breaker { failures: 0, window: zero },
                planner: Planner::Off,
                plan_wait: zero,
                planner_sleep: zero,
            },
            limits: Limits {
                running: 0,
                checks: 0,
                completed: 0,
                failed: 0,
                history: 0,
                heartbeat: zero,
                health: zero,
                stop: zero,
            },
            lanes: Lanes::default(),
            events: Events::default(),
            workspace: Workspace { copy: Vec::new(), prepare: String::new(), link: Vec::new() },
            budget: Budget::default(),
            questions: Questions { wait: zero, unattended: Unattended::Refuse },
            agents: BTreeMap::new(),
            roles: BTreeMap::new(),
            workflows: BTreeMap::new(),
            rules: Vec::new(),
            documents: BTreeMap::new(),
            policy: Policy::default(),
        };
        Self {
            settings,
            places: Places::default(),
            diagnostics: Vec::new(),
            screen: ScreenDraft::default(),
            projects: ProjectsDraft::default(),
            rules: Vec::new(),
            events: BTreeSet::new(),
            texts: BTreeMap::new(),
        }
    }

    /// Lays `file`, whose text is the one with index `index`, over what there is.
    pub(crate) fn lay(&mut self, index: usize, file: ConfigFile) {
        let Self { settings, places, diagnostics, screen, projects, rules, events: _, texts } = self;
        let mut layer = Layer { index, places, diagnostics, texts };
        if let Some(table) = file.watch {
            let watch = &mut settings.watch;
            layer.time("watch.settle", &mut watch.settle, table.settle);
            layer.time("watch.settle_max", &mut watch.settle_max, table.settle_max);
            layer.list("watch.ignore", &mut watch.ignore, table.ignore);
            layer.list("watch.paths", &mut watch.paths, table.paths);
        }
        if let Some(tables) = file.check {
            layer.places.forget("check");
            layer.note("check", &tables);
            let tables = tables.into_inner().into_iter().enumerate();
            settings.checks = tables
                .map(|(number, table)| {
                    layer.note(&format!("check[{number}]"), &table);
                    layer.check(number, table.into_inner())
                })
                .collect();
        }
        if let Some(table) = file.fix {
            layer.fix(&mut settings.fix, table);
        }
        if let Some(table) = file.limits {
            layer.limits(&mut settings.limits, table);
        }
        if let Some(table) = file.events {
            let events = &mut settings.events;
            layer.count("events.depth", &mut events.depth, table.depth);
            layer.count("events.rate", &mut events.rate, table.rate);
            layer.put("events.multi_agent", &mut events.multi_agent, table.multi_agent);
        }
        if let Some(table) = file.lanes {
            let lanes = &mut settings.lanes;
            layer.count("lanes.queue", &mut lanes.queue, table.queue);
            layer.count("lanes.day", &mut lanes.day, table.day);
            layer.count("lanes.issue", &mut lanes.issue, table.issue);
            layer.count("lanes.session", &mut lanes.session, table.session);
            layer.count("lanes.total", &mut lanes.total, table.total);
        }
        if let Some(table) = file.queue {
            layer.put("queue.stop_on_failure", &mut settings.lanes.stop_on_failure, table.stop_on_failure);
        }
        if let Some(table) = file.workspace {
            layer.list("workspace.copy", &mut settings.workspace.copy, table.copy);
            layer.put("workspace.prepare", &mut settings.workspace.prepare, table.prepare);
            layer.list("workspace.link", &mut settings.workspace.link, table.link);
        }
        if let Some(table) = file.budget {
            layer.budget(&mut settings.budget, table);
        }
        if let Some(table) = file.questions {
            let questions = &mut settings.questions;
            layer.time("questions.wait", &mut questions.wait, table.wait);
            layer.put("questions.unattended", &mut questions.unattended, table.unattended);
        }
        for (name, table) in file.agent {
            layer.agent(&mut settings.agents, &name, table);
        }
        for (name, table) in file.role {
            layer.role(settings.roles.entry(name.get_ref().clone()).or_default(), &name, table);
        }
        for (name, table) in file.workflow {
            layer.workflow(settings.workflows.entry(name.get_ref().clone()).or_default(), &name, table);
        }
        if let Some(tables) = file.rule {
            layer.rules(rules, tables.into_inner());
        }
        if let Some(table) = file.documents {
            layer.documents(table);
        }
        if let Some(table) = file.policy {
            policy::lay(&mut layer, &mut settings.policy, table);
        }
        if let Some(table) = file.projects {
            let table = table.into_inner();
            layer.put("projects.dir", &mut projects.dir, table.dir);
            layer.put("projects.clones", &mut projects.clones, table.clones);
            layer.put("projects.host", &mut projects.host, table.host);
        }
        if let Some(table) = file.ui {
            let table = table.into_inner();
            layer.put("ui.theme", &mut screen.theme, table.theme);
            layer.put("ui.ascii", &mut screen.ascii, table.ascii);
            layer.put("ui.mouse", &mut screen.mouse, table.mouse);
        }
        for (name, keys) in file.keys.map(Spanned::into_inner).into_iter().flatten() {
            // The name and its keys may both be wrong; each has its place.
            layer.note(&format!("keys[{}]", name.get_ref()), &name);
            layer.note(&format!("keys.{}", name.get_ref()), &keys);
            screen.keys.insert(name.into_inner(), keys.into_inner().0);
        }
    }
}

/// One file on its way into the settings.
pub(crate) struct Layer<'a> {
    index: usize,
    pub(super) places: &'a mut Places,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
    pub(super) texts: &'a mut BTreeMap<String, String>,
}

impl Layer<'_> {
    pub(crate) fn note<T>(&mut self, key: &str, given: &Spanned<T>) {
        // Built-in values have no place: nobody wrote them.
        if self.index > 0 {
            self.places.keys.insert(key.to_owned(), Origin::File(self.index, given.span()));
        }
    }

    pub(crate) fn put<T>(&mut self, key: &str, target: &mut T, given: Given<T>) {
        if let Some(given) = given {
            self.note(key, &given);
            *target = given.into_inner();
        }
    }

    pub(super) fn list(&mut self, key: &str, target: &mut Vec<String>, given: List) {
        let Some(given) = given else { return };
        self.places.forget(key);
        self.note(key, &given);
        let elements = given.into_inner().into_iter().enumerate();
        *target = elements
            .map(|(number, element)| {
                self.note(&format!("{key}[{number}]"), &element);
                element.into_inner()
            })
            .collect();
    }

    fn time(&mut self, key: &str, target: &mut Duration, given: Given<Time>) {
        let Some(given) = given else { return };
        self.note(key, &given);
        let (Time(value), range) = (*given.get_ref(), times(key));
        if range.contains(&value) {
            *target = value;
        } else {
            let message = format!("{} makes no sense here", write_time(value));
            let hint = format!("write a time from {} to {}", write_time(*range.start()), write_time(*range.end()));
            self.diagnostics.push(self.places.diagnostic(key, message).hint(hint));
        }
    }

    pub(super) fn count(&mut self, key: &str, target: &mut u32, given: Given<i64>) {
        let Some(given) = given else { return };
        self.note(key, &given);
        let (value, range) = (*given.get_ref(), counts(key));
        match u32::try_from(value) {
            Ok(number) if range.contains(&value) => *target = number,
            Ok(_) | Err(_) => {
                let hint = format!("write a number from {} to {}", range.start(), range.end());
                let diagnostic = self.places.diagnostic(key, format!("{value} makes no sense here"));
                self.diagnostics.push(diagnostic.hint(hint));
            }
        }
    }

    fn check(&mut self, number: usize, table: CheckTable) -> Check {
        let key = |name: &str| format!("check[{number}].{name}");
        let mut check = Check {
            name: CheckName(String::new()),
            paths: Vec::new(),
            run: String::new(),
            tests: None,
            timeout: CHECK_TIMEOUT,
            parallel: false,
            lock: String::new(),
            fixers: Vec::new(),
            keep_daemons: false,
        };
        self.put(&key("name"), &mut check.name.0, table.name);
        self.list(&key("paths"), &mut check.paths, table.paths);
        self.put(&key("run"), &mut check.run, table.run);
        if let Some(tests) = table.tests {
            self.note(&key("tests"), &tests);
            check.tests = Some(tests.into_inner());
        }
        self.time(&key("timeout"), &mut check.timeout, table.timeout);
        self.put(&key("parallel"), &mut check.parallel, table.parallel);
        self.put(&key("lock"), &mut check.lock, table.lock);
        self.list(&key("fixers"), &mut check.fixers, table.fixers);
        if let Some(daemons) = table.daemons {
            self.note(&key("daemons"), &daemons);
            check.keep_daemons = daemons.into_inner() == Daemons::Keep;
        }
        check
    }

    fn fix(&mut self, fix: &mut Fix, table: FixTable) {
        self.put("fix.enabled", &mut fix.enabled, table.enabled);
        self.put("fix.on", &mut fix.on, table.on);
        self.time("fix.after", &mut fix.after, table.after);
        self.count("fix.attempts", &mut fix.attempts, table.attempts);
        self.time("fix.backoff", &mut fix.backoff, table.backoff);
        self.time("fix.backoff_max", &mut fix.backoff_max, table.backoff_max);
        self.put("fix.land", &mut fix.land, table.land);
        self.put("fix.isolation", &mut fix.isolation, table.isolation);
        self.list("fix.protect", &mut fix.protect, table.protect);
        if let Some(breaker) = table.breaker {
            self.count("fix.breaker.failures", &mut fix.breaker.failures, breaker.failures);
            self.time("fix.breaker.window", &mut fix.breaker.window, breaker.window);
        }
        self.put("fix.planner", &mut fix.planner, table.planner);
        self.time("fix.plan_wait", &mut fix.plan_wait, table.plan_wait);
        self.time("fix.planner_sleep", &mut fix.planner_sleep, table.planner_sleep);
    }

    fn limits(&mut self, limits: &mut Limits, table: LimitsTable) {
        self.count("limits.running", &mut limits.running, table.running);
        self.count("limits.checks", &mut limits.checks, table.checks);
        self.count("limits.completed", &mut limits.completed, table.completed);
        self.count("limits.failed", &mut limits.failed, table.failed);
        self.count("limits.history", &mut limits.history, table.history);
        self.time("limits.heartbeat", &mut limits.heartbeat, table.heartbeat);
        self.time("limits.health", &mut limits.health, table.health);
        self.time("limits.stop", &mut limits.stop, table.stop);
    }

    fn agent(&mut self, agents: &mut BTreeMap<String, Agent>, name: &Spanned<String>, table: AgentTable) {
        let agent = agents.entry(name.get_ref().clone()).or_insert(Agent {
            kind: AgentKind::Claude,
            program: String::new(),
            model: String::new(),
            args: Vec::new(),
            env: BTreeMap::new(),
            timeout: AGENT_TIMEOUT,
        });
        let prefix = format!("agent.{}", name.get_ref());
        self.note(&prefix, name);
        let key = |name: &str| format!("{prefix}.{name}");
        self.put(&key("kind"), &mut agent.kind, table.kind);
        self.put(&key("program"), &mut agent.program, table.program);
        self.put(&key("model"), &mut agent.model, table.model);
        self.list(&key("args"), &mut agent.args, table.args);
        for (variable, value) in table.env.into_iter().flatten() {
            self.note(&key(&format!("env.{}", variable.get_ref())), &value);
            agent.env.insert(variable.into_inner(), value.into_inner());
        }
        self.time(&key("timeout"), &mut agent.timeout, table.timeout);
    }
}
