//! Covers the secrets in everything that reaches the machine, and so in all that it records, says and shows.
//!
//! Texts that are cut short, or that come in pieces, are covered before that, where they come in: see [`crate::app::effects::checks`]
//! and [`crate::app::effects::agents`]. Here nothing gets past.

use crate::core::command::Command;
use crate::core::input::{Input, Product, RunOutcome};
use crate::core::secrets::Redactor;
use crate::model::agent::{AgentReport, Trouble, Violation};
use crate::model::assignment::Project;
use crate::model::check::CheckRun;
use crate::model::health::Level;
use crate::model::outcome::Outcome;
use crate::model::plan::PlannerNews;
use crate::model::question::{About, Reply};

/// What a person says to an agent, in which something was covered: the agent gets it as it was said.
#[derive(Debug)]
pub enum Spoken {
    /// A reply, covered and as it was said.
    Reply(Reply, Reply),
    /// A message, in the same way.
    Message(String, String),
}

impl Spoken {
    /// Returns what was said if `reply` is what is left of it.
    pub fn reply(self, reply: Reply) -> Reply {
        match self {
            Self::Reply(covered, said) if covered == reply => said,
            Self::Reply(..) | Self::Message(..) => reply,
        }
    }

    /// Returns what was said if `text` is what is left of it.
    pub fn message(self, text: String) -> String {
        match self {
            Self::Message(covered, said) if covered.trim() == text => said.trim().to_owned(),
            Self::Reply(..) | Self::Message(..) => text,
        }
    }
}

/// Covers the secrets in the texts of an input; never in paths, ids and trees. Returns what was said to an agent, if
/// something in it was covered.
pub fn cover(redactor: &Redactor, input: &mut Input) -> Option<Spoken> {
    match input {
        Input::RunEnded(_, RunOutcome::Ran(run)) => cover_run(redactor, run),
        Input::Reported(_, report) => cover_report(redactor, report),
        Input::AgentFailed(_, why) | Input::ConfigRefused(why) | Input::EventFile(_, Err(why)) => redactor.cover(why),
        Input::Done(_, product) => cover_product(redactor, product),
        Input::EventFile(_, Ok(dropped)) => redactor.cover(&mut dropped.data),
        Input::Asked(_, command) => return cover_command(redactor, command),
        Input::Planner(
            PlannerNews::Answered(_, text) | PlannerNews::Silent(_, text) | PlannerNews::Unable(_, text),
        ) => redactor.cover(text),
        Input::Planner(PlannerNews::Asks(_, ask)) => cover_question(redactor, &mut ask.about),
        Input::Planner(PlannerNews::Violated(_, violation)) => cover_violation(redactor, violation),
        Input::Felt(_, Level::Degraded { reason, .. } | Level::Down { reason, .. }) => redactor.cover(reason),
        Input::Started(_)
        | Input::Changed(_)
        | Input::Rescanned(_)
        | Input::Repository(_)
        | Input::RunEnded(_, RunOutcome::NoTests | RunOutcome::NoSource)
        | Input::AgentEnded(..)
        | Input::Reconfigured(..)
        | Input::Trespassed(..)
        | Input::Replaced(..)
        | Input::Screens(_)
        | Input::Planner(
            PlannerNews::Is(..)
            | PlannerNews::Used(..)
            | PlannerNews::Talks(_)
            | PlannerNews::Ended(_)
            | PlannerNews::AnsweredThere(_),
        )
        | Input::Felt(_, Level::Up)
        | Input::Stored(_)
        | Input::Woke => {}
    }
    None
}

fn cover_run(redactor: &Redactor, run: &mut CheckRun) {
    redactor.cover(&mut run.findings.excerpt);
    for failure in &mut run.findings.failures {
        redactor.cover(&mut failure.id);
    }
}

fn cover_report(redactor: &Redactor, report: &mut AgentReport) {
    match report {
        AgentReport::Ready { conversation: _, model } => redactor.cover(model),
        AgentReport::Log(lines) => {
            for line in lines {
                redactor.cover(&mut line.label);
                redactor.cover(&mut line.text);
            }
        }
        AgentReport::Refused { what } => redactor.cover(what),
        AgentReport::Asks(ask) => cover_question(redactor, &mut ask.about),
        AgentReport::Answered { request: _, reply, by } => {
            cover_reply(redactor, reply);
            redactor.cover(by);
        }
        AgentReport::HandsOver(outcome) => cover_outcome(redactor, outcome),
        AgentReport::Done(result) => redactor.cover(&mut result.text),
        AgentReport::Violation(violation) => cover_violation(redactor, violation),
        AgentReport::Trouble(Trouble::Login { message }) => redactor.cover(message),
        AgentReport::Trouble(Trouble::RateLimit { .. } | Trouble::Overloaded | Trouble::Budget)
        | AgentReport::Began
        | AgentReport::Used(_)
        | AgentReport::Withdrew { request: _ } => {}
    }
}

fn cover_violation(redactor: &Redactor, violation: &mut Violation) {
    redactor.cover(&mut violation.what);
    redactor.cover(&mut violation.why);
}

fn cover_outcome(redactor: &Redactor, outcome: &mut Outcome) {
    redactor.cover(&mut outcome.summary);
    outcome.next_steps.iter_mut().for_each(|step| redactor.cover(step));
    for component in &mut outcome.components {
        redactor.cover(&mut component.name);
        redactor.cover(&mut component.description);
        // As their names are.
        component.dependencies.iter_mut().for_each(|name| redactor.cover(name));
    }
}

fn cover_question(redactor: &Redactor, about: &mut About) {
    match about {
        About::Permission { tool, wants, why } => {
            for text in [tool, wants, why] {
                redactor.cover(text);
            }
        }
        About::Choice { parts } => {
            for part in parts {
                redactor.cover(&mut part.header);
                redactor.cover(&mut part.text);
                for option in &mut part.options {
                    redactor.cover(&mut option.label);
                    redactor.cover(&mut option.description);
                }
            }
        }
        About::Plan { plan } => redactor.cover(plan),
    }
}

fn cover_reply(redactor: &Redactor, reply: &mut Reply) {
    match reply {
        Reply::Deny { why } => redactor.cover(why),
        Reply::Choose { answers } => answers.iter_mut().flatten().for_each(|text| redactor.cover(text)),
        Reply::Allow | Reply::AllowForTask => {}
    }
}

fn cover_product(redactor: &Redactor, product: &mut Product) {
    match product {
        Product::Snapshot(snapshot) => {
            for left_out in &mut snapshot.left_out {
                redactor.cover(&mut left_out.why);
            }
        }
        Product::Prepared { needs_command: _, warnings } | Product::Landed { files: _, warnings } => {
            for warning in warnings {
                redactor.cover(warning);
            }
        }
        Product::Collected(collected) => {
            for suspicion in &mut collected.suspicions {
                redactor.cover(&mut suspicion.what);
            }
            redactor.cover(&mut collected.patch);
        }
        Product::Conflict { paths: _, shown } => redactor.cover(shown),
        Product::Refused(why) | Product::Failed(why) => redactor.cover(why),
        Product::Restored
        | Product::Merged { .. }
        | Product::Surprised
        | Product::Undone(_)
        | Product::UndoConflict(_)
        | Product::PutAway
        | Product::NothingToUndo => {}
    }
}

fn cover_project(redactor: &Redactor, project: &mut Project) {
    redactor.cover(&mut project.requirements);
    redactor.cover(&mut project.context);
}

fn cover_command(redactor: &Redactor, command: &mut Command) -> Option<Spoken> {
    match command {
        Command::Answer { question: _, shown: _, reply, by } => {
            redactor.cover(by);
            let said = reply.clone();
            cover_reply(redactor, reply);
            (*reply != said).then(|| Spoken::Reply(reply.clone(), said))
        }
        Command::Message { task: _, text, by } => {
            redactor.cover(by);
            let said = text.clone();
            redactor.cover(text);
            (*text != said).then(|| Spoken::Message(text.clone(), said))
        }
        Command::File { filing } => {
            for task in &mut filing.tasks {
                redactor.cover(&mut task.assignment.name);
                redactor.cover(&mut task.assignment.description);
                task.assignment.project.iter_mut().for_each(|project| cover_project(redactor, project));
            }
            None
        }
        Command::Emit { event: _, data, task: _, by: _ } => {
            redactor.cover(data);
            None
        }
        Command::Orchestrate { wish } => {
            cover_project(redactor, &mut wish.project);
            None
        }
        Command::Retry { .. }
        | Command::Kill { .. }
        | Command::Undo { .. }
        | Command::Fix { .. }
        | Command::Snooze { .. }
        | Command::Unsnooze { .. }
        | Command::Hold { .. }
        | Command::Agree { .. }
        | Command::Lesson { .. }
        | Command::Raise { .. }
        | Command::Land { .. }
        | Command::Refuse { .. }
        | Command::Approve { .. }
        | Command::Decline { .. }
        | Command::Begin { .. }
        | Command::Lane { .. }
        | Command::Check
        | Command::Pause
        | Command::Resume
        | Command::Changed { .. }
        | Command::Quit => None,
    }
}
