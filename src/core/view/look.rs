//! Looks at the machine and writes down what there is to see.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::board::{Allowed, CheckRow, Course, Detail, Group, Head, LaneRow, Row, View};
use super::costs;
use super::events::Events;
use super::stats::Stats;
use super::work::Work;
use crate::core::book::CheckStatus;
use crate::core::landing_order::Before;
use crate::core::live::{Attempt, Owner, Phase, Step};
use crate::core::schedule::Waiting;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::Lane;
use crate::model::attempt::AttemptEnd;
use crate::model::budget::Limit;
use crate::model::check::CheckKey;
use crate::model::hold::{HoldReason, SnoozeEnd};
use crate::model::id::{SessionId, TaskId};
use crate::model::question::Question;
use crate::model::settings::{AgentKind, Planner, Settings};
use crate::model::task::{FailReason, ReadyReason, Task, TaskState};
use crate::model::time::{Moment, Wall, millis};

/// Says why an agent does not begin although this line is not reached.
pub fn short(line: Limit) -> &'static str {
    match line {
        Limit::BatchUsd => "waits: the rest of max_cost_usd is promised to agents that run",
        Limit::DayUsd | Limit::DayTokens | Limit::TaskUsd | Limit::TaskTokens => {
            "waits: the rest of today's money is promised to agents that run"
        }
    }
}

/// What is found out once for all rows.
struct Around {
    /// Tasks whose check is green.
    green: BTreeSet<TaskId>,
    /// Sessions of plans that wait for a yes, and why they wait; whether one stands for all of its plan.
    plans: BTreeMap<TaskId, (bool, String)>,
}

impl Around {
    /// Says that a plan waits for a yes, of a task that would start with it.
    fn plan(&self, task: &Task) -> Option<String> {
        let (_, why) = self.plans.get(&task.id)?;
        (task.state == TaskState::Held(HoldReason::Created)).then(|| why.clone())
    }
}

impl Supervisor {
    /// Returns what every face draws from. Time grows with the number of remembered tasks, not with the past.
    pub fn view(&self) -> View {
        View {
            head: self.head(),
            checks: self.check_rows(),
            rows: self.rows(),
            costs: self.costs().short(),
            stats: Stats::of(&self.book),
            batches: self.batch_rows(),
            roles: self.role_rows(),
            events: Events::of(&self.book),
            questions: self.book.questions.values().cloned().collect(),
        }
    }

    /// Returns all about one task.
    pub fn detail(&self, id: TaskId) -> Option<Detail> {
        let task = self.book.task(id)?;
        let workflow = self.live.attempts.get(&id).map_or_else(
            || self.workflow_of(task, self.settings.fix.planner == Planner::Always && self.planner().is_ok()),
            |attempt| attempt.workflow.clone(),
        );
        let run = self.status_of(task).map(|status| (*status.last).clone());
        let event = task.assignment().and_then(|assignment| self.happening(assignment.event?)).map(Box::new);
        Some(Detail { task: (**task).clone(), stages: workflow.stages, run, event })
    }

    /// Returns the calendar time of a moment of this process; the same one whenever it is asked.
    fn wall_of(&self, moment: Moment) -> Wall {
        let anchor = self.live.anchor;
        if moment >= anchor.moment {
            anchor.wall.after(moment.since(anchor.moment))
        } else {
            Wall(anchor.wall.0.saturating_sub(millis(anchor.moment.since(moment))))
        }
    }

    fn head(&self) -> Head {
        let (statistics, this_run) = (self.book.statistics, self.book.this_run);
        let running = self.live.attempts.values().map(|attempt| attempt.spent);
        Head {
            pid: self.book.process.pid,
            started: self.book.process.started,
            beat: self.book.process.beat,
            heartbeat: millis(self.settings.limits.heartbeat),
            course: match self.live.phase {
                Phase::Asleep => Course::Starting,
                Phase::Up => Course::Up,
                Phase::Stopping { asked, until } => Course::Stopping(asked, self.wall_of(until)),
                Phase::Gone => Course::Gone,
            },
            branch: self.live.repository.branch.clone(),
            operation: self.live.repository.operation.map(|operation| operation.to_string()),
            files: self.live.files.len(),
            paused: self.book.paused,
            parked: self.book.parked.clone(),
            fixing: self.settings.fix.enabled,
            refused: self.book.refused.clone(),
            settled: self.book.settled.back().map(|settled| (settled.question, settled.text())),
            agent: agent_name(&self.settings),
            planner: self.live.planner.session,
            planner_says: self.planner_says(),
            health: self.book.health.clone(),
            lanes: Lane::ALL.into_iter().filter_map(|lane| self.lane_row(lane)).collect(),
            spent: running.fold(statistics.spent, |sum, spent| sum + spent),
            numbers: this_run.counts,
        }
    }

    fn lane_row(&self, lane: Lane) -> Option<LaneRow> {
        let at_work = u32::try_from(self.under_way(lane)).unwrap_or(u32::MAX);
        (lane == Lane::Fix || at_work > 0).then(|| LaneRow { lane, at_work, most: self.settings.width(lane) })
    }

    fn check_rows(&self) -> Vec<CheckRow> {
        let runs = self.live.checks().filter_map(|(session, running)| match &running.owner {
            Owner::Tree { stale: false, .. } => running.check.as_ref().map(|key| (key, (running.began, *session))),
            Owner::Tree { stale: true, .. } | Owner::Attempt(_) => None,
        });
        let runs: BTreeMap<&CheckKey, (Moment, SessionId)> = runs.collect();
        let row = |key: &CheckKey, status: Option<&CheckStatus>| CheckRow {
            key: key.clone(),
            verdict: status.map(|status| status.verdict),
            since: status.map(|status| status.since),
            took: status.map_or(0, |status| millis(status.last.took)),
            failures: status.map_or(0, |status| status.failures.len()),
            running: runs.get(key).map(|(began, _)| self.wall_of(*began)),
            wanted: self.live.wanted.contains_key(key),
            session: runs.get(key).map(|(_, session)| *session),
        };
        let new = runs.keys().copied().chain(self.live.wanted.keys()).filter(|key| !self.book.checks.contains_key(key));
        let new: BTreeSet<&CheckKey> = new.collect();
        let known = self.book.checks.iter().map(|(key, status)| row(key, Some(status)));
        let mut rows = Vec::with_capacity(self.book.checks.len() + new.len());
        rows.extend(known.chain(new.into_iter().map(|key| row(key, None))));
        if rows.len() > self.book.checks.len() {
            // Two sorted runs: this only merges them.
            rows.sort_by(|one: &CheckRow, other| one.key.cmp(&other.key));
        }
        rows
    }

    fn rows(&self) -> Vec<Row> {
        let (mut needs, mut working, mut held, mut pending) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let around = Around { green: self.green_tasks(), plans: self.plans() };
        for task in self.book.open() {
            match self.group(task, &around) {
                Group::NeedsYou => needs.push(task),
                Group::Working => working.push(task),
                Group::Held => held.push(task),
                Group::Queued if matches!(task.state, TaskState::Pending(_)) => pending.push(task),
                Group::Queued | Group::Done | Group::Failed => {}
            }
        }
        // Those that wait are kept in the order in which they will have their turn.
        let queued = Lane::ALL.into_iter().flat_map(|lane| self.book.in_turn(lane));
        let queued = queued.filter_map(|id| self.book.task(id));
        let mut over: Vec<&Arc<Task>> = self.book.over().collect();
        over.sort_by_key(|task| (group(&task.state), Reverse((task.ended, task.id))));
        let mut rows = Vec::with_capacity(self.book.tasks.len());
        let tasks = needs.into_iter().chain(working).chain(held).chain(queued).chain(pending).chain(over);
        rows.extend(tasks.map(|task| self.row(task, &around)));
        rows
    }

    /// Returns the tasks whose check is green now. With thousands of them this is much cheaper than to ask one by one.
    fn green_tasks(&self) -> BTreeSet<TaskId> {
        let mut statuses = self.book.checks.iter().peekable();
        let mut green = BTreeSet::new();
        for (key, task) in self.book.index.checks() {
            while statuses.next_if(|(known, _)| *known < key).is_some() {}
            if statuses.peek().is_some_and(|(known, status)| *known == key && status.is_green()) {
                green.insert(task);
            }
        }
        green.extend(self.book.over().filter(|task| self.is_green(task)).map(|task| task.id));
        green
    }

    fn row(&self, task: &Arc<Task>, around: &Around) -> Row {
        let (why, until) = match around.plan(task) {
            Some(why) => (why, None),
            None => self.why(task),
        };
        // One that is only ending is no news of a task that was held or ended meanwhile.
        let attempt = self.live.attempts.get(&task.id).filter(|_| task.state == TaskState::Running);
        Row {
            id: task.id,
            check: task.check().cloned(),
            title: task.title(),
            work: task.assignment().map(|assignment| Box::new(Work::of(task, assignment))),
            group: self.group(task, around),
            why,
            until,
            since: attempt.map(|attempt| attempt.began).or(task.ended),
            took: task
                .receipt
                .as_ref()
                .filter(|_| matches!(task.state, TaskState::Done(_)))
                .map(|receipt| millis(receipt.took)),
            stage: attempt.map(|attempt| attempt.stage).or(task.stage),
            session: attempt.and_then(|_| self.session_of(task.id)),
            attempts: (attempts(task), self.attempts_of(task)),
            spent: task.total(),
            quiet: attempt.and_then(|attempt| self.quiet_since(attempt)).map(|heard| self.wall_of(heard)),
            typical: self.typical(task),
            allowed: self.allowed(task, around),
        }
    }

    /// Says what such a fix costs and takes, while a person may decide whether one starts.
    pub(crate) fn typical(&self, task: &Task) -> Option<String> {
        let is_before = matches!(task.state, TaskState::Held(_));
        let key = task.check().filter(|_| is_before)?;
        self.book.ledger.typical(&key.check).map(costs::typical)
    }

    /// Returns the session in which something runs for a task; the newest, should an old one not have ended yet.
    fn session_of(&self, task: TaskId) -> Option<SessionId> {
        // What a headless agent writes is for us; its log tells it in words.
        let is_headless = |attempt: &Attempt| {
            let agent = self.settings.agents.get(&attempt.by);
            matches!(attempt.step, Step::Agent(Some(_))) && agent.is_some_and(|agent| agent.kind == AgentKind::Claude)
        };
        if self.live.attempts.get(&task).is_some_and(is_headless) {
            return None;
        }
        let mut sessions = self.live.sessions.iter().rev();
        sessions.find(|(_, running)| running.owner == Owner::Attempt(task)).map(|(session, _)| *session)
    }

    /// Returns the group of a task: whatever works on one that asks something waits for a person, and so does a plan, once.
    fn group(&self, task: &Task, around: &Around) -> Group {
        let stands_for_plan = around.plans.get(&task.id).is_some_and(|(stands, _)| *stands);
        if stands_for_plan || self.question_of(task.id).is_some() { Group::NeedsYou } else { group(&task.state) }
    }

    fn question_of(&self, task: TaskId) -> Option<&Question> {
        self.book.questions.values().find(|question| question.task == task)
    }

    /// Says why a task is where it is, and until when, if that is known.
    fn why(&self, task: &Task) -> (String, Option<Wall>) {
        let window = self.settings.fix.breaker.window;
        let now = self.live.now;
        if let Some(question) = self.question_of(task.id) {
            return (question.ask.about.brief(), None);
        }
        match &task.state {
            TaskState::Queued | TaskState::Cooling { .. } => match self.waiting(task) {
                None => ("starting".to_owned(), None),
                Some(Waiting::Quiet(at)) => ("starts when you pause".to_owned(), Some(self.wall_of(at))),
                Some(Waiting::Cooling(until)) => ("cooling".to_owned(), Some(until)),
                Some(Waiting::Breaker(failures, until)) => {
                    (Waiting::Breaker(failures, until).text(now, window), Some(until))
                }
                Some(Waiting::Budget(until, why)) => (format!("parked: {why}"), Some(until)),
                Some(Waiting::Parked(until, why)) => (format!("parked: {why}"), until),
                Some(
                    other @ (Waiting::Down
                    | Waiting::Paused
                    | Waiting::LanePaused(..)
                    | Waiting::QueueOff(_)
                    | Waiting::Operation(_)
                    | Waiting::Checking
                    | Waiting::Ending
                    | Waiting::Behind(..)
                    | Waiting::Unlanded(..)
                    | Waiting::Batch(_)
                    | Waiting::Slots),
                ) => (other.text(now, window), None),
            },
            TaskState::Running => {
                let gate = self.live.attempts.get(&task.id).map(|attempt| &attempt.step);
                let waits = matches!(gate, Some(Step::Gate | Step::Agent(None)));
                match self.live.repository.operation.filter(|_| waits) {
                    Some(operation) => (Waiting::Operation(operation).text(now, window), None),
                    None if matches!(gate, Some(Step::Gate))
                        && let Some(Before::Lands(first)) = self.lands_after(task) =>
                    {
                        (format!("lands after {first}"), None)
                    }
                    None if let Some(why) = self.plan_waits(task.id) => (why, None),
                    None if let Some(line) = self.waits_for_money(task.id) => (short(line).to_owned(), None),
                    None => (
                        task.stage.map_or("starting", |stage| stage.name_for(task.assignment().is_some())).to_owned(),
                        None,
                    ),
                }
            }
            TaskState::Held(HoldReason::Snoozed { until: SnoozeEnd::At(until), .. }) => {
                ("held: snoozed".to_owned(), Some(*until))
            }
            TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => (task.reason(now.wall), None),
        }
    }

    /// Returns the commands that would not be refused, by the same rules by which they are.
    fn allowed(&self, task: &Task, around: &Around) -> Allowed {
        Allowed {
            fix: self.may_fix(task),
            retry: self.may_retry(task, |task| around.green.contains(&task.id)).is_ok(),
            kill: self.may_kill(task),
            undo: self.may_undo(task),
            land: self.may_land(task),
            refuse: self.may_refuse(task),
            message: self.may_message(task),
            hold: self.may_hold(task),
            snooze: self.may_snooze(task),
            unsnooze: task.check().is_some_and(|key| self.book.snoozed.contains_key(key)),
            approve: around.plans.contains_key(&task.id),
        }
    }
}

/// Returns what the agent is called that fixes: as the configuration names it, unless it only kept the name of the
/// built-in one and is another program.
fn agent_name(settings: &Settings) -> String {
    let Some(role) = settings.roles.get("fixer") else { return String::new() };
    let agent = settings.agents.get(&role.agent);
    if agent.is_some_and(|agent| agent.args.first().is_some_and(|arg| arg == "rehearsal")) {
        return "rehearsal".to_owned();
    }
    let program = agent.map(|agent| agent.program.as_str()).unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default();
    if role.agent == "claude" && !program.is_empty() { program.to_owned() } else { role.agent.clone() }
}

/// Returns how many attempts a task has used up, the running one included; one that was parked or interrupted is none.
pub fn attempts(task: &Task) -> u32 {
    let counts = |end: &AttemptEnd| end.is_charged() || *end == AttemptEnd::Verified;
    let made = task.attempts.iter().filter(|attempt| counts(&attempt.end)).map(|attempt| attempt.number).max();
    let made = made.unwrap_or(0);
    if task.state == TaskState::Running { made.max(task.charged + 1) } else { made }
}

fn group(state: &TaskState) -> Group {
    match state {
        TaskState::Running | TaskState::Ready(ReadyReason::InTurn(_)) => Group::Working,
        TaskState::Ready(_) | TaskState::Review(_) => Group::NeedsYou,
        TaskState::Held(_) | TaskState::Blocked(_) => Group::Held,
        TaskState::Queued | TaskState::Pending(_) | TaskState::Cooling { .. } => Group::Queued,
        TaskState::Done(_)
        | TaskState::Failed(FailReason::Killed | FailReason::Undone | FailReason::Refused | FailReason::NotWanted(_)) => {
            Group::Done
        }
        TaskState::Failed(
            FailReason::Escalated { .. }
            | FailReason::EnvironmentDiffers
            | FailReason::WorkspaceUnusable { .. }
            | FailReason::Budget
            | FailReason::NotVerified(_)
            | FailReason::CheckBroken { .. },
        ) => Group::Failed,
    }
}
