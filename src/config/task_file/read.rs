//! Reads a task file whole, or says all that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use jiff::civil::Date;

use crate::config::diagnostic::{Diagnostic, SourceText, nearest};
use crate::config::task_file::entry::{self, Draft};
use crate::config::task_file::fields::{Field, Placed, Reader};
use crate::config::task_file::order::{self, Step};
use crate::config::task_file::yaml::{self, Mistake, Node, Value};
use crate::model::assignment::Assignment;
use crate::model::cost::Usd;
use crate::model::path::ProjectPath;

/// The largest task file, in bytes.
const LARGEST: u64 = 1 << 20;

/// The most tasks of a day; the order is judged pair by pair.
const MOST_TASKS: usize = 1_000;

/// The fields of a file.
const FIELDS: [&str; 4] = ["date", "max_cost_usd", "priority", "tasks"];

/// What a task may name; what is not known is not judged.
#[derive(Default)]
pub struct Names<'a> {
    /// The names of the checks.
    pub checks: Option<Vec<String>>,
    /// The names of the roles.
    pub roles: Option<Vec<String>>,
    /// The names of the workflows.
    pub workflows: Option<Vec<String>>,
    /// The names of the roles that only read.
    pub readers: Vec<String>,
    /// Says which paths no copy of the project and so no result has, and why.
    pub hidden: Option<Hides<'a>>,
    /// What of that agents get all the same.
    pub copied: Vec<String>,
}

/// Says why some of these paths are hidden; of the second part of each, whether a folder is meant.
pub type Hides<'a> = &'a dyn Fn(&[(ProjectPath, bool)]) -> BTreeMap<ProjectPath, String>;

/// A day's work as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFile {
    /// Its date: `2025-11-18`.
    pub date: String,
    /// What all of it may cost.
    pub budget: Option<Usd>,
    /// Its tasks, in the order of the file.
    pub tasks: Vec<TaskEntry>,
}

/// A task as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEntry {
    /// What it is to bring. `after` and `batch` are for whoever files it: only then have tasks numbers.
    pub assignment: Assignment,
    /// The labels of the tasks of this file that it waits for.
    pub depends_on: Vec<String>,
    /// More is sooner: its own, or else that of the file.
    pub priority: i32,
    /// The line where its id stands.
    pub line: usize,
}

/// A task file that can be used, and what in it may mean something else than was wished.
#[derive(Clone, Debug)]
pub struct ReadTaskFile {
    /// The day.
    pub file: TaskFile,
    /// For a person to read.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a task file of a project.
///
/// # Errors
/// All that is wrong with it.
pub fn read_task_file(path: &Path, project: &Path, names: &Names<'_>) -> Result<ReadTaskFile, Vec<Diagnostic>> {
    let text = text_of(path).map_err(|error| vec![*error])?;
    let source = SourceText::new(path, project, text);
    let (root, errors) = yaml::parse(&source).map_err(|error| vec![*error])?;
    let mut reader = Reader { source: &source, errors, warnings: Vec::new() };
    let file = day(&mut reader, &root, project, names);
    let Reader { mut errors, mut warnings, .. } = reader;
    let place = |said: &Diagnostic| (said.line, said.col);
    errors.sort_by_key(place);
    warnings.sort_by_key(place);
    match file {
        Some(file) if errors.is_empty() => Ok(ReadTaskFile { file, warnings }),
        Some(_) | None => Err(errors),
    }
}

fn text_of(path: &Path) -> Result<String, Mistake> {
    let about = |message: &str, hint: &str| Box::new(Diagnostic::about(path.display().to_string(), message).hint(hint));
    let unreadable = |error: std::io::Error| {
        about(&format!("the task file cannot be read: {error}"), "name a task file, such as tasks/2025-11-18.yaml")
    };
    let meta = path.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(about("this is no file", "name a task file, such as tasks/2025-11-18.yaml"));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(about("a task file has at most 1 MB", "name large texts as context_files"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes);
    String::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let line = good.matches('\n').count() + 1;
        about(&format!("line {line} is no UTF-8 text"), "save the file as UTF-8")
    })
}

fn day(reader: &mut Reader<'_>, root: &Node, project: &Path, names: &Names<'_>) -> Option<TaskFile> {
    if matches!(root.value, Value::Null) {
        reader.error(&(0..0), "there is nothing in this file", yaml::BEGIN);
        return None;
    }
    let fields = reader.fields(root, &FIELDS, "a task file")?;
    let date = date(reader, fields.get("date"));
    let budget = reader.dollars(fields.get("max_cost_usd"));
    let priority = reader.priority(fields.get("priority")).unwrap_or(0);
    let drafts = drafts(reader, fields.get("tasks"), project, names);
    twice(reader, &drafts);
    let steps: Vec<Step<'_>> =
        drafts.iter().map(|draft| Step { id: &draft.id.value, after: &draft.depends_on }).collect();
    let before = order::judge(reader, &steps);
    context_comes(reader, &drafts, &before, project);
    if let Some(hides) = names.hidden {
        hidden(reader, &drafts, hides, &names.copied);
    }
    let line_of = |draft: &Draft| reader.source.place(draft.id.range.start).0;
    let tasks = drafts.iter().map(|draft| TaskEntry {
        assignment: draft.assignment.clone(),
        depends_on: draft.depends_on.iter().map(|name| name.value.clone()).collect(),
        priority: draft.priority.unwrap_or(priority),
        line: line_of(draft),
    });
    Some(TaskFile { tasks: tasks.collect(), date: date?, budget })
}

fn date(reader: &mut Reader<'_>, field: Option<Field<'_>>) -> Option<String> {
    let hint = "write year-month-day: date: 2025-11-18";
    let before = reader.errors.len();
    let Some(text) = reader.text(field) else {
        if reader.errors.len() == before {
            reader.error(&(0..0), "this task file has no date", hint);
        }
        return None;
    };
    // Only this form: it names the report, and `20251118` or `11/18` would not be found again.
    let is_plain = text.value.len() == 10 && text.value.chars().all(|c| c.is_ascii_digit() || c == '-');
    match text.value.parse::<Date>() {
        Ok(date) if is_plain => Some(date.to_string()),
        Ok(_) | Err(_) => {
            reader.error(&text.range, format!("\"{}\" is no date", text.value), hint);
            None
        }
    }
}

fn drafts(reader: &mut Reader<'_>, field: Option<Field<'_>>, project: &Path, names: &Names<'_>) -> Vec<Draft> {
    let hint = "write tasks: and below it, for each, - id: task-001";
    let Some((key, node)) = field else {
        reader.error(&(0..0), "this task file has no tasks", hint);
        return Vec::new();
    };
    match &node.value {
        Value::List(items) if items.len() > MOST_TASKS => {
            reader.error(&key.range, format!("a day has at most {MOST_TASKS} tasks"), "write several files");
            Vec::new()
        }
        Value::List(items) if !items.is_empty() => {
            items.iter().filter_map(|item| entry::read(reader, item, project, names)).collect()
        }
        Value::List(_) | Value::Null => {
            reader.error(&key.range, "there are no tasks", hint);
            Vec::new()
        }
        Value::Text(_) | Value::Map(_) => {
            reader.error(&key.range, format!("tasks is a list, not {}", node.value.kind()), hint);
            Vec::new()
        }
    }
}

/// Ids name files, and some disks do not tell `A` from `a`.
fn twice(reader: &mut Reader<'_>, drafts: &[Draft]) {
    let mut seen: BTreeMap<String, &Placed<String>> = BTreeMap::new();
    for draft in drafts.iter().filter(|draft| draft.is_named) {
        let Some(first) = seen.get(&draft.id.value.to_lowercase()) else {
            seen.insert(draft.id.value.to_lowercase(), &draft.id);
            continue;
        };
        let (line, _) = reader.source.place(first.range.start);
        let message = if first.value == draft.id.value {
            format!("the id {} is there twice", draft.id.value)
        } else {
            format!("the ids {} and {} name the same files on some disks", first.value, draft.id.value)
        };
        reader.error(&draft.id.range, message, format!("the other one stands on line {line}; rename one"));
    }
}

/// A context file that is not there yet must be what a task before brings.
fn context_comes(reader: &mut Reader<'_>, drafts: &[Draft], before: &BTreeMap<&str, BTreeSet<&str>>, project: &Path) {
    for draft in drafts {
        for file in &draft.missing {
            let Some(path) = ProjectPath::new(&file.value) else { continue };
            let brings = |other: &&Draft| {
                let all = &other.assignment.deliverables;
                all.iter()
                    .any(|brought| brought.path == path || path.is_below(&brought.path) || brought.path.is_below(&path))
            };
            let mut bringing = drafts.iter().filter(|other| other.id.value != draft.id.value).filter(brings);
            let comes_first =
                |other: &Draft| before.get(&*draft.id.value).is_some_and(|before| before.contains(&*other.id.value));
            let first = bringing.clone().next();
            if bringing.any(comes_first) {
                continue;
            }
            let hint = match first {
                Some(other) => format!("{0} brings it; write depends_on: {0}", other.id.value),
                None => near_file(&path, project).map_or_else(
                    || "write a path relative to the project".to_owned(),
                    |near| format!("did you mean {near}?"),
                ),
            };
            reader.error(&file.range, format!("the context file {} does not exist", file.value), hint);
        }
    }
}

/// Returns the path with its first part that is not there replaced by the nearest that is.
fn near_file(path: &ProjectPath, project: &Path) -> Option<String> {
    let mut there = std::path::PathBuf::new();
    let mut parts = path.as_path().components();
    for part in parts.by_ref() {
        if project.join(&there).join(part).exists() {
            there.push(part);
            continue;
        }
        let siblings = project.join(&there).read_dir().ok()?;
        let mut names: Vec<String> = siblings.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        let wanted = part.as_os_str().to_str()?;
        // Names of files differ in case, the search does not.
        let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let near = nearest(wanted, lower.iter().map(String::as_str))?;
        let at = lower.iter().position(|name| name == near)?;
        there.push(names.get(at)?);
        break;
    }
    there.extend(parts);
    project.join(&there).exists().then(|| there.display().to_string())
}

/// Notes which deliverables can never be brought, and which context files no agent has.
fn hidden(reader: &mut Reader<'_>, drafts: &[Draft], hides: Hides<'_>, copied: &[String]) {
    let folder = |text: &str| text.ends_with('/');
    let wanted = drafts.iter().flat_map(|draft| &draft.wanted).map(|it| (it.value.path.clone(), it.value.is_folder()));
    let read = drafts.iter().flat_map(|draft| &draft.context);
    let read = read.filter_map(|file| Some((ProjectPath::new(&file.value)?, folder(&file.value))));
    let hidden = hides(&wanted.chain(read).collect::<Vec<_>>());
    for it in drafts.iter().flat_map(|draft| &draft.wanted) {
        if let Some(why) = hidden.get(&it.value.path) {
            let hint = "no result has what is not in a snapshot: name another place, or change the rule";
            reader.error(&it.range, format!("{} can never be delivered: {why}", it.value.path), hint);
        }
    }
    let copied: Vec<ProjectPath> = copied.iter().filter_map(ProjectPath::new).collect();
    for file in drafts.iter().flat_map(|draft| &draft.context) {
        let Some(path) = ProjectPath::new(&file.value) else { continue };
        let comes = copied.iter().any(|copied| path == *copied || path.is_below(copied));
        if let (Some(why), false) = (hidden.get(&path), comes) {
            let hint = "workspace.copy names what agents get besides the files of the project";
            reader.warn(&file.range, format!("agents do not have {path}: {why}"), hint);
        }
    }
}
