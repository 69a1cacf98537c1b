//! Lets a supervisor do the work of a task file, and tells how it goes until nothing of it goes on by itself.

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::app::background::{self, Attached, Doing};
use crate::app::clock;
use crate::app::failure::Failure;
use crate::app::setup::Site;
use crate::app::signals;
use crate::config::Overrides;
use crate::core::command::Command;
use crate::core::lines;
use crate::edge::control::{Client, ClientError, FactNews, ViewNews};
use crate::model::filing::Filing;
use crate::model::id::TaskId;

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

/// Files the work, or what is new in it if it is under way already, and follows it. `each` is given a line for each thing
/// that happens.
///
/// # Errors
/// If no supervisor can be started or reached, it refuses the work, or it ends meanwhile.
pub fn drive(site: &Site, filing: Filing, each: &mut dyn FnMut(Line<'_>)) -> Result<Ended, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(Failure::usage)?.block_on(follow(site, filing, each))
}

async fn follow(site: &Site, filing: Filing, each: &mut dyn FnMut(Line<'_>)) -> Result<Ended, Failure> {
    let mut signals = signals::listen().map_err(Failure::usage)?;
    let program =
        std::env::current_exe().map_err(|error| Failure::usage(format!("our own program cannot be found: {error}")))?;
    let (tell, _) = watch::channel(Doing::default());
    let Attached { client, remarks: _ } = background::attach(&program, site, &Overrides::default(), &tell).await?;
    let (first, mut views) = client.view(true).await.map_err(Failure::supervisor)?;
    let mut facts = client.follow(first.seq, None).await.map_err(Failure::supervisor)?;
    let (said, path) = begin(&client, filing).await?;
    each(Line { text: &said, fact: &json!({ "said": said }) });
    let (mut tasks, mut is_stale) = (Vec::new(), true);
    loop {
        if std::mem::take(&mut is_stale) {
            let (status, batch) = client.get(&path).await.map_err(Failure::supervisor)?;
            if status >= 300 {
                return Err(Failure::supervisor(batch["error"].as_str().unwrap_or("the batch is gone").to_owned()));
            }
            tasks = numbers(&batch);
            if batch["goes_on"] == false {
                return Ok(Ended::Settled(batch));
            }
        }
        tokio::select! {
            biased;
            Some(_) = signals.recv() => {
                let said = client.leave().await.map_err(Failure::supervisor)?;
                return Ok(Ended::Left(said));
            }
            news = facts.next() => match news {
                Some(Ok(FactNews::Fact(recorded))) => {
                    let is_ours = recorded.fact.task().is_none_or(|task| tasks.contains(&task));
                    if is_ours && let Some(text) = lines::line(&recorded.fact, recorded.at) {
                        let text = lines::stamped(recorded.at, clock::offset(recorded.at), &text);
                        let fact = json!({ "seq": recorded.seq, "at": recorded.at.iso(), "fact": recorded.fact });
                        each(Line { text: &text, fact: &fact });
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

fn gone(error: &ClientError) -> Failure {
    Failure::supervisor(format!("{error}; `start` again goes on with the rest"))
}

/// Files what the file asks for that is not under way; returns what came of it, and where the batch is told.
async fn begin(client: &Client, filing: Filing) -> Result<(String, String), Failure> {
    let command = Command::File { filing: Box::new(filing) };
    let arguments = serde_json::to_value(&command).map_err(Failure::usage)?;
    let (status, answer) = client.command("file", &arguments).await.map_err(Failure::supervisor)?;
    if status >= 300 {
        return Err(Failure::refused(answer["error"].as_str().unwrap_or("refused without a reason").to_owned()));
    }
    Ok((answer["said"].as_str().unwrap_or_default().to_owned(), format!("batches/{}", answer["batch"])))
}

fn numbers(batch: &Value) -> Vec<TaskId> {
    let tasks = batch["tasks"].as_array().into_iter().flatten();
    tasks.filter_map(|task| serde_json::from_value(task["number"].clone()).ok()).collect()
}
