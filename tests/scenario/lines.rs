//! Tells facts and effects in one short line each.

use orchestrator_tui::core::effect::{Effect, PlannerOrder, Work};
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::model::check::{CheckRun, Fingerprint, Verdict};
use orchestrator_tui::model::health::Level;
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::plan::Advice;
use orchestrator_tui::model::session::Rung;
use orchestrator_tui::model::task::Task;
use orchestrator_tui::model::time::{Wall, brief};

use super::edge::kind;

/// Kinds of lines that are left out unless a story wants to show them.
const QUIET: [&str; 12] = [
    "agent-started",
    "brought",
    "day",
    "started",
    "staged",
    "used",
    "logged",
    "beat",
    "green-at",
    "snapshot",
    "prepare",
    "collect",
];

pub(super) struct Teller {
    show: Vec<String>,
}

impl Teller {
    pub(super) fn new(show: Vec<String>) -> Self {
        Self { show }
    }

    fn shows(&self, kind: &str) -> bool {
        !QUIET.contains(&kind) || self.show.iter().any(|wanted| wanted == kind)
    }

    /// Returns the line for an effect, if it is not left out.
    pub(super) fn line(&self, effect: &Effect, now: Wall) -> Option<String> {
        match effect {
            Effect::Record(recorded) => self.fact(&recorded.fact, now),
            Effect::Run(order) => {
                let what = if order.title == order.line { format!("`{}`", order.line) } else { order.title.clone() };
                Some(format!("run @{} {what} in {}", order.session.0, order.place))
            }
            Effect::StartAgent(order) => {
                let budget = order.budget.map(|usd| format!(", may spend {usd}")).unwrap_or_default();
                let strategy = if order.strategy.is_empty() { "" } else { ", by its plan" };
                let brought = order.brought.iter().filter(|_| self.shows("brought"));
                let told =
                    brought.fold(String::new(), |said, it| format!("{said}, told of {:?} {:?}", it.title, it.diff));
                let about: Vec<String> = order.task.failures.iter().map(|failure| failure.id.clone()).collect();
                Some(format!(
                    "agent @{} {} in {}: {} attempt {}, about {}{budget}{strategy}{told}",
                    order.session.0,
                    order.agent,
                    order.place,
                    order.task.id,
                    order.number,
                    about.join(", ")
                ))
            }
            Effect::Planner(PlannerOrder::Ask(order)) => {
                Some(format!("plan {} is asked for: {} attempt {}", order.plan.0, order.task.id, order.number))
            }
            Effect::Planner(PlannerOrder::Withdraw(plan)) => Some(format!("plan {} is not wanted any more", plan.0)),
            Effect::Planner(PlannerOrder::Answer(request, reply)) => {
                Some(format!("planner {request} is answered: {}", reply.brief()))
            }
            Effect::Planner(PlannerOrder::End(plan)) => {
                Some(format!("the planner is told to end after plan {}", plan.0))
            }
            Effect::Answer { session, request, reply } => {
                Some(format!("@{} {request} is answered: {}", session.0, reply.brief()))
            }
            Effect::Tell { session, text } => Some(format!("@{} is told: {text}", session.0)),
            Effect::Signal(session, rung) => {
                let rung = match rung {
                    Rung::Ask => "asked to end",
                    Rung::Interrupt => "interrupted",
                    Rung::Terminate => "terminated",
                    Rung::Kill => "killed",
                };
                Some(format!("@{} is {rung}", session.0))
            }
            Effect::Do { work, .. } => self.shows(kind(work)).then(|| job(work)),
            Effect::Reply(_, Ok(answer)) => Some(format!("reply: {}", answer.said)),
            Effect::Reply(_, Err(refusal)) => Some(format!("refused: {refusal}")),
            Effect::Exit(code) => Some(format!("exit {code}")),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each fact")]
    fn fact(&self, fact: &Fact, now: Wall) -> Option<String> {
        let in_time = |until: Wall| brief(until.since(now));
        let (kind, text) = match fact {
            Fact::Started { .. } => ("started", "started".to_owned()),
            Fact::Stopped => ("stopped", "stopped".to_owned()),
            Fact::Beat => ("beat", "heartbeat".to_owned()),
            Fact::Changed { change, files, count } => {
                ("changed", format!("change {}: {} ({count})", change.0, names(files)))
            }
            Fact::Ran { key, run, .. } => ("ran", format!("{key} {}", said(run))),
            Fact::DayBegan { day } => ("day", format!("day {day}")),
            Fact::Neared { line, used, limit, reached } => {
                let how = if *reached { "reached" } else { "near" };
                ("line", format!("{} is {how}: {}", line.key(), line.share(*used, *limit)))
            }
            Fact::Raised { usd, tokens } => ("line", format!("raised by {usd} and {tokens} tokens")),
            Fact::Forgotten { key } => ("forgotten", format!("{key} has nothing to run")),
            Fact::GreenAt { keys, tree } => ("green-at", format!("{} checks green at {tree}", keys.len())),
            Fact::Filed { task } => ("filed", filed(task)),
            Fact::Merged { task, failures, .. } => ("merged", format!("{task} is about {} now", ids(failures))),
            Fact::BatchBegan { batch } => ("batch", format!("batch {} of {} tasks", batch.id.0, batch.tasks.len())),
            Fact::Emitted { event } => {
                let subject = event.subject.map(|task| format!(" about {task}")).unwrap_or_default();
                let (id, kind, by, depth) = (event.id.0, &event.kind, &event.by, event.depth);
                ("emitted", format!("event {id}: {kind} from {by}{subject}, depth {depth}"))
            }
            Fact::Routed { event, outcomes } => {
                let each: Vec<String> = outcomes.iter().map(ToString::to_string).collect();
                ("routed", format!("event {}: {}", event.0, each.join(", ")))
            }
            Fact::EventFileLeft { file, why } => ("left", format!("{} stays: {why}", file.name)),
            Fact::BatchGrew { batch, tasks } => ("batch", format!("batch {} has {} more tasks", batch.0, tasks.len())),
            Fact::BatchApproved { batch } => ("batch", format!("batch {} is approved", batch.0)),
            Fact::BatchLimited { batch, budget } => {
                let limit = budget.map_or_else(|| "as much as it likes".to_owned(), |usd| usd.to_string());
                ("batch", format!("batch {} may cost {limit}", batch.0))
            }
            Fact::Lane { lane, change } => ("lane", format!("lane {lane}: {change:?}")),
            Fact::Gated { task, state } => ("gated", format!("{task} {}", state.reason(now))),
            Fact::Held { task, reason } => ("held", format!("{task} {reason}")),
            Fact::Released { task, forced } => {
                ("released", format!("{task} released{}", if *forced { " by a person" } else { "" }))
            }
            Fact::Retried { task } => ("retried", format!("{task} is tried again")),
            Fact::AttemptStarted { task, number, slot, landing } => {
                let what = if *landing { "goes on to land" } else { "begins" };
                ("attempt", format!("{task} attempt {number} {what} in workspace {}", slot.0))
            }
            Fact::Staged { task, stage, .. } => ("staged", format!("{task} stage {}", stage.name())),
            Fact::AgentStarted { task, session } => {
                ("agent-started", format!("{task} agent at work in @{}", session.0))
            }
            Fact::AgentUp { task, session } => ("agent-up", format!("{task} agent runs in @{}", session.0)),
            Fact::Used { task, spent } => ("used", format!("{task} has used {spent}")),
            Fact::Planned { task, plan } => match &plan.advice {
                Advice::Strategy(text) => ("planned", format!("{task} plan: {text}")),
                Advice::Basic { why } => ("planned", format!("{task} no plan: {why}")),
            },
            Fact::PlannerUsed { task, spent } => {
                ("planner-used", format!("the planner used {spent} for {}", whom(*task)))
            }
            Fact::Logged { task, lines } => {
                let lines: Vec<String> = lines.iter().map(|line| format!("{}: {}", line.label, line.text)).collect();
                ("logged", format!("{task} log: {}", lines.join(" | ")))
            }
            Fact::Violated { task: Some(task), violation } => ("violated", format!("{task} broke {violation}")),
            Fact::Violated { task: None, violation } => ("violated", format!("the planner broke {violation}")),
            Fact::PlannerTalks { talk: None } => ("planner-talks", "the planner talks about nothing".to_owned()),
            Fact::PlannerTalks { talk: Some(talk) } => {
                ("planner-talks", format!("the planner talks for {}, {} is paid", whom(talk.task), talk.billed))
            }
            Fact::Trespassed { whose, deed, .. } => ("trespassed", format!("refused to {whose}: {deed}")),
            Fact::Messaged { task, text, by } => ("messaged", format!("{task} is told by {by}: {text}")),
            Fact::Questioned { question } => {
                let text = format!("{} question {}: {}", question.task, question.id.0, question.ask.about.brief());
                ("question", text)
            }
            Fact::Answered { question, task, reply, .. } => {
                ("question", format!("{task} question {} answered: {}", question.0, reply.brief()))
            }
            Fact::Closed { question, task, why } => {
                ("question", format!("{task} question {} closed: {}", question.0, why.text()))
            }
            Fact::AttemptEnded { task, record, then } => {
                let charged = if record.end.is_charged() { "" } else { ", not charged" };
                ("attempt", format!("{task} attempt {} {}{charged} → {}", record.number, record.end, then.reason(now)))
            }
            Fact::Ready { task, reason, .. } => ("ready", format!("{task} {reason}")),
            Fact::NeedsReview { task, reason, .. } => ("review", format!("{task} {reason}")),
            Fact::LandingBegan { task, landing } => ("landing", format!("{task} landing {} begins", landing.0)),
            Fact::Landed { task, receipt } => {
                let files: Vec<ProjectPath> = receipt.files.iter().map(|file| file.path.clone()).collect();
                ("landed", format!("{task} landed: {} by {}", names(&files), receipt.by))
            }
            Fact::LandingFailed { task } => ("landing", format!("{task} did not land")),
            Fact::TakenBack { task, landing } => ("landing", format!("{task} landing {} taken back", landing.0)),
            Fact::Undone { task, landing, .. } => ("undone", format!("{task} landing {} undone", landing.0)),
            Fact::Ended { task, state } => ("ended", format!("{task} → {}", state.reason(now))),
            Fact::Parked { until, why } => {
                let until = until.map(|until| format!(" for {}", in_time(until))).unwrap_or_default();
                ("parked", format!("parked{until}: {why}"))
            }
            Fact::Unparked => ("parked", "no longer parked".to_owned()),
            Fact::BreakerTripped { subject, failures, until } => {
                ("breaker", format!("breaker: {subject}, {failures} failures, closed in {}", in_time(*until)))
            }
            Fact::Paused => ("paused", "paused".to_owned()),
            Fact::Resumed => ("paused", "resumed".to_owned()),
            Fact::Replaced { task, landing, files } => {
                ("replaced", format!("{task} landing {} replaced by a save: {}", landing.0, names(files)))
            }
            Fact::Snoozed { key, until } => ("snoozed", format!("{key} snoozed {until}")),
            Fact::Unsnoozed { key } => ("snoozed", format!("{key} no longer snoozed")),
            Fact::Lesson { lesson, dropped } => ("lesson", format!("lesson {lesson} dropped: {dropped}")),
            Fact::Agreed { land } => ("agreed", format!("agreed: {land:?}")),
            Fact::Reconfigured { changes, .. } if changes.is_empty() => {
                ("reconfigured", "configuration: as before".to_owned())
            }
            Fact::Reconfigured { changes, .. } => ("reconfigured", format!("configuration: {}", changes.join("; "))),
            Fact::ConfigRefused { why } => ("refused", format!("configuration refused: {why}")),
            Fact::Felt { part, level } => ("felt", format!("{} {}", part.name(), felt(level))),
        };
        self.shows(kind).then_some(text)
    }
}

fn felt(level: &Level) -> String {
    match level {
        Level::Up => "is up".to_owned(),
        Level::Degraded { reason, .. } => format!("is degraded: {reason}"),
        Level::Down { reason, .. } => format!("is down: {reason}"),
    }
}

fn job(work: &Work) -> String {
    match work {
        Work::Snapshot | Work::Collect { .. } => kind(work).to_owned(),
        Work::Compose { snapshot, brought } => {
            let brought: Vec<String> = brought.iter().map(|(_, tree)| tree.to_string()).collect();
            format!("lay {} over {}", brought.join(", "), snapshot.tree)
        }
        Work::Prepare { slot, .. } => format!("prepare workspace {}", slot.0),
        Work::Restore { slot, tree, .. } => format!("restore {tree} in workspace {}", slot.0),
        Work::Merge { base, theirs } => format!("merge {theirs}, made from {}", base.tree),
        Work::Land { landing, tree, .. } => format!("land {tree} as landing {}", landing.0),
        Work::RecordInPlace { landing, .. } => format!("record the work in place as landing {}", landing.0),
        Work::PutAway { file } => format!("put {} away", file.name),
        Work::Undo { landing, only_untouched: true } => format!("undo landing {} if untouched", landing.0),
        Work::Undo { landing, only_untouched: false } => format!("undo landing {}", landing.0),
    }
}

fn said(run: &CheckRun) -> String {
    let ids = ids(&run.findings.failures);
    match run.verdict {
        Verdict::Green => "green".to_owned(),
        Verdict::Red => format!("red: {ids}"),
        Verdict::TimedOut => "timed out".to_owned(),
        Verdict::Broken => "cannot run".to_owned(),
    }
}

fn ids(failures: &[Fingerprint]) -> String {
    failures.iter().map(|failure| failure.id.as_str()).collect::<Vec<_>>().join(", ")
}

fn names(files: &[ProjectPath]) -> String {
    files.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn filed(task: &Task) -> String {
    let before = match ids(&task.red_before) {
        ids if ids.is_empty() => ids,
        ids => format!(", red before: {ids}"),
    };
    format!("{} filed: {}: {}{before}", task.id, task.title(), ids(&task.failures))
}

fn whom(task: Option<TaskId>) -> String {
    task.map_or_else(|| "nobody".to_owned(), |task| task.to_string())
}
