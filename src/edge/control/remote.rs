//! What a dashboard asks and hears, in the words of the machine instead of JSON.

use serde::Deserialize;
use serde_json::Value;

use super::archive::Wanted;
use super::call::Farewell;
use super::client::{Client, Facts, refused, unreadable};
use super::error::ClientError;
use super::lines::LineReader;
use super::views::Company;
use crate::core::command::Command;
use crate::core::effect::Recorded;
use crate::core::view::{Delta, Detail, Happening, View};
use crate::model::id::{EventId, Seq, TaskId};
use crate::model::time::Wall;

/// The version of this program.
const OURS: &str = env!("CARGO_PKG_VERSION");

/// What is seen first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    /// All of it.
    pub view: View,
    /// The last fact that it shows; [`Client::follow`] tells those after it.
    pub seq: Seq,
    /// What becomes of the supervisor without this screen.
    pub company: Company,
}

/// What comes then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewNews {
    /// This changed; [`View::apply`] takes it in.
    Changed(Box<Delta>),
    /// Somebody came or went, or the supervisor depends on screens no more.
    Company(Company),
    /// Nothing comes any more.
    Ended(Ending),
}

/// How a stream of views came to its end, as far as that can be known from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The supervisor stopped in an orderly way, and said this last.
    Stopped(Farewell),
    /// The connection broke without a word: it was killed, or crashed.
    Died(String),
}

/// The view of a running supervisor as it changes. Dropping it gives the lease back.
#[derive(Debug)]
pub struct ViewStream {
    lines: LineReader,
    ended: Option<Ending>,
}

/// Every line but the first.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Delta(Box<Delta>),
    Company(Company),
    Ended(Farewell),
}

impl ViewStream {
    /// Waits for the next change. After the end it says the end again. May be cancelled.
    pub async fn next(&mut self) -> ViewNews {
        if let Some(ending) = &self.ended {
            return ViewNews::Ended(ending.clone());
        }
        let ending = match self.line().await {
            Ok(Some(Line::Delta(delta))) => return ViewNews::Changed(delta),
            Ok(Some(Line::Company(company))) => return ViewNews::Company(company),
            Ok(Some(Line::Ended(farewell))) => Ending::Stopped(farewell),
            Ok(None) => Ending::Died("it went away without a word".to_owned()),
            Err(error) => Ending::Died(error.to_string()),
        };
        self.ended = Some(ending.clone());
        ViewNews::Ended(ending)
    }

    async fn line(&mut self) -> Result<Option<Line>, ClientError> {
        let Some(line) = self.lines.next().await? else { return Ok(None) };
        let mut value: Value = serde_json::from_slice(&line).map_err(|error| unreadable(&error))?;
        if let Value::Object(fields) = &mut value {
            fields.remove("version");
        }
        serde_json::from_value(value).map(Some).map_err(|error| unreadable(&error))
    }
}

/// What a stream of facts says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactNews {
    /// A fact.
    Fact(Box<Recorded>),
    /// So many earlier ones are left out, because only the last were asked for.
    LeftOut(u64),
    /// Facts after this one are missing: the journal cannot be read, or they came faster than they were read.
    Missing(Seq),
}

/// Facts, in order, as they become true.
#[derive(Debug)]
pub struct FactStream(Facts);

impl FactStream {
    /// Waits for the next; nothing when the supervisor has ended in an orderly way. May be cancelled.
    ///
    /// # Errors
    /// [`ClientError`] when the connection breaks, or what comes cannot be understood.
    pub async fn next(&mut self) -> Option<Result<FactNews, ClientError>> {
        let value = self.0.next().await?;
        Some(value.and_then(read))
    }
}

/// What happened in one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// How many facts before these were left out; they are in the journal.
    pub left_out: u64,
    /// The last ones, in order.
    pub facts: Vec<Recorded>,
}

impl Client {
    /// Opens the view; with a lease, as a person's screen.
    ///
    /// # Errors
    /// [`ClientError::OtherVersion`] if the supervisor is of another one, [`ClientError::Ended`] if it ends just then,
    /// another [`ClientError`] if it cannot be reached or understood.
    pub async fn view(&self, lease: bool) -> Result<(First, ViewStream), ClientError> {
        let mut lines = self.lines(&format!("view?lease={}", u8::from(lease))).await?;
        let broken = || ClientError::Broken { cause: "it went away without a word".to_owned() };
        let line = lines.next().await?.ok_or_else(broken)?;
        let mut first: Value = serde_json::from_slice(&line).map_err(|error| unreadable(&error))?;
        // Before anything else is read: another version may mean something else by it.
        match first["version"].as_str() {
            Some(OURS) => {}
            theirs => {
                let theirs = theirs.unwrap_or("of an unknown version").to_owned();
                return Err(ClientError::OtherVersion { theirs, ours: OURS });
            }
        }
        if let Some(said) = first["ended"]["said"].as_str() {
            return Err(ClientError::Ended { said: said.to_owned() });
        }
        let screens = first["screens"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        let company = Company { leased: first["leased"] == true, screens };
        let view = serde_json::from_value(first["view"].take()).map_err(|error| unreadable(&error))?;
        let seq = Seq(first["seq"].as_u64().unwrap_or_default());
        Ok((First { view, seq, company }, ViewStream { lines, ended: None }))
    }

    /// Follows the facts after one, of one task if one is named.
    ///
    /// # Errors
    /// [`ClientError`] when the stream cannot be had.
    pub async fn follow(&self, after: Seq, task: Option<TaskId>) -> Result<FactStream, ClientError> {
        self.facts(&Wanted { after, task, limit: None }, true).await.map(FactStream)
    }

    /// Reads the last `limit` facts about a task, as they are now.
    ///
    /// # Errors
    /// [`ClientError`] when they cannot be had.
    pub async fn story(&self, task: TaskId, limit: usize) -> Result<Story, ClientError> {
        let wanted = Wanted { after: Seq(0), task: Some(task), limit: Some(limit) };
        let mut stream = FactStream(self.facts(&wanted, false).await?);
        let mut story = Story::default();
        while let Some(news) = stream.next().await {
            match news? {
                FactNews::Fact(fact) => story.facts.push(*fact),
                FactNews::LeftOut(count) => story.left_out = count,
                // What cannot be read cannot be asked for again.
                FactNews::Missing(_) => {}
            }
        }
        Ok(story)
    }

    /// Asks for all about one task; nothing if there is no such task.
    ///
    /// # Errors
    /// [`ClientError`] when there is no answer.
    pub async fn detail(&self, task: TaskId) -> Result<Option<Detail>, ClientError> {
        match self.get(&format!("detail/{}", task.0)).await? {
            (404, _) => Ok(None),
            (status, body) if status >= 400 => Err(refused(status, &body)),
            (_, body) => serde_json::from_value(body).map(Some).map_err(|error| unreadable(&error)),
        }
    }

    /// Asks for all about one event.
    ///
    /// # Errors
    /// [`ClientError`] when there is no answer, or no such event.
    pub async fn happening(&self, event: EventId) -> Result<Happening, ClientError> {
        match self.get(&format!("happening/{}", event.0)).await? {
            (status, body) if status >= 400 => Err(refused(status, &body)),
            (_, body) => serde_json::from_value(body).map_err(|error| unreadable(&error)),
        }
    }

    /// Asks for something, and returns what is answered.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the reason if it is not done, another [`ClientError`] if there is no answer.
    pub async fn ask(&self, command: &Command) -> Result<String, ClientError> {
        let mut body = serde_json::to_value(command).map_err(|error| unreadable(&error))?;
        let name = body.as_object_mut().and_then(|fields| fields.remove("command"));
        self.told(name.as_ref().and_then(Value::as_str).unwrap_or_default(), &body).await
    }

    /// Lets the supervisor go on without this screen: if it is the last one, nothing ends with it any more.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn leave(&self) -> Result<String, ClientError> {
        self.told("leave", &Value::Null).await
    }

    async fn told(&self, name: &str, body: &Value) -> Result<String, ClientError> {
        let (status, body) = self.command(name, body).await?;
        if status >= 400 {
            return Err(refused(status, &body));
        }
        Ok(body["said"].as_str().unwrap_or("done").to_owned())
    }
}

/// Reads a line of a stream of facts.
fn read(value: Value) -> Result<FactNews, ClientError> {
    let number = |field: &str| value[field].as_u64().unwrap_or_default();
    if value["cut"] == true {
        return Ok(FactNews::LeftOut(number("left_out")));
    }
    if value["resync"] == true {
        return Ok(FactNews::Missing(Seq(number("after"))));
    }
    let (seq, at) = (Seq(number("seq")), Wall(number("at_ms")));
    let fact = serde_json::from_value(value).map_err(|error| unreadable(&error))?;
    Ok(FactNews::Fact(Box::new(Recorded { seq, at, fact })))
}
