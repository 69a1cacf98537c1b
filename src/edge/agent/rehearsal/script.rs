//! What the rehearsal agent does, as data; the format is described in the [module](super).

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// A whole script.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The first that matches is played.
    pub scenario: Vec<Scenario>,
}

/// What is done for one prompt.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A part of the prompt, or `*`.
    #[serde(rename = "match")]
    pub matches: String,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One thing that is done; the [module](super) explains each.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the table in the module describes every step and field")]
pub enum Step {
    Say {
        text: String,
    },
    Plan {
        text: String,
    },
    Read {
        file: PathBuf,
    },
    Edit {
        file: PathBuf,
        find: String,
        replace: String,
        #[serde(default)]
        all: bool,
    },
    Write {
        file: PathBuf,
        content: String,
    },
    Delete {
        file: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Run {
        command: String,
        #[serde(default)]
        ask: bool,
    },
    Ask {
        tool: String,
        input: Value,
    },
    Request {
        subtype: String,
    },
    Usage {
        #[serde(default)]
        cost: f64,
        #[serde(default)]
        input: u64,
        #[serde(default)]
        output: u64,
    },
    ApiRetry {
        status: u16,
        #[serde(default)]
        delay_ms: u64,
    },
    ApiError {
        status: u16,
        message: String,
    },
    Result {
        text: String,
    },
    ResultError {
        subtype: String,
        text: String,
    },
    TaskStart {
        id: String,
    },
    TaskEnd {
        id: String,
    },
    Garbage {
        text: String,
    },
    Bytes {
        bytes: Vec<u8>,
    },
    WaitFor {
        file: PathBuf,
    },
    Touch {
        file: PathBuf,
    },
    Silent,
    IgnoreSignals,
    Daemon {
        file: PathBuf,
    },
    Die {
        code: u8,
    },
    Abort,
}

/// A script that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum BadScript {
    /// The file cannot be read.
    #[error("cannot read the script {}: {why}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why not.
        why: std::io::Error,
    },
    /// It is not in the format.
    #[error("the script {file} is wrong: {why}")]
    Malformed {
        /// Which file.
        file: String,
        /// Where and why.
        why: String,
    },
}

impl Script {
    /// Reads a script file: JSON if its name ends so, else TOML.
    ///
    /// # Errors
    /// If it cannot be read, or is not in the format.
    pub fn read(file: &Path) -> Result<Self, BadScript> {
        let text =
            std::fs::read_to_string(file).map_err(|why| BadScript::Unreadable { file: file.to_path_buf(), why })?;
        let name = file.display().to_string();
        if file.extension().is_some_and(|ending| ending == "json") {
            serde_json::from_str(&text).map_err(|why| BadScript::Malformed { file: name, why: why.to_string() })
        } else {
            Self::from_toml(&name, &text)
        }
    }

    /// Reads a script from TOML; `name` is for messages.
    ///
    /// # Errors
    /// If it is not in the format.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, BadScript> {
        toml::from_str(text).map_err(|why| BadScript::Malformed { file: name.to_owned(), why: why.to_string() })
    }

    /// Returns what is done for a prompt.
    pub fn choose(&self, prompt: &str) -> Option<&Scenario> {
        self.scenario.iter().find(|scenario| scenario.matches == "*" || prompt.contains(&scenario.matches))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn the_first_scenario_that_matches_is_played() {
        let text = r#"
            [[scenario]]
            match = "attempt 2"
            steps = [{ do = "edit", file = "a", find = "x", replace = "y" }, { do = "silent" }]
            [[scenario]]
            match = "*"
            steps = []
        "#;
        let script = Script::from_toml("test", text).unwrap();
        assert_eq!(script.choose("this is attempt 2").unwrap().steps.len(), 2);
        assert_eq!(script.choose("attempt 1").unwrap().matches, "*");
    }

    #[test]
    fn a_mistake_is_named() {
        let text = "[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"edti\" }]";
        let error = Script::from_toml("my.toml", text).unwrap_err().to_string();
        assert!(error.contains("my.toml") && error.contains("edti"), "{error}");
    }
}
