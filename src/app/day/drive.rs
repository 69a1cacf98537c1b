//! Lets a supervisor do the work of a task file, and tells how it goes until nothing of it goes on by itself.

use std::path::Path;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::app::background::{self, Attached, Doing};
use crate::app::clock;
use crate::app::day::again;
use crate::app::failure::Failure;
use crate::app::setup::Site;
use crate::app::signals;
use crate::config::Overrides;
use crate::core::command::{Answer, Command};
use crate::core::lines;
use crate::edge::control::{Client, ClientError, FactNews, ViewNews};
use crate::model::filing::Filing;
use crate::model::id::{BatchId, TaskId};

/// How the work of a task file came to stand still.
#[derive(Debug)]
pub enum Ended {
    /// Nothing of it goes on by itself; how the batch stands then.
    Settled(Value),
    /// A person went away from it; it goes on, as this says.
    Left(String),
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

/// Files the work, or what is new in it if it is under way already, and follows it until nothing of it goes on by itself;
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
    let (doing, _) = watch::channel(Doing::default());
    let Attached { client, remarks: _ } = background::attach(&program, site, &Overrides::default(), &doing).await?;
    let (first, mut views) = client.view(true).await.map_err(Failure::supervisor)?;
    let mut facts = client.follow(first.seq, None).await.map_err(Failure::supervisor)?;
    let mut changes = watched.as_ref().map(|watched| again::changes(watched.file));
    let mut taken = filing.clone();
    let (said, number) = begin(&client, filing).await?;
    tell(Told::Line(Line { text: &said, fact: &json!({ "said": said }) }));
    let path = format!("batches/{}", number.0);
    let (mut tasks, mut is_stale) = (Vec::new(), true);
    // How the batch stands since nothing of it goes on, and what was wrong with the file the last time.
    let (mut settled, mut wrong) = (None, String::new());
    loop {
        if std::mem::take(&mut is_stale) {
            let (status, batch) = client.get(&path).await.map_err(Failure::supervisor)?;
            if status >= 300 {
                return Err(Failure::supervisor(batch["error"].as_str().unwrap_or("the batch is gone").to_owned()));
            }
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
                    Ok(filing) => begin(&client, more(&filing, number)).await.map(|(said, _)| {
                        taken = filing;
                        Some(said)
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

/// Files what the file asks for that is not under way; returns what came of it, and the batch.
async fn begin(client: &Client, filing: Filing) -> Result<(String, BatchId), Failure> {
    let command = Command::File { filing: Box::new(filing) };
    let arguments = serde_json::to_value(&command).map_err(Failure::usage)?;
    let (status, answer) = client.command("file", &arguments).await.map_err(Failure::supervisor)?;
    if status >= 300 {
        return Err(Failure::refused(answer["error"].as_str().unwrap_or("refused without a reason").to_owned()));
    }
    let answer: Answer = serde_json::from_value(answer).map_err(Failure::supervisor)?;
    let batch = answer.batch.ok_or_else(|| Failure::supervisor("what was filed is no day"))?;
    Ok((answer.said, batch))
}

fn numbers(batch: &Value) -> Vec<TaskId> {
    let tasks = batch["tasks"].as_array().into_iter().flatten();
    tasks.filter_map(|task| serde_json::from_value(task["number"].clone()).ok()).collect()
}
