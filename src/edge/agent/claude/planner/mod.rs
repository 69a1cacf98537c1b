//! The interactive Claude that plans: how it is started, what its hooks mean, when it can be asked, what it answers.
//!
//! Nothing here touches a terminal or a socket. Of its screen only two signs are read, that it takes pastes and the
//! title it sets; everything else comes from its hooks.

mod asks;
mod bill;
mod hook;
mod launch;
mod quote;
mod screen;
mod talk;
mod typed;

pub use asks::{Dialog, allowed, reason, unwanted};
pub use bill::{Bill, Past};
pub use hook::{HookEvent, KIND_STATUS, answer_at_once, guarded, status_line};
pub use launch::{PlannerSpec, environment};
pub use talk::{Heard, Talk};
