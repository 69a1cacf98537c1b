//! Holds the lines of a day and of a task: nothing starts over one, what runs is asked to end at one, a warning comes before.

use crate::core::command::{Answer, Refusal};
use crate::core::fact::Fact;
use crate::core::lanes::lane;
use crate::core::live::{Allowance, Attempt, Step};
use crate::core::supervisor::Supervisor;
use crate::model::assignment::Lane;
use crate::model::attempt::AttemptEnd;
use crate::model::budget::{Budget, Day, Limit};
use crate::model::cost::{Spent, Usd};
use crate::model::id::TaskId;
use crate::model::session::Rung;
use crate::model::task::{FailReason, Task, TaskState};
use crate::model::time::{Moment, Wall};

impl Fact {
    /// Whether it belongs to a day of the ledger.
    pub(crate) fn is_of_a_day(&self) -> bool {
        matches!(
            self,
            Self::AttemptEnded { .. }
                | Self::Ended { .. }
                | Self::Used { .. }
                | Self::PlannerUsed { .. }
                | Self::Raised { .. }
                | Self::Neared { .. }
        )
    }
}

/// Money that several agents share.
pub(crate) struct Pot {
    /// What is left of it after what is promised.
    pub(crate) left: Usd,
    /// The line that it ends at.
    pub(crate) line: Limit,
    /// How many agents may begin that take of it, the next one included.
    pub(crate) room: usize,
    /// Whether others that take of it are at work.
    pub(crate) is_busy: bool,
}

impl Pot {
    fn whole(&self) -> Allowance {
        Allowance { usd: self.left, line: self.line, is_share: false }
    }

    fn share(&self) -> Allowance {
        let room = self.room.max(1);
        let usd = Usd(self.left.0 / u64::try_from(room).unwrap_or(u64::MAX));
        Allowance { usd, line: self.line, is_share: room > 1 || self.is_busy }
    }
}

impl Supervisor {
    /// Returns the budget of today: what is written, and what a person added for the day.
    pub(crate) fn budget(&self) -> Budget {
        let budget = self.settings.budget;
        let (usd, tokens) = self.raised();
        let more = |limit: u64, more: u64| if limit == 0 { 0 } else { limit.saturating_add(more) };
        Budget { day: Usd(more(budget.day.0, usd.0)), day_tokens: more(budget.day_tokens, tokens), ..budget }
    }

    /// Returns what was used today.
    pub(crate) fn spent_today(&self) -> Spent {
        if self.is_todays_ledger() { self.book.ledger.spent() } else { Spent::default() }
    }

    fn raised(&self) -> (Usd, u64) {
        if self.is_todays_ledger() { self.book.ledger.raised() } else { (Usd(0), 0) }
    }

    fn is_todays_ledger(&self) -> bool {
        self.book.ledger.day() == Day::of(self.live.now)
    }

    /// Returns the line of the day that is reached, if one is. Nothing that costs begins then.
    pub(crate) fn day_line(&self) -> Option<Limit> {
        self.budget().reached(Limit::DAY, self.spent_today())
    }

    /// Returns the line that a task has reached, if it has.
    pub(crate) fn task_line(&self, task: &Task) -> Option<Limit> {
        self.budget_of(task).reached(Limit::TASK, task.total())
    }

    /// Whether a task has used up what it may use.
    pub(crate) fn is_broke(&self, id: TaskId) -> bool {
        self.task(id).is_some_and(|task| self.task_line(&task).is_some())
    }

    /// Ends an attempt whose task has used up what it may use before its agent began.
    pub(crate) fn end_broke(&mut self, id: TaskId) {
        let why = "the budget of its task is used up".to_owned();
        self.finish(id, AttemptEnd::Parked { why }, Some(TaskState::Failed(FailReason::Budget)));
    }

    /// Returns how many dollars the next run of an agent may use: what is left to the task, and what is left to the day and
    /// to what it was filed together with, after what those that run may still use of it, so that together they keep each
    /// line even when nobody looks. A task without a line of its own gets its share: the others that may begin beside it
    /// get as much. `None`: no line is set.
    pub(crate) fn allowance(&self, task: &Task) -> Option<Allowance> {
        let budget = self.budget_of(task);
        let own = (budget.task > Usd(0)).then(|| budget.task.minus(task.total().usd));
        let pots: Vec<Pot> = self.day_pot(task).into_iter().chain(self.batch_pot(task)).collect();
        let Some(own) = own else { return pots.iter().map(Pot::share).min_by_key(|share| share.usd) };
        let own = Allowance { usd: own, line: Limit::TaskUsd, is_share: false };
        std::iter::once(own).chain(pots.iter().map(Pot::whole)).min_by_key(|given| given.usd)
    }

    fn day_pot(&self, task: &Task) -> Option<Pot> {
        let limit = self.budget().day;
        let left = || limit.minus(self.spent_today().usd).minus(self.promised(|_| true));
        let is_busy = self.is_anybody_at_work();
        (limit > Usd(0)).then(|| Pot { left: left(), line: Limit::DayUsd, room: self.room(lane(task)), is_busy })
    }

    /// Returns how many dollars the agents that run may still use, as they were told, those included that are ending.
    pub(crate) fn promised(&self, counts: impl Fn(TaskId) -> bool) -> Usd {
        let running = self.live.attempts.iter().filter(|(id, attempt)| attempt.costs() && counts(**id));
        let left = running.filter_map(|(_, attempt)| Some(attempt.allowance?.usd.minus(attempt.spent.usd)));
        left.fold(Usd(0), |sum, left| Usd(sum.0.saturating_add(left.0)))
    }

    fn is_anybody_at_work(&self) -> bool {
        Lane::ALL.into_iter().any(|lane| self.agents(lane) > 0)
    }

    /// Returns the line whose rest is promised to agents that run, if the agent of a task must wait for that: it begins when
    /// one of them ends, if the task has a line of its own as soon as that much is free.
    pub fn waits_for_money(&self, id: TaskId) -> Option<Limit> {
        let is_next = self.live.attempts.get(&id).is_some_and(|attempt| attempt.step == Step::Agent(None));
        let task = self.task(id).filter(|_| is_next && self.is_anybody_at_work())?;
        let given = self.allowance(&task)?;
        let is_promised = given.line != Limit::BatchUsd || self.is_at_work_beside(&task);
        let is_too_little = given.usd == Usd(0) || self.budget_of(&task).task > Usd(0) && given.line.parks();
        (is_promised && is_too_little).then_some(given.line)
    }

    /// Says how far a line is used up: `budget.day_usd is used up ($50.21 of $50.00)`.
    pub(crate) fn used_up(&self, line: Limit, used: Spent) -> String {
        let (used, limit) = (line.measure(used), self.budget().limit(line));
        format!("{} is used up ({})", line.key(), line.share(used, limit))
    }

    /// Says what stands in the way today, and what mends it.
    pub(crate) fn over_today(&self) -> String {
        let why = self.day_line().map(|line| self.used_up(line, self.spent_today())).unwrap_or_default();
        format!("{why}, until midnight; `orchestrator-tui costs --raise 10` goes on today")
    }

    /// Turns the page of the ledger at local midnight.
    pub(crate) fn turn_day(&mut self) {
        let day = Day::of(self.live.now);
        // A clock that is set back may go back to a day on which something was spent.
        if self.book.ledger.day() != day && (self.book.ledger.is_worn() || self.book.ledger.knows(day)) {
            self.record(Fact::DayBegan { day });
        }
    }

    /// Returns when another day begins, if that makes a difference.
    pub(crate) fn budget_wakes(&self) -> Option<Moment> {
        let midnight = || self.live.now.moment.after(self.midnight().since(self.live.now.wall));
        self.book.ledger.is_worn().then(midnight)
    }

    /// Returns the next local midnight.
    pub(crate) fn midnight(&self) -> Wall {
        Day::end(self.live.now)
    }

    /// Asks agents to end that are over a line, and says when a line of the day is near or reached. What an agent did so
    /// far is looked at all the same: the check decides.
    pub(crate) fn hold_lines(&mut self) {
        self.say_lines();
        let works = |attempt: &Attempt| {
            attempt.ending.is_none() && attempt.over.is_none() && matches!(attempt.step, Step::Agent(Some(_)))
        };
        if !self.live.attempts.values().any(works) {
            return;
        }
        let day = self.day_line();
        let ids: Vec<TaskId> =
            self.live.attempts.iter().filter(|(_, attempt)| works(attempt)).map(|(id, _)| *id).collect();
        for id in ids {
            let Some(task) = self.task(id) else { continue };
            let own = self.task_line(&task).map(|line| (line, task.total())).or_else(|| self.batch_line(&task));
            let Some((line, used)) = own.or_else(|| Some((day?, self.spent_today()))) else { continue };
            let why = self.used_up_by(&task, line, used);
            let text = format!("{why}; it is asked to end, and the check decides about what it did");
            self.log(id, "budget", text);
            let Some(attempt) = self.live.attempts.get_mut(&id) else { continue };
            attempt.over = Some(line);
            if let Step::Agent(Some(session)) = attempt.step {
                self.end_session(session, Rung::Ask);
            }
        }
    }

    fn say_lines(&mut self) {
        let (budget, spent) = (self.budget(), self.spent_today());
        for line in Limit::DAY {
            let (used, limit) = (line.measure(spent), budget.limit(line));
            let near = u128::from(limit) * u128::from(budget.warn);
            let is_near = budget.warn > 0 && u128::from(used) * 1000 >= near;
            for (reached, holds) in [(false, is_near && used < limit), (true, used >= limit)] {
                if limit > 0 && holds && !self.book.ledger.has_said(line, reached, limit) {
                    self.record(Fact::Neared { line, used, limit, reached });
                }
            }
        }
    }

    /// Notes that an agent stopped because what it was given is used up, by its own count: that of the task, or what was
    /// left to the day.
    pub(crate) fn ran_out(&mut self, id: TaskId) {
        let allowance = self.live.attempts.get(&id).and_then(|attempt| attempt.allowance);
        let line = allowance.map_or(Limit::TaskUsd, |allowance| allowance.line);
        let what = if allowance.is_some_and(|allowance| allowance.is_share) { "its share of " } else { "" };
        self.log(id, "agent", format!("{what}{} is used up; the check decides about what it did", line.key()));
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.over = attempt.over.or(Some(line));
        }
    }

    /// Returns the line at which an agent was stopped before it said that it was done.
    pub(crate) fn stopped_at(&self, id: TaskId) -> Option<Limit> {
        let attempt = self.live.attempts.get(&id)?;
        attempt.over.filter(|_| attempt.said.as_ref().is_none_or(|said| !said.ok))
    }

    /// Returns how an attempt ends whose agent was cut short: by the day's line it is no try, as it had no chance.
    pub(crate) fn cut_short(&self, id: TaskId, end: AttemptEnd) -> AttemptEnd {
        let attempt = self.live.attempts.get(&id);
        // One that has used up a share had its chance; the line itself that all share is another matter.
        let is_share = attempt.and_then(|attempt| attempt.allowance).is_some_and(|allowance| allowance.is_share);
        let is_reached =
            self.day_line().is_some() || self.task(id).is_some_and(|task| self.batch_line(&task).is_some());
        let had_a_chance = is_share && !is_reached;
        let over = attempt.and_then(|attempt| attempt.over).filter(|_| !had_a_chance);
        match over.filter(|line| line.parks() && end.is_charged()) {
            Some(line) => AttemptEnd::Parked { why: format!("stopped at {}", line.key()) },
            None => end,
        }
    }

    /// Moves today's lines away.
    pub(crate) fn raise(&mut self, usd: Usd, tokens: u64) -> Result<Answer, Refusal> {
        let budget = self.settings.budget;
        if usd == Usd(0) && tokens == 0 {
            return Err(Refusal::because("say by how much: dollars, or tokens"));
        }
        for (more, limit, line) in [(usd.0, budget.day.0, Limit::DayUsd), (tokens, budget.day_tokens, Limit::DayTokens)]
        {
            if more > 0 && limit == 0 {
                return Err(Refusal::because(format!("{} is not set, so there is nothing to raise", line.key())));
            }
        }
        let (raised, raised_tokens) = self.raised();
        let most = [
            (raised.0.saturating_add(usd.0), most(budget.day.0, FREE.0), Limit::DayUsd),
            (raised_tokens.saturating_add(tokens), most(budget.day_tokens, FREE_TOKENS), Limit::DayTokens),
        ];
        if let Some((_, most, line)) = most.into_iter().find(|(sum, most, _)| sum > most) {
            let (key, most) = (line.key(), line.amount(most));
            return Err(Refusal::because(format!(
                "today can be raised by {most} in all; a higher {key} in the configuration allows more"
            )));
        }
        self.record(Fact::Raised { usd, tokens });
        let now = self.budget();
        let lines = Limit::DAY.into_iter().filter(|line| now.limit(*line) > 0);
        let lines: Vec<String> = lines.map(|line| line.amount(now.limit(line))).collect();
        Ok(Answer::said(format!(
            "today may cost {}; tomorrow is as configured, and until then nothing takes that back, but `orchestrator-tui pause` lets nothing new start",
            lines.join(" and ")
        )))
    }
}

/// What a day can be raised by whatever its line is; one that is meant to be higher belongs in the configuration.
const FREE: Usd = Usd(1_000_000_000);
const FREE_TOKENS: u64 = 1_000_000_000;

/// Returns the most that a line of the day can be raised by: more is a slip of the finger.
fn most(line: u64, free: u64) -> u64 {
    line.saturating_mul(10).max(free)
}
