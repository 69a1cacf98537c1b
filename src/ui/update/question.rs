//! Opens questions: before anything that cannot be taken back easily, and where a person has to decide.

use super::arrive::{fetch_if_new, say};
use super::{reply, review};
use crate::core::command::Command;
use crate::core::view::{Course, Group, Row};
use crate::model::check::Verdict;
use crate::model::hold::Snooze;
use crate::model::id::{BatchId, TaskId};
use crate::model::settings::LandMode;
use crate::model::task::{ReadyReason, TaskState};
use crate::ui::action::Action;
use crate::ui::event::{Intent, Leave};
use crate::ui::popup::{Ask, Asked, BY_YOU, Choice, Popup, Subject, planned_sessions};
use crate::ui::state::{Filter, State};
use crate::ui::toast::Tone;

/// The short snooze, in seconds.
const SNOOZE: u64 = 600;

fn wish(command: Command) -> Vec<Intent> {
    vec![Intent::Command(command)]
}

fn land(task: TaskId) -> Command {
    Command::Land { task, result: None, agree: None }
}

/// The same letter is the same answer everywhere: `y` says yes to what the border asks, `n` leaves all as it is, and what
/// has a key in the list has that key here.
fn open(state: &mut State, asked: Asked, row: Row, choices: Vec<Choice>) {
    state.popups.push(Popup::Ask(Ask::new(Subject::Task(asked, Box::new(row)), choices)));
    review::remember_shown(state);
}

/// Asks what to do with a result that waits for a person: the selected one, or else the oldest.
pub(super) fn answer(state: &mut State) -> Vec<Intent> {
    let selected = state.row().filter(|row| row.group == Group::NeedsYou);
    let row = selected.or_else(|| state.view.rows.iter().find(|row| row.group == Group::NeedsYou)).cloned();
    let Some(row) = row else { return Vec::new() };
    if state.selected != Some(row.id) {
        state.filter = Filter::default();
        state.selected = Some(row.id);
    }
    let intents = fetch_if_new(state, false);
    if let Some(batch) = plan_of(&row) {
        plan(state, batch);
        return intents;
    }
    if reply::open(state, row.id) {
        return intents;
    }
    if is_first(state, &row) && row.allowed.land {
        let choices = first(row.id);
        open(state, Asked::First, row, choices);
    } else {
        let choices = answers(&row);
        open(state, Asked::Answer, row, choices);
    }
    intents
}

/// Returns the plan that a row is part of, if that waits for a yes.
fn plan_of(row: &Row) -> Option<BatchId> {
    row.work.as_ref().filter(|_| row.allowed.approve)?.batch
}

/// Asks whether a plan is carried out; one session of it can be started alone, if it is the selected one.
pub(super) fn plan(state: &mut State, batch: BatchId) {
    let sessions = planned_sessions(state, batch);
    let (count, at_once) = (sessions.len(), sessions.iter().filter(|row| row.allowed.fix).count());
    let alone = state.row().filter(|row| plan_of(row) == Some(batch) && row.allowed.fix && count > 1);
    let alone = alone.map(|row| row.id);
    let all = match (count, at_once) {
        (1, _) => "yes, start it".to_owned(),
        (_, now) if now == count => format!("yes, start all {count}"),
        (_, now) => format!("yes, start all of it: {now} now, {} as they can", count - now),
    };
    let mut choices = vec![Choice::new('y', all, wish(Command::Approve { batch })).or("yes, start all of it")];
    let only = |task| Choice::new('o', format!("only {task}, and ask again"), wish(Command::Fix { task }));
    choices.extend(alone.map(only));
    let refuse = wish(Command::Decline { batch });
    choices.push(Choice::new('D', "no, throw the whole plan away", refuse).or("no, throw it away"));
    choices.push(not_now());
    state.popups.push(Popup::Ask(Ask::new(Subject::Plan(batch), choices)));
}

/// Asks whether a plan is thrown away. Its yes is another one than that of [`plan`], under the same key.
fn no_plan(state: &mut State, batch: BatchId) {
    let away = Choice::new('y', "yes, throw the whole plan away", wish(Command::Decline { batch }));
    let ask = Ask::new(Subject::NoPlan(batch), vec![away.or("yes, throw it away"), not_now()]);
    state.popups.push(Popup::Ask(ask));
}

/// Whether nobody has said yet what becomes of verified fixes in this project.
fn is_first(state: &State, row: &Row) -> bool {
    let detail = state.told().and_then(|story| story.detail.as_ref()).filter(|detail| detail.task.id == row.id);
    row.why == ReadyReason::First.to_string()
        || detail.is_some_and(|detail| detail.task.state == TaskState::Ready(ReadyReason::First))
}

fn first(task: TaskId) -> Vec<Choice> {
    let land = |mode| wish(Command::Land { task, result: None, agree: Some(mode) });
    vec![
        Choice::informed('y', "yes, land it, and ask each time", land(LandMode::Ask)),
        // Not what a hasty enter gives, nor a key that is held down.
        Choice::informed('A', "yes, land it, and from now on land verified fixes without asking", land(LandMode::Auto))
            .or("yes, and all from now on"),
        Choice::new('D', "throw it away", wish(Command::Refuse { task, result: None })),
        not_now(),
    ]
}

fn not_now() -> Choice {
    Choice::new('n', "not now", Vec::new())
}

fn answers(row: &Row) -> Vec<Choice> {
    let Row { id: task, allowed, .. } = *row;
    let all = [
        (allowed.land, Choice::informed('y', "yes, land it", wish(land(task)))),
        (allowed.undo, Choice::informed('u', "take the landing back", wish(Command::Undo { task }))),
        (allowed.retry, Choice::new('r', "try again", wish(Command::Retry { task }))),
        (allowed.refuse, Choice::new('D', "throw it away", wish(Command::Refuse { task, result: None }))),
        (true, not_now()),
    ];
    all.into_iter().filter_map(|(is_allowed, choice)| is_allowed.then_some(choice)).collect()
}

/// Whether a person wants to hold what they hold already.
pub(super) fn is_held_already(state: &State, action: Action) -> bool {
    action == Action::Hold && state.row().is_some_and(|row| row.why == BY_YOU)
}

/// Asks about the selected task, or does at once what is easily taken back.
pub(super) fn about(state: &mut State, action: Action) -> Vec<Intent> {
    let Some(row) = state.row().cloned() else { return Vec::new() };
    let task = row.id;
    if let Some(batch) = plan_of(&row).filter(|_| matches!(action, Action::Fix | Action::Refuse)) {
        match action {
            Action::Refuse => no_plan(state, batch),
            _ => plan(state, batch),
        }
        return Vec::new();
    }
    if is_held_already(state, action) {
        let key = state.keymap.key_of(Action::Fix);
        say(state, Tone::Note, format!("{task} is held already; {key} starts it"));
        return Vec::new();
    }
    // The key of a yes is another one than the key that asks: holding a key down too long is no answer.
    let (asked, yes) = match action {
        Action::Kill => (Asked::Kill, Choice::new('y', format!("yes, kill {task}"), wish(Command::Kill { task }))),
        Action::Undo => {
            (Asked::Undo, Choice::informed('y', format!("yes, take {task} back"), wish(Command::Undo { task })))
        }
        Action::Land if is_first(state, &row) => {
            open(state, Asked::First, row, first(task));
            return Vec::new();
        }
        Action::Land => (Asked::Land, Choice::informed('y', format!("yes, land {task}"), wish(land(task)))),
        Action::Refuse => {
            let text = format!("yes, throw the result of {task} away");
            (Asked::Refuse, Choice::new('y', text, wish(Command::Refuse { task, result: None })))
        }
        Action::Snooze => {
            snooze(state, row);
            return Vec::new();
        }
        Action::Hold => return wish(Command::Hold { task }),
        _ => return Vec::new(),
    };
    open(state, asked, row, vec![yes, not_now()]);
    Vec::new()
}

fn snooze(state: &mut State, row: Row) {
    let task = row.id;
    let until = |until| wish(Command::Snooze { task, until });
    let is_green = state
        .view
        .checks
        .iter()
        .any(|check| row.check.as_ref() == Some(&check.key) && check.verdict == Some(Verdict::Green));
    let mut choices = Vec::new();
    if row.allowed.unsnooze {
        choices.push(Choice::new('z', "end the snooze", wish(Command::Unsnooze { task })));
    }
    if row.allowed.snooze {
        choices.push(Choice::new('m', "for 10 minutes", until(Snooze::For(SNOOZE))));
    }
    if row.allowed.snooze && !is_green {
        choices.push(Choice::new('g', "until it is green", until(Snooze::UntilGreen)));
    }
    if let Some(branch) = state.view.head.branch.as_ref().filter(|_| row.allowed.snooze) {
        choices.push(Choice::new('b', format!("while you are on {branch}"), until(Snooze::OnBranch)));
    }
    choices.push(not_now());
    open(state, Asked::Snooze, row, choices);
}

/// Stops everything for now, or lets it go on; asks if a service said when that would make sense.
pub(super) fn pause(state: &mut State) -> Vec<Intent> {
    if state.view.head.paused {
        return wish(Command::Resume);
    }
    if state.view.head.parked.is_none() {
        return wish(Command::Pause);
    }
    let choices = vec![
        Choice::new('y', "yes, go on now", wish(Command::Resume)),
        Choice::new('p', "pause everything, until you say so", wish(Command::Pause)),
        not_now(),
    ];
    state.popups.push(Popup::Ask(Ask { marked: 2, ..Ask::new(Subject::GoOn, choices) }));
    Vec::new()
}

/// Leaves at once, or asks how while work runs.
pub(super) fn quit(state: &mut State) -> Vec<Intent> {
    if state.attached {
        return vec![Intent::Leave(Leave::LeaveRunning)];
    }
    if state.gone.is_some() || !state.is_working() {
        return vec![Intent::Leave(Leave::Finish)];
    }
    let is_stopping = matches!(state.view.head.course, Course::Stopping(..));
    let mut choices = Vec::new();
    if !is_stopping {
        let finish = vec![Intent::Leave(Leave::Finish)];
        choices.push(Choice::new('f', "finish: wait for what runs, then leave", finish).or("wait for it, then leave"));
    }
    let stop = vec![Intent::Leave(Leave::Stop)];
    choices.push(
        Choice::new('s', "stop: end it now; it begins again the next time, uncharged", stop).or("stop it, uncharged"),
    );
    if !is_stopping {
        let go_on = vec![Intent::Leave(Leave::LeaveRunning)];
        choices.push(Choice::new('l', "leave running: it goes on without a screen", go_on).or("leave it running"));
    }
    choices.push(not_now());
    state.popups.push(Popup::Ask(Ask::new(Subject::Leave, choices)));
    Vec::new()
}

/// Says that the supervisor is gone, unless it ended in order.
pub(super) fn gone(state: &mut State, why: &str) {
    let is_open = state.popups.iter().any(is_about_gone);
    // Nobody is left who could be told an answer.
    state.popups.retain(|popup| !matches!(popup, Popup::Ask(_) | Popup::Reply(_) | Popup::Write(_)));
    // Whoever has put that away is not told again, only because there is more to say.
    if !why.is_empty() && (state.gone.is_none() || is_open) {
        let choices = vec![
            Choice::new('q', "leave", vec![Intent::Leave(Leave::Finish)]),
            Choice::new('n', "not now: look at what is here", Vec::new()),
        ];
        review::open_unasked(state, Ask::new(Subject::Gone(why.to_owned()), choices));
    }
}

/// Takes in that there is a supervisor again: what was asked about the one that was gone is settled, and what was fetched
/// from it is fetched anew.
pub(super) fn back(state: &mut State) -> Vec<Intent> {
    state.popups.retain(|popup| !is_about_gone(popup));
    state.toast(Tone::Good, "the supervisor runs again: this is how it stands now", false);
    state.selected.map(Intent::Fetch).into_iter().collect()
}

fn is_about_gone(popup: &Popup) -> bool {
    matches!(popup, Popup::Ask(Ask { subject: Subject::Gone(_), .. }))
}
