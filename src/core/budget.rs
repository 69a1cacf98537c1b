//! Holds the lines of the budget: nothing starts over one, what runs is asked to end at one, a warning comes before.

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

    /// Returns how many dollars the next run of an agent may use: what is left to the task, and to the day after what those
    /// that run may still use, so that together they keep the line even when nobody looks. A task without a line of its own
    /// gets its share: the others that may begin beside it get as much. `None`: no line is set.
    pub(crate) fn allowance(&self, task: &Task) -> Option<Allowance> {
        let budget = self.budget_of(task);
        let left = |limit: Usd, used: Usd| (limit > Usd(0)).then(|| limit.minus(used));
        let batch = self.batch_money(task).map(|(used, limit)| limit.minus(used.usd).minus(self.promised()));
        let own = left(budget.task, task.total().usd);
        let day = left(budget.day, self.spent_today().usd).map(|left| left.minus(self.promised()));
        let (usd, line, is_share) = match (own, day) {
            (None, None) => return batch.map(|usd| Allowance { usd, line: Limit::BatchUsd, is_share: false }),
            (Some(own), None) => (own, Limit::TaskUsd, false),
            (Some(own), Some(day)) if own <= day => (own, Limit::TaskUsd, false),
            (Some(_), Some(day)) => (day, Limit::DayUsd, false),
            (None, Some(day)) => {
                let lane = lane(task);
                let room = self.width(lane).saturating_sub(self.agents(lane)).max(1);
                let share = Usd(day.0 / u64::try_from(room).unwrap_or(u64::MAX));
                (share, Limit::DayUsd, room > 1 || self.is_anybody_at_work())
            }
        };
        Some(match batch {
            Some(batch) if batch < usd => Allowance { usd: batch, line: Limit::BatchUsd, is_share: false },
            Some(_) | None => Allowance { usd, line, is_share },
        })
    }

    /// Returns how many dollars the agents that run may still use, as they were told, those included that are ending.
    fn promised(&self) -> Usd {
        let uses = |step: &Step| matches!(step, Step::Agent(Some(_)) | Step::Ending);
        let running = self.live.attempts.values().filter(|attempt| uses(&attempt.step));
        let left = running.filter_map(|attempt| Some(attempt.allowance?.usd.minus(attempt.spent.usd)));
        left.fold(Usd(0), |sum, left| Usd(sum.0.saturating_add(left.0)))
    }

    fn is_anybody_at_work(&self) -> bool {
        Lane::ALL.into_iter().any(|lane| self.agents(lane) > 0)
    }

    /// Whether the agent of a task must wait because what is left of the day is promised to those that run: it begins when
    /// one of them ends, if the task has a line of its own as soon as that much is free.
    pub fn waits_for_money(&self, id: TaskId) -> bool {
        let is_next = self.live.attempts.get(&id).is_some_and(|attempt| attempt.step == Step::Agent(None));
        let Some(task) = self.task(id).filter(|_| is_next && self.is_anybody_at_work()) else { return false };
        let own = self.budget_of(&task).task;
        let is_too_little = |given: Allowance| given.usd == Usd(0) || own > Usd(0) && given.line == Limit::DayUsd;
        self.allowance(&task).is_some_and(is_too_little)
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

    /// Returns how an attempt ends whose agent was cut short: by the day's line it is no try, as it had no chance.
    pub(crate) fn cut_short(&self, id: TaskId, end: AttemptEnd) -> AttemptEnd {
        let attempt = self.live.attempts.get(&id);
        // One that has used up a share had its chance; the day's line itself is another matter.
        let is_share = attempt.and_then(|attempt| attempt.allowance).is_some_and(|allowance| allowance.is_share);
        let had_a_chance = is_share && self.day_line().is_none();
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
        self.record(Fact::Raised { usd, tokens });
        let now = self.budget();
        let lines = Limit::DAY.into_iter().filter(|line| now.limit(*line) > 0);
        let lines: Vec<String> = lines.map(|line| line.amount(now.limit(line))).collect();
        Ok(Answer::said(format!("today may cost {}; tomorrow is as configured", lines.join(" and "))))
    }
}
