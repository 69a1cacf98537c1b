//! What hands do: the mouse, the marks, folds, searches and copies, by what follows from them.

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::effect::Recorded;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::view::{Group, Row};
use orchestrator_tui::model::agent::LogLine;
use orchestrator_tui::model::id::{Seq, SessionId, TaskId};
use orchestrator_tui::model::task::TaskState;
use orchestrator_tui::ui::event::{Event, Intent};
use orchestrator_tui::ui::state::{Focus, State, Tab};
use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::screens::fixture::{NOW, busy, idle, path, task};
use super::screens::scene::Person;
use super::show;

const SIZE: (u16, u16) = (120, 36);

fn person(id: u32) -> Person {
    Person::before(busy(), Some(id), SIZE)
}

fn mouse(person: Person, kind: MouseEventKind, (column, row): (u16, u16)) -> Person {
    person.sends(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
}

fn clicks(person: Person, at: (u16, u16)) -> Person {
    let person = mouse(person, MouseEventKind::Down(MouseButton::Left), at);
    mouse(person, MouseEventKind::Up(MouseButton::Left), at)
}

/// Finds where a text is drawn.
fn seen(state: &State, text: &str) -> Option<(u16, u16)> {
    let buffer = show::buffer(state);
    (0..state.size.1).find_map(|y| {
        let row = show::text(&buffer, y);
        let at = row.find(text)?;
        Some((u16::try_from(row[..at].chars().count()).expect("a column"), y))
    })
}

fn place(state: &State, text: &str) -> (u16, u16) {
    seen(state, text)
        .unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{}", show::written(&show::buffer(state))))
}

#[test]
fn a_click_selects_and_another_one_opens() {
    let person = person(15);
    let at = place(&person.state, "#17");
    let person = clicks(person, at);
    assert_eq!((person.state.selected, person.state.focus), (Some(TaskId(17)), Focus::Tasks));
    assert!(person.intents.contains(&Intent::Fetch(TaskId(17))));
    let person = clicks(person, at);
    assert_eq!(person.state.focus, Focus::Task);
    // A heading is no task.
    let at = place(&person.state, "QUEUED");
    assert_eq!(clicks(person, at).state.selected, Some(TaskId(17)));
}

#[test]
fn tabs_and_the_divider_are_for_the_mouse_too() {
    let person = person(15);
    let at = place(&person.state, "4 Check");
    let person = clicks(person, at);
    assert_eq!((person.state.tab, person.state.focus), (Tab::Check, Focus::Task));
    let edge = person.state.layout().task.expect("the pane").x;
    let person = mouse(person, MouseEventKind::Down(MouseButton::Left), (edge, 9));
    let person = mouse(person, MouseEventKind::Drag(MouseButton::Left), (70, 9));
    let person = mouse(person, MouseEventKind::Up(MouseButton::Left), (70, 9));
    assert_eq!(person.state.layout().task.map(|area| area.x), Some(70));
    let person = mouse(person, MouseEventKind::Drag(MouseButton::Left), (20, 9));
    assert_eq!(person.state.layout().task.map(|area| area.x), Some(70), "it was let go");
}

#[test]
fn the_wheel_turns_what_lies_under_it_and_leaves_the_selection() {
    let mut view = busy();
    for id in 100..200 {
        let row: Row = super::screens::fixture::row(Group::Failed, &task(id, "unit", None, TaskState::Queued));
        view.rows.push(row);
    }
    let person = Person::before(view.clone(), Some(15), SIZE);
    let person = mouse(person, MouseEventKind::ScrollDown, (5, 10));
    let person = mouse(person, MouseEventKind::ScrollDown, (5, 10));
    assert_eq!(person.state.selected, Some(TaskId(15)));
    assert!(seen(&person.state, "NEEDS YOU").is_none());
    // News do not turn it back; a key does.
    let person = person.sends(Event::Seen(Box::new(view)));
    assert!(seen(&person.state, "NEEDS YOU").is_none());
    assert!(seen(&person.types("k").state, "NEEDS YOU").is_some());
}

#[test]
fn the_log_follows_until_it_is_scrolled_and_again_at_the_end() {
    let news = |person: Person, seq: u64, text: &str| {
        let lines = vec![LogLine { label: "Claude".to_owned(), text: text.to_owned() }];
        let fact = Fact::Logged { task: TaskId(15), lines };
        person.sends(Event::Happened(Box::new(Recorded { seq: Seq(seq), at: NOW, fact })))
    };
    let person = Person::before(busy(), Some(15), (120, 20)).types("<enter>");
    let person = news(person, 2000, "first news");
    assert!(seen(&person.state, "first news").is_some());
    let person = news(person.types("<pageup><pageup>"), 2001, "second news");
    assert!(seen(&person.state, "second news").is_none());
    assert!(seen(&person.state, "following").is_none());
    let person = news(person.types("G"), 2002, "third news");
    assert!(seen(&person.state, "third news").is_some() && seen(&person.state, "following").is_some());
}

#[test]
fn long_details_fold_and_unfold() {
    let person = person(15).types("<enter>gg");
    assert!(seen(&person.state, "CaseService > counts open cases").is_none());
    let at = place(&person.state, "2 failures, 1 red before  +2 lines");
    let person = clicks(person, at);
    assert!(seen(&person.state, "CaseService > counts open cases").is_some());
    let person = person.types("<enter>");
    assert!(seen(&person.state, "CaseService > counts open cases").is_none());
}

#[test]
fn marks_lead_to_places() {
    let person = person(15).types("4<enter>");
    let edited = |person: &Person| person.intents.last().cloned();
    let first = person.types("je");
    assert_eq!(edited(&first), Some(Intent::Edit(path("src/services/CaseService.test.ts"), Some(48))));
    let second = first.types("j<enter>");
    assert_eq!(edited(&second), Some(Intent::Edit(path("src/services/CaseService.test.ts"), Some(61))));
    let third = second.types("ky");
    assert_eq!(edited(&third), Some(Intent::Copy("src/services/CaseService.test.ts:48".to_owned())));
    let hunk = person_at_diff().types("jj");
    assert_eq!(edited(&hunk.types("e")), Some(Intent::Edit(path("src/services/CaseService.ts"), Some(31))));
}

fn person_at_diff() -> Person {
    person(14).types("d")
}

#[test]
fn what_is_copied_is_what_is_selected() {
    let copied = |person: Person| match person.intents.last() {
        Some(Intent::Copy(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(copied(person(16).types("y")), "#16 api.rs · unit: waits for #14");
    let hunk = copied(person_at_diff().types("jjy"));
    assert!(hunk.starts_with("── line 31") && hunk.ends_with("41  44   }"), "{hunk}");
    let whole = copied(person_at_diff().types("y"));
    assert!(whole.starts_with("src/services/CaseService.ts") && whole.contains("isBefore"), "{whole}");
}

#[test]
fn a_search_goes_around_and_says_where_it_is() {
    let said = |person: &Person, text: &str| {
        assert!(seen(&person.state, text).is_some(), "{text}:\n{}", show::written(&show::buffer(&person.state)));
    };
    let mut person = person(15).types("4<enter>/overdue<enter>");
    for (key, place) in [("n", "1 of 2 lines"), ("n", "2 of 2 lines"), ("n", "1 of 2 lines"), ("N", "2 of 2 lines")] {
        person = person.types(key);
        said(&person, place);
    }
    let person = person.types("<esc>");
    assert!(seen(&person.state, "search:").is_none());
    said(&person.types("/nothing of it<enter>n"), "not here");
}

#[test]
fn a_filter_narrows_by_path_group_and_number_and_escape_brings_all_back() {
    let ids = |person: &Person| person.state.rows().map(|row| row.id.0).collect::<Vec<_>>();
    assert_eq!(ids(&person(15).types("/legacy<enter>")), [7, 8, 9]);
    assert_eq!(ids(&person(15).types("/HELD<enter>")), [7, 8, 9]);
    assert_eq!(ids(&person(15).types("/#13<enter>")), [13]);
    let person = person(15).types("/clippy<enter>");
    assert_eq!((ids(&person), person.state.selected), (vec![15], Some(TaskId(15))));
    assert_eq!(ids(&person.types("<esc>")).len(), busy().rows.len());
}

#[test]
fn the_selection_stays_on_its_task_or_goes_to_its_neighbour() {
    let mut view = busy();
    let moved = view.rows.iter().position(|row| row.id == TaskId(16)).expect("a row");
    view.rows[moved].group = Group::Working;
    let row = view.rows.remove(moved);
    view.rows.insert(3, row);
    let person = person(16).sends(Event::Seen(Box::new(view.clone())));
    assert_eq!(person.state.selected, Some(TaskId(16)), "it went to another group");
    view.rows.retain(|row| row.id != TaskId(16));
    let person = person.sends(Event::Seen(Box::new(view)));
    assert_eq!(person.state.selected, Some(TaskId(7)), "what stands there now");
    let person = person.sends(Event::Seen(Box::default()));
    assert_eq!(person.state.selected, None);
}

#[test]
fn ten_thousand_tasks_end_where_they_should() {
    let mut view = busy();
    let rows = (0..10_000)
        .map(|id| super::screens::fixture::row(Group::Failed, &task(1000 + id, "unit", None, TaskState::Queued)));
    view.rows.extend(rows);
    view.rows.sort_by_key(|row| row.group);
    let person = Person::before(view, Some(14), SIZE).types("G");
    assert_eq!(person.state.selected, Some(TaskId(5)), "what is done stands below what failed");
    assert!(seen(&person.state, "#10999").is_some() && seen(&person.state, " end ").is_some());
    let person = person.types("<ctrl+u>kkgg");
    assert_eq!(person.state.selected, Some(TaskId(14)));
    assert!(seen(&person.state, "more below").is_some() && seen(&person.state, "FAILED 10002").is_some());
}

#[test]
fn what_failed_is_said_where_it_is_out_of_sight_and_is_gone_to_after_what_waits() {
    let person = Person::before(busy(), Some(14), (80, 24));
    assert!(seen(&person.state, "2 failed: ! shows").is_some(), "the list is longer than the screen");
    let person = person.types("!!");
    assert_eq!(person.state.selected, Some(TaskId(12)), "after #11, which asks");
    assert!(seen(&person.state, "2 failed: ! shows").is_none(), "they are in sight");
    let mut view = busy();
    view.rows.retain(|row| row.group == Group::Done);
    let person = Person::before(view, None, SIZE).types("!");
    assert!(seen(&person.state, "nothing waits for you").is_some());
}

#[test]
fn branches_fold_by_key_and_by_mouse_and_stay_so_while_one_looks_elsewhere() {
    let day = || Person::before(super::screens::work::day(), Some(24), SIZE).types("6<enter>gg");
    let drawn = |person: &Person| show::written(&show::buffer(&person.state));
    let person = day();
    let (column, row) = seen(&person.state, "▾ ✓ #21").expect("the root of the tree");
    let person = person.types("j<space>");
    assert!(seen(&person.state, "▸ ✓ #21").is_some() && seen(&person.state, "7 below").is_some(), "{}", drawn(&person));
    let person = person.types("1").types("6");
    assert!(seen(&person.state, "7 below").is_some(), "another tab unfolds nothing");
    let person = clicks(person, (column, row));
    assert!(seen(&person.state, "▾ ✓ #21").is_some(), "{}", drawn(&person));
    let person = clicks(person, (column, row));
    assert!(seen(&person.state, "7 below").is_some(), "{}", drawn(&person));
    // Beside the sign a click marks, and a second one goes there.
    let person = clicks(clicks(person, (column + 4, row)), (column + 4, row));
    assert_eq!(person.state.selected, Some(TaskId(21)));
    let person = day().types("jj<space>");
    assert!(seen(&person.state, "nothing is marked that folds").is_some(), "{}", drawn(&person));
}

#[test]
fn events_are_filtered_by_state_type_and_text() {
    let person = || Person::before(super::screens::events::happening(), Some(24), SIZE).types("E");
    let heads = |person: &Person| {
        let buffer = show::buffer(&person.state);
        let words = ["pending", "processed", "unroutable", "failed  "];
        let is_head = |row: &&str| words.iter().any(|word| row.contains(word)) && row.contains("from");
        show::written(&buffer).lines().filter(is_head).count()
    };
    let all = heads(&person());
    for (filter, found) in
        [("state:failed", 1), ("pending", 1), ("type:deploy", 1), ("state:processed type:audit", 1), ("nowhere", 0)]
    {
        let person = person().types(&format!("/{filter}<enter>"));
        assert_eq!(heads(&person), found, "{filter}:\n{}", show::written(&show::buffer(&person.state)));
        assert!(seen(&person.state, &format!("Events {found} of {all}")).is_some(), "{filter}");
        // One escape shows all again, the next one closes the page.
        let person = person.types("<esc>");
        assert_eq!(heads(&person), all);
        assert!(person.types("<esc>").state.page.is_none());
    }
    let person = person().types("/x<esc>h/");
    assert!(seen(&person.state, "only the tasks and the events can be filtered").is_some());
}

#[test]
fn run_checks_and_fix_are_commands() {
    let person = person(7).types("fc");
    let commands: Vec<&Command> = person
        .intents
        .iter()
        .filter_map(|intent| match intent {
            Intent::Command(command) => Some(command),
            _ => None,
        })
        .collect();
    assert_eq!(commands, [&Command::Fix { task: TaskId(7) }, &Command::Check]);
}

#[test]
fn the_planners_terminal_says_what_is_done_there_and_how_to_leave() {
    for (size, says) in
        [((120, 36), "will ask for a plan for #16 when it is idle"), ((80, 24), "will ask for a plan for #16")]
    {
        let mut view = idle();
        view.head.planner = Some(SessionId(7));
        view.head.planner_says = "will ask for a plan for #16 when it is idle".to_owned();
        let person = Person::before(view, None, size).types("t");
        assert_eq!(person.state.terminal.as_ref().map(|shown| shown.session), Some(SessionId(7)));
        assert_eq!(seen(&person.state, " planner ─ "), Some((2, 0)));
        assert_eq!(seen(&person.state, says).map(|(_, row)| row), Some(0));
        assert_eq!(seen(&person.state, " ctrl+q leaves ──").map(|(_, row)| row), Some(0));
    }
}
