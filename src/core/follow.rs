//! Follows events by the rules, each once, and passes queued tasks on; what cannot be followed stays to be seen.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::core::book::{Known, Rank, Standing};
use crate::core::events::subject_of;
use crate::core::fact::Fact;
use crate::core::lanes::lane;
use crate::core::made::Made;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::{Assignment, Lane};
use crate::model::event::{By, Consequence, Event};
use crate::model::filing::NewTask;
use crate::model::hold::HoldReason;
use crate::model::id::{EventId, TaskId};
use crate::model::routing::{self, Does};
use crate::model::task::{DoneReason, FailReason, Goal, Task, TaskState};

/// The workflow of a bug.
const TASK: &str = "task";

/// The event that passes a queued task on.
const ASSIGNED: &str = "task.assigned";

impl Supervisor {
    /// Follows every event that can be. Returns whether something came of it, so that more may be due.
    pub(crate) fn follow_events(&mut self) -> bool {
        if !self.is_up() || self.live.one_command {
            return false;
        }
        let before = self.book.seq;
        self.pass_on();
        let due: Vec<EventId> =
            self.book.events.pending().filter(|known| self.is_due(known)).map(|known| known.event.id).collect();
        for id in due {
            let Some(known) = self.book.events.get(id).cloned() else { continue };
            let outcomes = self.follow(&known);
            self.live.passed.extend(known.event.subject);
            self.record(Fact::Routed { event: id, outcomes });
        }
        self.tell_stalled();
        self.book.seq != before
    }

    /// Says of tasks that were passed on whether somebody goes on with them.
    fn tell_stalled(&mut self) {
        let turned: BTreeSet<TaskId> = std::mem::take(&mut self.live.passed);
        for id in turned {
            let Some(subject) = self.task(id).filter(|task| is_passed_on(task)) else { continue };
            let goes_on = |task: TaskId| {
                let state = self.book.task(task).map(|task| &task.state);
                !state.is_some_and(|state| state.waits_for_person() || matches!(state, TaskState::Blocked(_)))
            };
            let is_told = |known: &Known| known.event.subject == Some(id);
            let moves = self.book.index.of_subject(id).any(goes_on) || self.book.events.pending().any(is_told);
            let reason = if moves { HoldReason::PassedOn } else { HoldReason::Stalled };
            if subject.state != TaskState::Held(reason.clone()) {
                self.record(Fact::Held { task: id, reason });
            }
        }
    }

    /// Takes note that a task stands elsewhere: for the one that it belongs to, and for the queue, which may pass it on.
    pub(crate) fn note_passed(&mut self, turned: TaskId) {
        let Some(task) = self.book.task(turned).filter(|task| task.check().is_none()) else { return };
        let (subject, is_to_pass_on) = (subject_of(task), self.is_to_pass_on(task));
        self.live.passed.insert(subject);
        self.wanted_again(subject);
        if is_to_pass_on && self.settings.events.multi_agent && self.settings.lanes.enabled {
            self.live.to_pass_on.insert(turned);
        }
    }

    /// Whether the queue passes a task on: nobody has worked on it, no person said to start it, or who is to do it.
    fn is_to_pass_on(&self, task: &Task) -> bool {
        let anybody = self.settings.workflows.get(TASK).map(|spec| &spec.role);
        let is_own = |assignment: &Assignment| assignment.subject.is_none() && Some(&assignment.role) == anybody;
        let is_queued = lane(task) == Lane::Queue && task.state == TaskState::Queued;
        is_queued && task.assignment().is_some_and(is_own) && !task.forced && task.attempts.is_empty()
    }

    /// Takes note of all that waits in the queue: it is to be passed on from now on.
    pub(crate) fn note_queue(&mut self) {
        self.live.turned.extend(self.book.in_turn(Lane::Queue));
    }

    /// Whether an event can be followed now: the word of an agent counts when its work was taken, or was not.
    pub(crate) fn is_due(&self, known: &Known) -> bool {
        match (known.standing, &known.event.by) {
            (Standing::Open, By::Task(task)) => !self.live.attempts.contains_key(task),
            (Standing::Open | Standing::Good | Standing::Void, _) => true,
        }
    }

    /// Does what the rules say about an event. What it has filed before a crash is filed.
    fn follow(&mut self, known: &Known) -> Vec<Consequence> {
        let event = &known.event;
        let mut filed = known.filed.iter().copied();
        if known.filed.is_empty()
            && let Some(why) = self.obstacle(known)
        {
            return vec![Consequence::Failed(why)];
        }
        let rules: Vec<Does> = routing::follows(&self.settings.rules, &event.kind).cloned().collect();
        let mut outcomes = Vec::new();
        for does in rules {
            outcomes.push(match does {
                Does::Start { role, workflow } => match filed.next() {
                    Some(task) => Consequence::Started(task),
                    None => self.put_to_work(event, &role, &workflow),
                },
                Does::Complete => self.complete(event),
                Does::FileBug => match filed.next() {
                    Some(task) => self.over(event, task),
                    None => self.file_bug(event),
                },
            });
        }
        // Rules may be fewer than they were before a crash.
        outcomes.extend(filed.map(Consequence::Started));
        if outcomes.is_empty() {
            let why = format!("no rule is about {}; `orchestrator-tui workflows` lists the rules", event.kind);
            return vec![Consequence::Nobody(why)];
        }
        outcomes
    }

    /// Says why an event is not followed, whatever the rules say.
    fn obstacle(&self, known: &Known) -> Option<String> {
        let (event, limits) = (&known.event, &self.settings.events);
        if event.depth > limits.depth {
            let depth = limits.depth;
            return Some(format!("{depth} events have led to it, one by the other, and events.depth is {depth}"));
        }
        if let By::Task(task) = &event.by
            && known.standing != Standing::Good
        {
            return Some(format!("the attempt of {task} that reported it came to nothing"));
        }
        let subject = event.subject?;
        let rate = self.book.events.rate(subject, self.live.now.wall);
        if rate > limits.rate as usize {
            return Some(format!("{subject} had {rate} events within an hour, and events.rate is {}", limits.rate));
        }
        let task = self.book.task(subject)?;
        let is_over = matches!(task.state, TaskState::Failed(_));
        is_over.then(|| format!("{subject} is over: {}", task.state.reason(self.live.now.wall)))
    }

    /// Files a task for a role.
    fn put_to_work(&mut self, event: &Event, role: &str, workflow: &str) -> Consequence {
        let id = self.book.last_task.next();
        let subject = event.subject.and_then(|subject| self.task(subject));
        let after = self.built_on(event);
        let mut assignment = assignment(event, subject.as_deref());
        assignment.label = format!("{role}-{}", event.id.0);
        role.clone_into(&mut assignment.role);
        workflow.clone_into(&mut assignment.workflow);
        assignment.subject = Some(event.subject.unwrap_or(id));
        // Only the first of those who make something makes all of it.
        let edits = self.settings.roles.get(role).is_some_and(|role| role.edits);
        let is_more = after.iter().any(|id| self.is_kept(*id));
        if !edits || is_more {
            assignment.deliverables.clear();
        }
        if let Err(refusal) = self.may_file(&assignment) {
            return Consequence::Failed(refusal.message);
        }
        if let Some(subject) = &subject
            && matches!(subject.state, TaskState::Queued | TaskState::Held(HoldReason::Created | HoldReason::FixingOff))
            && subject.check().is_none()
            && event.by != By::Task(subject.id)
            && self.leads_to_work(role)
        {
            self.record(Fact::Held { task: subject.id, reason: HoldReason::PassedOn });
        }
        let priority = subject.map_or(0, |subject| subject.priority);
        let new = NewTask { assignment: Box::new(assignment), after: Vec::new(), priority, held: false };
        self.file_one(id, &new, after, None);
        Consequence::Started(id)
    }

    /// Whether a role changes files, or one that is started by what it reports, and so on. To one that only looks, such as
    /// an auditor, the work of a task is not passed on.
    fn leads_to_work(&self, role: &str) -> bool {
        let (mut seen, mut next) = (BTreeSet::new(), vec![role]);
        while let Some(name) = next.pop() {
            let Some(role) = self.settings.roles.get(name).filter(|_| seen.insert(name)) else { continue };
            if role.edits {
                return true;
            }
            let follows = role.emits.iter().flat_map(|event| routing::follows(&self.settings.rules, event));
            next.extend(follows.filter_map(|does| match does {
                Does::Start { role, .. } => Some(role.as_str()),
                Does::Complete | Does::FileBug => None,
            }));
        }
        false
    }

    /// Files what went wrong, as a task of its own; its subject is over.
    fn file_bug(&mut self, event: &Event) -> Consequence {
        let id = self.book.last_task.next();
        let subject = event.subject.and_then(|subject| self.task(subject));
        let mut after = self.built_on(event);
        // Its subject is over by it, and would be in its way; only a result that has not landed is what there is to mend.
        after.retain(|id| Some(*id) != event.subject || self.is_kept(*id));
        let mut assignment = assignment(event, subject.as_deref());
        let wanted = std::mem::take(&mut assignment.description);
        assignment.label = format!("bug-{}", event.id.0);
        assignment.description = format!(
            "What was made was looked at when it was done, and is not what it was to be. What was found stands in the \
             data of the event `{}`. Mend it.\n\nThis is what was to be made:\n\n{wanted}",
            event.kind
        );
        assignment.name = format!("Mend: {}", assignment.name);
        assignment.role = self.settings.workflows.get(TASK).map(|spec| spec.role.clone()).unwrap_or_default();
        TASK.clone_into(&mut assignment.workflow);
        assignment.deliverables.clear();
        if let Err(refusal) = self.may_file(&assignment) {
            return Consequence::Failed(refusal.message);
        }
        let priority = subject.map_or(0, |subject| subject.priority);
        let new = NewTask { assignment: Box::new(assignment), after: Vec::new(), priority, held: false };
        self.file_one(id, &new, after, None);
        self.over(event, id)
    }

    /// Ends the subject of an event for which a bug is filed.
    fn over(&mut self, event: &Event, bug: TaskId) -> Consequence {
        if let Some(subject) = event.subject.and_then(|subject| self.task(subject))
            && is_passed_on(&subject)
        {
            let state = TaskState::Failed(FailReason::NotVerified(bug));
            self.record(Fact::Ended { task: subject.id, state });
        }
        Consequence::Bug(bug)
    }

    /// Ends the subject of an event well.
    fn complete(&mut self, event: &Event) -> Consequence {
        let Some(subject) = event.subject.and_then(|subject| self.task(subject)) else {
            return Consequence::Failed("it is about no task; `--task N` names one".to_owned());
        };
        let id = subject.id;
        match &subject.state {
            TaskState::Done(_) => Consequence::Completed(id),
            TaskState::Held(HoldReason::PassedOn | HoldReason::Stalled) => {
                self.record(Fact::Ended { task: id, state: TaskState::Done(DoneReason::Finished) });
                Consequence::Completed(id)
            }
            TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Running
            | TaskState::Cooling { .. }
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Failed(_) => {
                if let By::Task(reporter) = event.by
                    && reporter != id
                    && self.book.task(reporter).is_some_and(|task| matches!(task.state, TaskState::Done(_)))
                {
                    // It looked at a task that others work on, and was asked for no more.
                    return Consequence::Completed(reporter);
                }
                let why = subject.state.reason(self.live.now.wall);
                Consequence::Failed(format!("{id} was not passed on, and ends by itself ({why})"))
            }
        }
    }

    /// Returns what a task that an event starts comes after: the one that reported it, and what that one was built on and
    /// has not landed; if none of ours did, its subject, and what that was passed on to and has not landed.
    fn built_on(&self, event: &Event) -> BTreeSet<TaskId> {
        let Some(task) = event.about().and_then(|task| self.book.task(task)) else { return BTreeSet::new() };
        let before = task.assignment().map(|assignment| assignment.after.as_slice()).unwrap_or_default();
        let its = event.subject.filter(|subject| *subject == task.id && event.by != By::Task(task.id));
        let made = its.into_iter().flat_map(|subject| self.book.index.of_subject(subject));
        before.iter().copied().chain(made).filter(|id| self.is_kept(*id)).chain([task.id]).collect()
    }

    fn is_kept(&self, id: TaskId) -> bool {
        self.made(id) == Some(Made::Kept)
    }

    /// Passes queued tasks on to the first role, if that is wanted, instead of giving each to one agent.
    fn pass_on(&mut self) {
        if self.book.paused || !self.settings.fix.enabled || self.live.to_pass_on.is_empty() {
            return;
        }
        let turned = std::mem::take(&mut self.live.to_pass_on);
        if !self.settings.events.multi_agent || !self.settings.lanes.enabled {
            return;
        }
        let due = turned.into_iter().filter_map(|id| self.book.task(id)).filter(|task| self.is_to_pass_on(task));
        let due: BTreeSet<Rank> = due.map(|task| Rank::of(task)).collect();
        for id in due.into_iter().map(|rank| rank.task) {
            let Some(task) = self.task(id) else { continue };
            // A crash may have come between the event and the hold.
            if !self.book.events.is_passed_on(id) {
                let assignment = task.assignment();
                let description = assignment.map(|assignment| assignment.description.as_str()).unwrap_or_default();
                let data = json!({ "task": id.0, "title": task.title(), "description": description });
                self.happens(ASSIGNED, data.to_string(), By::Queue, Some(id));
            }
            self.record(Fact::Held { task: id, reason: HoldReason::PassedOn });
        }
    }

    /// Returns where a task stands whose work was taken, and has nothing to land: done, unless it was only the first of
    /// several that pass it on.
    pub(crate) fn finished(&self, id: TaskId, assignment: &Assignment) -> TaskState {
        let is_first = assignment.subject.is_none_or(|subject| subject == id);
        let starts = |does: &Does| matches!(does, Does::Start { .. });
        let goes_on = |known: &Known| {
            known.event.by == By::Task(id) && routing::follows(&self.settings.rules, &known.event.kind).any(starts)
        };
        if is_first && self.book.events.pending().any(goes_on) {
            TaskState::Held(HoldReason::PassedOn)
        } else if self.settings.roles.get(&assignment.role).is_none_or(|role| role.edits) {
            TaskState::Done(DoneReason::Unchanged)
        } else {
            TaskState::Done(DoneReason::Finished)
        }
    }

    /// Returns the event that led to a task: its type and its data.
    pub(crate) fn happened(&self, task: &Task) -> Option<(String, String)> {
        let event = &self.book.events.get(task.assignment()?.event?)?.event;
        Some((event.kind.clone(), event.data.clone()))
    }
}

/// Returns an assignment about the subject of an event, or about what its data says, for nobody yet.
fn assignment(event: &Event, subject: Option<&Task>) -> Assignment {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let says = |names: [&str; 2]| {
        let said = names.iter().find_map(|name| data.get(name)?.as_str()).filter(|text| !text.trim().is_empty());
        said.map(str::to_owned)
    };
    let about = Assignment {
        description: says(["description", "requirement"]).unwrap_or_default(),
        event: Some(event.id),
        ..Assignment::new(says(["title", "name"]).unwrap_or_else(|| event.kind.clone()), Lane::Queue, "", "")
    };
    match subject.map(|subject| &subject.goal) {
        Some(Goal::Assignment(whole)) => Assignment {
            name: whole.name.clone(),
            description: whole.description.clone(),
            module: whole.module.clone(),
            complexity: whole.complexity,
            context_files: whole.context_files.clone(),
            deliverables: whole.deliverables.clone(),
            check: whole.check.clone(),
            land: whole.land,
            ..about
        },
        Some(Goal::Check(key)) => Assignment { name: key.to_string(), ..about },
        None => about,
    }
}

/// Whether a task waits for what it was passed on to.
fn is_passed_on(task: &Task) -> bool {
    matches!(task.state, TaskState::Held(HoldReason::PassedOn | HoldReason::Stalled))
}
