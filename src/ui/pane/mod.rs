//! What stands between header and footer, one file for each pane.

mod check;
mod checks;
mod diff;
mod facts;
mod footer;
mod header;
mod health;
mod help;
mod log;
mod task;
mod tasks;

pub(super) use diff::lines as diff_lines;
pub(super) use footer::draw as draw_footer;
pub(super) use header::draw as draw_header;
pub(super) use task::{copied, draw as draw_task, find, last_line};
pub(super) use tasks::{draw as draw_tasks, row_at};

pub(super) use page::{draw as draw_page, length as page_length};

mod page;
