//! Examines each part for real, now and then and when somebody asks, and says so when one turns better or worse.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::app::effects::tools::Tools;
use crate::app::effects::watching;
use crate::app::project::doorkeeper::is_for_another;
use crate::app::records::keep;
use crate::app::{clock, planner};
use crate::core::effect::Place;
use crate::core::input::Input;
use crate::edge::control::{Caller, ControlCall, ControlReply, ControlRequest};
use crate::edge::session::{Session, SessionOutput};
use crate::edge::store::{Pulse, StoreError};
use crate::edge::watch::Watcher;
use crate::model::health::{Level, Part};
use crate::model::id::SessionId;
use crate::model::session::Exit;
use crate::model::settings::Watch;

/// How long a part may take to show that it works. Each takes milliseconds; a machine that swaps, seconds.
const LIMIT: Duration = Duration::from_secs(10);

/// The session in which the runner is tried; those of checks and agents have the time as their number.
const TRIAL: SessionId = SessionId(0);

/// What is asked of the machine for the state after a round.
const AFTER_A_ROUND: &str = "health/last";

/// Hands calls of the control socket on: those for the health to whoever examines, which takes a while, those for the
/// configuration to whoever reads it, those of the planner's hooks to its keeper, all others to the machine. Those who take a
/// while never hold up the others. Ends when the socket does.
pub async fn sort(
    mut calls: mpsc::Receiver<ControlCall>,
    health: mpsc::Sender<ControlCall>,
    reload: mpsc::Sender<ControlCall>,
    planner: mpsc::Sender<ControlCall>,
    others: mpsc::Sender<ControlCall>,
) {
    while let Some(mut call) = calls.recv().await {
        if let ControlRequest::Command { name, body } = &call.request
            && let Some(by) = is_for_another(call.caller, name, body)
        {
            let path = format!("commands/{name}");
            call.request = ControlRequest::Trespass { by, method: "POST".to_owned(), path };
        }
        let desk = match &call.request {
            ControlRequest::Query { path, .. } if path == "health" => &health,
            ControlRequest::Command { name, .. } if name == "reload" => &reload,
            ControlRequest::Command { name, .. } if name == planner::HOOK => &planner,
            ControlRequest::Query { .. } | ControlRequest::Command { .. } | ControlRequest::Trespass { .. } => {
                // The machine answers at once. A call that finds nobody is answered by being dropped.
                let _ = others.send(call).await;
                continue;
            }
        };
        if let Err(TrySendError::Full(call)) = desk.try_send(call) {
            let busy = ControlReply::refused(503, "too many ask for this at once", "ask again in a moment");
            let _ = call.reply.send(busy);
        }
    }
}

/// Examines the parts of a running supervisor; also keeps its watcher, which it starts again when it has died.
pub struct Examiner {
    tools: Arc<Tools>,
    journal: Pulse,
    watcher: Option<Arc<Watcher>>,
    /// What it was told to watch.
    watched: Watch,
    inbox: mpsc::Sender<Input>,
    calls: mpsc::Sender<ControlCall>,
    /// Faults that were found here and are not mended yet; others find faults, too.
    found: BTreeMap<Part, Level>,
}

impl Examiner {
    /// Puts an examiner together. It tells what it finds to `inbox`, and asks through `calls` what came of it.
    pub fn new(
        tools: &Arc<Tools>,
        journal: Pulse,
        inbox: mpsc::Sender<Input>,
        calls: mpsc::Sender<ControlCall>,
    ) -> Self {
        let watched = tools.now().settings.watch.clone();
        Self { tools: Arc::clone(tools), journal, watcher: None, watched, inbox, calls, found: BTreeMap::new() }
    }

    /// Begins to watch the project; without a watcher the supervisor still runs, and says so.
    pub async fn watch(&mut self) {
        let fault = self.start_watcher().await.err();
        self.tell(Part::FileWatcher, fault).await;
    }

    /// Examines at once, then every `limits.health`, and whenever somebody asks for the health.
    pub async fn run(mut self, mut asked: mpsc::Receiver<ControlCall>) {
        let mut configurations = self.tools.configurations();
        self.round().await;
        loop {
            let settings = Arc::clone(&configurations.borrow_and_update().settings);
            if settings.watch != self.watched {
                self.watch_anew().await;
            }
            tokio::select! {
                () = tokio::time::sleep(settings.limits.health) => self.round().await,
                Ok(()) = configurations.changed() => {}
                call = asked.recv() => {
                    let Some(call) = call else { return };
                    // One round for all who have asked before it begins.
                    let mut calls = vec![call];
                    while let Ok(call) = asked.try_recv() {
                        calls.push(call);
                    }
                    self.round().await;
                    for call in calls {
                        self.answer(call).await;
                    }
                }
            }
        }
    }

    /// Examines every part.
    async fn round(&mut self) {
        let agents = missing_agent(&self.tools);
        let (journal, runner) = tokio::join!(self.silent_journal(), broken_runner(&self.tools));
        let watcher = self.blind_watcher().await;
        for (part, fault) in [
            (Part::StateManager, journal),
            (Part::FileWatcher, watcher),
            (Part::TestRunner, runner),
            (Part::ClaudeInstances, agents),
        ] {
            self.tell(part, fault).await;
        }
    }

    /// Tells what changed: a fault that is new, or that is mended.
    async fn tell(&mut self, part: Part, fault: Option<String>) {
        let level = match (fault, self.found.get(&part)) {
            (None, None) => return,
            (None, Some(_)) => Level::Up,
            (Some(reason), Some(Level::Down { reason: known, .. })) if *known == reason => return,
            (Some(reason), Some(Level::Down { since, .. })) => Level::Down { reason, since: *since },
            (Some(reason), _) => Level::Down { reason, since: clock::wall() },
        };
        if level == Level::Up {
            self.found.remove(&part);
        } else {
            self.found.insert(part, level.clone());
        }
        self.feel(part, level).await;
    }

    async fn feel(&self, part: Part, level: Level) {
        // Nobody listens any more when the supervisor has ended.
        let _ = self.inbox.send(Input::Felt(part, level)).await;
    }

    /// Answers with what the machine knows after a round.
    async fn answer(&self, call: ControlCall) {
        let (reply, answered) = oneshot::channel();
        let request = ControlRequest::Query { path: AFTER_A_ROUND.to_owned(), query: BTreeMap::new() };
        // What was found is in the inbox already, and the loop empties that first.
        if self.calls.send(ControlCall { caller: Caller::Person, request, reply }).await.is_err() {
            return;
        }
        let layout = self.tools.places.layout.clone();
        let sizes = tokio::task::spawn_blocking(move || keep::sizes(&layout).json()).await.unwrap_or_default();
        if let Ok(reply) = answered.await {
            // Whoever asked may have gone.
            let _ = call.reply.send(reply.with("examined", true.into()).with("sizes", sizes));
        }
    }

    /// Whether the journal takes and syncs a write. What the writer itself says about a refused one, the loop tells.
    async fn silent_journal(&self) -> Option<String> {
        let journal = self.journal.clone();
        match tokio::task::spawn_blocking(move || journal.beat(LIMIT)).await {
            Ok(Err(error @ StoreError::Silent { .. })) => Some(error.to_string()),
            Ok(Ok(()) | Err(_)) | Err(_) => None,
        }
    }

    /// Whether the watcher notices a file; one that does not is replaced.
    async fn blind_watcher(&mut self) -> Option<String> {
        if let Some(watcher) = self.watcher.clone() {
            let proved = tokio::task::spawn_blocking(move || watcher.prove(LIMIT)).await;
            let Ok(Err(blind)) = proved else { return None };
            tracing::warn!(%blind, "starting another watcher");
            let reason = format!("{blind}; it is started again by itself");
            self.feel(Part::FileWatcher, Level::Down { reason, since: clock::wall() }).await;
        }
        if let Err(fault) = self.start_watcher().await {
            return Some(fault);
        }
        self.rescan().await;
        if !self.found.contains_key(&Part::FileWatcher) {
            self.feel(Part::FileWatcher, Level::Up).await;
        }
        None
    }

    /// Watches by other settings.
    async fn watch_anew(&mut self) {
        let fault = self.start_watcher().await.err();
        if fault.is_none() {
            // What counts now and did not before was never seen.
            self.rescan().await;
        }
        self.tell(Part::FileWatcher, fault).await;
    }

    async fn rescan(&self) {
        let tools = Arc::clone(&self.tools);
        let files = tokio::task::spawn_blocking(move || tools.files()).await.unwrap_or_default();
        let _ = self.inbox.send(Input::Rescanned(files)).await;
    }

    async fn start_watcher(&mut self) -> Result<(), String> {
        self.watched = self.tools.now().settings.watch.clone();
        if let Some(old) = self.watcher.take() {
            // Its end is waited for; if it hangs, not here.
            drop(std::thread::Builder::new().name("old-watch".to_owned()).spawn(move || drop(old)));
        }
        let watcher = watching::watch(&self.tools, self.inbox.clone()).await;
        self.watcher = Some(Arc::new(watcher.map_err(|why| format!("{why}; it is tried again by itself"))?));
        Ok(())
    }
}

/// Whether the runner can start a holder that runs `true`, in the project, as it does for a check.
async fn broken_runner(tools: &Tools) -> Option<String> {
    let places = &tools.places;
    let args = ["-c", "true"].map(str::to_owned).to_vec();
    let mut spec = places.spec(TRIAL, Place::Tree, "/bin/sh".into(), args, LIMIT);
    spec.logs = places.layout.root().join("trial");
    let started = Session::start(&places.program, &spec).await;
    let fault = match started {
        Ok((_session, mut output)) => {
            let ended = async {
                loop {
                    match output.recv().await {
                        Some(SessionOutput::Ended(exit)) => return exit,
                        Some(_) => {}
                        None => return Exit::Unknown,
                    }
                }
            };
            match tokio::time::timeout(2 * LIMIT, ended).await {
                Ok(Exit::Code(0)) => None,
                Ok(exit) => Some(format!("`true` in {} came to {exit}", spec.folder.display())),
                Err(_) => Some(format!("`true` in {} did not end", spec.folder.display())),
            }
        }
        Err(error) => Some(error.to_string().replace("; ", ", ")),
    };
    let _ = std::fs::remove_dir_all(&spec.logs);
    fault.map(|fault| format!("no check can run: {fault}; `orchestrator-tui doctor` looks for the cause"))
}

/// Says why the fixer's program cannot be started, if so.
fn missing_agent(tools: &Tools) -> Option<String> {
    let configured = tools.now();
    let settings = &configured.settings;
    let agent = settings.roles.get("fixer").and_then(|role| settings.agents.get(&role.agent))?;
    let path = tools.places.environment.get("PATH").map(String::as_str).unwrap_or_default();
    if !settings.fix.enabled || find_program(&agent.program, path, &tools.places.project).is_some() {
        return None;
    }
    let get = if agent.program == "claude" {
        "`npm install -g @anthropic-ai/claude-code`, then "
    } else {
        "install it, then "
    };
    Some(format!(
        "there is no program {} in PATH, so nothing is fixed; {get}`orchestrator-tui resume`, or use --checks-only",
        agent.program
    ))
}

/// Finds a program as a shell in the project would.
pub fn find_program(name: &str, path: &str, project: &Path) -> Option<std::path::PathBuf> {
    let is_program =
        |file: &Path| file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    if name.contains('/') {
        return Some(project.join(name)).filter(|file| is_program(file));
    }
    std::env::split_paths(path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(path: &str) -> (ControlCall, oneshot::Receiver<ControlReply>) {
        let (reply, answer) = oneshot::channel();
        let request = ControlRequest::Query { path: path.to_owned(), query: BTreeMap::new() };
        (ControlCall { caller: Caller::Person, request, reply }, answer)
    }

    #[tokio::test]
    async fn whoever_asks_for_the_health_holds_nobody_up() {
        let (caller, calls) = mpsc::channel(8);
        let (health, mut asked) = mpsc::channel(1);
        let (reload, _told) = mpsc::channel(1);
        let (planner, _hooks) = mpsc::channel(1);
        let (others, mut machine) = mpsc::channel(1);
        tokio::spawn(sort(calls, health, reload, planner, others));
        // A round is under way, one waits for the next, and no more fit.
        let (waits, _answer) = ask("health");
        let (one_too_many, refused) = ask("health");
        let (status, answer) = ask("status");
        for call in [waits, one_too_many, status] {
            caller.send(call).await.unwrap();
        }
        machine.recv().await.unwrap().reply.send(ControlReply::done(json!("at once"))).unwrap();
        assert_eq!(answer.await.unwrap(), ControlReply::done(json!("at once")));
        assert_eq!(refused.await.unwrap().status(), 503);
        assert!(asked.recv().await.is_some());
    }
}
