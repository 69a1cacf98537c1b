//! What a project's file decides about its user's safety: after a yes, and never against what the user wrote.

use super::support::{environment, folder, inputs, loaded, write};
use crate::config::{FILE_NAME, Inputs, Loaded, Overrides};
use crate::model::cost::Usd;
use crate::model::policy::Permission;
use crate::model::settings::{Isolation, LandBy, LandMode, Unattended};

/// Loads a project's file beside a user's; an empty one is none.
fn beside(project_file: &str, user_file: &str, flags: &Overrides) -> Loaded {
    let (project, home) = (folder(), folder());
    write(home.path(), "user.toml", user_file);
    if !project_file.is_empty() {
        write(project.path(), FILE_NAME, project_file);
    }
    let user_file = Some(home.path().join("user.toml"));
    loaded(&Inputs { user_file, flags: flags.clone(), ..inputs(project.path()) })
}

fn land(project_file: &str, user_file: &str, flag: Option<LandMode>) -> (LandMode, LandBy, Vec<String>) {
    let loaded = beside(project_file, user_file, &Overrides { land: flag, ..Overrides::default() });
    (loaded.settings.fix.land, loaded.settings.fix.land_by, loaded.running.describe())
}

const AUTO: &str = "[fix]\nland = \"auto\"\n";
const ASK: &str = "[fix]\nland = \"ask\"\n";

#[test]
fn a_project_lets_fixes_land_only_after_a_yes_and_never_against_its_users_word() {
    use LandMode::{Ask, Auto};
    let yes = || vec!["fix.land: auto (verified fixes land without your yes, the first one too)".to_owned()];
    for (project, user, flag, want) in [
        ("", "", None, (Auto, LandBy::Nobody, vec![])),
        ("", AUTO, None, (Auto, LandBy::File, vec![])),
        ("", ASK, None, (Ask, LandBy::File, vec![])),
        (AUTO, "", None, (Auto, LandBy::File, yes())),
        (AUTO, AUTO, None, (Auto, LandBy::File, vec![])),
        (AUTO, ASK, None, (Ask, LandBy::File, vec![])),
        (ASK, "", None, (Ask, LandBy::File, vec![])),
        (ASK, AUTO, None, (Ask, LandBy::File, vec![])),
        (ASK, AUTO, Some(Auto), (Auto, LandBy::Flag, vec![])),
        (AUTO, ASK, Some(Auto), (Auto, LandBy::Flag, vec![])),
        (AUTO, "", Some(Ask), (Ask, LandBy::Flag, yes())),
    ] {
        assert_eq!(land(project, user, flag), want, "project {project:?}, user {user:?}, flag {flag:?}");
    }
}

#[test]
fn a_project_lets_agents_into_the_tree_only_after_a_yes_and_never_against_its_users_word() {
    let isolation = |project: &str, user: &str| {
        let loaded = beside(project, user, &Overrides::default());
        (loaded.settings.fix.isolation, loaded.running.is_empty())
    };
    let (in_place, worktree) = ("[fix]\nisolation = \"in-place\"\n", "[fix]\nisolation = \"worktree\"\n");
    assert_eq!(isolation(in_place, ""), (Isolation::InPlace, false));
    assert_eq!(isolation(in_place, in_place), (Isolation::InPlace, true));
    assert_eq!(isolation(in_place, worktree), (Isolation::Worktree, true));
    assert_eq!(isolation(worktree, in_place), (Isolation::Worktree, true));
    assert_eq!(isolation(worktree, ""), (Isolation::Worktree, true));
}

#[test]
fn a_project_spends_more_only_after_a_yes_and_never_more_than_its_user_wrote() {
    let budget = |project: &str, user: &str| {
        let loaded = beside(project, user, &Overrides::default());
        (loaded.settings.budget.task, loaded.running.describe())
    };
    let (much, little) = ("[budget]\ntask_usd = 7.5\n", "[budget]\ntask_usd = 0.5\n");
    let yes = vec!["budget.task_usd: 7.5 (dollars that one task may cost; 0: no limit)".to_owned()];
    assert_eq!(budget(much, ""), (Usd(7_500_000), yes));
    assert_eq!(budget(little, ""), (Usd(500_000), vec![]));
    assert_eq!(budget(much, little), (Usd(500_000), vec![]));
    assert_eq!(budget(little, much), (Usd(500_000), vec![]));
    // Zero is no line at all, and so the furthest.
    let none = "[budget]\ntask_usd = 0\n";
    assert_eq!(budget(none, little), (Usd(500_000), vec![]));
    assert_eq!(budget(little, none), (Usd(500_000), vec![]));
    let (_, asked) = budget("[budget]\ntask_usd = 0\nday_usd = 0\nday_tokens = 5\n", "");
    assert_eq!(asked.len(), 2, "what takes a line away is asked about: {asked:?}");
    let day = |project: &str, user: &str| beside(project, user, &Overrides::default()).settings.budget;
    assert_eq!(day("[budget]\nday_tokens = 9\n", "[budget]\nday_tokens = 5\n").day_tokens, 5);
    assert_eq!(day("[budget]\nday_usd = 90\n", "[budget]\nday_usd = 5\n").day, Usd(5_000_000));
}

/// Loads a project's `.env` and file beside a user's.
fn with_dot_env(dot_env: &str, project_file: &str, user_file: &str) -> Loaded {
    let (project, home) = (folder(), folder());
    write(home.path(), "user.toml", user_file);
    write(project.path(), FILE_NAME, project_file);
    write(project.path(), ".env", dot_env);
    loaded(&Inputs { user_file: Some(home.path().join("user.toml")), ..inputs(project.path()) })
}

#[test]
fn a_dot_env_spends_no_more_than_a_file_of_the_project_might() {
    let day = |dot_env: &str, file: &str, user: &str| {
        let loaded = with_dot_env(dot_env, file, user);
        (loaded.settings.budget.day, loaded.running.describe())
    };
    let five = "[budget]\nday_usd = 5\n";
    assert_eq!(day("MAX_DAILY_COST_USD=90\n", "", five), (Usd(5_000_000), vec![]));
    assert_eq!(day("MAX_DAILY_COST_USD=0\n", "", five), (Usd(5_000_000), vec![]), "zero is no line at all");
    assert_eq!(day("MAX_DAILY_COST_USD=90\n", five, five), (Usd(5_000_000), vec![]));
    assert_eq!(day("MAX_DAILY_COST_USD=2\n", "", five), (Usd(2_000_000), vec![]));
    let (spent, asked) = day("MAX_DAILY_COST_USD=90\n", "", "");
    assert_eq!(spent, Usd(90_000_000));
    assert_eq!(asked, ["budget.day_usd: 90 (dollars that one day may cost; 0: no limit)"]);
    let warning = with_dot_env("A=1\nMAX_DAILY_COST_USD=90\n", "", five).warnings;
    let warning = warning.iter().find(|warning| warning.message.contains("day_usd is not used")).unwrap();
    assert_eq!((warning.file.as_str(), warning.line), (".env", Some(2)));
    let warn = |dot_env: &str| with_dot_env(dot_env, "", "[budget]\nwarn = 0.5\n").settings.budget.warn;
    assert_eq!((warn("COST_WARNING_THRESHOLD=0.9\n"), warn("COST_WARNING_THRESHOLD=0.2\n")), (500, 200));
    assert_eq!(warn("COST_WARNING_THRESHOLD=0\n"), 500, "zero is no warning at all");
}

#[test]
fn nothing_of_a_project_turns_on_what_its_user_has_turned_off() {
    let fixes = |dot_env: &str, file: &str, user: &str| with_dot_env(dot_env, file, user).settings.fix.enabled;
    let (on, off) = ("[fix]\nenabled = true\n", "[fix]\nenabled = false\n");
    assert!(!fixes("", on, off));
    assert!(!fixes("AUTO_FIX_ENABLED=true\n", "", off));
    assert!(!fixes("", off, on) && !fixes("AUTO_FIX_ENABLED=false\n", on, on));
    assert!(fixes("AUTO_FIX_ENABLED=true\n", off, ""), "the project's own files may differ");
    assert!(fixes("", on, "") && fixes("", "", ""));
    let queue = |dot_env: &str, file: &str, user: &str| with_dot_env(dot_env, file, user).settings.lanes.enabled;
    let (on, off) = ("[queue]\nenabled = true\n", "[queue]\nenabled = false\n");
    assert!(!queue("", on, off) && !queue("ENABLE_QUEUE_PROCESSOR=true\n", "", off) && !queue("", off, on));
    assert!(queue("ENABLE_QUEUE_PROCESSOR=true\n", off, "") && queue("", "", ""));
}

#[test]
fn a_project_deletes_only_after_a_yes_and_never_against_its_users_word() {
    use Permission::{Allow, Ask, Deny};
    let delete = |project: &str, user: &str| {
        let written = |word: &str| format!("[policy]\ndelete = \"{word}\"\n");
        let text = |word: &str| if word.is_empty() { String::new() } else { written(word) };
        let loaded = beside(&text(project), &text(user), &Overrides::default());
        (loaded.settings.policy.delete, loaded.running.describe())
    };
    for (project, user, want, yes) in [
        ("allow", "", Allow, Some("policy.delete: allow")),
        ("ask", "", Ask, Some("policy.delete: ask")),
        ("allow", "deny", Deny, None),
        ("allow", "ask", Ask, None),
        ("ask", "deny", Deny, None),
        ("ask", "allow", Ask, None),
        ("deny", "allow", Deny, None),
        ("allow", "allow", Allow, None),
    ] {
        let yes: Vec<String> = yes.into_iter().map(str::to_owned).collect();
        assert_eq!(delete(project, user), (want, yes), "project {project:?}, user {user:?}");
    }
}

#[test]
fn how_long_a_person_is_waited_for_is_that_persons_choice() {
    let questions = |project: &str, user: &str| {
        let loaded = beside(project, user, &Overrides::default());
        let said = loaded.warnings.iter().filter(|warning| warning.message.contains("questions.")).count();
        (loaded.settings.questions.wait.as_secs(), loaded.settings.questions.unattended, said)
    };
    let (short, long) = ("[questions]\nwait = \"1s\"\n", "[questions]\nwait = \"8h\"\n");
    let (refuse, wait) = ("[questions]\nunattended = \"refuse\"\n", "[questions]\nunattended = \"wait\"\n");
    assert_eq!(questions(short, long), (28_800, Unattended::Refuse, 1));
    assert_eq!(questions(long, short), (1, Unattended::Refuse, 1));
    assert_eq!(questions(refuse, wait), (3600, Unattended::Wait, 1));
    assert_eq!(questions(wait, refuse), (3600, Unattended::Refuse, 1));
    assert_eq!(questions(wait, ""), (3600, Unattended::Wait, 0));
    assert_eq!(questions(wait, wait), (3600, Unattended::Wait, 0));
}

#[test]
fn what_its_user_protects_stays_protected() {
    let (project, user) = ("[fix]\nprotect = [\"a/**\", \"b\"]\n", "[fix]\nprotect = [\"b\", \"secret/**\"]\n");
    let loaded = beside(project, user, &Overrides::default());
    assert_eq!(loaded.settings.fix.protect, ["a/**", "b", "secret/**"]);
    let loaded = beside("[fix]\nprotect = []\n", user, &Overrides::default());
    assert_eq!(loaded.settings.fix.protect, ["b", "secret/**"]);
    assert!(loaded.running.is_empty());
}

#[test]
fn where_files_become_events_is_protected_in_the_project() {
    let place = folder();
    let root = place.path().canonicalize().unwrap();
    write(&root, "in [box]/keep", "");
    let protect = |value: &str| {
        let environment = environment(&[("EVENT_DIR", value)]);
        loaded(&Inputs { environment, ..inputs(&root) }).settings.fix.protect
    };
    assert_eq!(protect("in [box]"), ["/in [[]box[]]/**"]);
    assert_eq!(protect("."), ["/*.json"]);
    assert_eq!(protect("/elsewhere/events"), [""; 0]);
}

#[test]
fn what_is_not_used_is_said_with_its_place() {
    let loaded = beside(AUTO, ASK, &Overrides::default());
    let warning = loaded.warnings.iter().find(|warning| warning.message.contains("fix.land")).unwrap();
    assert_eq!((warning.file.as_str(), warning.line), (FILE_NAME, Some(2)));
    // What counts is shown where it stands.
    let source = loaded.sources["fix.land"].to_string();
    assert!(source.ends_with("user.toml:2:8"), "{source}");
}

#[test]
fn a_yes_to_a_choice_is_one_to_less_of_it_and_to_no_other() {
    let running = |text: &str| beside(text, "", &Overrides::default()).running;
    let (five, six) = ("[budget]\ntask_usd = 5\n", "[budget]\ntask_usd = 6\n");
    assert!(running("").is_part_of(&running(AUTO)));
    assert!(running(ASK).is_part_of(&running(AUTO)));
    assert!(!running(AUTO).is_part_of(&running(ASK)));
    assert!(!running(six).is_part_of(&running(five)));
    assert_ne!(running(AUTO).hash(), running(ASK).hash());
}
