//! Does the machine's jobs on the simulated disk, with faults, and watches over what is written into the user's tree.

use orchestrator_tui::core::effect::{Place, Work};
use orchestrator_tui::core::input::{Collected, Input, Product};
use orchestrator_tui::model::check::CheckKey;
use orchestrator_tui::model::health::{Level, Part};
use orchestrator_tui::model::id::{JobId, LandingId};
use orchestrator_tui::model::settings::FixOn;
use orchestrator_tui::model::workspace::{Snapshot, Suspicion, TreeId};

use super::World;
use super::disk::{Disk, Landing, Tree, number};

impl World {
    pub(super) fn works(&mut self, job: JobId, work: Work) {
        let often = if matches!(work, Work::Land { .. }) { 5 } else { 40 };
        let fails = !self.calm && self.chance.one_in(often);
        let product = match work {
            Work::Land { landing, ours, tree } if fails => self.lands_half(landing, &ours, &tree),
            _ if fails => Product::Failed("the disk is full".into()),
            work => self.product(work),
        };
        if product == Product::Surprised {
            self.report.surprises += 1;
        }
        if !self.calm && self.chance.one_in(80) {
            let level = Level::Degraded { reason: "slow".into(), since: self.clock().wall };
            self.input(Input::Felt(Part::StateManager, level));
        }
        if !self.calm && self.chance.one_in(300) {
            // It is done, and nobody will ever hear of it.
            return self.crash();
        }
        self.input(Input::Done(job, product));
    }

    fn product(&mut self, work: Work) -> Product {
        match work {
            Work::Snapshot => Product::Snapshot(self.disk.snapshot()),
            Work::Compose { snapshot, brought } => self.compose(&snapshot, &brought),
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
            Work::Collect { place, base, .. } => Product::Collected(self.collect(place, &base)),
            Work::Merge { base, theirs } => self.merge(&base, &theirs),
            Work::Land { landing, ours, tree } => {
                let (before, after) = self.may_land(landing, &ours, &tree);
                let touched: Vec<u8> =
                    Disk::changes(&before, &after).iter().map(|change| number(&change.path)).collect();
                if touched.iter().any(|file| self.disk.tree.get(file) != before.get(file)) {
                    return Product::Surprised;
                }
                if self.chance.one_in(50) && !self.calm {
                    return Product::Refused("a hard link".into());
                }
                self.write(landing, before, after)
            }
            Work::RecordInPlace { landing, base } => {
                let before = self.disk.get(&base.tree);
                let after = self.disk.tree.clone();
                let files = Disk::changes(&before, &after);
                self.disk.landings.insert(landing, Landing { before, after, done: true });
                Product::Landed { files, warnings: Vec::new() }
            }
            Work::PutAway { file } => self.put_away(&file),
            Work::Undo { landing, .. } => self.undo(landing),
        }
    }

    fn collect(&mut self, place: Place, base: &Snapshot) -> Collected {
        let before = self.disk.get(&base.tree);
        let tree = match place {
            Place::Tree => self.disk.tree.clone(),
            Place::Workspace(slot) => self.disk.slots.get(&slot).cloned().unwrap_or_default(),
        };
        let doubt = Suspicion { file: None, what: "skips a test".into() };
        let suspicions = if self.chance.one_in(8) { vec![doubt] } else { Vec::new() };
        let changes = Disk::changes(&before, &tree);
        let tree = self.disk.id(&tree);
        if place == Place::Tree {
            self.made_in_place.insert(tree.clone());
        }
        self.made_from.entry(tree.clone()).or_default().insert(base.tree.clone());
        Collected { tree, changes, suspicions, patch: "patch".into() }
    }

    fn compose(&mut self, snapshot: &Snapshot, brought: &[(Snapshot, TreeId)]) -> Product {
        let mut tree = self.disk.get(&snapshot.tree);
        for (base, theirs) in brought {
            match Disk::merge(&self.disk.get(&base.tree), &tree, &self.disk.get(theirs)) {
                Ok(merged) => tree = merged,
                Err(paths) => return Product::Conflict { paths, shown: String::new() },
            }
        }
        Product::Snapshot(Snapshot { tree: self.disk.id(&tree), ..snapshot.clone() })
    }

    fn merge(&mut self, base: &Snapshot, theirs: &TreeId) -> Product {
        let known = self.made_from.get(theirs).is_some_and(|bases| bases.contains(&base.tree));
        assert!(known, "{theirs} is merged as if it was made from {}", base.tree);
        let ours = self.disk.snapshot();
        let (before, result) = (self.disk.get(&base.tree), self.disk.get(theirs));
        match Disk::merge(&before, &self.disk.tree, &result) {
            Ok(tree) => {
                let tree = self.disk.id(&tree);
                self.merged.insert((ours.tree.clone(), tree.clone()), base.tree.clone());
                Product::Merged { ours, tree }
            }
            Err(paths) => Product::Conflict { paths, shown: "both".into() },
        }
    }

    /// What lands was merged like that, every byte of it was checked, and it takes back no edit of the user.
    fn may_land(&self, landing: LandingId, ours: &Snapshot, tree: &TreeId) -> (Tree, Tree) {
        let base = self.merged.get(&(ours.tree.clone(), tree.clone()));
        let base = self.disk.get(base.expect("what lands was merged"));
        let (before, after) = (self.disk.get(&ours.tree), self.disk.get(tree));
        for change in Disk::changes(&before, &after) {
            let file = number(&change.path);
            assert_eq!(base.get(&file), before.get(&file), "landing {landing:?} takes back an edit of {}", change.path);
        }
        let book = self.machine.book();
        let task = book.open().find(|task| task.landing == Some(landing)).expect("somebody lands it");
        // A check of the project is the same command line for every file.
        let Some(key) = task.check() else { return (before, after) };
        let whole = CheckKey { check: key.check.clone(), file: None };
        let judged = [key, &whole].iter().any(|key| self.judged.contains(&(tree.clone(), (*key).clone())));
        // A person may let a result land whose check is gone; nothing lands like that by itself.
        let by_person = task.result.is_some() && !self.has_check(key);
        // Work in place shares the tree with the user, who may save between two looks at it.
        assert!(
            judged || by_person || self.made_in_place.contains(tree),
            "{} lands {tree}, which {} has never seen",
            task.id,
            key
        );
        (before, after)
    }

    /// Whether the configuration has such a check, for such a file or for the project.
    fn has_check(&self, key: &CheckKey) -> bool {
        let any_file = self.settings.fix.on == FixOn::Change;
        let Some(check) = self.settings.checks.iter().find(|check| check.name == key.check) else { return false };
        match &key.file {
            Some(file) if check.is_per_file() => self.matcher.concerned(file).any(|(name, _)| *name == key.check),
            Some(_) => any_file,
            None => any_file || !check.is_per_file(),
        }
    }

    /// The disk is full in the middle of a landing: some files are written.
    fn lands_half(&mut self, landing: LandingId, ours: &Snapshot, tree: &TreeId) -> Product {
        let (mut before, mut after) = self.may_land(landing, ours, tree);
        let touched: Vec<u8> = Disk::changes(&before, &after).iter().map(|change| number(&change.path)).collect();
        let untouched = touched.iter().all(|file| self.disk.tree.get(file) == before.get(file));
        if untouched && self.chance.one_in(2) {
            self.report.half_landed += 1;
            for file in &touched[touched.len() / 2..] {
                before.remove(file);
                after.remove(file);
            }
            self.write(landing, before, after);
        }
        Product::Failed("the disk is full".into())
    }

    fn write(&mut self, landing: LandingId, before: Tree, after: Tree) -> Product {
        let files = Disk::changes(&before, &after);
        for change in &files {
            let file = number(&change.path);
            match after.get(&file) {
                Some(content) => self.disk.tree.insert(file, *content),
                None => self.disk.tree.remove(&file),
            };
        }
        self.disk.landings.insert(landing, Landing { before, after, done: true });
        Product::Landed { files, warnings: Vec::new() }
    }

    fn undo(&mut self, landing: LandingId) -> Product {
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
