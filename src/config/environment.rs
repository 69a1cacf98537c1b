//! Takes values from variables: the environment's, and a few names of the project's `.env`.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::budget;
use crate::config::diagnostic::SourceText;
use crate::config::draft::Draft;
use crate::config::file::write_time;
use crate::config::layer::{counts, times};
use crate::config::origin::Origin;
use crate::model::path::ProjectPath;
use crate::model::settings::Agent;

/// Names that mean a setting.
const SETTINGS: [&str; 17] = [
    "PROJECT_ROOT",
    "WATCH_PATHS",
    "STATE_FILE",
    "LOCK_FILE",
    "DATABASE_PATH",
    "CLAUDE_MODEL",
    "MAX_CONCURRENT_AGENTS",
    "MAX_RETRIES",
    "AUTO_FIX_ENABLED",
    "FILE_WATCH_DEBOUNCE_SECONDS",
    "CIRCUIT_BREAKER_THRESHOLD",
    "CIRCUIT_BREAKER_WINDOW",
    "MAX_DAILY_COST_USD",
    "COST_WARNING_THRESHOLD",
    "EVENT_DIR",
    "USE_MULTI_AGENT_EVENTS",
    "ENABLE_QUEUE_PROCESSOR",
];

/// Names whose values are kept, unread, for the parts that need them.
const SECRETS: [&str; 6] =
    ["ANTHROPIC_API_KEY", "GITHUB_TOKEN", "GITHUB_OWNER", "GITHUB_REPO", "SLACK_WEBHOOK_URL", "EMAIL_WEBHOOK_URL"];

/// Values that must not be shown or stored. Shows nothing of itself, not even names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<&'static str, String>);

impl Secrets {
    /// Returns the value of a known name: `ANTHROPIC_API_KEY`, `GITHUB_TOKEN`, `GITHUB_OWNER`, `GITHUB_REPO`, `SLACK_WEBHOOK_URL`,
    /// `EMAIL_WEBHOOK_URL`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// What variables say besides settings.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    pub(crate) secrets: Secrets,
    pub(crate) state_file: Option<PathBuf>,
    pub(crate) lock_file: Option<PathBuf>,
    pub(crate) database: Option<PathBuf>,
}

/// Returns a glob of the files that would be taken for events if a result brought them, where their folder is in the
/// project: nobody asked its agent whether it may report them.
pub(crate) fn in_box(folder: &Path, project: &Path) -> Option<String> {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let inside = ProjectPath::new(folder.strip_prefix(project).ok()?);
    // Without a slash before it, it would mean a folder of that name anywhere.
    Some(inside.map_or_else(
        || "/*.json".to_owned(),
        |inside| format!("/{}/**", globset::escape(&inside.as_path().to_string_lossy())),
    ))
}

/// Takes everything known from `variables`; names that are empty count as not set.
pub(crate) fn apply<'a>(
    draft: &mut Draft,
    extras: &mut Extras,
    project: &Path,
    variables: impl Fn(&str) -> Option<(&'a str, Origin)>,
) {
    for name in SECRETS {
        if let Some((value, _)) = variables(name) {
            extras.secrets.0.insert(name, value.to_owned());
        }
    }
    for name in SETTINGS {
        if let Some((value, origin)) = variables(name) {
            Variable { name, value, origin, draft: &mut *draft, project }.apply(extras);
        }
    }
}

struct Variable<'a> {
    name: &'static str,
    value: &'a str,
    origin: Origin,
    draft: &'a mut Draft,
    project: &'a Path,
}

impl Variable<'_> {
    fn apply(mut self, extras: &mut Extras) {
        let settings = &mut self.draft.settings;
        match self.name {
            "WATCH_PATHS" => self.watch_paths(),
            "STATE_FILE" => {
                extras.state_file = Some(self.project.join(self.value));
                self.taken("state_file");
            }
            "LOCK_FILE" => {
                extras.lock_file = Some(self.project.join(self.value));
                self.taken("lock_file");
            }
            "DATABASE_PATH" => {
                extras.database = Some(self.project.join(self.value));
                self.taken("database_path");
            }
            "EVENT_DIR" => {
                settings.events.folder = Some(self.project.join(self.value));
                self.taken("event_dir");
            }
            "USE_MULTI_AGENT_EVENTS" => match yes_or_no(self.value) {
                Some(yes) => {
                    settings.events.multi_agent = yes;
                    self.taken("events.multi_agent");
                }
                None => self.refuse("write true or false"),
            },
            "ENABLE_QUEUE_PROCESSOR" => match yes_or_no(self.value) {
                Some(yes) => {
                    settings.lanes.enabled = yes;
                    self.taken("queue.enabled");
                }
                None => self.refuse("write true or false"),
            },
            "CLAUDE_MODEL" => {
                if let Some(Agent { model, .. }) = settings.agents.get_mut("claude") {
                    self.value.clone_into(model);
                }
                self.taken("agent.claude.model");
            }
            "MAX_RETRIES" => match self.value.parse() {
                Ok(number) if (1..=100).contains(&number) => {
                    settings.fix.attempts = number;
                    self.taken("fix.attempts");
                }
                Ok(_) | Err(_) => self.refuse("write a number from 1 to 100"),
            },
            "MAX_CONCURRENT_AGENTS" => match self.value.parse() {
                Ok(number) if counts("lanes.day").contains(&i64::from(number)) => {
                    settings.lanes.day = number;
                    self.taken("lanes.day");
                }
                Ok(_) | Err(_) => self.refuse("write a number from 1 to 64"),
            },
            "CIRCUIT_BREAKER_THRESHOLD" => match self.value.parse() {
                Ok(number) if (1..=100).contains(&number) => {
                    settings.fix.breaker.failures = number;
                    self.taken("fix.breaker.failures");
                }
                Ok(_) | Err(_) => self.refuse("write a number from 1 to 100"),
            },
            "MAX_DAILY_COST_USD" => match budget::day_usd(self.value) {
                Some(usd) => {
                    settings.budget.day = usd;
                    self.taken("budget.day_usd");
                }
                None => self.refuse("write dollars, such as 50; 0: no limit"),
            },
            "COST_WARNING_THRESHOLD" => match budget::warn(self.value) {
                Some(share) => {
                    settings.budget.warn = share;
                    self.taken("budget.warn");
                }
                None => self.refuse("write a share from 0 to 1, such as 0.75"),
            },
            "AUTO_FIX_ENABLED" => match yes_or_no(self.value) {
                Some(yes) => {
                    settings.fix.enabled = yes;
                    self.taken("fix.enabled");
                }
                None => self.refuse("write true or false"),
            },
            "FILE_WATCH_DEBOUNCE_SECONDS" => {
                if let Some(span) = self.seconds("watch.settle") {
                    self.draft.settings.watch.settle = span;
                    self.taken("watch.settle");
                }
            }
            "CIRCUIT_BREAKER_WINDOW" => {
                if let Some(span) = self.seconds("fix.breaker.window") {
                    self.draft.settings.fix.breaker.window = span;
                    self.taken("fix.breaker.window");
                }
            }
            // PROJECT_ROOT has been used to find the project before anything was read.
            _ => {}
        }
    }

    /// Notes that `key` now comes from this variable.
    fn taken(self, key: &str) {
        self.draft.places.keys.insert(key.to_owned(), self.origin);
    }

    fn seconds(&mut self, key: &str) -> Option<Duration> {
        let range = times(key);
        let span = self.value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let span = span.filter(|span| range.contains(span));
        if span.is_none() {
            let (least, most) = (write_time(*range.start()), write_time(*range.end()));
            self.note_refusal(&format!("write a number of seconds, from {least} to {most}"));
        }
        span
    }

    /// Takes folders separated by `:` or `,`; absolute ones must lie in the project.
    fn watch_paths(mut self) {
        let mut paths = Vec::new();
        for part in self.value.split([':', ',']).map(str::trim).filter(|part| !part.is_empty()) {
            let path = Path::new(part);
            // The project's path is resolved, the one written here may go through links.
            let resolved = path.is_absolute().then(|| path.canonicalize().ok()).flatten();
            let inside = resolved.as_deref().unwrap_or(path);
            let inside = inside.strip_prefix(self.project).unwrap_or(inside);
            if inside.as_os_str().is_empty() || inside == Path::new(".") {
                // The whole project is one of them.
                self.draft.settings.watch.paths.clear();
                return self.taken("watch.paths");
            }
            match ProjectPath::new(inside) {
                Some(_) => paths.push(inside.to_string_lossy().into_owned()),
                None => self.note_refusal("write folders inside the project, separated by : or ,"),
            }
        }
        self.draft.places.forget("watch.paths");
        self.draft.settings.watch.paths = paths;
        self.taken("watch.paths");
    }

    fn refuse(mut self, hint: &str) {
        self.note_refusal(hint);
    }

    fn note_refusal(&mut self, hint: &str) {
        let key = format!("\0{}", self.name);
        let places = &mut self.draft.places;
        places.keys.insert(key.clone(), self.origin.clone());
        let diagnostic = places.diagnostic(&key, format!("{:?} is not possible here", self.value));
        places.keys.remove(&key);
        self.draft.diagnostics.push(diagnostic.hint(hint));
    }
}

/// A `.env` file: for each known name its value and where that stands. Other names are not even looked at.
#[derive(Debug, Default)]
pub(crate) struct DotEnv {
    values: BTreeMap<&'static str, (String, Range<usize>)>,
    index: usize,
}

impl DotEnv {
    /// Reads `NAME=value` lines, with `export`, quotes and comments as shells know them, without substitution. The
    /// last line of a name counts; what cannot be understood belongs to somebody else and is skipped.
    pub(crate) fn parse(source: &SourceText, index: usize) -> Self {
        let mut values = BTreeMap::new();
        let mut start = 0;
        for line in source.text.split_inclusive('\n') {
            let begin = start;
            start += line.len();
            let Some((name, rest)) = line.split_once('=') else { continue };
            let name = name.trim();
            let name = name.strip_prefix("export ").unwrap_or(name).trim();
            let Some(known) = SETTINGS.into_iter().chain(SECRETS).find(|known| *known == name) else { continue };
            let value = rest.trim();
            let at = begin + line.len() - rest.len() + (rest.len() - rest.trim_start().len());
            values.insert(known, (unquote(value), at..at + value.len()));
        }
        Self { values, index }
    }

    /// Returns the value of a name and its place.
    pub(crate) fn get(&self, name: &str) -> Option<(&str, Origin)> {
        let (known, (value, range)) = self.values.get_key_value(name)?;
        (!value.is_empty()).then(|| (value.as_str(), Origin::DotEnv(known, self.index, range.clone())))
    }
}

/// Returns the value of a variable of the environment; an empty one is not set.
pub(crate) fn variable<'a>(environment: &'a BTreeMap<String, String>, name: &str) -> Option<(&'a str, Origin)> {
    let value = environment.get(name).filter(|value| !value.is_empty())?;
    let known = SETTINGS.into_iter().chain(SECRETS).find(|known| *known == name)?;
    Some((value, Origin::Variable(known)))
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn unquote(value: &str) -> String {
    let quoted = |mark: char| value.strip_prefix(mark).and_then(|rest| rest.split_once(mark)).map(|(inner, _)| inner);
    if let Some(inner) = quoted('\'').or_else(|| quoted('"')) {
        return inner.to_owned();
    }
    value.split(" #").next().unwrap_or_default().trim_end().to_owned()
}
