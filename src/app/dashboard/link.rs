//! What lies between the screen and the supervisor: events come, wishes go.

use std::path::Path;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::core::command::Command;
use crate::core::effect::Recorded;
use crate::core::view::{Detail, View};
use crate::edge::control::{Client, ClientError, NotRunning, Seen, SeenStream};
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
    /// Connects to the supervisor of a project; with a `lease` it stops when this screen is gone.
    ///
    /// # Errors
    /// If none answers.
    pub(super) async fn connect(socket: &Path, lease: bool) -> Result<Self, NotRunning> {
        let client = Client::connect(socket).await?;
        let (events, heard) = mpsc::channel(256);
        let (wanted, wishes) = mpsc::channel(64);
        tokio::spawn(look(client.clone(), lease, events.clone()));
        tokio::spawn(serve(client.clone(), wishes, events));
        Ok(Self { events: heard, wanted, client })
    }

    /// Lets the supervisor go on without this screen; returns when it knows.
    ///
    /// # Errors
    /// Why it may not know.
    pub(super) async fn leave(&self) -> Result<(), String> {
        match self.client.command("leave", &json!({})).await {
            Ok((200..300, _)) => Ok(()),
            Ok((_, body)) => Err(body["error"].as_str().unwrap_or("refused without a reason").to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Hands on what there is to see until the supervisor is gone, and says why.
async fn look(client: Client, lease: bool, events: mpsc::Sender<Event>) {
    let why = match client.view(lease).await {
        Ok(seen) => watch(&client, seen, &events).await,
        Err(error) => error.to_string(),
    };
    // The screen may have gone first.
    let _ = events.send(Event::Gone(why)).await;
}

/// Returns why there is nothing more to see; nothing if the supervisor said that it was its end.
async fn watch(client: &Client, mut seen: SeenStream, events: &mpsc::Sender<Event>) -> String {
    let mut view = View::default();
    loop {
        match seen.next().await {
            Some(Ok(Seen::Whole { version, seq, view: whole })) => {
                let ours = env!("CARGO_PKG_VERSION");
                if version != ours {
                    return format!(
                        "the supervisor is version {version}, this is {ours}; `orchestrator-tui stop`, then start again"
                    );
                }
                view = *whole;
                tokio::spawn(follow(client.clone(), seq, events.clone()));
            }
            Some(Ok(Seen::Change { delta })) => view.apply(*delta),
            Some(Err(ClientError::Broken { .. })) => return "the supervisor was killed; start it again".to_owned(),
            Some(Err(error)) => return error.to_string(),
            None => return String::new(),
        }
        if events.send(Event::Seen(Box::new(view.clone()))).await.is_err() {
            return String::new();
        }
    }
}

/// Hands on facts as they become true.
async fn follow(client: Client, after: Seq, events: mpsc::Sender<Event>) {
    let Ok(mut facts) = client.facts(after.0, true).await else { return };
    while let Some(Ok(value)) = facts.next().await {
        // A gap is no harm: what there is to see comes another way.
        if let Some(recorded) = recorded(&value)
            && events.send(Event::Happened(Box::new(recorded))).await.is_err()
        {
            return;
        }
    }
}

fn recorded(value: &Value) -> Option<Recorded> {
    let part = |name: &str| value.get(name).cloned();
    Some(Recorded {
        seq: serde_json::from_value(part("seq")?).ok()?,
        at: serde_json::from_value(part("at_ms")?).ok()?,
        fact: serde_json::from_value(value.clone()).ok()?,
    })
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
    let mut body = serde_json::to_value(command).map_err(|error| error.to_string())?;
    let Some(Value::String(name)) = body.as_object_mut().and_then(|fields| fields.remove("command")) else {
        return Err("a command has no name; please report this".to_owned());
    };
    match client.command(&name, &body).await {
        Ok((200..300, body)) => Ok(body["said"].as_str().unwrap_or("done").to_owned()),
        Ok((_, body)) => Err(body["error"].as_str().unwrap_or("refused without a reason").to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Fetches all about a task and what happened in it.
async fn fetch(client: Client, task: TaskId, events: mpsc::Sender<Event>) {
    if let Ok((200, value)) = client.get(&format!("detail/{}", task.0)).await
        && let Ok(detail) = serde_json::from_value::<Detail>(value)
        && events.send(Event::Detailed(Box::new(detail))).await.is_err()
    {
        return;
    }
    if let Ok((200, Value::Array(facts))) = client.get(&format!("past?task={}&limit={STORY}", task.0)).await {
        let cut = facts.len() >= STORY;
        let facts = facts.iter().filter_map(recorded).collect();
        let _ = events.send(Event::Told { task, facts, cut }).await;
    }
}
