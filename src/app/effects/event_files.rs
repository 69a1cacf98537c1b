//! Takes in JSON files that are dropped into the folder for events (`EVENT_DIR`), and moves them out of the way.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::app::effects::policy;
use crate::app::effects::tools::Tools;
use crate::app::project::configured::Configured;
use crate::app::project::mark::hex;
use crate::config::nearest;
use crate::core::input::{Dropped, Input};
use crate::edge::watch::{Complete, WatchError};
use crate::edge::workspace::move_to_free;
use crate::model::event::{EXPOSED, EventFile};
use crate::model::id::TaskId;

/// The folder, below that for events, of those that were taken in.
const PROCESSED: &str = "processed";

/// Begins the name, in that folder, of a file that is looked at once more before it is put away.
const HELD: &str = ".held-";

/// How much of a file is read, in bytes: more than any event has.
const MOST: u64 = 256 * 1024;

/// How many names may wait before the watch has to.
const NAMES: usize = 64;

/// How often the folder is looked at where the system cannot watch it, or a file in it cannot be read.
const POLL: Duration = Duration::from_secs(5);

/// The keys that a file may have.
const KEYS: [&str; 3] = ["type", "data", "task"];

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

/// Begins to take in what lies in the folder for events and what comes, as long as there is one.
pub fn begin(tools: &Arc<Tools>, inbox: &mpsc::Sender<Input>) {
    tokio::spawn(follow(Arc::clone(tools), inbox.clone()));
}

/// Takes in what lies in the folder that the configuration names, whichever that is by now.
async fn follow(tools: Arc<Tools>, inbox: mpsc::Sender<Input>) {
    let mut configurations = tools.configurations();
    let named = |configured: &Configured| {
        let folder = configured.settings.events.folder.clone()?;
        let is_exposed = policy::may_write(configured, &tools.places, &folder);
        Some((folder, is_exposed))
    };
    loop {
        let now = named(&configurations.borrow_and_update());
        let taking = async {
            match &now {
                Some((folder, is_exposed)) => take_in(folder, *is_exposed, &inbox).await,
                None => inbox.closed().await,
            }
        };
        tokio::select! {
            () = taking => return,
            changed = configurations.wait_for(|configured| named(configured) != now) => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// Takes in what lies in a folder and what comes, until nobody listens; `is_exposed`: agents may write there by themselves.
async fn take_in(folder: &Path, is_exposed: bool, inbox: &mpsc::Sender<Input>) {
    if let Err(error) = fs::create_dir_all(folder) {
        tracing::warn!(%error, folder = %folder.display(), "the folder for events cannot be made");
    }
    bring_back(folder);
    let (sender, mut told) = mpsc::channel(NAMES);
    let mut watch = begin_to_watch(folder, &sender);
    if let Err(error) = &watch {
        tracing::warn!(%error, folder = %folder.display(), "the folder for events is looked at every few seconds");
    }
    // What came when nobody watched.
    let mut names = list(folder);
    let mut is_unreadable = false;
    loop {
        for name in names {
            let (file, said) = match look(folder, &name) {
                Found::Nothing => continue,
                Found::File(file, said) => (file, said),
                Found::Unreadable(file, why) => {
                    is_unreadable = true;
                    (file, Err(why))
                }
            };
            let said = if is_exposed { Err(EXPOSED.to_owned()) } else { said };
            if inbox.send(Input::EventFile(file, said)).await.is_err() {
                return;
            }
        }
        // That a file may be read from now on is told by nobody.
        let polls = watch.is_err() || is_unreadable;
        let one = tokio::select! {
            () = inbox.closed() => return,
            Some(told) = told.recv() => {
                if told.is_none() {
                    // It may be gone, and be made again as another one.
                    watch = begin_to_watch(folder, &sender);
                }
                told
            }
            () = tokio::time::sleep(POLL), if polls => {
                if watch.is_err() {
                    watch = begin_to_watch(folder, &sender);
                }
                None
            }
        };
        is_unreadable &= one.is_some();
        names = one.map_or_else(|| list(folder), |name| vec![name]);
    }
}

fn begin_to_watch(folder: &Path, sender: &mpsc::Sender<Option<String>>) -> Result<Complete, WatchError> {
    let sender = sender.clone();
    // Fails when nobody listens any more.
    Complete::watch(folder, move |name| drop(sender.blocking_send(name)))
}

/// Returns the names in a folder; of one that is not there, none.
fn list(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// What there is by a name in the folder.
#[derive(Debug)]
enum Found {
    /// Nothing that is meant for us.
    Nothing,
    /// A file, and what it says.
    File(EventFile, Result<Dropped, String>),
    /// A file that cannot be read now, and why.
    Unreadable(EventFile, String),
}

/// Reads a file, if it is one for events.
fn look(folder: &Path, name: &str) -> Found {
    if name.starts_with('.') || Path::new(name).extension().is_none_or(|end| end != "json") {
        return Found::Nothing;
    }
    let path = folder.join(name);
    let about = path.symlink_metadata();
    let is_file = about.as_ref().is_ok_and(fs::Metadata::is_file);
    found(name, about, || if is_file { read(&path, name).map(Some) } else { Ok(None) })
}

/// Says what a file is, by what is known about it and what is read from it; nothing is read from what is no file.
fn found(name: &str, about: io::Result<fs::Metadata>, read: impl FnOnce() -> io::Result<Option<Content>>) -> Found {
    let file = |mark| EventFile { name: name.to_owned(), mark };
    let unreadable = |mark, error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Found::Nothing,
        _ => Found::Unreadable(file(mark), format!("it cannot be read: {error}")),
    };
    let about = match about {
        Ok(about) => about,
        Err(error) => return unreadable(String::new(), error),
    };
    if about.is_symlink() {
        return Found::File(file(mark(&about)), Err("it is a link; put the file itself there".to_owned()));
    }
    match read() {
        Ok(None) => Found::Nothing,
        // What has taken its place is told, too.
        Ok(Some(content)) if !content.is_of(&about) => Found::Nothing,
        Ok(Some(content)) => Found::File(content.file, said(&content.bytes)),
        Err(error) => unreadable(mark(&about), error),
    }
}

/// What was read from a file.
struct Content {
    file: EventFile,
    about: fs::Metadata,
    bytes: Vec<u8>,
}

impl Content {
    /// Whether it was read from the file that this is known about.
    fn is_of(&self, about: &fs::Metadata) -> bool {
        (self.about.dev(), self.about.ino()) == (about.dev(), about.ino())
    }
}

/// Returns what tells a file from others without a look into it.
fn mark(about: &fs::Metadata) -> String {
    format!("{}:{}:{}.{}", about.dev(), about.ino(), about.mtime(), about.mtime_nsec())
}

/// Reads a file, and what tells it from all others.
fn read(path: &Path, name: &str) -> io::Result<Content> {
    let open = fs::File::open(path)?;
    let about = open.metadata()?;
    let mut bytes = Vec::new();
    open.take(MOST + 1).read_to_end(&mut bytes)?;
    let mark = format!("{}:{}", mark(&about), hex(&Sha256::digest(&bytes)[..8]));
    Ok(Content { file: EventFile { name: name.to_owned(), mark }, about, bytes })
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
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("{error}; {HINT}"))?;
    // A mistyped key would be an event about nothing.
    let strange = value.as_object().into_iter().flat_map(|keys| keys.keys()).find(|key| !KEYS.contains(&key.as_str()));
    if let Some(key) = strange {
        let meant = nearest(key, KEYS).map_or_else(
            || format!("there are {}; what is known besides belongs in `data`", KEYS.join(", ")),
            |key| format!("did you mean `{key}`?"),
        );
        return Err(format!("there is no key `{key}`; {meant}"));
    }
    let written: Written = serde_json::from_value(value).map_err(|error| format!("{error}; {HINT}"))?;
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
    let is_it = |path: &Path| Ok::<bool, io::Error>(read(path, &file.name)?.file == *file);
    match is_it(&from) {
        Ok(true) => {}
        Ok(false) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    put_away_now(folder, file, &from, is_it)
}

/// Moves a file out of reach first, and looks at it there: another one may have taken its name since it was looked at.
fn put_away_now(
    folder: &Path,
    file: &EventFile,
    from: &Path,
    is_it: impl Fn(&Path) -> io::Result<bool>,
) -> io::Result<()> {
    let processed = folder.join(PROCESSED);
    fs::create_dir_all(&processed)?;
    let held = processed.join(format!("{HELD}{}", file.name));
    match move_to_free(from, &held) {
        // It is gone, or is being put away already.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => return Ok(()),
        moved => moved?,
    }
    let to = if is_it(&held)? { &processed } else { folder };
    release(&held, to, &file.name)
}

/// Gives a file a name that is free in a folder: its own, or that with a number.
fn release(held: &Path, folder: &Path, name: &str) -> io::Result<()> {
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let mut number = 1_u32;
    loop {
        let free = if number == 1 { name.to_owned() } else { format!("{stem}-{number}.json") };
        match move_to_free(held, &folder.join(free)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
            moved => return moved,
        }
    }
}

/// Gives back what a supervisor held that died over it; whether it was taken in is known by what it holds.
fn bring_back(folder: &Path) {
    let processed = folder.join(PROCESSED);
    for held in list(&processed) {
        let Some(name) = held.strip_prefix(HELD) else { continue };
        if let Err(error) = release(&processed.join(&held), folder, name) {
            tracing::warn!(%error, file = held, "it stays in the folder of those that were taken in");
        }
    }
}

#[cfg(test)]
mod tests;
