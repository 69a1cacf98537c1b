//! What the server asks of the app, and what it is answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::caller::Caller;
use crate::model::id::{Seq, TaskId};
use crate::model::session::Stranger;

/// One request, with where its reply goes. Dropping it unanswered is a refusal (503).
#[derive(Debug)]
pub struct ControlCall {
    /// Who asks.
    pub caller: Caller,
    /// What is asked.
    pub request: ControlRequest,
    /// Takes the reply. It is closed when nobody waits any more.
    pub reply: oneshot::Sender<ControlReply>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum ControlRequest {
    /// `GET /api/v1/PATH`: changes nothing. Facts and views do not come this way: they are streams.
    Query {
        /// The path below `/api/v1/`, such as `tasks/14/receipt`.
        path: String,
        /// What follows the question mark.
        query: BTreeMap<String, String>,
    },
    /// `POST /api/v1/commands/NAME`: asks for a change.
    Command {
        /// The command's name.
        name: String,
        /// Its arguments.
        body: Value,
    },
    /// Somebody asked for what only a person may ask for. Nothing comes of it but a refusal, and a note.
    Trespass {
        /// Who.
        by: Stranger,
        /// How: `GET`, `POST`.
        method: String,
        /// For what, below `/api/v1/`.
        path: String,
    },
}

/// The answer to a request. There is no way to write a refusal with a status of success.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlReply {
    status: u16,
    body: Value,
}

impl ControlReply {
    /// Answers with what was asked for, or that it was done (200).
    pub fn done(body: Value) -> Self {
        Self { status: 200, body }
    }

    /// Refuses, with a status from 400 to 599 (any other becomes 500), the reason, and what to do about it.
    pub fn refused(status: u16, error: impl Into<String>, hint: impl Into<String>) -> Self {
        let status = if (400..600).contains(&status) { status } else { 500 };
        Self { status, body: json!({ "error": error.into(), "hint": hint.into() }) }
    }

    /// Returns the same with this status, unless it is a refusal already.
    pub(super) fn refusing(self, status: u16) -> Self {
        if self.status >= 400 { self } else { Self { status, ..self } }
    }

    /// Adds a field to a body that is an object, such as the choices after a refusal.
    #[must_use]
    pub fn with(mut self, field: &str, value: Value) -> Self {
        if let Value::Object(fields) = &mut self.body {
            fields.insert(field.to_owned(), value);
        }
        self
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the body.
    pub fn body(&self) -> &Value {
        &self.body
    }
}

/// A new fact for those who follow the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactLine {
    /// Its position.
    pub seq: Seq,
    /// The task it is about, if it is about one.
    pub task: Option<TaskId>,
    /// The fact as JSON on one line, with its `seq`, without the line's end.
    pub json: Arc<str>,
}

/// The last word to those who still listen when a supervisor ends in an orderly way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    /// Its exit code.
    pub code: u8,
    /// For a person to read: the statistics, or why it could not go on.
    pub said: String,
}
