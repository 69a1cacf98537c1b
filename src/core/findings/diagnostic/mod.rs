//! Compilers, type checkers, linters and formatters, by what their messages look like.

pub(super) mod arrow;
pub(super) mod echo;
pub(super) mod format;
pub(super) mod group;
pub(super) mod line;
pub(super) mod link;
pub(super) mod trace;
