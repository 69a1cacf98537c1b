//! Floor 5: wires the parts together, loops, and carries out effects.

pub mod logging;
