//! Sessions with dependencies, requirements that are taken apart, and the queue: what the machine promises about them.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may stop here")]

#[path = "sessions/hands.rs"]
mod hands;
#[path = "sessions/landing.rs"]
mod landing;
#[path = "sessions/order.rs"]
mod order;
#[path = "sessions/queue.rs"]
mod queue;
#[path = "sessions/requirement.rs"]
mod requirement;
