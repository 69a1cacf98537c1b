//! Drops a lesson, so that no prompt quotes it any more, and keeps it again.

use crate::core::command::Answer;
use crate::core::fact::Fact;
use crate::core::supervisor::Supervisor;
use crate::model::lesson::LessonId;

impl Supervisor {
    /// Drops a lesson, or keeps it; whether it is written anywhere is known only where feedback is read.
    pub(crate) fn drop_lesson(&mut self, lesson: LessonId, dropped: bool) -> Answer {
        let is_new = self.book.dropped.contains(&lesson) != dropped;
        if is_new {
            self.record(Fact::Lesson { lesson, dropped });
        }
        Answer::said(match (dropped, is_new) {
            (true, true) => format!("lesson {lesson} is dropped: no prompt quotes it from now on"),
            (true, false) => format!("lesson {lesson} was dropped before"),
            (false, true) => format!("lesson {lesson} is kept: prompts quote it again where it concerns them"),
            (false, false) => format!("lesson {lesson} was not dropped"),
        })
    }
}
