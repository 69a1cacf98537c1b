//! Lets an agent of kind `command` ask by files: its folder, the watch on it, and how long to wait for a writer.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

use crate::app::day::folder::{Folder as DayFolder, is_plain};
use crate::app::effects::places::Places;
use crate::core::effect::AgentOrder;
use crate::core::secrets::Redactor;
use crate::edge::agent::question_files::{Beside, Folder, SETTLE, Side};
use crate::edge::store::Layout;
use crate::edge::watch::Complete;
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
    told: mpsc::Receiver<(Side, Option<String>)>,
    /// The watches, and whether there is one wherever something may come.
    _watches: Vec<Complete>,
    is_watched: bool,
    timer: Option<Pin<Box<Sleep>>>,
    /// Made for the run, and goes with it.
    own: PathBuf,
    /// Where a person finds the question.
    day: Option<(DayFolder, String)>,
}

/// Where a run asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In this folder, which is made for the run.
    pub folder: PathBuf,
    /// In files that are called like that.
    pub name: String,
    /// The folder of the day, where a person finds the question and may answer it; none for work of no task file.
    pub day: Option<PathBuf>,
}

/// Returns where a run asks: in a folder of its own in the state, so that no agent reaches what another one asks or what a
/// person says.
pub fn place(places: &Places, order: &AgentOrder) -> Place {
    let folder = self::folder(&places.layout).join(order.session.0.to_string());
    let of_day = order.day.clone().zip(order.task.assignment().map(|assignment| assignment.label.clone()));
    match of_day.filter(|(_, label)| is_plain(label) && !label.ends_with("-answer")) {
        Some((day, label)) => Place { folder, name: label, day: Some(day) },
        None => Place { folder, name: format!("task-{}", order.task.id.0), day: None },
    }
}

/// Returns where those are that are made for runs.
pub fn folder(layout: &Layout) -> PathBuf {
    layout.root().join("questions")
}

impl FileQuestions {
    /// Opens the place and begins to watch it. `may_write`: whether the agent itself may write at a path.
    ///
    /// # Errors
    /// If it cannot be made or read.
    pub fn open(place: &Place, redactor: Redactor, may_write: impl Fn(&Path) -> bool) -> io::Result<Self> {
        let own = place.folder.clone();
        let day = place.day.clone().map(|day| (DayFolder::at(day), place.name.clone()));
        let beside = day.as_ref().and_then(|(day, name)| {
            let made = day.questions().inspect_err(|error| tracing::warn!(%error, "questions are shown in no file"));
            let folder = made.ok()?;
            Some(Beside { counts: !may_write(&folder), folder, name: name.clone() })
        });
        let opened = Folder::open(&own, beside.clone(), redactor)?;
        let (sender, told) = mpsc::channel(NAMES);
        let watch = |side: Side, folder: &Path| {
            let sender = sender.clone();
            let told = move |name| {
                // Fails when the run is over.
                let _ = sender.blocking_send((side, name));
            };
            let watch = Complete::watch(folder, told);
            watch.inspect_err(|error| tracing::warn!(%error, "question files are looked for every few seconds")).ok()
        };
        let both = [Some((Side::Agent, own.as_path())), beside.as_ref().map(|it| (Side::Person, it.folder.as_path()))];
        let watches: Vec<Option<Complete>> = both.into_iter().flatten().map(|(side, at)| watch(side, at)).collect();
        let is_watched = watches.iter().all(Option::is_some);
        let watches = watches.into_iter().flatten().collect();
        let mut questions = Self { folder: opened, told, _watches: watches, is_watched, timer: None, own, day };
        questions.wait();
        Ok(questions)
    }

    /// Returns what is new, as soon as something is. Nothing is lost if it is not waited for to the end.
    pub async fn next(&mut self) -> Vec<AgentReport> {
        let timer = &mut self.timer;
        let reports = tokio::select! {
            Some((side, told)) = self.told.recv() => if let Some(file) = told {
                self.folder.changed(side, &file)
            } else {
                // Some were missed, or the folder is gone: made again, it is another one.
                self.is_watched = false;
                self.folder.look()
            },
            () = async { if let Some(timer) = timer.as_mut() { timer.await } }, if timer.is_some() => {
                let settled = self.folder.settle();
                if self.is_watched { settled } else { self.folder.look().into_iter().chain(settled).collect() }
            }
            else => std::future::pending().await,
        };
        for report in &reports {
            self.show(report);
        }
        self.wait();
        reports
    }

    /// Lets a person read what is asked, beside the task file.
    fn show(&self, report: &AgentReport) {
        let Some((day, name)) = &self.day else { return };
        let done = match report {
            AgentReport::Asks(ask) => match self.folder.to_show(&ask.request) {
                Some(text) => day.write_question(name, &text).map(drop),
                None => Ok(()),
            },
            AgentReport::Withdrew { request } if self.folder.is_shown(request) => day.take_question_back(name),
            _ => Ok(()),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "what an agent asks cannot be shown beside its task file");
        }
    }

    /// Sets the timer for what has to be looked at without a notice.
    fn wait(&mut self) {
        let unsettled = self.folder.is_unsettled().then_some(SETTLE);
        let span = if self.is_watched { unsettled } else { unsettled.or(Some(POLL)) };
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
        let _ = std::fs::remove_dir_all(&self.own);
    }
}
