//! A snapshot together with results that have not landed: what work begins from that builds on them.

use super::error::Result;
use super::git::line;
use super::merge::MergeOutcome;
use super::shadow::Shadow;
use crate::model::path::ProjectPath;
use crate::model::workspace::{Snapshot, TreeId};

impl Shadow {
    /// Lays results, each with what it was made from, over a snapshot, one after the other; or says which files two of them,
    /// or one and the user, changed in the same places. Nothing is written outside the shadow.
    ///
    /// # Errors
    /// When git fails.
    pub fn compose(
        &self,
        snapshot: &Snapshot,
        brought: &[(Snapshot, TreeId)],
    ) -> Result<std::result::Result<Snapshot, Vec<ProjectPath>>> {
        let mut tree = snapshot.tree.clone();
        for (base, theirs) in brought {
            if tree == base.tree {
                tree = theirs.clone();
            } else if *theirs != base.tree && *theirs != tree {
                match self.merge_trees(base, &tree, theirs)? {
                    MergeOutcome::Clean(merged) => tree = merged,
                    MergeOutcome::Conflict(conflicts) => {
                        return Ok(Err(conflicts.into_iter().map(|conflict| conflict.path).collect()));
                    }
                }
            }
        }
        if tree == snapshot.tree {
            return Ok(Ok(snapshot.clone()));
        }
        let commit = line(&self.start_commit(&tree, Some(&snapshot.commit), "what was brought so far")?.finish()?);
        self.keep_object(&commit)?;
        Ok(Ok(Snapshot { tree, commit, left_out: snapshot.left_out.clone() }))
    }
}
