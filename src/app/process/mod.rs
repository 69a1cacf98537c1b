//! The supervisor as a process: how it starts, loops, is told to stop, and ends.

pub mod background;
pub mod channels;
pub mod closing;
pub mod examine;
pub mod held;
pub mod lease;
pub mod logging;
pub mod panic;
pub mod reload;
pub mod run;
pub mod showing;
pub mod signals;
pub mod supervise;
pub mod voice;
