//! Finds the project, its settings and its state folder, before anything runs.
#![expect(clippy::disallowed_methods, reason = "the environment is read here, once, and handed on")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::failure::Failure;
use crate::app::project::doorkeeper::only_for_a_person;
use crate::config::{self, Diagnostic, Inputs, Loaded, Overrides, TrustError, TrustStore};
use crate::core::effect::Recorded;
use crate::core::fact::Fact;
use crate::core::matching::Matcher;
use crate::edge::store::{Layout, StoreError, StoredFact, layout};

/// The user's environment, as text; names and values that are no text cannot be handed to agents and are left out.
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// What was agreed to before, where something more is asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// Nothing yet.
    Never,
    /// To run something else.
    ToOther,
    /// To run the very same, without agents.
    ToChecks,
}

/// A project and where its state is.
#[derive(Clone, Debug)]
pub struct Site {
    /// The project, absolute, links resolved.
    pub project: PathBuf,
    /// Its state folder.
    pub layout: Layout,
    /// The user's environment.
    pub environment: BTreeMap<String, String>,
    /// The folder of all projects' state.
    pub state_root: PathBuf,
}

impl Site {
    /// Finds the project that is meant.
    ///
    /// # Errors
    /// If it does not exist, or no state folder can be named.
    pub fn find(flag: Option<&Path>) -> Result<Self, Failure> {
        let environment = environment();
        let project = Self::project(flag, &environment)?;
        Self::of(project, environment)
    }

    /// Returns the folder of the project that is meant.
    ///
    /// # Errors
    /// If it does not exist.
    pub fn project(flag: Option<&Path>, environment: &BTreeMap<String, String>) -> Result<PathBuf, Failure> {
        let current = std::env::current_dir().map_err(|error| {
            Failure::usage(format!("the current folder cannot be read: {error}; go to another one"))
        })?;
        config::named_project(flag, environment, &current).map_err(|mistake| {
            let hint = mistake.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            Failure::usage(format!("{}{hint}", mistake.message))
        })
    }

    /// Finds where the state of a project is.
    ///
    /// # Errors
    /// If no state folder can be named.
    pub fn of(project: PathBuf, environment: BTreeMap<String, String>) -> Result<Self, Failure> {
        let chosen = environment.get("ORCHESTRATOR_STATE_DIR").filter(|path| !path.is_empty()).map(PathBuf::from);
        let state_root = layout::state_root(chosen.as_deref()).map_err(Failure::usage)?;
        usable(&state_root)?;
        let runtime = layout::runtime_root();
        let layout = Layout::for_project(&project, &state_root, runtime.as_deref()).map_err(Failure::usage)?;
        Ok(Self { project, layout, environment, state_root })
    }

    /// Takes a project and a folder for its state as they are, without asking the environment where they are.
    ///
    /// # Errors
    /// If the project cannot be opened.
    pub fn in_folder(project: &Path, state_root: &Path) -> Result<Self, Failure> {
        let layout = Layout::for_project(project, state_root, None).map_err(Failure::usage)?;
        let project = layout.project().to_owned();
        Ok(Self { project, layout, environment: environment(), state_root: state_root.to_owned() })
    }

    /// Reads the configuration.
    ///
    /// # Errors
    /// All that is wrong with it, one below the other.
    pub fn load(&self, flags: Overrides) -> Result<Loaded, Failure> {
        self.read(flags).map_err(|mistakes| wrong("the configuration", &mistakes))
    }

    /// Reads the configuration.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self, flags: Overrides) -> Result<Loaded, Vec<Diagnostic>> {
        let user_file = self.user_file();
        let inputs = Inputs { project: self.project.clone(), user_file, environment: self.environment.clone(), flags };
        let mut loaded = config::load(&inputs)?;
        self.note_agents(&mut loaded);
        Ok(loaded)
    }

    /// Puts down in the settings whether agents were agreed to; what cannot be read is no yes. Where they start by
    /// themselves, nothing begins without that yes.
    pub fn note_agents(&self, loaded: &mut Loaded) {
        loaded.settings.fix.agents = loaded.settings.fix.enabled || self.is_all_trusted(loaded).unwrap_or(false);
    }

    /// Whether all was agreed to that the project's own files would run, agents included.
    ///
    /// # Errors
    /// If the record of agreements cannot be read.
    pub fn is_all_trusted(&self, loaded: &Loaded) -> Result<bool, Failure> {
        Ok(is_all_agreed(&self.yeses()?, &self.project, loaded))
    }

    /// Records a yes to all that the project's own files would run, agents included, whether they start by themselves or
    /// not.
    ///
    /// # Errors
    /// If this is no person's process, or the record cannot be written.
    pub fn trust_all(&self, loaded: &Loaded) -> Result<(), Failure> {
        only_for_a_person(&self.layout, "agree to what it runs")?;
        self.yeses()?.trust(&self.project, &loaded.running.hash()).map_err(no_record)
    }

    /// Returns the built-in configuration, for what needs none of the project's.
    ///
    /// # Errors
    /// Never for a good build: it is tested.
    pub fn load_built_in(&self) -> Result<Loaded, Failure> {
        let inputs = Inputs { project: self.layout.root().to_owned(), ..Inputs::default() };
        config::load(&inputs).map_err(|mistakes| wrong("the configuration", &mistakes))
    }

    /// Makes sure that what the project's own files would run was agreed to, or records the agreement.
    ///
    /// # Errors
    /// If it was not, with what would run.
    pub fn trust(&self, loaded: &Loaded, yes: bool) -> Result<(), Failure> {
        let mut store = self.yeses()?;
        if is_agreed(&store, &self.project, loaded) {
            return Ok(());
        }
        if yes {
            only_for_a_person(&self.layout, "agree to what it runs")?;
            // A yes while nothing is fixed is none to agents.
            let hash = if loaded.settings.fix.enabled { loaded.running.hash() } else { to_checks(loaded) };
            return store.trust(&self.project, &hash).map_err(no_record);
        }
        let list: Vec<String> = loaded.running.describe().into_iter().map(|line| format!("  {line}")).collect();
        let news = match agreed(&store, &self.project, loaded) {
            Agreed::ToChecks => "may run its checks, but you have not agreed to agents",
            Agreed::ToOther => "has changed what it would run since you agreed",
            Agreed::Never => "is not trusted yet",
        };
        Err(Failure::refused(format!(
            "{} {news}; nothing was run. It would run\n{}\nhint: if you agree to that, say so once: `orchestrator-tui trust`, or `orchestrator-tui run --headless --trust`",
            self.project.display(),
            list.join("\n")
        )))
    }

    /// Whether what the project's own files would run was agreed to.
    ///
    /// # Errors
    /// If the record of agreements cannot be read.
    pub fn is_trusted(&self, loaded: &Loaded) -> Result<bool, Failure> {
        Ok(is_agreed(&self.yeses()?, &self.project, loaded))
    }

    /// Returns the files whose change changes the configuration, whether they exist or not.
    pub fn config_files(&self) -> Vec<PathBuf> {
        [Some(self.project.join(config::FILE_NAME)), self.user_file()].into_iter().flatten().collect()
    }

    /// Returns the user's own file.
    fn user_file(&self) -> Option<PathBuf> {
        self.environment.get("ORCHESTRATOR_CONFIG").map(PathBuf::from).or_else(|| {
            directories::ProjectDirs::from("", "", "orchestrator-tui")
                .map(|dirs| dirs.config_dir().join("orchestrator.toml"))
        })
    }

    /// Whether anything of the project was ever agreed to.
    ///
    /// # Errors
    /// If the record of agreements cannot be read.
    pub fn is_known(&self) -> Result<bool, Failure> {
        Ok(self.yeses()?.knows(&self.project))
    }

    /// Returns what of the project was agreed to, when [that is not enough](Self::is_trusted).
    ///
    /// # Errors
    /// If the record of agreements cannot be read.
    pub fn agreed(&self, loaded: &Loaded) -> Result<Agreed, Failure> {
        Ok(agreed(&self.yeses()?, &self.project, loaded))
    }

    /// Forgets what was agreed to.
    ///
    /// # Errors
    /// If the record of agreements cannot be written.
    pub fn distrust(&self) -> Result<(), Failure> {
        self.yeses()?.forget(&self.project).map_err(no_record)
    }

    /// Returns the record of agreements, of all projects.
    pub fn trust_file(&self) -> PathBuf {
        self.state_root.join("trusted.json")
    }

    fn yeses(&self) -> Result<TrustStore, Failure> {
        TrustStore::load(self.trust_file()).map_err(no_record)
    }

    /// Returns the lock file.
    pub fn lock_file(&self, loaded: Option<&Loaded>) -> PathBuf {
        loaded.and_then(|loaded| loaded.lock_file.clone()).unwrap_or_else(|| self.layout.lock())
    }
}

fn is_agreed(store: &TrustStore, project: &Path, loaded: &Loaded) -> bool {
    is_all_agreed(store, project, loaded)
        || !loaded.settings.fix.enabled && store.is_trusted(project, &to_checks(loaded))
}

fn is_all_agreed(store: &TrustStore, project: &Path, loaded: &Loaded) -> bool {
    loaded.running.is_empty() || store.is_trusted(project, &loaded.running.hash())
}

fn agreed(store: &TrustStore, project: &Path, loaded: &Loaded) -> Agreed {
    if store.is_trusted(project, &to_checks(loaded)) {
        Agreed::ToChecks
    } else if store.knows(project) {
        Agreed::ToOther
    } else {
        Agreed::Never
    }
}

/// Returns what a yes is recorded for that was given while nothing is fixed.
fn to_checks(loaded: &Loaded) -> String {
    format!("checks:{}", loaded.running.hash())
}

#[expect(clippy::needless_pass_by_value, reason = "its place is in map_err")]
fn no_record(error: TrustError) -> Failure {
    let hint = match error {
        TrustError::File { .. } => "\nhint: ORCHESTRATOR_STATE_DIR names another folder for state",
        TrustError::Damaged { .. } => "",
    };
    Failure::usage(format!("{error}{hint}"))
}

/// Makes sure that the folder for state is one, or could become one.
fn usable(state_root: &Path) -> Result<(), Failure> {
    match state_root.ancestors().find(|folder| folder.exists()) {
        Some(file) if !file.is_dir() => Err(Failure::usage(format!(
            "{} cannot be the folder for state: {} is not a folder\nhint: ORCHESTRATOR_STATE_DIR names another one",
            state_root.display(),
            file.display()
        ))),
        _ => Ok(()),
    }
}

/// Tells all that is wrong with a configuration.
pub fn wrong(file: &str, mistakes: &[Diagnostic]) -> Failure {
    let count = match mistakes.len() {
        1 => "a mistake".to_owned(),
        more => format!("{more} mistakes"),
    };
    let all: Vec<String> = mistakes.iter().map(|mistake| format!("\n{mistake}")).collect();
    Failure::usage(format!("{file} has {count}; nothing was run\n{}", all.join("\n")))
}

/// Compiles the globs of the settings.
///
/// # Errors
/// A glob that cannot be understood; the configuration's own check finds them first.
pub fn matcher(loaded: &Loaded) -> Result<Arc<Matcher>, Failure> {
    Matcher::new(&loaded.settings).map(Arc::new).map_err(|bad| Failure::usage(format!("{}: {}", bad.glob, bad.why)))
}

/// Reads a stored fact back.
///
/// # Errors
/// If it is of a kind or shape that this version does not know.
pub fn fact_of(stored: &StoredFact) -> Result<Recorded, StoreError> {
    let fact: Fact = serde_json::from_str(&stored.body).map_err(|error| StoreError::Corrupt {
        path: PathBuf::from("journal.db"),
        cause: format!("fact {} of kind {}: {error}", stored.seq.0, stored.kind),
    })?;
    Ok(Recorded { seq: stored.seq, at: stored.wall, fact })
}

/// Writes a fact the way the journal keeps it.
///
/// # Errors
/// Never for the facts of this version; JSON has no way to refuse them.
pub fn stored_of(recorded: &Recorded) -> Result<StoredFact, serde_json::Error> {
    let body = serde_json::to_value(&recorded.fact)?;
    let kind = body.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
    Ok(StoredFact { seq: recorded.seq, wall: recorded.at, kind, task: recorded.fact.task(), body: body.to_string() })
}
