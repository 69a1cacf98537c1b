//! Lets an agent of kind `command` ask by files: its folder, the watch on it, and how long to wait for a writer.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

use crate::app::places::Places;
use crate::core::effect::AgentOrder;
use crate::core::secrets::Redactor;
use crate::edge::agent::question_files::{Folder, SETTLE};
use crate::edge::watch::{Complete, Told};
use crate::model::agent::AgentReport;
use crate::model::question::Reply;

/// The variable that names the folder.
pub const FOLDER: &str = "ORCHESTRATOR_QUESTIONS_DIR";
/// The variable that names the task, as its files are called.
pub const TASK: &str = "ORCHESTRATOR_TASK";
/// How many names may wait before the watch has to.
const NAMES: usize = 64;
/// How often the folder is looked at where the system cannot watch it.
const POLL: Duration = Duration::from_secs(5);

/// What an agent asks in its folder.
pub struct FileQuestions {
    folder: Folder,
    told: mpsc::Receiver<Told>,
    watch: Option<Complete>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Where it is made for the run, and goes with it.
    own: Option<PathBuf>,
}

/// Where a run asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In this folder.
    pub folder: PathBuf,
    /// In files that are called like that.
    pub name: String,
    /// Whether the folder is made for the run, and goes with it.
    pub is_own: bool,
}

/// Returns where a run asks: beside its task file, or in a folder of its own.
pub fn place(places: &Places, order: &AgentOrder) -> Place {
    if let Some((day, assignment)) = order.day.as_ref().zip(order.task.assignment()) {
        return Place { folder: day.join("agent_questions"), name: assignment.label.clone(), is_own: false };
    }
    let folder = places.layout.root().join("questions").join(order.session.0.to_string());
    Place { folder, name: format!("task-{}", order.task.id.0), is_own: true }
}

impl FileQuestions {
    /// Opens the place and begins to watch it.
    ///
    /// # Errors
    /// If it cannot be made or read.
    pub fn open(place: &Place, redactor: Redactor) -> io::Result<Self> {
        let (folder, own) = (place.folder.as_path(), place.is_own);
        if own {
            // What a killed supervisor has left.
            let _ = std::fs::remove_dir_all(folder);
        }
        let only = (!own).then(|| place.name.clone());
        let opened = Folder::open(folder, only, redactor)?;
        let (sender, told) = mpsc::channel(NAMES);
        let watch = Complete::watch(folder, move |name| {
            // Fails when the run is over.
            let _ = sender.blocking_send(name);
        });
        let watch =
            watch.inspect_err(|error| tracing::warn!(%error, "question files are looked for every few seconds")).ok();
        let own = own.then(|| folder.to_owned());
        let mut questions = Self { folder: opened, told, watch, timer: None, own };
        questions.wait();
        Ok(questions)
    }

    /// Returns what is new, as soon as something is. Nothing is lost if it is not waited for to the end.
    pub async fn next(&mut self) -> Vec<AgentReport> {
        let timer = &mut self.timer;
        let reports = tokio::select! {
            Some(name) = self.told.recv() => match name {
                Told::File(file) => self.folder.changed(&file),
                Told::Missed => self.folder.look(),
                Told::Gone => {
                    // Made again, it is another one.
                    self.watch = None;
                    self.folder.look()
                }
            },
            () = async { if let Some(timer) = timer.as_mut() { timer.await } }, if timer.is_some() => {
                let settled = self.folder.settle();
                if self.watch.is_none() { self.folder.look().into_iter().chain(settled).collect() } else { settled }
            }
            else => std::future::pending().await,
        };
        self.wait();
        reports
    }

    /// Sets the timer for what has to be looked at without a notice.
    fn wait(&mut self) {
        let unsettled = self.folder.is_unsettled().then_some(SETTLE);
        let span = if self.watch.is_none() { unsettled.or(Some(POLL)) } else { unsettled };
        self.timer = span.map(|span| Box::pin(sleep(span)));
    }

    /// Writes what was said to a request.
    pub fn answer(&mut self, request: &str, reply: &Reply) -> Vec<AgentReport> {
        self.folder.answer(request, reply)
    }

    /// Whether an answer is waited for.
    pub fn is_waiting(&self) -> bool {
        self.folder.is_waiting()
    }
}

impl Drop for FileQuestions {
    fn drop(&mut self) {
        if let Some(folder) = &self.own {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
