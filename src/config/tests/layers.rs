//! The configuration as a whole: files in, settings out.

use std::path::PathBuf;
use std::time::Duration;

use super::support::{environment, folder, inputs, loaded, secs, settings, write};
use crate::config::{EXAMPLE, FILE_NAME, Inputs};
use crate::model::budget::Budget;
use crate::model::cost::Usd;
use crate::model::settings::{AgentKind, FixOn, Isolation, LandBy, LandMode, Planner};

#[test]
fn the_example_is_the_defaults() {
    let defaults = settings("");
    let mut copied = settings(EXAMPLE);
    // Who writes it down has chosen it, even if it is the default.
    assert_eq!((copied.fix.land_by, defaults.fix.land_by), (LandBy::File, LandBy::Nobody));
    copied.fix.land_by = LandBy::Nobody;
    assert_eq!(copied, defaults);
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
    assert_eq!((defaults.fix.planner, defaults.fix.plan_wait), (Planner::Always, secs(60)));
    assert_eq!(defaults.fix.planner_sleep, secs(600));
    let limits = &defaults.limits;
    assert_eq!((limits.running, limits.checks, limits.completed, limits.failed, limits.history), (1, 2, 50, 50, 100));
    assert_eq!((limits.heartbeat, limits.health, limits.stop), (secs(30), secs(300), secs(30)));
    assert_eq!(defaults.workspace.copy, ["node_modules"]);
    let (task, day) = (Usd(1_000_000), Usd(50_000_000));
    assert_eq!(defaults.budget, Budget { task, day, day_tokens: 0, task_tokens: 0, warn: 750 });
    assert_eq!(defaults.agents["claude"].program, "claude");
    assert_eq!(defaults.agents["claude"].timeout, secs(1800));
    assert_eq!(defaults.roles["fixer"].agent, "claude");
}

/// No value of the settings may come from anywhere but the example: with every value of it changed, nothing is left as
/// it was.
#[test]
fn the_example_sets_every_key() {
    let blank = crate::config::draft::Draft::blank().settings;
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
        "plan_wait",
        "planner_sleep",
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
    let budget = settings("[budget]\ntask_usd = 2\nday_usd = 0\nday_tokens = 5\ntask_tokens = 4\nwarn = 1").budget;
    let (task, day) = (Usd(2_000_000), Usd(0));
    assert_eq!(budget, Budget { task, day, day_tokens: 5, task_tokens: 4, warn: 1000 });
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
        ("DATABASE_PATH", "/data/all.db"),
        ("CLAUDE_MODEL", "claude-next"),
        ("AUTO_FIX_ENABLED", "False"),
        ("FILE_WATCH_DEBOUNCE_SECONDS", "2.5"),
        ("CIRCUIT_BREAKER_THRESHOLD", "4"),
        ("CIRCUIT_BREAKER_WINDOW", "60"),
        ("MAX_DAILY_COST_USD", "12.50"),
        ("COST_WARNING_THRESHOLD", "0.9"),
        ("GITHUB_TOKEN", "hush"),
        ("MAX_CONCURRENT_AGENTS", "5"),
        ("ENABLE_QUEUE_PROCESSOR", "0"),
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
    assert_eq!((settings.budget.day, settings.budget.warn), (Usd(12_500_000), 900));
    assert_eq!((settings.lanes.day, settings.lanes.enabled), (5, false));
    assert_eq!(loaded.state_file, Some(root.join("state/app.json")));
    assert_eq!(loaded.lock_file, Some(PathBuf::from("/run/x.lock")));
    assert_eq!(loaded.database, Some(PathBuf::from("/data/all.db")));
    assert_eq!(loaded.secrets.get("GITHUB_TOKEN"), Some("hush"));
    assert!(!format!("{loaded:?}").contains("hush"));
    assert!(loaded.running.is_empty());
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
fn settings_of_an_agent_are_read_from_the_project_and_kept_as_they_are_written() {
    let project = folder();
    write(project.path(), "mine.json", "{ \"model\": \"x\" }");
    let file =
        "[agent.claude]\nargs = [\"--effort\", \"high\", \"--settings\", \"mine.json\", \"--settings=mine.json\"]\n";
    write(project.path(), FILE_NAME, file);
    let args = &loaded(&inputs(project.path())).settings.agents["claude"].args;
    assert_eq!(args[2..], ["--settings", "{\"model\":\"x\"}", "--settings={\"model\":\"x\"}"]);
}
