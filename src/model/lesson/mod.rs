//! What was learnt from a person's judgement of past work, and what of it concerns a task.

mod relevant;
mod suggest;
mod taught;
mod wish;
mod words;

pub use relevant::relevant;
pub use suggest::{Past, SuggestedCost, SuggestedFile, Suggestion, suggest};
pub use taught::{Lesson, LessonId, LessonKind, LessonTask, Place};
