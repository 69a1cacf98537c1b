//! Floor 5: wires the parts together, loops, and carries out effects.

pub mod agents;
pub mod ask;
pub mod checks;
pub mod clock;
pub mod closing;
pub mod demo;
pub mod doctor;
pub mod doubts;
pub mod examine;
pub mod failure;
pub mod fit;
pub mod gc;
pub mod health;
pub mod init;
pub mod keep;

pub mod logging;
pub mod mirror;
pub mod offline;
pub mod places;
pub mod prompt;
pub mod purge;
pub mod report;
pub mod run;
pub mod serve;
pub mod setup;
pub mod signals;
pub mod supervise;
pub mod unstored;
pub mod work;
