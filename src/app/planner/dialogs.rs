//! The dialogs that are open in turns of ours: each is answered here, in its terminal, or not wanted any more.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::up::reply_nothing;
use crate::core::secrets::Redactor;
use crate::edge::agent::claude::planner::{Dialog, allowed, unwanted};
use crate::edge::control::{ControlCall, ControlReply, ControlRequest};
use crate::model::id::PlanId;
use crate::model::question::{Ask, Reply};

/// A dialog that a person can answer here or there.
struct Open {
    dialog: Dialog,
    plan: PlanId,
    /// Takes what its hook is to say.
    answer: oneshot::Sender<Value>,
}

/// The dialogs that are open, by our names for them.
pub(super) struct Dialogs {
    open: BTreeMap<String, Open>,
    /// The last number of one.
    last: u64,
    /// Tells which were left: nobody waits for our answer any more.
    left: (mpsc::Sender<String>, mpsc::Receiver<String>),
}

impl Default for Dialogs {
    fn default() -> Self {
        Self { open: BTreeMap::new(), last: 0, left: mpsc::channel(16) }
    }
}

impl Dialogs {
    /// Opens the one that a hook announces in the turn of a question; returns what is to be asked. Where nothing is to be
    /// asked, the hook has its answer already. `is_wanted`: the question still waits for its answer.
    pub(super) fn open(
        &mut self,
        call: ControlCall,
        plan: PlanId,
        is_wanted: bool,
        redactor: &Redactor,
    ) -> Option<Ask> {
        let ControlRequest::Command { body, .. } = &call.request else {
            reply_nothing(call);
            return None;
        };
        let at_once = if body["allowed"] == true {
            // The CLI asks more than the policy does.
            Err(allowed())
        } else if is_wanted {
            let why = body["why"].as_str().unwrap_or_default();
            Dialog::read(&body["event"], format!("dialog-{}", self.last + 1), why, redactor)
        } else {
            Err(unwanted())
        };
        let mut reply = call.reply;
        let dialog = match at_once {
            Ok(dialog) => dialog,
            Err(output) => {
                // Whoever asked may have gone.
                let _ = reply.send(ControlReply::done(json!({ "output": output })));
                return None;
            }
        };
        self.last += 1;
        let ask = dialog.ask.clone();
        let (answer, answered) = oneshot::channel();
        let (left, request) = (self.left.0.clone(), ask.request.clone());
        tokio::spawn(async move {
            tokio::select! {
                output = answered => {
                    let _ = reply.send(ControlReply::done(json!({ "output": output.ok() })));
                }
                () = reply.closed() => {
                    let _ = left.send(request).await;
                }
            }
        });
        self.open.insert(ask.request.clone(), Open { dialog, plan, answer });
        Some(ask)
    }

    /// Answers one; whether it was open.
    pub(super) fn answer(&mut self, request: &str, reply: &Reply) -> bool {
        let Some(open) = self.open.remove(request) else { return false };
        let _ = open.answer.send(open.dialog.output(reply));
        true
    }

    /// Closes those of a question for whose answer nobody waits any more: its turn, which holds up all that come after it,
    /// does not end before they do. Returns whether one was open.
    pub(super) fn close(&mut self, plan: PlanId) -> bool {
        let (over, others): (BTreeMap<_, _>, _) =
            std::mem::take(&mut self.open).into_iter().partition(|(_, open)| open.plan == plan);
        self.open = others;
        let was_open = !over.is_empty();
        for open in over.into_values() {
            let _ = open.answer.send(unwanted());
        }
        was_open
    }

    /// Takes those away that an event shows to be over: they were answered in their terminal. Returns their names.
    pub(super) fn over_by(&mut self, event: &Value) -> Vec<String> {
        let over = self.open.iter().filter(|(_, open)| open.dialog.is_over_by(event)).map(|(name, _)| name.clone());
        let over: Vec<String> = over.collect();
        self.open.retain(|name, _| !over.contains(name));
        over
    }

    /// Returns the next that was left by "no" in its terminal: only then does the CLI end the hook that waits.
    pub(super) async fn next_left(&mut self) -> Option<String> {
        self.left.1.recv().await
    }

    /// Takes one away; whether it was open.
    pub(super) fn take(&mut self, request: &str) -> bool {
        self.open.remove(request).is_some()
    }

    /// Their process is over, and they with it.
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }
}
