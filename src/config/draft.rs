//! Settings under construction, and what files say that is no setting yet.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::config::diagnostic::Diagnostic;
use crate::config::file::RuleDoes;
use crate::config::origin::Places;
use crate::model::budget::Budget;
use crate::model::policy::Policy;
use crate::model::settings::{
    Breaker, Events, Fix, FixOn, Isolation, LandBy, LandMode, Lanes, Limits, Planner, Questions, Settings, Unattended,
    Watch, Workspace,
};

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

/// What the user's file says about other repositories, as written.
#[derive(Debug, Default)]
pub(crate) struct ProjectsDraft {
    pub(crate) dir: String,
    pub(crate) clones: String,
    pub(crate) host: String,
}

/// A rule as it was written.
#[derive(Debug)]
pub(crate) struct RuleDraft {
    /// Its place: `rule[0]`, counted over all files but the built-in ones.
    pub(crate) key: String,
    pub(crate) event: String,
    pub(crate) does: Option<RuleDoes>,
    pub(crate) role: String,
    pub(crate) workflow: String,
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
}
