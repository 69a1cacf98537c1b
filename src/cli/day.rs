//! Carries out the verbs about a day's work: what a task file asks for.

use std::path::Path;

use serde_json::json;

use super::args::Start;
use super::verbs::{pretty, say};
use crate::app::day::outline;
use crate::app::failure::{Code, Failure};
use crate::app::setup::{self, Site};
use crate::app::voice::complain;
use crate::config::{Names, Overrides, read_task_file};

/// `start FILE`
pub(super) fn start(site: &Site, wish: &Start) -> Result<u8, Failure> {
    if !wish.dry_run {
        return Err(Failure::refused(
            "task files are read and checked, and not run yet; nothing was started\nhint: `start FILE --dry-run` says what the day would be",
        ));
    }
    outlined(site, &wish.file, wish.json)
}

/// Says what is wrong with a task file, or what its day would be; starts nothing.
fn outlined(site: &Site, file: &Path, json: bool) -> Result<u8, Failure> {
    let read = match read_task_file(file, &site.project, &names(site)?) {
        Ok(read) => read,
        Err(mistakes) if json => {
            say(&pretty(&json!({ "ok": false, "errors": mistakes })));
            return Ok(Code::Usage as u8);
        }
        Err(mistakes) => return Err(setup::wrong("the task file", &mistakes)),
    };
    if json {
        let mut value = outline::json(&read.file);
        value["ok"] = json!(true);
        value["warnings"] = json!(read.warnings);
        say(&pretty(&value));
        return Ok(0);
    }
    for warning in &read.warnings {
        complain(&warning.to_string());
    }
    say(&outline::text(&read.file));
    Ok(0)
}

/// Returns what a task of this project may name.
fn names(site: &Site) -> Result<Names, Failure> {
    let loaded = site.load(Overrides::default())?;
    let checks = loaded.settings.checks.iter().map(|check| check.name.to_string()).collect();
    Ok(Names { checks: Some(checks), ..Names::default() })
}
