//! Floor 3: the world, one folder for each part of it. They never see each other, nor what decides.

pub mod agent;
pub mod control;
pub mod session;
pub mod store;
pub mod tty;
pub mod watch;
pub mod workspace;
