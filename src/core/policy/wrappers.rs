//! The commands that run what follows them: their names, and which words are their own.

/// A command that runs what follows it.
pub(super) struct Wrapper {
    /// Its first words.
    pub(super) names: &'static [&'static str],
    /// Options that take the next word.
    pub(super) valued: &'static [&'static str],
    /// Words of its own before the command.
    pub(super) own: usize,
    /// Which of its options choose another folder.
    pub(super) moves: &'static [&'static str],
    /// Where the command is found, and runs.
    pub(super) place: Runs,
}

/// Where a command is found, and runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// As if it stood there alone.
    Here,
    /// It may be a tool that only the project has.
    FromProject,
    /// With other rights, on another machine, or later.
    Elsewhere,
}

const fn wrapper(names: &'static [&'static str], valued: &'static [&'static str], own: usize) -> Wrapper {
    Wrapper { names, valued, own, moves: &[], place: Runs::Here }
}

const fn project(
    names: &'static [&'static str],
    valued: &'static [&'static str],
    moves: &'static [&'static str],
) -> Wrapper {
    Wrapper { names, valued, own: 0, moves, place: Runs::FromProject }
}

const fn elsewhere(names: &'static [&'static str], valued: &'static [&'static str], own: usize) -> Wrapper {
    Wrapper { names, valued, own, moves: &[], place: Runs::Elsewhere }
}

const CONTAINER: &[&str] = &[
    "-e",
    "--env",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "-v",
    "--volume",
    "-p",
    "--publish",
    "--name",
    "--network",
    "--env-file",
    "--entrypoint",
    "-f",
    "--file",
    "--mount",
    "--index",
    // Of docker itself, and of compose.
    "-c",
    "--context",
    "-H",
    "--host",
    "--config",
    "-l",
    "--log-level",
    "--project-name",
    "--profile",
    "--project-directory",
    "--ansi",
    "--parallel",
    "--progress",
];

const KUBECTL: &[&str] = &[
    "-n",
    "-c",
    "-s",
    "--namespace",
    "--container",
    "--context",
    "--kubeconfig",
    "--cluster",
    "--user",
    "--server",
    "--token",
    "--as",
];

const UV: &[&str] = &[
    "--with",
    "--python",
    "-p",
    "--extra",
    "--group",
    "--project",
    "--directory",
    "--env-file",
    "--config-file",
    "--cache-dir",
    "--color",
    "--index",
    "--package",
];

const NPM: &[&str] =
    &["-p", "-w", "-C", "--package", "--workspace", "--prefix", "--loglevel", "--registry", "--cache", "--userconfig"];

const NPM_MOVES: &[&str] = &["-w", "-C", "--workspace", "--workspaces", "-ws", "--prefix"];

const PNPM: &[&str] =
    &["-C", "-F", "--dir", "--filter", "--filter-prod", "--package", "--reporter", "--workspace-concurrency"];

const PNPM_MOVES: &[&str] =
    &["-C", "-F", "-r", "-w", "--dir", "--filter", "--filter-prod", "--recursive", "--workspace-root"];

const POETRY: &[&str] = &["-C", "-P", "--directory", "--project"];

/// Wrappers, the longer names first.
pub(super) const WRAPPERS: &[Wrapper] = &[
    wrapper(&["nohup"], &[], 0),
    wrapper(&["setsid"], &[], 0),
    wrapper(&["time"], &["-f", "-o", "--format", "--output"], 0),
    wrapper(&["nice"], &["-n", "--adjustment"], 0),
    wrapper(&["ionice"], &["-c", "-n", "--class", "--classdata"], 0),
    wrapper(&["chrt"], &[], 1),
    wrapper(&["taskset"], &[], 1),
    wrapper(&["timeout"], &["-s", "-k", "--signal", "--kill-after"], 1),
    wrapper(&["gtimeout"], &["-s", "-k", "--signal", "--kill-after"], 1),
    wrapper(&["stdbuf"], &["-i", "-o", "-e", "--input", "--output", "--error"], 0),
    wrapper(&["unbuffer"], &[], 0),
    wrapper(&["exec"], &["-a"], 0),
    wrapper(&["command"], &[], 0),
    wrapper(&["builtin"], &[], 0),
    wrapper(&["noglob"], &[], 0),
    wrapper(&["strace"], &["-e", "-o", "-p", "-s", "-u", "-E"], 0),
    wrapper(&["ltrace"], &["-e", "-o", "-p", "-s", "-u"], 0),
    wrapper(&["xvfb-run"], &["-s", "-n", "-e", "-f", "-p", "--server-args", "--server-num"], 0),
    wrapper(&["caffeinate"], &["-t", "-w"], 0),
    wrapper(&["dotenv"], &["-e", "-f", "-c", "-v"], 0),
    wrapper(&["dotenvx", "run"], &["-f", "--env-file"], 0),
    wrapper(&["cross-env"], &[], 0),
    wrapper(&["tini"], &["-p"], 0),
    wrapper(&["dumb-init"], &[], 0),
    wrapper(&["busybox"], &[], 0),
    wrapper(&["toybox"], &[], 0),
    wrapper(&["direnv", "exec"], &[], 1),
    Wrapper { moves: &["-C", "--cd"], ..wrapper(&["mise", "exec"], &["-C", "--cd"], 0) },
    Wrapper { moves: &["-C", "--cd"], ..wrapper(&["mise", "x"], &["-C", "--cd"], 0) },
    wrapper(&["asdf", "exec"], &[], 0),
    wrapper(&["rbenv", "exec"], &[], 0),
    wrapper(&["pyenv", "exec"], &[], 0),
    wrapper(&["nocorrect"], &[], 0),
    project(&["bundle", "exec"], &["--gemfile"], &[]),
    project(&["poetry", "run"], POETRY, &["-C", "--directory"]),
    project(&["pipenv", "run"], &[], &[]),
    project(&["uv", "run"], UV, &["--directory"]),
    project(&["pdm", "run"], &["-p"], &["-p", "--project"]),
    project(&["rye", "run"], &[], &[]),
    project(&["hatch", "run"], &[], &[]),
    project(&["conda", "run"], &["-n", "-p", "--name", "--prefix", "--cwd"], &["--cwd"]),
    project(&["uvx"], &["--from", "--with", "--python"], &[]),
    project(&["pipx", "run"], &["--spec", "--python"], &[]),
    project(&["npx"], NPM, NPM_MOVES),
    project(&["bunx"], &["-p", "--package"], &[]),
    project(&["pnpx"], PNPM, PNPM_MOVES),
    project(&["npm", "exec"], NPM, NPM_MOVES),
    project(&["npm", "x"], NPM, NPM_MOVES),
    project(&["pnpm", "exec"], PNPM, PNPM_MOVES),
    project(&["pnpm", "dlx"], PNPM, PNPM_MOVES),
    project(&["yarn", "exec"], &["--cwd"], &["--cwd"]),
    project(&["yarn", "dlx"], &["-p", "--package", "--cwd"], &["--cwd"]),
    project(&["bun", "x"], &["-p", "--package", "--cwd"], &["--cwd", "--filter"]),
    project(&["lerna", "exec"], &["--scope", "--ignore", "--concurrency"], &["lerna"]),
    elsewhere(
        &["sudo"],
        &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group", "--chdir", "--host"],
        0,
    ),
    elsewhere(&["doas"], &["-u", "-C"], 0),
    elsewhere(&["gosu"], &[], 1),
    elsewhere(&["su-exec"], &[], 1),
    elsewhere(&["chroot"], &[], 1),
    elsewhere(&["unshare"], &["-S", "-G", "-R", "-w"], 0),
    elsewhere(&["nsenter"], &["-t", "-S", "-G"], 0),
    elsewhere(&["firejail"], &[], 0),
    elsewhere(&["systemd-run"], &["-u", "-p", "--unit", "--property", "-E"], 0),
    elsewhere(&["docker", "compose", "exec"], CONTAINER, 1),
    elsewhere(&["docker", "compose", "run"], CONTAINER, 1),
    elsewhere(&["docker-compose", "exec"], CONTAINER, 1),
    elsewhere(&["docker-compose", "run"], CONTAINER, 1),
    elsewhere(&["docker", "exec"], CONTAINER, 1),
    elsewhere(&["docker", "run"], CONTAINER, 1),
    elsewhere(&["podman", "exec"], CONTAINER, 1),
    elsewhere(&["podman", "run"], CONTAINER, 1),
    elsewhere(&["kubectl", "exec"], KUBECTL, 1),
    elsewhere(&["daemonize"], &["-c", "-e", "-o", "-p", "-l", "-u", "-E"], 0),
    elsewhere(&["ssh"], &["-p", "-i", "-l", "-o", "-F", "-J", "-L", "-R", "-D", "-W", "-b", "-c", "-E", "-m", "-S"], 1),
];
