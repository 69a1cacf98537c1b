//! The screens that are compared with files, and shown by an example.

pub(crate) mod events;
pub(crate) mod fixture;
pub(crate) mod front;
pub(crate) mod money;
pub(crate) mod panes;
pub(crate) mod past;
pub(crate) mod popups;
pub(crate) mod questions;
pub(crate) mod scene;
pub(crate) mod stats;
pub(crate) mod texts;
pub(crate) mod tour;
pub(crate) mod work;
