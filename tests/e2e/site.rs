//! A project of its own with a home of its own, and the binary started in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Longer than anything takes on a loaded machine; only a hang gets here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Our program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_orchestrator-tui");

/// A folder with a project, a home, a state folder, and a script for the rehearsal agent.
pub(crate) struct Site {
    folder: tempfile::TempDir,
    /// The project.
    pub(crate) project: PathBuf,
}

/// What a finished command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Site {
    /// Makes a project of these files, without git.
    pub(crate) fn bare(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let project = folder.path().join("project");
        for name in ["project", "home", "state"] {
            fs::create_dir(folder.path().join(name)).expect("a new folder");
        }
        let site = Self { folder, project };
        for (path, text) in files {
            site.write(path, text);
        }
        // See `asks_first`.
        let config = format!(
            "[fix]\nland = \"auto\"\nplanner = \"off\"\n\n[agent.claude]\nprogram = {PROGRAM:?}\nargs = [\"rehearsal\"]\nenv = {{ ORCHESTRATOR_REHEARSAL = {:?} }}\n\n[policy]\nwrite = [{:?}]\n",
            site.script_file().display(),
            // By files there, agents and tests tell each other something.
            site.folder.path().display(),
        );
        fs::write(site.folder.path().join("user.toml"), config).expect("written");
        site
    }

    /// Lets its user say nothing about landing, so that the first fix asks; else they have chosen that all fixes land.
    pub(crate) fn asks_first(&self) {
        let user = self.outside("user.toml");
        let text = fs::read_to_string(&user).expect("written with the site");
        fs::write(user, text.replace("land = \"auto\"\n", "")).expect("written");
    }

    /// Makes a project of these files, committed.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let site = Self::bare(files);
        site.git_init();
        site
    }

    /// Makes the project a repository with one commit.
    pub(crate) fn git_init(&self) {
        self.git(&["init", "-q", "-b", "main"]);
        self.git(&["config", "user.name", "A User"]);
        self.git(&["config", "user.email", "user@localhost"]);
        self.commit("Begin");
    }

    /// Sets what the rehearsal agent does; see its module for the format.
    pub(crate) fn script(&self, toml: &str) {
        fs::write(self.script_file(), toml).expect("written");
    }

    fn script_file(&self) -> PathBuf {
        self.folder.path().join("script.toml")
    }

    /// Returns a path outside of the project, for files by which agents and tests tell each other something.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of all state.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.project.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.project.join(path)).expect("readable")
    }

    /// Runs git in the project and returns what it printed.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let done = self.environment(Command::new("git")).args(args).current_dir(&self.project).output().expect("git");
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Runs git in the project where it must fail, and returns what it said.
    pub(crate) fn git_fails(&self, args: &[&str]) -> String {
        let done = self.environment(Command::new("git")).args(args).current_dir(&self.project).output().expect("git");
        assert!(!done.status.success(), "git {args:?} went well");
        String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    fn environment(&self, mut command: Command) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("LANG", "C.UTF-8")
            .env("HOME", self.folder.path().join("home"))
            .env("XDG_RUNTIME_DIR", "")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("CARGO_HOME", cargo_home())
            .env("RUSTUP_HOME", rustup_home())
            .env("ORCHESTRATOR_STATE_DIR", self.state())
            .env("ORCHESTRATOR_CONFIG", self.folder.path().join("user.toml"));
        command
    }

    /// Returns the binary with these arguments, in the project and its own surroundings.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.environment(Command::new(PROGRAM));
        command.args(args).current_dir(&self.project).stdin(Stdio::null());
        command
    }

    /// Runs a verb to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        said(self.command(args).output().expect("our program"))
    }

    /// Runs `run --headless --until-idle --trust` to its end.
    pub(crate) fn until_idle(&self) -> Said {
        self.run(&["run", "--headless", "--until-idle", "--trust"])
    }

    /// Runs a verb with `--json` and returns what it printed.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let said = self.run(&args);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{args:?}: {error}: {said:?}"))
    }

    /// Returns the row of a task.
    pub(crate) fn task(&self, number: u32) -> Value {
        self.json(&["show", &number.to_string()])
    }

    /// Starts `run --headless --json --trust` with more arguments, and follows its facts.
    pub(crate) fn start(&self, more: &[&str]) -> Supervisor {
        self.start_with(more, &[])
    }

    /// As [`Site::start`], with variables on top of its surroundings.
    pub(crate) fn start_with(&self, more: &[&str], variables: &[(&str, &Path)]) -> Supervisor {
        let args: Vec<&str> = ["run", "--headless", "--json", "--trust"].iter().chain(more).copied().collect();
        let mut command = self.command(&args);
        command.envs(variables.iter().copied());
        Supervisor::start(command)
    }

    /// Starts a verb that goes on, and follows the lines of JSON that it prints.
    pub(crate) fn follow(&self, args: &[&str]) -> Supervisor {
        Supervisor::start(self.command(args))
    }

    /// Returns a hash of every file below a folder of the project, by path: to prove that nothing changed.
    pub(crate) fn hashes(&self, below: &str) -> BTreeMap<PathBuf, String> {
        let mut hashes = BTreeMap::new();
        hash_below(&self.project.join(below), &mut hashes);
        hashes
    }

    /// Lists living processes of this site; none must be left in the end.
    pub(crate) fn processes(&self) -> Vec<String> {
        let line = |pid: u32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        self.pids().into_iter().map(|pid| String::from_utf8_lossy(&line(pid)).replace('\0', " ")).collect()
    }

    /// Returns the numbers of these processes: by their home, or, as holders have none, by what they are to hold.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let home = format!("HOME={}", self.folder.path().join("home").display());
        let state = self.state();
        let is_ours = |pid: &u32| {
            let parts = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
            let holds = |arg: &[u8]| arg.starts_with(state.as_os_str().as_bytes());
            parts("environ").split(|byte| *byte == 0).any(|pair| pair == home.as_bytes())
                || parts("cmdline").split(|byte| *byte == 0).any(holds)
        };
        let entries = fs::read_dir("/proc").expect("/proc").flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_ours).collect()
    }

    /// Waits until no process of this site is left: a holder needs a moment to go after its session is over.
    pub(crate) fn wait_until_empty(&self) {
        until(&format!("no process of {}", self.project.display()), || self.processes().is_empty());
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return self.wait_until_empty();
        }
        // A test that failed leaves nothing behind either: what its supervisor would have ended is ended here.
        for pid in self.pids() {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), nix::sys::signal::Signal::SIGKILL);
        }
    }
}

fn told(facts: &[Value]) -> String {
    facts.iter().map(|fact| format!("\n{fact}")).collect()
}

/// Waits until something is so, looking again and again.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Reads the lines of `run --json` as facts.
pub(crate) fn facts_of(said: &Said) -> Vec<Value> {
    said.out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn cargo_home() -> PathBuf {
    std::env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from)
}

fn rustup_home() -> PathBuf {
    std::env::var_os("RUSTUP_HOME").map_or_else(|| home().join(".rustup"), PathBuf::from)
}

fn home() -> PathBuf {
    std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default()
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn hash_below(folder: &Path, hashes: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a kind");
        let bytes = if kind.is_dir() {
            hash_below(&path, hashes);
            continue;
        } else if kind.is_symlink() {
            fs::read_link(&path).expect("a link").as_os_str().as_bytes().to_vec()
        } else {
            fs::read(&path).expect("readable")
        };
        hashes.insert(path, format!("{:x}", Sha256::digest(&bytes)));
    }
}

/// A running supervisor whose facts are followed.
pub(crate) struct Supervisor {
    pub(crate) child: Child,
    facts: Receiver<Value>,
    /// Every fact so far, for messages and for looking back.
    pub(crate) seen: Vec<Value>,
}

impl Supervisor {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("our program");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        let (send, facts) = channel();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if let Ok(fact) = serde_json::from_str(&line)
                    && send.send(fact).is_err()
                {
                    return;
                }
            }
        });
        Self { child, facts, seen: Vec::new() }
    }

    /// Waits for the next fact that fits; facts before it are kept in `seen`.
    pub(crate) fn wait(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.facts.recv_timeout(left) {
                Ok(fact) => {
                    self.seen.push(fact.clone());
                    if fits(&fact) {
                        return fact;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("{what} did not happen; seen: {}", told(&self.seen)),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before {what}; seen: {}", told(&self.seen)),
            }
        }
    }

    /// Waits for a fact of this kind.
    pub(crate) fn wait_kind(&mut self, kind: &str) -> Value {
        self.wait(kind, |fact| fact["kind"] == kind)
    }

    /// Waits until this many facts of this kind have come since it started.
    pub(crate) fn wait_count(&mut self, count: usize, kind: &str) {
        while self.seen.iter().filter(|fact| fact["kind"] == kind).count() < count {
            self.wait_kind(kind);
        }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, signal).expect("it lives");
    }

    /// Waits for the next fact; none if it has ended.
    pub(crate) fn next(&mut self) -> Option<Value> {
        let fact = self.facts.recv_timeout(PATIENCE).ok()?;
        self.seen.push(fact.clone());
        Some(fact)
    }

    /// Waits for its end and returns its exit code; a signal is 128 and its number.
    pub(crate) fn end(self) -> i32 {
        self.end_with_facts().0
    }

    /// As [`Supervisor::end`], with every fact that it told.
    pub(crate) fn end_with_facts(mut self) -> (i32, Vec<Value>) {
        use std::os::unix::process::ExitStatusExt;
        while self.next().is_some() {}
        let status = self.child.wait().expect("it was started");
        (status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)), std::mem::take(&mut self.seen))
    }

    /// Stops it in an orderly way and returns its exit code.
    pub(crate) fn stop(self) -> i32 {
        self.signal(nix::sys::signal::Signal::SIGINT);
        self.end()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.child.kill();
        }
    }
}
