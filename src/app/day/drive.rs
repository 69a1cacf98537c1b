//! Lets a supervisor do the work of a task file, and tells how it goes until nothing of it goes on by itself.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::app::clock::{self, Stopwatch};
use crate::app::day::again;
use crate::app::failure::{Code, Failure};
use crate::app::process::background::{self, Attached, Doing};
use crate::app::process::signals;
use crate::app::project::setup::Site;
use crate::config::Overrides;
use crate::core::command::{Answer, Command};
use crate::core::lines;
use crate::edge::control::{Client, ClientError, FactNews, FactStream, ViewNews, ViewStream};
use crate::model::filing::{Filing, Redo};
use crate::model::id::{BatchId, TaskId};

/// How long a supervisor that comes to its end is waited for.
const ENDING: Duration = Duration::from_secs(30);

/// How often it is looked whether it has ended.
const AGAIN: Duration = Duration::from_millis(100);

/// How the work of a task file came to stand still.
#[derive(Debug)]
pub enum Ended {
    /// Nothing of it goes on by itself; how the batch stands then.
    Settled(Value),
    /// A person went away from it; it goes on, as this says.
    Left(String),
    /// All of it had ended before, and nothing of it is done again; how the batch stands.
    Before(Value),
}

/// What a line is about.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// For a person.
    pub text: &'a str,
    /// The fact as JSON.
    pub fact: &'a Value,
}

/// What is told while the work goes on.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// Something happened.
    Line(Line<'a>),
    /// What the task file says now is not taken, and why.
    Refused(&'a Failure),
    /// Nothing goes on by itself; this is how the batch stands. The file is watched.
    Settled(&'a Value),
}

/// A task file that is read again when it changes.
pub struct Watched<'a> {
    /// The file.
    pub file: &'a Path,
    /// Reads it.
    pub read: &'a mut dyn FnMut() -> Result<Filing, Failure>,
}

/// Files the work, or what is new in it if it was filed before, and follows it until nothing of it goes on by itself;
/// a file that is `watched` until a person leaves.
///
/// # Errors
/// If no supervisor can be started or reached, it refuses the work, or it ends meanwhile.
pub fn drive(
    site: &Site,
    filing: Filing,
    watched: Option<Watched<'_>>,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<Ended, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(Failure::usage)?.block_on(follow(site, filing, watched, tell))
}

async fn follow(
    site: &Site,
    filing: Filing,
    mut watched: Option<Watched<'_>>,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<Ended, Failure> {
    let mut signals = signals::listen().map_err(Failure::usage)?;
    let program =
        std::env::current_exe().map_err(|error| Failure::usage(format!("our own program cannot be found: {error}")))?;
    let Begun { client, mut views, mut facts, said, batch: number, tasks: new } =
        begin(&program, site, &filing).await?;
    let mut changes = watched.as_ref().map(|watched| again::changes(watched.file));
    let mut taken = filing;
    let asked = taken.batch.as_mut().map(|batch| std::mem::replace(&mut batch.redo, Redo::Changed));
    let path = format!("batches/{}", number.0);
    if new.is_empty() && watched.is_none() {
        let batch = look(&client, &path).await?;
        if batch["over"] == true {
            if asked == Some(Redo::Failed) {
                // Why nothing of it could be tried again.
                tell(Told::Line(Line { text: &said, fact: &json!({ "said": said }) }));
            }
            return Ok(Ended::Before(batch));
        }
    }
    tell(Told::Line(Line { text: &said, fact: &json!({ "said": said }) }));
    let (mut tasks, mut is_stale) = (Vec::new(), true);
    // How the batch stands since nothing of it goes on, and what was wrong with the file the last time.
    let (mut settled, mut wrong) = (None, String::new());
    loop {
        if std::mem::take(&mut is_stale) {
            let batch = look(&client, &path).await?;
            tasks = numbers(&batch);
            match (batch["goes_on"] == false, &watched) {
                (true, None) => return Ok(Ended::Settled(batch)),
                (true, Some(_)) => {
                    if settled.is_none() {
                        tokio::task::block_in_place(|| tell(Told::Settled(&batch)));
                    }
                    settled = Some(batch);
                }
                (false, _) => settled = None,
            }
        }
        tokio::select! {
            biased;
            Some(_) = signals.recv() => {
                if let Some(batch) = settled {
                    return Ok(Ended::Settled(batch));
                }
                let said = client.leave().await.map_err(Failure::supervisor)?;
                return Ok(Ended::Left(said));
            }
            Some(()) = changed(&mut changes) => {
                let Some(watched) = &mut watched else { continue };
                // The configuration, which says what may stand in it, is read by ways that wait.
                let read = tokio::task::block_in_place(|| (watched.read)());
                let outcome = match read {
                    Ok(filing) if filing == taken => Ok(None),
                    Ok(filing) => file(&client, more(&filing, number)).await.map(|answer| {
                        taken = filing;
                        Some(answer.said)
                    }),
                    Err(failure) => Err(failure),
                };
                match outcome {
                    Ok(said) => {
                        wrong.clear();
                        is_stale = true;
                        if let Some(said) = said {
                            tell(Told::Line(Line { text: &said, fact: &json!({ "said": said }) }));
                        }
                    }
                    Err(failure) if failure.message == wrong => {}
                    Err(failure) => {
                        tell(Told::Refused(&failure));
                        wrong = failure.message;
                    }
                }
            }
            news = facts.next() => match news {
                Some(Ok(FactNews::Fact(recorded))) => {
                    let is_ours = recorded.fact.task().is_none_or(|task| tasks.contains(&task));
                    if is_ours && let Some(text) = lines::line(&recorded.fact, recorded.at) {
                        let text = lines::stamped(recorded.at, clock::offset(recorded.at), &text);
                        let fact = json!({ "seq": recorded.seq, "at": recorded.at.iso(), "fact": recorded.fact });
                        tell(Told::Line(Line { text: &text, fact: &fact }));
                    }
                }
                Some(Ok(FactNews::LeftOut(_) | FactNews::Missing(_))) => {}
                Some(Err(error)) => return Err(gone(&error)),
                None => return Err(Failure::supervisor("the supervisor has ended; `start` again goes on with the rest")),
            },
            news = views.next() => match news {
                ViewNews::Changed(_) => is_stale = true,
                ViewNews::Company(_) => {}
                ViewNews::Ended(_) => {
                    return Err(Failure::supervisor("the supervisor has ended; `start` again goes on with the rest"));
                }
            },
        }
    }
}

/// A supervisor that has taken the work.
struct Begun {
    client: Client,
    views: ViewStream,
    facts: FactStream,
    said: String,
    batch: BatchId,
    tasks: Vec<TaskId>,
}

/// Finds a supervisor or starts one, and files the work there; one that comes to its end just then, as after another
/// `start`, is waited for.
async fn begin(program: &Path, site: &Site, filing: &Filing) -> Result<Begun, Failure> {
    let (doing, _) = watch::channel(Doing::default());
    let waited = Stopwatch::start();
    loop {
        let Attached { client, remarks: _ } = background::attach(program, site, &Overrides::default(), &doing).await?;
        let looked = async {
            let (first, views) = client.view(true).await?;
            Ok((views, client.follow(first.seq, None).await?))
        };
        let (mut views, facts) = match looked.await {
            Ok(streams) => streams,
            Err(error) if ClientError::is_its_end(&error) && waited.read() < ENDING => {
                sleep(AGAIN).await;
                continue;
            }
            Err(error) => return Err(Failure::supervisor(error)),
        };
        match file(&client, filing.clone()).await {
            Ok(Answer { said, tasks, batch, .. }) => {
                let batch = batch.ok_or_else(|| Failure::supervisor("what was filed is no day"))?;
                return Ok(Begun { client, views, facts, said, batch, tasks });
            }
            Err(failure) if failure.code == Code::Supervisor && waited.read() < ENDING => {
                let end = async { while !matches!(views.next().await, ViewNews::Ended(_)) {} };
                let _ = timeout(ENDING, end).await;
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Waits for a change of the file; for ever where none is watched.
async fn changed(changes: &mut Option<mpsc::Receiver<()>>) -> Option<()> {
    match changes {
        Some(changes) => changes.recv().await,
        None => std::future::pending().await,
    }
}

/// The same work as more of a day that is known.
fn more(filing: &Filing, number: BatchId) -> Filing {
    let mut filing = filing.clone();
    if let Some(batch) = &mut filing.batch {
        batch.again = Some(number);
    }
    filing
}

fn gone(error: &ClientError) -> Failure {
    Failure::supervisor(format!("{error}; `start` again goes on with the rest"))
}

/// Returns how a batch stands.
async fn look(client: &Client, path: &str) -> Result<Value, Failure> {
    let (status, batch) = client.get(path).await.map_err(Failure::supervisor)?;
    if status < 300 {
        return Ok(batch);
    }
    Err(Failure::supervisor(batch["error"].as_str().unwrap_or("the batch is gone").to_owned()))
}

/// Files what the file asks for that was not filed before, and what is to be done again.
async fn file(client: &Client, filing: Filing) -> Result<Answer, Failure> {
    let command = Command::File { filing: Box::new(filing) };
    let arguments = serde_json::to_value(&command).map_err(Failure::usage)?;
    let (status, answer) = client.command("file", &arguments).await.map_err(Failure::supervisor)?;
    let why = || answer["error"].as_str().unwrap_or("refused without a reason").to_owned();
    match status {
        503 => Err(Failure::supervisor(why())),
        300.. => Err(Failure::refused(why())),
        _ => serde_json::from_value(answer).map_err(Failure::supervisor),
    }
}

fn numbers(batch: &Value) -> Vec<TaskId> {
    let tasks = batch["tasks"].as_array().into_iter().flatten();
    tasks.filter_map(|task| serde_json::from_value(task["number"].clone()).ok()).collect()
}
