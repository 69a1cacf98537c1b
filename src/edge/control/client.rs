//! Asks a running supervisor over its control socket.

use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use super::archive::Wanted;
use super::error::{ClientError, NotRunning, PATIENCE, REPLY_MAX};
use super::lines::LineReader;

/// A supervisor's address, which answered when this was made. Each request takes a connection of its own.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) socket: PathBuf,
}

impl Client {
    /// Makes sure that somebody listens at `socket`.
    ///
    /// # Errors
    /// [`NotRunning`], which tells a missing socket from one that a dead supervisor left.
    pub async fn connect(socket: &Path) -> Result<Self, NotRunning> {
        open(socket).await?;
        Ok(Self { socket: socket.to_owned() })
    }

    /// Asks for `path`, such as `status` or `tasks/14?log=1`, below `/api/v1/`.
    ///
    /// # Errors
    /// [`ClientError`] when there is no reply. A refusal is a reply.
    pub async fn get(&self, path: &str) -> Result<(u16, Value), ClientError> {
        let request = build(Method::GET, path, "", None)?;
        patiently(self.exchange(request)).await
    }

    /// Asks for a change. The request carries a key of its own, and is sent once more if the connection breaks, so the
    /// command runs once or not at all.
    ///
    /// # Errors
    /// [`ClientError`] when there is no reply. A refusal is a reply.
    pub async fn command(&self, name: &str, body: &Value) -> Result<(u16, Value), ClientError> {
        let path = format!("commands/{name}");
        let text = body.to_string();
        let key = new_key();
        patiently(async {
            let first = self.exchange(build(Method::POST, &path, &text, Some(&key))?).await;
            match first {
                Err(ClientError::Broken { .. }) => {
                    let again = self.exchange(build(Method::POST, &path, &text, Some(&key))?).await;
                    // That nobody is there now does not say what became of the first.
                    again.or(first)
                }
                replied => replied,
            }
        })
        .await
    }

    /// Asks for something that takes as long as it takes, such as what a person answers. When this is dropped nobody waits
    /// for the reply any more, and the supervisor knows.
    ///
    /// # Errors
    /// [`ClientError`] when there is no reply. A refusal is a reply.
    pub async fn wait(&self, name: &str, body: &Value) -> Result<(u16, Value), ClientError> {
        self.exchange(build(Method::POST, &format!("commands/{name}"), &body.to_string(), None)?).await
    }

    /// Reads the wanted facts, and those to come if `follow`.
    ///
    /// # Errors
    /// [`ClientError`] when the stream cannot be had.
    pub async fn facts(&self, wanted: &Wanted, follow: bool) -> Result<Facts, ClientError> {
        let mut path = format!("facts?after={}&follow={}", wanted.after.0, u8::from(follow));
        if let Some(task) = wanted.task {
            let _ = write!(path, "&task={}", task.0);
        }
        if let Some(limit) = wanted.limit {
            let _ = write!(path, "&limit={limit}");
        }
        self.lines(&path).await.map(Facts)
    }

    /// Opens a stream of lines.
    pub(super) async fn lines(&self, path: &str) -> Result<LineReader, ClientError> {
        let response = patiently(self.send(build(Method::GET, path, "", None)?)).await?;
        let status = response.status().as_u16();
        if status >= 400 {
            let body = patiently(collect(response)).await?;
            return Err(refused(status, &body));
        }
        Ok(LineReader::new(response.into_body()))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(u16, Value), ClientError> {
        let response = self.send(request).await?;
        Ok((response.status().as_u16(), collect(response).await?))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, ClientError> {
        let stream = TokioIo::new(open(&self.socket).await?);
        let (mut sender, connection): (SendRequest<Full<Bytes>>, _) =
            http1::handshake(stream).await.map_err(|error| broken(&error))?;
        tokio::spawn(async move {
            // How it ends is seen by whoever waits for the reply.
            let _ = connection.await;
        });
        sender.send_request(request).await.map_err(|error| broken(&error))
    }
}

/// A stream of facts, as JSON.
#[derive(Debug)]
pub struct Facts(LineReader);

impl Facts {
    /// Waits for the next fact, a `{"resync":true,"after":N}` where some are missing, or a `{"cut":true,"left_out":N}`
    /// at the beginning where only the last were wanted; nothing at the end. May be cancelled.
    ///
    /// # Errors
    /// [`ClientError`] when the connection breaks or a line is not JSON.
    pub async fn next(&mut self) -> Option<Result<Value, ClientError>> {
        let line = match self.0.next().await {
            Ok(line) => line?,
            Err(error) => return Some(Err(error)),
        };
        let value = serde_json::from_slice(&line).map_err(|error| unreadable(&error));
        Some(value.and_then(|value: Value| match value.get("error") {
            Some(_) => Err(refused(500, &value)),
            None => Ok(value),
        }))
    }
}

/// Reads a refusal.
pub(super) fn refused(status: u16, body: &Value) -> ClientError {
    let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let parts = [text("error"), text("hint")].into_iter().filter(|part| !part.is_empty());
    let reason = parts.collect::<Vec<_>>().join("; ");
    ClientError::Refused { status, reason }
}

pub(super) async fn open(socket: &Path) -> Result<UnixStream, NotRunning> {
    let path = socket.to_owned();
    UnixStream::connect(socket).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => NotRunning::NoSocket { socket: path },
        // Refused: nobody listens there. Reset: who listened went away just then.
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => NotRunning::Stale { socket: path },
        _ => NotRunning::Unreachable { socket: path, source: error },
    })
}

pub(super) fn build(
    method: Method,
    path: &str,
    body: &str,
    key: Option<&str>,
) -> Result<Request<Full<Bytes>>, ClientError> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v1/{path}"))
        .header("host", "localhost")
        .header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    request
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .map_err(|error| ClientError::BadRequest { text: path.to_owned(), cause: error.to_string() })
}

pub(super) async fn collect(response: Response<Incoming>) -> Result<Value, ClientError> {
    let body = Limited::new(response.into_body(), REPLY_MAX).collect().await;
    let bytes = body.map_err(|error| ClientError::Broken { cause: error.to_string() })?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))
}

pub(super) async fn patiently<T>(work: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(ClientError::Late))
}

pub(super) fn broken(error: &hyper::Error) -> ClientError {
    ClientError::Broken { cause: error.to_string() }
}

pub(super) fn unreadable(error: &serde_json::Error) -> ClientError {
    ClientError::Unreadable { cause: error.to_string() }
}

/// Makes a key that no other request has: the standard library seeds its hashers from the system's randomness.
fn new_key() -> String {
    format!("{:016x}{:016x}", RandomState::new().hash_one(0), RandomState::new().hash_one(1))
}
