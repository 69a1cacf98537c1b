//! Takes in a task file again whose day is under way: what is new in it is filed, its line moves; what cannot is said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::core::command::{Answer, Refusal};
use crate::core::fact::Fact;
use crate::core::filing::listed;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::{Assignment, Batch, BatchKind};
use crate::model::budget::Limit;
use crate::model::cost::Usd;
use crate::model::filing::{After, Filing, NewTask};
use crate::model::id::TaskId;
use crate::model::task::Task;

/// The tasks of a day, by what the file calls them.
type Known = BTreeMap<String, Arc<Task>>;

impl Supervisor {
    /// Returns what a filing goes on with: the same day of the same file, of which something is open, or which it names.
    ///
    /// # Errors
    /// If it names one that is another day, or of which so much is forgotten that nobody knows what is new.
    pub(crate) fn day_under_way(&self, filing: &Filing) -> Result<Option<Arc<Batch>>, Refusal> {
        let Some(new) = &filing.batch else { return Ok(None) };
        let BatchKind::Day { file, date, .. } = &new.kind else { return Ok(None) };
        let is_it = |kind: &BatchKind| matches!(kind, BatchKind::Day { file: known, date: day, .. } if known == file && day == date);
        let Some(again) = new.again else {
            let mut batches = self.book.batches.values().rev();
            return Ok(batches.find(|batch| is_it(&batch.kind) && self.book.index.is_open_batch(batch.id)).cloned());
        };
        let is_whole = |batch: &Batch| batch.tasks.iter().all(|id| self.book.task(*id).is_some());
        let refused = |why: &str| Err(Refusal::because(format!("{why}; `start` files all of it as a day of its own")));
        match self.book.batches.get(&again) {
            Some(batch) if !is_it(&batch.kind) => refused(&format!("this is another day than batch {}", again.0)),
            Some(batch) if is_whole(batch) => Ok(Some(Arc::clone(batch))),
            Some(_) | None => refused(&format!(
                "of batch {} not all is remembered (limits.completed, limits.failed), so what is new is not known",
                again.0
            )),
        }
    }

    /// Goes on with a day by what its file says now.
    ///
    /// # Errors
    /// If what is new in it cannot be filed. Nothing of it is taken then.
    pub(crate) fn take_again(&mut self, batch: &Batch, filing: &Filing) -> Result<Answer, Refusal> {
        let of_batch = self.book.tasks.values().filter(|task| is_of(task, batch));
        let known: Known = of_batch.filter_map(|task| Some((name(task.assignment()?), Arc::clone(task)))).collect();
        let filed = self.file_new(batch, &known, &filing.tasks)?;
        let is_over = filed.is_empty() && !self.book.index.is_open_batch(batch.id);
        let stands = if is_over { "is over, and nothing is new" } else { "goes on" };
        let mut said = vec![format!("batch {} {stands}", batch.id.0)];
        said.extend((!filed.is_empty()).then(|| listed(&filed)));
        let budget = filing.batch.as_ref().and_then(|new| new.budget);
        if budget != batch.budget {
            self.record(Fact::BatchLimited { batch: batch.id, budget });
            said.push(moved(batch.budget, budget));
        }
        said.extend(filing.tasks.iter().filter_map(|new| self.stays(new, known.get(&name(&new.assignment))?)));
        let written: BTreeSet<String> = filing.tasks.iter().map(|new| name(&new.assignment)).collect();
        let gone = known.iter().filter(|(name, task)| !written.contains(*name) && !task.state.is_final());
        said.extend(gone.map(|(name, task)| {
            format!(
                "{name} is not in the file any more, and {} stays; `orchestrator-tui kill {}` ends it",
                task.id, task.id.0
            )
        }));
        Ok(Answer { said: said.join("; "), tasks: filed, batch: Some(batch.id), event: None })
    }

    /// Files what is new in a file; what it waits for may be older.
    fn file_new(&mut self, batch: &Batch, known: &Known, tasks: &[NewTask]) -> Result<Vec<TaskId>, Refusal> {
        let mut new: Vec<NewTask> =
            tasks.iter().filter(|new| !known.contains_key(&name(&new.assignment))).cloned().collect();
        for after in new.iter_mut().flat_map(|new| &mut new.after) {
            if let After::Label(label) = after
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
