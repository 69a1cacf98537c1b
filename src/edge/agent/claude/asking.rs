//! When a running `claude` is asked what it has used so far, which it does not say by itself before its result.

use serde_json::Value;

use crate::edge::agent::claude::answer;
use crate::edge::agent::claude::meter::Meter;
use crate::edge::agent::claude::steps::{Step, Steps};

/// One question at a time: asked after each model call, and again if more calls came meanwhile. Versions that do not know
/// the question (2.1.197) are asked once; their runs are counted in tokens until their result.
#[derive(Debug, Default)]
pub(super) struct Asking {
    asked: u32,
    /// Whether an answer is due.
    due: bool,
    since: Since,
    refused: bool,
    /// Whether nothing more is to be written.
    pub(super) is_over: bool,
}

/// What happened since it was asked.
#[derive(Debug, Default, PartialEq, Eq)]
enum Since {
    #[default]
    Nothing,
    /// More was used, so that it is asked again.
    More,
    /// A result has said it all.
    Settled,
}

impl Asking {
    /// Asks, now or after the answer that is due.
    pub(super) fn ask(&mut self, steps: &mut Steps) {
        if self.refused || self.is_over {
            return;
        }
        if self.due {
            self.since = Since::More;
            return;
        }
        self.due = true;
        self.since = Since::Nothing;
        self.asked += 1;
        steps.0.push(Step::Write(answer::usage(self.asked)));
    }

    /// Takes in an answer, if it is one to our question.
    pub(super) fn answered(&mut self, response: &Value, meter: &mut Meter, steps: &mut Steps) {
        if !response["request_id"].as_str().is_some_and(|id| id.starts_with(answer::USAGE)) {
            return;
        }
        self.due = false;
        self.refused = response["subtype"] != "success";
        if !self.refused {
            meter.told(&response["response"]["session"]);
        }
        if std::mem::take(&mut self.since) == Since::More {
            self.ask(steps);
        }
    }

    /// A result said it all.
    pub(super) fn told(&mut self) {
        self.since = Since::Settled;
    }

    /// Whether the price of what was just counted is about to be known, so that it is said then, with it. It is said
    /// without it if more is used before the answer comes.
    pub(super) fn will_tell(&self) -> bool {
        self.due && self.since == Since::Nothing && !self.is_over
    }
}
