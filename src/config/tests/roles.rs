//! Roles, workflows, rules, prompts and documents: what is built in, and what a file makes of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::support::{folder, inputs, loaded, settings, shown, write};
use crate::config::built_in::PROMPTS;
use crate::config::{FILE_NAME, Inputs, Loaded, load};
use crate::model::attempt::Stage;
use crate::model::cost::Usd;
use crate::model::document::{DocumentName, QUOTED};
use crate::model::policy::FIXER;
use crate::model::prompt::{PLANNER, blanks, known, mends};
use crate::model::routing::{Does, follows, is_event};
use crate::model::settings::Settings;
use crate::model::task::Workflow;

const ROLES: [&str; 13] = [
    "analysis",
    "auditor",
    "coding",
    "coordination",
    "deployer",
    "fixer",
    "implementation",
    "planner",
    "review",
    "reviewer",
    "starter",
    "testing",
    "verifier",
];

/// Loads a project's files beside a user's, each with its `orchestrator.toml` first.
fn beside(project: &Path, user: &[(&str, &str)]) -> Loaded {
    let home = folder();
    for (file, text) in user {
        write(home.path(), file, text);
    }
    loaded(&Inputs { user_file: Some(home.path().join(FILE_NAME)), ..inputs(project) })
}

fn refused(project: &Path) -> String {
    shown(&load(&inputs(project)).unwrap_err())
}

#[test]
fn every_role_is_built_in_and_complete() {
    let settings = settings("");
    assert_eq!(settings.roles.keys().collect::<Vec<_>>(), ROLES);
    for (name, role) in &settings.roles {
        assert_eq!(role.agent, "claude", "{name}");
        assert!(role.prompt.len() > 1000, "{name} is told next to nothing");
        for text in [&role.purpose, &role.produces] {
            assert!(text.len() > 20 && text.ends_with('.'), "{name}: {text:?}");
        }
        let edits = ["fixer", "coding", "implementation", "testing"].contains(&name.as_str());
        assert_eq!(role.edits, edits, "{name}");
        assert_eq!(role.attempts.is_none(), mends(name), "{name}");
    }
}

#[test]
fn files_are_changed_by_the_roles_that_edit_and_by_nobody_else() {
    let rules = |settings: &Settings, name: &str| settings.policy.roles.get(name).cloned().unwrap_or_default();
    let built_in = settings("");
    for (name, role) in &built_in.roles {
        let has = |list: &[String]| list.contains(&"Write".to_owned());
        let rules = rules(&built_in, name);
        let want = if mends(name) { (false, false) } else { (role.edits, !role.edits) };
        assert_eq!((has(&rules.allow), has(&rules.deny)), want, "{name}");
        assert_eq!(rules.allow.iter().any(|rule| rule.contains("emit")), !role.emits.is_empty(), "{name}");
    }
    let turned = settings("[role.review]\nedits = true\n[role.coding]\nedits = false\n");
    assert!(rules(&turned, "review").deny.is_empty() && rules(&turned, "coding").deny.len() == 4);
}

#[test]
fn the_workflows_are_those_of_the_machine() {
    let settings = settings("");
    let names: Vec<_> = settings.workflows.iter().map(|(name, flow)| (name.as_str(), flow.role.as_str())).collect();
    assert_eq!(names, [("fix", "fixer"), ("pipeline", "starter"), ("session", "implementation"), ("task", "coding")]);
    let of = |name: &str, role: &str| settings.workflows[name].stages_of(name, &settings.roles[role]);
    assert_eq!(of("fix", FIXER), Workflow::fix(true));
    let mut unplanned = of("fix", FIXER);
    unplanned.stages.retain(|stage| *stage != Stage::Plan);
    assert_eq!(unplanned, Workflow::fix(false));
    assert_eq!(of("task", "coding"), Workflow::task());
    for name in ["pipeline", "session", "task"] {
        assert_eq!(of(name, "coding").stages, Workflow::task().stages, "{name}");
        assert_eq!(of(name, "auditor").stages, [Stage::Prepare, Stage::Agent], "{name}: it only looks");
        assert!(settings.workflows[name].purpose.ends_with('.'));
    }
}

#[test]
fn the_built_in_rules_are_the_documented_table() {
    let settings = settings("");
    let start = |role: &str| Does::Start { role: role.to_owned(), workflow: "pipeline".to_owned() };
    let table = [
        ("task.assigned", start("starter")),
        ("task.plan.created", start("coding")),
        ("pr.created", start("reviewer")),
        ("pr.updated", start("reviewer")),
        ("pr.changes.requested", start("coding")),
        ("pr.merged", start("deployer")),
        ("deploy.requested", start("deployer")),
        ("deploy.completed", start("verifier")),
        ("audit.requested", start("auditor")),
        ("verify.passed", Does::Complete),
        ("audit.completed", Does::Complete),
        ("verify.failed", Does::FileBug),
    ];
    let rules: Vec<_> = settings.rules.iter().map(|rule| (rule.event.as_str(), rule.does.clone())).collect();
    assert_eq!(rules, table);
}

#[test]
fn every_prompt_leaves_open_what_is_known_and_asks_for_no_other_event_than_its_role_reports() {
    let settings = settings("");
    for (name, prompt) in PROMPTS {
        let used: Vec<_> = blanks(prompt).into_iter().map(|blank| blank.name).collect();
        assert!(used.iter().all(|word| known(name).contains(word)), "{name}: {used:?}");
        // No braces that look like a placeholder and are none.
        assert_eq!(prompt.matches("{{").count(), used.len(), "{name}");
        let needed: &[&str] = if mends(name) {
            &["check", "failures", "output", "attempts", "documents"]
        } else {
            &[
                "title",
                "description",
                "module",
                "context_files",
                "deliverables",
                "dependencies",
                "checks",
                "attempts",
                "lessons",
                "documents",
                "protected",
                "asking",
                "event_data",
            ]
        };
        assert!(needed.iter().all(|word| used.contains(word)), "{name} lacks one of {needed:?}");
        let mut asked: Vec<_> = prompt
            .split("{{emit}} ")
            .skip(1)
            .filter_map(|rest| rest.split_whitespace().next())
            .map(str::to_owned)
            .collect();
        let mut emits = settings.roles[name].emits.clone();
        asked.sort();
        emits.sort();
        assert_eq!(asked, emits, "{name}");
        for event in &emits {
            assert!(
                is_event(event) && follows(&settings.rules, event).next().is_some(),
                "{name}: nothing follows {event}"
            );
        }
        assert_eq!(prompt.contains("```json"), !mends(name), "{name} must say what it hands over");
    }
}

#[test]
fn a_role_that_nobody_gave_an_agent_plans_with_the_one_of_the_fixer() {
    let agent = "[agent.mine]\nkind = \"command\"\nprogram = \"x\"\n[role.fixer]\nagent = \"mine\"\n";
    let followed = settings(agent);
    assert_eq!((followed.roles[PLANNER].agent.as_str(), followed.roles["coding"].agent.as_str()), ("mine", "claude"));
    let own = settings(&format!("{agent}[role.planner]\nagent = \"claude\"\n"));
    assert_eq!(own.roles[PLANNER].agent, "claude");
}

#[test]
fn a_file_overrides_what_it_names_and_nothing_else() {
    let project = folder();
    write(project.path(), "prompts/poet.md", "Write a poem about {{title}}.\n");
    write(
        project.path(),
        FILE_NAME,
        "[role.coding]\nbudget_usd = 0.5\nattempts = 7\n[role.poet]\nagent = \"claude\"\nprompt = \"prompts/poet.md\"\n\
         emits = [\"poem.written\"]\n[workflow.poem]\nrole = \"poet\"\nstages = [\"prepare\", \"agent\"]\n\
         [[rule]]\nevent = \"pr.merged\"\ndoes = \"complete\"\n[[rule]]\nevent = \"pr.merged\"\nrole = \"poet\"\nworkflow = \"poem\"\n",
    );
    let user = [(
        FILE_NAME,
        "[role.coding]\nattempts = 2\npurpose = \"Mine.\"\n[[rule]]\nevent = \"pr.merged\"\nrole = \"auditor\"\n\
                 [[rule]]\nevent = \"docs.wanted\"\nrole = \"coding\"\nworkflow = \"task\"\n",
    )];
    let settings = beside(project.path(), &user).settings;
    let coding = &settings.roles["coding"];
    assert_eq!((coding.attempts, coding.budget, coding.purpose.as_str()), (Some(7), Some(Usd(500_000)), "Mine."));
    assert!(coding.edits && coding.prompt.starts_with("You carry out one task"));
    assert_eq!(settings.roles["poet"].prompt, "Write a poem about {{title}}.\n");
    let poem = Does::Start { role: "poet".to_owned(), workflow: "poem".to_owned() };
    let rules = |event| follows(&settings.rules, event).cloned().collect::<Vec<_>>();
    assert_eq!(rules("pr.merged"), [Does::Complete, poem], "the topmost file that names it decides alone");
    assert_eq!(rules("docs.wanted"), [Does::Start { role: "coding".to_owned(), workflow: "task".to_owned() }]);
    assert_eq!(settings.rules.len(), 14);
}

#[test]
fn prompts_and_documents_come_from_the_topmost_file_that_names_one() {
    let project = folder();
    let user = [
        (
            FILE_NAME,
            "[role.fixer]\nprompt = \"p/fixer.md\"\n[documents]\nagent_instructions = \"d/a.md\"\ncode_quality_standards = \"d/c.md\"\n",
        ),
        ("p/fixer.md", "Mine: {{failures}}\n"),
        ("d/a.md", "The user's.\n"),
        ("d/c.md", &"long\n".repeat(QUOTED)[..QUOTED + 100]),
    ];
    write(project.path(), "a.md", "The project's.\n");
    write(project.path(), FILE_NAME, "[documents]\nagent_instructions = \"a.md\"\n");
    let loaded = beside(project.path(), &user);
    assert_eq!(loaded.settings.roles[FIXER].prompt, "Mine: {{failures}}\n");
    let document = |name| {
        let document = &loaded.settings.documents[&name];
        (document.text.as_str(), document.edited)
    };
    assert_eq!(document(DocumentName::AgentInstructions), ("The project's.\n", true));
    assert!(document(DocumentName::CodeQualityStandards).0.starts_with("long"));
    assert!(!document(DocumentName::OrchestratorRules).1);
    let told: Vec<_> = loaded.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert!(told.len() == 1 && told[0].starts_with("longer than"), "{told:?}");
    for name in ["p/fixer.md", "d/a.md", "d/c.md", "a.md"] {
        assert!(loaded.files.iter().any(|file| file.ends_with(name)), "a change of {name} must be noticed");
    }
    for name in DocumentName::ALL {
        let built_in = settings("").documents[&name].clone();
        assert!(built_in.text.len() > 500 && built_in.text.len() < QUOTED && !built_in.edited, "{name:?}");
    }
}

#[test]
fn what_a_project_tells_agents_needs_a_yes_to_its_very_words() {
    let project = folder();
    let text = "[role.coding]\nprompt = \"c.md\"\npurpose = \"p\"\nedits = true\n[role.deployer]\nafter_landing = false\n\
                [documents]\nagent_instructions = \"a.md\"\n\
                [workflow.task]\nrole = \"testing\"\n[[rule]]\nevent = \"pr.merged\"\ndoes = \"complete\"\n";
    write(project.path(), FILE_NAME, text);
    write(project.path(), "c.md", "One {{title}}");
    write(project.path(), "a.md", "Two");
    let first = loaded(&inputs(project.path())).running;
    let lines = first.describe();
    for start in [
        "role.coding.prompt: c.md (SHA-256 ",
        "role.coding.purpose: p",
        "role.coding.edits: true",
        "role.deployer.after_landing: false",
        "documents.agent_instructions: a.md (SHA-256 ",
        "workflow.task.role: testing",
        "rule pr.merged: complete",
    ] {
        assert!(lines.iter().any(|line| line.starts_with(start)), "no {start:?} in {lines:#?}");
    }
    for (file, text) in [("c.md", "Another {{title}}"), ("a.md", "Another")] {
        let before = fs::read_to_string(project.path().join(file)).unwrap();
        write(project.path(), file, text);
        let second = loaded(&inputs(project.path())).running;
        assert!(second.hash() != first.hash() && !second.is_part_of(&first), "{file}");
        write(project.path(), file, &before);
    }
    // Without one of them the built-in words count.
    write(project.path(), FILE_NAME, "[role.coding]\npurpose = \"p\"\n");
    assert!(loaded(&inputs(project.path())).running.is_part_of(&first));
    // What the user writes needs no yes.
    fs::remove_file(project.path().join(FILE_NAME)).unwrap();
    assert!(beside(project.path(), &[(FILE_NAME, text), ("c.md", "x"), ("a.md", "y")]).running.is_empty());
}

#[test]
fn a_project_makes_no_role_less_careful_than_its_user_wrote_it() {
    let project = folder();
    write(
        project.path(),
        FILE_NAME,
        "[role.review]\nedits = true\nbudget_usd = 5\n[role.coding]\nbudget_usd = 0\n[role.testing]\nbudget_usd = 1\n",
    );
    let role = |user: &str, name: &str| {
        let role = beside(project.path(), &[(FILE_NAME, user)]).settings.roles[name].clone();
        (role.edits, role.budget.map(|usd| usd.0 / 1_000_000))
    };
    assert_eq!(role("", "review"), (true, Some(5)));
    assert_eq!(role("[role.review]\nedits = false\nbudget_usd = 2\n", "review"), (false, Some(2)));
    assert_eq!(role("[role.review]\nedits = true\nbudget_usd = 9\n", "review"), (true, Some(5)));
    assert_eq!(role("[budget]\ntask_usd = 3\n", "review"), (true, Some(3)), "the user's line for any task");
    assert_eq!(role("[budget]\ntask_usd = 3\n", "coding"), (true, Some(3)), "zero is no line at all");
    assert_eq!(role("[budget]\ntask_usd = 3\n", "testing"), (true, Some(1)));
}

#[test]
fn a_text_that_cannot_be_used_is_explained() {
    let project = folder();
    let outside = folder();
    write(outside.path(), "secret", "a secret");
    symlink(outside.path().join("secret"), project.path().join("link.md")).unwrap();
    write(project.path(), "empty.md", " \n");
    fs::write(project.path().join("latin.md"), b"gr\xfcn").unwrap();
    fs::write(project.path().join("long.md"), vec![b'x'; 65 * 1024]).unwrap();
    for (path, why) in [
        ("link.md", "it leads out of the project"),
        ("empty.md", "it is empty"),
        ("latin.md", "it is not UTF-8"),
        ("long.md", "it is longer than 64 KiB"),
        ("none.md", "there is no such file"),
    ] {
        write(project.path(), FILE_NAME, &format!("[role.coding]\nprompt = \"{path}\"\n"));
        let said = refused(project.path());
        assert!(said.contains(why) && said.contains("orchestrator.toml:2:10"), "{said}");
    }
    write(project.path(), "p.md", "One\n{{titel}} and {{failures}} and {{ x }}\n");
    write(project.path(), FILE_NAME, "[role.coding]\nprompt = \"p.md\"\n");
    let said = refused(project.path());
    for part in
        ["unknown placeholder {{titel}}", "p.md:2:1", "did you mean {{title}}?", "unknown placeholder {{failures}}"]
    {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
    assert!(!said.contains("{{ x }}?"), "{said}");
}

#[test]
fn an_event_that_nobody_reports_and_that_looks_like_one_is_odd() {
    let project = folder();
    write(
        project.path(),
        FILE_NAME,
        "[[rule]]\nevent = \"pr.craeted\"\nrole = \"reviewer\"\n[[rule]]\nevent = \"invoice.paid\"\nrole = \"coding\"\n\
         [[rule]]\nevent = \"task.assigned\"\nrole = \"coding\"\n",
    );
    let warnings = loaded(&inputs(project.path())).warnings;
    assert_eq!(warnings.len(), 1, "{}", shown(&warnings));
    assert_eq!((warnings[0].line, warnings[0].hint.as_deref()), (Some(2), Some("did you mean \"pr.created\"?")));
}
