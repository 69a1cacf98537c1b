//! What every face draws from: the read model, made by the machine, sent as differences.

mod board;
mod delta;
mod look;

pub use board::{Allowed, CheckRow, Course, Detail, Group, Head, Numbers, Row, View};
pub use delta::Delta;
pub use look::attempts;
