//! Everything that a person or a program may ask, in the imperative, and how it is refused.

use serde::{Deserialize, Serialize};

use crate::model::assignment::Lane;
use crate::model::cost::Usd;
use crate::model::event::Reporter;
use crate::model::filing::Filing;
use crate::model::hold::Snooze;
use crate::model::id::{BatchId, EventId, QuestionId, TaskId};
use crate::model::lane::LaneWish;
use crate::model::lesson::LessonId;
use crate::model::orchestration::Wish;
use crate::model::path::ProjectPath;
use crate::model::question::Reply;
use crate::model::settings::LandMode;
use crate::model::workspace::TreeId;

/// What is asked; the same for every key, verb and route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Try a task again, from its first attempt.
    Retry {
        /// Which.
        task: TaskId,
    },
    /// End a task and whatever works on it.
    Kill {
        /// Which.
        task: TaskId,
    },
    /// Take back what a task landed.
    Undo {
        /// Which.
        task: TaskId,
    },
    /// Start a task now, also one that is held.
    Fix {
        /// Which.
        task: TaskId,
    },
    /// Leave the check and file of a task alone for a while, this task and what comes after it.
    Snooze {
        /// Which.
        task: TaskId,
        /// For how long.
        until: Snooze,
    },
    /// End the snooze of a task's check and file.
    Unsnooze {
        /// Which.
        task: TaskId,
    },
    /// Hold a task until `Fix`; what works on it ends and does not count.
    Hold {
        /// Which.
        task: TaskId,
    },
    /// Say, for this project and from now on, whether verified results land by themselves. A flag goes before it, and so
    /// do settings that are more careful.
    Agree {
        /// What they do.
        land: LandMode,
    },
    /// Land a result that waits for a yes.
    Land {
        /// Whose.
        task: TaskId,
        /// The result that was looked at; another one is refused. `None`: the one that waits now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<TreeId>,
        /// What becomes of verified results from now on, if that was said with the yes; as [`Command::Agree`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agree: Option<LandMode>,
    },
    /// Throw away a result that waits for a yes.
    Refuse {
        /// Whose.
        task: TaskId,
        /// As for [`Command::Land`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<TreeId>,
    },
    /// Answer the question of an agent.
    Answer {
        /// Which.
        question: QuestionId,
        /// What stands for what was read; another question is not answered by accident.
        shown: String,
        /// What is said.
        reply: Reply,
        /// Through which face, for the record.
        #[serde(default)]
        by: String,
    },
    /// Tell the agent that works on a task something, unasked.
    Message {
        /// Which task.
        task: TaskId,
        /// What.
        text: String,
        /// Through which face, for the record.
        #[serde(default)]
        by: String,
    },
    /// Raise today's lines of the budget, until midnight.
    Raise {
        /// By so many millionths of a dollar.
        #[serde(default)]
        usd: Usd,
        /// By so many tokens.
        #[serde(default)]
        tokens: u64,
    },
    /// File tasks, all of them or none.
    File {
        /// Which.
        filing: Box<Filing>,
    },
    /// Report that something happened, which may start work.
    Emit {
        /// Its type: `task.assigned`.
        event: String,
        /// What is known about it, as JSON.
        data: String,
        /// Which task it is about; an agent's is known.
        #[serde(default)]
        task: Option<TaskId>,
        /// Who reports it: found out, never said.
        #[serde(skip)]
        by: Reporter,
    },
    /// Take a requirement apart into sessions.
    Orchestrate {
        /// What, and how.
        wish: Box<Wish>,
    },
    /// Start what was planned for a requirement.
    Approve {
        /// As what it was filed.
        batch: BatchId,
    },
    /// Throw away what was planned for a requirement; what has begun goes on.
    Decline {
        /// As what it was filed.
        batch: BatchId,
    },
    /// Start a session that was created.
    Begin {
        /// Which.
        task: TaskId,
    },
    /// Pause, resume or clear one queue.
    Lane {
        /// Which.
        lane: Lane,
        /// What is wanted.
        wish: LaneWish,
    },
    /// Drop a lesson, or keep it after all.
    Lesson {
        /// Which.
        lesson: LessonId,
        /// Whether no prompt is to quote it.
        dropped: bool,
    },
    /// Run all checks.
    Check,
    /// Start nothing more until told.
    Pause,
    /// Go on.
    Resume,
    /// Somebody knows that these files changed.
    Changed {
        /// Which.
        files: Vec<ProjectPath>,
    },
    /// Stop. Asked again it hurries; a third time it ends at once.
    Quit,
}

/// What is answered when it is done or under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// For a person to read.
    pub said: String,
    /// The tasks that were filed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskId>,
    /// As what they were filed together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// The event that was taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
}

impl Answer {
    /// Says it.
    pub fn said(text: impl Into<String>) -> Self {
        Self { said: text.into(), tasks: Vec::new(), batch: None, event: None }
    }
}

/// Why it is not done; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Of which kind.
    pub kind: Refused,
    /// For a person to read, with a hint.
    pub message: String,
}

/// What a refusal means for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The thing is in no state for it.
    State,
    /// The thing that was named does not exist at all.
    Unknown,
    /// What is asked makes no sense, in whatever state.
    Usage,
    /// The supervisor comes to its end.
    Stopping,
}

impl Refusal {
    /// Refuses because the thing is in no state for it.
    pub fn because(message: impl Into<String>) -> Self {
        Self { kind: Refused::State, message: message.into() }
    }

    /// Refuses because what is asked makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: Refused::Usage, message: message.into() }
    }

    /// Refuses because the supervisor comes to its end.
    pub fn stopping() -> Self {
        Self { kind: Refused::Stopping, message: "the supervisor is stopping".to_owned() }
    }

    /// Refuses because there is no such question.
    pub fn no_question(question: QuestionId) -> Self {
        let number = question.0;
        Self {
            kind: Refused::Unknown,
            message: format!("there is no question {number}; `orchestrator-tui questions` lists those that wait"),
        }
    }

    /// Refuses because there is no such task.
    pub fn no_task(task: impl std::fmt::Display) -> Self {
        Self {
            kind: Refused::Unknown,
            message: format!("there is no task {task}; `orchestrator-tui tasks` lists them"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Option<Command> {
        serde_json::from_value(value).ok()
    }

    #[test]
    fn a_snooze_is_asked_in_three_ways() {
        for (until, want) in [
            (json!({ "for": 600 }), Some(Snooze::For(600))),
            (json!("until_green"), Some(Snooze::UntilGreen)),
            (json!("on_branch"), Some(Snooze::OnBranch)),
            (json!("for ever"), None),
        ] {
            let asked = read(json!({ "command": "snooze", "task": 3, "until": until }));
            assert_eq!(asked, want.map(|until| Command::Snooze { task: TaskId(3), until }));
        }
        assert_eq!(read(json!({ "command": "hold", "task": 3 })), Some(Command::Hold { task: TaskId(3) }));
        assert_eq!(read(json!({ "command": "unsnooze", "task": 3 })), Some(Command::Unsnooze { task: TaskId(3) }));
        assert_eq!(read(json!({ "command": "agree", "land": "ask" })), Some(Command::Agree { land: LandMode::Ask }));
    }

    #[test]
    fn a_yes_may_name_the_result_and_what_becomes_of_others() {
        let task = TaskId(3);
        let bare = Command::Land { task, result: None, agree: None };
        assert_eq!(read(json!({ "command": "land", "task": 3 })), Some(bare.clone()));
        assert_eq!(serde_json::to_value(&bare).ok(), Some(json!({ "command": "land", "task": 3 })));
        let result = Some(TreeId("4b825d".to_owned()));
        let whole = Command::Land { task, result: result.clone(), agree: Some(LandMode::Auto) };
        let text = json!({ "command": "land", "task": 3, "result": "4b825d", "agree": "auto" });
        assert_eq!(read(text), Some(whole));
        let text = json!({ "command": "refuse", "task": 3, "result": "4b825d" });
        assert_eq!(read(text), Some(Command::Refuse { task, result }));
    }
}
