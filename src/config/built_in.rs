//! What is built in besides `config.example.toml`: roles, workflows, their prompts, and the documents.

use crate::model::document::DocumentName;

macro_rules! assets {
    ($folder:literal, $end:literal, [$($name:literal),+ $(,)?]) => {
        [$(($name, include_str!(concat!("../../assets/", $folder, "/", $name, $end)))),+]
    };
}

/// Each role as `orchestrator.toml` would have it.
pub(super) const ROLES: [(&str, &str); 13] = assets!(
    "roles",
    ".toml",
    [
        "planner",
        "fixer",
        "starter",
        "coding",
        "reviewer",
        "deployer",
        "verifier",
        "auditor",
        "analysis",
        "implementation",
        "testing",
        "review",
        "coordination",
    ]
);

/// Each workflow as `orchestrator.toml` would have it, the rules of the pipeline with it.
pub(super) const WORKFLOWS: [(&str, &str); 4] = assets!("workflows", ".toml", ["fix", "task", "session", "pipeline"]);

/// What each role is told, with blanks.
pub(super) const PROMPTS: [(&str, &str); 13] = assets!(
    "prompts",
    ".md",
    [
        "planner",
        "fixer",
        "starter",
        "coding",
        "reviewer",
        "deployer",
        "verifier",
        "auditor",
        "analysis",
        "implementation",
        "testing",
        "review",
        "coordination",
    ]
);

const DOCUMENTS: [(&str, &str); 4] = assets!(
    "documents",
    ".md",
    ["orchestrator_rules", "agent_instructions", "task_execution_patterns", "code_quality_standards",]
);

/// Returns the built-in text of a document.
pub(super) fn document(name: DocumentName) -> &'static str {
    DOCUMENTS.iter().find(|(known, _)| *known == name.name()).map_or("", |(_, text)| *text)
}
