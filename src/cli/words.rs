//! The arguments of the verbs by which a person speaks to agents.

use std::str::FromStr;

use clap::Args;

use crate::model::id::TaskId;

/// A question, and what is said to it.
#[derive(Debug, Args)]
#[command(after_help = "A permission: allow (once) · task (this, word for word, in this task) · deny [WHY]\n\
                        A plan:       allow · deny [WHY]\n\
                        A choice:     the numbers or labels of options (1,3 for several, and 1,3,words of your own), or a text of your own; \
                        one word or quoted text for each question where several are asked · deny [WHY]")]
pub struct Answer {
    /// Its number, or with the stamp of what was shown, as `questions` says it: 7, 7@9f3c41.
    pub question: Named,
    /// Answer only if it still asks what was shown under this stamp.
    #[arg(long)]
    pub stamp: Option<String>,
    /// What is said.
    #[arg(value_name = "ANSWER", trailing_var_arg = true)]
    pub words: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// A question as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its number.
    pub number: u32,
    /// What stands for what was shown of it, or the beginning of that.
    pub stamp: Option<String>,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, stamp) = text.split_once('@').map_or((text, None), |(number, stamp)| (number, Some(stamp)));
        let number = number.parse().map_err(|_| "a question is named by its number: 7, or 7@9f3c41".to_owned())?;
        Ok(Self { number, stamp: stamp.map(str::to_owned) })
    }
}

/// A task, and what its agent is told.
#[derive(Debug, Args)]
pub struct Message {
    /// Its number, as `tasks` shows it: 14.
    pub task: crate::app::answers::named::Named<TaskId>,
    /// What is said.
    #[arg(value_name = "TEXT", required = true, trailing_var_arg = true)]
    pub words: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
