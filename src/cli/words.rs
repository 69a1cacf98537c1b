//! The arguments of the verbs by which a person speaks to agents.

use clap::Args;

use crate::model::id::TaskId;

/// A question, and what is said to it.
#[derive(Debug, Args)]
#[command(after_help = "A permission: allow (once) · task (this, word for word, in this task) · deny [WHY]\n\
                        A plan:       allow · deny [WHY]\n\
                        A choice:     the numbers or labels of options (1,3 for several, and 1,3,words of your own), or a text of your own; \
                        one word or quoted text for each question where several are asked · deny [WHY]")]
pub struct Answer {
    /// Its number, as `questions` shows it: 7.
    pub question: u32,
    /// What is said.
    #[arg(value_name = "ANSWER", trailing_var_arg = true)]
    pub words: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// A task, and what its agent is told.
#[derive(Debug, Args)]
pub struct Message {
    /// Its number, as `tasks` shows it: 14.
    pub task: TaskId,
    /// What is said.
    #[arg(value_name = "TEXT", required = true, trailing_var_arg = true)]
    pub words: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
