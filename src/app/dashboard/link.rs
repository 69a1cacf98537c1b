//! What lies between the screen and the supervisor: events come, wishes go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::app::words::secrecy::of_project;
use crate::core::command::Command;
use crate::edge::control::{Client, ClientError, Company, Ending, FactNews, First, ViewNews, ViewStream};
use crate::model::id::{BatchId, EventId, Seq, TaskId};
use crate::ui::event::Event;
use crate::ui::state::Told;

/// How many of the last facts of a task are fetched.
const STORY: usize = 1000;

/// How long a screen that leaves waits for the supervisor to hear what it was told.
const PARTING: Duration = Duration::from_secs(2);

/// How long after a stream broke it is asked for again.
const AGAIN: Duration = Duration::from_secs(1);

/// What is said of a supervisor that went without a word.
const KILLED: &str = "the supervisor was killed; start it again";

/// What the screen wants from the supervisor.
#[derive(Debug)]
pub(super) enum Wanted {
    /// A command; answered by [`Event::Answered`].
    Command(Command),
    /// All about a task; answered by [`Event::Detailed`] and [`Event::Told`].
    Task(TaskId),
    /// An event, whole; answered by [`Event::Whole`].
    Event(EventId),
    /// The report of a day; answered by [`Event::Reported`].
    Report(BatchId),
    /// To know when every command before was answered.
    Settled(oneshot::Sender<()>),
}

/// The two ends that the screen holds.
pub(super) struct Link {
    /// What happens.
    pub(super) events: mpsc::Receiver<Event>,
    /// What is wanted.
    pub(super) wanted: mpsc::Sender<Wanted>,
    /// Whether the supervisor goes on without this screen.
    pub(super) goes_on: watch::Receiver<bool>,
    client: Client,
}

impl Link {
    /// Begins to look at a supervisor, as a screen: one that was started for screens stops when the last is gone.
    /// `was_there`: somebody else has started it.
    pub(super) fn open(client: Client, was_there: bool, project: &Path) -> Self {
        let (events, heard) = mpsc::channel(256);
        let (wanted, wishes) = mpsc::channel(64);
        let (company, goes_on) = watch::channel(was_there);
        tokio::spawn(look(client.clone(), company, events.clone()));
        tokio::spawn(serve(client.clone(), project.to_owned(), wishes, events));
        Self { events: heard, wanted, goes_on, client }
    }

    /// Returns the supervisor's address.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Lets the supervisor go on without this screen; returns when it knows.
    ///
    /// # Errors
    /// Why it may not know.
    pub(super) async fn leave(&self) -> Result<(), String> {
        self.client.leave().await.map(drop).map_err(|error| error.to_string())
    }

    /// Waits until the supervisor has heard every command, but not for long.
    pub(super) async fn settled(&self) {
        let (tell, told) = oneshot::channel();
        let settled = async {
            if self.wanted.send(Wanted::Settled(tell)).await.is_ok() {
                // An end without a word is one, too.
                let _ = told.await;
            }
        };
        if timeout(PARTING, settled).await.is_err() {
            tracing::warn!("the supervisor does not answer; leaving all the same");
        }
    }
}

/// Hands on what there is to see until the supervisor says that it is its end. One that went without a word may be started
/// again by anybody: then this goes on with that one.
async fn look(client: Client, goes_on: watch::Sender<bool>, events: mpsc::Sender<Event>) {
    let mut said: Option<String> = None;
    while !events.is_closed() {
        let why = match client.view(true).await {
            Ok((first, stream)) => {
                // It is seen again: whatever ends it is news.
                said = None;
                see(&client, first, stream, &goes_on, &events).await
            }
            Err(ClientError::Ended { .. }) => String::new(),
            // What was said holds on: nobody is there yet, or not quite.
            Err(ClientError::NotRunning(_) | ClientError::Broken { .. }) if said.is_some() => {
                sleep(AGAIN).await;
                continue;
            }
            Err(error) => error.to_string(),
        };
        let is_over = why.is_empty();
        if said.as_ref() != Some(&why) {
            said = Some(why.clone());
            // The screen may have gone first.
            let _ = events.send(Event::Gone(why)).await;
        }
        if is_over {
            return;
        }
        sleep(AGAIN).await;
    }
}

/// Hands on the view of one supervisor; returns why there is no more of it, or nothing if it ended in order.
async fn see(
    client: &Client,
    first: First,
    mut stream: ViewStream,
    goes_on: &watch::Sender<bool>,
    events: &mpsc::Sender<Event>,
) -> String {
    let mut view = first.view;
    let alone = |company: Company| !company.leased || company.screens > 1;
    goes_on.send_replace(alone(first.company));
    // It ends with this one: the next supervisor's facts are followed from where its view begins.
    let mut follower = JoinSet::new();
    follower.spawn(follow(client.clone(), first.seq, events.clone()));
    loop {
        if events.send(Event::Seen(Box::new(view.clone()))).await.is_err() {
            return String::new();
        }
        loop {
            match stream.next().await {
                ViewNews::Changed(delta) => break view.apply(*delta),
                ViewNews::Company(company) => drop(goes_on.send_replace(alone(company))),
                ViewNews::Ended(Ending::Stopped(_)) => return String::new(),
                ViewNews::Ended(Ending::Died(why)) => {
                    tracing::warn!(why, "the supervisor is gone");
                    return KILLED.to_owned();
                }
            }
        }
    }
}

/// Hands on facts as they become true. A stream that breaks is taken up again where it broke.
async fn follow(client: Client, mut after: Seq, events: mpsc::Sender<Event>) {
    while !events.is_closed() {
        match facts(&client, &mut after, &events).await {
            // That it is gone is seen by who looks at the view.
            Ok(()) | Err(ClientError::NotRunning(_)) => return,
            Err(error) => tracing::warn!(%error, "following the facts again"),
        }
        sleep(AGAIN).await;
    }
}

/// Hands on facts until the supervisor has ended, or the screen.
async fn facts(client: &Client, after: &mut Seq, events: &mpsc::Sender<Event>) -> Result<(), ClientError> {
    let mut facts = client.follow(*after, None).await?;
    while let Some(news) = facts.next().await {
        // A gap is no harm: what there is to see comes another way.
        if let FactNews::Fact(recorded) = news? {
            *after = recorded.seq;
            if events.send(Event::Happened(recorded)).await.is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Carries wishes to the supervisor.
async fn serve(client: Client, project: PathBuf, mut wishes: mpsc::Receiver<Wanted>, events: mpsc::Sender<Event>) {
    let mut asked = JoinSet::new();
    while let Some(wish) = wishes.recv().await {
        while asked.try_join_next().is_some() {}
        match wish {
            Wanted::Command(command) => {
                // An undo takes as long as its files; what is asked meanwhile does not wait for it.
                let (client, events) = (client.clone(), events.clone());
                asked.spawn(async move {
                    let answer = client.ask(&command).await.map_err(|error| error.to_string());
                    let _ = events.send(Event::Answered(answer)).await;
                });
            }
            Wanted::Task(task) => {
                tokio::spawn(fetch(client.clone(), task, events.clone()));
            }
            Wanted::Event(id) => {
                let (client, events) = (client.clone(), events.clone());
                tokio::spawn(async move {
                    let told = client.happening(id).await.map_err(|error| error.to_string());
                    let _ = events.send(Event::Whole(id, told.map(Box::new))).await;
                });
            }
            Wanted::Report(batch) => {
                let (client, project, events) = (client.clone(), project.clone(), events.clone());
                tokio::spawn(async move {
                    let told = report(&client, project, batch).await;
                    let _ = events.send(Event::Reported(batch, told)).await;
                });
            }
            Wanted::Settled(tell) => {
                while asked.join_next().await.is_some() {}
                // Whoever waited may have lost patience.
                let _ = tell.send(());
            }
        }
    }
    // The requests outlive the screen's interest in their answers.
    asked.detach_all();
}

/// Fetches the report of a day; secrets of today's settings are covered in it, as where it is written.
async fn report(client: &Client, project: PathBuf, batch: BatchId) -> Result<Told, String> {
    let (status, body) = client.get(&format!("batches/{}/report", batch.0)).await.map_err(|error| error.to_string())?;
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    if status >= 300 {
        return Err(text("error"));
    }
    let (markdown, path, is_written) = (text("markdown"), text("path"), body["written"] == true);
    let covered = spawn_blocking(move || of_project(Some(&project)).text(&markdown).into_owned()).await;
    Ok(Told { text: covered.map_err(|error| error.to_string())?, path, is_written })
}

/// Fetches all about a task and what happened in it; says so if that cannot be had.
async fn fetch(client: Client, task: TaskId, events: mpsc::Sender<Event>) {
    let fetched = async {
        if let Some(detail) = client.detail(task).await?
            && events.send(Event::Detailed(Box::new(detail))).await.is_err()
        {
            return Ok(());
        }
        let story = client.story(task, STORY).await?;
        let _ = events.send(Event::Told { task, facts: story.facts, cut: story.left_out > 0 }).await;
        Ok::<_, ClientError>(())
    };
    match fetched.await {
        // That it is gone is seen by who looks at the view.
        Ok(()) | Err(ClientError::NotRunning(_) | ClientError::Broken { .. }) => {}
        Err(error) => {
            let _ = events.send(Event::Answered(Err(format!("{task} cannot be shown whole: {error}")))).await;
        }
    }
}
