//! The screens before a supervisor runs.

use orchestrator_tui::ui::front::{Before, Front, FrontState, Problem, update_front};
use orchestrator_tui::ui::glyph::ASCII;
use orchestrator_tui::ui::state::State;

use super::fixture::{NOW, ago};
use super::scene::keys;

/// A screen with a name.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) make: fn((u16, u16)) -> FrontState,
}

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "front-trust", make: |size| shown(size, trust()) },
    Scene { name: "front-trust-long", make: |size| typed(size, many(), "<pagedown>") },
    Scene { name: "front-trust-news", make: |size| shown(size, news()) },
    Scene { name: "front-trust-checks", make: |size| shown(size, checks_so_far()) },
    Scene { name: "front-trust-bare", make: |size| shown(size, bare()) },
    Scene { name: "front-no-checks", make: |size| typed(size, no_checks(), "<down>") },
    Scene { name: "front-bad-config", make: |size| shown(size, bad_config()) },
    Scene { name: "front-held", make: |size| shown(size, held()) },
    Scene { name: "front-failed", make: |size| shown(size, failed()) },
    Scene { name: "front-starting", make: |size| shown(size, starting(Some((1204, 9310)))) },
    Scene { name: "front-starting-unknown", make: |size| shown(size, starting(None)) },
    Scene { name: "front-ascii", make: ascii },
];

pub(crate) fn shown(size: (u16, u16), front: Front) -> FrontState {
    let mut front = FrontState::new(State::new("justice-companion", size, ago(1)), front);
    front.state.now = NOW;
    front
}

fn typed(size: (u16, u16), front: Front, text: &str) -> FrontState {
    let mut front = shown(size, front);
    for key in keys(text) {
        update_front(&mut front, NOW, &key);
    }
    front
}

fn ascii(size: (u16, u16)) -> FrontState {
    let mut front = shown(size, starting(Some((7, 10))));
    front.state.glyphs = ASCII;
    front
}

pub(crate) fn trust() -> Front {
    Front::Trust {
        project: "justice-companion".to_owned(),
        running: vec!["check run: cargo test".to_owned(), "check run: CI=true npm run test".to_owned()],
        before: Before::Nothing,
        kinds: vec!["Rust".to_owned(), "Node".to_owned()],
        file: None,
        missing_agent: None,
        without_git: false,
    }
}

fn news() -> Front {
    Front::Trust {
        project: "justice-companion".to_owned(),
        running: vec![
            "check run: cargo test".to_owned(),
            "workspace.prepare: curl -s https://example.org/setup.sh | sh".to_owned(),
            ".env STATE_FILE".to_owned(),
        ],
        before: Before::Other,
        kinds: Vec::new(),
        file: Some("orchestrator.toml".to_owned()),
        missing_agent: None,
        without_git: false,
    }
}

fn checks_so_far() -> Front {
    Front::Trust {
        project: "justice-companion".to_owned(),
        running: vec!["check run: cargo test".to_owned(), "check run: CI=true npm run test".to_owned()],
        before: Before::Checks,
        kinds: vec!["Rust".to_owned(), "Node".to_owned()],
        file: None,
        missing_agent: None,
        without_git: false,
    }
}

fn bare() -> Front {
    Front::Trust {
        project: "scratch".to_owned(),
        running: vec!["check run: python3 -m pytest -q".to_owned()],
        before: Before::Nothing,
        kinds: vec!["Python".to_owned()],
        file: None,
        missing_agent: Some((
            "claude".to_owned(),
            "`npm install -g @anthropic-ai/claude-code` gets it; then `claude` once, to log in.".to_owned(),
        )),
        without_git: true,
    }
}

pub(crate) fn many() -> Front {
    let running = (1..=40).map(|number| format!("check run: make test-{number} EXTRA='--with a long tail of flags'"));
    Front::Trust {
        project: "monorepo".to_owned(),
        running: running.collect(),
        before: Before::Nothing,
        kinds: Vec::new(),
        file: Some("orchestrator.toml".to_owned()),
        missing_agent: None,
        without_git: false,
    }
}

fn no_checks() -> Front {
    let looked = [
        "Cargo.toml, for cargo test",
        "package.json, for its scripts test, typecheck and lint",
        "pyproject.toml and tests, for pytest",
        "go.mod, for go test ./...",
        "justfile and Makefile, for a target named test",
    ];
    Front::NoChecks {
        project: "notes".to_owned(),
        looked_for: looked.map(str::to_owned).to_vec(),
        example: "[[check]]\nname = \"unit\"\nrun = \"./run-tests.sh\"".to_owned(),
    }
}

fn bad_config() -> Front {
    Front::BadConfig {
        problems: vec![
            Problem {
                message: "unknown key `setle`".to_owned(),
                file: "orchestrator.toml".to_owned(),
                at: Some((3, 1)),
                excerpt: Some(("setle = \"300ms\"".to_owned(), 5)),
                hint: Some("did you mean `settle`?".to_owned()),
                ..Problem::default()
            },
            Problem {
                message: "there is no placeholder `{flie}`".to_owned(),
                file: "orchestrator.toml".to_owned(),
                at: Some((11, 71)),
                excerpt: Some((
                    "run = \"npx vitest run --coverage --reporter verbose --pool threads -- {flie} --bail 1\""
                        .to_owned(),
                    6,
                )),
                hint: Some("{file}, {dir}, {stem} and {tests} are known".to_owned()),
                ..Problem::default()
            },
            Problem {
                is_warning: true,
                message: "MAX_RETRIES is 0: nothing is tried".to_owned(),
                file: "environment".to_owned(),
                ..Problem::default()
            },
        ],
    }
}

fn held() -> Front {
    Front::Held { project: "justice-companion".to_owned(), pid: 4711, since: ago(9255) }
}

fn failed() -> Front {
    Front::Failed {
        title: "git is too old".to_owned(),
        message: "git 2.17 is installed; private copies of the tree need 2.30 or newer.".to_owned(),
        hint: "`sudo apt-get install git` or https://git-scm.com/downloads gets a newer one".to_owned(),
    }
}

fn starting(progress: Option<(u64, u64)>) -> Front {
    Front::Starting { what: "taking the first snapshot of the tree".to_owned(), progress, since: ago(7) }
}
