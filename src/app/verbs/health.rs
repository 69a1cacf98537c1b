//! Asks how well everything works: the running supervisor, which examines itself for it, or the journal it wrote.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::answers::report::{self, Reporter};
use crate::app::clock;
use crate::app::failure::Failure;
use crate::app::project::mark::space_of;
use crate::app::project::setup::Site;
use crate::app::records::keep;
use crate::app::verbs::{ask, offline};
use crate::config::Overrides;
use crate::edge::control::{BlockingClient, ClientError, ControlReply};
use crate::edge::store::Lock;
use crate::model::task::Task;

/// How long a supervisor may take for an answer from memory; milliseconds, on a machine that swaps some seconds.
const ALIVE: Duration = Duration::from_secs(10);

/// How often the heart is to beat where the configuration cannot be read: the built-in default.
const BEAT: Duration = Duration::from_secs(30);

/// Returns the health, examined now if a supervisor runs.
///
/// # Errors
/// If its socket is there and cannot be reached, or none runs and the journal cannot be read.
pub fn ask(site: &Site) -> Result<Value, Failure> {
    let Some(client) = ask::connect(site)? else { return of_the_journal(site, false) };
    match of_the_running(&client) {
        Ok(Some(health)) => Ok(health),
        Ok(None) => of_the_journal(site, false),
        Err(ClientError::Late) => of_the_journal(site, true),
        Err(_) if ask::connect(site)?.is_none() => of_the_journal(site, false),
        Err(error) => Err(Failure::supervisor(error)),
    }
}

/// Asks first what it knows, which shows that it answers at all, and then lets it examine itself; nothing if it is
/// just ending.
fn of_the_running(client: &BlockingClient) -> Result<Option<Value>, ClientError> {
    let known = match client.get_within("health/last", ALIVE)? {
        (200, known) => Some(known),
        _ => None,
    };
    match client.get("health") {
        Ok((200, health)) => Ok(Some(health)),
        // It is stopping, or a part hangs for longer than is waited.
        Ok(_) | Err(ClientError::Late) => Ok(known),
        Err(error) => Err(error),
    }
}

/// Returns the health as the journal knows it; `silent`: a supervisor is there and does not answer.
fn of_the_journal(site: &Site, silent: bool) -> Result<Value, Failure> {
    let book = offline::book(site)?;
    let now = clock::wall();
    let reason = |task: &Task| offline::reason(&book, task, now);
    let health =
        Reporter { book: &book, reason: &reason, running: silent, now, space: space_of(&site.layout) }.health();
    let mut reply = ControlReply::done(health).with("sizes", keep::sizes(&site.layout).json());
    if silent {
        let loaded = site.load(Overrides::default());
        let every = loaded.as_ref().map_or(BEAT, |loaded| loaded.settings.limits.heartbeat);
        let holder = Lock::holder(&site.lock_file(loaded.as_ref().ok()));
        let pid = holder.map_or(book.process.pid, |holder| holder.pid);
        reply = report::with_heart(reply, book.process.beat, now, every)
            .with("healthy", json!(false))
            .with("silent", json!({
                "process": pid,
                "mend": format!(
                    "`kill -CONT {pid}` lets it go on if it was stopped, `kill -9 {pid}` ends it; the next start picks up what it left"
                ),
            }));
    }
    Ok(reply.body().clone())
}
