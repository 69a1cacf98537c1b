//! The fence around the commands of an agent: `--fence COMMAND` becomes a shell that can write only where it may.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::guard::Guard;

/// The variable that names the guard's file.
pub const GUARD: &str = "ORCHESTRATOR_GUARD";

/// The exit code of a refusal: it is also the one by which a hook refuses.
const REFUSED: u8 = 2;

/// The oldest version of the interface that also stops a file from being cut short.
pub const USEFUL: u32 = 3;

/// Carries out `--fence COMMAND`: fences this process and becomes a shell with that command. `guard` is the file that
/// [`GUARD`] names, `shell` the user's shell.
pub fn main(command: Option<&str>, guard: Option<&Path>, shell: Option<&str>) -> ExitCode {
    let refuse = |why: &str| {
        let _ = writeln!(std::io::stderr().lock(), "not run, since it could not be fenced: {why}");
        ExitCode::from(REFUSED)
    };
    let (Some(command), Some(guard)) = (command, guard) else { return refuse("nothing to run, or no guard") };
    let guard = match Guard::read(guard) {
        Ok(guard) => guard,
        Err(error) => return refuse(&format!("{}: {error}", guard.display())),
    };
    if let Fenced::Failed(why) = shut(&guard.fence) {
        return refuse(&why);
    }
    // The shell that the CLI itself would take.
    let known = |shell: &&str| ["bash", "zsh"].iter().any(|name| shell.ends_with(name)) && Path::new(shell).exists();
    let shell = shell.filter(known).unwrap_or(if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" });
    let error = Command::new(shell).arg("-c").arg(command).exec();
    refuse(&format!("{shell}: {error}"))
}

/// What became of an attempt to fence this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fenced {
    /// It can write nowhere else; the version of the kernel's interface.
    Yes(u32),
    /// This kernel cannot do that, for this reason; nothing has changed.
    No(String),
    /// It should be able to, and failed.
    Failed(String),
}

/// Restricts this process, and all that it starts, to writing below these folders and to these devices.
#[cfg(target_os = "linux")]
pub fn shut(paths: &[PathBuf]) -> Fenced {
    use landlock::{ABI, AccessFs, LandlockStatus, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, Scope};
    let failed = |error: landlock::RulesetError| format!("Landlock refused: {error}");
    // What an older kernel does not know of it is left out.
    let writes = AccessFs::from_write(ABI::V5);
    let files = writes & AccessFs::from_file(ABI::V5);
    let (folders, single): (Vec<&PathBuf>, Vec<&PathBuf>) =
        paths.iter().filter(|path| path.exists()).partition(|path| path.is_dir());
    let done = (|| {
        Ruleset::default()
            .handle_access(writes)?
            // Its commands end what they started, and nothing of ours.
            .scope(Scope::Signal)?
            .create()?
            .add_rules(landlock::path_beneath_rules(folders, writes))?
            .add_rules(landlock::path_beneath_rules(single, files))?
            .restrict_self()
    })();
    match done.map_err(failed) {
        Err(why) => Fenced::Failed(why),
        Ok(status) => match status.landlock {
            LandlockStatus::Available { kernel_abi: Some(version), .. } => {
                Fenced::Yes(u32::try_from(version).unwrap_or(USEFUL))
            }
            LandlockStatus::Available { effective_abi, .. } => Fenced::Yes(effective_abi as u32),
            LandlockStatus::NotEnabled => Fenced::No("the kernel has Landlock, and it is not enabled".to_owned()),
            LandlockStatus::NotImplemented => Fenced::No("the kernel has no Landlock".to_owned()),
        },
    }
}

/// Says that this system has no fence.
#[cfg(not(target_os = "linux"))]
pub fn shut(_paths: &[PathBuf]) -> Fenced {
    Fenced::No("this system has no Landlock".to_owned())
}
