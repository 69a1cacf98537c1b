//! Carries effects into the world, with delays and faults.

use std::time::Duration;

use orchestrator_tui::core::effect::{AgentOrder, Effect, Place, RunOrder, Work};
use orchestrator_tui::core::input::{Collected, Input, Product, RunOutcome};
use orchestrator_tui::model::agent::{AgentReport, AgentResult, Trouble};
use orchestrator_tui::model::check::{CheckKey, CheckName, CheckRun, Findings, Fingerprint, Verdict};
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::health::{Level, Part};
use orchestrator_tui::model::id::{JobId, Seq, SessionId};
use orchestrator_tui::model::session::{Exit, Rung};
use orchestrator_tui::model::workspace::Suspicion;

use super::disk::{Disk, Landing, mended, number};
use super::{Ending, Event, World};

/// A live session of the world.
pub(super) struct Session {
    pub ending: Ending,
    /// The rung it needs to end early; `None`: any.
    pub stubborn: Option<Rung>,
    pub is_agent: bool,
}

/// A command line and how it will go.
#[derive(Clone)]
pub(super) struct RunPlan {
    pub order: RunOrder,
    pub fault: RunFault,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RunFault {
    None,
    Flaky,
    OtherFailure,
    AlwaysGreen,
    TimesOut,
    Broken,
}

/// An agent and how it will go.
#[derive(Clone)]
pub(super) struct AgentPlan {
    pub order: AgentOrder,
    pub deed: Deed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Mends,
    MendsHalf,
    Nothing,
    Breaks,
    Dies,
    SaysError,
    RateLimit,
    Login,
    Cheats,
}

impl World {
    pub(super) fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Record(recorded) => {
                assert_eq!(recorded.seq.0 as usize, self.journal.len() + 1, "a gap in the journal");
                self.journal.push(recorded);
                let seq = Seq(self.journal.len() as u64);
                let delay = if self.calm { 1 } else { self.chance.between(1, 40) };
                self.at(delay, Event::Stores(seq));
            }
            Effect::Run(order) => self.runs(*order),
            Effect::StartAgent(order) => self.agent_starts(*order),
            Effect::Signal(session, rung) => self.signals(session, rung),
            Effect::Do { job, work, after } => match after {
                Some(seq) if self.stored < seq.0 as usize => self.waiting_for_store.push((seq, job, work)),
                _ => self.works_later(job, work),
            },
            Effect::Reply(request, _) => assert!(self.asked.remove(&request), "a second reply to {request:?}"),
            Effect::Exit(code) => {
                assert!(self.sessions.is_empty() || self.report.quits > 0 || !self.calm, "left with sessions alive");
                self.gone = Some(code);
            }
        }
    }

    pub(super) fn stores(&mut self, seq: Seq) {
        self.stored = self.stored.max(seq.0 as usize).min(self.journal.len());
        self.input(Input::Stored(seq));
        let stored = self.stored;
        let (ready, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting_for_store)
            .into_iter()
            .partition(|(after, _, _)| after.0 as usize <= stored);
        self.waiting_for_store.extend(waiting);
        for (_, job, work) in ready {
            self.works_later(job, work);
        }
    }

    fn works_later(&mut self, job: JobId, work: Work) {
        let delay = if self.calm { 5 } else { self.chance.between(1, 400) };
        self.at(delay, Event::Works(job, work));
    }

    fn runs(&mut self, order: RunOrder) {
        let session = order.session;
        assert!(!self.sessions.contains_key(&session) && !self.ended.contains(&session), "{session:?} twice");
        let fault = if self.calm { RunFault::None } else { self.run_fault(&order) };
        let delay = if self.calm { 20 } else { self.chance.between(1, 4_000) };
        let stubborn = (!self.calm && self.chance.one_in(10)).then_some(Rung::Kill);
        let plan = RunPlan { order, fault };
        let ending = Ending::Run(Box::new(plan));
        self.sessions.insert(session, Session { ending: ending.clone(), stubborn, is_agent: false });
        self.at(delay, Event::Ends(session, ending));
    }

    fn run_fault(&mut self, order: &RunOrder) -> RunFault {
        let in_workspace = order.place != Place::Tree;
        match self.chance.below(60) {
            0 | 1 => RunFault::Flaky,
            2 if in_workspace => RunFault::OtherFailure,
            3 if in_workspace => RunFault::AlwaysGreen,
            4 => RunFault::TimesOut,
            5 if self.chance.one_in(4) => RunFault::Broken,
            _ => RunFault::None,
        }
    }

    fn agent_starts(&mut self, order: AgentOrder) {
        let session = order.session;
        assert!(!self.ended.contains(&session) && !self.sessions.contains_key(&session), "{session:?} twice");
        let agents = self.sessions.values().filter(|session| session.is_agent).count() as u32;
        assert!(agents < self.settings.limits.running, "{agents} agents already run");
        assert!(self.machine.live().repository.operation.is_none(), "an agent starts during a rebase");
        if !self.calm && self.chance.one_in(40) {
            return self.at(3, Event::Reaches(Input::AgentFailed(session, "no such program".into())));
        }
        let deeds = [
            Deed::Mends,
            Deed::Mends,
            Deed::Mends,
            Deed::Mends,
            Deed::MendsHalf,
            Deed::Nothing,
            Deed::Breaks,
            Deed::Dies,
            Deed::SaysError,
            Deed::RateLimit,
            Deed::Login,
            Deed::Cheats,
        ];
        let deed = if self.calm { Deed::Mends } else { *self.chance.pick(&deeds) };
        let delay = if self.calm { 100 } else { self.chance.between(1, 60_000) };
        let stubborn = (!self.calm && self.chance.one_in(5)).then_some(Rung::Kill);
        let ending = Ending::Agent(Box::new(AgentPlan { order, deed }));
        self.sessions.insert(session, Session { ending: ending.clone(), stubborn, is_agent: true });
        self.at(
            1,
            Event::Reaches(Input::Reported(
                session,
                AgentReport::Ready { conversation: "c".into(), model: "m".into() },
            )),
        );
        let spent = Spent { usd: Usd(self.chance.below(200_000)), unpriced: false, tokens_in: 10, tokens_out: 1 };
        self.at(delay / 2, Event::Reaches(Input::Reported(session, AgentReport::Used(spent))));
        match deed {
            Deed::RateLimit => {
                let trouble = AgentReport::Trouble(Trouble::RateLimit { until: None });
                self.at(delay, Event::Reaches(Input::Reported(session, trouble)));
            }
            Deed::Login => {
                let trouble = AgentReport::Trouble(Trouble::Login { message: "no".into() });
                self.at(delay, Event::Reaches(Input::Reported(session, trouble)));
            }
            _ => self.at(delay, Event::Ends(session, ending)),
        }
    }

    fn signals(&mut self, session: SessionId, rung: Rung) {
        assert!(!self.ended.contains(&session), "{session:?} is over and is signalled");
        let Some(known) = self.sessions.get(&session) else { return };
        if known.stubborn.is_some_and(|needed| rung < needed) {
            return;
        }
        let ending = known.ending.clone();
        let delay = if self.calm { 10 } else { self.chance.between(1, 1_500) };
        match ending {
            Ending::Run(_) => self.at(delay, Event::Ends(session, ending)),
            Ending::Agent(plan) => {
                let plan = AgentPlan { deed: Deed::Dies, ..*plan };
                self.at(delay, Event::Ends(session, Ending::Agent(Box::new(plan))));
            }
        }
    }

    pub(super) fn ends(&mut self, session: SessionId, ending: Ending) {
        if self.sessions.remove(&session).is_none() {
            return; // It has ended already, by itself or by a signal.
        }
        match ending {
            Ending::Run(plan) => {
                let outcome = self.outcome(&plan);
                self.ended.insert(session);
                self.input(Input::RunEnded(session, outcome.clone()));
                if !self.calm && self.chance.one_in(30) {
                    self.input(Input::RunEnded(session, outcome));
                }
            }
            Ending::Agent(plan) => {
                self.agent_works(&plan);
                let said = match plan.deed {
                    Deed::Dies | Deed::RateLimit | Deed::Login => None,
                    Deed::SaysError => Some(false),
                    _ => Some(true),
                };
                if let Some(ok) = said {
                    let result = AgentResult { ok, text: "said".into() };
                    self.input(Input::Reported(session, AgentReport::Done(result.clone())));
                    if !self.calm && self.chance.one_in(10) {
                        self.input(Input::Reported(session, AgentReport::Done(result)));
                    }
                }
                self.ended.insert(session);
                self.input(Input::AgentEnded(session, Exit::Code(0)));
                if !self.calm && self.chance.one_in(30) {
                    self.input(Input::AgentEnded(session, Exit::Code(0)));
                }
            }
        }
    }

    fn agent_works(&mut self, plan: &AgentPlan) {
        let chance_half = self.chance.one_in(2);
        let Some(tree) = (match plan.order.place {
            Place::Tree => Some(&mut self.disk.tree),
            Place::Workspace(slot) => self.disk.slots.get_mut(&slot),
        }) else {
            return;
        };
        let mut wrote = Vec::new();
        for failure in &plan.order.task.failures {
            let Some(file) = failure.file.as_ref().map(number) else { continue };
            let Some(content) = tree.get(&file).copied() else { continue };
            let new = match plan.deed {
                Deed::Mends | Deed::Cheats => mended(content),
                Deed::MendsHalf if chance_half => mended(content),
                Deed::Breaks => content + 5,
                _ => continue,
            };
            tree.insert(file, new);
            wrote.push(super::disk::name(file));
        }
        if plan.order.place == Place::Tree && !wrote.is_empty() {
            let changed = wrote.into_iter().map(|path| (path, orchestrator_tui::core::input::Fate::Written)).collect();
            self.at(2, Event::Reaches(Input::Changed(changed)));
        }
    }

    fn outcome(&mut self, plan: &RunPlan) -> RunOutcome {
        let order = &plan.order;
        let tree = match order.place {
            Place::Tree => self.disk.tree.clone(),
            Place::Workspace(slot) => self.disk.slots.get(&slot).cloned().unwrap_or_default(),
        };
        let key = key_of(order);
        if let Some(source) = &order.source
            && !tree.contains_key(&number(source))
        {
            return RunOutcome::NoSource;
        }
        let mut run = CheckRun {
            verdict: Verdict::Green,
            code: Some(0),
            took: Duration::from_millis(5),
            findings: Findings::default(),
        };
        let Some(key) = key else {
            // A fixer or a preparation; fixers mend linting now and then.
            if order.line.starts_with("fix") && self.chance.one_in(2) {
                self.fixer_works(order);
            }
            return RunOutcome::Ran(run);
        };
        run.findings = Disk::findings(&tree, &key);
        let mark = |id: &str| Fingerprint { id: id.into(), file: None, line: None };
        match plan.fault {
            RunFault::None => {}
            RunFault::Flaky => run.findings.failures.push(mark("flaky")),
            RunFault::OtherFailure => run.findings.failures = vec![mark("cannot import")],
            RunFault::AlwaysGreen => run.findings.failures.clear(),
            RunFault::TimesOut => {
                run.verdict = Verdict::TimedOut;
                run.findings.failures = vec![mark("timed out")];
                return RunOutcome::Ran(run);
            }
            RunFault::Broken => {
                run.verdict = Verdict::Broken;
                run.findings.failures = vec![mark("no shell")];
                return RunOutcome::Ran(run);
            }
        }
        if !run.findings.failures.is_empty() {
            run.verdict = Verdict::Red;
            run.code = Some(1);
        }
        RunOutcome::Ran(run)
    }

    fn fixer_works(&mut self, order: &RunOrder) {
        let tree = match order.place {
            Place::Tree => &mut self.disk.tree,
            Place::Workspace(slot) => match self.disk.slots.get_mut(&slot) {
                Some(tree) => tree,
                None => return,
            },
        };
        if let Some((_, content)) = tree.iter_mut().next() {
            *content = mended(*content);
        }
    }

    pub(super) fn works(&mut self, job: JobId, work: Work) {
        let product = if !self.calm && self.chance.one_in(60) {
            Product::Failed("the disk is full".into())
        } else {
            self.product(work)
        };
        if product == Product::Surprised {
            self.report.surprises += 1;
        }
        if !self.calm && self.chance.one_in(80) {
            let level = Level::Degraded { reason: "slow".into(), since: self.clock().wall };
            self.input(Input::Felt(Part::StateManager, level));
        }
        self.input(Input::Done(job, product));
    }

    fn product(&mut self, work: Work) -> Product {
        match work {
            Work::Snapshot => Product::Snapshot(self.disk.snapshot()),
            Work::Prepare { slot, snapshot } => {
                let tree = self.disk.get(&snapshot.tree);
                self.disk.slots.insert(slot, tree);
                Product::Prepared { needs_command: self.chance.one_in(3), warnings: Vec::new() }
            }
            Work::Restore { slot, tree, .. } => {
                let tree = self.disk.get(&tree);
                self.disk.slots.insert(slot, tree);
                Product::Restored
            }
            Work::Collect { place, base, .. } => {
                let base = self.disk.get(&base.tree);
                let tree = match place {
                    Place::Tree => self.disk.tree.clone(),
                    Place::Workspace(slot) => self.disk.slots.get(&slot).cloned().unwrap_or_default(),
                };
                let doubt = Suspicion { file: None, what: "skips a test".into() };
                let suspicions = if self.chance.one_in(8) { vec![doubt] } else { Vec::new() };
                let changes = Disk::changes(&base, &tree);
                Product::Collected(Collected { tree: self.disk.id(&tree), changes, suspicions, patch: "patch".into() })
            }
            Work::Merge { base, theirs } => {
                let (base, theirs, ours) = (self.disk.get(&base.tree), self.disk.get(&theirs), self.disk.snapshot());
                match Disk::merge(&base, &self.disk.tree, &theirs) {
                    Ok(tree) => Product::Merged { ours, tree: self.disk.id(&tree) },
                    Err(paths) => Product::Conflict { paths, shown: "both".into() },
                }
            }
            Work::Land { landing, ours, tree } => {
                let (ours, after) = (self.disk.get(&ours.tree), self.disk.get(&tree));
                let touched: Vec<u8> = Disk::changes(&ours, &after).iter().map(|change| number(&change.path)).collect();
                if touched.iter().any(|file| self.disk.tree.get(file) != ours.get(file)) {
                    return Product::Surprised;
                }
                if self.chance.one_in(50) && !self.calm {
                    return Product::Refused("a hard link".into());
                }
                self.write(landing, ours, after)
            }
            Work::RecordInPlace { landing, base } => {
                let before = self.disk.get(&base.tree);
                let after = self.disk.tree.clone();
                let files = Disk::changes(&before, &after);
                self.disk.landings.insert(landing, Landing { before, after, done: true });
                Product::Landed(files)
            }
            Work::Undo { landing, only_untouched } => self.undo(landing, only_untouched),
        }
    }

    fn write(
        &mut self,
        landing: orchestrator_tui::model::id::LandingId,
        before: super::disk::Tree,
        after: super::disk::Tree,
    ) -> Product {
        let files = Disk::changes(&before, &after);
        for change in &files {
            let file = number(&change.path);
            match after.get(&file) {
                Some(content) => self.disk.tree.insert(file, *content),
                None => self.disk.tree.remove(&file),
            };
        }
        self.disk.landings.insert(landing, Landing { before, after, done: true });
        Product::Landed(files)
    }

    fn undo(&mut self, landing: orchestrator_tui::model::id::LandingId, only_untouched: bool) -> Product {
        let Some(known) = self.disk.landings.get_mut(&landing) else { return Product::NothingToUndo };
        if !known.done {
            return Product::NothingToUndo;
        }
        let touched = Disk::changes(&known.after, &known.before);
        let edited: Vec<_> = touched
            .iter()
            .filter(|change| self.disk.tree.get(&number(&change.path)) != known.after.get(&number(&change.path)))
            .map(|change| change.path.clone())
            .collect();
        if !edited.is_empty() {
            let _ = only_untouched;
            return Product::UndoConflict(edited);
        }
        known.done = false;
        for change in &touched {
            let file = number(&change.path);
            match known.before.get(&file) {
                Some(content) => self.disk.tree.insert(file, *content),
                None => self.disk.tree.remove(&file),
            };
        }
        Product::Undone(touched)
    }
}

/// Reads back which check an order runs; fixers and preparations are none.
fn key_of(order: &RunOrder) -> Option<CheckKey> {
    let word = order.line.split(' ').next().unwrap_or_default();
    let name = CheckName(["unit", "lint", "each"].iter().find(|name| **name == word)?.to_string());
    let file = order.source.clone();
    Some(CheckKey { check: name, file })
}
