//! Watching the project.
