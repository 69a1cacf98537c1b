//! Watches the project for a supervisor: what the watcher sees becomes inputs.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::app::clock;
use crate::app::effects::tools::Tools;
use crate::config::FILE_NAME;
use crate::core::input::{Fate, Input};
use crate::edge::watch::{Kind, Options, WatchEvent, Watcher, start_with as start_watching};
use crate::model::health::{Level, Part};
use crate::model::path::ProjectPath;
use crate::model::workspace::RepoState;

/// Watches the project.
///
/// # Errors
/// Why nothing is watched, for a person to read.
pub async fn watch(tools: &Arc<Tools>, inbox: mpsc::Sender<Input>) -> Result<Watcher, String> {
    let project = tools.places.project.clone();
    let git_files = tools.shadow.git_files_to_watch();
    let last = Arc::new(Mutex::new(None));
    let (keeper, runtime) = (Arc::clone(tools), Handle::current());
    let sink = move |event: WatchEvent| {
        for input in inputs_of(&keeper, event, &last) {
            look_for_replaced(&keeper, &input, &inbox, &runtime);
            // Blocks the watcher's own thread when the machine is busy; nothing is lost.
            let _ = inbox.blocking_send(input);
        }
    };
    let settings = tools.now().settings.watch.clone();
    let ground = tools.proving_ground();
    let started = tokio::task::spawn_blocking(move || {
        let proving_ground = std::fs::create_dir_all(&ground).is_ok().then_some(ground);
        let options = Options { proving_ground, ..Options::default() };
        start_watching(&project, &settings, git_files, options, sink)
    });
    match started.await {
        Ok(started) => started.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Turns what the watcher saw into inputs; our own writes are left out.
fn inputs_of(tools: &Tools, event: WatchEvent, last: &Mutex<Option<RepoState>>) -> Vec<Input> {
    match event {
        WatchEvent::Changed(files) => {
            let (configured, project) = (tools.now(), &tools.places.project);
            let rewritten = files.iter().any(|(path, _)| {
                path.as_path() == Path::new(FILE_NAME) || configured.files.contains(&path.under(project))
            });
            let theirs: Vec<(ProjectPath, Fate)> = files
                .into_iter()
                .filter(|(path, _)| !tools.is_of_day(path) && !tools.is_our_write(path))
                .map(|(path, kind)| {
                    let fate = match kind {
                        Kind::Written => Fate::Written,
                        Kind::Removed => Fate::Removed,
                    };
                    (path, fate)
                })
                .collect();
            if rewritten {
                tools.reread.notify_one();
            }
            if theirs.is_empty() { Vec::new() } else { vec![Input::Changed(theirs)] }
        }
        WatchEvent::GitMoved => {
            let Ok(state) = tools.shadow.repo_state() else { return Vec::new() };
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.as_ref() == Some(&state) {
                return Vec::new();
            }
            *last = Some(state.clone());
            if state.operation.is_none() {
                // What the configuration said meanwhile may have been put off.
                tools.reread.notify_one();
            }
            vec![Input::Repository(state)]
        }
        WatchEvent::Rescan { reason } => {
            tracing::warn!(reason, "the watcher lost track");
            vec![Input::Rescanned(tools.files())]
        }
        WatchEvent::Degraded { reason, hint } => {
            let level = Level::Degraded { reason: format!("{reason}; {hint}"), since: clock::wall() };
            vec![Input::Felt(Part::FileWatcher, level)]
        }
        WatchEvent::Recovered => vec![Input::Felt(Part::FileWatcher, Level::Up)],
    }
}

/// Looks, on a thread of its own, whether a person's change has put back what was before a landing, and tells `inbox`.
fn look_for_replaced(tools: &Arc<Tools>, change: &Input, inbox: &mpsc::Sender<Input>, runtime: &Handle) {
    let touched = match change {
        Input::Changed(files) => tools.landings.touched(files.iter().map(|(path, _)| path)),
        Input::Rescanned(files) => tools.landings.touched(files.iter()),
        _ => return,
    };
    if touched.is_empty() {
        return;
    }
    let (tools, inbox) = (Arc::clone(tools), inbox.clone());
    runtime.spawn_blocking(move || {
        for ((task, landing), files) in touched {
            match tools.shadow.is_replaced(landing, &files) {
                Ok(replaced) if replaced.is_empty() => {}
                // Nobody listens any more when the supervisor has ended.
                Ok(replaced) => drop(inbox.blocking_send(Input::Replaced(task, replaced))),
                Err(error) => tracing::debug!(%error, %task, "whether it is still there cannot be seen"),
            }
        }
    });
}
