//! Takes in JSON files that are dropped into the folder for events (`EVENT_DIR`), and moves them out of the way.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::app::places::{Places, hex};
use crate::core::input::{Dropped, Input};
use crate::edge::watch::Complete;
use crate::model::event::EventFile;
use crate::model::id::TaskId;

/// The folder, below that for events, of those that were taken in.
const PROCESSED: &str = "processed";

/// How much of a file is read, in bytes: more than any event has.
const MOST: u64 = 256 * 1024;

/// How many names may wait before the watch has to.
const NAMES: usize = 64;

/// How often the folder is looked at where the system cannot watch it.
const POLL: Duration = Duration::from_secs(5);

/// What may stand in a file.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    task: Option<Value>,
}

/// Begins to take in what lies in the folder for events and what comes, if there is one.
pub fn begin(places: &Places, inbox: &mpsc::Sender<Input>) {
    if let Some(folder) = places.events.clone() {
        tokio::spawn(take_in(folder, inbox.clone()));
    }
}

/// Takes in what lies in a folder and what comes, until nobody listens.
async fn take_in(folder: PathBuf, inbox: mpsc::Sender<Input>) {
    let (sender, mut told) = mpsc::channel(NAMES);
    let made = fs::create_dir_all(&folder).map_err(|error| error.to_string());
    let watch = made.and_then(|()| {
        let told = move |name| {
            // Fails when nobody listens any more.
            let _ = sender.blocking_send(name);
        };
        Complete::watch(&folder, told).map_err(|error| error.to_string())
    });
    if let Err(error) = &watch {
        tracing::warn!(%error, folder = %folder.display(), "the folder for events is looked at every few seconds");
    }
    // What came when nobody watched.
    let mut names = list(&folder);
    loop {
        for name in names {
            let Some(input) = look(&folder, &name) else { continue };
            if inbox.send(input).await.is_err() {
                return;
            }
        }
        names = tokio::select! {
            told = told.recv(), if watch.is_ok() => match told {
                Some(Some(name)) => vec![name],
                Some(None) => list(&folder),
                None => return,
            },
            () = tokio::time::sleep(POLL), if watch.is_err() => list(&folder),
        };
    }
}

/// Returns the names in a folder; of one that is not there, none.
fn list(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Reads a file, if it is one for events.
fn look(folder: &Path, name: &str) -> Option<Input> {
    let is_meant = Path::new(name).extension().is_some_and(|end| end == "json") && !name.starts_with('.');
    let path = folder.join(name);
    // A link may lead anywhere.
    if !is_meant || !path.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let (file, bytes) = read(&path, name).ok()?;
    Some(Input::EventFile(file, said(&bytes)))
}

/// Reads a file, and what tells it from all others.
fn read(path: &Path, name: &str) -> io::Result<(EventFile, Vec<u8>)> {
    let open = fs::File::open(path)?;
    let about = open.metadata()?;
    let mut bytes = Vec::new();
    open.take(MOST + 1).read_to_end(&mut bytes)?;
    let digest = hex(&Sha256::digest(&bytes)[..8]);
    let mark = format!("{}:{}:{}.{}:{digest}", about.dev(), about.ino(), about.mtime(), about.mtime_nsec());
    Ok((EventFile { name: name.to_owned(), mark }, bytes))
}

/// Reads what a file says.
///
/// # Errors
/// What is wrong with it.
fn said(bytes: &[u8]) -> Result<Dropped, String> {
    const HINT: &str = r#"write {"type": "pr.created", "data": {…}}"#;
    if bytes.len() as u64 > MOST {
        return Err(format!("it has more than {MOST} bytes"));
    }
    let written: Written = serde_json::from_slice(bytes).map_err(|error| format!("{error}; {HINT}"))?;
    let task = match written.task {
        None | Some(Value::Null) => None,
        Some(task) => Some(task_of(&task).ok_or_else(|| format!("{task} is no task"))?),
    };
    Ok(Dropped { event: written.kind, data: written.data.to_string(), task })
}

fn task_of(value: &Value) -> Option<TaskId> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()).map(TaskId),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Moves a file that was taken in out of the way, unless another one of its name has come.
///
/// # Errors
/// Why it stays.
pub fn put_away(folder: &Path, file: &EventFile) -> io::Result<()> {
    let from = folder.join(&file.name);
    match read(&from, &file.name) {
        Ok((known, _)) if known == *file => {}
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    let processed = folder.join(PROCESSED);
    fs::create_dir_all(&processed)?;
    let stem = Path::new(&file.name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let numbered = (2..).map(|number| processed.join(format!("{stem}-{number}.json")));
    let free = std::iter::once(processed.join(&file.name)).chain(numbered).find(|path| !path.exists());
    free.map_or(Ok(()), |to| fs::rename(from, to))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    fn taken(folder: &Path, name: &str) -> (EventFile, Result<Dropped, String>) {
        match look(folder, name).unwrap() {
            Input::EventFile(file, said) => (file, said),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_file_is_read_told_apart_and_put_away() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("a.json", r#"{"type": "pr.created", "data": {"number": 7}, "task": "3", "more": 1}"#);
        let (file, said) = taken(folder.path(), "a.json");
        let data = r#"{"number":7}"#.to_owned();
        assert_eq!(said, Ok(Dropped { event: "pr.created".to_owned(), data, task: Some(TaskId(3)) }));
        assert_eq!(taken(folder.path(), "a.json").0, file, "it is the same one");

        // Another one of its name stays; the one that was taken goes.
        fs::rename(folder.path().join("a.json"), folder.path().join("kept")).unwrap();
        write("a.json", r#"{"type": "pr.created"}"#);
        put_away(folder.path(), &file).unwrap();
        let (other, said) = taken(folder.path(), "a.json");
        assert_ne!(other, file);
        assert_eq!(said.unwrap().data, "null");
        put_away(folder.path(), &other).unwrap();
        put_away(folder.path(), &other).unwrap();
        assert!(folder.path().join("processed/a.json").exists() && !folder.path().join("a.json").exists());
        fs::rename(folder.path().join("kept"), folder.path().join("a.json")).unwrap();
        put_away(folder.path(), &file).unwrap();
        assert!(folder.path().join("processed/a-2.json").exists());
    }

    #[test]
    fn what_is_no_event_is_said_or_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.txt", ".a.json", "a.json~"] {
            fs::write(folder.path().join(name), "{}").unwrap();
            assert!(look(folder.path(), name).is_none(), "{name}");
        }
        fs::create_dir(folder.path().join("b.json")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("c.json")).unwrap();
        assert!(look(folder.path(), "b.json").is_none() && look(folder.path(), "c.json").is_none());
        for (text, part) in
            [("{", "write {"), (r#"{"data": 1}"#, "type"), (r#"{"type": "a.b", "task": "x"}"#, "no task")]
        {
            fs::write(folder.path().join("bad.json"), text).unwrap();
            let said = taken(folder.path(), "bad.json").1.unwrap_err();
            assert!(said.contains(part), "{said}");
        }
    }
}
