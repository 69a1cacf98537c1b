//! The durable vocabulary: what is now true for ever. The journal stores these and nothing else.

use serde::{Deserialize, Serialize};

pub use crate::core::remember::Remember;
use crate::model::agent::{LogLine, Violation};
use crate::model::assignment::{Batch, Lane};
use crate::model::attempt::{AttemptRecord, Stage};
use crate::model::budget::{Day, Limit};
use crate::model::check::{CheckKey, CheckRun, Fingerprint};
use crate::model::cost::{Spent, Usd};
use crate::model::event::{Consequence, Event, EventFile};
use crate::model::health::{Level, Part};
use crate::model::hold::{HoldReason, SnoozeEnd};
use crate::model::id::{BatchId, ChangeId, EventId, LandingId, QuestionId, SessionId, Slot, TaskId};
use crate::model::lane::LaneChange;
use crate::model::lesson::LessonId;
use crate::model::path::ProjectPath;
use crate::model::plan::{Conversation, Plan};
use crate::model::question::{Closed, Question, Reply};
use crate::model::receipt::Receipt;
use crate::model::settings::LandMode;
use crate::model::task::{PendingResult, ReadyReason, ReviewReason, Task, TaskState};
use crate::model::time::Wall;
use crate::model::workspace::{FileChange, TreeId};

/// Something that is true from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Fact {
    /// A supervisor started on this project.
    Started {
        /// Its process.
        pid: u32,
        /// Its version.
        version: String,
        /// How much it remembers.
        remember: Remember,
    },
    /// It stopped in an orderly way.
    Stopped,
    /// The heart beat.
    Beat,
    /// A batch of changes settled.
    Changed {
        /// Its number.
        change: ChangeId,
        /// The files, at most the first twenty.
        files: Vec<ProjectPath>,
        /// How many files in all.
        count: u32,
    },
    /// A check ran in the user's tree.
    Ran {
        /// Which.
        key: CheckKey,
        /// What it said.
        run: CheckRun,
        /// The test file it ran, if its command names one.
        tests: Option<ProjectPath>,
    },
    /// A per-file check has nothing to run for any more.
    Forgotten {
        /// Which.
        key: CheckKey,
    },
    /// The user's tree looked like this when these checks were green.
    GreenAt {
        /// Which.
        keys: Vec<CheckKey>,
        /// The tree.
        tree: TreeId,
    },
    /// There is something to get done.
    Filed {
        /// All of it.
        task: Box<Task>,
    },
    /// Something happened that may start work.
    Emitted {
        /// What.
        event: Box<Event>,
    },
    /// What follows from an event is done.
    Routed {
        /// From which.
        event: EventId,
        /// What came of it, rule by rule.
        outcomes: Vec<Consequence>,
    },
    /// A file in the folder for events is left where it is.
    EventFileLeft {
        /// Which.
        file: EventFile,
        /// Why, and what to do about it.
        why: String,
    },
    /// Tasks are about to be filed together.
    BatchBegan {
        /// All about it.
        batch: Box<Batch>,
    },
    /// More tasks come to what was filed together.
    BatchGrew {
        /// What they come to.
        batch: BatchId,
        /// Which, in order.
        tasks: Vec<TaskId>,
    },
    /// A person has said yes to a plan: what is left of it starts as it can.
    BatchApproved {
        /// Which.
        batch: BatchId,
    },
    /// What was filed together may cost so much now.
    BatchLimited {
        /// What.
        batch: BatchId,
        /// How much; none: only the day's line holds.
        budget: Option<Usd>,
    },
    /// One queue is paused, goes on, or was cleared.
    Lane {
        /// Which.
        lane: Lane,
        /// What became of it.
        change: LaneChange,
    },
    /// A task waits for others, is blocked by one, or waits no more.
    Gated {
        /// Which.
        task: TaskId,
        /// Where it stands: pending, blocked or queued.
        state: TaskState,
    },
    /// More is known about an open task.
    Merged {
        /// Which.
        task: TaskId,
        /// Files that came to it.
        files: Vec<ProjectPath>,
        /// What fails now.
        failures: Vec<Fingerprint>,
        /// What fails and is not its business.
        red_before: Vec<Fingerprint>,
        /// The failing output.
        excerpt: String,
    },
    /// A task waits for a person.
    Held {
        /// Which.
        task: TaskId,
        /// Why.
        reason: HoldReason,
    },
    /// A task may start.
    Released {
        /// Which.
        task: TaskId,
        /// Whether a person said so.
        forced: bool,
    },
    /// A task begins anew: its attempts do not count any more.
    Retried {
        /// Which.
        task: TaskId,
    },
    /// An attempt began.
    AttemptStarted {
        /// Of which task.
        task: TaskId,
        /// Its number.
        number: u32,
        /// In which workspace.
        slot: Slot,
        /// Whether it only brings in, after a yes, what the attempt of this number has made.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        landing: bool,
    },
    /// An attempt reached a stage.
    Staged {
        /// Of which task.
        task: TaskId,
        /// Which stage.
        stage: Stage,
        /// Whether the task is to bring something, rather than to mend a check.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        brings: bool,
    },
    /// An agent began to work in an attempt.
    AgentStarted {
        /// Of which task.
        task: TaskId,
        /// In which session.
        session: SessionId,
    },
    /// The program of the agent that began to work runs.
    AgentUp {
        /// Of which task.
        task: TaskId,
        /// In which session.
        session: SessionId,
    },
    /// The running attempt has used so much in all.
    Used {
        /// Of which task.
        task: TaskId,
        /// How much.
        spent: Spent,
    },
    /// What is used from now on counts for this local day.
    DayBegan {
        /// Which.
        day: Day,
    },
    /// Today's spending came near a line of the budget, or reached it.
    Neared {
        /// Which line.
        line: Limit,
        /// How much was used, in millionths of a dollar or in tokens.
        used: u64,
        /// Where the line is, in the same.
        limit: u64,
        /// Whether it is reached.
        reached: bool,
    },
    /// A person raised today's lines by so much.
    Raised {
        /// Dollars.
        usd: Usd,
        /// Tokens.
        tokens: u64,
    },
    /// The planner advised something for the running attempt, or nothing.
    Planned {
        /// Of which task.
        task: TaskId,
        /// What.
        plan: Box<Plan>,
    },
    /// The planner has used so much more.
    PlannerUsed {
        /// For which task; none: for what a person asked in its terminal.
        task: Option<TaskId>,
        /// How much.
        spent: Spent,
    },
    /// What the planner talks about from now on; none: it does not run.
    PlannerTalks {
        /// What, and what of it is paid.
        talk: Option<Conversation>,
    },
    /// Something worth reading happened in an attempt.
    Logged {
        /// Of which task.
        task: TaskId,
        /// What.
        lines: Vec<LogLine>,
    },
    /// The agent of an attempt, or the planner, wanted what a safety rule forbids.
    Violated {
        /// Of which task; none: the planner, for which no attempt waited any more.
        task: Option<TaskId>,
        /// What it wanted, and which rule forbids it.
        violation: Violation,
    },
    /// What runs in a session asked for what only a person may ask for, and was refused.
    Trespassed {
        /// For which task it runs, if for one.
        task: Option<TaskId>,
        /// Where it belongs.
        whose: String,
        /// What only a person may.
        deed: String,
    },
    /// An agent waits for what a person says.
    Questioned {
        /// What it asks.
        question: Box<Question>,
    },
    /// A person said it.
    Answered {
        /// To which question.
        question: QuestionId,
        /// Of which task.
        task: TaskId,
        /// What.
        reply: Reply,
        /// Through which face; empty if it was not said.
        by: String,
    },
    /// Nobody will.
    Closed {
        /// Which question.
        question: QuestionId,
        /// Of which task.
        task: TaskId,
        /// Why.
        why: Closed,
    },
    /// A person told the agent of a running attempt something.
    Messaged {
        /// Of which task.
        task: TaskId,
        /// What.
        text: String,
        /// Through which face; empty if it was not said.
        #[serde(default)]
        by: String,
    },
    /// An attempt ended; a task that is not over goes on in the given state.
    AttemptEnded {
        /// Of which task.
        task: TaskId,
        /// How.
        record: Box<AttemptRecord>,
        /// Where the task stands then.
        then: TaskState,
    },
    /// A verified result waits for a yes.
    Ready {
        /// Of which task.
        task: TaskId,
        /// Why it waits.
        reason: ReadyReason,
        /// The result.
        result: Box<PendingResult>,
    },
    /// A result needs a person's hands.
    NeedsReview {
        /// Of which task.
        task: TaskId,
        /// Why.
        reason: ReviewReason,
        /// The result, if it has not landed.
        result: Option<Box<PendingResult>>,
    },
    /// Files are about to be written into the user's tree.
    LandingBegan {
        /// For which task.
        task: TaskId,
        /// Under which name.
        landing: LandingId,
    },
    /// They are written.
    Landed {
        /// For which task.
        task: TaskId,
        /// The evidence.
        receipt: Box<Receipt>,
    },
    /// They were not written after all.
    LandingFailed {
        /// For which task.
        task: TaskId,
    },
    /// A landing was taken back by ourselves: a check turned red by it, or we died in the middle of it.
    TakenBack {
        /// Of which task.
        task: TaskId,
        /// Which.
        landing: LandingId,
    },
    /// A landing was taken back by a person.
    Undone {
        /// Of which task.
        task: TaskId,
        /// Which.
        landing: LandingId,
        /// The files that were written.
        files: Vec<FileChange>,
    },
    /// A person's save put files back that a task had landed.
    Replaced {
        /// Which task.
        task: TaskId,
        /// Of which landing.
        landing: LandingId,
        /// The files that are as before it.
        files: Vec<ProjectPath>,
    },
    /// A task is over.
    Ended {
        /// Which.
        task: TaskId,
        /// How: a final state.
        state: TaskState,
    },
    /// Nothing starts until then, or until a person acts.
    Parked {
        /// Until when.
        until: Option<Wall>,
        /// Why.
        why: String,
    },
    /// Work may start again.
    Unparked,
    /// A subject failed too often and is left alone for a while.
    BreakerTripped {
        /// A file, or a check's name.
        subject: String,
        /// How often it failed within the window.
        failures: u32,
        /// Until when.
        until: Wall,
    },
    /// A person stopped everything for now.
    Paused,
    /// A person let it go on.
    Resumed,
    /// A person leaves a check and file alone.
    Snoozed {
        /// Which.
        key: CheckKey,
        /// What ends it.
        until: SnoozeEnd,
    },
    /// They are no longer left alone.
    Unsnoozed {
        /// Which.
        key: CheckKey,
    },
    /// A person said whether verified results land by themselves in this project.
    Agreed {
        /// What they do.
        land: LandMode,
    },
    /// A person wants no prompt to quote a lesson any more, or wants it quoted after all.
    Lesson {
        /// Which.
        lesson: LessonId,
        /// Whether it is dropped.
        dropped: bool,
    },
    /// The configuration was read again.
    Reconfigured {
        /// What is different, for a person to read.
        changes: Vec<String>,
        /// How much is remembered from now on.
        remember: Remember,
    },
    /// The configuration was read again and does not hold: what held before goes on.
    ConfigRefused {
        /// Why, and what to do about it.
        why: String,
    },
    /// A part works better or worse.
    Felt {
        /// Which.
        part: Part,
        /// How well.
        level: Level,
    },
}
