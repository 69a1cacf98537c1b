//! Orchestrates: lets a requirement be taken apart, files what comes out of it, and starts it after a yes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::command::{Answer, Refusal, Refused};
use crate::core::decompose::{arranged, by_words};
use crate::core::fact::Fact;
use crate::core::hold::CHECKS_ONLY;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::{Assignment, Batch, BatchKind, Lane, Mode, Project};
use crate::model::filing::{After, Filing, NewBatch, NewTask, Redo};
use crate::model::hold::HoldReason;
use crate::model::id::{BatchId, TaskId};
use crate::model::orchestration::Wish;
use crate::model::outcome::Component;
use crate::model::task::{DoneReason, FailReason, Task, TaskState};

/// The role that takes requirements apart.
pub const COORDINATION: &str = "coordination";

/// The workflow of sessions.
const WORKFLOW: &str = "session";

/// The longest requirement, in bytes: what a prompt has room for.
const LONGEST: usize = 14_000;

/// The longest name of a session, in characters.
const NAME: usize = 80;

impl Supervisor {
    /// Begins to take a requirement apart: by an agent if one can be asked, else by its words.
    pub(crate) fn orchestrate(&mut self, wish: Wish) -> Result<Answer, Refusal> {
        let requirement = wish.project.requirements.trim().to_owned();
        if requirement.is_empty() || requirement.len() > LONGEST {
            return Err(Refusal::because(format!("a requirement has between 1 and {LONGEST} bytes")));
        }
        let (mode, start) = (wish.mode, wish.start);
        let kind = BatchKind::Orchestration { requirement: requirement.clone(), mode, start };
        let batch = NewBatch { kind, budget: None, again: None, redo: Redo::Changed };
        let mut project = wish.project;
        project.requirements.clone_from(&requirement);
        let why = match (&self.book.parked, wish.agent) {
            (_, false) => Some("as you said".to_owned()),
            (_, true) if !self.may_run_agents() => Some(CHECKS_ONLY.to_owned()),
            (Some((None, why)), true) => Some(format!("no agent can be asked: {why}")),
            (Some((Some(_), _)) | None, true) => None,
        };
        if let Some(why) = why {
            let components = arranged(&by_words(&requirement), mode).map_err(Refusal::because)?;
            let tasks = sessions(&components, &project, start);
            let mut answer = self.file_all(Filing { batch: Some(batch), tasks })?;
            let then = answer.batch.filter(|_| !start).map(approving).unwrap_or_default();
            answer.said = format!("{}: taken apart by its words, {why}{then}", answer.said);
            return Ok(answer);
        }
        let assignment = session(COORDINATION, String::new(), first_line(&requirement), project);
        let task = NewTask { assignment: Box::new(assignment), after: Vec::new(), priority: 0, held: false };
        let mut answer = self.file_all(Filing { batch: Some(batch), tasks: vec![task] })?;
        answer.said = format!("{}: an agent takes it apart", answer.said);
        Ok(answer)
    }

    /// Returns the orchestration that a task takes its requirement apart for.
    pub(crate) fn coordinates(&self, task: &Task) -> Option<Arc<Batch>> {
        let assignment = task.assignment().filter(|assignment| assignment.role == COORDINATION)?;
        let batch = self.book.batches.get(&assignment.batch?)?;
        let is_its = matches!(batch.kind, BatchKind::Orchestration { .. }) && batch.tasks.first() == Some(&task.id);
        is_its.then(|| Arc::clone(batch))
    }

    /// Says what is wrong with what the running attempt at a task proposes, if it takes a requirement apart.
    pub(crate) fn is_no_plan(&self, id: TaskId) -> Option<String> {
        let batch = self.coordinates(self.book.task(id)?)?;
        let BatchKind::Orchestration { mode, .. } = batch.kind else { return None };
        let outcome = self.live.attempts.get(&id)?.outcome.as_ref();
        let components = outcome.map(|outcome| outcome.components.as_slice()).unwrap_or_default();
        arranged(components, mode).err().map(|why| format!("its decomposition cannot be used: {why}"))
    }

    /// Files the sessions of a requirement that has been taken apart. What a supervisor that died had filed of them stays;
    /// that all are there is recorded last.
    pub(crate) fn file_components(&mut self, id: TaskId) {
        let Some(task) = self.task(id) else { return };
        let Some(batch) = self.coordinates(&task).filter(|batch| batch.tasks.len() == 1) else { return };
        let BatchKind::Orchestration { requirement, mode, start } = &batch.kind else { return };
        let handed = task.outcome().map(|outcome| outcome.components.clone()).unwrap_or_default();
        let components = if handed.is_empty() { by_words(requirement) } else { handed };
        let project = task.assignment().and_then(|known| known.project.as_deref()).cloned().unwrap_or_default();
        match self.file_missing(&components, *mode, *start, &project, batch.id) {
            Ok(count) => {
                let then = if *start { String::new() } else { approving(batch.id) };
                self.log(id, "plan", format!("{count} sessions{then}"));
            }
            Err(refusal) => self.log(id, "plan", format!("it cannot be filed: {refusal}")),
        }
    }

    fn file_missing(
        &mut self,
        components: &[Component],
        mode: Mode,
        start: bool,
        project: &Project,
        batch: BatchId,
    ) -> Result<usize, Refusal> {
        let components = arranged(components, mode).map_err(Refusal::because)?;
        let of_batch = |task: &Arc<Task>| {
            let assignment = task.assignment().filter(|known| known.batch == Some(batch) && !known.label.is_empty())?;
            Some((assignment.label.clone(), task.id))
        };
        let mut filed: BTreeMap<String, TaskId> = self.book.tasks.values().filter_map(of_batch).collect();
        let mut missing = sessions(&components, project, start);
        missing.retain(|new| !filed.contains_key(&new.assignment.label));
        for after in missing.iter_mut().flat_map(|new| &mut new.after) {
            if let After::Label(label) = after
                && let Some(task) = filed.get(label)
            {
                *after = After::Task(*task);
            }
        }
        if !missing.is_empty() {
            let labels: Vec<String> = missing.iter().map(|new| new.assignment.label.clone()).collect();
            let answer = self.file_into(&missing, batch)?;
            filed.extend(labels.into_iter().zip(answer.tasks));
        }
        let tasks: Vec<TaskId> = components.iter().filter_map(|one| filed.get(&one.name).copied()).collect();
        let count = tasks.len();
        self.record(Fact::BatchGrew { batch, tasks });
        Ok(count)
    }

    /// Goes by the words of requirements that wait for an agent which nobody can ask before a person has acted.
    pub(crate) fn decompose_without_agents(&mut self) {
        let Some((None, why)) = self.book.parked.clone() else { return };
        if !self.is_up() {
            return;
        }
        let waits = |task: &&Arc<Task>| {
            let state = matches!(task.state, TaskState::Queued | TaskState::Cooling { .. });
            state && !self.live.attempts.contains_key(&task.id) && self.coordinates(task).is_some()
        };
        let firsts = self.book.batches.values().filter_map(|batch| self.book.task(*batch.tasks.first()?));
        for id in firsts.filter(waits).map(|task| task.id).collect::<Vec<_>>() {
            self.log(id, "plan", format!("no agent can be asked, so it is taken apart by its words: {why}"));
            self.close(id, TaskState::Done(DoneReason::Finished));
            self.file_components(id);
        }
    }

    /// Files what the last supervisor had no time to file after a requirement was taken apart.
    pub(crate) fn file_left_components(&mut self) {
        let firsts = self.book.batches.values().filter(|batch| batch.tasks.len() == 1).filter_map(|batch| {
            let task = self.book.task(*batch.tasks.first()?)?;
            let came_through = TaskState::Done(DoneReason::Finished) == task.state
                || TaskState::Done(DoneReason::Unchanged) == task.state;
            came_through.then_some(task.id)
        });
        for id in firsts.collect::<Vec<_>>() {
            self.file_components(id);
        }
    }

    /// Returns the orchestration of a task whose plan nobody has said yes to: what becomes free of it waits for that, or is
    /// started alone.
    pub(crate) fn is_planned_only(&self, task: &Task) -> Option<BatchId> {
        let batch = self.book.batches.get(&task.assignment()?.batch?)?;
        matches!(batch.kind, BatchKind::Orchestration { start: false, .. }).then_some(batch.id)
    }

    /// Returns the sessions of an orchestration that a yes to its plan would let start; none: nothing waits for one.
    pub(crate) fn awaiting_yes(&self, batch: &Batch) -> Vec<TaskId> {
        let is_plan = matches!(batch.kind, BatchKind::Orchestration { .. });
        let created = |id: &TaskId| {
            let task = self.book.task(*id)?;
            (is_plan && task.state == TaskState::Held(HoldReason::Created)).then_some(task.id)
        };
        batch.tasks.iter().filter_map(created).collect()
    }

    /// Returns the sessions of an orchestration that have not begun, each before what it waits for; those that a no to its
    /// plan would end.
    pub(crate) fn unbegun(&self, batch: &Batch) -> Vec<TaskId> {
        let unbegun = |id: &&TaskId| {
            self.book.task(**id).is_some_and(|task| match &task.state {
                TaskState::Held(_) | TaskState::Pending(_) | TaskState::Blocked(_) => task.began.is_none(),
                TaskState::Queued
                | TaskState::Running
                | TaskState::Cooling { .. }
                | TaskState::Ready(_)
                | TaskState::Review(_)
                | TaskState::Done(_)
                | TaskState::Failed(_) => false,
            })
        };
        batch.tasks.iter().rev().filter(unbegun).copied().collect()
    }

    /// Returns a batch whose plan waits for a yes, and what would start at once.
    fn waiting_plan(&self, batch: BatchId) -> Result<(Arc<Batch>, Vec<TaskId>), Refusal> {
        let Some(known) = self.book.batches.get(&batch).cloned() else {
            let hint = "`orchestrator-tui session list` shows what was planned";
            return Err(Refusal { kind: Refused::Unknown, message: format!("there is no batch {}; {hint}", batch.0) });
        };
        let tasks = self.awaiting_yes(&known);
        // Of one that was started in part, what is left may wait for what is at work.
        let is_open = matches!(known.kind, BatchKind::Orchestration { start: false, .. });
        if tasks.is_empty() && (!is_open || self.unbegun(&known).is_empty()) {
            return Err(Refusal::because(format!("nothing of batch {} waits for a yes", batch.0)));
        }
        Ok((known, tasks))
    }

    /// Throws away what was planned, after a no.
    pub(crate) fn decline(&mut self, batch: BatchId) -> Result<Answer, Refusal> {
        let (known, _) = self.waiting_plan(batch)?;
        let tasks = self.unbegun(&known);
        for task in &tasks {
            self.close(*task, TaskState::Failed(FailReason::Refused));
        }
        let count = tasks.len();
        let sessions = if count == 1 { "session" } else { "sessions" };
        let said = format!("the plan of batch {} is refused: {count} {sessions} dropped", batch.0);
        Ok(Answer { said, tasks, batch: Some(batch), event: None })
    }

    /// Starts what was planned, after a yes.
    pub(crate) fn approve(&mut self, batch: BatchId) -> Result<Answer, Refusal> {
        let (known, tasks) = self.waiting_plan(batch)?;
        let count = self.unbegun(&known).len();
        let is_off = !self.settings.fix.enabled;
        self.record(Fact::BatchApproved { batch });
        for task in &tasks {
            self.record(Fact::Released { task: *task, forced: is_off });
        }
        let rest = if is_off { "the rest waits for you, as fixing is off" } else { "the rest as it can" };
        let said = format!("batch {} is approved: {} of {count} may start, {rest}", batch.0, tasks.len());
        Ok(Answer { said, tasks, batch: Some(batch), event: None })
    }

    /// Starts a session that was created.
    pub(crate) fn begin(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        let text = match &task.state {
            TaskState::Held(HoldReason::Created | HoldReason::FixingOff) => {
                if !self.may_run_agents() {
                    return Err(Refusal::because(format!("{id} cannot start: {CHECKS_ONLY}")));
                }
                // What a person asks for starts, although nothing does by itself.
                self.record(Fact::Released { task: id, forced: !self.settings.fix.enabled });
                match &self.book.parked {
                    Some((_, why)) => format!("{id} is queued, but everything is parked: {why}"),
                    None => format!("{id} starts as soon as it can"),
                }
            }
            TaskState::Queued | TaskState::Cooling { .. } | TaskState::Running => format!("{id} is started already"),
            TaskState::Pending(other) if let Some(batch) = self.is_planned_only(&task) => {
                let hint = format!("`orchestrator-tui approve {}` lets all of the plan start as it can", batch.0);
                return Err(Refusal::because(format!("{id} waits for {other}: start it when that is done; {hint}")));
            }
            TaskState::Pending(other) => format!("{id} starts by itself: it waits for {other}"),
            TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => {
                let why = task.state.reason(self.live.now.wall);
                return Err(Refusal::because(format!("{id} does not wait to be started: {why}")));
            }
        };
        Ok(Answer { said: text, tasks: vec![id], batch: None, event: None })
    }
}

/// Returns what a session is to bring; `name` in one line.
pub fn session(role: &str, label: String, name: String, project: Project) -> Assignment {
    let context = project.context.trim();
    let more = if context.is_empty() { String::new() } else { format!("\n\nContext:\n\n{context}") };
    Assignment {
        label,
        description: format!("{}{more}", project.requirements.trim()),
        project: Some(Box::new(project)),
        ..Assignment::new(name, Lane::Session, WORKFLOW, role)
    }
}

/// Returns the name of a session for what it is about: the first line, shortened.
pub fn first_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    match line.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

fn sessions(components: &[Component], project: &Project, start: bool) -> Vec<NewTask> {
    let task = |component: &Component| {
        let project = Project { requirements: component.description.clone(), ..project.clone() };
        let kind = component.kind.as_str();
        let assignment = session(kind, component.name.clone(), kind.to_owned(), project);
        let after = component.dependencies.iter().cloned().map(After::Label).collect();
        NewTask { assignment: Box::new(assignment), after, priority: 0, held: !start }
    };
    components.iter().map(task).collect()
}

fn approving(batch: BatchId) -> String {
    format!("; `orchestrator-tui approve {0}` starts them, `decline {0}` throws the plan away", batch.0)
}

/// Returns the word that settings and lists use for a mode.
pub fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Parallel => "parallel",
        Mode::Sequential => "sequential",
        Mode::WaitForCore => "wait_for_core",
    }
}
