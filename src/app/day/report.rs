//! The report of a day in Markdown: what was done, what it took, and what waits for whom.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::app::day::markdown::{code, code_cell, line, quote};
use crate::app::day::outline::spoken;
use crate::model::assignment::Deliverable;
use crate::model::cost::{Spent, Usd};
use crate::model::number::{percent, thousands};
use crate::model::time::millis;
use crate::model::workspace::{ChangeKind, FileChange};

/// What became of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; how it came in: `landed`, `landed after your yes`.
    Done(String),
    /// It came through, though it was to change files and changed none.
    Unchanged,
    /// There is a result, and a person is to look at it: why.
    Ready(String),
    /// It is still at work, or waits for an answer.
    Running(String),
    /// It has not begun, and why.
    Waiting(String),
    /// It was tried, waits, and why.
    Paused(String),
    /// A task before it failed: which.
    Blocked(String),
    /// It came to a bad end, and why.
    Failed(String),
}

/// What a person has to do, and with which command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// The task's label; empty for the day as a whole.
    pub label: String,
    /// What for.
    pub what: String,
    /// Each does it: `orchestrator-tui land 15`.
    pub commands: Vec<String>,
}

/// A question of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What was asked.
    pub question: String,
    /// What was said; none: nothing yet, or never.
    pub answer: Option<String>,
    /// Who said it, or why nobody did: `you`, `nobody in time`.
    pub by: String,
}

/// A deliverable, and whether it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Which.
    pub deliverable: Deliverable,
    /// Why it does not count; none: it does.
    pub missing: Option<String>,
}

/// What there is to say about a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskReport {
    /// Its label.
    pub label: String,
    /// Its name.
    pub name: String,
    /// The number of the task that does it anew, as the file says something else about it since.
    pub anew: Option<u32>,
    /// The part of the project; may be empty.
    pub module: String,
    /// The role.
    pub role: String,
    /// What became of it.
    pub outcome: Outcome,
    /// How many attempts there were.
    pub attempts: u32,
    /// What it used.
    pub spent: Spent,
    /// How long agents worked on it.
    pub took: Duration,
    /// How long was expected.
    pub expected: Option<Duration>,
    /// What its result changes.
    pub changed: Vec<FileChange>,
    /// What it was to bring.
    pub delivered: Vec<Delivered>,
    /// What its agents asked.
    pub asked: Vec<Asked>,
    /// What its agent says about it, in Markdown; may be empty.
    pub summary: String,
}

/// What there is to say about a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayReport {
    /// Its date.
    pub date: String,
    /// The task file, as shown.
    pub file: String,
    /// When this was so, in the user's time: `2025-11-18 18:30`.
    pub written: String,
    /// Its tasks, in the order of the file.
    pub tasks: Vec<TaskReport>,
    /// What a person has to do, the most urgent first.
    pub waits: Vec<Waits>,
    /// What all of it may cost.
    pub limit: Option<Usd>,
    /// Why the day ended before its tasks did; none: it did not.
    pub cut_short: Option<String>,
    /// The feedback file, as shown.
    pub feedback: String,
}

impl DayReport {
    /// Adds up what was used.
    pub fn spent(&self) -> Spent {
        self.tasks.iter().fold(Spent::default(), |sum, task| sum + task.spent)
    }

    /// Returns the Markdown; the same for the same day, however often it is asked for.
    pub fn markdown(&self) -> String {
        let mut text = format!("# Report - {}\n", self.date);
        // Into a text nothing fails.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n{} · as of {}", code(&self.file), line(&self.written))?;
        writeln!(out, "\n{}", self.counts())?;
        if let Some(why) = &self.cut_short {
            writeln!(out, "\n**The day ended early:** {}", line(why))?;
        }
        self.write_waits(out)?;
        self.write_table(out)?;
        for task in &self.tasks {
            task.write(out)?;
        }
        self.write_totals(out)?;
        self.write_feedback(out)
    }

    fn counts(&self) -> String {
        let counted = || self.tasks.iter().filter(|task| task.anew.is_none());
        let count = |is: fn(&Outcome) -> bool| counted().filter(|task| is(&task.outcome)).count();
        let parts = [
            (count(|outcome| matches!(outcome, Outcome::Done(_))), "done"),
            (count(|outcome| matches!(outcome, Outcome::Unchanged)), "done without a change"),
            (count(|outcome| matches!(outcome, Outcome::Ready(_))), "to review"),
            (count(|outcome| matches!(outcome, Outcome::Running(_))), "at work"),
            (count(|outcome| matches!(outcome, Outcome::Paused(_))), "waiting"),
            (count(|outcome| matches!(outcome, Outcome::Waiting(_))), "not begun"),
            (count(|outcome| matches!(outcome, Outcome::Blocked(_))), "blocked"),
            (count(|outcome| matches!(outcome, Outcome::Failed(_))), "failed"),
        ];
        let said: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let tasks = counted().count();
        format!("{tasks} {}: {}", if tasks == 1 { "task" } else { "tasks" }, said.join(", "))
    }

    fn write_waits(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n## What waits for you\n")?;
        if self.waits.is_empty() {
            return writeln!(out, "Nothing.");
        }
        for waits in &self.waits {
            let label = if waits.label.is_empty() { String::new() } else { format!("**{}** · ", line(&waits.label)) };
            writeln!(out, "- {label}{}", line(&waits.what))?;
            for command in &waits.commands {
                writeln!(out, "  - {}", code(command))?;
            }
        }
        Ok(())
    }

    fn write_table(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n## Tasks\n\n| task | result | time | expected | cost | tokens |\n|---|---|---|---|---|---|")?;
        for task in &self.tasks {
            writeln!(
                out,
                "| {} · {} | {} | {} | {} | {} | {} |",
                line(&task.label),
                line(&task.name),
                task.anew.map_or_else(
                    || task.outcome.word().to_owned(),
                    |later| format!("{}, then #{later}", task.outcome.word())
                ),
                task.begun(spoken(task.took)),
                task.expected.map_or_else(|| "—".to_owned(), spoken),
                task.begun(price(task.spent)),
                task.begun(thousands(task.spent.tokens())),
            )?;
        }
        Ok(())
    }

    fn write_totals(&self, out: &mut String) -> fmt::Result {
        let spent = self.spent();
        let took = self.tasks.iter().map(|task| task.took).sum();
        let estimated = || self.tasks.iter().filter(|task| task.attempts > 0 && task.expected.is_some());
        let expected: Duration = estimated().filter_map(|task| task.expected).sum();
        let against: Duration = estimated().map(|task| task.took).sum();
        let files: usize = self.tasks.iter().map(|task| task.changed.len()).sum();
        let all = || self.tasks.iter().flat_map(|task| &task.changed);
        let (added, removed): (u64, u64) = all()
            .fold((0, 0), |(added, removed), file| (added + u64::from(file.added), removed + u64::from(file.removed)));
        writeln!(out, "\n## Totals\n")?;
        writeln!(out, "- Cost: {}{}", price(spent), self.limit.map(|limit| within(spent, limit)).unwrap_or_default())?;
        writeln!(out, "- Tokens: {} in, {} out", thousands(spent.tokens_in), thousands(spent.tokens_out))?;
        let against = match (expected > Duration::ZERO, against == took) {
            (false, _) => String::new(),
            (true, true) => format!("; {} were expected", spoken(expected)),
            (true, false) => format!("; {} of it where {} were expected", spoken(against), spoken(expected)),
        };
        writeln!(out, "- Time of agents: {}{against}", spoken(took))?;
        writeln!(out, "- Changed files: {files}, +{added} −{removed}")
    }

    /// A form to fill in: what is left empty teaches nothing.
    fn write_feedback(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "\n## Your feedback\n\nWrite into {} what you think of it:\n\n```markdown",
            code(&self.feedback)
        )?;
        writeln!(out, "# Feedback - {}", self.date)?;
        for task in self.tasks.iter().filter(|task| task.attempts > 0 && task.anew.is_none()) {
            writeln!(
                out,
                "\n## {}: {}\nRating: ?/5\n\n✅ \n⚠️ \nAction: ",
                task.label,
                line(&task.name).replace('`', "'")
            )?;
        }
        writeln!(out, "\n## Orchestrator Performance\n- Good: \n- Improve: \n\n## Tomorrow's Adjustments\n1. \n```")
    }
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "✅ done",
            Self::Unchanged => "➖ nothing was changed",
            Self::Ready(_) => "👀 to review",
            Self::Running(_) => "⏳ at work",
            Self::Waiting(_) => "⏸ not begun",
            Self::Paused(_) => "⏸ waits",
            Self::Blocked(_) => "⛔ blocked",
            Self::Failed(_) => "❌ failed",
        }
    }

    fn why(&self) -> String {
        match self {
            Self::Done(how) => how.clone(),
            Self::Unchanged => "its agent said that it was done; look whether that can be".to_owned(),
            Self::Ready(why) | Self::Running(why) | Self::Waiting(why) | Self::Paused(why) | Self::Failed(why) => {
                why.clone()
            }
            Self::Blocked(label) => format!("{label} failed, and it waits for that"),
        }
    }
}

impl TaskReport {
    /// Returns a number, if anybody worked on it: for what was not begun there is none.
    fn begun(&self, number: String) -> String {
        if self.attempts > 0 { number } else { "—".to_owned() }
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n### {} · {}\n", line(&self.label), line(&self.name))?;
        let why = self.outcome.why();
        let why = if why.is_empty() { why } else { format!(": {}", line(&why)) };
        let why = self.anew.map_or_else(|| why.clone(), |later| format!("{why}; done anew as #{later}"));
        writeln!(out, "{}{why}", self.outcome.word())?;
        if self.attempts == 0 {
            return Ok(());
        }
        let module = if self.module.is_empty() { String::new() } else { format!(", module {}", line(&self.module)) };
        let attempts = if self.attempts == 1 { "1 attempt".to_owned() } else { format!("{} attempts", self.attempts) };
        writeln!(out, "\n- Role: {}{module}, {attempts}", line(&self.role))?;
        writeln!(out, "- Time: {}{}", spoken(self.took), against(self.took, self.expected))?;
        writeln!(
            out,
            "- Cost: {}, {} tokens in, {} out",
            price(self.spent),
            thousands(self.spent.tokens_in),
            thousands(self.spent.tokens_out)
        )?;
        if !self.delivered.is_empty() {
            writeln!(out, "\nDeliverables:\n")?;
            for it in &self.delivered {
                let (sign, why) = match &it.missing {
                    None => ("x", String::new()),
                    Some(why) => (" ", format!(" — {}", line(why))),
                };
                writeln!(out, "- [{sign}] {}{why}", code(&it.deliverable.path.to_string()))?;
            }
        }
        if !self.changed.is_empty() {
            writeln!(out, "\n| changed file | | + | − |\n|---|---|--:|--:|")?;
            for file in &self.changed {
                let path = code_cell(&file.path.to_string());
                writeln!(out, "| {path} | {} | {} | {} |", kind(file.kind), file.added, file.removed)?;
            }
        }
        for asked in &self.asked {
            writeln!(out, "\nQuestion:\n\n{}", quote(&asked.question))?;
            match &asked.answer {
                Some(answer) => writeln!(out, "\nAnswer ({}):\n\n{}", line(&asked.by), quote(answer))?,
                None => writeln!(out, "\nNo answer: {}", line(&asked.by))?,
            }
        }
        if !self.summary.trim().is_empty() {
            writeln!(out, "\nSummary of the agent:\n\n{}", quote(&self.summary))?;
        }
        Ok(())
    }
}

fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "new",
        ChangeKind::Modified => "changed",
        ChangeKind::Deleted => "deleted",
    }
}

fn price(spent: Spent) -> String {
    match spent.price() {
        Some(usd) if spent.unpriced => format!("{usd} at least"),
        Some(usd) => usd.to_string(),
        None => "unknown".to_owned(),
    }
}

/// Says how much of a limit was used; of an unknown price nothing can be said.
fn within(spent: Spent, limit: Usd) -> String {
    let reached = if spent.usd >= limit { ", **the limit is reached**" } else { "" };
    let percent = percent(spent.usd.0, limit.0).unwrap_or(100);
    match spent.price() {
        Some(_) => format!(" of {limit} ({percent} %){reached}"),
        None => format!("; the limit is {limit}"),
    }
}

fn against(took: Duration, expected: Option<Duration>) -> String {
    match expected {
        Some(expected) if took > expected => {
            let percent = percent(millis(took), millis(expected)).unwrap_or(100);
            format!(
                " instead of {}: **{} over** ({percent} %)",
                spoken(expected),
                spoken(took.saturating_sub(expected))
            )
        }
        Some(expected) => format!(" of {} expected", spoken(expected)),
        None => String::new(),
    }
}
