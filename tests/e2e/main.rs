//! The binary as a user meets it: real projects, real checks, the rehearsal agent, real signals.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop here")]
#![allow(clippy::disallowed_methods, reason = "a test sets its own deadlines and reads its own environment")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]
#![allow(clippy::unnecessary_debug_formatting, reason = "paths in scripts and settings are quoted")]
#![allow(
    clippy::format_collect,
    clippy::needless_pass_by_value,
    clippy::similar_names,
    reason = "a test reads well first"
)]
#![allow(clippy::cast_possible_wrap, reason = "the number of a process is positive")]

mod attempts;
mod awkward;
mod background;
mod cannot_run;
mod cheats;
mod crashes;
mod dashboard;
mod dashboard_claude;
mod day;
mod day_again;
mod day_watch;
mod doctor;
mod editors;
mod event_files;
mod events;
mod exit_codes;
mod file_questions;
mod first;
mod front;
mod guard;
mod health;
mod honest;
mod hook;
mod isolation;
mod jobs;
mod landing_order;
mod lock_file;
mod machine;
mod many;
#[allow(dead_code, reason = "other tests need the rest")]
#[path = "../support/messages_api.rs"]
mod messages_api;
mod misbehaves;
mod money;
mod next_step;
mod per_file;
mod plain;
mod planner;
mod planner_claude;
mod plans;
mod questions;
mod queue_off;
mod real_claude;
mod reload;
mod repositories;
mod roles;
mod screen;
mod secrets;
mod sessions;
mod sessions_claude;
mod shapes;
mod side_by_side;
mod signals;
mod site;
mod starting;
mod state;
mod strangers;
mod surroundings;
mod tables;
mod terminal;
mod terminal_stage;
mod terminal_view;
mod typing;
mod upkeep;
