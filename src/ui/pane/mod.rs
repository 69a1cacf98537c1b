//! What stands between header and footer, one file for each pane.

mod batches;
mod check;
mod checks;
mod costs;
mod diff;
mod facts;
mod footer;
mod goal;
mod header;
mod health;
mod help;
mod log;
mod page;
mod plan;
mod roles;
mod stages;
mod stats;
mod task;
mod tasks;
mod terminal;
mod time;
mod toast;
mod tree;

pub(super) use costs::raise as raise_lines;
pub(super) use diff::{lines as diff_lines, lines_back as diff_lines_back};
pub(super) use footer::draw as draw_footer;
pub(super) use header::draw as draw_header;
pub(super) use log::groups as log_groups;
pub(super) use page::{draw as draw_page, length as page_length};
pub(super) use task::{content, draw as draw_task, tab_at, text_area};
pub(super) use tasks::{draw as draw_tasks, row_at};
pub(super) use terminal::{area as terminal_area, draw as draw_terminal};
pub(super) use time::clock;
pub(super) use toast::draw as draw_toasts;
