//! The four documents that everybody who works for the project is given, and that its people may edit.

use std::collections::BTreeMap;

/// How much of a document a prompt quotes, in bytes.
pub const QUOTED: usize = 8_000;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentName {
    /// How work is handed out, judged and landed.
    OrchestratorRules,
    /// How an agent goes about any task.
    AgentInstructions,
    /// What has worked for kinds of tasks.
    TaskExecutionPatterns,
    /// What code must be like.
    CodeQualityStandards,
}

impl DocumentName {
    /// All of them, in the order in which they are read.
    pub const ALL: [Self; 4] =
        [Self::OrchestratorRules, Self::AgentInstructions, Self::TaskExecutionPatterns, Self::CodeQualityStandards];

    /// Returns the word that settings and files use.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrchestratorRules => "orchestrator_rules",
            Self::AgentInstructions => "agent_instructions",
            Self::TaskExecutionPatterns => "task_execution_patterns",
            Self::CodeQualityStandards => "code_quality_standards",
        }
    }

    /// Returns the heading under which it stands in a prompt.
    pub fn title(self) -> &'static str {
        match self {
            Self::OrchestratorRules => "Orchestrator rules",
            Self::AgentInstructions => "Agent instructions",
            Self::TaskExecutionPatterns => "Task execution patterns",
            Self::CodeQualityStandards => "Code quality standards",
        }
    }
}

/// The text of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// What it says, in Markdown.
    pub text: String,
    /// Whether somebody wrote it; else it is the built-in one.
    pub edited: bool,
}

/// All documents.
pub type Documents = BTreeMap<DocumentName, Document>;
