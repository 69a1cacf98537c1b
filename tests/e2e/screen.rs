//! A person's screen without the drawing: starts or finds the supervisor, and takes in what it shows.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use orchestrator_tui::app::failure::Failure;
use orchestrator_tui::app::process::background::{self, Attached};
use orchestrator_tui::app::project::setup;
use orchestrator_tui::config::Overrides;
use orchestrator_tui::core::view::View;
use orchestrator_tui::edge::control::{Client, Company, Ending, ViewNews, ViewStream};
use orchestrator_tui::edge::store::Layout;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::site::{PATIENCE, PROGRAM, Site};

/// Returns the site as the app knows it.
pub(crate) fn known(site: &Site) -> setup::Site {
    let project = site.project.canonicalize().expect("it is there");
    let layout = Layout::for_project(&project, &site.state(), None).expect("a layout");
    let environment: BTreeMap<String, String> = site
        .command(&[])
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value?.to_str()?.to_owned())))
        .collect();
    setup::Site { project, layout, environment, state_root: site.state() }
}

/// Agrees to run what the project's configuration says.
pub(crate) fn trust(site: &Site) {
    let known = known(site);
    let loaded = known.load(Overrides::default()).expect("a good configuration");
    known.trust(&loaded, true).expect("recorded");
}

/// Finds or starts the supervisor.
pub(crate) async fn attach(site: &Site) -> Result<Attached, Failure> {
    attach_with(site, &Overrides::default()).await
}

/// As [`attach`], with flags.
pub(crate) async fn attach_with(site: &Site, flags: &Overrides) -> Result<Attached, Failure> {
    let known = known(site);
    timeout(PATIENCE, background::attach(Path::new(PROGRAM), &known, flags, &watch::Sender::default()))
        .await
        .expect("in time")
}

/// Connects to the supervisor that runs.
pub(crate) async fn client(site: &Site) -> Client {
    Client::connect(&known(site).layout.control_socket()).await.expect("it runs")
}

/// What a person sees.
pub(crate) struct Screen {
    pub(crate) client: Client,
    pub(crate) view: View,
    pub(crate) company: Company,
    stream: ViewStream,
}

impl Screen {
    /// Trusts the project, starts the supervisor and looks at it.
    pub(crate) async fn start(site: &Site) -> Self {
        trust(site);
        let attached = attach(site).await.expect("it starts");
        assert!(attached.remarks.is_some(), "it ran already");
        Self::open(attached.client, true).await
    }

    /// Looks, with a lease or without.
    pub(crate) async fn open(client: Client, lease: bool) -> Self {
        let (first, stream) = timeout(PATIENCE, client.view(lease)).await.expect("in time").expect("a view");
        Self { client, view: first.view, company: first.company, stream }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.view.head.pid
    }

    /// Waits for the next news, and takes it in.
    pub(crate) async fn next(&mut self) -> ViewNews {
        let news = timeout(PATIENCE, self.stream.next()).await.expect("something happens");
        match &news {
            ViewNews::Changed(delta) => self.view.apply((**delta).clone()),
            ViewNews::Company(company) => self.company = *company,
            ViewNews::Ended(_) => {}
        }
        news
    }

    /// Takes in what comes until it looks as it should.
    pub(crate) async fn until(&mut self, what: &str, fits: impl Fn(&View) -> bool) {
        // For all of it together: a heart that beats is no progress.
        let waited = timeout(PATIENCE, async {
            while !fits(&self.view) {
                if let ViewNews::Ended(ending) = self.next().await {
                    panic!("it ended before {what}: {ending:?}; seen: {:#?}", self.view);
                }
            }
        });
        assert!(waited.await.is_ok(), "{what} did not come; seen: {:#?}", self.view);
    }

    /// Takes in what comes until it shows what a newcomer sees.
    pub(crate) async fn until_as_a_newcomer(&mut self) {
        let waited = timeout(PATIENCE, async {
            while Self::open(self.client.clone(), false).await.view != self.view {
                self.next().await;
            }
        });
        assert!(waited.await.is_ok(), "it shows something else: {:#?}", self.view);
    }

    /// Takes in what comes until the end.
    pub(crate) async fn end(&mut self) -> Ending {
        let ended = timeout(PATIENCE, async {
            loop {
                if let ViewNews::Ended(ending) = self.next().await {
                    return ending;
                }
            }
        });
        ended.await.expect("it ends")
    }
}

/// A program of its own that looks at the supervisor with a lease, to be killed.
pub(crate) fn looker(site: &Site) -> Child {
    let script = "import socket, sys\n\
        s = socket.socket(socket.AF_UNIX)\n\
        s.connect(sys.argv[1])\n\
        s.sendall(b'GET /api/v1/view?lease=1 HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n')\n\
        print(len(s.recv(65536)), flush=True)\n\
        while s.recv(65536): pass\n";
    let socket = known(site).layout.control_socket();
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(socket).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("python3");
    let mut line = String::new();
    // From here on it holds its lease.
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert_ne!(line.trim(), "0", "it was sent something");
    child
}
