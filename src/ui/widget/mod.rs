//! Pieces that several panes draw with.

mod frame;
mod text;

pub use frame::framed;
pub use text::{clip, plain, width, wrapped_rows, write_lines};
