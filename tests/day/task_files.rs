//! What task files mean, and what is said of those that cannot be used.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use orchestrator_tui::app::day::outline;
use orchestrator_tui::config::{Diagnostic, Names, ReadTaskFile, read_task_file};
use orchestrator_tui::model::assignment::{BatchKind, Lane};
use orchestrator_tui::model::cost::Usd;
use orchestrator_tui::model::filing::After;
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::settings::LandMode;
use proptest::prelude::*;

use crate::world::{differs, project, same, samples, write};

/// Hides what was built, as git would.
fn built(wanted: &[(ProjectPath, bool)]) -> BTreeMap<ProjectPath, String> {
    let of_dist = wanted
        .iter()
        .filter(|(path, is_folder)| path.to_string().starts_with("dist/") || *is_folder && path.to_string() == "dist");
    of_dist.map(|(path, _)| (path.clone(), "git ignores it (`dist/` in .gitignore:1)".to_owned())).collect()
}

fn names() -> Names<'static> {
    let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    Names {
        checks: list(&["docs"]),
        roles: list(&["coding", "testing", "reviewer"]),
        workflows: list(&["task", "fix"]),
        readers: vec!["reviewer".to_owned()],
        hidden: Some(&built),
        copied: vec!["dist/kept".to_owned()],
    }
}

fn read(project: &Path, text: impl AsRef<[u8]>) -> Result<ReadTaskFile, Vec<Diagnostic>> {
    read_task_file(&write(project, "tasks/today.yaml", text), project, &names())
}

fn good(text: &str) -> ReadTaskFile {
    read(project().path(), text).unwrap_or_else(|errors| panic!("{}", shown(&errors)))
}

fn said(text: impl AsRef<[u8]>) -> String {
    read(project().path(), text).map_or_else(|errors| shown(&errors), |read| format!("taken: {:?}", read.file))
}

fn shown(said: &[Diagnostic]) -> String {
    said.iter().flat_map(|said| [said.to_string(), "\n\n".to_owned()]).collect()
}

/// Each `tests/day/bad/NAME.yaml` gives what `NAME.txt` says.
#[test]
fn bad_files_are_explained() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(samples().join("bad")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(files.len() >= 20);
    let project = project();
    let mut wrong = String::new();
    for file in files {
        let tasks = project.path().join("tasks");
        fs::create_dir_all(&tasks).unwrap();
        let copy = tasks.join(file.file_name().unwrap());
        fs::copy(&file, &copy).unwrap();
        let errors = read_task_file(&copy, project.path(), &names()).err().unwrap_or_default();
        assert!(!errors.is_empty(), "{} is taken", file.display());
        wrong.extend(differs(&file.with_extension("txt"), &shown(&errors)));
    }
    assert!(wrong.is_empty(), "\n{wrong}(UPDATE_EXPECTED=1 writes them)");
}

#[test]
fn the_full_form_is_read_whole() {
    let read = good(&fs::read_to_string(samples().join("example.yaml")).unwrap());
    assert!(read.warnings.is_empty(), "{}", shown(&read.warnings));
    same("example.txt", &(outline::text(&read.file, &outline::Suggestions::new()) + "\n"));
    same(
        "example.json",
        &(serde_json::to_string_pretty(&outline::json(&read.file, &outline::Suggestions::new())).unwrap() + "\n"),
    );
}

#[test]
fn a_day_is_filed_as_it_is_written() {
    let file = good(&fs::read_to_string(samples().join("example.yaml")).unwrap()).file;
    let filing = file.filing("tasks/2025-11-18.yaml".into(), "".into());
    let batch = filing.batch.unwrap();
    assert_eq!(batch.budget, Some(Usd(50_000_000)));
    let BatchKind::Day { date, .. } = batch.kind else { panic!("{:?}", batch.kind) };
    assert_eq!(date, "2025-11-18");
    let tasks: Vec<(&str, &[After], i32)> =
        filing.tasks.iter().map(|task| (&*task.assignment.label, &*task.after, task.priority)).collect();
    let after = [After::Label("task-001".to_owned())];
    assert_eq!(tasks, [("task-001", &[][..], 10), ("task-002", &[][..], 10), ("task-003", &after[..], -10)]);
    assert!(filing.tasks.iter().all(|task| task.assignment.lane == Lane::Day && task.assignment.land == LandMode::Ask));
}

#[test]
fn the_minimal_form_is_enough() {
    let read = good(&fs::read_to_string(samples().join("minimal.yaml")).unwrap());
    assert_eq!(read.file.budget, None);
    same("minimal.txt", &(outline::text(&read.file, &outline::Suggestions::new()) + "\n"));
}

#[test]
fn fields_may_be_shared() {
    let read = good(
        "date: '2025-11-18'\n\
         x-common: &common {module: loans, priority: high, budget_usd: $2.50}\n\
         x-reads: &reads {module: members, context_files: [CLAUDE.md]}\n\
         tasks:\n\
         - <<: [*common, *reads]\n  \
           id: 1\n  \
           name: &name a\n  \
           description: >\n    one\n    line\n\
         - <<: *reads\n  \
           id: 2\n  \
           name: *name\n  \
           description: null\n  \
           module: returns\n",
    );
    let [one, two] = read.file.tasks.as_slice() else { panic!("{:?}", read.file) };
    assert_eq!((&*one.assignment.label, &*one.assignment.module, one.priority), ("1", "loans", 10));
    assert_eq!((&*one.assignment.description, one.assignment.budget), ("one line", Some(Usd(2_500_000))));
    assert_eq!(one.assignment.context_files, ["CLAUDE.md"]);
    assert_eq!((&*two.assignment.name, &*two.assignment.module, two.line), ("a", "returns", 12));
    assert_eq!(shown(&read.warnings).matches("warning: this task has no description").count(), 1);
}

#[test]
fn what_probably_means_something_else_is_said() {
    let read = good(
        "date: 2025-11-18\ntasks:\n- id: a\n  name: Fix issue #12\n  description: a # comment\n  \
         deliverables: [docs/a.md, Updated docs/a.md]\n- {id: b, name: b, description: b, depends_on: [a, a]}\n",
    );
    insta::assert_snapshot!(shown(&read.warnings), @r"
    warning: this is a comment, no part of the text
      --> tasks/today.yaml:4:19
       |
     4 |   name: Fix issue #12
       |                   ^^^
      hint: put the text in quotes to keep the #

    warning: docs/a.md is named twice
      --> tasks/today.yaml:6:29
       |
     6 |   deliverables: [docs/a.md, Updated docs/a.md]
       |                             ^^^^^^^^^^^^^^^^^
      hint: remove one

    warning: a is named twice
      --> tasks/today.yaml:7:52
       |
     7 | - {id: b, name: b, description: b, depends_on: [a, a]}
       |                                                    ^
      hint: remove one
    ");
    assert_eq!(read.file.tasks[0].assignment.description, "a");
    assert_eq!(read.file.tasks[0].assignment.deliverables.len(), 1);
    assert_eq!(read.file.tasks[1].depends_on, ["a"]);
}

#[test]
fn a_file_that_comes_later_may_be_context() {
    let task = |id: &str, rest: &str| format!("- {{id: {id}, name: n, description: d, {rest}}}\n");
    let first = task("a", "deliverables: docs/new/")
        + &task("b", "depends_on: [a]")
        + &task("c", "depends_on: [b], context_files: [docs/new/x.md]");
    good(&format!("date: 2025-11-18\ntasks:\n{first}"));
}

#[test]
fn context_that_agents_do_not_have_is_said() {
    let project = project();
    for file in ["dist/a.js", "dist/kept/b.js"] {
        write(project.path(), file, "");
    }
    let text =
        "date: 2025-11-18\ntasks:\n- {id: a, name: n, description: d, context_files: [dist/a.js, dist/kept/b.js]}\n";
    let warnings = shown(&read(project.path(), text).unwrap().warnings);
    assert!(
        warnings.contains("agents do not have dist/a.js: git ignores it") && warnings.contains("yaml:3:"),
        "{warnings}"
    );
    assert_eq!(warnings.matches("agents do not have").count(), 1, "{warnings}");
}

#[test]
fn a_link_out_of_the_project_is_no_context() {
    let project = project();
    std::os::unix::fs::symlink("/etc", project.path().join("etc")).unwrap();
    let text = "date: 2025-11-18\ntasks:\n- {id: a, name: n, description: d, context_files: [etc/passwd]}\n";
    assert!(shown(&read(project.path(), text).unwrap_err()).contains("etc/passwd is no path inside of the project"));
}

#[test]
fn what_no_person_writes_is_refused_soon() {
    let begin = "date: 2025-11-18\ntasks:\n";
    let large = format!("{begin}{}", "# nothing\n".repeat(1 << 20));
    assert!(said(large).contains("at most 1 MB"));
    for (open, times) in [("[", 900_000), ("{", 900_000), ("- ", 400_000), ("? ", 400_000), ("{a: ", 200_000)] {
        assert!(said(format!("{begin}  {}", open.repeat(times))).contains("error: "), "{open}");
    }
    let deep = (0..400).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<Vec<_>>().concat();
    assert!(said(deep).contains("24 deep"));
    let chain = (1..60).map(|at| format!("x-{at}: &a{at} [*a{}]\n", at - 1)).collect::<Vec<_>>().concat();
    assert!(said(format!("x-0: &a0 [x]\n{chain}")).contains("24 deep"));
    let wide = (0..100_000).map(|at| format!("a{at}:\n")).collect::<Vec<_>>().concat();
    assert!(said(wide).contains("more than 256 fields"));
    let many = (0..1_001).map(|at| format!("- {{id: t{at}, name: n, description: d}}\n")).collect::<Vec<_>>().concat();
    assert!(said(format!("{begin}{many}")).contains("at most 1000 tasks"));
    let text = format!("x-a: &a {}\ntasks: [{}]\n", "x".repeat(500_000), "*a, ".repeat(1_000));
    assert!(said(text).contains("grows beyond every task file"));
}

#[test]
fn what_is_no_text_file_is_refused() {
    assert!(said(b"date: 2025-11-18\nname: \xff\n").contains("line 2 is no UTF-8 text"));
    good("\u{feff}date: 2025-11-18\r\ntasks:\r\n- id: a\r\n  name: n\r\n  description: |\r\n    d\r\n");
    let project = project();
    let folder = read_task_file(project.path(), project.path(), &Names::default()).unwrap_err();
    assert!(shown(&folder).contains("this is no file"));
    let missing = read_task_file(&project.path().join("no.yaml"), project.path(), &Names::default()).unwrap_err();
    assert!(shown(&missing).contains("cannot be read"));
}

#[test]
fn a_chain_of_a_thousand_tasks_is_read() {
    let tasks = (0..1_000)
        .map(|at| {
            format!("- {{id: t{at}, name: n, description: d, estimated_complexity: low, depends_on: [t{}]}}\n", at + 1)
        })
        .collect::<Vec<_>>()
        .concat();
    let text = format!("date: 2025-11-18\ntasks:\n{}", tasks.replace(", depends_on: [t1000]", ""));
    let expected = outline::expected(&good(&text).file);
    assert_eq!(expected.chain, expected.work);
    let circle = said(format!("date: 2025-11-18\ntasks:\n{}", tasks.replace("[t1000]", "[t0]")));
    assert!(circle.contains("these wait for each other: t0 → t1 → "), "{}", &circle[..200]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to a file, it is read or explained; every place that is named exists.
    #[test]
    fn damage_is_explained(cuts in prop::collection::vec((0_usize..2_000, 0_usize..40, "[-:\\[\\]{}&*|>#'\"! \t\n0-9a-z%@]{0,4}"), 1..4)) {
        let mut text = fs::read_to_string(samples().join("example.yaml")).unwrap();
        for (at, length, put) in cuts {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.floor_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end.max(start), &put);
        }
        let lines = text.lines().count() + 1;
        if let Err(errors) = read(project().path(), &text) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(error.line.is_none_or(|line| (1..=lines).contains(&line)), "{}", error);
            }
        }
    }
}
