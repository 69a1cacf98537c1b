//! Chance from a seed, and the settings it draws.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use orchestrator_tui::config::{Inputs, load};
use orchestrator_tui::model::check::CheckName;
use orchestrator_tui::model::policy::Policy;
use orchestrator_tui::model::settings::{
    Agent, AgentKind, Breaker, Check, Events, Fix, FixOn, Isolation, LandBy, LandMode, Lanes, Limits, Planner,
    Questions, Settings, Unattended, Watch, Workspace,
};

/// A splitmix64 generator: small, good enough, the same everywhere.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }
}

fn check(name: &str, run: &str, chance: &mut Chance) -> Check {
    Check {
        name: CheckName(name.into()),
        paths: vec!["src/**".into()],
        run: run.into(),
        tests: None,
        timeout: Duration::from_secs(60),
        parallel: chance.one_in(2),
        lock: if chance.one_in(4) { "db".into() } else { String::new() },
        fixers: if chance.one_in(3) { vec!["fix {file}".into(), "tidy".into()] } else { Vec::new() },
        keep_daemons: false,
    }
}

pub(super) fn settings(chance: &mut Chance) -> Settings {
    let unit = check("unit", if chance.one_in(2) { "unit" } else { "unit --all" }, chance);
    let lint = check("lint", "lint", chance);
    let mut each = check("each", "each {file}", chance);
    if chance.one_in(4) {
        each.paths = vec!["src/f[0-3]".into()];
    }
    Settings {
        watch: Watch {
            settle: Duration::from_millis(300),
            settle_max: Duration::from_secs(2),
            ignore: Vec::new(),
            paths: Vec::new(),
        },
        checks: vec![unit, lint, each],
        fix: Fix {
            enabled: !chance.one_in(20),
            agents: !chance.one_in(4),
            on: if chance.one_in(5) { FixOn::Change } else { FixOn::Red },
            after: Duration::from_secs(chance.below(12)),
            attempts: chance.between(1, 4) as u32,
            backoff: Duration::from_secs(2),
            backoff_max: Duration::from_secs(60),
            land: if chance.one_in(4) { LandMode::Ask } else { LandMode::Auto },
            land_by: *chance.pick(&[LandBy::Nobody, LandBy::File, LandBy::Flag, LandBy::File]),
            isolation: if chance.one_in(6) { Isolation::InPlace } else { Isolation::Worktree },
            protect: Vec::new(),
            breaker: Breaker { failures: 3, window: Duration::from_secs(600) },
            planner: *chance.pick(&[Planner::Off, Planner::Off, Planner::Auto, Planner::Always]),
            plan_wait: Duration::from_secs(chance.between(1, 60)),
            planner_sleep: Duration::from_secs(600),
        },
        limits: Limits {
            running: chance.between(1, 4) as u32,
            checks: chance.between(1, 3) as u32,
            completed: 5,
            failed: 5,
            history: 20,
            heartbeat: Duration::from_secs(chance.between(60, 600)),
            health: Duration::from_secs(600),
            stop: Duration::from_secs(30),
        },
        lanes: Lanes { enabled: !chance.one_in(6), ..Lanes::default() },
        events: Events {
            depth: chance.between(3, 12) as u32,
            rate: chance.between(3, 30) as u32,
            multi_agent: chance.one_in(2),
            folder: None,
        },
        workspace: Workspace { copy: Vec::new(), prepare: "prepare".into(), link: Vec::new() },
        budget: super::money::budget(chance),
        questions: Questions {
            wait: Duration::from_secs(chance.between(5, 600)),
            unattended: if chance.one_in(2) { Unattended::Wait } else { Unattended::Refuse },
        },
        agents: BTreeMap::from([(
            "claude".into(),
            Agent {
                kind: AgentKind::Claude,
                program: "claude".into(),
                model: String::new(),
                args: Vec::new(),
                env: BTreeMap::new(),
                timeout: Duration::from_secs(1800),
            },
        )]),
        roles: built_in().roles.clone(),
        workflows: built_in().workflows.clone(),
        rules: built_in().rules.clone(),
        documents: BTreeMap::new(),
        policy: Policy::default(),
    }
}

/// The roles, workflows and rules that everybody has.
fn built_in() -> &'static Settings {
    static BUILT_IN: LazyLock<Settings> = LazyLock::new(|| {
        let inputs = Inputs { project: "/nowhere".into(), ..Inputs::default() };
        load(&inputs).expect("the built-in configuration is good").settings
    });
    &BUILT_IN
}
