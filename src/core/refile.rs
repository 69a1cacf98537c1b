//! What a task file that is taken in again changes in its day: what is filed now, what is done again, what stays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::core::command::{Answer, Refusal};
use crate::core::day_before::is_left_over;
use crate::core::fact::Fact;
use crate::core::filing::listed;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::{Assignment, Batch};
use crate::model::budget::Limit;
use crate::model::cost::Usd;
use crate::model::filing::{After, Filing, NewTask, Redo};
use crate::model::id::TaskId;
use crate::model::task::{FailReason, Task, TaskState};

/// The tasks of a day, by what the file calls them.
type Known = BTreeMap<String, Arc<Task>>;

impl Supervisor {
    /// Goes on with a day by what its file says now.
    ///
    /// # Errors
    /// If what is new in it cannot be filed. Nothing of it is taken then.
    pub(crate) fn take_again(&mut self, batch: &Batch, filing: &Filing) -> Result<Answer, Refusal> {
        let of_batch = self.book.tasks.values().filter(|task| is_of(task, batch));
        // Of those that were done anew the last one counts.
        let known: Known = of_batch.filter_map(|task| Some((name(task.assignment()?), Arc::clone(task)))).collect();
        let new = filing.batch.as_ref();
        // Whoever watches a file saves it half written: nothing is done anew for that.
        let is_judged = new.is_some_and(|new| new.again.is_none());
        let anew = if is_judged { self.anew(&known, &filing.tasks) } else { BTreeSet::new() };
        let wanted = |new: &&NewTask| {
            let name = name(&new.assignment);
            !known.contains_key(&name) || anew.contains(&name)
        };
        let wanted: Vec<NewTask> = filing.tasks.iter().filter(wanted).cloned().collect();
        let mut begun = self.file_new(batch, &known, wanted)?;
        let left_over = known.iter().filter(|(name, task)| anew.contains(*name) && is_left_over(task));
        for (_, task) in left_over {
            self.close(task.id, TaskState::Failed(FailReason::Killed));
        }
        let failed = new.is_some_and(|new| new.redo == Redo::Failed);
        let written = |task: &&Arc<Task>| {
            filing.tasks.iter().any(|new| Some(name(&new.assignment)) == task.assignment().map(name))
        };
        let failed: Vec<Arc<Task>> = known.values().filter(|_| failed).filter(written).cloned().collect();
        let (retried, whether) = self.retry_failed(&failed, &anew);
        let is_over = begun.is_empty() && retried.is_empty() && !self.book.index.is_open_batch(batch.id);
        let stands = if is_over { "is over, and nothing is new" } else { "goes on" };
        let mut said = vec![format!("batch {} {stands}", batch.id.0)];
        said.extend((!begun.is_empty()).then(|| listed(&begun)));
        said.extend(whether);
        let budget = new.and_then(|new| new.budget);
        if budget != batch.budget {
            self.record(Fact::BatchLimited { batch: batch.id, budget });
            said.push(moved(batch.budget, budget));
        }
        let rest = filing.tasks.iter().filter(|new| !anew.contains(&name(&new.assignment)));
        said.extend(rest.filter_map(|new| self.stays(new, known.get(&name(&new.assignment))?)));
        let written: BTreeSet<String> = filing.tasks.iter().map(|new| name(&new.assignment)).collect();
        let gone = known.iter().filter(|(name, task)| !written.contains(*name) && !task.state.is_final());
        said.extend(gone.map(|(name, task)| {
            format!(
                "{name} is not in the file any more, and {} stays; `orchestrator-tui kill {}` ends it",
                task.id, task.id.0
            )
        }));
        begun.extend(retried);
        Ok(Answer { said: said.join("; "), tasks: begun, batch: Some(batch.id), event: None })
    }

    /// Returns what is done anew: what ended and is something else now, and what never began as it waits for such.
    fn anew(&self, known: &Known, tasks: &[NewTask]) -> BTreeSet<String> {
        let is_changed = |new: &NewTask, task: &Task| {
            task.state.is_final() && is_other(new, task)
                || is_left_over(task) && (is_other(new, task) || self.waits_for_others(new, task))
        };
        let known = |new: &NewTask| known.get(&name(&new.assignment));
        let mut anew = BTreeSet::new();
        loop {
            let waits = |new: &NewTask| {
                new.after.iter().any(|after| matches!(after, After::Label(label) if anew.contains(label)))
            };
            let more = |new: &&NewTask| {
                !anew.contains(&name(&new.assignment))
                    && known(new).is_some_and(|task| is_changed(new, task) || is_left_over(task) && waits(new))
            };
            let more: Vec<String> = tasks.iter().filter(more).map(|new| name(&new.assignment)).collect();
            if more.is_empty() {
                return anew;
            }
            anew.extend(more);
        }
    }

    /// Files what is new in a file; what it waits for may be older.
    fn file_new(&mut self, batch: &Batch, known: &Known, mut new: Vec<NewTask>) -> Result<Vec<TaskId>, Refusal> {
        let names: BTreeSet<String> = new.iter().map(|new| name(&new.assignment)).collect();
        for after in new.iter_mut().flat_map(|new| &mut new.after) {
            if let After::Label(label) = after
                && !names.contains(label)
                && let Some(task) = known.get(label)
            {
                *after = After::Task(task.id);
            }
        }
        let filed = if new.is_empty() { Vec::new() } else { self.file_into(&new, batch.id)?.tasks };
        if !filed.is_empty() {
            self.record(Fact::BatchGrew { batch: batch.id, tasks: filed.clone() });
        }
        Ok(filed)
    }

    /// Tries again what failed, but for what a person ended and what is done anew; returns which, and what there is to say.
    fn retry_failed(&mut self, known: &[Arc<Task>], anew: &BTreeSet<String>) -> (Vec<TaskId>, Vec<String>) {
        let (mut retried, mut said) = (Vec::new(), Vec::new());
        for task in known {
            let TaskState::Failed(why) = &task.state else { continue };
            let id = task.id;
            if task.assignment().is_some_and(|assignment| anew.contains(&name(assignment))) {
                continue;
            }
            match why {
                FailReason::NotWanted(_) => said.push(format!("{id} stays: {}", task.state.reason(self.live.now.wall))),
                FailReason::Killed | FailReason::Refused | FailReason::Undone => {
                    let why = task.state.reason(self.live.now.wall);
                    said.push(format!("{id} stays {why}; `orchestrator-tui retry {}` tries it again", id.0));
                }
                FailReason::Escalated { .. }
                | FailReason::EnvironmentDiffers
                | FailReason::WorkspaceUnusable { .. }
                | FailReason::Budget
                | FailReason::NotVerified(_)
                | FailReason::CheckBroken { .. } => match self.retry(id) {
                    Ok(answer) => {
                        retried.push(id);
                        said.push(answer.said);
                    }
                    Err(refusal) => said.push(refusal.message),
                },
            }
        }
        (retried, said)
    }

    /// Says what of a task is written otherwise than it was filed, and is not taken.
    fn stays(&self, new: &NewTask, task: &Task) -> Option<String> {
        let mut fields = differences(&new.assignment, task.assignment()?);
        if self.waits_for_others(new, task) {
            fields.push("depends_on");
        }
        if new.priority != task.priority {
            fields.push("priority");
        }
        let name = name(&new.assignment);
        (!fields.is_empty()).then(|| {
            let fields = fields.join(", ");
            format!("{name} stays as {} was filed; to have its new {fields} give it another id", task.id)
        })
    }

    /// Whether a task is to wait for others than it does, by what they are called.
    fn waits_for_others(&self, new: &NewTask, task: &Task) -> bool {
        let after = task.assignment().map(|assignment| assignment.after.as_slice()).unwrap_or_default();
        let label = |id: &TaskId| Some(self.book.task(*id)?.assignment()?.label.clone());
        let known: Option<BTreeSet<String>> = after.iter().map(label).collect();
        let wanted = new.after.iter().map(|after| match after {
            After::Label(label) => Some(label.clone()),
            After::Task(id) => label(id),
        });
        let wanted: Option<BTreeSet<String>> = wanted.collect();
        // Of what is forgotten nothing can be said.
        known.zip(wanted).is_some_and(|(known, wanted)| known != wanted)
    }
}

/// Whether a file says something else now about a task: what failed may go better with more money, what is done is done
/// whatever it may cost.
fn is_other(new: &NewTask, task: &Task) -> bool {
    let of_the_work = |field: &&str| !matches!(*field, "estimated_complexity" | "budget_usd");
    let fields = task.assignment().map(|known| differences(&new.assignment, known)).unwrap_or_default();
    let is_done = matches!(task.state, TaskState::Done(_));
    fields.iter().any(|field| !is_done || of_the_work(field))
}

fn is_of(task: &Task, batch: &Batch) -> bool {
    task.assignment().is_some_and(|assignment| assignment.batch == Some(batch.id))
}

/// Returns what a file calls a task.
fn name(assignment: &Assignment) -> String {
    if assignment.label.is_empty() { assignment.name.clone() } else { assignment.label.clone() }
}

/// Returns the fields of a task file in which an assignment is another one, as they are called there.
fn differences(new: &Assignment, known: &Assignment) -> Vec<&'static str> {
    let fields = [
        ("name", new.name != known.name),
        ("description", new.description != known.description),
        ("module", new.module != known.module),
        ("estimated_complexity", new.complexity != known.complexity),
        ("context_files", new.context_files != known.context_files),
        ("deliverables", new.deliverables != known.deliverables),
        ("workflow", new.workflow != known.workflow),
        ("role", new.role != known.role),
        ("check", new.check != known.check),
        ("budget_usd", new.budget != known.budget),
    ];
    fields.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
}

/// Says where the line of a day is now.
fn moved(before: Option<Usd>, now: Option<Usd>) -> String {
    let key = Limit::BatchUsd.key();
    match (before, now) {
        (Some(before), Some(now)) => format!("{key} is {now} instead of {before}"),
        (None, Some(now)) => format!("{key} is {now}"),
        (_, None) => format!("there is no {key} any more"),
    }
}
