//! The settings of the bench: one check of every file, nothing that waits.

use std::time::Duration;

use orchestrator_tui::model::budget::Budget;
use orchestrator_tui::model::check::CheckName;
use orchestrator_tui::model::cost::Usd;
use orchestrator_tui::model::routing::{Does, Rule};
use orchestrator_tui::model::settings::{
    Breaker, Check, Events, Fix, FixOn, Isolation, LandBy, LandMode, Limits, Planner, Questions, Role, Settings,
    Unattended, Watch, Workspace,
};

use super::{Goals, Lie};

pub(crate) fn settings(lie: Lie) -> Settings {
    let running = lie.running;
    let check = Check {
        name: CheckName("each".into()),
        paths: vec!["src/**".into()],
        run: "each {file}".into(),
        tests: None,
        timeout: Duration::from_secs(60),
        parallel: true,
        lock: String::new(),
        fixers: Vec::new(),
        keep_daemons: false,
    };
    Settings {
        watch: Watch {
            settle: Duration::from_millis(300),
            settle_max: Duration::from_secs(2),
            ignore: Vec::new(),
            paths: Vec::new(),
        },
        checks: vec![check],
        fix: Fix {
            enabled: true,
            agents: true,
            on: FixOn::Red,
            after: Duration::from_secs(10),
            attempts: 5,
            backoff: Duration::from_secs(2),
            backoff_max: Duration::from_secs(60),
            land: LandMode::Auto,
            land_by: LandBy::File,
            isolation: Isolation::Worktree,
            protect: Vec::new(),
            breaker: Breaker { failures: 3, window: Duration::from_secs(3600) },
            planner: Planner::Off,
            plan_wait: Duration::from_secs(60),
            planner_sleep: Duration::from_secs(600),
        },
        limits: Limits {
            running,
            checks: 8,
            completed: 50,
            failed: 50,
            history: 100,
            heartbeat: Duration::from_secs(30),
            health: Duration::from_secs(300),
            stop: Duration::from_secs(30),
        },
        lanes: orchestrator_tui::model::settings::Lanes { queue: running, ..Default::default() },
        events: Events { multi_agent: lie.goals == Goals::Passed, ..Events::default() },
        workspace: Workspace { copy: Vec::new(), prepare: String::new(), link: Vec::new() },
        budget: Budget { task: Usd(1_000_000), day: Usd(50_000_000), warn: 750, ..Budget::default() },
        questions: Questions { wait: Duration::from_secs(3600), unattended: Unattended::Refuse },
        agents: std::collections::BTreeMap::new(),
        roles: [
            ("fixer".to_owned(), Role { agent: "claude".into(), edits: true, ..Role::default() }),
            ("coding".to_owned(), Role { agent: "claude".into(), edits: true, ..Role::default() }),
        ]
        .into(),
        workflows: workflows(),
        rules: vec![Rule {
            event: "task.assigned".into(),
            does: Does::Start { role: "coding".into(), workflow: "task".into() },
        }],
        documents: std::collections::BTreeMap::new(),
        policy: orchestrator_tui::model::policy::Policy::default(),
    }
}

/// The workflow of assignments, as the built-in configuration has it.
fn workflows() -> std::collections::BTreeMap<String, orchestrator_tui::model::settings::WorkflowSpec> {
    use orchestrator_tui::model::settings::WorkflowSpec;
    use orchestrator_tui::model::task::Workflow;
    let task = WorkflowSpec { stages: Workflow::task().stages, ..WorkflowSpec::default() };
    [("task".to_owned(), task)].into()
}
