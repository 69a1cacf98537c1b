//! What every face draws from: the read model, made by the machine, sent as differences.

mod board;
mod costs;
mod delta;
mod events;
mod look;
mod stats;
mod work;

pub use board::{Allowed, CheckRow, Course, Detail, Group, Head, LaneRow, Row, View};
pub use costs::{Costs, Line as CostLine, Sum, TASKS as TASKS_LISTED, TaskCosts};
pub use delta::Delta;
pub use events::{EventRow, EventState, Events, Happening};
pub use look::{attempts, short};
pub use stats::{Stats, StatsLine};
pub use work::{BatchRow, RoleRow, Work};
