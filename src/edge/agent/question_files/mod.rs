//! Questions that agents ask by writing a file, and the files that answer them.

mod folder;
mod form;

pub use folder::{Folder, SETTLE};
pub use form::{answer_name, how_to_ask};
