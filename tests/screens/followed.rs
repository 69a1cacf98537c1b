//! What a person does with events, with the report of a day, and with a plan that waits for a yes.

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::view::{EventRow, View};
use orchestrator_tui::model::id::{BatchId, EventId, TaskId};
use orchestrator_tui::ui::body::Target;
use orchestrator_tui::ui::event::{Event, Intent};
use orchestrator_tui::ui::state::{Focus, Page, Tab};

use super::screens::events::{audit, audited, happening, planned, reported, whole};
use super::screens::fixture::NOW;
use super::screens::scene::Person;
use super::screens::work::day;
use super::show;

const SIZE: (u16, u16) = (120, 36);

fn drawn(person: &Person) -> String {
    let buffer = show::buffer(&person.state);
    let (_, rows) = person.state.size;
    (0..rows).map(|y| show::text(&buffer, y) + "\n").collect()
}

fn header(person: &Person) -> String {
    show::text(&show::buffer(&person.state), 0)
}

fn commands(person: &Person) -> Vec<Command> {
    let command = |intent: &Intent| match intent {
        Intent::Command(command) => Some(command.clone()),
        _ => None,
    };
    person.intents.iter().filter_map(command).collect()
}

#[test]
fn what_an_event_started_is_a_line_of_its_own_that_leads_there() {
    // The newest waits for #24; the next two started nothing; then one that started two; then one.
    for (keys, task) in [("j", 24), ("jjjjj", 22), ("jjjjjj", 23), ("jjjjjjjj", 21), ("jjjjjjjk", 23)] {
        let person = Person::before(happening(), Some(26), SIZE).types("E").types(keys).types("<enter>");
        assert_eq!((person.state.page, person.state.selected), (None, Some(TaskId(task))), "{keys}");
        assert_eq!(person.state.focus, Focus::Task);
    }
    // What is over and forgotten says so, and the page stays.
    let person = Person::before(happening(), Some(26), SIZE).types("EG<enter>");
    assert!(person.state.page.is_some() && drawn(&person).contains("#1 is over, and no longer remembered"));
}

#[test]
fn an_event_is_shown_whole_and_leads_both_ways() {
    let asked =
        |person: &Person| person.intents.iter().filter(|intent| matches!(intent, Intent::Event(EventId(9)))).count();
    let person = whole(9, Person::before(happening(), Some(26), SIZE).types("E/state:failed<enter>"));
    assert_eq!((asked(&person), person.state.page), (1, Some((Page::Event, 0))));
    let shown = drawn(&person);
    for text in ["Event 9", "verify.failed", "not followed: #23 had 61 events", "\"files\": [", "src/mail.rs"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    // What an agent wrote is no command to a terminal, and turns no line around.
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
    let back = person.types("<esc>");
    assert_eq!(
        (back.state.page, &back.state.page_mark),
        (Some((Page::Events, 0)), &Some(Target::Event(EventId(9), 0)))
    );
    assert_eq!(back.state.page_filter.text, "state:failed");
    // To the task that reported it, and from a task to the event that started it.
    let there = whole(9, Person::before(happening(), Some(26), SIZE).types("E")).types("<enter>");
    assert_eq!((there.state.page, there.state.selected), (None, Some(TaskId(23))));
    let goal = audit(Person::before(audited(), Some(50), SIZE)).types("j");
    assert_eq!(goal.state.spot().map(|spot| spot.target.clone()), Some(Target::Event(EventId(6), 0)));
    let event = goal.types("<enter>");
    assert!(drawn(&event).contains("Event 6") && drawn(&event).contains("on its way"), "{}", drawn(&event));
    let event = event.sends(Event::Whole(EventId(6), Err("event 6 is not remembered".to_owned())));
    assert!(drawn(&event).contains("event 6 is not remembered"), "{}", drawn(&event));
    assert_eq!(event.types("<esc>").state.page, None);
}

#[test]
fn a_filter_of_the_list_hides_no_task_that_an_event_leads_to() {
    let person = Person::before(happening(), Some(26), SIZE).types("/reviewer<enter>Ej<enter>");
    assert_eq!(person.state.selected, Some(TaskId(24)));
}

#[test]
fn trouble_stands_in_the_header_until_it_was_seen_and_what_waits_as_long_as_it_waits() {
    let person = Person::before(happening(), None, SIZE);
    assert!(header(&person).contains("2 events not followed: E"), "{}", header(&person));
    let person = person.types("E<esc>");
    assert!(header(&person).contains("1 event waits") && !header(&person).contains("not followed"));
    let mut later = happening();
    later.events.pending = 0;
    let trouble = EventRow { id: EventId(12), at: NOW, ..later.events.rows[1].clone() };
    later.events.rows.insert(0, trouble);
    let person = person.sends(Event::Seen(Box::new(later)));
    assert!(header(&person).contains("1 event not followed: E"), "{}", header(&person));
    // Nobody is told for ever.
    let mut person = Person::before(happening(), None, SIZE);
    for row in &mut person.state.view.events.rows {
        row.at.0 -= 90_000_000;
    }
    assert!(!header(&person).contains("not followed"), "{}", header(&person));
}

#[test]
fn what_is_marked_stays_marked_and_in_sight_while_events_come() {
    let mut person = Person::before(happening(), None, (80, 24)).types("EG");
    let marked = person.state.page_mark.clone();
    assert_eq!(marked, Some(Target::Event(EventId(1), 1)));
    for id in 12..20 {
        let mut view = person.state.view.clone();
        let next = EventRow { id: EventId(id), ..view.events.rows[0].clone() };
        view.events.rows.insert(0, next);
        let row = drawn(&person).lines().position(|line| line.contains('▌'));
        person = person.sends(Event::Seen(Box::new(view)));
        assert_eq!(person.state.page_mark, marked);
        assert_eq!(drawn(&person).lines().position(|line| line.contains('▌')), row, "{}", drawn(&person));
    }
}

#[test]
fn every_line_that_leads_somewhere_is_reached_and_all_rows_are_seen() {
    for size in [(80, 24), (120, 36), (40, 12)] {
        let mut person = Person::before(happening(), None, size).types("E");
        let mut marks = vec![person.state.page_mark.clone()];
        for _ in 0..80 {
            person = person.types("j");
            if marks.last() != Some(&person.state.page_mark) {
                marks.push(person.state.page_mark.clone());
            }
        }
        assert_eq!(marks.len(), 21, "{size:?}: {marks:?}");
        assert!(drawn(&person).contains("140 earlier"), "{size:?}: {}", drawn(&person));
        for _ in 0..80 {
            person = person.types("k");
        }
        assert_eq!(person.state.page, Some((Page::Events, 0)), "{size:?}");
        assert_eq!(person.state.page_mark, marks[0], "{size:?}");
    }
}

#[test]
fn a_report_is_asked_for_once_and_closes_to_where_it_was_opened() {
    let asked =
        |person: &Person| person.intents.iter().filter(|intent| matches!(intent, Intent::Report(BatchId(2)))).count();
    // From the list, whatever is selected: of its day, or of the last one.
    for selected in [24, 30, 31] {
        let person = Person::before(day(), Some(selected), SIZE).types("w");
        assert_eq!((asked(&person), person.state.page), (1, Some((Page::Report, 0))), "{selected}");
        assert_eq!(person.types("w").state.page, None);
    }
    // From the page of the work, by its own key or by opening the day.
    for keys in ["Ww", "W<enter>"] {
        let person = reported(Person::before(day(), Some(24), SIZE).types(&keys[..1]));
        assert!(drawn(&person).contains("It lies in /home/ann"), "{}", drawn(&person));
        let person = Person::before(day(), Some(24), SIZE).types(keys);
        assert_eq!((asked(&person), person.state.page.map(|(page, _)| page)), (1, Some(Page::Report)));
        let back = person.types("<esc>");
        assert_eq!(back.state.page, Some((Page::Batches, 0)));
        assert_eq!(back.state.page_mark, Some(Target::Batch(BatchId(2))));
        assert_eq!(back.types("<esc>").state.page, None);
    }
    let person = Person::before(View { batches: Vec::new(), ..day() }, Some(24), SIZE).types("w");
    assert!(person.state.page.is_none() && drawn(&person).contains("no task file is under way"), "{}", drawn(&person));
    let person = Person::before(day(), None, SIZE).types("w");
    let person = person.sends(Event::Reported(BatchId(2), Err("batch 2 is no day of a task file".to_owned())));
    assert!(drawn(&person).contains("batch 2 is no day of a task file"));
}

#[test]
fn a_plan_is_approved_or_refused_as_a_whole_with_two_keys() {
    let batch = BatchId(3);
    let yes = Command::Approve { batch };
    let no = Command::Decline { batch };
    for (selected, keys, wanted) in [
        (41, "fy", Some(&yes)),
        (41, "f<enter>", Some(&yes)),
        (41, "ay", Some(&yes)),
        // From any of its sessions, also one that waits for others.
        (45, "fy", Some(&yes)),
        (24, "!ay", Some(&yes)),
        (42, "fD", Some(&no)),
        (42, "D<enter>", Some(&no)),
        (42, "Dn", None),
        (42, "f<esc>", None),
        (42, "fn", None),
    ] {
        let person = Person::before(planned(), Some(selected), SIZE).types(keys);
        assert_eq!(commands(&person).iter().collect::<Vec<_>>(), Vec::from_iter(wanted), "{selected} {keys}");
    }
    let person = Person::before(planned(), Some(42), SIZE).types("fo");
    assert_eq!(commands(&person), [Command::Fix { task: TaskId(42) }]);
    // One that waits for others cannot be started alone.
    let person = Person::before(planned(), Some(43), SIZE).types("fo");
    assert_eq!(commands(&person), []);
    // From the page of the work.
    let person = Person::before(planned(), Some(24), SIZE).types("W<enter>");
    assert!(drawn(&person).contains("Start the plan of batch 3?"), "{}", drawn(&person));
    assert_eq!(commands(&person.types("y")), [yes]);
}

#[test]
fn a_plan_that_was_answered_elsewhere_is_no_longer_asked_about() {
    let person = Person::before(planned(), Some(41), SIZE).types("f");
    let mut view = planned();
    view.batches.iter_mut().for_each(|batch| batch.planned = 0);
    view.rows.iter_mut().for_each(|row| row.allowed.approve = false);
    let person = person.sends(Event::Seen(Box::new(view)));
    assert!(person.state.popups.is_empty());
    assert!(drawn(&person).contains("the plan of batch 3 was answered elsewhere"), "{}", drawn(&person));
}

#[test]
fn an_orchestration_without_a_question_leads_to_the_tree_of_its_sessions() {
    let person = Person::before(day(), None, SIZE).types("WG");
    let mut person = person;
    while person.state.page_mark != Some(Target::Batch(BatchId(1))) {
        person = person.types("k");
    }
    let person = person.types("<enter>");
    assert_eq!((person.state.selected, person.state.tab), (Some(TaskId(31)), Tab::Tree));
}
