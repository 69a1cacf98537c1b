//! What an agent may do: one pure function answers for the hook, for permission requests and for `policy check`.

mod archives;
mod database;
mod feed;
mod files;
mod found;
mod git;
mod glob;
mod gone;
mod here;
mod judge;
mod leaf;
mod lex;
mod makefile;
mod options;
mod own;
mod packages;
mod parse;
mod place;
mod reads;
mod recipes;
mod rule;
mod runners;
mod script;
mod trust;
mod walk;
mod word;
mod world;
mod wrap;
mod wrappers;

pub use judge::{PERSON_TOOLS, check_command_rule, check_rule, judge, leaves};
pub use rule::BadRule;
pub use world::World;
