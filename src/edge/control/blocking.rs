//! The client for programs without a runtime: hooks and one-shot commands.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Runtime;

use super::archive::Wanted;
use super::client::{Client, Facts};
use super::error::{ClientError, NotRunning};

/// A [`Client`] whose calls return when the reply is there. Not for use inside a runtime.
#[derive(Debug)]
pub struct BlockingClient {
    runtime: Runtime,
    client: Client,
}

impl BlockingClient {
    /// Makes sure that somebody listens at `socket`.
    ///
    /// # Errors
    /// [`NotRunning`], which tells a missing socket from one that a dead supervisor left.
    pub fn connect(socket: &Path) -> Result<Self, NotRunning> {
        let unreachable = |source: io::Error| NotRunning::Unreachable { socket: socket.to_owned(), source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unreachable)?;
        let client = runtime.block_on(Client::connect(socket))?;
        Ok(Self { runtime, client })
    }

    /// As [`Client::get`].
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn get(&self, path: &str) -> Result<(u16, Value), ClientError> {
        self.runtime.block_on(self.client.get(path))
    }

    /// As [`Client::get`], with less patience.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn get_within(&self, path: &str, limit: Duration) -> Result<(u16, Value), ClientError> {
        let asked = async { tokio::time::timeout(limit, self.client.get(path)).await };
        self.runtime.block_on(asked).unwrap_or(Err(ClientError::Late))
    }

    /// As [`Client::command`], with less patience.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn command_within(&self, name: &str, body: &Value, limit: Duration) -> Result<(u16, Value), ClientError> {
        let asked = async { tokio::time::timeout(limit, self.client.command(name, body)).await };
        self.runtime.block_on(asked).unwrap_or(Err(ClientError::Late))
    }

    /// As [`Client::command`].
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn command(&self, name: &str, body: &Value) -> Result<(u16, Value), ClientError> {
        self.runtime.block_on(self.client.command(name, body))
    }

    /// As [`Client::wait`].
    ///
    /// # Errors
    /// As [`Client::wait`].
    pub fn wait(&self, name: &str, body: &Value) -> Result<(u16, Value), ClientError> {
        self.runtime.block_on(self.client.wait(name, body))
    }

    /// Calls `each` with every wanted fact, and with those to come if `follow`, until it returns false.
    ///
    /// # Errors
    /// As [`Client::facts`] and [`Facts::next`].
    pub fn facts(&self, wanted: &Wanted, follow: bool, mut each: impl FnMut(Value) -> bool) -> Result<(), ClientError> {
        self.runtime.block_on(async {
            let mut facts: Facts = self.client.facts(wanted, follow).await?;
            while let Some(fact) = facts.next().await {
                if !each(fact?) {
                    break;
                }
            }
            Ok(())
        })
    }
}
