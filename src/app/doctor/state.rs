//! Whether the state folder can be written, and a journal in it be synced and read again.

use std::io;
use std::path::Path;
use std::sync::mpsc;

use rustix::fs::{Access, access};

use super::finding::{Finding, ms};
use super::order::QUICK;
use crate::app::clock::{self, Stopwatch};
use crate::app::project::setup::Site;
use crate::edge::store::{Journal, StoreError, StoredFact};
use crate::model::id::Seq;

/// What else can be done about a folder.
const MEND: &str = "make it writable for you, or let ORCHESTRATOR_STATE_DIR name another folder";

/// Tries it; `scratch` is a folder in the state root, or the reason why none can be made there. Blocks.
pub(super) fn probe(site: &Site, scratch: Result<&Path, &io::Error>) -> Finding {
    let name = "state";
    let root = site.state_root.display();
    let scratch = match scratch {
        Ok(scratch) => scratch,
        Err(error) => {
            let text = error.to_string();
            // Without the name of the file that could not be made.
            let why = text.split(" at path ").next().unwrap_or(&text);
            return Finding::fault(name, format!("{root} cannot be written: {why}"), MEND);
        }
    };
    let own = site.layout.root();
    for folder in [own.to_owned(), site.layout.sessions(), site.layout.work(), site.layout.landings()] {
        if folder.exists() && access(&folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
            let mend = format!("`sudo chown -R \"$(id -un)\" {}`, if it was made by another user", own.display());
            return Finding::fault(name, format!("{} cannot be written", folder.display()), mend);
        }
    }
    let kept = match Journal::read(&site.layout.journal()) {
        Ok(replay) => format!("; {} facts are kept about this project", replay.facts.len()),
        Err(StoreError::Missing { .. }) => String::new(),
        Err(error) => return Finding::fault_of(name, &error, MEND),
    };
    let watch = Stopwatch::start();
    match write(&scratch.join("journal.db")) {
        Ok(()) => {
            let took = ms(watch.read());
            Finding::ok(name, format!("{root}: a journal was written, synced and read again in {took}{kept}"))
        }
        Err(error) => Finding::fault_of(name, &error, MEND),
    }
}

/// Writes a journal, waits until it is on disk, and reads it again.
fn write(path: &Path) -> Result<(), StoreError> {
    let (confirm, confirmed) = mpsc::channel();
    let (mut journal, _) = Journal::open(path, move |news| drop(confirm.send(news)))?;
    let fact = StoredFact {
        seq: Seq(1),
        wall: clock::wall(),
        kind: "tried".to_owned(),
        task: None,
        body: "{\"tried\":true}".to_owned(),
    };
    journal.append(vec![fact.clone()])?;
    match confirmed.recv_timeout(QUICK) {
        Ok(Ok(seq)) if seq >= fact.seq => {}
        Ok(Err(error)) => return Err(error),
        Ok(Ok(_)) | Err(_) => return Err(StoreError::Silent { path: path.to_owned(), limit: QUICK }),
    }
    journal.close()?;
    let read = Journal::read(path)?;
    if read.facts == [fact] {
        return Ok(());
    }
    let cause = "what was written could not be read again".to_owned();
    Err(StoreError::Corrupt { path: path.to_owned(), cause })
}
