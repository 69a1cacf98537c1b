//! Builds a supervisor from its parts, runs it, and takes it apart in order.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::app::answers::history::History;
use crate::app::clock;
use crate::app::day::mirror::DayMirror;
use crate::app::effects::places::Places;
use crate::app::effects::tools::Tools;
use crate::app::effects::{event_files, left, terminals};
use crate::app::failure::Failure;
use crate::app::planner::Keeper;
use crate::app::process::channels::Channels;
use crate::app::process::examine::{self, Examiner};
use crate::app::process::held::Stored;
use crate::app::process::reload::Reloader;
use crate::app::process::run::Shell;
use crate::app::process::voice::{Speaker, Voice};
use crate::app::process::{background, logging, panic};
use crate::app::project::configured::Configured;
use crate::app::project::doorkeeper::only_for_a_person;
use crate::app::project::mark::mark_of;
use crate::app::project::setup::{self, Site};
use crate::app::records::mirrors::Mirrors;
use crate::app::records::{database, keep, mirror, projection};
use crate::app::words::secrecy::Secrecy;
use crate::config::{Loaded, Overrides};
use crate::core::command::Command;
use crate::core::effect::Recorded;
use crate::core::input::Start;
use crate::core::supervisor::Supervisor;
use crate::edge::control::{BindError, Client, ControlCall, Farewell, Server, remove_stale};
use crate::edge::store::{Holder, Journal, Lock, LockError, Pulse, Replay, StoreError};
use crate::edge::workspace::Shadow;
use crate::model::id::{Seq, SessionId};
use crate::model::own_writes::OwnWrites;

/// What a run is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Exit when nothing is left to do.
    pub until_idle: bool,
    /// What it shows of itself.
    pub voice: Voice,
    /// Where it runs.
    pub presence: Presence,
    /// The flags that the configuration was read with, to read it again when it changes; `None`: it is not read again.
    pub flags: Option<Overrides>,
}

/// Where a supervisor runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In the terminal of whoever started it.
    Foreground,
    /// Without a terminal; see [`background`].
    Background {
        /// Whether it ends with the last screen that looks at it.
        leased: bool,
    },
}

/// How many calls of the control socket may wait before those who call have to.
const CALLS: usize = 64;

/// How often a journal that another program holds is looked at again, a second each.
const LOOKS: u32 = 10;

/// The inner end of the control socket.
struct Door {
    channels: Channels,
    /// What is asked there.
    calls: mpsc::Receiver<ControlCall>,
}

/// Runs a supervisor on a project until it ends; returns its exit code.
///
/// # Errors
/// If it cannot start: another one runs, something needed is missing, a folder cannot be written.
pub fn supervise(site: &Site, loaded: &Loaded, wish: Wish) -> Result<u8, Failure> {
    runtime()?.block_on(async {
        let lock = lock(site, loaded)?;
        let leased = wish.presence == Presence::Background { leased: true };
        let channels = Channels::new(site.layout.journal(), leased);
        let (caller, calls) = mpsc::channel(CALLS);
        // Before the rest: whoever looks for a supervisor from now on waits for this one instead of starting another.
        let server =
            match Server::start(&site.layout.control_socket(), channels.sources(caller, &mark_of(&site.layout))) {
                Ok(server) => server,
                Err(error) => return Err(Failure::supervisor(taken(site, error).await)),
            };
        let ended = run(site, loaded, wish, Door { channels, calls }).await;
        let farewell = match &ended {
            Ok(farewell) => farewell.clone(),
            Err(failure) => Farewell { code: failure.code as u8, said: failure.message.clone() },
        };
        lock.let_go_soon();
        server.stop(farewell).await;
        ended.map(|farewell| farewell.code)
    })
}

async fn run(site: &Site, loaded: &Loaded, wish: Wish, door: Door) -> Result<Farewell, Failure> {
    let Door { mut channels, calls } = door;
    let attaches = channels.attaches.take();
    let orders = channels.planner_orders.take();
    let (inbox, caller) = (channels.inbox.clone(), channels.caller.clone());
    let busy = |what: &str| {
        if wish.presence != Presence::Foreground {
            background::is_busy(what);
        }
    };
    busy("reading the journal");
    let (shell, tools, journal, mut start) = prepare(site, loaded, wish.voice, channels, false)?;
    if let Some(attaches) = attaches {
        tokio::spawn(terminals::serve(tools.places.clone(), attaches));
    }
    start.until_idle = wish.until_idle;
    start.attended = wish.presence == Presence::Background { leased: true };
    busy("beginning to watch the files");
    let mut examiner = Examiner::new(&tools, journal, inbox.clone(), caller.clone());
    examiner.watch().await;
    let (health, asked) = mpsc::channel(CALLS);
    let (reload, told) = mpsc::channel(CALLS);
    let (planner, hooks) = mpsc::channel(CALLS);
    tokio::spawn(examine::sort(calls, health, reload, planner, caller));
    event_files::begin(&tools, &inbox);
    let keeper = orders.map(|orders| tokio::spawn(Keeper::new(&tools, inbox.clone(), hooks).run(orders)));
    let examiner = tokio::spawn(examiner.run(asked));
    let reloader = wish.flags.map(|flags| tokio::spawn(Reloader::new(site, flags, loaded, &tools, inbox).run(told)));
    busy("listing the files");
    start.files = tools.files();
    start.repository = tools.shadow.repo_state().unwrap_or_default();
    let is_expected = wish.presence == Presence::Foreground || background::is_up(&site.layout.log());
    let result = shell.run(start, is_expected).await;
    if let Some(keeper) = keeper {
        // It ends the planner, now that nobody can give it orders any more.
        let _ = keeper.await;
    }
    if let Some(reloader) = reloader {
        reloader.abort();
    }
    examiner.abort();
    // With it ends the watcher.
    let _ = examiner.await;
    result
}

/// Carries out one command without a running supervisor: an undo, a yes or a no to a result.
///
/// # Errors
/// As [`supervise`], and if the command is refused.
pub fn command(site: &Site, loaded: &Loaded, command: Command) -> Result<String, Failure> {
    runtime()?.block_on(async {
        let lock = lock(site, loaded)?;
        // It takes a moment: whoever comes meanwhile waits, and is not told of a supervisor.
        lock.let_go_soon();
        if let Err(error) = remove_stale(&site.layout.control_socket()) {
            return Err(Failure::supervisor(taken(site, error).await));
        }
        let channels = Channels::new(site.layout.journal(), false);
        let (shell, tools, _, mut start) = prepare(site, loaded, Voice::Silent, channels, true)?;
        start.one_command = true;
        start.files = tools.files();
        start.repository = tools.shadow.repo_state().unwrap_or_default();
        shell.run_one(start, command).await
    })
}

/// Says who answers on a socket that should be free: somebody moved the lock, and must be left alone.
async fn taken(site: &Site, error: BindError) -> String {
    let BindError::Answered { path } = &error else { return error.to_string() };
    let asked = match Client::connect(path).await {
        Ok(client) => client.get("status").await.ok(),
        Err(_) => None,
    };
    let process = asked.map(|(_, body)| body["processes"]["orchestrator"].clone()).unwrap_or_default();
    let (Some(pid), Some(since)) = (process["pid"].as_u64(), process["started_at"].as_str()) else {
        return error.to_string();
    };
    let elsewhere = site.lock_file(None);
    format!(
        "another supervisor answers at {}: process {pid} has supervised this project since {since}, with another lock \
         than {}; `orchestrator-tui` in this project shows what it does, `orchestrator-tui stop` ends it",
        path.display(),
        elsewhere.display()
    )
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("no threads can be started: {error}")))
}

/// Takes the project's lock.
fn lock(site: &Site, loaded: &Loaded) -> Result<Lock, Failure> {
    let layout = &site.layout;
    only_for_a_person(layout, "supervise it, or act in the place of a supervisor")?;
    if layout.root().starts_with(&site.project) {
        // Snapshots would hold themselves, and our own writes would look like a person's.
        return Err(Failure::usage(format!(
            "the state folder {} lies in the project\nhint: let ORCHESTRATOR_STATE_DIR name a folder outside of it",
            layout.root().display()
        )));
    }
    layout.create().map_err(Failure::usage)?;
    let holder = Holder { pid: std::process::id(), since: clock::wall(), socket: layout.control_socket() };
    Lock::acquire(&site.lock_file(Some(loaded)), &holder).map_err(|error| match error {
        LockError::Held { .. } => Failure::supervisor(error),
        LockError::Unusable { .. } => Failure::usage(error),
    })
}

/// Ends what a dead supervisor left, opens journal and shadow, restores the machine. `is_one`: for one command, which must be
/// kept.
fn prepare(
    site: &Site,
    loaded: &Loaded,
    voice: Voice,
    channels: Channels,
    is_one: bool,
) -> Result<(Shell, Arc<Tools>, Pulse, Start), Failure> {
    let layout = &site.layout;
    let filter = site.environment.get("ORCHESTRATOR_LOG").map_or("info", String::as_str);
    let secrecy = Secrecy::of(site);
    secrecy.learn(site, Some(&loaded.settings));
    logging::install(&layout.log(), filter, secrecy.clone()).map_err(Failure::usage)?;
    panic::cover(secrecy.clone());
    let mark = mark_of(layout);
    left::end(layout, &mark);
    if let Err(error) = keep::prune_transcripts(&layout.sessions()) {
        tracing::warn!(%error, "old transcripts stay");
    }
    if let Some(file) = &loaded.state_file {
        mirror::try_out(file).map_err(|error| {
            Failure::usage(format!(
                "STATE_FILE {} cannot be written: {error}\nhint: name a file in a folder that you can write, or unset it",
                file.display()
            ))
        })?;
    }
    if let Some(path) = &loaded.database {
        database::link(path, &layout.journal(), &site.project).map_err(|error| {
            Failure::usage(format!(
                "DATABASE_PATH {} cannot be used: {error}\nhint: name a file that is not there yet, outside of the project, or unset it",
                path.display()
            ))
        })?;
    }
    let (mut journal, facts, stored) = open_journal(site, &channels.history, is_one)?;
    projection::fill(&mut journal, &facts, &loaded.settings.lanes).map_err(Failure::usage)?;
    let matcher = setup::matcher(loaded)?;
    let configured = Configured::new(loaded);
    let settings = Arc::clone(&configured.settings);
    let program =
        std::env::current_exe().map_err(|error| Failure::usage(format!("our own program cannot be found: {error}")))?;
    let places = Places {
        program,
        project: site.project.clone(),
        work: layout.work(),
        layout: layout.clone(),
        mark,
        environment: site.environment.clone(),
        secrecy,
    };
    let shadow = Shadow::open(&site.project, layout.root()).map_err(Failure::usage)?;
    for recovered in shadow.recovered() {
        tracing::warn!(?recovered, "rolled back a landing that was cut short");
    }
    let tools = Arc::new(Tools::new(configured, places, shadow, OwnWrites::default()));
    let machine = Supervisor::restore(settings, matcher, facts);
    tools.landings.restore(machine.book());
    for batch in machine.book().batches.values() {
        tools.keeps_day(batch);
    }
    let pulse = journal.pulse();
    let speaker =
        Speaker::start(voice).map_err(|error| Failure::usage(format!("no threads can be started: {error}")))?;
    let told = Arc::clone(&tools);
    let day = DayMirror::start(move |files| told.wrote_ourselves(files))
        .map_err(|error| Failure::usage(format!("no threads can be started: {error}")))?;
    let mirrors = Mirrors::new(loaded.state_file.clone(), day);
    let start = Start {
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        first_session: SessionId(clock::wall().0),
        last_landing: keep::last_landing(&layout.landings()),
        // What a dead supervisor's agents did after it was heard by nobody, and is paid for all the same.
        used: left::used(machine.book(), &layout.sessions()),
        planner_used: left::planner_used(machine.book()),
        ..Start::default()
    };
    let shell = Shell::new(machine, Arc::clone(&tools), journal, stored, channels, speaker, mirrors);
    Ok((shell, tools, pulse, start))
}

type Opened = (Journal, Vec<Recorded>, watch::Receiver<Stored>);

/// Opens the journal when no other program holds it any more; each look waits for a second by itself.
fn open_patiently<C: FnMut(Result<Seq, StoreError>) + Send + 'static>(
    path: &Path,
    confirm: impl Fn() -> C,
) -> Result<(Journal, Replay), StoreError> {
    let mut looks = 0;
    loop {
        match Journal::open(path, confirm()) {
            Err(StoreError::Busy { .. }) if looks < LOOKS => looks += 1,
            opened => return opened,
        }
    }
}

/// Opens the journal; one that is broken is said and replaced by one in memory, so that work goes on, unless it is for one
/// command. One that another program holds for long is no reason to forget what is in it.
fn open_journal(site: &Site, history: &History, is_one: bool) -> Result<Opened, Failure> {
    let (send, stored) = watch::channel(Stored::default());
    let confirm = || {
        let send = send.clone();
        move |news: Result<Seq, StoreError>| {
            send.send_modify(|stored| match news {
                Ok(seq) => *stored = Stored { seq, outage: None },
                Err(error) => stored.outage = Some(error),
            });
        }
    };
    match open_patiently(&site.layout.journal(), confirm) {
        Ok((journal, replay)) => {
            let last = replay.last();
            let facts: Vec<Recorded> = replay
                .facts
                .into_iter()
                .map(|fact| setup::fact_of(&fact))
                .collect::<Result<_, _>>()
                .map_err(Failure::usage)?;
            history.restored(last);
            send.send_modify(|stored| stored.seq = last);
            Ok((journal, facts, stored))
        }
        Err(error @ (StoreError::Newer { .. } | StoreError::Corrupt { .. })) => Err(Failure::usage(error)),
        // All is there, and would be forgotten for as long as this runs, the day's spending included.
        Err(error @ StoreError::Busy { .. }) => Err(Failure::supervisor(error)),
        Err(error) if is_one => Err(Failure::usage(error)),
        Err(error) => {
            tracing::error!(%error, "the journal cannot be opened; going on in memory");
            history.only_memory();
            // What is written into memory is on no disk, so nothing is confirmed, and the outage lasts.
            let journal = Journal::in_memory(drop).map_err(Failure::usage)?;
            send.send_modify(|stored| stored.outage = Some(error));
            Ok((journal, Vec::new(), stored))
        }
    }
}
