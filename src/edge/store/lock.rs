//! One supervisor per project: a file lock that the system lets go of when its holder dies.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::model::time::Wall;

/// A process that was killed in the instant in which it started another one has left the lock to that one, until it
/// becomes the program it is to be. So a lock of the dead, or of one who has not yet said or already wiped out who it is,
/// is looked at again, this often and this long after.
const LOOKS: u32 = 250;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Who holds the lock, as written into its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// When it took the lock.
    pub since: Wall,
    /// Where its control socket is.
    pub socket: PathBuf,
}

/// A lock that could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another supervisor runs in this project.
    #[error(
        "{}; `orchestrator-tui` in this project shows what it does, `orchestrator-tui stop` ends it",
        describe(holder.as_ref())
    )]
    Held {
        /// Who it is; unknown in the instant between its taking the lock and saying so.
        holder: Option<Holder>,
    },
    /// The lock file cannot be opened or locked.
    #[error("the lock {} cannot be taken: {source}; check its folder, or move it with LOCK_FILE", path.display())]
    Unusable {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn describe(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => {
            format!("process {} has supervised this project since {}", holder.pid, holder.since.iso())
        }
        None => "another process supervises this project".to_owned(),
    }
}

/// The lock, held as long as this lives. A killed process lets go of it without doing anything.
#[derive(Debug)]
pub struct Lock {
    file: Flock<File>,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock at `path` and writes `holder` into it. What a dead holder left there is replaced.
    ///
    /// # Errors
    /// [`LockError::Held`] when another process has it, [`LockError::Unusable`] when the file cannot be used.
    pub fn acquire(path: &Path, holder: &Holder) -> Result<Self, LockError> {
        let unusable = |source: io::Error| LockError::Unusable { path: path.to_owned(), source };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
        }
        let mut looks = 0;
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(path)
                .map_err(unusable)?;
            let file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(file) => file,
                Err((_, Errno::EWOULDBLOCK)) => {
                    let holder = Self::holder(path);
                    if looks < LOOKS && holder.as_ref().is_none_or(is_dead) {
                        looks += 1;
                        pause();
                        continue;
                    }
                    return Err(LockError::Held { holder });
                }
                Err((_, Errno::EINTR)) => continue,
                Err((_, errno)) => return Err(unusable(errno.into())),
            };
            // Whoever removed the file in between (`purge`) left us a lock that nobody else can see.
            if !is_at(&file, path).map_err(unusable)? {
                continue;
            }
            let is_empty = file.metadata().map_err(unusable)?.len() == 0;
            if !is_empty && Self::holder(path).is_none() {
                // `LOCK_FILE` may name anything; what no supervisor wrote is never overwritten.
                return Err(unusable(io::Error::other("it is somebody's file, and no lock")));
            }
            let mut lock = Self { file, path: path.to_owned() };
            lock.write(holder).map_err(unusable)?;
            return Ok(lock);
        }
    }

    /// Reads who took the lock last. It may be dead by now: only the control socket tells whether it answers.
    pub fn holder(path: &Path) -> Option<Holder> {
        let mut text = String::new();
        // A holder is some hundred bytes; what is larger is not ours.
        File::open(path).ok()?.take(64 * 1024).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Returns the lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says that its holder is about to let go: whoever wants the lock from now on waits for a moment instead of being told
    /// who has it.
    pub fn let_go_soon(&self) {
        // If it cannot be emptied they are told, as before.
        let _ = self.file.set_len(0);
    }

    fn write(&mut self, holder: &Holder) -> io::Result<()> {
        let mut text = serde_json::to_string(holder)?;
        text.push('\n');
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(text.as_bytes())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Emptied, not removed: a process that waits for this very file would get a lock nobody else sees.
        let _ = self.file.set_len(0);
    }
}

#[expect(clippy::disallowed_methods, reason = "a file lock can only be waited for without end, or looked at again")]
fn pause() {
    std::thread::sleep(BETWEEN_LOOKS);
}

/// Whether the process is gone that wrote itself into the lock.
fn is_dead(holder: &Holder) -> bool {
    let pid = i32::try_from(holder.pid).map(Pid::from_raw);
    pid.is_ok_and(|pid| kill(pid, None) == Err(Errno::ESRCH))
}

/// Whether the open file is the one at `path`.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    fn me() -> Holder {
        Holder { pid: std::process::id(), since: Wall(951_827_696_000), socket: PathBuf::from("/run/control.sock") }
    }

    #[test]
    fn the_second_one_is_told_who_was_first() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new/folder/lock");
        let lock = Lock::acquire(&path, &me()).unwrap();
        let error = Lock::acquire(&path, &me()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&std::process::id().to_string()) && text.contains("2000-02-29T12:34:56Z"), "{text}");
        assert!(matches!(error, LockError::Held { holder: Some(holder) } if holder == me()));
        drop(lock);
        assert_eq!(Lock::holder(&path), None);
        Lock::acquire(&path, &me()).unwrap();
    }

    /// The other process of the next test; does nothing when it is run on its own.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the environment is how this process knows what it is for")]
    fn holds_the_lock_until_its_input_ends() {
        let Ok(path) = std::env::var("TEST_LOCK") else { return };
        let _lock = Lock::acquire(Path::new(&path), &me()).unwrap();
        let mut out = io::stdout();
        out.write_all(b"\nheld\n").unwrap();
        out.flush().unwrap();
        io::stdin().read_to_end(&mut Vec::new()).unwrap();
    }

    #[test]
    fn a_killed_process_lets_go_of_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "edge::store::lock::tests::holds_the_lock_until_its_input_ends"])
            .env("TEST_LOCK", &path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "held"));
        match Lock::acquire(&path, &me()) {
            Err(LockError::Held { holder: Some(holder) }) => assert_eq!(holder.pid, child.id()),
            other => panic!("{other:?}"),
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(Lock::holder(&path).map(|holder| holder.pid), Some(child.id()), "what it left");
        let lock = Lock::acquire(&path, &me()).unwrap();
        assert_eq!(Lock::holder(&path), Some(me()));
        drop(lock);
    }

    #[test]
    fn the_lock_of_a_dead_process_is_waited_for_as_long_as_its_child_has_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let mut gone = Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        // As if that process had been killed between fork and exec: its lock lives on in another one.
        let dead = Holder { pid: gone.id(), ..me() };
        std::fs::write(&path, serde_json::to_string(&dead).unwrap()).unwrap();
        let inherited = Flock::lock(File::open(&path).unwrap(), FlockArg::LockExclusive).unwrap();
        let waiting = std::thread::spawn({
            let path = path.clone();
            move || Lock::acquire(&path, &me()).map(drop)
        });
        assert!(!waiting.is_finished());
        drop(inherited);
        waiting.join().unwrap().unwrap();
    }

    #[test]
    fn a_removed_lock_file_is_no_lock() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let first = Lock::acquire(&path, &me()).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(!is_at(&first.file, &path).unwrap());
        let second = Lock::acquire(&path, &me()).unwrap();
        assert!(is_at(&second.file, second.path()).unwrap());
    }

    #[test]
    fn a_lock_that_cannot_be_opened_says_how_to_move_it() {
        let home = tempfile::tempdir().unwrap();
        let error = Lock::acquire(home.path(), &me()).unwrap_err();
        assert!(matches!(error, LockError::Unusable { .. }));
        assert!(error.to_string().contains("LOCK_FILE"));
    }
}
