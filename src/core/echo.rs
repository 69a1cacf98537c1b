//! Notices checks that start again and again because of files that their own runs write: coverage, snapshots, caches.
//!
//! Nobody can tell by a file event who wrote the file. So a check that started three times in a row only because of
//! files that changed while it ran is first made to wait until nothing was saved for a while; if the same happens in
//! that run, too, it was not a person, and the check pauses until one of its files changes while it does not run.

use crate::core::fact::Fact;
use crate::core::live::{Cause, Owner};
use crate::core::supervisor::Supervisor;
use crate::model::check::CheckKey;
use crate::model::health::{Level, Part};
use crate::model::path::ProjectPath;

/// So many starts in a row by changes during its own runs are believed to be a person's.
const STARTS: u32 = 3;

impl Supervisor {
    /// Notes what changes while checks run in the user's tree.
    pub(crate) fn note_changes_during_runs(&mut self, files: impl Iterator<Item = ProjectPath>) {
        let files: Vec<ProjectPath> = files.collect();
        let running: Vec<CheckKey> = self
            .live
            .sessions
            .values()
            .filter(|running| matches!(running.owner, Owner::Tree { .. }))
            .filter_map(|running| running.check.clone())
            .collect();
        for (key, echo) in &mut self.live.echoes {
            if !running.contains(key) && files.iter().any(|file| echo.files.remove(file)) {
                // It came while the check was not running: that was somebody else.
                echo.starts = 0;
            }
        }
        for key in running {
            self.live.echoes.entry(key).or_default().files.extend(files.iter().cloned());
        }
    }

    /// Wants a check run for a change, unless only its own runs are behind it.
    pub(crate) fn want_unless_echo(&mut self, key: CheckKey, mut cause: Cause) {
        let echo = self.live.echoes.entry(key.clone()).or_default();
        if !cause.files.is_subset(&echo.files) {
            echo.starts = 0;
            if std::mem::take(&mut echo.paused) {
                self.record(Fact::Felt { part: Part::TestRunner, level: Level::Up });
            }
            return self.want(key, cause);
        }
        echo.starts += 1;
        if echo.starts > STARTS + 1 {
            echo.paused = true;
            return self.pause_echo(&key, &cause);
        }
        if echo.starts > STARTS {
            cause.not_before = Some(self.live.now.moment.after(self.settings.fix.after));
        }
        self.want(key, cause);
    }

    fn pause_echo(&mut self, key: &CheckKey, cause: &Cause) {
        let list: Vec<String> = cause.files.iter().take(3).map(|file| format!("{:?}", file.to_string())).collect();
        let reason = format!(
            "{key} pauses: its own runs write {}, which start it again; add ignore = [{}] to [watch]",
            list.join(", "),
            list.join(", ")
        );
        let level = Level::Degraded { reason, since: self.live.now.wall };
        self.record(Fact::Felt { part: Part::TestRunner, level });
    }
}
