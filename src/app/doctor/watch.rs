//! Whether a write is noticed, and whether every folder of the project can be watched.

use std::fs;
use std::sync::mpsc::channel;

use super::finding::{Finding, ms};
use super::order::{Ground, QUICK};
use crate::app::clock::Stopwatch;
use crate::app::verbs::ask;
use crate::config::{Inputs, load};
use crate::edge::watch::{WatchEvent, start};
use crate::model::settings::Watch;

/// Writes a file in a folder that is watched. Blocks.
pub(super) fn notices(ground: &Ground) -> Finding {
    let name = "watcher";
    let failed = |why: String| Finding::fault(name, why, "look at the system's log: `dmesg | tail`");
    let (folder, settings) = match (ground.folder("watched"), settings(ground)) {
        (Ok(folder), Some(settings)) => (folder, settings),
        (Err(error), _) => return failed(format!("no folder can be made to watch: {error}")),
        (_, None) => return failed("the built-in settings cannot be read".to_owned()),
    };
    let (tell, told) = channel();
    let watcher = match start(&folder, &settings, Vec::new(), move |event| drop(tell.send(event))) {
        Ok(watcher) => watcher,
        Err(error) => return failed(error.to_string()),
    };
    let watch = Stopwatch::start();
    if let Err(error) = fs::write(folder.join("noticed"), "a write\n") {
        return failed(format!("nothing can be written to be noticed: {error}"));
    }
    let finding = loop {
        match told.recv_timeout(QUICK) {
            Ok(WatchEvent::Changed(files)) if files.iter().any(|(path, _)| path.as_path().ends_with("noticed")) => {
                break Finding::ok(name, format!("a write was noticed after {}", ms(watch.read())));
            }
            Ok(WatchEvent::Degraded { reason, hint }) => {
                let hint = hint.split(" (now ").next().unwrap_or(&hint).to_owned();
                let reason = reason.split("; ").next().unwrap_or(&reason);
                break Finding::fault(name, reason, format!("`{hint}`"));
            }
            Ok(_) => {}
            Err(_) => break failed(format!("a write was not noticed within {} s", QUICK.as_secs())),
        }
    };
    drop(watcher);
    finding
}

/// Watches the project for a moment, as a supervisor does all the time. Blocks.
pub(super) fn suffices(ground: &Ground) -> Finding {
    let name = "watches";
    if ask::is_supervised(&ground.site).unwrap_or(false) {
        // Watched twice, it could need more than there are.
        return Finding::info(name, "the supervisor watches the project; `orchestrator-tui health` says how well");
    }
    let settings = ground.loaded.as_ref().map(|loaded| loaded.settings.watch.clone()).or_else(|| settings(ground));
    let Some(settings) = settings else { return Finding::unknown(name, "the built-in settings cannot be read", "") };
    let (tell, told) = channel();
    let watcher = match start(&ground.site.project, &settings, Vec::new(), move |event| drop(tell.send(event))) {
        Ok(watcher) => watcher,
        Err(error) => return Finding::fault(name, error.to_string(), "give yourself the right to read the project"),
    };
    let folders = watcher.watched();
    // Its first word is that it cannot, if it cannot; its end is waited for.
    drop(watcher);
    let trouble = told.try_iter().find_map(|event| match event {
        WatchEvent::Degraded { reason, hint } => Some((reason, hint)),
        _ => None,
    });
    let limit = limit().map(|limit| format!(", the limit is {limit}")).unwrap_or_default();
    match trouble {
        Some((_, hint)) => {
            let (command, now) = hint.split_once(" (now ").unwrap_or((&hint, ""));
            let now = if now.is_empty() { String::new() } else { format!(" (the limit is {now}") };
            Finding::fault(
                name,
                format!("the project has more folders than can be watched{now}"),
                format!("`{command}`"),
            )
        }
        None => Finding::ok(name, format!("all {folders} folders of the project can be watched{limit}")),
    }
}

/// Returns how many watches there can be.
fn limit() -> Option<u64> {
    let read = |file: &str| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok();
    let limits = ["/proc/sys/fs/inotify/max_user_watches", "/proc/sys/user/max_inotify_watches"].map(read);
    limits.into_iter().flatten().min()
}

/// Returns the built-in settings for watching.
fn settings(ground: &Ground) -> Option<Watch> {
    let inputs = Inputs { project: ground.scratch.clone(), ..Inputs::default() };
    load(&inputs).ok().map(|loaded| loaded.settings.watch)
}
