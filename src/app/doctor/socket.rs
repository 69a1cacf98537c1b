//! Whether a control socket can be made where the project's is, and answers.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tokio::sync::mpsc;

use super::finding::Finding;
use crate::app::process::channels::Channels;
use crate::app::project::mark::mark_of;
use crate::app::project::setup::Site;
use crate::edge::control::{Client, ControlReply, Farewell, Server};
use crate::edge::store::layout::SOCKET_PATH_MAX;

/// What can be done about a folder for sockets.
const MEND: &str = "set XDG_RUNTIME_DIR to a folder of yours with mode 700 and a short path";

/// Makes one, asks over it, and takes it away again.
pub(super) async fn probe(site: &Site) -> Finding {
    let name = "socket";
    let folder = site.layout.sockets();
    let before = missing(folder);
    let finding = match site.layout.create_sockets() {
        Err(error) => Finding::fault_of(name, &error, MEND),
        Ok(()) => match answer(&folder.join(format!("d{}.sock", std::process::id())), &mark_of(&site.layout)).await {
            Ok(()) => {
                let length = site.layout.control_socket().as_os_str().len();
                let path = site.layout.control_socket();
                Finding::ok(name, format!("answers in {} ({length} of {SOCKET_PATH_MAX} bytes)", path.display()))
            }
            Err(why) => Finding::fault(name, why, MEND),
        },
    };
    for folder in before {
        // Refused if a supervisor has started meanwhile: then it is in use.
        let _ = fs::remove_dir(folder);
    }
    finding
}

/// Serves a socket and asks it.
async fn answer(path: &Path, mark: &str) -> Result<(), String> {
    let (calls, mut asked) = mpsc::channel(1);
    // It has no past: nobody asks for it.
    let channels = Channels::new(path.with_extension("none"), false);
    let server = Server::start(path, channels.sources(calls, mark)).map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        if let Some(call) = asked.recv().await {
            let _ = call.reply.send(ControlReply::done(json!({ "here": true })));
        }
    });
    let told = async {
        Client::connect(path)
            .await
            .map_err(|error| error.to_string())?
            .get("here")
            .await
            .map_err(|error| error.to_string())
    };
    let told = told.await;
    server.stop(Farewell::default()).await;
    match told? {
        (200, body) if body["here"] == true => Ok(()),
        (status, _) => Err(format!("a socket at {} answered with status {status}", path.display())),
    }
}

/// Returns the folders of a path that are not there yet, the innermost first.
pub(super) fn missing(path: &Path) -> Vec<PathBuf> {
    path.ancestors().take_while(|folder| folder.symlink_metadata().is_err()).map(Path::to_owned).collect()
}
