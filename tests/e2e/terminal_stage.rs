//! A stage for terminals: a supervisor that shows one check, whose session is a program of the test's choice.

use std::path::Path;
use std::time::Duration;

use orchestrator_tui::app::effects::places::Places;
use orchestrator_tui::app::effects::terminals;
use orchestrator_tui::app::process::channels::Channels;
use orchestrator_tui::app::project::mark::mark_of;
use orchestrator_tui::app::words::secrecy::Secrecy;
use orchestrator_tui::core::effect::Place;
use orchestrator_tui::core::view::{CheckRow, View};
use orchestrator_tui::edge::control::{ControlReply, Farewell, Server};
use orchestrator_tui::edge::session::{Output, Session, SessionOutput};
use orchestrator_tui::model::check::{CheckKey, CheckName};
use orchestrator_tui::model::id::{Seq, SessionId};
use orchestrator_tui::model::session::{Exit, Rung, Stdin};
use orchestrator_tui::model::time::Wall;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::screen::known;
use crate::site::{PATIENCE, PROGRAM, Site};

pub(crate) const SESSION: SessionId = SessionId(4242);

/// What a session is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A program that a person types into.
    Interactive,
    /// A check as the supervisor runs one: wide, raw, without input.
    Check,
}

/// A session, and who shows it.
pub(crate) struct Stage {
    pub(crate) session: Session,
    output: Output,
    server: Server,
}

impl Stage {
    /// Starts a shell script as a session, and shows it.
    pub(crate) async fn start(site: &Site, kind: Kind, script: &str) -> Self {
        let known = known(site);
        let layout = known.layout.clone();
        layout.create().expect("a state folder");
        let places = Places {
            program: PROGRAM.into(),
            project: known.project.clone(),
            work: layout.work(),
            mark: mark_of(&layout),
            layout: layout.clone(),
            environment: known.environment.clone(),
            secrecy: Secrecy::of(&known),
        };
        let args = vec!["-c".to_owned(), script.to_owned()];
        let mut spec = places.spec(SESSION, Place::Tree, "/bin/sh".into(), args, Duration::from_secs(600));
        if kind == Kind::Interactive {
            spec.stdin = Stdin::Terminal;
            spec.raw = false;
            spec.size = (80, 24);
        }
        let (session, output) = Session::start(Path::new(PROGRAM), &spec).await.expect("it starts");
        let mut channels = Channels::new(layout.root().join("none.db"), false);
        let (caller, mut calls) = mpsc::channel(8);
        let server = Server::start(&layout.control_socket(), channels.sources(caller, "none")).expect("a socket");
        tokio::spawn(terminals::serve(places, channels.attaches.take().expect("not taken yet")));
        tokio::spawn(async move {
            while let Some(call) = calls.recv().await {
                let _ = call.reply.send(ControlReply::refused(404, "there is nothing", ""));
            }
        });
        tokio::spawn(async move {
            let mut audience = channels.views.audience();
            while audience.changed().await.is_ok() {
                channels.views.show(Seq(1), view());
            }
        });
        Self { session, output, server }
    }

    /// Waits until the program has written something, from the first byte that was not looked at yet.
    pub(crate) async fn until_written(&mut self, text: &str) {
        let mut seen = String::new();
        let written = timeout(PATIENCE, async {
            while !seen.contains(text) {
                match self.output.recv().await {
                    Some(SessionOutput::Bytes { bytes, .. }) => seen.push_str(&String::from_utf8_lossy(&bytes)),
                    Some(SessionOutput::Ended(exit)) => panic!("it ended ({exit}) after {seen:?}"),
                    _ => {}
                }
            }
        });
        assert!(written.await.is_ok(), "{text:?} was not written; seen: {seen:?}");
    }

    /// Ends the session and everything else.
    pub(crate) async fn end(mut self) -> Exit {
        let _ = self.session.signal(Rung::Kill);
        let ended = timeout(PATIENCE, async {
            loop {
                if let Some(SessionOutput::Ended(exit)) = self.output.recv().await {
                    return exit;
                }
            }
        });
        let exit = ended.await.expect("it ends");
        self.server.stop(Farewell::default()).await;
        exit
    }
}

fn view() -> View {
    let key = CheckKey { check: CheckName("play".to_owned()), file: None };
    let check = CheckRow {
        key,
        verdict: None,
        since: None,
        took: 0,
        failures: 0,
        running: Some(Wall(1)),
        wanted: false,
        session: Some(SESSION),
    };
    View { checks: vec![check], ..View::default() }
}
