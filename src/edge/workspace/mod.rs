//! The shadow repository: snapshots, workspaces, landing and undo.
