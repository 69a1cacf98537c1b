//! Goes on with settings that were read again.

use std::sync::Arc;

use crate::core::fact::{Fact, Remember};
use crate::core::matching::Matcher;
use crate::core::supervisor::Supervisor;
use crate::model::settings::{Limits, Settings};

impl Supervisor {
    /// Takes in settings that hold from now on.
    pub(crate) fn reconfigured(&mut self, settings: Arc<Settings>, matcher: Arc<Matcher>) {
        let remember = remember(&settings.limits);
        self.settings = settings;
        self.matcher = matcher;
        self.record(Fact::Reconfigured { changes: Vec::new(), remember });
        self.forget_vanished();
    }
}

/// Returns how much of the past is remembered by these limits.
pub(crate) fn remember(limits: &Limits) -> Remember {
    Remember { completed: limits.completed, failed: limits.failed, history: limits.history }
}
