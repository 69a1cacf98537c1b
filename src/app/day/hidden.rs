//! Which paths of a project no result can bring: what ignore rules hide, and the files of days themselves.

use std::collections::BTreeMap;
use std::path::Path;

use crate::app::day::folder::Folder;
use crate::app::effects::tools::Tools;
use crate::core::command::Command;
use crate::edge::workspace::{self, Wanted};
use crate::model::assignment::BatchKind;
use crate::model::path::ProjectPath;

/// Returns why some of these paths are hidden, beside the task files of these days; of the second part of each path,
/// whether a folder is meant.
pub fn hidden(project: &Path, days: &[Folder], wanted: &[(ProjectPath, bool)]) -> BTreeMap<ProjectPath, String> {
    let asked = wanted.iter().map(|(path, is_folder)| Wanted { path: path.clone(), is_folder: *is_folder });
    let mut hidden = workspace::hidden(project, &asked.collect::<Vec<_>>()).unwrap_or_else(|error| {
        // What is not known is not refused: a deliverable that is missing is said later, too.
        tracing::warn!(%error, "which paths git ignores is not known");
        BTreeMap::new()
    });
    for (path, _) in wanted {
        if days.iter().any(|day| day.is_own(&path.under(project))) {
            hidden.insert(path.clone(), "the files of the day itself lie there".to_owned());
        }
    }
    hidden
}

/// Says why a command cannot be carried out that wants what no result can bring. Starts git once, if it wants anything.
pub fn refused(tools: &Tools, command: &Command) -> Option<String> {
    let Command::File { filing } = command else { return None };
    let deliverables = || filing.tasks.iter().flat_map(|task| &task.assignment.deliverables);
    let wanted: Vec<(ProjectPath, bool)> = deliverables().map(|it| (it.path.clone(), it.is_folder())).collect();
    if wanted.is_empty() {
        return None;
    }
    let mut days = tools.days();
    if let Some(BatchKind::Day { folder, .. }) = filing.batch.as_ref().map(|batch| &batch.kind) {
        days.push(Folder::at(folder.clone()));
    }
    let (path, why) = hidden(&tools.places.project, &days, &wanted).pop_first()?;
    Some(format!("{path} can never be delivered: {why}"))
}
