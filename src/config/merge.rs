//! Lays one file over the settings so far: values replace values, lists replace lists, tables are merged.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;

use crate::config::draft::Draft;
use crate::config::file::{AgentTable, CheckTable, ConfigFile, Daemons, FixTable, LimitsTable};
use crate::config::layer::Layer;
use crate::config::policy;
use crate::model::check::CheckName;
use crate::model::settings::{Agent, AgentKind, Check, Fix, Limits};

/// How long a check may run if its table does not say; also in `config.example.toml`, as a comment.
pub(crate) const CHECK_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a run of an agent may take if its table does not say; the built-in agent's is the same.
const AGENT_TIMEOUT: Duration = Duration::from_secs(1800);

impl Draft {
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
            layer.put("queue.enabled", &mut settings.lanes.enabled, table.enabled);
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

impl Layer<'_> {
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
