//! Reads what happens in a story: `emit pr.created #3 {"number": 7}`, `dropped one.json pr.created`.

use orchestrator_tui::core::input::{Dropped, Input};
use orchestrator_tui::model::event::EventFile;
use orchestrator_tui::model::id::TaskId;

/// Reads an event: its type, then its task and its data, if they are named.
pub(super) fn read(text: &str) -> Result<(String, String, Option<TaskId>), String> {
    let (event, mut rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut task = None;
    if let Some(named) = rest.strip_prefix('#') {
        let (number, data) = named.split_once(' ').unwrap_or((named, ""));
        task = Some(TaskId(number.parse().map_err(|_| format!("{number} is no task"))?));
        rest = data;
    }
    let data = if rest.is_empty() { "{}" } else { rest };
    Ok((event.to_owned(), data.to_owned(), task))
}

/// Reads a file that was dropped: its name, then what is in it; `unreadable` if that is nothing that could be read.
pub(super) fn dropped(text: &str) -> Result<Input, String> {
    let (name, rest) = text.split_once(' ').ok_or("what is in it?")?;
    let file = EventFile { name: name.to_owned(), mark: rest.to_owned() };
    if rest == "unreadable" {
        return Ok(Input::EventFile(file, Err("it is not JSON".to_owned())));
    }
    let (event, data, task) = read(rest)?;
    Ok(Input::EventFile(file, Ok(Dropped { event, data, task })))
}
