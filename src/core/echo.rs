//! Notices a check that starts itself by what its own run writes (coverage, snapshots), and stops listening to that.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::core::fact::Fact;
use crate::core::live::{Echo, Owner};
use crate::core::supervisor::Supervisor;
use crate::model::check::CheckKey;
use crate::model::health::{Level, Part};
use crate::model::id::SessionId;
use crate::model::path::ProjectPath;
use crate::model::time::{Moment, millis};

/// So many starts in a row by its own doing are believed to be somebody's saves.
const STARTS: u32 = 3;

/// How far apart the same write of two runs may lie, counted from the start of each: a quarter of a second, or a sixth
/// of the time. Nobody saves the same files that evenly by hand, run after run.
const JITTER: Duration = Duration::from_millis(250);

impl Supervisor {
    /// Whether files were changed by the running check itself, as it has done over and over.
    pub(crate) fn is_echo(&mut self, key: &CheckKey, files: &BTreeSet<ProjectPath>, at: Moment) -> bool {
        let Some(began) = self.run_at(key, at) else { return false };
        let after = at.since(began);
        let sound = (key.clone(), files.clone());
        let known = self.live.echoes.get(&sound).filter(|echo| is_like(echo.after, after));
        let starts = known.map_or(1, |echo| echo.starts.saturating_add(1));
        self.live.echoes.insert(sound, Echo { run: began, after, starts });
        if starts == STARTS + 1 {
            self.say_echo(key, files);
        }
        starts > STARTS
    }

    /// Returns when the run of a check in the user's tree began that was under way at a moment, or had just ended.
    fn run_at(&self, key: &CheckKey, at: Moment) -> Option<Moment> {
        let running = self.live.tree_run(key).and_then(|session| self.live.sessions.get(&session));
        let last = self.live.last_runs.get(key).filter(|(_, ended)| at.since(*ended) <= self.settings.watch.settle);
        running.map(|running| running.began).or(last.map(|(began, _)| *began)).filter(|began| *began <= at)
    }

    /// Keeps in mind when a check ran in the user's tree. What its runs write, they write every time; a run may have
    /// ended before its echo is heard, so one run is waited for.
    pub(crate) fn keep_run_in_mind(&mut self, session: SessionId) {
        let Some(running) = self.live.sessions.get(&session) else { return };
        let (Owner::Tree { stale, .. }, Some(key)) = (&running.owner, &running.check) else { return };
        let before = self.live.last_runs.insert(key.clone(), (running.began, self.live.now.moment));
        if let (false, Some((before, _))) = (*stale, before) {
            self.live.echoes.retain(|(other, _), echo| other != key || echo.run >= before);
        }
    }

    fn say_echo(&mut self, key: &CheckKey, files: &BTreeSet<ProjectPath>) {
        let lines: Vec<String> = files.iter().map(|file| format!("{:?}", file.to_string())).collect();
        let lines = lines.join(", ");
        let reason = format!(
            "{key} starts itself, as its run writes {lines}; that is overlooked from now on; add it to watch.ignore: \
             ignore = [{lines}]"
        );
        let level = Level::Degraded { reason, since: self.live.now.wall };
        self.record(Fact::Felt { part: Part::TestRunner, level });
    }
}

fn is_like(one: Duration, other: Duration) -> bool {
    let apart = millis(one.abs_diff(other));
    apart <= millis(JITTER).max(millis(one.max(other)) / 6)
}
