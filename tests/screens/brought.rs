//! What a person does with assignments: a new task, the way through the tree, what takes longer than expected.

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::view::Group;
use orchestrator_tui::model::assignment::Lane;
use orchestrator_tui::model::filing::Filing;
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::model::settings::LandMode;
use orchestrator_tui::ui::event::{Event, Intent};
use orchestrator_tui::ui::state::{Focus, Page, Tab};

use super::screens::fixture::ago;
use super::screens::scene::Person;
use super::screens::work::day;
use super::show;

const SIZE: (u16, u16) = (120, 36);

fn filed(person: &Person) -> Vec<Filing> {
    let filing = |intent: &Intent| match intent {
        Intent::Command(Command::File { filing }) => Some((**filing).clone()),
        _ => None,
    };
    person.intents.iter().filter_map(filing).collect()
}

fn drawn(person: &Person) -> String {
    let buffer = show::buffer(&person.state);
    (0..SIZE.1).map(|y| show::text(&buffer, y) + "\n").collect()
}

#[test]
fn a_line_becomes_a_task_of_the_queue_that_lands_after_a_yes() {
    let person = Person::before(day(), None, SIZE).types("n  mend the <enter>");
    let filings = filed(&person);
    let [Filing { batch: None, tasks }] = filings.as_slice() else { panic!("{filings:?}") };
    let [task] = tasks.as_slice() else { panic!("{tasks:?}") };
    let known = &task.assignment;
    assert_eq!((known.name.as_str(), known.description.as_str()), ("mend the", "mend the"));
    assert_eq!((known.role.as_str(), known.workflow.as_str()), ("coding", "task"));
    assert_eq!((known.lane, known.land, task.held), (Lane::Queue, LandMode::Ask, false));
    for keys in ["n<enter>", "n   <enter>", "nmend it<esc>", "<enter>n"] {
        assert_eq!(filed(&Person::before(day(), None, SIZE).types(keys)), [], "{keys}");
    }
    let long = "word ".repeat(60);
    let filings = filed(&Person::before(day(), None, SIZE).types(&format!("n{long}<enter>")));
    let task = &filings[0].tasks[0].assignment;
    assert!(task.name.chars().count() <= 82 && task.name.ends_with("word …"), "{}", task.name);
    assert_eq!(task.description, long.trim());
}

#[test]
fn what_was_only_created_starts_by_the_key_that_starts() {
    let person = Person::before(day(), Some(30), SIZE).types("f");
    assert!(person.intents.contains(&Intent::Command(Command::Fix { task: TaskId(30) })), "{:?}", person.intents);
}

#[test]
fn the_tree_leads_to_its_tasks_and_knows_what_became_of_them() {
    let person = Person::before(day(), Some(24), SIZE).types("6<enter>gg");
    let tree = drawn(&person);
    assert!(tree.contains("└─ ◌ #28"), "{tree}");
    let person = person.types("j<enter>");
    assert_ne!(person.state.selected, Some(TaskId(24)));
    assert_eq!((person.state.tab, person.state.focus), (Tab::Tree, Focus::Task));
    // Another task ended: the tree says so although its own task did not change.
    let mut view = day();
    for row in view.rows.iter_mut().filter(|row| row.id == TaskId(25)) {
        row.group = Group::Failed;
        row.why = "killed".to_owned();
    }
    let person = Person::before(day(), Some(24), SIZE).types("6<enter>").sends(Event::Seen(Box::new(view)));
    assert!(drawn(&person).contains("✗ #25"), "{}", drawn(&person));
}

#[test]
fn what_takes_longer_than_expected_says_so_and_nothing_else_does() {
    let mut view = day();
    for (began, said) in [(3600, None), (3661, Some("1:01 of 1 h expected")), (9000, Some("2:30 of 1 h expected"))] {
        for row in view.rows.iter_mut().filter(|row| row.id == TaskId(24)) {
            row.since = Some(ago(began));
        }
        let shown = drawn(&Person::before(view.clone(), Some(24), SIZE));
        match said {
            Some(said) => assert!(shown.contains(said), "{began}: {shown}"),
            None => assert!(!shown.contains(" h expected"), "{began}: {shown}"),
        }
    }
}

#[test]
fn pages_open_and_close_by_their_own_keys_and_give_way_to_each_other() {
    for (key, page) in [("S", Page::Stats), ("W", Page::Batches), ("A", Page::Roles)] {
        let person = Person::before(day(), None, SIZE).types("h").types(key);
        assert_eq!(person.state.page.map(|(page, _)| page), Some(page));
        assert_eq!(person.types(key).state.page, None);
    }
}

#[test]
fn a_filter_finds_a_batch_a_role_and_a_label() {
    for (filter, found) in [("batch 2", 8), ("batch 1", 1), ("reviewer", 1), ("task-00", 8), ("session", 1)] {
        let person = Person::before(day(), None, SIZE).types(&format!("/{filter}<enter>"));
        assert_eq!(person.state.rows().count(), found, "{filter}");
    }
}
