//! Runs a command line under a holder and reads what it said.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::sync::mpsc;

use crate::app::clock::Stopwatch;
use crate::app::effects::places::{Places, exists};
use crate::app::effects::told::Told;
use crate::core::effect::{Place, RunOrder};
use crate::core::findings;
use crate::core::input::RunOutcome;
use crate::core::secrets::Form;
use crate::edge::session::{Session, SessionOutput, sweep_session};
use crate::model::check::{CheckRun, Findings, Fingerprint, Verdict};
use crate::model::path::ProjectPath;
use crate::model::session::Exit;
use crate::model::time::brief;

/// How much of the output is read: its beginning and its end.
const HEAD: usize = 2 * 1024 * 1024;
const TAIL: usize = 6 * 1024 * 1024;

/// Runs an order to its end; `told` tells it to end earlier.
pub async fn run(places: &Places, order: RunOrder, mut told: mpsc::Receiver<Told>) -> RunOutcome {
    let folder = places.folder(order.place);
    if order.source.as_ref().is_some_and(|source| !exists(&folder, source)) {
        return RunOutcome::NoSource;
    }
    if order.tests.as_ref().is_some_and(|tests| !exists(&folder, tests)) {
        return RunOutcome::NoTests;
    }
    let watch = Stopwatch::start();
    let args = vec!["-c".to_owned(), places.line(order.place, &order.line)];
    let mut spec = places.spec(order.session, order.place, "/bin/sh".into(), args, order.limit);
    spec.env.insert("NO_COLOR".to_owned(), "1".to_owned());
    spec.keep_daemons = order.keep_daemons;
    let (session, mut output) = match Session::start(&places.program, &spec).await {
        Ok(started) => started,
        Err(error) => return RunOutcome::Ran(broken(error.to_string(), &watch)),
    };
    let mut said = Said::default();
    // Before anything is left out: a secret of which a half is missing is not known any more.
    let mut redactor = places.secrecy.now().stream(Form::Named);
    let exit = loop {
        tokio::select! {
            Some(told) = told.recv() => match told {
                // It may have ended in the meantime; then its end is on its way.
                Told::End(rung) => {
                    let _ = session.signal(rung);
                }
                // A command line asks nothing.
                Told::Answer(..) | Told::Message(_) => {}
            },
            news = output.recv() => match news {
                Some(SessionOutput::Bytes { bytes, .. } | SessionOutput::Errors(bytes)) => said.add(&redactor.push(&bytes)),
                Some(SessionOutput::Hole { .. } | SessionOutput::Typed(_) | SessionOutput::NotWritten) => {}
                Some(SessionOutput::Ended(exit)) => break exit,
                None => break Exit::Unknown,
            },
        }
    };
    said.add(&redactor.finish());
    sweep_if_unknown(&session, exit).await;
    RunOutcome::Ran(judge(places, &order, &said.bytes(), exit, &watch))
}

/// Ends what a session may have left whose holder died without a word.
pub async fn sweep_if_unknown(session: &Session, exit: Exit) {
    if exit == Exit::Unknown {
        let place = session.place().clone();
        let swept = tokio::task::spawn_blocking(move || sweep_session(&place)).await;
        tracing::warn!(?swept, "a holder died; ended what was left of its session");
    }
}

fn judge(places: &Places, order: &RunOrder, output: &[u8], exit: Exit, watch: &Stopwatch) -> CheckRun {
    let folder = places.folder(order.place);
    let code = match exit {
        Exit::Code(code) => Some(code),
        Exit::Signal(_) | Exit::TimedOut | Exit::Unknown => None,
    };
    let known = |path: &ProjectPath| exists(&folder, path);
    let project = places.project.display().to_string();
    let place = folder.display().to_string();
    let mut findings = findings::read(output, code, &known, &[&place, &project]);
    let took = watch.read();
    if order.place != Place::Tree
        && exit != Exit::Code(0)
        && let Some(strayed) = strayed(places, &folder, output)
    {
        // It proves nothing about the workspace, red or green.
        let why = format!("it ran {strayed} of your tree instead of the workspace's");
        findings.excerpt = format!("{why}\n{}", findings.excerpt);
        findings.failures = vec![mark(&why)];
        return CheckRun { verdict: Verdict::Broken, code, took, findings };
    }
    if let Some(why) = code.and_then(|code| findings::cannot_run(output, code, &findings)) {
        // Whatever else it said, the code was not looked at.
        findings.excerpt = format!("{why}\n{}", findings.excerpt);
        findings.failures = vec![mark(&why)];
        return CheckRun { verdict: Verdict::Broken, code, took, findings };
    }
    let verdict = match exit {
        Exit::Code(0) => Verdict::Green,
        Exit::Code(_) | Exit::Signal(_) => Verdict::Red,
        Exit::TimedOut => {
            findings.failures = vec![mark("timed out")];
            findings.excerpt = format!("ended after its time limit, {}\n{}", brief(took), findings.excerpt);
            Verdict::TimedOut
        }
        Exit::Unknown => {
            findings.failures = vec![mark("its end is not known")];
            Verdict::Broken
        }
    };
    CheckRun { verdict, code, took, findings }
}

/// Returns a file of the user's tree that a run in a workspace names although the workspace has it, too: the run found
/// its way back, by a path written somewhere. Programs are no evidence: they may well be shared.
fn strayed(places: &Places, folder: &Path, output: &[u8]) -> Option<ProjectPath> {
    let from = [places.project.as_os_str().as_bytes(), b"/"].concat();
    let mut rest = output;
    while let Some(at) = rest.windows(from.len()).position(|part| part == from) {
        rest = &rest[at + from.len()..];
        let ends = |byte: &u8| byte.is_ascii_control() || b" :,;()[]<>\"'`\x1b".contains(byte);
        let name = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
        let Some(path) = ProjectPath::from_bytes(name) else { continue };
        let source = |root: &Path| {
            path.under(root).metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 == 0)
        };
        if source(folder) && source(&places.project) {
            return Some(path);
        }
    }
    None
}

fn mark(id: &str) -> Fingerprint {
    Fingerprint { id: id.to_owned(), file: None, line: None }
}

fn broken(why: String, watch: &Stopwatch) -> CheckRun {
    let findings = Findings { failures: vec![mark(&why)], excerpt: why, ..Findings::default() };
    CheckRun { verdict: Verdict::Broken, code: None, took: watch.read(), findings }
}

/// The beginning and the end of an output of any length.
#[derive(Default)]
struct Said {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Said {
    fn add(&mut self, bytes: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        self.tail.extend_from_slice(&bytes[room..]);
        if self.tail.len() > 2 * TAIL {
            let surplus = self.tail.len() - TAIL;
            self.tail.drain(..surplus);
        }
    }

    fn bytes(mut self) -> Vec<u8> {
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.head.extend_from_slice(&self.tail[surplus..]);
        self.head
    }
}
