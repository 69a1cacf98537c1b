//! Agents that spend in steps, and a bill of our own that the machine's lines are held to.

use std::collections::BTreeMap;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::effect::AgentOrder;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::input::Input;
use orchestrator_tui::core::live::Step;
use orchestrator_tui::model::agent::AgentReport;
use orchestrator_tui::model::attempt::AttemptEnd;
use orchestrator_tui::model::budget::{Budget, Day};
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::id::{BatchId, SessionId, TaskId};
use orchestrator_tui::model::plan::PlannerNews;

use super::plan::Chance;
use super::{Event, World};

/// What the world knows to have been used, apart from the machine's ledger.
#[derive(Default)]
pub(super) struct Bill {
    day: Day,
    used: Spent,
    raised: (Usd, u64),
    sessions: BTreeMap<SessionId, Spent>,
    /// For what was filed together each agent works, and what was used for it.
    works_for: BTreeMap<SessionId, BatchId>,
    batches: BTreeMap<BatchId, Spent>,
    /// What the transcripts tell of agents at work when the supervisor died: they went on for a while.
    pub(super) left: BTreeMap<SessionId, Spent>,
    /// What the planner's own transcript tells of that was not paid.
    pub(super) planner_left: Option<Spent>,
}

/// Draws the lines: none, some, near ones.
pub(super) fn budget(chance: &mut Chance) -> Budget {
    let mut usd = |near: u64| Usd(if chance.one_in(3) { near } else { 0 });
    let (task, day) = (usd(300_000), usd(700_000));
    let mut tokens = |near: u64| if chance.one_in(6) { near } else { 0 };
    Budget { task, day, task_tokens: tokens(40), day_tokens: tokens(120), warn: 750 }
}

/// Draws the time zone: in every other world midnight is near.
pub(super) fn offset(chance: &mut Chance, wall: u64) -> i64 {
    let seconds = i64::try_from(wall / 1000).expect("a time of our days");
    let to_midnight = 86_400 - seconds.rem_euclid(86_400);
    let before = i64::try_from(chance.between(1, 600)).expect("a few minutes");
    if chance.one_in(2) { to_midnight - before } else { 0 }
}

impl World {
    /// Lets an agent spend, in steps that only grow.
    pub(super) fn agent_spends(&mut self, session: SessionId, delay: u64) {
        let (mut usd, mut tokens) = (0, 0);
        let steps = self.chance.between(1, 4);
        for step in 1..=steps {
            usd += self.chance.below(80_000);
            tokens += self.chance.between(1, 10);
            let unpriced = self.chance.one_in(8);
            let spent = Spent { usd: Usd(usd), unpriced, tokens_in: tokens, tokens_out: 1 };
            let at = delay * step / (steps + 1);
            self.at(at, Event::Reaches(Input::Reported(session, AgentReport::Used(spent))));
        }
    }

    /// A person lets the day cost more.
    pub(super) fn somebody_pays(&mut self) {
        let tokens = self.chance.below(2) * 20;
        self.ask(Command::Raise { usd: Usd(100_000), tokens });
    }

    /// Writes down what reaches the machine, before it does.
    pub(super) fn bill(&mut self, input: &Input) {
        let day = Day::of(self.clock());
        if self.bill.day != day {
            // The ledger may go back to a day of which it knows; then it knows more than a new bill.
            let known = self.machine.book().ledger.days().find(|(known, _)| *known == day);
            let used = known.map_or(Spent::default(), |(_, account)| account.spent());
            self.bill = Bill { day, used, raised: (Usd(0), 0), ..std::mem::take(&mut self.bill) };
        }
        match input {
            Input::Reported(session, AgentReport::Used(spent)) if self.sessions.contains_key(session) => {
                let known = self.bill.sessions.insert(*session, *spent).unwrap_or_default();
                self.bill.used += spent.since(known);
                if let Some(batch) = self.bill.works_for.get(session) {
                    *self.bill.batches.entry(*batch).or_default() += spent.since(known);
                }
            }
            Input::Planner(PlannerNews::Used(task, spent)) => {
                self.bill.used += *spent;
                if let Some(batch) = task.and_then(|task| self.batch_of(task)) {
                    *self.bill.batches.entry(batch).or_default() += *spent;
                }
            }
            _ => {}
        }
    }

    /// The supervisor is gone, and its agents go on until somebody ends them.
    pub(super) fn agents_go_on(&mut self) {
        let agents: Vec<SessionId> = self.machine.book().agents.values().copied().collect();
        for session in agents {
            let more = self.chance.below(3);
            let more = Spent { usd: Usd(more * 30_000), tokens_in: more * 40, ..Spent::default() };
            let known = self.bill.sessions.get(&session).copied().unwrap_or_default();
            self.bill.left.insert(session, known + more);
        }
    }

    /// So does the planner, if the journal knows that it ran.
    pub(super) fn planner_goes_on(&mut self) {
        let runs = self.machine.book().planner.is_some();
        let more = if runs { self.chance.below(3) } else { 0 };
        let spent = Spent { tokens_in: more * 40, unpriced: true, ..Spent::default() };
        self.bill.planner_left = (more > 0).then_some(spent);
        self.report.planners_left += u64::from(more > 0);
    }

    /// Returns what the ledger must have when all of them are paid of whom the journal knows: dollars and tokens.
    pub(super) fn owed(&self) -> (u64, u64) {
        let book = self.machine.book();
        let counted: BTreeMap<_, _> = book.ledger.counting().collect();
        let (mut usd, mut tokens) = (book.ledger.total().spent().usd.0, book.ledger.total().spent().tokens());
        for (task, session) in &book.agents {
            let counted = counted.get(task).copied().unwrap_or_default();
            if let Some(left) = self.bill.left.get(session) {
                usd += left.since(counted).usd.0;
                tokens += left.since(counted).tokens();
            }
        }
        (usd, tokens + self.bill.planner_left.map_or(0, Spent::tokens))
    }

    pub(super) fn check_paid(&self, owed: (u64, u64)) {
        let spent = self.machine.book().ledger.total().spent();
        assert_eq!((spent.usd.0, spent.tokens()), owed, "a run that was killed in the middle is not paid to its end");
    }

    /// After a crash only what was stored is known.
    pub(super) fn bill_restored(&mut self) {
        let ledger = &self.machine.book().ledger;
        let day = Day::of(self.clock());
        let known = ledger.day() == day;
        self.bill = Bill {
            day,
            used: if known { ledger.spent() } else { Spent::default() },
            raised: if known { ledger.raised() } else { (Usd(0), 0) },
            sessions: BTreeMap::new(),
            works_for: BTreeMap::new(),
            batches: BTreeMap::new(),
            left: std::mem::take(&mut self.bill.left),
            planner_left: self.bill.planner_left.take(),
        };
        for task in self.machine.book().tasks.values() {
            if let Some(batch) = self.batch_of(task.id) {
                *self.bill.batches.entry(batch).or_default() += task.total();
            }
        }
    }

    fn batch_of(&self, task: TaskId) -> Option<BatchId> {
        self.machine.book().task(task)?.assignment()?.batch
    }

    /// Returns what the agents that work besides were promised, of those that count.
    fn promised(&self, order: &AgentOrder, counts: impl Fn(TaskId) -> bool) -> u64 {
        let others = self.machine.live().attempts.iter().filter(|(id, _)| **id != order.task.id && counts(**id));
        let works = others.map(|(_, attempt)| attempt).filter(|attempt| matches!(attempt.step, Step::Agent(Some(_))));
        works.filter_map(|attempt| Some(attempt.allowance?.usd.minus(attempt.spent.usd).0)).sum()
    }

    /// Nothing begins over the line of what was filed together, and those that run side by side keep it together.
    fn check_batch(&mut self, order: &AgentOrder) {
        let Some(batch) = self.batch_of(order.task.id) else { return };
        self.bill.works_for.insert(order.session, batch);
        let Some(limit) = self.machine.book().batches.get(&batch).and_then(|batch| batch.budget) else { return };
        let used = self.bill.batches.get(&batch).copied().unwrap_or_default().usd;
        assert!(used < limit, "an agent starts at {used} of {limit} for batch {}", batch.0);
        let left = limit.minus(used).0;
        let given = order.budget.expect("there is a line").0;
        assert!(given > 0 && given <= left, "{given} of {left} left");
        let promised = self.promised(order, |task| self.batch_of(task) == Some(batch));
        assert!(promised > left || given + promised <= left, "{given} beside {promised}, {left} left for the batch");
    }

    /// Returns the line in dollars that is a task's own.
    fn own_line(&self, order: &AgentOrder) -> Usd {
        let Some(assignment) = order.task.assignment() else { return self.settings.budget.task };
        let role = self.settings.roles.get(&assignment.role).and_then(|role| role.budget);
        let batch = assignment.batch.and_then(|batch| self.machine.book().batches.get(&batch)?.budget);
        assignment.budget.or(role).or(batch.map(|_| Usd(0))).unwrap_or(self.settings.budget.task)
    }

    pub(super) fn raised(&mut self, fact: &Fact) {
        if let Fact::Raised { usd, tokens } = fact {
            self.report.raised += 1;
            self.bill.raised.0.0 += usd.0;
            self.bill.raised.1 += tokens;
        }
        match fact {
            Fact::Neared { reached: true, .. } => self.report.day_lines += 1,
            Fact::BatchLimited { .. } => self.report.limited += 1,
            Fact::AttemptEnded { record, .. } => {
                let is_line = matches!(&record.end, AttemptEnd::Parked { why } if why.contains("max_cost_usd"));
                self.report.batch_lines += u64::from(is_line);
            }
            _ => {}
        }
    }

    /// Nothing that costs begins over a line, and it is told how much is left at most.
    pub(super) fn check_order(&mut self, order: &AgentOrder) {
        self.check_batch(order);
        let budget = self.settings.budget;
        let (bill, task) = (&self.bill, order.task.total());
        let under = |used: u64, limit: u64| limit == 0 || used < limit;
        assert!(under(task.usd.0, self.own_line(order).0), "{} starts over its line", order.task.id);
        assert!(under(task.tokens(), budget.task_tokens), "{} starts over its tokens", order.task.id);
        assert_eq!(bill.day, Day::of(self.clock()), "the bill is of another day");
        if budget.day > Usd(0) {
            let limit = budget.day.0 + bill.raised.0.0;
            assert!(bill.used.usd.0 < limit, "an agent starts at {} of {limit} today", bill.used.usd.0);
            let left = limit - bill.used.usd.0;
            let given = order.budget.unwrap_or(Usd(u64::MAX)).0;
            assert!(given <= left, "{given} of {left} left");
            // Whoever works besides was promised a part of it.
            let promised = self.promised(order, |_| true);
            let lowered = promised > left;
            assert!(lowered || given + promised <= left, "{given} beside {promised}, {left} left");
        }
        if budget.day_tokens > 0 {
            let limit = budget.day_tokens + bill.raised.1;
            assert!(bill.used.tokens() < limit, "an agent starts at {} of {limit} tokens", bill.used.tokens());
        }
    }
}
