//! Works out which task is next, and why the rest waits; what a person lets land goes past it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use crate::core::book::{self, Line, Wait};
use crate::core::effect::{Place, Work};
use crate::core::fact::Fact;
use crate::core::lanes::lane;
use crate::core::live::{Attempt, Due, JobOwner, Step};
use crate::core::queue::QUEUE_OFF;
use crate::core::supervisor::Supervisor;
use crate::core::waiters::Obstacle;
use crate::model::assignment::Lane;
use crate::model::attempt::Stage;
use crate::model::cost::Spent;
use crate::model::id::{Slot, TaskId};
use crate::model::path::ProjectPath;
use crate::model::settings::Isolation;
use crate::model::task::{FailReason, Task, TaskState};
use crate::model::time::{Moment, Now, Wall, brief};
use crate::model::workspace::GitOperation;

/// Why a task that could run does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The supervisor is stopping or not yet up.
    Down,
    /// A person paused everything.
    Paused,
    /// Its queue is paused, and why.
    LanePaused(Lane, String),
    /// The queue is off, and no person has said to start this.
    QueueOff(TaskId),
    /// The service refused.
    Parked(Option<Wall>, String),
    /// A line of the day's budget is reached, as the text says; until midnight, or until it is raised.
    Budget(Wall, String),
    /// The repository is in the middle of something.
    Operation(GitOperation),
    /// Its check is running or about to run in the user's tree.
    Checking,
    /// It failed and waits a little.
    Cooling(Wall),
    /// It starts when nothing was saved for a while.
    Quiet(Moment),
    /// Its last attempt is still ending.
    Ending,
    /// Another task goes first: both may touch this, or only one may work in the tree.
    Behind(TaskId, Option<ProjectPath>),
    /// The result of another task must land first, or be refused: both are about this.
    Unlanded(TaskId, ProjectPath),
    /// What was filed together has used up what it may cost.
    Batch(String),
    /// All agents are busy.
    Slots,
    /// Its subject failed too often.
    Breaker(u32, Wall),
}

impl Waiting {
    /// Says why, for a row.
    pub fn text(&self, now: Now, window: Duration) -> String {
        match self {
            Self::Down => "waits for the supervisor".to_owned(),
            Self::Paused => "paused".to_owned(),
            Self::LanePaused(lane, why) => format!("the {lane} lane is paused: {why}"),
            Self::QueueOff(task) => {
                format!("the queue is off: {QUEUE_OFF}; `orchestrator-tui fix {}` starts it", task.0)
            }
            Self::Parked(None, why) | Self::Batch(why) => format!("parked: {why}"),
            Self::Parked(Some(until), why) => format!("parked until {}: {why}", until.iso()),
            Self::Budget(_, why) => {
                format!("parked until midnight: {why}; `orchestrator-tui costs --raise 10` goes on today")
            }
            Self::Operation(operation) => format!("waits: {operation} under way"),
            Self::Checking => "waits for its check".to_owned(),
            Self::Cooling(until) => format!("cooling {}", brief(until.since(now.wall))),
            Self::Quiet(at) => format!("starts when you pause: {}", brief(at.since(now.moment))),
            Self::Ending => "waits for the end of its last attempt".to_owned(),
            Self::Behind(task, None) => format!("waits for {task}"),
            Self::Behind(task, Some(path)) => format!("waits for {task}: both may change {path}"),
            Self::Unlanded(task, path) => {
                format!("waits until {task} has landed: it changed {path}; `orchestrator-tui land {}`", task.0)
            }
            Self::Slots => "waits for a free agent".to_owned(),
            Self::Breaker(failures, _) => format!("paused by breaker: {failures} failures in {}", whole(window)),
        }
    }
}

/// Writes a window as a person set it: `1 h`, `30 min`, or in seconds.
fn whole(window: std::time::Duration) -> String {
    match window.as_secs() {
        seconds if seconds > 0 && seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds > 0 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        _ => brief(window),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tree => f.write_str("your tree"),
            Self::Workspace(Slot(number)) => write!(f, "workspace {number}"),
        }
    }
}

/// What the next step of scheduling is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// This task starts.
    Starts(TaskId),
    /// This task has used up its money.
    Broke(TaskId),
}

impl Supervisor {
    /// Says why a task does not run; `None` if it may start now, or is no candidate at all.
    pub fn waiting(&self, task: &Task) -> Option<Waiting> {
        let wait = Wait::of(task)?;
        self.standstill()
            .or_else(|| self.paused_lane(task))
            .or_else(|| self.is_off(task).then_some(Waiting::QueueOff(task.id)))
            .or_else(|| self.breaker(task))
            .or_else(|| self.is_looking(task).then_some(Waiting::Checking))
            .or_else(|| self.pause(&wait))
            .or_else(|| self.live.attempts.contains_key(&task.id).then_some(Waiting::Ending))
            .or_else(|| self.goes_before(task))
            .or_else(|| self.waits_for_batch(task).map(Waiting::Batch))
            .or_else(|| (!self.has_slot(lane(task))).then_some(Waiting::Slots))
    }

    /// Says why nothing starts at all before something happens that is not ours to decide.
    fn standstill(&self) -> Option<Waiting> {
        if !self.is_up() {
            return Some(Waiting::Down);
        }
        if self.book.paused {
            return Some(Waiting::Paused);
        }
        if let Some((until, why)) = &self.book.parked {
            return Some(Waiting::Parked(*until, why.clone()));
        }
        if let Some(line) = self.day_line() {
            return Some(Waiting::Budget(self.midnight(), self.used_up(line, self.spent_today())));
        }
        self.live.repository.operation.map(Waiting::Operation)
    }

    fn paused_lane(&self, task: &Task) -> Option<Waiting> {
        let lane = lane(task);
        self.book.lanes.why(lane).map(|why| Waiting::LanePaused(lane, why.to_owned()))
    }

    pub(crate) fn breaker(&self, task: &Task) -> Option<Waiting> {
        if task.forced || self.book.breakers.is_empty() {
            return None;
        }
        let (failures, until) = self.book.breakers.get(&book::subject(task))?;
        (*until > self.live.now.wall).then_some(Waiting::Breaker(*failures, *until))
    }

    /// Whether more is about to be known about a task: its check runs, files changed, or a landing is looked after.
    fn is_looking(&self, task: &Task) -> bool {
        let recovering = |owner: &JobOwner| matches!(owner, JobOwner::Recover(id, _) if *id == task.id);
        self.live.burst.is_some() || self.is_checking_for(task) || self.live.jobs.values().any(recovering)
    }

    /// Says until when a task pauses: after a failed attempt, or while the user types.
    fn pause(&self, wait: &Wait) -> Option<Waiting> {
        let now = self.live.now;
        if let Some(until) = wait.cooling.filter(|until| *until > now.wall) {
            return Some(Waiting::Cooling(until));
        }
        let filed = wait.filed.filter(|_| !self.live.until_idle)?;
        let after = self.settings.fix.after;
        let since_red = now.moment.after(after.saturating_sub(now.wall.since(filed)));
        let at = self.live.saved.map_or(since_red, |saved| since_red.max(saved.after(after)));
        (at > now.moment).then_some(Waiting::Quiet(at))
    }

    /// Whether some waiting task will go on by itself.
    pub(crate) fn will_anything_move(&self) -> bool {
        self.standstill().is_none()
            && self.book.index.waiting().any(|id| self.book.task(id).is_some_and(|task| self.will_wait_its_turn(task)))
    }

    /// Returns the moments at which something may start because time has passed.
    pub(crate) fn schedule_wakes(&self) -> impl Iterator<Item = Moment> {
        let now = self.live.now;
        let parked = self.book.parked.as_ref().and_then(|(until, _)| *until);
        let walls = parked.into_iter().chain(self.live.due.wall);
        walls.map(move |wall| now.moment.after(wall.since(now.wall))).chain(self.live.due.moment)
    }

    /// Ends a parking whose time has come.
    pub(crate) fn unpark(&mut self) {
        if self.book.parked.as_ref().is_some_and(|(until, _)| until.is_some_and(|until| until <= self.live.now.wall)) {
            self.record(Fact::Unparked);
        }
    }

    /// Starts attempts for tasks that may run, in turn.
    pub(crate) fn start_attempts(&mut self) {
        let now = self.live.now;
        let due = self.live.due;
        let is_due = due.wall.is_some_and(|wall| wall <= now.wall) || due.moment.is_some_and(|at| at <= now.moment);
        if self.live.one_command || (!self.live.look && !is_due) {
            return;
        }
        while let Some(turn) = self.next_turn() {
            match turn {
                Turn::Starts(task) if self.hold_unfit(task) => {}
                Turn::Starts(task) => self.start_attempt(task),
                Turn::Broke(task) => {
                    self.record(Fact::Ended { task, state: TaskState::Failed(FailReason::Budget) });
                }
            }
        }
        self.live.look = false;
        self.live.due = self.next_due();
    }

    /// Returns when the next waiting task may be due.
    fn next_due(&self) -> Due {
        let (now, after) = (self.live.now, self.settings.fix.after);
        if self.standstill().is_some() || self.live.burst.is_some() || self.open_lanes().is_empty() {
            // Something else comes first, and the machine hears of it.
            return Due::default();
        }
        let index = &self.book.index;
        let since = Wall(now.wall.0.saturating_sub(crate::model::time::millis(after)));
        let typed = (!self.live.until_idle).then(|| index.typed(since)).flatten().map(|filed| filed.after(after));
        let breakers = self.book.breakers.values().map(|(_, until)| Some(*until));
        Due {
            wall: breakers.chain([index.cools(now.wall), typed]).flatten().filter(|wall| *wall > now.wall).min(),
            moment: self.live.saved.map(|saved| saved.after(after)).filter(|at| *at > now.moment),
        }
    }

    /// Returns what comes next. It looks at each waiting task once, and again when what that stands behind has gone; only one
    /// that waits for anything else than what is an [`Obstacle`], such as its check, is looked at each time.
    fn next_turn(&mut self) -> Option<Turn> {
        if self.standstill().is_some() || self.live.burst.is_some() || self.is_tree_taken() {
            return None;
        }
        self.sort_waiters();
        let mut left = Vec::new();
        let turn = self.first_turn(|line| self.live.waiters.looked_at(line), &mut left);
        #[cfg(debug_assertions)]
        {
            let plain = self.first_turn(|line| self.book.index.waiting_at(line), &mut Vec::new());
            debug_assert!(
                turn == plain,
                "broken promise: {turn:?} comes next, and {plain:?} would if all were looked at"
            );
        }
        for (task, obstacle) in left {
            self.live.waiters.leave(task, obstacle);
        }
        turn
    }

    /// Whether an attempt works in the user's tree, or any other would: beside that nothing starts.
    fn is_tree_taken(&self) -> bool {
        let in_place = self.settings.fix.isolation == Isolation::InPlace;
        self.live.attempts.values().any(|attempt| in_place || attempt.place == Place::Tree)
    }

    /// Returns what comes next of these tasks, line by line, and what those before it stand behind.
    fn first_turn<'a>(
        &'a self,
        tasks: impl Fn(&Line) -> Option<&'a BTreeMap<TaskId, Wait>>,
        left: &mut Vec<(TaskId, Obstacle)>,
    ) -> Option<Turn> {
        self.open_lanes().into_iter().find_map(|lane| {
            self.book.index.waiting_in(lane).find_map(|(class, _)| {
                let mut sources = self.book.turns.in_order(lane, class);
                sources.find_map(|source| self.first_turn_of(tasks(&(lane, class, source))?, left))
            })
        })
    }

    fn first_turn_of(&self, tasks: &BTreeMap<TaskId, Wait>, left: &mut Vec<(TaskId, Obstacle)>) -> Option<Turn> {
        let due = tasks.iter().filter(|(_, wait)| self.pause(wait).is_none());
        for task in due.filter_map(|(id, _)| self.book.task(*id)) {
            if self.task_line(task).is_some() {
                return Some(Turn::Broke(task.id));
            }
            match self.waiting(task) {
                None => return Some(Turn::Starts(task.id)),
                // All of one source share what they may cost.
                Some(Waiting::Batch(_)) => return None,
                Some(waiting) => left.extend(self.obstacle_of(task, &waiting).map(|obstacle| (task.id, obstacle))),
            }
        }
        None
    }

    fn start_attempt(&mut self, id: TaskId) {
        let Some(task) = self.task(id) else { return };
        let number = task.charged + 1;
        let slot = self.live.free_slot();
        self.record(Fact::AttemptStarted { task: id, number, slot, landing: false });
        self.record(self.staged(id, Stage::Prepare));
        let job = self.give(JobOwner::Attempt(id), Work::Snapshot, None);
        let attempt = self.new_attempt(&task, number, slot, Step::Snapshot(job), Stage::Prepare);
        self.live.attempts.insert(id, attempt);
    }

    /// Returns a new attempt in the given step.
    pub(crate) fn new_attempt(&self, task: &Task, number: u32, slot: Slot, step: Step, stage: Stage) -> Attempt {
        // Without a planner the stage is shown until it was said why there is none.
        let planned = self.is_planned(number) && (self.planner().is_ok() || !self.live.planner.said);
        let place = match self.settings.fix.isolation {
            Isolation::InPlace if task.check().is_some() => Place::Tree,
            // What is no fix is looked at before it lands, or only read: there is nothing to do in place.
            Isolation::Worktree | Isolation::InPlace => Place::Workspace(slot),
        };
        Attempt {
            number,
            lane: lane(task),
            slot,
            place,
            began: self.live.now.wall,
            step,
            stage,
            ending: None,
            workflow: self.workflow_of(task, planned),
            has_fixers: task
                .check()
                .and_then(|key| self.check(&key.check))
                .is_some_and(|check| !check.fixers.is_empty()),
            base: None,
            composed: false,
            lacks: Vec::new(),
            lacks_file: false,
            red: None,
            fixers_done: false,
            only_lands: false,
            unasked: false,
            said: None,
            outcome: None,
            exit: None,
            over: None,
            heard: None,
            asks_since: None,
            waited: Duration::ZERO,
            allowance: None,
            by: String::new(),
            spent: Spent::default(),
            result: None,
            queue: VecDeque::new(),
            green: Vec::new(),
            accepted: None,
            merged: None,
            merges: 0,
            landing: None,
            files: Vec::new(),
            dirty: false,
            turned_red: None,
            rolling: None,
            held_after: None,
        }
    }
}
