//! Runs a command once however often it is sent: replies are remembered by idempotency key.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::call::ControlReply;

/// How many replies are remembered. A caller repeats within seconds; this is hours of busy scripting.
const REMEMBERED: usize = 1_000;

/// The longest key, in bytes; a UUID has 36.
const KEY_MAX: usize = 200;

/// A reply that is there, or will be.
type Slot = watch::Receiver<Option<ControlReply>>;

/// The memory of replies.
#[derive(Clone, Debug, Default)]
pub(super) struct Replies(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    /// By key: what was asked, and its reply.
    by_key: BTreeMap<String, ([u8; 32], Slot)>,
    /// The keys, oldest first.
    order: VecDeque<String>,
}

impl Replies {
    /// Returns the reply remembered for `key`, else runs `work` to its end, even if the caller goes away.
    ///
    /// `asked` is what the key stands for; another request under the same key is refused.
    pub(super) async fn once(
        &self,
        key: &str,
        asked: &[u8],
        work: impl Future<Output = ControlReply> + Send + 'static,
    ) -> ControlReply {
        if key.is_empty() || key.len() > KEY_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let error = format!("the idempotency key must be 1 to {KEY_MAX} visible ASCII characters");
            return ControlReply::refused(400, error, "a UUID will do");
        }
        let digest: [u8; 32] = Sha256::digest(asked).into();
        let mut slot = match self.slot(key, digest) {
            Ok(Found::Known(slot)) => slot,
            Ok(Found::New(sender, slot)) => {
                let (replies, key) = (self.clone(), key.to_owned());
                // On a task of its own: when the caller hangs up and asks again, the first run must still count.
                tokio::spawn(async move {
                    let reply = work.await;
                    if reply.status() >= 500 {
                        // It was not decided, so the next try may be.
                        replies.forget(&key);
                    }
                    sender.send_replace(Some(reply));
                });
                slot
            }
            Err(refusal) => return refusal,
        };
        let reply = slot.wait_for(Option::is_some).await.ok().and_then(|reply| reply.clone());
        reply.unwrap_or_else(|| ControlReply::refused(503, "the command was not answered", "try again"))
    }

    fn slot(&self, key: &str, digest: [u8; 32]) -> Result<Found, ControlReply> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked, slot)) = memory.by_key.get(key) {
            if *asked == digest {
                return Ok(Found::Known(slot.clone()));
            }
            let error = format!("the idempotency key {key:?} was already used for another command");
            return Err(ControlReply::refused(422, error, "use a new key for each command"));
        }
        let (sender, slot) = watch::channel(None);
        memory.by_key.insert(key.to_owned(), (digest, slot.clone()));
        memory.order.push_back(key.to_owned());
        if memory.order.len() > REMEMBERED {
            // Never one that still runs: its repetition would run a second time.
            let by_key = &memory.by_key;
            let over = |key: &String| by_key.get(key).is_none_or(|(_, slot)| slot.borrow().is_some());
            if let Some(oldest) = memory.order.iter().position(over)
                && let Some(key) = memory.order.remove(oldest)
            {
                memory.by_key.remove(&key);
            }
        }
        Ok(Found::New(sender, slot))
    }

    fn forget(&self, key: &str) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.by_key.remove(key);
        memory.order.retain(|known| known != key);
    }
}

enum Found {
    Known(Slot),
    New(watch::Sender<Option<ControlReply>>, Slot),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn the_same_key_runs_once_also_when_the_first_caller_left() {
        let replies = Replies::default();
        let (release, released) = tokio::sync::oneshot::channel::<()>();
        let work = async move {
            let _ = released.await;
            ControlReply::done(json!(1))
        };
        // The first caller polls once and hangs up.
        tokio::select! {
            biased;
            _ = replies.once("k", b"retry 14", work) => unreachable!("it waits to be released"),
            () = std::future::ready(()) => {}
        }
        let second = {
            let replies = replies.clone();
            tokio::spawn(async move { replies.once("k", b"retry 14", async { ControlReply::done(json!(2)) }).await })
        };
        drop(release);
        assert_eq!(second.await.ok(), Some(ControlReply::done(json!(1))));
        let other = replies.once("k", b"retry 15", async { ControlReply::done(json!(3)) }).await;
        assert_eq!(other.status(), 422);
    }

    #[tokio::test]
    async fn the_memory_is_bounded_and_keeps_the_newest() {
        let replies = Replies::default();
        for number in 0..=REMEMBERED {
            replies.once(&format!("k{number}"), b"x", async move { ControlReply::done(json!(number)) }).await;
        }
        let again = |key: &'static str| {
            let replies = replies.clone();
            async move { replies.once(key, b"x", async { ControlReply::done(json!("again")) }).await }
        };
        assert_eq!(again("k1000").await, ControlReply::done(json!(1000)));
        assert_eq!(again("k1").await, ControlReply::done(json!(1)));
        assert_eq!(again("k0").await, ControlReply::done(json!("again")));
    }

    #[tokio::test]
    async fn a_failure_to_decide_is_not_remembered_and_a_refusal_is() {
        let replies = Replies::default();
        let busy = replies.once("k", b"x", async { ControlReply::refused(503, "busy", "") }).await;
        assert_eq!(busy.status(), 503);
        let refused = replies.once("k", b"x", async { ControlReply::refused(409, "no", "") }).await;
        let repeated = replies.once("k", b"x", async { ControlReply::done(json!(1)) }).await;
        assert_eq!((refused.status(), repeated.status()), (409, 409));
        for bad in ["", "two words", &"k".repeat(201)] {
            assert_eq!(replies.once(bad, b"x", async { ControlReply::done(json!(1)) }).await.status(), 400);
        }
    }
}
