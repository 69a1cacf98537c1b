//! Reads the configuration again when its files change, or when it is told to. What is wrong, not agreed to, or in the
//! middle of a rebase or the like, changes nothing and is said.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::app::effects::tools::Tools;
use crate::app::project::configured::Configured;
use crate::app::project::setup::{self, Site};
use crate::config::{Diagnostic, Loaded, Overrides, Running};
use crate::core::input::Input;
use crate::core::matching::Matcher;
use crate::edge::control::{ControlCall, ControlReply};
use crate::edge::watch::Named;

/// How many of the lines that would run are named; `orchestrator-tui trust` shows them all.
const NAMED: usize = 3;

/// Reads again.
pub struct Reloader {
    site: Site,
    flags: Overrides,
    tools: Arc<Tools>,
    inbox: mpsc::Sender<Input>,
    /// What was agreed to.
    agreed: Running,
}

impl Reloader {
    /// Puts one together for what `loaded` was read from with these flags; nothing is read yet.
    pub fn new(site: &Site, flags: Overrides, loaded: &Loaded, tools: &Arc<Tools>, inbox: mpsc::Sender<Input>) -> Self {
        Self { site: site.clone(), flags, tools: Arc::clone(tools), inbox, agreed: loaded.running.clone() }
    }

    /// Reads again whenever a file of the configuration changes, a project is trusted, or somebody asks.
    pub async fn run(mut self, mut asked: mpsc::Receiver<ControlCall>) {
        let mut files = self.site.config_files();
        files.extend(self.tools.now().files.iter().cloned());
        files.push(self.site.project.join(".env"));
        files.push(self.site.trust_file());
        let tools = Arc::clone(&self.tools);
        let watch = Named::watch(&files, move || tools.reread.notify_one());
        if let Err(error) = &watch {
            // The project's own file is also seen by the project's watcher.
            tracing::warn!(%error, "changes of the user's file are not noticed");
        }
        // What changed since the start is read now.
        self.tools.reread.notify_one();
        loop {
            tokio::select! {
                call = asked.recv() => {
                    let Some(call) = call else { return };
                    let reply = match self.again().await {
                        Ok(()) => ControlReply::done(serde_json::json!({ "said": "the configuration is in force" })),
                        Err(why) => ControlReply::refused(409, why, ""),
                    };
                    // Whoever asked may have gone.
                    let _ = call.reply.send(reply);
                }
                () = self.tools.reread.notified() => {
                    self.settle().await;
                    // Said by the machine.
                    let _ = self.again().await;
                }
            }
        }
    }

    /// Waits until nothing is written any more: half a file can be a good one that means something else.
    async fn settle(&self) {
        let watch = &self.tools.now().settings.watch;
        let quiet = async { while timeout(watch.settle, self.tools.reread.notified()).await.is_ok() {} };
        let _ = timeout(watch.settle_max.max(watch.settle), quiet).await;
    }

    /// Reads again and tells the machine what came of it.
    async fn again(&mut self) -> Result<(), String> {
        let (site, flags) = (self.site.clone(), self.flags.clone());
        let (agreed, tools) = (self.agreed.clone(), Arc::clone(&self.tools));
        let read = tokio::task::spawn_blocking(move || read(&site, flags, &agreed, &tools)).await;
        match read.unwrap_or_else(|error| Err(format!("reading the configuration broke: {error}"))) {
            Ok((loaded, matcher)) => {
                self.agreed = loaded.running.clone();
                let configured = Arc::new(Configured::new(&loaded));
                let settings = Arc::clone(&configured.settings);
                self.tools.configure(configured);
                // Nobody listens any more when the supervisor has ended.
                let _ = self.inbox.send(Input::Reconfigured(settings, matcher)).await;
                Ok(())
            }
            Err(why) => {
                let why = self.tools.places.secrecy.now().text(&why).into_owned();
                let _ = self.inbox.send(Input::ConfigRefused(why.clone())).await;
                Err(why)
            }
        }
    }
}

/// Reads the configuration as at the start; what would have been refused then is refused now. What is in force was agreed
/// to: what runs, and whether agents do. In the middle of a rebase or the like it is half of one thing and half of another,
/// and is read again when that is over.
fn read(site: &Site, flags: Overrides, agreed: &Running, tools: &Tools) -> Result<(Loaded, Arc<Matcher>), String> {
    let loaded = site.read(flags);
    tools.places.secrecy.learn(site, loaded.as_ref().ok().map(|loaded| &loaded.settings));
    let fixing = tools.now().settings.fix.enabled;
    let operation = tools.shadow.repo_state().ok().and_then(|state| state.operation);
    if let Some(operation) = operation
        && !loaded.as_ref().is_ok_and(|loaded| loaded.settings == *tools.now().settings)
    {
        return Err(format!("a {operation} is under way; it is read when that is over"));
    }
    let mut loaded = loaded.map_err(|mistakes| told(&mistakes))?;
    if loaded.settings.checks.is_empty() {
        return Err("it names no check, and none is usual for what is in the project".to_owned());
    }
    let matcher = setup::matcher(&loaded).map_err(|failure| failure.message)?;
    if site.is_trusted(&loaded).map_err(|failure| failure.message)? {
        return Ok((loaded, matcher));
    }
    let is_part = loaded.running.is_part_of(agreed);
    if is_part && loaded.settings.fix.enabled && !fixing {
        return Err(
            "it would start agents, and you have agreed to checks only; `orchestrator-tui trust` asks".to_owned()
        );
    }
    if is_part {
        // So that the next start does not ask either.
        if let Err(failure) = site.trust(&loaded, true) {
            tracing::warn!(message = failure.message, "the next start will ask");
        }
        site.note_agents(&mut loaded);
        return Ok((loaded, matcher));
    }
    Err(format!(
        "it asks for what you have not agreed to: {}; `orchestrator-tui trust` shows all of it and asks",
        fresh(&loaded.running, agreed)
    ))
}

/// Names what would run and was not agreed to.
fn fresh(running: &Running, agreed: &Running) -> String {
    let known = agreed.describe();
    let fresh: Vec<String> = running.describe().into_iter().filter(|line| !known.contains(line)).collect();
    let named = fresh.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    match fresh.len() {
        // Without something that was there, such as an agent's arguments.
        0 => "other programs, arguments or variables for agents".to_owned(),
        count if count > NAMED => format!("{named}; and {} more", count - NAMED),
        _ => named,
    }
}

/// Says in one line what is wrong and where.
fn told(mistakes: &[Diagnostic]) -> String {
    let Some(first) = mistakes.first() else { return "it is wrong".to_owned() };
    let place = match (first.line, first.col) {
        (Some(line), Some(col)) => format!("{}:{line}:{col}", first.file),
        _ => first.file.clone(),
    };
    let hint = first.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    let more = match mistakes.len() - 1 {
        0 => String::new(),
        1 => "; and another mistake".to_owned(),
        more => format!("; and {more} more mistakes"),
    };
    format!("{place}: {}{hint}{more}; `orchestrator-tui config check` shows it", first.message)
}
