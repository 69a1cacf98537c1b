//! What a project's file decides about its user's safety: after a yes, and never against what the user wrote.

use super::support::{folder, inputs, loaded, write};
use crate::config::{FILE_NAME, Inputs, Loaded, Overrides};
use crate::model::cost::Usd;
use crate::model::settings::{Isolation, LandBy, LandMode};

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
