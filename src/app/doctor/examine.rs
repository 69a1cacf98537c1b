//! Carries out all probes side by side, each with a time limit, and puts what they found in order.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinSet, spawn_blocking};

use super::finding::{Finding, Report, State};
use super::order::{Ground, ORDER, QUICK, SCRATCH, SLOW};
use super::{agent, disk, fence, git, holder, limits, settings, socket, state, terminal, tree, undo, watch};
use crate::app::clock::Stopwatch;
use crate::app::failure::Failure;
use crate::app::process::signals;
use crate::app::project::setup::{self, Site};
use crate::app::verbs::{ask, offline};
use crate::config::{Loaded, Overrides};
use crate::model::health::{Level, Part};

/// How many probes run at a time.
const SIDE_BY_SIDE: usize = 6;

/// How often is said what is still waited for.
const TICK: Duration = Duration::from_millis(500);

type Found = Pin<Box<dyn Future<Output = Vec<Finding>> + Send>>;

/// What is looked at, how long that may take, and how.
struct Probe {
    names: &'static [&'static str],
    limit: Duration,
    /// What it means if that is too short.
    late: fn(&'static str, String) -> Finding,
    run: Found,
}

/// Nothing else takes so long: something hangs.
fn hangs(name: &'static str, said: String) -> Finding {
    Finding::fault(name, said, DEAD)
}

/// There may be so much to look at.
fn is_big(name: &'static str, said: String) -> Finding {
    Finding::unknown(name, said, "")
}

/// Proves on this machine what the program promises. Nothing of the project is run, and nothing stays behind.
///
/// `waiting` is told now and then what is still waited for.
///
/// # Errors
/// If the project does not exist, there is nowhere to try anything, or a signal came.
pub fn examine(flag: Option<&Path>, waiting: impl FnMut(&[&'static str], Duration)) -> Result<Report, Failure> {
    let environment = setup::environment();
    let project = Site::project(flag, &environment)?;
    let program =
        std::env::current_exe().map_err(|error| Failure::usage(format!("our own program cannot be found: {error}")))?;
    let elsewhere = temporary()?;
    let (site, homeless) = match Site::of(project.clone(), environment) {
        Ok(site) => (site, None),
        Err(failure) => (Site::in_folder(&project, elsewhere.path())?, Some(failure.message)),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("no threads can be started: {error}")))?;
    let report = runtime.block_on(all(site, homeless, program, elsewhere.path(), waiting));
    // A probe that hangs in the system cannot be ended; it is not waited for.
    runtime.shutdown_background();
    report
}

fn temporary() -> Result<tempfile::TempDir, Failure> {
    tempfile::Builder::new().prefix("orchestrator-doctor-").tempdir().map_err(|error| {
        Failure::usage(format!(
            "no temporary folder can be made: {error}\nhint: let TMPDIR name a folder that you can write"
        ))
    })
}

/// A folder in the state root, and the folders that had to be made for it.
struct Scratch {
    folder: Option<tempfile::TempDir>,
    made: Vec<PathBuf>,
}

impl Scratch {
    fn new(site: &Site) -> std::io::Result<Self> {
        let made = socket::missing(&site.state_root);
        // What was made is removed also if not all of it could be.
        let mut scratch = Self { folder: None, made };
        fs::create_dir_all(&site.state_root)?;
        scratch.folder = Some(tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&site.state_root)?);
        Ok(scratch)
    }

    fn path(&self) -> Option<&Path> {
        self.folder.as_ref().map(tempfile::TempDir::path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.folder.take());
        for folder in &self.made {
            // Refused if somebody has begun to use it.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// What is looked at first, as the other probes stand on it.
struct First {
    findings: Vec<Finding>,
    loaded: Option<Loaded>,
    scratch: Option<Scratch>,
}

/// Looks at the configuration, the project and the state folder; `homeless`: why there is none. Blocks.
fn first(site: &Site, homeless: Option<&str>) -> First {
    let read = site.read(Overrides::default());
    let mut findings = vec![settings::probe(site, &read), tree::probe(site), limits::probe()];
    let mut kept = None;
    if let Some(why) = homeless {
        findings.push(Finding::fault_of("state", &why.replace("\nhint: ", "; "), ""));
        findings.push(Finding::skipped("disk", "a state folder"));
    } else {
        let room = disk::probe(site);
        findings.push(if room.state == State::Fault {
            Finding::skipped("state", "free disk space")
        } else {
            let scratch = Scratch::new(site);
            let finding =
                state::probe(site, scratch.as_ref().map(|scratch| scratch.path().unwrap_or(&site.state_root)));
            kept = scratch.ok().filter(|_| finding.state == State::Ok);
            finding
        });
        findings.push(room);
    }
    First { findings, loaded: read.ok(), scratch: kept }
}

async fn all(
    site: Site,
    homeless: Option<String>,
    program: PathBuf,
    elsewhere: &Path,
    mut waiting: impl FnMut(&[&'static str], Duration),
) -> Result<Report, Failure> {
    let mut stop = signals::listen().map_err(|error| Failure::usage(format!("signals cannot be received: {error}")))?;
    let ended = |signal: &str| Failure::refused(format!("ended by {signal}; nothing stays behind"));
    let site = Arc::new(site);
    let looking = {
        let site = Arc::clone(&site);
        spawn_blocking(move || first(&site, homeless.as_deref()))
    };
    let looked = tokio::select! {
        looked = tokio::time::timeout(SLOW, looking) => looked,
        Some(signal) = stop.recv() => return Err(ended(signal)),
    };
    let Ok(Ok(First { mut findings, loaded, scratch })) = looked else {
        let said = format!(
            "no answer within {} s from {} or {}",
            SLOW.as_secs(),
            site.project.display(),
            site.state_root.display()
        );
        return Ok(Report { findings: vec![Finding::fault("disk", said, DEAD)] });
    };
    let is_fine = |name: &str, findings: &[Finding]| {
        findings.iter().any(|finding| finding.name == name && finding.state == State::Ok)
    };
    findings.push(if site.layout.sockets().starts_with(&site.state_root) && !is_fine("state", &findings) {
        Finding::skipped("socket", "the state folder")
    } else {
        socket::probe(&site).await
    });
    let sockets = is_fine("socket", &findings).then(|| site.layout.sockets().to_owned());
    let folder = scratch.as_ref().and_then(Scratch::path).unwrap_or(elsewhere).to_owned();
    let ground = Arc::new(Ground { site, loaded, program, scratch: folder });
    findings.push(git::probe(&ground).await);
    let has_git = is_fine("git", &findings);
    let permits = if limits::is_tight() { 1 } else { SIDE_BY_SIDE };
    match side_by_side(probes(&ground, sockets, has_git), permits, &mut waiting, &mut stop).await {
        Ok(more) => findings.extend(more),
        Err(signal) => {
            clear(&ground.scratch).await;
            return Err(ended(signal));
        }
    }
    if findings.iter().any(|finding| finding.name == "watcher" && finding.state == State::Fault)
        && let Some(watches) = findings.iter_mut().find(|finding| finding.name == "watches")
    {
        // One cause, one fault.
        *watches = Finding::skipped("watches", "the watcher");
    }
    since(&ground.site, &mut findings);
    findings.sort_by_key(|finding| ORDER.iter().position(|name| *name == finding.name));
    drop(scratch);
    Ok(Report { findings })
}

/// Removes a folder in which something that was just killed may still be about to write.
async fn clear(folder: &Path) {
    for _ in 0..40 {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            _ => return,
        }
    }
}

/// What to do about a disk that does not answer.
const DEAD: &str = "look at the system's log: `dmesg | tail`; is a network folder gone?";

/// Returns the probes that can run side by side.
fn probes(ground: &Arc<Ground>, sockets: Option<PathBuf>, has_git: bool) -> Vec<Probe> {
    let blocking = |names: &'static [&'static str], probe: fn(&Ground) -> Finding| {
        let ground = Arc::clone(ground);
        let run: Found = Box::pin(async move {
            match spawn_blocking(move || probe(&ground)).await {
                Ok(finding) => vec![finding],
                Err(error) => vec![Finding::fault(names[0], format!("the probe itself broke: {error}"), REPORT)],
            }
        });
        Probe { names, limit: QUICK * 2, late: hangs, run }
    };
    let mut probes = vec![
        blocking(&["watcher"], watch::notices),
        Probe { late: is_big, ..blocking(&["watches"], watch::suffices) },
        blocking(&["reflink"], disk::reflink),
        blocking(&["terminal"], terminal::probe),
        blocking(&["supervisor"], supervisor),
    ];
    let shared = Arc::clone(ground);
    probes.push(Probe {
        names: &["holder"],
        limit: SLOW,
        late: hangs,
        run: Box::pin(async move { vec![holder::probe(&shared, sockets.as_deref()).await] }),
    });
    let shared = Arc::clone(ground);
    probes.push(Probe {
        names: &["undo"],
        limit: SLOW + QUICK,
        late: hangs,
        run: Box::pin(async move {
            vec![if has_git { undo::probe(&shared).await } else { Finding::skipped("undo", "git") }]
        }),
    });
    let shared = Arc::clone(ground);
    probes.push(Probe {
        names: &["agent", "login"],
        limit: SLOW + QUICK,
        late: hangs,
        run: Box::pin(async move { agent::probe(&shared).await }),
    });
    let shared = Arc::clone(ground);
    probes.push(Probe {
        names: &["fence"],
        limit: SLOW,
        late: hangs,
        run: Box::pin(async move { vec![fence::probe(&shared).await] }),
    });
    probes
}

/// What to do about a fault of our own.
const REPORT: &str = "please report this";

/// Whether a supervisor runs; it is asked nothing that would disturb it.
fn supervisor(ground: &Ground) -> Finding {
    let name = "supervisor";
    match ask::is_supervised(&ground.site) {
        Ok(true) => Finding::info(name, "runs here; `orchestrator-tui health` lets it examine itself"),
        Ok(false) => Finding::info(name, "none runs in this project"),
        Err(failure) => Finding::fault_of(name, &failure.message, "`orchestrator-tui stop`, by the user whose it is"),
    }
}

/// Carries out probes, so many at a time.
///
/// # Errors
/// The signal that cut it short.
async fn side_by_side(
    probes: Vec<Probe>,
    permits: usize,
    waiting: &mut impl FnMut(&[&'static str], Duration),
    stop: &mut mpsc::Receiver<&'static str>,
) -> Result<Vec<Finding>, &'static str> {
    let room = Arc::new(Semaphore::new(permits));
    let clock = Stopwatch::start();
    let mut running = JoinSet::new();
    let mut open: Vec<&'static str> = probes.iter().flat_map(|probe| probe.names).copied().collect();
    for Probe { names, limit, late, run } in probes {
        let room = Arc::clone(&room);
        running.spawn(async move {
            // It is never closed.
            let _permit = room.acquire_owned().await;
            let clock = Stopwatch::start();
            let mut found = tokio::time::timeout(limit, run).await.unwrap_or_else(|_| {
                let said = format!("no answer within {} s", limit.as_secs());
                names.iter().map(|name| late(name, said.clone())).collect()
            });
            for finding in &mut found {
                finding.took = clock.read();
            }
            found
        });
    }
    let mut findings = Vec::new();
    loop {
        tokio::select! {
            done = running.join_next() => match done {
                Some(Ok(found)) => {
                    open.retain(|name| found.iter().all(|finding| finding.name != *name));
                    findings.extend(found);
                }
                Some(Err(error)) => tracing::error!(%error, "a probe broke"),
                None => break,
            },
            () = tokio::time::sleep(TICK) => waiting(&open, clock.read()),
            Some(signal) = stop.recv() => {
                // Their processes are killed with them.
                running.shutdown().await;
                return Err(signal);
            }
        }
    }
    findings.extend(open.into_iter().map(|name| Finding::fault(name, "the probe itself broke", REPORT)));
    Ok(findings)
}

/// Adds since when the last supervisor has known of a fault.
fn since(site: &Site, findings: &mut [Finding]) {
    let parts = [
        ("state", Part::StateManager),
        ("watcher", Part::FileWatcher),
        ("holder", Part::TestRunner),
        ("agent", Part::ClaudeInstances),
    ];
    let mut faults = findings.iter_mut().filter(|finding| finding.state == State::Fault).peekable();
    if faults.peek().is_none() {
        return;
    }
    let Ok(book) = offline::book(site) else { return };
    for finding in faults {
        let part = parts.iter().find(|(name, _)| *name == finding.name).map(|(_, part)| part);
        if let Some(Level::Down { since, .. }) = part.and_then(|part| book.health.get(part)) {
            finding.since = Some(*since);
        }
    }
}
