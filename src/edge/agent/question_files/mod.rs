//! Questions that agents ask by writing a file, and the files that answer them.

mod file;
mod folder;
mod form;

pub use folder::{Beside, Folder, SETTLE, Side};
pub use form::{answer_name, how_to_ask};
