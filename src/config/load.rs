//! Reads all layers, in order, and makes settings of them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::config::built_in::{ROLES, WORKFLOWS};
use crate::config::check::check;
use crate::config::detect::{detect, kinds};
use crate::config::diagnostic::{Diagnostic, SourceText};
use crate::config::draft::Draft;
use crate::config::environment::{DotEnv, Extras, Secrets, apply, in_box, variable};
use crate::config::file::ConfigFile;
use crate::config::layer::counts;
use crate::config::origin::{Origin, Source};
use crate::config::parse::parse;
use crate::config::project::FILE_NAME;
use crate::config::projects::{Projects, projects};
use crate::config::role;
use crate::config::safety::Below;
use crate::config::screen::{UiSettings, screen};
use crate::config::texts::{self, Owner};
use crate::config::trust::Running;
use crate::config::workflow;
use crate::model::kind::ProjectKind;
use crate::model::settings::{LandBy, LandMode, Planner, Settings};

/// The built-in defaults; also the documentation of every key.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// What flags say; `None` leaves the value to the layers below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--checks-only`: `fix.enabled`.
    pub fix: Option<bool>,
    /// `--attempts`: `fix.attempts`.
    pub attempts: Option<u32>,
    /// `--land`: `fix.land`.
    pub land: Option<LandMode>,
    /// `--planner`: `fix.planner`.
    pub planner: Option<Planner>,
    /// `--running`: `limits.running`.
    pub running: Option<u32>,
    /// `--model`: the model of the agent that plays the fixer.
    pub model: Option<String>,
}

/// Where the layers come from; nothing else is read, so a test never meets a real home.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The project's folder.
    pub project: PathBuf,
    /// The user's file for all projects; it need not exist.
    pub user_file: Option<PathBuf>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// The flags.
    pub flags: Overrides,
}

/// A configuration that holds together.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What the screen looks like, and which keys do what.
    pub ui: UiSettings,
    /// Where other repositories are, which work may name.
    pub projects: Projects,
    /// The project's kinds, for what is protected.
    pub kinds: Vec<ProjectKind>,
    /// What in the project's own files takes effect only after a yes; may be empty.
    pub running: Running,
    /// Keys of services, for the parts that need them.
    pub secrets: Secrets,
    /// `STATE_FILE`, absolute: where the state is mirrored to.
    pub state_file: Option<PathBuf>,
    /// `LOCK_FILE`, absolute: where the lock is instead of the state folder.
    pub lock_file: Option<PathBuf>,
    /// `DATABASE_PATH`, absolute: where other programs find the journal.
    pub database: Option<PathBuf>,
    /// What is odd and not wrong.
    pub warnings: Vec<Diagnostic>,
    /// Where each value that is not built in came from: `fix.attempts` → `orchestrator.toml:3:12`.
    pub sources: BTreeMap<String, Source>,
    /// The files whose change changes the configuration, whether they exist or not.
    pub files: Vec<PathBuf>,
}

/// Reads the configuration. Later layers win:
///
/// 1. the built-in [`EXAMPLE`], which sets every key
/// 2. the user's file
/// 3. `orchestrator.toml` in the project
/// 4. `.env` in the project, for the names of `config::environment` only; it is never passed on
/// 5. the environment, for the same names
/// 6. flags
///
/// Values replace values and lists replace lists; tables are merged, and so are agents and roles of the same name. A
/// project's files make nothing less careful than the user's own file says: see `config::safety`. The
/// checks of a file replace those of the layers below. If no file has any `[[check]]` (nor `check = []`), the usual
/// ones of the project's kind are used.
///
/// # Errors
/// Everything wrong in all layers, in the order of the layers and their lines. A file that is there and cannot be read
/// is an error, not an absence.
pub fn load(inputs: &Inputs) -> Result<Loaded, Vec<Diagnostic>> {
    let project = &inputs.project;
    let mut draft = Draft::blank();
    let mut incomplete = false;
    let mut running = Running::default();

    let example = SourceText { label: "built-in defaults".to_owned(), text: EXAMPLE.to_owned() };
    incomplete |= layer(&mut draft, example, |_| ());
    built_in(&mut draft);
    let project_file = project.join(FILE_NAME);
    let dot_env_file = project.join(".env");
    let (mut warnings, mut text_files) = (Vec::new(), Vec::new());
    if let Some(file) = &inputs.user_file
        && let Some(source) = read(&mut draft, project, file)
    {
        let index = draft.places.files.len();
        incomplete |= layer(&mut draft, source, |_| ());
        let (odd, files) = texts::read(&mut draft, index, file.parent().unwrap_or(project), Owner::User);
        warnings.extend(odd);
        text_files.extend(files);
    }
    let below = Below::of(&draft);
    let mut project_index = None;
    if let Some(source) = read(&mut draft, project, &project_file) {
        let mut not_theirs = Vec::new();
        let index = draft.places.files.len();
        project_index = Some(index);
        incomplete |= layer(&mut draft, source, |file| {
            running.of_file(file);
            not_theirs = only_the_users(file);
        });
        let (odd, files) = texts::read(&mut draft, index, project, Owner::Project(&mut running));
        warnings.extend(odd);
        text_files.extend(files);
        warnings.extend(not_theirs.into_iter().map(|(name, place)| {
            let text = format!("[{name}] counts only in the user's own file; it is not used");
            let hint = match name {
                "projects" => "a project does not say where others are",
                _ => "a project does not change your keys or looks",
            };
            draft.places.files[index].diagnostic(&place, text).warning().hint(hint)
        }));
    }

    let mut extras = Extras::default();
    match fs::read(&dot_env_file) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let source = SourceText::new(&dot_env_file, project, text);
            let dot_env = DotEnv::parse(&source, draft.places.files.len());
            draft.places.files.push(source);
            running.of_dot_env(&dot_env);
            warnings.extend(other_root(&draft, project, &dot_env));
            apply(&mut draft, &mut extras, project, |name| dot_env.get(name));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        // It belongs to the project, not to us: what we need from it can also be said elsewhere.
        Err(error) => warnings.push(Diagnostic::about(".env", format!("not read: {error}")).warning()),
    }
    warnings.extend(below.keep(&mut draft, project_index, &mut running));
    apply(&mut draft, &mut extras, project, |name| variable(&inputs.environment, name));
    flags(&mut draft, &inputs.flags);

    draft.settings.fix.land_by = match draft.places.keys.get("fix.land") {
        None => LandBy::Nobody,
        Some(Origin::Flag(_)) => LandBy::Flag,
        Some(Origin::File(..) | Origin::Variable(_) | Origin::DotEnv(..) | Origin::Detected) => LandBy::File,
    };
    if !draft.places.is_given("check") && !incomplete {
        detected(&mut draft, inputs, &mut running);
    }
    warnings.extend(check(&mut draft, project, incomplete));
    let taken_in = draft.settings.events.folder.as_deref().and_then(|folder| in_box(folder, project));
    draft.settings.fix.protect.extend(taken_in);
    let (ui, theme_files) = screen(&mut draft, inputs);
    let projects = projects(&mut draft, &inputs.environment);
    if !draft.diagnostics.is_empty() {
        return Err(sorted(draft));
    }
    let mut files: Vec<_> = inputs.user_file.iter().cloned().collect();
    files.extend([project_file, dot_env_file]);
    files.extend(theme_files);
    files.extend(text_files);
    Ok(Loaded {
        ui,
        projects,
        kinds: kinds(project),
        running,
        secrets: extras.secrets,
        state_file: extras.state_file,
        lock_file: extras.lock_file,
        database: extras.database,
        warnings,
        sources: draft.places.sources(),
        files,
        settings: draft.settings,
    })
}

/// Lays the built-in roles, workflows, rules and documents.
fn built_in(draft: &mut Draft) {
    role::begin(draft);
    texts::begin(draft);
    for (name, text) in ROLES.into_iter().chain(WORKFLOWS) {
        let source = SourceText { label: format!("built-in {name}"), text: text.to_owned() };
        let (file, diagnostics) = parse(&source);
        draft.diagnostics.extend(diagnostics);
        // As of the built-in defaults: nobody wrote these.
        draft.lay(0, file);
    }
    workflow::begin(draft);
}

/// Lays one file over the draft; returns whether something in it could not be read.
fn layer(draft: &mut Draft, source: SourceText, look: impl FnOnce(&mut ConfigFile)) -> bool {
    let (mut file, diagnostics) = parse(&source);
    look(&mut file);
    let index = draft.places.files.len();
    draft.places.files.push(source);
    let incomplete = !diagnostics.is_empty();
    draft.diagnostics.extend(diagnostics);
    draft.lay(index, file);
    incomplete
}

/// Takes out of a project's file what only the user decides, and returns it with its place.
fn only_the_users(file: &mut ConfigFile) -> Vec<(&'static str, Range<usize>)> {
    let ui = file.ui.take().map(|table| ("ui", table.span()));
    let keys = file.keys.take().map(|table| ("keys", table.span()));
    let projects = file.projects.take().map(|table| ("projects", table.span()));
    ui.into_iter().chain(keys).chain(projects).collect()
}

/// Reads a configuration file; one that does not exist is no layer.
fn read(draft: &mut Draft, project: &Path, path: &Path) -> Option<SourceText> {
    let label = SourceText::new(path, project, String::new()).label;
    match fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Some(SourceText::new(path, project, text)),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let source = SourceText::new(path, project, text);
                let place = valid..valid + char::REPLACEMENT_CHARACTER.len_utf8();
                draft.diagnostics.push(source.diagnostic(&place, "not UTF-8").hint("save the file as UTF-8"));
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            draft
                .diagnostics
                .push(Diagnostic::about(label, format!("cannot be read: {error}")).hint("check its permissions"));
        }
    }
    None
}

/// A `.env` is found in the project, so it cannot say where that is; it is odd if it tries.
fn other_root(draft: &Draft, project: &Path, dot_env: &DotEnv) -> Option<Diagnostic> {
    let (root, origin) = dot_env.get("PROJECT_ROOT")?;
    let is_here = project.join(root).canonicalize().ok() == project.canonicalize().ok();
    let Origin::DotEnv(_, file, range) = origin else { return None };
    let diagnostic = draft.places.files[file].diagnostic(&range, "PROJECT_ROOT names another folder; it is not used");
    (!is_here).then(|| diagnostic.warning().hint("use --project, or set it in the environment"))
}

fn flags(draft: &mut Draft, flags: &Overrides) {
    for (value, key, flag) in
        [(flags.attempts, "fix.attempts", "--attempts"), (flags.running, "limits.running", "--running")]
    {
        let range = counts(key);
        if let Some(number) = value.filter(|number| !range.contains(&i64::from(*number))) {
            let diagnostic = Diagnostic::about("command line", format!("{flag}: {number} makes no sense here"));
            draft.diagnostics.push(diagnostic.hint(format!(
                "write a number from {} to {}",
                range.start(),
                range.end()
            )));
        }
    }
    let settings = &mut draft.settings;
    let keys = &mut draft.places.keys;
    let mut note = |key: &str, flag| keys.insert(key.to_owned(), Origin::Flag(flag));
    if let Some(enabled) = flags.fix {
        settings.fix.enabled = enabled;
        note("fix.enabled", if enabled { "--fix" } else { "--no-fix" });
    }
    if let Some(attempts) = flags.attempts {
        settings.fix.attempts = attempts;
        note("fix.attempts", "--attempts");
    }
    if let Some(land) = flags.land {
        settings.fix.land = land;
        note("fix.land", "--land");
    }
    if let Some(planner) = flags.planner {
        settings.fix.planner = planner;
        note("fix.planner", "--planner");
    }
    if let Some(running) = flags.running {
        settings.limits.running = running;
        note("limits.running", "--running");
    }
    if let Some(model) = &flags.model {
        let fixer = settings.roles.get("fixer").map_or("claude", |role| role.agent.as_str());
        note(&format!("agent.{fixer}.model"), "--model");
        if let Some(agent) = settings.agents.get_mut(fixer) {
            agent.model.clone_from(model);
        }
    }
}

fn detected(draft: &mut Draft, inputs: &Inputs, running: &mut Running) {
    let found = detect(&inputs.project, &inputs.environment);
    draft.settings.checks = found.into_iter().map(|found| found.check).collect();
    if draft.settings.checks.is_empty() {
        return;
    }
    draft.places.keys.insert("check".to_owned(), Origin::Detected);
    running.of_detected(&draft.settings.checks);
    let wants_venv = draft.settings.checks.iter().any(|check| check.run.starts_with(".venv/"));
    if wants_venv && !draft.places.is_given("workspace.copy") {
        draft.settings.workspace.copy.push(".venv".to_owned());
        draft.places.keys.insert("workspace.copy".to_owned(), Origin::Detected);
    }
}

/// Puts diagnostics in the order of the layers, then of the lines; the same one twice is one.
fn sorted(draft: Draft) -> Vec<Diagnostic> {
    let order: Vec<_> = draft.places.files.iter().map(|source| source.label.clone()).collect();
    let mut diagnostics = draft.diagnostics;
    let rank = |file: &str| order.iter().position(|label| label == file).unwrap_or(order.len());
    diagnostics.sort_by_key(|diagnostic| (rank(&diagnostic.file), diagnostic.line, diagnostic.col));
    diagnostics.dedup();
    diagnostics
}
