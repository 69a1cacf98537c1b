//! Whether the kernel can keep a program from writing outside of a folder (Landlock).

use std::path::Path;
use std::process::Command;

use super::child::{self, Said, first_line};
use super::finding::Finding;
use super::order::{Ground, QUICK};
use super::probe::FENCE;

/// The oldest interface that also stops a file from being cut short.
#[cfg(target_os = "linux")]
const USEFUL: u32 = 3;

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
            let open = ["/var/run/docker.sock", "/run/podman/podman.sock"].into_iter().find(|socket| is_open(socket));
            let door = open.map(|socket| format!("; {socket} is a door around it")).unwrap_or_default();
            Finding::ok(name, format!("{}{door}", out.trim()))
        }
        Said::Ended { out, err, .. } => Finding::warning(name, first_line(&format!("{out}\n{err}")), mend),
        Said::Late => Finding::unknown(name, "a program that fenced itself did not end", ""),
        Said::NotStarted(error) => Finding::unknown(name, format!("our own program cannot be started: {error}"), ""),
    }
}

/// Whether a socket is there that whatever runs as the user can talk to.
fn is_open(socket: &str) -> bool {
    rustix::fs::access(socket, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Fences this process into a folder below `folder`, and tries to write inside and outside of it.
#[cfg(target_os = "linux")]
pub(super) fn try_to_leave(folder: &Path) -> Result<String, String> {
    let inside = folder.join("inside");
    std::fs::create_dir_all(&inside).map_err(|error| error.to_string())?;
    std::fs::write(folder.join("outside"), "untouched\n").map_err(|error| error.to_string())?;
    let version = shut(&[&inside])?;
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
    Ok(format!("Landlock {version} refused a fenced program every write outside (agents are not fenced by it yet)"))
}

/// Restricts this process to writing below these folders; returns the version of the interface.
#[cfg(target_os = "linux")]
fn shut(folders: &[&Path]) -> Result<u32, String> {
    use landlock::{ABI, AccessFs, LandlockStatus, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _};
    let failed = |error: landlock::RulesetError| format!("Landlock refused: {error}");
    // What an older kernel does not know of it is left out.
    let writes = AccessFs::from_write(ABI::V5);
    let status = Ruleset::default()
        .handle_access(writes)
        .and_then(Ruleset::create)
        .map_err(failed)?
        .add_rules(landlock::path_beneath_rules(folders, writes))
        .map_err(failed)?
        .restrict_self()
        .map_err(failed)?;
    match status.landlock {
        LandlockStatus::Available { kernel_abi: Some(version), .. } => Ok(u32::try_from(version).unwrap_or(USEFUL)),
        LandlockStatus::Available { effective_abi, .. } => Ok(effective_abi as u32),
        LandlockStatus::NotEnabled => Err("the kernel has Landlock, and it is not enabled".to_owned()),
        LandlockStatus::NotImplemented => Err("the kernel has no Landlock".to_owned()),
    }
}

/// Becomes another program that can write nowhere but in `folder`, where the kernel can see to that.
#[cfg(target_os = "linux")]
pub(super) fn become_fenced(folder: &Path, args: &[String]) -> Result<String, String> {
    // Without a fence it is started all the same: it is the user's own program.
    let _ = shut(&[folder, Path::new("/dev")]);
    become_program(args)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn try_to_leave(_folder: &Path) -> Result<String, String> {
    Err("this system has no Landlock".to_owned())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn become_fenced(_folder: &Path, args: &[String]) -> Result<String, String> {
    become_program(args)
}

fn become_program(args: &[String]) -> Result<String, String> {
    use std::os::unix::process::CommandExt as _;
    let Some((program, args)) = args.split_first() else { return Err("no program".to_owned()) };
    Err(Command::new(program).args(args).exec().to_string())
}
