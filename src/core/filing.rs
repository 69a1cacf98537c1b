//! Files tasks with assignments: all of them or none, numbered so that what waits comes after what it waits for.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::command::{Answer, Refusal};
use crate::core::fact::Fact;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::{Assignment, Batch};
use crate::model::filing::{After, Filing, NewBatch, NewTask, PRIORITIES, Redo};
use crate::model::hold::HoldReason;
use crate::model::id::{BatchId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::plain;
use crate::model::task::{Goal, Origin, Task, TaskState};

/// The most tasks that are filed at once.
const MOST: usize = 10_000;

impl Supervisor {
    /// Files tasks.
    ///
    /// # Errors
    /// If a label is there twice, something is waited for that is not known, or some wait for each other. Nothing is filed
    /// then.
    pub(crate) fn file_all(&mut self, filing: Filing) -> Result<Answer, Refusal> {
        if filing.tasks.is_empty() || filing.tasks.len() > MOST {
            return Err(Refusal::because(format!(
                "{} tasks cannot be filed; between 1 and {MOST}",
                filing.tasks.len()
            )));
        }
        if let Some(batch) = self.day_before(&filing)? {
            return self.take_again(&batch, &filing);
        }
        let id = filing.batch.as_ref().map(|_| self.book.last_batch.next());
        let again = filing.batch.as_ref().filter(|new| new.redo == Redo::All).map(|new| new.kind.clone());
        let answer = self.file_tasks(&filing.tasks, id, filing.batch)?;
        if let (Some(id), Some(kind)) = (id, again) {
            self.end_left_over(id, &kind);
        }
        Ok(answer)
    }

    /// Files more tasks as parts of what was filed together before; that it grew is recorded by who asks for it.
    ///
    /// # Errors
    /// As [`Supervisor::file_all`].
    pub(crate) fn file_into(&mut self, tasks: &[NewTask], batch: BatchId) -> Result<Answer, Refusal> {
        self.file_tasks(tasks, Some(batch), None)
    }

    fn file_tasks(&mut self, new: &[NewTask], id: Option<BatchId>, kind: Option<NewBatch>) -> Result<Answer, Refusal> {
        for task in new {
            if !PRIORITIES.contains(&task.priority) {
                return Err(Refusal::usage(format!(
                    "a priority is a number from {} to {}, not {}",
                    PRIORITIES.start(),
                    PRIORITIES.end(),
                    task.priority
                )));
            }
            self.may_file(&task.assignment)?;
        }
        let order = self.in_order(new)?;
        let first = self.book.last_task.next();
        let place: BTreeMap<usize, TaskId> =
            order.iter().enumerate().map(|(at, index)| (*index, numbered(first, at))).collect();
        let labels: BTreeMap<&str, TaskId> = new
            .iter()
            .enumerate()
            .filter(|(_, task)| !task.assignment.label.is_empty())
            .map(|(index, task)| (task.assignment.label.as_str(), place[&index]))
            .collect();
        let tasks: Vec<TaskId> = place.values().copied().collect();
        if let (Some(id), Some(new)) = (id, kind) {
            let batch = Batch { id, kind: new.kind, budget: new.budget, tasks: tasks.clone() };
            self.record(Fact::BatchBegan { batch: Box::new(batch) });
        }
        for index in order {
            let one = &new[index];
            let after = one.after.iter().filter_map(|after| match after {
                After::Label(label) => labels.get(label.as_str()).copied().or_else(|| self.labelled(label)),
                After::Task(task) => Some(*task),
            });
            let after: BTreeSet<TaskId> = after.collect();
            self.file_one(place[&index], one, after, id);
        }
        let held = |task: &TaskId| {
            self.book.task(*task).is_some_and(|task| task.state == TaskState::Held(HoldReason::FixingOff))
        };
        let but =
            if tasks.iter().any(held) { "; held, as fixing is off; `orchestrator-tui fix ID` starts one" } else { "" };
        Ok(Answer { said: format!("{}{but}", said(&tasks, id)), tasks, batch: id, event: None })
    }

    pub(crate) fn may_file(&self, assignment: &Assignment) -> Result<(), Refusal> {
        let titles = [&assignment.name, &assignment.label];
        if !titles.into_iter().all(|title| plain::is_row(title)) {
            let shown = plain::row(&assignment.name);
            return Err(Refusal::because(format!("{shown}: a title is one line without control characters")));
        }
        match self.unfit(assignment) {
            None => Ok(()),
            Some((why, hint)) => Err(Refusal::because(format!("{}: {why}{hint}", assignment.name))),
        }
    }

    /// Says why an assignment cannot be done by what is configured, and what would mend that in the assignment.
    pub(crate) fn unfit(&self, assignment: &Assignment) -> Option<(String, &'static str)> {
        let Assignment { role, workflow, check, deliverables, .. } = assignment;
        let Some(known) = self.settings.roles.get(role) else {
            return Some((format!("there is no role `{role}`"), "; `orchestrator-tui roles` lists them"));
        };
        if let (false, Some(first)) = (known.edits, deliverables.first()) {
            let hint = ": what it writes is not taken; leave out the deliverables, or name a role that edits";
            return Some((format!("the role `{role}` only reads and cannot bring {}", first.path), hint));
        }
        if !self.settings.workflows.contains_key(workflow) {
            return Some((format!("there is no workflow `{workflow}`"), "; `orchestrator-tui workflows` lists them"));
        }
        let gone = check.as_ref().filter(|check| self.check(check).is_none())?;
        Some((format!("there is no check `{gone}` in the configuration"), ""))
    }

    /// Returns the newest open or remembered task with a label.
    pub(crate) fn labelled(&self, label: &str) -> Option<TaskId> {
        self.book.index.labelled(label)
    }

    /// Returns the order in which the tasks can be numbered: what waits for another one comes after it.
    fn in_order(&self, tasks: &[NewTask]) -> Result<Vec<usize>, Refusal> {
        let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, task) in tasks.iter().enumerate() {
            let label = task.assignment.label.as_str();
            if !label.is_empty() && labels.insert(label, index).is_some() {
                return Err(Refusal::because(format!("two tasks are called `{label}`")));
            }
        }
        let mut waits: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); tasks.len()];
        for (index, task) in tasks.iter().enumerate() {
            for after in &task.after {
                match after {
                    After::Label(label) => match labels.get(label.as_str()) {
                        Some(other) => {
                            waits[index].insert(*other);
                        }
                        None if self.labelled(label).is_some() => {}
                        None => {
                            let name = &task.assignment.label;
                            return Err(Refusal::because(format!("`{name}` waits for `{label}`, which is not known")));
                        }
                    },
                    After::Task(id) if self.book.task(*id).is_some() => {}
                    After::Task(id) => return Err(Refusal::no_task(*id)),
                }
            }
        }
        sorted(&waits).map_err(|circle| {
            let names: Vec<String> =
                circle.iter().map(|index| format!("`{}`", tasks[*index].assignment.label)).collect();
            Refusal::because(format!("these tasks wait for each other: {}", names.join(" → ")))
        })
    }

    pub(crate) fn file_one(&mut self, id: TaskId, new: &NewTask, after: BTreeSet<TaskId>, batch: Option<BatchId>) {
        let mut assignment = new.assignment.clone();
        assignment.after = after.into_iter().collect();
        assignment.batch = batch;
        let origin = assignment.event.map_or(Origin::Person, Origin::Event);
        let files: Vec<ProjectPath> = assignment.deliverables.iter().map(|wanted| wanted.path.clone()).collect();
        let mut task = Task::new(id, Goal::Assignment(assignment), origin, self.live.now.wall);
        (task.priority, task.files) = (new.priority, files);
        task.state = match self.gate(&task) {
            Some(state) => state,
            None if new.held => TaskState::Held(HoldReason::Created),
            None if !self.settings.fix.enabled => TaskState::Held(HoldReason::FixingOff),
            None => TaskState::Queued,
        };
        self.record(Fact::Filed { task: Box::new(task) });
    }
}

fn numbered(first: TaskId, at: usize) -> TaskId {
    TaskId(first.0.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)))
}

/// Says which tasks are filed.
pub(crate) fn listed(tasks: &[TaskId]) -> String {
    match tasks {
        [only] => format!("{only} is filed"),
        [first, .., last] => format!("{first} to {last} are filed"),
        [] => String::new(),
    }
}

fn said(tasks: &[TaskId], batch: Option<BatchId>) -> String {
    let which = listed(tasks);
    match batch {
        Some(batch) => format!("{which}, as batch {}", batch.0),
        None => which,
    }
}

/// Sorts so that each index comes after those it waits for; keeps the given order where it can.
///
/// # Errors
/// Some that wait for each other in a circle, in order.
fn sorted(waits: &[BTreeSet<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut left: Vec<usize> = waits.iter().map(BTreeSet::len).collect();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); waits.len()];
    for (index, others) in waits.iter().enumerate() {
        for other in others {
            dependents[*other].push(index);
        }
    }
    let mut free: BTreeSet<usize> = (0..waits.len()).filter(|index| left[*index] == 0).collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(index) = free.pop_first() {
        order.push(index);
        for dependent in &dependents[index] {
            left[*dependent] -= 1;
            if left[*dependent] == 0 {
                free.insert(*dependent);
            }
        }
    }
    if order.len() == waits.len() { Ok(order) } else { Err(circle(waits, &left)) }
}

/// Follows what waits until something comes again.
fn circle(waits: &[BTreeSet<usize>], left: &[usize]) -> Vec<usize> {
    let is_stuck = |index: &usize| left[*index] > 0;
    let mut path: Vec<usize> = Vec::new();
    let mut next = (0..waits.len()).find(is_stuck);
    while let Some(index) = next {
        if let Some(at) = path.iter().position(|known| *known == index) {
            path.drain(..at);
            path.push(index);
            return path;
        }
        path.push(index);
        next = waits[index].iter().copied().find(is_stuck);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(edges: &[&[usize]]) -> Vec<BTreeSet<usize>> {
        edges.iter().map(|others| others.iter().copied().collect()).collect()
    }

    #[test]
    fn what_waits_comes_after_what_it_waits_for() {
        assert_eq!(sorted(&waits(&[&[2], &[], &[1]])), Ok(vec![1, 2, 0]));
        assert_eq!(sorted(&waits(&[&[], &[], &[]])), Ok(vec![0, 1, 2]));
    }

    #[test]
    fn a_circle_is_named_from_one_of_its_members_back_to_it() {
        assert_eq!(sorted(&waits(&[&[], &[2], &[3], &[1]])), Err(vec![1, 2, 3, 1]));
        assert_eq!(sorted(&waits(&[&[0]])), Err(vec![0, 0]));
        assert_eq!(sorted(&waits(&[&[1], &[2], &[1]])), Err(vec![1, 2, 1]));
    }
}
