//! What follows from the configuration, replaced as a whole when it is read again.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Loaded;
use crate::core::suspicion::protected_paths;
use crate::model::kind::ProjectKind;
use crate::model::settings::Settings;

/// What follows from one reading of the configuration.
#[derive(Debug)]
pub struct Configured {
    /// The settings.
    pub settings: Arc<Settings>,
    /// Globs of files whose change needs a yes.
    pub protected: Vec<String>,
    /// Globs of test files, by the project's kinds.
    pub test_globs: Vec<String>,
    /// Globs of what configures the runners, by the project's kinds.
    pub config_globs: Vec<String>,
    /// The project's kinds.
    pub kinds: Vec<ProjectKind>,
    /// Whether somebody said what workspaces get copied.
    pub copy_is_given: bool,
    /// The files that the configuration was read from, or would have been.
    pub files: Vec<PathBuf>,
}

impl Configured {
    /// Works out what follows.
    pub fn new(loaded: &Loaded) -> Self {
        let globs = |of: fn(ProjectKind) -> &'static [&'static str]| -> Vec<String> {
            loaded.kinds.iter().flat_map(|kind| of(*kind)).map(|glob| (*glob).to_owned()).collect()
        };
        let (test_globs, config_globs) = (globs(ProjectKind::test_globs), globs(ProjectKind::config_files));
        Self {
            settings: Arc::new(loaded.settings.clone()),
            protected: protected_paths(&loaded.settings.fix.protect, &test_globs, &config_globs),
            test_globs,
            config_globs,
            kinds: loaded.kinds.clone(),
            copy_is_given: loaded.sources.contains_key("workspace.copy"),
            files: loaded.files.clone(),
        }
    }
}
