//! The fence: `--fence COMMAND` becomes a shell, `--fenced PROGRAM` a whole agent, that can write only where it may.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::guard::Guard;
use crate::core::secrets::{Redactor, of_variables};

/// The variable that names the guard's file.
pub const GUARD: &str = "ORCHESTRATOR_GUARD";

/// The verb by which a program is started inside of the fence.
pub const PROGRAM: &str = "--fenced";

/// The exit code of a refusal: it is also the one by which a hook refuses.
const REFUSED: u8 = 2;

/// The oldest version of the interface that also stops a file from being cut short.
pub const USEFUL: u32 = 3;

/// Variables by which agents themselves reach and pay their service; no command of theirs needs them, whatever their
/// values look like.
const OF_AGENTS: [&str; 5] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_CUSTOM_HEADERS",
    "AWS_BEARER_TOKEN_BEDROCK",
    "CLAUDE_CODE_OAUTH_TOKEN",
];

/// Carries out `--fence COMMAND`: fences this process and becomes a shell with that command, without the secrets of the
/// agent's environment. `variables` is that environment; [`GUARD`] in it names the guard's file, `SHELL` the user's shell.
pub fn shell(command: Option<&str>, variables: &BTreeMap<String, String>) -> ExitCode {
    let Some(command) = command else { return refuse("nothing to run") };
    let guard = match fenced(variables) {
        Ok(guard) => guard,
        Err(why) => return refuse(&why),
    };
    // The shell that the CLI itself would take.
    let known = |shell: &&str| ["bash", "zsh"].iter().any(|name| shell.ends_with(name)) && Path::new(shell).exists();
    let shell = variables.get("SHELL").map(String::as_str).filter(known);
    let shell = shell.unwrap_or(if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" });
    let mut process = Command::new(shell);
    if shell.ends_with("zsh") {
        // Its startup files may set again what is taken away here.
        process.arg("-f");
    }
    process.arg("-c").arg(command);
    for name in secret(variables, &guard.keep) {
        if name.starts_with("GIT_CONFIG_VALUE_") {
            // Without any value git would not run at all.
            process.env(name, "");
        } else {
            process.env_remove(name);
        }
    }
    let error = process.exec();
    refuse(&format!("{shell}: {error}"))
}

/// Carries out `--fenced PROGRAM ARGS…`: fences this process and becomes that program, an agent as a whole, with its whole
/// environment.
pub fn program(words: &[OsString], variables: &BTreeMap<String, String>) -> ExitCode {
    let Some((program, args)) = words.split_first() else { return refuse("nothing to run") };
    if let Err(why) = fenced(variables) {
        return refuse(&why);
    }
    let error = Command::new(program).args(args).exec();
    refuse(&format!("{}: {error}", Path::new(program).display()))
}

fn refuse(why: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr().lock(), "not run, since it could not be fenced: {why}");
    ExitCode::from(REFUSED)
}

/// Fences this process as its guard says. On a kernel without a fence nothing happens; `doctor` says so.
fn fenced(variables: &BTreeMap<String, String>) -> Result<Guard, String> {
    let file = variables.get(GUARD).map(Path::new).ok_or("no guard")?;
    let guard = Guard::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    match shut(&guard.fence) {
        Fenced::Failed(why) => Err(why),
        Fenced::Yes(_) | Fenced::No(_) => Ok(guard),
    }
}

/// Returns the names of the variables that hold a secret, but for those that a person gave this agent.
fn secret<'a>(variables: &'a BTreeMap<String, String>, keep: &[String]) -> Vec<&'a str> {
    let all = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let known = of_variables(all, &|path| Path::new(path).exists());
    let shapes = Redactor::new(Vec::new());
    let is_secret = |(name, value): &(&String, &String)| {
        // The value of one may be part of another: `CONNECTION=host=x password=…`.
        let has_known = || known.iter().any(|secret| value.contains(&secret.value));
        // The password of a URL counts only as a value: `postgres` is none.
        let has_shaped =
            || value.split_inclusive(['/', '@', '&', '?']).any(|part| matches!(shapes.text(part), Cow::Owned(_)));
        // The name of a setting, which sounds like a key.
        let is_ours = name.starts_with("GIT_CONFIG_KEY_");
        OF_AGENTS.contains(&name.as_str()) || (!is_ours && !keep.contains(name) && (has_known() || has_shaped()))
    };
    variables.iter().filter(is_secret).map(|(name, _)| name.as_str()).collect()
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
    give_up_powers();
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

/// Gives up what a process of root could see other processes' memory and environment with, in spite of Landlock. Others
/// have no such powers, and get an error that changes nothing.
#[cfg(target_os = "linux")]
fn give_up_powers() {
    use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
    for power in [CapabilitySet::PERFMON, CapabilitySet::SYS_ADMIN, CapabilitySet::SYS_PTRACE] {
        let _ = remove_capability_from_bounding_set(power);
    }
}

/// Says that this system has no fence.
#[cfg(not(target_os = "linux"))]
pub fn shut(_paths: &[PathBuf]) -> Fenced {
    Fenced::No("this system has no Landlock".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_do_not_inherit_what_is_secret_unless_a_person_gave_it_to_the_agent() {
        let variables: BTreeMap<String, String> = [
            ("PATH", "/usr/bin"),
            ("ANTHROPIC_API_KEY", "short"),
            ("ANTHROPIC_CUSTOM_HEADERS", "X-Who: me"),
            ("ANTHROPIC_BASE_URL", "https://proxy.test"),
            ("DB_PASSWORD", "plum-tree-77"),
            ("CONNECTION", "host=x password=plum-tree-77"),
            ("DATABASE_URL", "postgres://me:apple-tree-88@host/db"),
            ("TEST_URL", "postgres://postgres:postgres@localhost/db"),
            ("V1", "ghp_a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8"),
            ("GIT_CONFIG_KEY_0", "includeIf.gitdir:/w/.git.path"),
            ("GIVEN_TOKEN", "pear-tree-99"),
            ("LINK", "https://host.test/?token=ghp_a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8"),
            ("SSH_AUTH_SOCK", "/tmp"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let keep = ["GIVEN_TOKEN", "ANTHROPIC_API_KEY"].map(str::to_owned);
        let gone = secret(&variables, &keep);
        let expected = [
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_CUSTOM_HEADERS",
            "CONNECTION",
            "DATABASE_URL",
            "DB_PASSWORD",
            "LINK",
            "V1",
        ];
        assert_eq!(gone, expected);
    }
}
