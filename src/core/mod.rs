//! Floor 2: decides. Pure and synchronous: no clock, no chance, no files, no threads.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod book;
pub mod brought;
pub mod command;
pub mod command_line;
pub mod decompose;
pub mod effect;
pub mod fact;
pub mod findings;
pub mod input;
pub mod invariant;
pub mod lanes;
mod lesson;
pub mod lines;
pub mod live;
pub mod matching;
mod message;
pub mod orchestrate;
pub mod plan;
pub mod policy;
pub mod schedule;
pub mod secrets;
pub mod supervisor;
#[expect(clippy::wildcard_enum_match_arm, reason = "a language without a rule of its own follows the common one")]
pub mod suspicion;
pub mod view;
pub mod waiters;

mod about;
mod agents;
mod attempt;
mod budget;
mod checks;
mod confirm;
mod deliver;
mod depend;
mod echo;
mod events;
mod filing;
mod finish;
mod follow;
mod goal;
mod green;
mod hold;
mod intake;
mod landing;
mod landing_order;
mod launch;
mod purse;
mod question;
mod queue;
mod quiet;
mod radar;
mod reconfigure;
mod recover;
mod refile;
mod remember;
mod request;
mod running;
#[cfg(debug_assertions)]
mod sequel;
mod snooze;
mod stop;
mod trespass;
mod undo;
mod vanished;
mod verify;
