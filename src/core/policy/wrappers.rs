//! The commands that run what follows them: their names, and which words are their own.

/// A command that runs what follows it.
pub(super) struct Wrapper {
    /// Its first words.
    pub(super) names: &'static [&'static str],
    /// Options that take the next word.
    pub(super) valued: &'static [&'static str],
    /// Words of its own before the command.
    pub(super) own: usize,
    /// Whether it runs the command elsewhere.
    pub(super) elsewhere: bool,
}

const fn wrapper(names: &'static [&'static str], valued: &'static [&'static str], own: usize) -> Wrapper {
    Wrapper { names, valued, own, elsewhere: false }
}

const fn elsewhere(names: &'static [&'static str], valued: &'static [&'static str], own: usize) -> Wrapper {
    Wrapper { names, valued, own, elsewhere: true }
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
];

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
    wrapper(&["mise", "exec"], &[], 0),
    wrapper(&["mise", "x"], &[], 0),
    wrapper(&["asdf", "exec"], &[], 0),
    wrapper(&["rbenv", "exec"], &[], 0),
    wrapper(&["pyenv", "exec"], &[], 0),
    wrapper(&["bundle", "exec"], &["--gemfile"], 0),
    wrapper(&["poetry", "run"], &["-C", "-P"], 0),
    wrapper(&["pipenv", "run"], &[], 0),
    wrapper(
        &["uv", "run"],
        &["--with", "--python", "-p", "--extra", "--group", "--project", "--directory", "--env-file"],
        0,
    ),
    wrapper(&["pdm", "run"], &["-p"], 0),
    wrapper(&["rye", "run"], &[], 0),
    wrapper(&["hatch", "run"], &[], 0),
    wrapper(&["conda", "run"], &["-n", "-p", "--name", "--prefix", "--cwd"], 0),
    wrapper(&["uvx"], &["--from", "--with", "--python"], 0),
    wrapper(&["pipx", "run"], &["--spec", "--python"], 0),
    wrapper(&["npx"], &["-p", "--package", "-w", "--workspace"], 0),
    wrapper(&["bunx"], &["-p", "--package"], 0),
    wrapper(&["pnpx"], &[], 0),
    wrapper(&["npm", "exec"], &["-p", "--package", "-w", "--workspace"], 0),
    wrapper(&["npm", "x"], &["-p", "--package", "-w", "--workspace"], 0),
    wrapper(&["pnpm", "exec"], &["-C", "--filter", "-F"], 0),
    wrapper(&["pnpm", "dlx"], &["--package"], 0),
    wrapper(&["yarn", "exec"], &[], 0),
    wrapper(&["yarn", "dlx"], &["-p", "--package"], 0),
    wrapper(&["bun", "x"], &[], 0),
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
    elsewhere(&["kubectl", "exec"], &["-n", "-c", "--namespace", "--container", "--context"], 1),
    elsewhere(&["ssh"], &["-p", "-i", "-l", "-o", "-F", "-J", "-L", "-R", "-D", "-W", "-b", "-c", "-E", "-m", "-S"], 1),
];
