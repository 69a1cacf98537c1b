//! What checks and fixers find and do in the simulated trees.

use std::time::Duration;

use orchestrator_tui::core::effect::{Place, RunOrder};
use orchestrator_tui::core::input::RunOutcome;
use orchestrator_tui::model::check::{CheckKey, CheckName, CheckRun, Findings, Fingerprint, Verdict};

use super::World;
use super::disk::{Disk, mended, number};
use super::effects::{RunFault, RunPlan};

impl World {
    pub(super) fn outcome(&mut self, plan: &RunPlan) -> RunOutcome {
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
        if order.task.is_none() {
            // In a project where every change is a task a check of the project has a key for each file.
            let keys = self.machine.live().checks().filter(|(id, _)| **id == order.session);
            let keys: Vec<CheckKey> = keys.filter_map(|(_, running)| running.check.clone()).collect();
            self.looked.extend(keys.into_iter().map(|key| (key, tree.clone())));
        }
        if order.task.is_some() {
            let tree = self.disk.id(&tree);
            self.judged.insert((tree, key.clone()));
        }
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
}

/// Reads back which check an order runs; fixers and preparations are none.
pub(super) fn key_of(order: &RunOrder) -> Option<CheckKey> {
    let word = order.line.split(' ').next().unwrap_or_default();
    let name = CheckName(["unit", "lint", "each"].iter().find(|name| **name == word)?.to_string());
    let file = order.source.clone();
    Some(CheckKey { check: name, file })
}
