//! Runs a program that speaks Claude's protocol over plain pipes and does what [`ClaudeRun`] says.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchestrator_tui::edge::agent::claude::{ClaudeRun, RunSpec, Step, environment};
use orchestrator_tui::model::agent::{AgentReport, AgentResult, Trouble};
use orchestrator_tui::model::cost::Spent;
use orchestrator_tui::model::policy::{FIXER, PolicyScope};
use orchestrator_tui::model::question::{About, Reply};
use orchestrator_tui::model::session::Exit;
use orchestrator_tui::model::settings::{Agent, AgentKind};
use orchestrator_tui::model::time::Wall;

/// The time that runs are told it is.
pub(crate) const NOW: Wall = Wall(1_000_000);
/// When a run that does not end is ended, so that a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(120);

/// What to do after a report.
pub(crate) enum Act {
    Nothing,
    /// Answer what it just asked; without this it is told no.
    Answer(Reply),
    /// Ask it to stop, in its protocol.
    Ask,
    /// Send it a signal.
    Send(Signal),
}

/// What a run came to.
pub(crate) struct Outcome {
    pub(crate) reports: Vec<AgentReport>,
    pub(crate) output: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) exit: Exit,
}

impl Outcome {
    /// The last result; a run has at least one.
    pub(crate) fn done(&self) -> &AgentResult {
        let done = self.reports.iter().rev().find_map(|report| match report {
            AgentReport::Done(result) => Some(result),
            _ => None,
        });
        done.expect("a run reports a result")
    }

    /// How many results were reported.
    pub(crate) fn dones(&self) -> usize {
        self.reports.iter().filter(|report| matches!(report, AgentReport::Done(_))).count()
    }

    pub(crate) fn spent(&self) -> Spent {
        let used = self.reports.iter().rev().find_map(|report| match report {
            AgentReport::Used(spent) => Some(*spent),
            _ => None,
        });
        used.unwrap_or_default()
    }

    pub(crate) fn troubles(&self) -> Vec<&Trouble> {
        let troubles = self.reports.iter().filter_map(|report| match report {
            AgentReport::Trouble(trouble) => Some(trouble),
            _ => None,
        });
        troubles.collect()
    }

    /// Returns what it asked a person, without what that is about.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.reports.iter().filter_map(|report| match report {
            AgentReport::Asks(ask) => Some(match &ask.about {
                About::Permission { tool, wants, .. } => format!("{tool} {wants}"),
                about @ (About::Choice { .. } | About::Plan { .. }) => about.brief(),
            }),
            _ => None,
        });
        asked.collect()
    }

    pub(crate) fn refused(&self) -> Vec<&str> {
        let refused = self.reports.iter().filter_map(|report| match report {
            AgentReport::Refused { what } => Some(what.as_str()),
            _ => None,
        });
        refused.collect()
    }

    /// The log as lines of `label text`.
    pub(crate) fn log(&self) -> Vec<String> {
        let logs = self.reports.iter().filter_map(|report| match report {
            AgentReport::Log(lines) => Some(lines),
            _ => None,
        });
        logs.flatten().map(|line| format!("{} {}", line.label, line.text)).collect()
    }
}

/// A run of `program` in `folder`.
pub(crate) fn spec(program: &Path, args: &[&str], folder: &Path, prompt: &str, env: &[(&str, String)]) -> RunSpec {
    let agent = Agent {
        kind: AgentKind::Claude,
        program: program.to_str().expect("a path in UTF-8").to_owned(),
        model: String::new(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        env: env.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        timeout: PATIENCE,
    };
    RunSpec {
        agent,
        workspace: folder.canonicalize().expect("the folder exists"),
        prompt: prompt.to_owned(),
        conversation: "5e55101d-0000-4000-8000-000000000001".to_owned(),
        resume: false,
        budget: None,
        scope: PolicyScope {
            role: FIXER.to_owned(),
            edits: true,
            workspace: folder.canonicalize().expect("the folder exists"),
            ..PolicyScope::default()
        },
        hook: None,
    }
}

/// Runs it to its end; `react` sees every report.
pub(crate) fn drive(spec: RunSpec, mut react: impl FnMut(&AgentReport) -> Act) -> Outcome {
    let inherited: BTreeMap<String, String> = std::env::vars().collect();
    let env = environment(&inherited, &spec.agent);
    let folder = spec.workspace.clone();
    let mut run = ClaudeRun::new(spec);
    let (program, args) = run.command();
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).env_clear().envs(env);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut input = child.stdin.take();
    let mut output = child.stdout.take().expect("a pipe");
    let mut errors = child.stderr.take().expect("a pipe");
    let errors = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = errors.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut chunk) {
            if tell.send(chunk[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    write(&mut input, &run.first_input());
    let deadline = Instant::now() + PATIENCE;
    let mut outcome = Outcome { reports: Vec::new(), output: Vec::new(), stderr: String::new(), exit: Exit::Unknown };
    loop {
        let chunk = match heard.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(chunk) => chunk,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                end(&mut child);
                panic!("it does not end; it said:\n{}", String::from_utf8_lossy(&outcome.output));
            }
        };
        outcome.output.extend_from_slice(&chunk);
        for step in run.feed(&chunk, NOW) {
            match step {
                Step::Report(report) => {
                    match (react(&report), &report) {
                        (Act::Answer(reply), AgentReport::Asks(ask)) => {
                            write(&mut input, &run.answer(&ask.request, &reply).expect("it waits for it"));
                        }
                        (Act::Nothing, AgentReport::Asks(ask)) => {
                            let no = Reply::Deny { why: "Nobody is here.".to_owned() };
                            write(&mut input, &run.answer(&ask.request, &no).expect("it waits for it"));
                        }
                        (Act::Answer(_) | Act::Nothing, _) => {}
                        (Act::Ask, _) => write(&mut input, &run.ask_to_stop()),
                        (Act::Send(signal), _) => {
                            let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
                            kill(pid, signal).expect("our child, not waited for yet");
                        }
                    }
                    outcome.reports.push(report);
                }
                Step::Write(bytes) => write(&mut input, &bytes),
                Step::CloseInput => input = None,
            }
        }
    }
    let status = child.wait().expect("our child");
    outcome.exit = match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    };
    outcome.stderr = errors.join().expect("the thread reads to the end");
    outcome.reports.extend(run.finish(outcome.exit, &outcome.stderr));
    outcome
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// A program that is gone reads nothing; how it went is seen from its end.
fn write(input: &mut Option<impl Write>, bytes: &[u8]) {
    if let Some(input) = input {
        let _ = input.write_all(bytes);
        let _ = input.flush();
    }
}
