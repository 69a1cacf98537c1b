//! The journal on disk, and where the state of a project lies.

pub mod error;
pub mod journal;
pub mod layout;
pub mod lock;
pub mod record;
mod schema;
pub mod tables;
mod writer;

pub use error::StoreError;
pub use journal::{Journal, Pulse};
pub use layout::{Layout, LayoutError};
pub use lock::{Holder, Lock, LockError};
pub use record::{Page, Replay, StoredFact, Tail};
pub use tables::{AgentRow, QueueRow, RowChange, TaskRow, TurnRow};
