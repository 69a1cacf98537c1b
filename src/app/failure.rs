//! How a verb fails: one clear message with a hint, and the exit code that says of what kind it is.

use std::fmt;

/// The exit codes of every verb, as the README documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Green, or done.
    Done = 0,
    /// Work failed, was refused, or waits for a person.
    Refused = 1,
    /// The command line or the configuration is wrong, or something needed is missing.
    Usage = 2,
    /// No supervisor runs, or another one holds the project.
    Supervisor = 3,
}

/// What is said, and with which code the process ends.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: Code,
    /// For a person to read, with a hint.
    pub message: String,
}

impl Failure {
    /// Fails with the code for wrong usage, configuration or surroundings.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { code: Code::Usage, message: message.to_string() }
    }

    /// Fails because something was refused.
    pub fn refused(message: impl fmt::Display) -> Self {
        Self { code: Code::Refused, message: message.to_string() }
    }

    /// Fails because there is no supervisor, or another one.
    pub fn supervisor(message: impl fmt::Display) -> Self {
        Self { code: Code::Supervisor, message: message.to_string() }
    }
}
