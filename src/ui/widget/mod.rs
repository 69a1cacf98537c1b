//! Pieces that several panes draw with.

mod chart;
mod frame;
mod text;

pub use chart::{bars, spark};
pub use frame::{bar, divider, foot, framed, note};
pub use text::{
    clip, clip_clauses, clip_line, found, holds, marked, plain, put, width, wrap, wrapped_rows, write_lines,
};
