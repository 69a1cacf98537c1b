//! The shadow repository: snapshots, workspaces, landing and undo.

mod carry;
mod diff;
mod editable;
mod error;
mod exchange;
mod git;
mod image;
mod in_place;
mod land;
mod merge;
mod objects;
mod recover;
mod scan;
mod shadow;
mod sizes;
mod slot;
mod snapshot;
mod supply;
mod swap;
mod undo;
mod upkeep;
mod user_repo;

pub use diff::Pair;
pub use editable::editable_folders;
pub use error::WorkspaceError;
pub use git::git_version;
pub use land::{Landing, LandingState};
pub use merge::{Conflict, ConflictPart, Merge, MergeOutcome};
pub use objects::Garbage;
pub use recover::{Recovered, has_unfinished};
pub use shadow::Shadow;
pub use sizes::{Sizes, size, sizes};
pub use slot::Prepared;
pub use undo::Undo;
pub use upkeep::{Needed, Unneeded, remove, remove_workspace, unneeded_landings, unneeded_workspaces};
