#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::cost::Usd;
use crate::model::kind::ProjectKind;
use crate::model::settings::{AgentKind, FixOn, Isolation, LandMode, Planner, Settings};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn inputs(project: &Path) -> Inputs {
    Inputs { project: project.to_owned(), ..Inputs::default() }
}

fn loaded(inputs: &Inputs) -> Loaded {
    load(inputs).unwrap_or_else(|errors| panic!("{}", shown(&errors)))
}

fn settings(text: &str) -> Settings {
    let project = folder();
    write(project.path(), FILE_NAME, text);
    loaded(&inputs(project.path())).settings
}

fn shown(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().flat_map(|diagnostic| [diagnostic.to_string(), "\n\n".to_owned()]).collect()
}

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Each `tests/bad_config/NAME.toml` as a project's file gives what `NAME.txt` says. `BLESS=1` writes those.
#[test]
fn bad_files_are_explained() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_config");
    let mut files: Vec<PathBuf> = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    assert!(files.len() >= 10);
    let mut wrong = String::new();
    for file in files {
        let project = folder();
        fs::copy(&file, project.path().join(FILE_NAME)).unwrap();
        let errors = load(&inputs(project.path())).err().unwrap_or_default();
        assert!(!errors.is_empty(), "{} is taken", file.display());
        let said = shown(&errors);
        let expected = file.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.extend(["=== ", &file.display().to_string(), "\n", &said]);
        }
    }
    assert!(wrong.is_empty(), "not as in the .txt files (BLESS=1 writes them):\n{wrong}");
}

#[test]
fn the_example_is_the_defaults() {
    let defaults = settings("");
    assert_eq!(settings(EXAMPLE), defaults);
    // The figures of the documentation, said once more by hand.
    assert_eq!(defaults.watch.settle, Duration::from_millis(300));
    assert_eq!(defaults.watch.settle_max, Duration::from_secs(2));
    assert_eq!(defaults.watch.ignore, ["**/*.snap.new"]);
    assert_eq!(defaults.checks, []);
    assert!(defaults.fix.enabled);
    assert_eq!(defaults.fix.on, FixOn::Red);
    assert_eq!(defaults.fix.after, Duration::from_secs(10));
    assert_eq!((defaults.fix.attempts, defaults.fix.backoff), (5, Duration::from_secs(2)));
    assert_eq!((defaults.fix.land, defaults.fix.isolation), (LandMode::Auto, Isolation::Worktree));
    assert_eq!((defaults.fix.breaker.failures, defaults.fix.breaker.window), (3, Duration::from_secs(3600)));
    assert_eq!(defaults.fix.planner, Planner::Off);
    let limits = &defaults.limits;
    assert_eq!((limits.running, limits.checks, limits.completed, limits.failed, limits.history), (1, 2, 50, 50, 100));
    assert_eq!((limits.heartbeat, limits.health, limits.stop), (secs(30), secs(300), secs(30)));
    assert_eq!(defaults.workspace.copy, ["node_modules"]);
    assert_eq!(defaults.budget.task, Usd(1_000_000));
    assert_eq!(defaults.agents["claude"].program, "claude");
    assert_eq!(defaults.agents["claude"].timeout, secs(1800));
    assert_eq!(defaults.roles["fixer"].agent, "claude");
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// No value of the settings may come from anywhere but the example: with every value of it changed, nothing is left as
/// it was.
#[test]
fn the_example_sets_every_key() {
    let blank = super::merge::Draft::blank().settings;
    let defaults = settings("");
    assert_ne!(blank.watch.settle, defaults.watch.settle);
    let keys: Vec<&str> = EXAMPLE
        .lines()
        .filter(|line| !line.starts_with(['#', '[', ' ']) && line.contains('='))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    for key in [
        "settle",
        "settle_max",
        "ignore",
        "paths",
        "enabled",
        "on",
        "after",
        "attempts",
        "backoff",
        "backoff_max",
        "land",
        "isolation",
        "protect",
        "breaker",
        "planner",
        "running",
        "checks",
        "completed",
        "failed",
        "history",
        "heartbeat",
        "health",
        "stop",
        "copy",
        "prepare",
        "link",
        "task_usd",
        "kind",
        "program",
        "model",
        "args",
        "env",
        "timeout",
        "agent",
    ] {
        assert!(keys.contains(&key), "{key} is missing in config.example.toml");
    }
}

#[test]
fn the_check_in_the_example_shows_every_key_and_its_default() {
    let lines: Vec<&str> = EXAMPLE.lines().skip_while(|line| *line != "# [[check]]").collect();
    let block: Vec<&str> = lines.iter().map_while(|line| line.strip_prefix("# ")).collect();
    assert_eq!(block.len(), 10, "{block:?}");
    let full = settings(&block.join("\n")).checks.remove(0);
    let short = settings("[[check]]\nname = \"unit\"\nrun = \"x {tests}\"\ntests = \"t/{stem}\"").checks.remove(0);
    assert_eq!((full.timeout, full.parallel, full.keep_daemons), (short.timeout, short.parallel, short.keep_daemons));
    assert_eq!(full.lock, short.lock);
    assert_eq!(full.fixers, ["ruff check --fix {file}"]);
    assert!(full.is_per_file());
}

#[test]
fn later_layers_win() {
    let project = folder();
    let home = folder();
    let user = home.path().join("config.toml");
    let mut inputs = Inputs { user_file: Some(user.clone()), ..inputs(project.path()) };
    let attempts = |inputs: &Inputs| {
        let loaded = loaded(inputs);
        (loaded.settings.fix.attempts, loaded.sources.get("fix.attempts").map(ToString::to_string))
    };
    assert_eq!(attempts(&inputs), (5, None));
    write(home.path(), "config.toml", "[fix]\nattempts = 11\n");
    assert_eq!(attempts(&inputs), (11, Some(format!("{}:2:12", user.display()))));
    write(project.path(), FILE_NAME, "[fix]\nattempts = 12\n");
    assert_eq!(attempts(&inputs), (12, Some("orchestrator.toml:2:12".to_owned())));
    write(project.path(), ".env", "# mine\nMAX_RETRIES='13' # so\n");
    assert_eq!(attempts(&inputs), (13, Some("MAX_RETRIES in .env:2".to_owned())));
    inputs.environment = environment(&[("MAX_RETRIES", "14")]);
    assert_eq!(attempts(&inputs), (14, Some("MAX_RETRIES in the environment".to_owned())));
    inputs.flags.attempts = Some(15);
    assert_eq!(attempts(&inputs), (15, Some("--attempts on the command line".to_owned())));
}

#[test]
fn tables_are_merged_and_lists_are_replaced() {
    let project = folder();
    let home = folder();
    write(
        home.path(),
        "u.toml",
        "[agent.mine]\nkind = \"command\"\nprogram = \"mine\"\nenv = { A = \"1\", B = \"2\" }\n\
         [[check]]\nname = \"one\"\nrun = \"1\"\n[[check]]\nname = \"two\"\nrun = \"2\"\n[watch]\nignore = [\"a\", \"b\"]",
    );
    write(
        project.path(),
        FILE_NAME,
        "[agent.mine]\nmodel = \"m\"\nenv = { B = \"3\" }\n[role.fixer]\nagent = \"mine\"\n\
         [[check]]\nname = \"two\"\nrun = \"22\"\n[watch]\nignore = [\"c\"]",
    );
    let loaded = loaded(&Inputs { user_file: Some(home.path().join("u.toml")), ..inputs(project.path()) });
    let settings = &loaded.settings;
    let mine = &settings.agents["mine"];
    assert_eq!((mine.kind, mine.program.as_str(), mine.model.as_str()), (AgentKind::Command, "mine", "m"));
    assert_eq!(mine.env, environment(&[("A", "1"), ("B", "3")]));
    assert_eq!(settings.checks.iter().map(|check| check.run.as_str()).collect::<Vec<_>>(), ["22"]);
    assert_eq!(settings.watch.ignore, ["c"]);
    assert_eq!(settings.roles["fixer"].agent, "mine");
    assert!(!loaded.sources.keys().any(|key| key.starts_with("check[1]")));
}

#[test]
fn a_project_file_means_the_same_with_tables_in_any_form() {
    let inline = settings("fix = { breaker = { failures = 7 } }\nlimits.running = 3\n");
    assert_eq!((inline.fix.breaker.failures, inline.fix.breaker.window), (7, secs(3600)));
    assert_eq!(inline.limits.running, 3);
    assert_eq!(settings("[budget]\ntask_usd = 2").budget.task, Usd(2_000_000));
    assert_eq!(settings("[watch]\nsettle = \"5s\"").watch.settle_max, secs(5));
}

#[test]
fn the_environment_is_taken_by_name() {
    let project = folder();
    write(project.path(), FILE_NAME, "check = []");
    let root = project.path().canonicalize().unwrap();
    let mut inputs = inputs(&root);
    inputs.environment = environment(&[
        ("WATCH_PATHS", &format!("{}/src,lib", root.display())),
        ("STATE_FILE", "state/app.json"),
        ("LOCK_FILE", "/run/x.lock"),
        ("CLAUDE_MODEL", "claude-next"),
        ("AUTO_FIX_ENABLED", "False"),
        ("FILE_WATCH_DEBOUNCE_SECONDS", "2.5"),
        ("CIRCUIT_BREAKER_THRESHOLD", "4"),
        ("CIRCUIT_BREAKER_WINDOW", "60"),
        ("GITHUB_TOKEN", "hush"),
        ("MAX_RETRIES", ""),
        ("HOME", "/home/me"),
    ]);
    let loaded = loaded(&inputs);
    let settings = &loaded.settings;
    assert_eq!(settings.watch.paths, ["src", "lib"]);
    assert_eq!(
        (settings.watch.settle, settings.watch.settle_max),
        (Duration::from_millis(2500), Duration::from_millis(2500))
    );
    assert_eq!(settings.agents["claude"].model, "claude-next");
    assert!(!settings.fix.enabled);
    assert_eq!((settings.fix.breaker.failures, settings.fix.breaker.window, settings.fix.attempts), (4, secs(60), 5));
    assert_eq!(loaded.state_file, Some(root.join("state/app.json")));
    assert_eq!(loaded.lock_file, Some(PathBuf::from("/run/x.lock")));
    assert_eq!(loaded.secrets.get("GITHUB_TOKEN"), Some("hush"));
    assert!(!format!("{loaded:?}").contains("hush"));
    assert!(loaded.running.is_empty());
}

#[test]
fn a_bad_variable_is_named() {
    let project = folder();
    write(project.path(), ".env", "OTHER=1\nMAX_RETRIES=many\n");
    let mut inputs = inputs(project.path());
    inputs.environment = environment(&[
        ("AUTO_FIX_ENABLED", "perhaps"),
        ("FILE_WATCH_DEBOUNCE_SECONDS", "-1"),
        ("WATCH_PATHS", "/etc"),
        ("CIRCUIT_BREAKER_WINDOW", "NaN"),
    ]);
    insta::assert_snapshot!(shown(&load(&inputs).unwrap_err()), @r#"
    error: "many" is not possible here
      --> .env:2:13
       |
     2 | MAX_RETRIES=many
       |             ^^^^
      hint: write a number from 1 to 100

    error: WATCH_PATHS: "/etc" is not possible here
      --> environment
      hint: write folders inside the project, separated by : or ,

    error: AUTO_FIX_ENABLED: "perhaps" is not possible here
      --> environment
      hint: write true or false

    error: FILE_WATCH_DEBOUNCE_SECONDS: "-1" is not possible here
      --> environment
      hint: write a number of seconds, from 10ms to 1m

    error: CIRCUIT_BREAKER_WINDOW: "NaN" is not possible here
      --> environment
      hint: write a number of seconds, from 1s to 30d
    "#);
}

#[test]
fn a_dot_env_gives_only_known_names() {
    let project = folder();
    write(
        project.path(),
        ".env",
        "DATABASE_URL=secret\nPATH=/evil\nexport MAX_RETRIES=3\nCLAUDE_MODEL=\"a b\" # c\nSLACK_WEBHOOK_URL=https://x#y\n\
         LD_PRELOAD=x\nnonsense\nSTATE_FILE=/home/me/.bashrc\n=\n",
    );
    let loaded = loaded(&inputs(project.path()));
    assert_eq!(loaded.settings.fix.attempts, 3);
    assert_eq!(loaded.settings.agents["claude"].model, "a b");
    assert_eq!(loaded.secrets.get("SLACK_WEBHOOK_URL"), Some("https://x#y"));
    assert_eq!(loaded.secrets.get("DATABASE_URL"), None);
    let everything = format!("{loaded:?} {:?}", loaded.running.describe());
    for leak in ["evil", "secret", "LD_PRELOAD", "https://x"] {
        assert!(!loaded.settings.agents.values().any(|agent| format!("{agent:?}").contains(leak)));
        assert!(!loaded.running.describe().concat().contains(leak), "{everything}");
    }
    // Where it makes us write and send is asked about.
    assert_eq!(loaded.running.describe(), [".env SLACK_WEBHOOK_URL", ".env STATE_FILE"]);
}

fn hash(text: &str) -> String {
    let project = folder();
    write(project.path(), FILE_NAME, text);
    loaded(&inputs(project.path())).running.hash()
}

#[test]
fn trust_hangs_on_what_runs_and_on_nothing_else() {
    let base = "[[check]]\nname = \"a\"\nrun = \"x {file}\"\nfixers = [\"f\"]\n[workspace]\nprepare = \"p\"\n\
                [agent.s]\nkind = \"command\"\nprogram = \"s\"\nargs = [\"1\", \"2\"]\nenv = { A = \"b\" }\n";
    let known = hash(base);
    for (from, to) in [
        ("name = \"a\"", "name = \"b\""),
        ("fixers = [\"f\"]", "fixers = [\"f\"]\npaths = [\"src\"]\ntimeout = \"1m\"\nlock = \"l\"\nparallel = true"),
        ("[workspace]", "[fix]\nattempts = 9\nland = \"ask\"\n[workspace]\ncopy = [\"x\"]"),
        ("[agent.s]", "# a comment\n[agent.s]\nmodel = \"m\"\ntimeout = \"5m\""),
    ] {
        assert_eq!(hash(&base.replace(from, to)), known, "{from} → {to}");
    }
    for (from, to) in [
        ("\"x {file}\"", "\"y {file}\""),
        ("[\"f\"]", "[\"f\", \"g\"]"),
        ("[\"f\"]", "[]"),
        ("prepare = \"p\"", "prepare = \"q\""),
        ("program = \"s\"", "program = \"t\""),
        ("\"1\", \"2\"", "\"2\", \"1\""),
        ("\"1\", \"2\"", "\"1 2\""),
        ("A = \"b\"", "A = \"c\""),
        ("A = \"b\"", "B = \"b\""),
    ] {
        assert_ne!(hash(&base.replace(from, to)), known, "{from} → {to}");
    }
}

#[test]
fn what_the_user_writes_needs_no_trust_and_detected_checks_do() {
    let project = folder();
    let home = folder();
    write(home.path(), "u.toml", "[[check]]\nname = \"a\"\nrun = \"mine\"\n[agent.claude]\nprogram = \"/opt/claude\"");
    let mut inputs = Inputs { user_file: Some(home.path().join("u.toml")), ..inputs(project.path()) };
    assert!(loaded(&inputs).running.is_empty());
    write(project.path(), FILE_NAME, "[fix]\nattempts = 2");
    assert!(loaded(&inputs).running.is_empty());
    inputs.user_file = None;
    write(project.path(), "go.mod", "module x");
    assert_eq!(loaded(&inputs).running.describe(), ["check run: go test ./..."]);
}

#[test]
fn a_yes_is_kept_for_one_content_of_one_project() {
    let state = folder();
    let (here, there) = (folder(), folder());
    let file = state.path().join("deep/trusted.json");
    let mut store = TrustStore::load(&file).unwrap();
    assert!(!store.is_trusted(here.path(), "abc"));
    store.trust(here.path(), "abc").unwrap();
    let mut second = TrustStore::load(&file).unwrap();
    store.trust(there.path(), "def").unwrap();
    second.trust(here.path(), "ghi").unwrap();
    let store = TrustStore::load(&file).unwrap();
    for (project, hash, yes) in [
        (&here, "abc", true),
        (&here, "ghi", true),
        (&there, "def", true),
        (&there, "abc", false),
        (&here, "def", false),
    ] {
        assert_eq!(store.is_trusted(project.path(), hash), yes, "{hash}");
    }
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&file, "{").unwrap();
    assert!(matches!(TrustStore::load(&file), Err(TrustError::Damaged { .. })));
}

fn detected(files: &[(&str, &str)]) -> Vec<String> {
    let project = folder();
    for (file, text) in files {
        write(project.path(), file, text);
    }
    let loaded = loaded(&inputs(project.path()));
    loaded.settings.checks.iter().map(|check| format!("{}: {}", check.name, check.run)).collect()
}

#[test]
fn projects_are_recognised() {
    assert_eq!(detected(&[]), [""; 0]);
    assert_eq!(detected(&[("Cargo.toml", ""), ("Makefile", "test:\n\tcargo test\n")]), ["cargo-test: cargo test"]);
    assert_eq!(
        detected(&[
            (
                "package.json",
                r#"{"scripts": {"test": "vitest", "lint": "eslint .", "typecheck": "tsc", "dev": "vite"}}"#
            ),
            ("pnpm-lock.yaml", ""),
            ("go.mod", "module x"),
        ]),
        [
            "pnpm-test: CI=true pnpm run test",
            "typecheck: pnpm run typecheck",
            "lint: pnpm run lint",
            "go-test: go test ./..."
        ]
    );
    let init = r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#;
    assert_eq!(detected(&[("package.json", init)]), [""; 0]);
    assert_eq!(detected(&[("package.json", "{ broken")]), [""; 0]);
    assert_eq!(detected(&[("tests/test_a.py", "")]), ["pytest: python3 -m pytest -q"]);
    assert_eq!(
        detected(&[("pyproject.toml", "[tool.pytest.ini_options]"), ("uv.lock", "")]),
        ["pytest: uv run pytest -q"]
    );
    assert_eq!(detected(&[("Makefile", "VAR = 1\ntest: build\n\tgo\n")]), ["make-test: make test"]);
    assert_eq!(detected(&[("Makefile", "test := 1\ntest-all: x\n")]), [""; 0]);
    assert_eq!(detected(&[("justfile", "test *args: build\n  x\n")]), ["just-test: just test"]);
    // Whoever writes checks means only those; and whoever writes none, none.
    assert_eq!(detected(&[("Cargo.toml", ""), (FILE_NAME, "check = []")]), [""; 0]);
}

#[test]
fn kinds_say_what_is_protected() {
    let project = folder();
    assert_eq!(kinds(project.path()), [ProjectKind::Other]);
    write(project.path(), "Cargo.toml", "");
    write(project.path(), "package.json", "");
    let kinds = kinds(project.path());
    assert_eq!(kinds, [ProjectKind::Rust, ProjectKind::Node, ProjectKind::Other]);
    for glob in kinds.iter().flat_map(|kind| kind.test_globs().iter().chain(kind.config_files())) {
        assert!(crate::core::matching::compile(&[glob]).is_ok(), "{glob}");
    }
}

#[test]
fn a_project_is_found_upward() {
    let root = folder();
    let root = root.path().canonicalize().unwrap();
    write(&root, "repo/.git/HEAD", "");
    write(&root, "repo/a/orchestrator.toml", "");
    write(&root, "repo/a/b/c/x", "");
    write(&root, "repo/d/e/x", "");
    assert_eq!(find_project(&root.join("repo/a/b/c")), root.join("repo/a"));
    assert_eq!(find_project(&root.join("repo/d/e")), root.join("repo"));
    let none = BTreeMap::new();
    let named = environment(&[("PROJECT_ROOT", "repo/d")]);
    assert_eq!(named_project(None, &named, &root).unwrap(), root.join("repo/d"));
    assert_eq!(named_project(Some(Path::new("repo/a")), &named, &root).unwrap(), root.join("repo/a"));
    assert_eq!(named_project(None, &none, &root.join("repo/d")).unwrap(), root.join("repo"));
    let missing = named_project(Some(Path::new("nowhere")), &none, &root).unwrap_err();
    assert!(missing.message.contains("nowhere") && missing.hint.is_some());
}

#[test]
fn the_settings_match_files() {
    use crate::core::matching::{Concern, Matcher};
    use crate::model::path::ProjectPath;
    let settings = settings(
        "[[check]]\nname = \"unit\"\npaths = [\"src/**/*.py\", \"tests\"]\nrun = \"pytest {tests}\"\n\
         tests = \"tests/test_{stem}.py\"\n[[check]]\nname = \"all\"\nrun = \"x\"\n[[check]]\nname = \"own\"\n\
         paths = [\"*.py\"]\nrun = \"doctest {tests}\"\ntests = \"{dir}/{stem}.py\"\n",
    );
    let matcher = Matcher::new(&settings).unwrap();
    let concerned = |path: &str| {
        let path = ProjectPath::new(path).unwrap();
        matcher.concerned(&path).map(|(name, concern)| (name.0.clone(), concern)).collect::<Vec<_>>()
    };
    let unit = |concern| ("unit".to_owned(), concern);
    let all = ("all".to_owned(), Concern::Source);
    assert_eq!(concerned("src/a/b.py"), [unit(Concern::Source), all.clone()]);
    assert_eq!(concerned("tests/test_b.py"), [unit(Concern::Test), all.clone()]);
    assert_eq!(concerned("tests/data.json"), [unit(Concern::Source), all.clone()]);
    assert_eq!(concerned("top.py"), [all.clone(), ("own".to_owned(), Concern::Source)]);
    assert_eq!(concerned("README"), [all]);
    assert!(matcher.is_ignored(&ProjectPath::new("a/b.snap.new").unwrap()));
    assert!(!matcher.is_ignored(&ProjectPath::new("a/b.snap").unwrap()));
}

#[test]
fn oddities_are_warnings() {
    let project = folder();
    write(project.path(), ".env", "PROJECT_ROOT=/somewhere/else\n");
    write(
        project.path(),
        FILE_NAME,
        "[[check]]\nname = \"a\"\nrun = \"x\"\ntests = \"t/{stem}\"\n[workspace]\nlink = [\"node_modules\"]",
    );
    let loaded = loaded(&inputs(project.path()));
    assert!(loaded.warnings.iter().all(|warning| warning.severity == Severity::Warning));
    let places: Vec<_> = loaded.warnings.iter().map(|warning| (warning.file.as_str(), warning.line)).collect();
    assert_eq!(places, [(".env", Some(1)), (FILE_NAME, Some(4))]);
    // Whoever links what is copied by default means the link.
    assert_eq!((loaded.settings.workspace.copy.len(), loaded.settings.workspace.link.len()), (0, 1));
    let mut absurd = inputs(project.path());
    absurd.flags.running = Some(0);
    assert_eq!(load(&absurd).unwrap_err()[0].message, "--running: 0 makes no sense here");
}

/// The example with its check, as one file that uses every key.
fn everything() -> String {
    let mut lines: Vec<String> = EXAMPLE.lines().map(str::to_owned).collect();
    let start = lines.iter().position(|line| line == "# [[check]]").unwrap();
    for line in lines[start..].iter_mut().take_while(|line| line.starts_with('#')) {
        line.replace_range(0..2, "");
    }
    lines.join("\n")
}

#[test]
fn a_file_with_every_key_is_taken() {
    assert_eq!(settings(&everything()).checks.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in a file, it is taken or explained: no panic, no endless loop, every place within the file.
    #[test]
    fn any_file_is_taken_or_explained(
        cuts in prop::collection::vec((0_usize..4000, 0_usize..40, "[a-z\\[\\]{}=\"\n,.0-9\u{1b}ü ]{0,6}"), 0..6),
    ) {
        let project = folder();
        let mut text: Vec<char> = everything().chars().collect();
        for (at, length, new) in cuts {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, new.chars());
        }
        let text: String = text.into_iter().collect();
        write(project.path(), FILE_NAME, &text);
        if let Err(errors) = load(&inputs(project.path())) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(error.line.is_some_and(|line| line <= text.lines().count() + 1), "{error}");
                let escapes = error.to_string().contains('\u{1b}');
                prop_assert!(!escapes);
            }
        }
    }
}

#[test]
fn unreadable_is_not_absent() {
    let project = folder();
    fs::create_dir(project.path().join(FILE_NAME)).unwrap();
    let errors = load(&inputs(project.path())).unwrap_err();
    assert!(errors[0].message.starts_with("cannot be read"), "{errors:?}");
}

#[test]
fn diagnostics_are_data_too() {
    let project = folder();
    write(project.path(), FILE_NAME, "[fix]\nlnad = 1");
    let errors = load(&inputs(project.path())).unwrap_err();
    let json = serde_json::to_value(&errors).unwrap();
    assert_eq!(json[0]["file"], "orchestrator.toml");
    assert_eq!((json[0]["line"].as_u64(), json[0]["col"].as_u64()), (Some(2), Some(1)));
    assert_eq!(json[0]["hint"], "did you mean `land`?");
}
