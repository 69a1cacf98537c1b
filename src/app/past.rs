//! Reads what happened from the journal, beside the loop.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::app::run::fact_value;
use crate::app::setup;
use crate::core::effect::Recorded;
use crate::edge::control::ControlReply;
use crate::edge::store::{Journal, StoreError};
use crate::model::id::{Seq, TaskId};

/// Answers `facts`: those after `after`, or the last `limit` about `task`; `unstored` are those not yet on disk.
pub async fn read(journal: PathBuf, query: BTreeMap<String, String>, unstored: Vec<Recorded>) -> ControlReply {
    let task = match query.get("task").map(|task| task.parse::<TaskId>()).transpose() {
        Ok(task) => task,
        Err(error) => return ControlReply::refused(422, error.to_string(), "use /api/v1/facts?task=14"),
    };
    let number = |name: &str| query.get(name).map(|text| text.parse::<u64>()).transpose();
    let (Ok(after), Ok(limit)) = (number("after"), number("limit")) else {
        return ControlReply::refused(422, "after and limit are whole numbers", "use /api/v1/facts?after=120");
    };
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let after = Seq(after.unwrap_or(0));
    let work = move || facts(&journal, task, after, limit, &unstored);
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(facts)) => ControlReply::done(facts),
        Ok(Err(error)) => ControlReply::refused(500, format!("the journal cannot be read: {error}"), ""),
        Err(error) => ControlReply::refused(500, format!("reading broke: {error}"), "please report this"),
    }
}

fn facts(
    journal: &Path,
    task: Option<TaskId>,
    after: Seq,
    limit: usize,
    unstored: &[Recorded],
) -> Result<Value, StoreError> {
    let stored = match task {
        Some(task) => Journal::read_task(journal, task, limit),
        None => Journal::read_after(journal, after, usize::MAX),
    };
    let stored = match stored {
        // With a broken store there is only what memory has.
        Err(StoreError::Missing { .. }) => Vec::new(),
        other => other?,
    };
    let last = stored.last().map_or(after, |row| row.seq);
    let mut all: Vec<Recorded> = stored.iter().filter_map(|row| setup::fact_of(row).ok()).collect();
    let news = unstored.iter().filter(|fact| fact.seq > last && (task.is_none() || fact.fact.task() == task));
    all.extend(news.cloned());
    let from = all.len().saturating_sub(limit);
    Ok(all[from..].iter().filter(|fact| fact.seq > after).map(fact_value).collect())
}
