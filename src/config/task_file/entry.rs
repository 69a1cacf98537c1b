//! Reads one task of a task file.

use std::path::Path;

use crate::config::diagnostic::nearest;
use crate::config::task_file::deliverable::{Unclear, path_in};
use crate::config::task_file::fields::{Field, Fields, Placed, Reader};
use crate::config::task_file::read::Names;
use crate::config::task_file::yaml::Node;
use crate::model::assignment::{Assignment, Complexity, Deliverable, Lane};
use crate::model::check::CheckName;
use crate::model::path::ProjectPath;

/// The fields of a task.
const FIELDS: [&str; 13] = [
    "id",
    "name",
    "description",
    "module",
    "estimated_complexity",
    "priority",
    "context_files",
    "deliverables",
    "depends_on",
    "workflow",
    "role",
    "check",
    "budget_usd",
];

/// The longest id; it names files.
const LONGEST_ID: usize = 64;

/// A task as read, before its order is judged.
pub(super) struct Draft {
    /// Its id, and where it stands; empty where there is none.
    pub(super) id: Placed<String>,
    /// Whether it can be called by that id.
    pub(super) is_named: bool,
    /// What it is to bring.
    pub(super) assignment: Assignment,
    /// Its own priority.
    pub(super) priority: Option<i32>,
    /// What it waits for.
    pub(super) depends_on: Vec<Placed<String>>,
    /// Its deliverables, and where each stands.
    pub(super) wanted: Vec<Placed<Deliverable>>,
    /// Its context files, and where each stands.
    pub(super) context: Vec<Placed<String>>,
    /// Those of them that are not there; a task before it may bring them.
    pub(super) missing: Vec<Placed<String>>,
}

/// Reads a task; nothing, if it is none. One that has no name that could be used is read all the same: all that is wrong is
/// said at once.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node, project: &Path, names: &Names<'_>) -> Option<Draft> {
    let fields = reader.fields(node, &FIELDS, "a task")?;
    let (id, is_named) = id(reader, &fields);
    let before = reader.errors.len();
    let name = reader.text(fields.get("name"));
    if name.is_none() && reader.errors.len() == before {
        reader.error(&fields.range, "this task has no name", "write one line: name: \"What it is about\"");
    }
    let description = reader.text(fields.get("description"));
    if let (Some(name), None) = (&name, &description) {
        let hint = "write description: | and what is to be done below it";
        reader.warn(&name.range, "this task has no description; an agent gets its name alone", hint);
    }
    let name = name.map(|name| one_line(&name.value)).unwrap_or_default();
    let role = known(reader, fields.get("role"), names.roles.as_deref(), "role");
    let workflow = known(reader, fields.get("workflow"), names.workflows.as_deref(), "workflow");
    let check = known(reader, fields.get("check"), names.checks.as_deref(), "check");
    let (context, missing) = context(reader, fields.get("context_files"), project);
    let wanted = deliverables(reader, fields.get("deliverables"), project);
    let role = role.unwrap_or_else(|| "coding".to_owned());
    if let Some(first) = wanted.first().filter(|_| names.readers.contains(&role)) {
        let hint = "leave the deliverables out, or name a role that edits";
        reader.error(&first.range, format!("the role {role} only reads: it brings no files"), hint);
    }
    let assignment = Assignment {
        label: id.value.clone(),
        description: description.map_or_else(|| name.clone(), |text| text.value),
        module: reader.text(fields.get("module")).map(|module| one_line(&module.value)).unwrap_or_default(),
        complexity: complexity(reader, fields.get("estimated_complexity")),
        context_files: context.iter().map(|file| file.value.clone()).collect(),
        deliverables: wanted.iter().map(|wanted| wanted.value.clone()).collect(),
        check: check.map(CheckName),
        budget: reader.dollars(fields.get("budget_usd")),
        ..Assignment::new(name, Lane::Day, &workflow.unwrap_or_else(|| "task".to_owned()), &role)
    };
    let priority = reader.priority(fields.get("priority"));
    let mut depends_on = reader.texts(fields.get("depends_on"));
    for again in repeated(&depends_on) {
        reader.warn(&again.range, format!("{} is named twice", again.value), "remove one");
    }
    let mut seen = Vec::new();
    depends_on.retain(|name| {
        !seen.contains(&name.value) && {
            seen.push(name.value.clone());
            true
        }
    });
    Some(Draft { id, is_named, assignment, priority, depends_on, wanted, context, missing })
}

fn repeated(names: &[Placed<String>]) -> Vec<Placed<String>> {
    let is_again = |at: usize, name: &Placed<String>| names[..at].iter().any(|before| before.value == name.value);
    names.iter().enumerate().filter(|(at, name)| is_again(*at, name)).map(|(_, name)| name.clone()).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads the id, and says whether it can be one. It becomes the name of a folder and of files, so it is plain.
fn id(reader: &mut Reader<'_>, fields: &Fields<'_>) -> (Placed<String>, bool) {
    let before = reader.errors.len();
    let Some(id) = reader.text(fields.get("id")) else {
        if reader.errors.len() == before {
            reader.error(&fields.range, "this task has no id", "write one that no other has: id: task-001");
        }
        return (Placed { range: fields.range.clone(), value: String::new() }, false);
    };
    let is_plain = id.value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !is_plain || id.value.starts_with(['.', '-']) || id.value.len() > LONGEST_ID {
        let hint = format!(
            "it names files: write at most {LONGEST_ID} of letters, digits, - _ and ., and begin with a letter or digit"
        );
        reader.error(&id.range, format!("\"{}\" cannot be an id", id.value), hint);
        return (id, false);
    }
    if id.value.to_lowercase().ends_with("-answer") {
        let hint = "the answers to questions of a task lie in files of that name; call it something else";
        reader.error(&id.range, "an id does not end in -answer", hint);
    }
    (id, true)
}

/// Reads a name; one that is not known is a mistake, where it is known what there is.
fn known(reader: &mut Reader<'_>, field: Option<Field<'_>>, names: Option<&[String]>, what: &str) -> Option<String> {
    let name = reader.text(field)?;
    if let Some(names) = names.filter(|names| !names.contains(&name.value)) {
        let hint = match nearest(&name.value, names.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean {meant}?"),
            None if names.is_empty() => format!("the project has no {what}; leave it out"),
            None => format!("possible are {}", names.join(", ")),
        };
        reader.error(&name.range, format!("there is no {what} {}", name.value), hint);
    }
    Some(name.value)
}

fn complexity(reader: &mut Reader<'_>, field: Option<Field<'_>>) -> Option<Complexity> {
    let text = reader.text(field)?;
    let all = [Complexity::Low, Complexity::Medium, Complexity::High];
    let complexity = all.into_iter().find(|complexity| complexity.name() == text.value.to_lowercase());
    if complexity.is_none() {
        let hint = "write low (1 h), medium (2.5 h) or high (4 h)";
        reader.error(&text.range, format!("\"{}\" is no complexity", text.value), hint);
    }
    complexity
}

fn deliverables(reader: &mut Reader<'_>, field: Option<Field<'_>>, project: &Path) -> Vec<Placed<Deliverable>> {
    let mut read: Vec<Placed<Deliverable>> = Vec::new();
    for said in reader.texts(field) {
        let (message, hint) = match path_in(&said.value, project) {
            Ok(path) => {
                if read.iter().any(|known| known.value.path == path) {
                    reader.warn(&said.range, format!("{path} is named twice"), "remove one");
                } else {
                    let value = Deliverable { said: one_line(&said.value), path };
                    read.push(Placed { range: said.range.clone(), value });
                }
                continue;
            }
            Err(Unclear::Outside(path)) => {
                (format!("{path} is no path inside of the project"), "write a path relative to the project".to_owned())
            }
            Err(Unclear::Git) => {
                ("nothing in .git is delivered".to_owned(), "name what is to be in the tree".to_owned())
            }
            Err(Unclear::NoPath) => (
                format!("\"{}\" names no path", said.value),
                "a deliverable is a file or folder, such as \"Updated docs/X.md\"; put other wishes into the description".to_owned(),
            ),
            Err(Unclear::Several(paths)) => {
                (format!("this names {} paths: {}", paths.len(), paths.join(", ")), "write one a line".to_owned())
            }
        };
        reader.error(&said.range, message, hint);
    }
    read
}

/// Reads the context files, and returns those that are not there besides.
fn context(
    reader: &mut Reader<'_>,
    field: Option<Field<'_>>,
    project: &Path,
) -> (Vec<Placed<String>>, Vec<Placed<String>>) {
    let (mut files, mut missing) = (Vec::new(), Vec::new());
    for file in reader.texts(field) {
        let Some(path) = ProjectPath::new(&file.value) else {
            if matches!(file.value.as_str(), "." | "./") {
                reader.error(
                    &file.range,
                    "the whole project is no context",
                    "name the files and folders to read first",
                );
            } else {
                let hint = "write a path relative to the project";
                reader.error(&file.range, format!("{} is no path inside of the project", file.value), hint);
            }
            continue;
        };
        let place = path.under(project);
        let is_inside = || {
            let (Ok(real), Ok(root)) = (place.canonicalize(), project.canonicalize()) else { return false };
            real.starts_with(root)
        };
        match place.metadata() {
            Err(_) => missing.push(file.clone()),
            Ok(_) if !is_inside() => {
                let hint = "a link leads there; agents read inside the project only";
                reader.error(&file.range, format!("{} is no path inside of the project", file.value), hint);
            }
            Ok(meta) if file.value.ends_with('/') && !meta.is_dir() => {
                let hint = "leave out the slash at the end";
                reader.error(&file.range, format!("{} is a file, not a folder", file.value), hint);
            }
            Ok(_) => {}
        }
        files.push(file);
    }
    (files, missing)
}
