//! Runs an agent under a holder: its prompt in, its reports out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::app::clock;
use crate::app::day::mirror::write_instructions;
use crate::app::effects::checks::sweep_if_unknown;
use crate::app::effects::conversation::conversation;
use crate::app::effects::file_questions::{self, FileQuestions};
use crate::app::effects::guarding::{Guarded, Ward};
use crate::app::effects::places::Places;
use crate::app::effects::prompt;
use crate::app::effects::told::Told;
use crate::app::effects::tools::Tools;
use crate::core::effect::AgentOrder;
use crate::core::input::Input;
use crate::core::secrets::{Form, Redactor, StreamRedactor};
use crate::edge::agent::claude::{self, ClaudeRun, RunSpec, Step};
use crate::edge::agent::fence;
use crate::edge::agent::{CommandRun, outcome};
use crate::edge::session::{Output, Session, SessionOutput, StartError};
use crate::model::agent::{AgentReport, LogLine};
use crate::model::policy::FIXER;
use crate::model::question::Reply;
use crate::model::session::{Exit, Rung, SessionSpec, Stdin};
use crate::model::settings::{Agent, AgentKind};
use crate::model::task::Goal;

/// How long an agent that has said all may take to end by itself.
const GOODBYE: Duration = Duration::from_secs(10);

/// How much of what it wrote to standard error is kept, in bytes.
const ERRORS_KEPT: usize = 16 * 1024;

/// Runs an order to its end; tells the machine through `inbox`.
pub async fn run(tools: Arc<Tools>, mut order: AgentOrder, mut told: mpsc::Receiver<Told>, inbox: mpsc::Sender<Input>) {
    let session = order.session;
    order.line = tools.places.line(order.place, &order.line);
    let Some(agent) = tools.now().settings.agents.get(&order.agent).cloned() else {
        let why = format!("no agent is called {:?}; add [agent.{}]", order.agent, order.agent);
        let _ = inbox.send(Input::AgentFailed(session, why)).await;
        return;
    };
    let prompt = prompt::of(&tools, &order).await;
    write_instructions(&tools, &order, &prompt);
    let mut spec = tools.places.spec(session, order.place, PathBuf::new(), Vec::new(), agent.timeout);
    spec.env = match agent.kind {
        AgentKind::Claude => claude::environment(&spec.env, &agent),
        AgentKind::Command => spec.env.into_iter().chain(agent.env.clone()).collect(),
    };
    let guarded = match guard(&tools, &order, &spec.env).await {
        Ok(guarded) => guarded,
        Err(error) => {
            let why = format!("no guard can be laid around the agent: {error}; nothing runs without");
            let _ = inbox.send(Input::AgentFailed(session, why)).await;
            return;
        }
    };
    spec.env.extend(guarded.variables.clone());
    let redactor = tools.places.secrecy.now();
    let mut questions = match asking(&tools.places, &agent, &order, (&redactor, &guarded)) {
        Ok(questions) => questions,
        Err(error) => {
            let why = format!("there can be no folder for the agent's questions: {error}");
            let _ = inbox.send(Input::AgentFailed(session, why)).await;
            return;
        }
    };
    if questions.is_some() {
        let place = file_questions::place(&tools.places, &order);
        spec.env.insert(file_questions::FOLDER.to_owned(), place.folder.display().to_string());
        spec.env.insert(file_questions::TASK.to_owned(), place.name);
    }
    let mut talk = Talk::new(&agent, &tools.places, &order, prompt, &guarded, &redactor);
    let (program, args) = talk.command(&agent);
    (spec.program, spec.args) = (program.into(), args);
    if agent.kind == AgentKind::Command
        && let Err(error) = fence_in(&mut spec, &tools.places.program)
    {
        let why = format!("{error} {}", way_out(&agent, &order.agent));
        let _ = inbox.send(Input::AgentFailed(session, why)).await;
        return;
    }
    spec.stdin = Stdin::Pipe;
    spec.own_stderr = agent.kind == AgentKind::Claude;
    let (handle, output) = match Session::start(&tools.places.program, &spec).await {
        Ok(started) => started,
        Err(error) => {
            let why = format!("{error} {}", way_out(&agent, &order.agent));
            let _ = inbox.send(Input::AgentFailed(session, why)).await;
            return;
        }
    };
    let _ = inbox.send(Input::Reported(session, AgentReport::Began)).await;
    let (first, writer) = (talk.first_input(), handle.clone());
    // The prompt is all the input of such an agent; it is closed after it, not beside it.
    let is_all = agent.kind == AgentKind::Command;
    // Written beside the reading: a program that answers before it has read all must not block both.
    tokio::spawn(async move {
        let _ = writer.write(&first).await;
        if is_all {
            let _ = writer.close_input();
        }
    });
    let parts = (&mut talk, questions.as_mut());
    let (exit, errors) = converse(parts, &handle, output, &mut told, &order, &inbox, &redactor).await;
    sweep_if_unknown(&handle, exit).await;
    for report in look_afterwards(guarded).await.into_iter().chain(talk.finish(exit, &errors)) {
        tell(&inbox, &order, report, &talk, &redactor).await;
    }
    let _ = inbox.send(Input::AgentEnded(session, exit)).await;
}

/// Tells the machine what an agent reports, and before its end what it hands over, if it was given an assignment.
async fn tell(inbox: &mpsc::Sender<Input>, order: &AgentOrder, report: AgentReport, talk: &Talk, redactor: &Redactor) {
    if let (AgentReport::Done(result), Goal::Assignment(_)) = (&report, &order.task.goal)
        && result.ok
    {
        // Covered before anything is cut.
        let outcome = Box::new(outcome(&redactor.text(&talk.last_words())));
        let _ = inbox.send(Input::Reported(order.session, AgentReport::HandsOver(outcome))).await;
    }
    let _ = inbox.send(Input::Reported(order.session, report)).await;
}

/// Opens the folder in which an agent can ask that has no other way to.
fn asking(
    places: &Places,
    agent: &Agent,
    order: &AgentOrder,
    (redactor, guarded): (&Redactor, &Guarded),
) -> std::io::Result<Option<FileQuestions>> {
    match agent.kind {
        AgentKind::Claude => Ok(None),
        AgentKind::Command => {
            let place = file_questions::place(places, order);
            FileQuestions::open(&place, redactor.clone(), |path| guarded.may_write(path)).map(Some)
        }
    }
}

async fn guard(tools: &Arc<Tools>, order: &AgentOrder, env: &BTreeMap<String, String>) -> std::io::Result<Guarded> {
    let (tools, order, env) = (Arc::clone(tools), order.clone(), env.clone());
    let laid = spawn_blocking(move || {
        let now = tools.now();
        let agent = now.settings.agents.get(&order.agent);
        let (session, place, base) = (order.session, order.place, Some(&order.base));
        let role = order.task.assignment().map_or(FIXER, |assignment| &assignment.role);
        let is_command = agent.is_some_and(|agent| agent.kind == AgentKind::Command);
        let asks = is_command.then(|| file_questions::place(&tools.places, &order).folder);
        let (line, asks) = (order.line.as_str(), asks.as_deref());
        let ward = Ward { session, agent, place, base, role, line, asks };
        Guarded::lay(&tools.places, &now, &ward, &env)
    });
    let laid = laid.await;
    laid.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

/// Looks whether something moved that the guard should have kept in its place, and takes the guard away.
async fn look_afterwards(guarded: Guarded) -> Vec<AgentReport> {
    let Ok(found) = spawn_blocking(move || guarded.look()).await else { return Vec::new() };
    let mut reports: Vec<AgentReport> = found.violation.into_iter().map(AgentReport::Violation).collect();
    let line = |text: String| LogLine { label: "note".to_owned(), text };
    if !found.notes.is_empty() {
        reports.push(AgentReport::Log(found.notes.into_iter().map(line).collect()));
    }
    reports
}

/// Puts the fence around a whole agent: the program becomes what our own one starts. Such an agent asks nobody before it
/// does something.
fn fence_in(spec: &mut SessionSpec, ours: &Path) -> Result<(), String> {
    let program = spec.program.clone();
    // Our own program always starts; whether this one can is said here, as for any other.
    let folders = spec.env.get("PATH").map(String::as_str).unwrap_or_default();
    let is_there = if program.components().count() > 1 {
        spec.folder.join(&program).is_file()
    } else {
        std::env::split_paths(folders).any(|folder| spec.folder.join(folder).join(&program).is_file())
    };
    if !is_there {
        return Err(StartError::NoProgram(program).to_string());
    }
    spec.args.splice(0..0, [fence::PROGRAM.to_owned(), program.display().to_string()]);
    ours.clone_into(&mut spec.program);
    Ok(())
}

/// Says what a person can do about an agent that does not start.
pub(in crate::app) fn way_out(agent: &Agent, name: &str) -> String {
    let get = if agent.kind == AgentKind::Claude && agent.program == "claude" {
        "`npm install -g @anthropic-ai/claude-code` gets it; ".to_owned()
    } else {
        format!("agent.{name}.program names it; ")
    };
    format!("({get}then `orchestrator-tui resume`, or a new start; checks go on)")
}

async fn converse(
    (talk, mut questions): (&mut Talk, Option<&mut FileQuestions>),
    handle: &Session,
    mut output: Output,
    told: &mut mpsc::Receiver<Told>,
    order: &AgentOrder,
    inbox: &mpsc::Sender<Input>,
    redactor: &Redactor,
) -> (Exit, String) {
    let mut errors = Vec::new();
    let cover = redactor;
    let mut redactor = redactor.stream(Form::Named);
    let mut stands_still = false;
    let mut goodbye: Option<std::pin::Pin<Box<tokio::time::Sleep>>> = None;
    let exit = loop {
        tokio::select! {
            Some(told) = told.recv() => match told {
                Told::End(rung) => {
                    if rung == Rung::Ask && let Some(bytes) = talk.ask_to_stop() {
                        let _ = handle.write(&bytes).await;
                    } else {
                        let _ = handle.signal(rung);
                    }
                }
                Told::Answer(request, reply) => {
                    if let Some(bytes) = talk.answer(&request, &reply) {
                        let _ = handle.write(&bytes).await;
                    }
                    let said = questions.as_mut().map(|questions| questions.answer(&request, &reply));
                    for report in said.into_iter().flatten() {
                        let _ = inbox.send(Input::Reported(order.session, report)).await;
                    }
                }
                Told::Message(text) => {
                    if let Some(bytes) = talk.message(&text) {
                        let _ = handle.write(&bytes).await;
                    } else {
                        let line = LogLine { label: "note".to_owned(), text: "it had ended and did not hear this".to_owned() };
                        let report = AgentReport::Log(vec![line]);
                        let _ = inbox.send(Input::Reported(order.session, report)).await;
                    }
                }
            },
            () = async { if let Some(timer) = goodbye.as_mut() { timer.await } }, if goodbye.is_some() => {
                goodbye = None;
                let _ = handle.signal(Rung::Terminate);
            }
            reports = async {
                match questions.as_mut() {
                    Some(questions) => questions.next().await,
                    None => std::future::pending().await,
                }
            } => {
                for report in reports {
                    let _ = inbox.send(Input::Reported(order.session, report)).await;
                }
            }
            news = output.recv() => match news {
                Some(SessionOutput::Bytes { bytes, .. }) => {
                    for step in talk.feed(&bytes) {
                        match step {
                            Step::Report(report) => tell(inbox, order, report, talk, cover).await,
                            Step::Write(bytes) => {
                                let _ = handle.write(&bytes).await;
                            }
                            Step::CloseInput => {
                                let _ = handle.close_input();
                                goodbye = Some(Box::pin(tokio::time::sleep(GOODBYE)));
                            }
                        }
                    }
                }
                Some(SessionOutput::Errors(bytes)) => {
                    errors.extend(redactor.push(&bytes));
                    let surplus = errors.len().saturating_sub(ERRORS_KEPT);
                    errors.drain(..surplus);
                }
                Some(SessionOutput::Hole { .. } | SessionOutput::Typed(_) | SessionOutput::NotWritten) => {}
                Some(SessionOutput::Ended(exit)) => break exit,
                None => break Exit::Unknown,
            },
        }
        let is_waiting = talk.is_waiting() || questions.as_ref().is_some_and(|questions| questions.is_waiting());
        if is_waiting != stands_still {
            stands_still = is_waiting;
            // What a person takes to answer is no time of the run.
            let _ = handle.hold_clock(stands_still);
        }
    };
    errors.extend(redactor.finish());
    (exit, String::from_utf8_lossy(&errors).into_owned())
}

/// How an agent is spoken to, by its kind.
enum Talk {
    Claude(Box<ClaudeRun>),
    Command(CommandRun, StreamRedactor),
}

impl Talk {
    fn new(
        agent: &Agent,
        places: &Places,
        order: &AgentOrder,
        prompt: String,
        guarded: &Guarded,
        redactor: &Redactor,
    ) -> Self {
        match agent.kind {
            AgentKind::Claude => {
                let run = ClaudeRun::new(RunSpec {
                    agent: agent.clone(),
                    workspace: places.folder(order.place),
                    prompt,
                    conversation: conversation(places, order.session),
                    resume: false,
                    budget: order.budget,
                    scope: guarded.scope.clone(),
                    hook: Some(guarded.hook.clone()),
                });
                Self::Claude(Box::new(run.covering(redactor.clone())))
            }
            AgentKind::Command => {
                Self::Command(CommandRun::new(order.agent.clone(), prompt), redactor.stream(Form::Named))
            }
        }
    }

    fn command(&self, agent: &Agent) -> (String, Vec<String>) {
        match self {
            Self::Claude(run) => run.command(),
            Self::Command(..) => (agent.program.clone(), agent.args.clone()),
        }
    }

    fn first_input(&self) -> Vec<u8> {
        match self {
            Self::Claude(run) => run.first_input(),
            Self::Command(run, _) => run.first_input(),
        }
    }

    fn feed(&mut self, bytes: &[u8]) -> Vec<Step> {
        match self {
            Self::Claude(run) => run.feed(bytes, clock::wall()),
            Self::Command(run, redactor) => run.feed(&redactor.push(bytes)).into_iter().map(Step::Report).collect(),
        }
    }

    fn answer(&mut self, request: &str, reply: &Reply) -> Option<Vec<u8>> {
        match self {
            Self::Claude(run) => run.answer(request, reply),
            Self::Command(..) => None,
        }
    }

    fn message(&mut self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Claude(run) => run.message(text),
            Self::Command(..) => None,
        }
    }

    fn is_waiting(&self) -> bool {
        match self {
            Self::Claude(run) => run.is_waiting(),
            Self::Command(..) => false,
        }
    }

    fn ask_to_stop(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Claude(run) => Some(run.ask_to_stop()),
            Self::Command(..) => None,
        }
    }

    /// What it said last, line by line.
    fn last_words(&self) -> String {
        match self {
            Self::Claude(run) => run.last_words().to_owned(),
            Self::Command(run, _) => run.last_words(),
        }
    }

    fn finish(&mut self, exit: Exit, errors: &str) -> Vec<AgentReport> {
        match self {
            Self::Claude(run) => run.finish(exit, errors),
            Self::Command(run, redactor) => {
                let mut reports = run.feed(&redactor.finish());
                reports.extend(run.finish(exit));
                reports
            }
        }
    }
}
