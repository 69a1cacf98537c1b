//! Reads work that a person files in a story: `file a=src/a.py b=src/b.py<a report!reviewer<a,b +auto +check=unit`.

use std::path::PathBuf;

use orchestrator_tui::model::assignment::{Assignment, BatchKind, Deliverable, Lane};
use orchestrator_tui::model::check::CheckName;
use orchestrator_tui::model::filing::{After, Filing, NewBatch, NewTask, Redo};
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::model::settings::LandMode;

use super::person::spent;
use super::stage::path;

/// Reads a filing: a word for each task, `NAME=FILE,FILE!ROLE<NAME,NAME`, words with `+` about all of
/// them, `$9.00` for what they may cost, `/day/other.yaml` for another file, `^1` for batch 1 again, `^failed` and `^all` for
/// what is done again of a day.
pub(super) fn read(text: &str) -> Result<Filing, String> {
    let (mut landing, mut lane, mut budget, mut held) = (LandMode::Ask, Lane::Day, None, false);
    let (mut again, mut redo) = (None, Redo::Changed);
    let mut check = None;
    let mut tasks = Vec::new();
    let mut file = PathBuf::from("/day/day.yaml");
    for word in text.split(' ') {
        match word {
            "+auto" => landing = LandMode::Auto,
            "+created" => held = true,
            "+sessions" => lane = Lane::Session,
            "+queue" => lane = Lane::Queue,
            "^failed" => redo = Redo::Failed,
            "^all" => redo = Redo::All,
            _ if word.starts_with('/') => file = PathBuf::from(word),
            _ if word.starts_with('^') => again = Some(word[1..].parse().map_err(|error| format!("{word}: {error}"))?),
            _ if let Some(name) = word.strip_prefix("+check=") => check = Some(CheckName(name.to_owned())),
            _ if word.starts_with('$') => budget = Some(spent(word)?.usd),
            _ => tasks.push(task(word)?),
        }
    }
    for task in &mut tasks {
        (task.assignment.land, task.assignment.lane, task.held) = (landing, lane, held);
        task.assignment.check.clone_from(&check);
    }
    let kind = BatchKind::Day { file, folder: PathBuf::from("/day"), date: "2026-01-01".to_owned() };
    Ok(Filing { batch: Some(NewBatch { kind, budget, again, redo }), tasks })
}

fn task(word: &str) -> Result<NewTask, String> {
    let (rest, after) = word.split_once('<').unwrap_or((word, ""));
    let (rest, role) = rest.split_once('!').unwrap_or((rest, "coding"));
    let (name, files) = rest.split_once('=').unwrap_or((rest, ""));
    let files = files.split(',').filter(|file| !file.is_empty());
    let deliverables = files.map(|file| Ok(Deliverable { said: file.to_owned(), path: path(file)? }));
    let after = after.split(',').filter(|name| !name.is_empty()).map(|name| {
        let number = name.strip_prefix('#').and_then(|number| number.parse().ok());
        number.map_or_else(|| After::Label(name.to_owned()), |number| After::Task(TaskId(number)))
    });
    let assignment = Assignment {
        label: name.to_owned(),
        description: format!("Make {name}."),
        deliverables: deliverables.collect::<Result<_, String>>()?,
        ..Assignment::new(format!("make {name}"), Lane::Day, "task", role)
    };
    Ok(NewTask { assignment: Box::new(assignment), after: after.collect(), priority: 0, held: false })
}
