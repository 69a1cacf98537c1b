//! What lies between the screen and the supervisor: events come, wishes go.

use tokio::sync::mpsc;

use crate::core::command::Command;
use crate::edge::control::{Client, ClientError, Ending, FactNews, First, ViewNews, ViewStream};
use crate::model::id::{Seq, TaskId};
use crate::ui::event::Event;

/// How many of the last facts of a task are fetched.
const STORY: usize = 1000;

/// What the screen wants from the supervisor.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// A command; answered by [`Event::Answered`].
    Command(Command),
    /// All about a task; answered by [`Event::Detailed`] and [`Event::Told`].
    Task(TaskId),
}

/// The two ends that the screen holds.
pub(super) struct Link {
    /// What happens.
    pub(super) events: mpsc::Receiver<Event>,
    /// What is wanted.
    pub(super) wanted: mpsc::Sender<Wanted>,
    client: Client,
}

impl Link {
    /// Begins to look at a supervisor; with a `lease` it stops when this screen is gone.
    pub(super) fn open(client: Client, lease: bool) -> Self {
        let (events, heard) = mpsc::channel(256);
        let (wanted, wishes) = mpsc::channel(64);
        tokio::spawn(look(client.clone(), lease, events.clone()));
        tokio::spawn(serve(client.clone(), wishes, events));
        Self { events: heard, wanted, client }
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
}

/// Hands on what there is to see until the supervisor is gone, and says why; nothing if it said that it was its end.
async fn look(client: Client, lease: bool, events: mpsc::Sender<Event>) {
    let why = match client.view(lease).await {
        Ok((first, stream)) => watch(&client, first, stream, &events).await,
        Err(ClientError::Ended { .. }) => String::new(),
        Err(error) => error.to_string(),
    };
    // The screen may have gone first.
    let _ = events.send(Event::Gone(why)).await;
}

async fn watch(client: &Client, first: First, mut stream: ViewStream, events: &mpsc::Sender<Event>) -> String {
    let mut view = first.view;
    tokio::spawn(follow(client.clone(), first.seq, events.clone()));
    loop {
        if events.send(Event::Seen(Box::new(view.clone()))).await.is_err() {
            return String::new();
        }
        match stream.next().await {
            ViewNews::Changed(delta) => view.apply(*delta),
            ViewNews::Ended(Ending::Stopped(_)) => return String::new(),
            ViewNews::Ended(Ending::Died(why)) => {
                tracing::warn!(why, "the supervisor is gone");
                return "the supervisor was killed; start it again".to_owned();
            }
        }
    }
}

/// Hands on facts as they become true.
async fn follow(client: Client, after: Seq, events: mpsc::Sender<Event>) {
    let Ok(mut facts) = client.follow(after, None).await else { return };
    while let Some(Ok(news)) = facts.next().await {
        // A gap is no harm: what there is to see comes another way.
        if let FactNews::Fact(recorded) = news
            && events.send(Event::Happened(recorded)).await.is_err()
        {
            return;
        }
    }
}

/// Carries wishes to the supervisor.
async fn serve(client: Client, mut wishes: mpsc::Receiver<Wanted>, events: mpsc::Sender<Event>) {
    while let Some(wish) = wishes.recv().await {
        match wish {
            Wanted::Command(command) => {
                // An undo takes as long as its files; what is asked meanwhile does not wait for it.
                let (client, events) = (client.clone(), events.clone());
                tokio::spawn(async move {
                    let _ = events.send(Event::Answered(ask(&client, &command).await)).await;
                });
            }
            Wanted::Task(task) => {
                tokio::spawn(fetch(client.clone(), task, events.clone()));
            }
        }
    }
}

async fn ask(client: &Client, command: &Command) -> Result<String, String> {
    client.ask(command).await.map_err(|error| error.to_string())
}

/// Fetches all about a task and what happened in it.
async fn fetch(client: Client, task: TaskId, events: mpsc::Sender<Event>) {
    if let Ok(Some(detail)) = client.detail(task).await
        && events.send(Event::Detailed(Box::new(detail))).await.is_err()
    {
        return;
    }
    if let Ok(story) = client.story(task, STORY).await {
        let _ = events.send(Event::Told { task, facts: story.facts, cut: story.left_out > 0 }).await;
    }
}
