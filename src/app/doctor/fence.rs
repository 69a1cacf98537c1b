//! Whether the kernel can keep a program from writing outside of a folder (Landlock).

use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{self, Said, first_line};
use super::finding::Finding;
use super::order::{Ground, QUICK};
use crate::edge::agent::fence::{Fenced, GUARD, PROGRAM, USEFUL, shut};
use crate::edge::agent::guard::Guard;
use crate::model::policy::PolicyScope;

/// The hidden verb that fences itself and tries to get out: `probe fence FOLDER`.
pub(super) const FENCE: &str = "fence";
/// The one that tries to write a file that it must not.
pub(super) const LEAVE: &str = "leave";
/// The one that fences itself and becomes another program.
pub(super) const FENCED: &str = "fenced";

/// Lets another process fence itself and try to get out.
pub(super) async fn probe(ground: &Ground) -> Finding {
    let name = "fence";
    let mend = "Linux 6.2 or newer with Landlock (`lsm=` on the kernel's command line); everything else works without";
    let folder = match ground.folder("fence") {
        Ok(folder) => folder,
        Err(error) => return Finding::unknown(name, format!("no folder can be made to try it in: {error}"), ""),
    };
    let mut command = Command::new(&ground.program);
    command.args(["probe", FENCE]).arg(&folder);
    match child::run(command, &folder, QUICK).await {
        Said::Ended { code: Some(0), out, .. } => {
            let open = doors().into_iter().find(|socket| is_open(socket));
            let door =
                open.map(|socket| format!("; {socket} is a door around it: what is started through it counts as you"));
            let door = door.unwrap_or_default();
            match started_fenced(ground, &folder).await {
                Ok(()) => Finding::ok(name, format!("{}{door}", out.trim())),
                Err(why) => {
                    Finding::fault(name, format!("an agent of kind `command` would not be fenced: {why}"), mend)
                }
            }
        }
        Said::Ended { out, err, .. } => Finding::warning(name, first_line(&format!("{out}\n{err}")), mend),
        Said::Late => Finding::unknown(name, "a program that fenced itself did not end", ""),
        Said::NotStarted(error) => Finding::unknown(name, format!("our own program cannot be started: {error}"), ""),
    }
}

/// Starts a program as agents of kind `command` are started, which tries to write where it must not.
async fn started_fenced(ground: &Ground, folder: &Path) -> Result<(), String> {
    let (inside, outside) = (folder.join("inside"), folder.join("by-program"));
    let file = folder.join("guard.json");
    let guard = Guard { scope: PolicyScope::default(), fence: vec![inside], keep: Vec::new() };
    guard.write(&file).map_err(|error| error.to_string())?;
    let mut command = Command::new(&ground.program);
    command.arg(PROGRAM).arg(&ground.program).args(["probe", LEAVE]).arg(&outside).env(GUARD, &file);
    match child::run(command, folder, QUICK).await {
        Said::Ended { code: Some(0), .. } if !outside.exists() => Ok(()),
        Said::Ended { out, err, .. } => Err(first_line(&format!("{out}\n{err}")).to_owned()),
        Said::Late => Err("it did not end".to_owned()),
        Said::NotStarted(error) => Err(error.to_string()),
    }
}

/// Tries to write a file, which must be refused.
pub(super) fn try_to_write(file: &Path) -> Result<String, String> {
    match std::fs::write(file, "got out\n") {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(String::new()),
        Err(error) => Err(format!("a write outside failed in another way: {error}")),
        Ok(()) => Err("a write outside was not refused".to_owned()),
    }
}

/// Returns the sockets of services that start programs for whoever asks.
fn doors() -> Vec<String> {
    let user = rustix::process::geteuid().as_raw();
    let own = [format!("/run/user/{user}/systemd/private"), format!("/tmp/tmux-{user}/default")];
    let containers = ["/var/run/docker.sock", "/run/podman/podman.sock"].map(str::to_owned);
    containers.into_iter().chain(own).collect()
}

/// Whether a socket is there that whatever runs as the user can talk to.
fn is_open(socket: &str) -> bool {
    rustix::fs::access(socket, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Fences this process into a folder below `folder`, and tries to write inside and outside of it.
pub(super) fn try_to_leave(folder: &Path) -> Result<String, String> {
    let inside = folder.join("inside");
    std::fs::create_dir_all(&inside).map_err(|error| error.to_string())?;
    std::fs::write(folder.join("outside"), "untouched\n").map_err(|error| error.to_string())?;
    let version = match shut(std::slice::from_ref(&inside)) {
        Fenced::Yes(version) => version,
        Fenced::No(why) | Fenced::Failed(why) => {
            return Err(format!("{why}: neither agents' commands nor agents of kind `command` are fenced"));
        }
    };
    std::fs::write(inside.join("file"), "allowed\n").map_err(|error| format!("a write inside was refused: {error}"))?;
    let refused = |what: &str, done: std::io::Result<()>| match done {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(format!("{what} outside failed in another way: {error}")),
        Ok(()) => Err(format!("{what} outside was not refused")),
    };
    refused("a new file", std::fs::write(folder.join("new"), "got out\n"))?;
    refused("a rename", std::fs::rename(inside.join("file"), folder.join("moved")))?;
    if version < USEFUL {
        return Err(format!("Landlock {version} lets files outside be cut short"));
    }
    refused("a write", std::fs::write(folder.join("outside"), "got out\n"))?;
    Ok(format!(
        "Landlock {version} refused a fenced program every write outside; agents' commands run like that, and agents of kind `command` as a whole"
    ))
}

/// Becomes another program that can write nowhere but in `folder`, where the kernel can see to that.
pub(super) fn become_fenced(folder: &Path, args: &[String]) -> Result<String, String> {
    // Without a fence it is started all the same: it is the user's own program.
    let _ = shut(&[folder.to_owned(), PathBuf::from("/dev")]);
    become_program(args)
}

fn become_program(args: &[String]) -> Result<String, String> {
    use std::os::unix::process::CommandExt as _;
    let Some((program, args)) = args.split_first() else { return Err("no program".to_owned()) };
    Err(Command::new(program).args(args).exec().to_string())
}
