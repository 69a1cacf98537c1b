//! Which editors hold a landed file open: the signs that they leave beside it.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal;
use nix::unistd::{Pid, gethostname};

use crate::model::path::ProjectPath;

/// How much of a swap file says whose it is: its first block has the mark of unsaved changes as its last byte.
const HEADER: usize = 1008;

/// An editor that holds what stood in a file before it landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenEditor {
    /// Which file.
    pub path: ProjectPath,
    /// What the editor is called.
    pub editor: &'static str,
    /// Its process, if it left that.
    pub process: Option<i32>,
    /// The machine that it runs on, if that is another one.
    pub host: Option<String>,
    /// Whether it holds changes that are not saved.
    pub unsaved: bool,
}

impl fmt::Display for OpenEditor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, editor, unsaved, .. } = self;
        match (unsaved, self.process.is_some()) {
            (true, true) => write!(f, "{path} has unsaved changes in {editor}")?,
            // Only what it saves by itself was found; that also stays behind after a crash.
            (true, false) => write!(f, "{path} seems to have unsaved changes in {editor}")?,
            (false, _) => write!(f, "{path} is open in {editor}")?,
        }
        match (self.process, &self.host) {
            (Some(process), Some(host)) => write!(f, " (process {process} on {host})")?,
            (Some(process), None) => write!(f, " (process {process})")?,
            (None, _) => {}
        }
        // Whoever reloads loses what is not saved, so that is not the advice then.
        f.write_str(if *unsaved {
            ": its next save replaces the fix"
        } else {
            ": reload it, or its next save replaces the fix"
        })
    }
}

/// Lists the editors that hold one of these files open, by the swap and lock files beside it. One whose process has
/// ended is left out; that of another machine cannot be asked, and counts.
pub fn open_editors<'a>(project: &Path, paths: impl IntoIterator<Item = &'a ProjectPath>) -> Vec<OpenEditor> {
    let here = gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    paths
        .into_iter()
        .filter_map(|path| of_swap_file(project, path, &here).or_else(|| of_lock(project, path, &here)))
        .collect()
}

/// Looks for the swap file of vim, neovim or nano.
fn of_swap_file(project: &Path, path: &ProjectPath, here: &str) -> Option<OpenEditor> {
    let full = path.under(project);
    let name = full.file_name()?.as_bytes();
    // A name that begins with a dot gets no second one.
    let stem = if name.starts_with(b".") { name.to_vec() } else { [b".", name].concat() };
    // `.swp` is the first, the one before it in the alphabet the next: one for each editor that was not the first.
    (b'a'..=b'p').rev().find_map(|last| {
        let header = head(&beside(&full, &[&stem[..], b".sw", &[last]].concat()))?;
        let (process, host, unsaved) = owner(&header)?;
        let editor = if header[2..].starts_with(b"nano") { "nano" } else { "vim" };
        still_open(path, editor, (process, &host), unsaved, here)
    })
}

/// Looks for the lock of Emacs, which it makes with the first change that is not saved, and for what it saves by itself.
fn of_lock(project: &Path, path: &ProjectPath, here: &str) -> Option<OpenEditor> {
    let full = path.under(project);
    let name = full.file_name()?.as_bytes();
    if let Ok(target) = fs::read_link(beside(&full, &[b".#", name].concat())) {
        // `USER@HOST.PROCESS:BOOT`, the last part not everywhere.
        let target = target.to_string_lossy().into_owned();
        let (_, place) = target.rsplit_once('@')?;
        let (host, process) = place.split(':').next()?.rsplit_once('.')?;
        return still_open(path, "emacs", (process.parse().ok()?, host), true, here);
    }
    let saved = beside(&full, &[b"#", name, b"#"].concat());
    let is_there = saved.symlink_metadata().is_ok_and(|meta| meta.is_file());
    is_there.then(|| OpenEditor { path: path.clone(), editor: "emacs", process: None, host: None, unsaved: true })
}

/// Returns the editor unless its process is known to have ended.
fn still_open(
    path: &ProjectPath,
    editor: &'static str,
    (process, host): (i32, &str),
    unsaved: bool,
    here: &str,
) -> Option<OpenEditor> {
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    // Some write the whole name of the machine, some only its first part.
    let is_here = host.is_empty() || first(host) == first(here);
    if is_here && !lives(process) {
        return None;
    }
    let host = (!is_here).then(|| host.to_owned());
    Some(OpenEditor { path: path.clone(), editor, process: Some(process), host, unsaved })
}

/// Whether there is such a process.
fn lives(process: i32) -> bool {
    process > 0 && matches!(signal::kill(Pid::from_raw(process), None), Ok(()) | Err(Errno::EPERM))
}

/// Returns a path in the same folder.
fn beside(file: &Path, name: &[u8]) -> PathBuf {
    file.with_file_name(std::ffi::OsStr::from_bytes(name))
}

/// Reads the beginning of a file, which may be shorter; no link is followed, and a pipe does not block.
fn head(path: &Path) -> Option<Vec<u8>> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(u64::try_from(HEADER).ok()?).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Reads process, machine and mark of unsaved changes from the header of a swap file: `b0`, the version, three numbers,
/// then the process from byte 24 and the machine from byte 68. An encrypted one begins with another letter.
fn owner(header: &[u8]) -> Option<(i32, String, bool)> {
    if header.len() < HEADER || header[0] != b'b' || !b"0cCd".contains(&header[1]) {
        return None;
    }
    let process = i32::from_le_bytes(header.get(24..28)?.try_into().ok()?);
    let host = header.get(68..108)?.split(|byte| *byte == 0).next()?;
    Some((process, String::from_utf8_lossy(host).into_owned(), header[HEADER - 1] == b'U'))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A process that has ended and was waited for.
    fn ended() -> i32 {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let process = child.id();
        child.wait().unwrap();
        i32::try_from(process).unwrap()
    }

    fn me() -> i32 {
        i32::try_from(std::process::id()).unwrap()
    }

    fn here() -> String {
        gethostname().unwrap().to_string_lossy().into_owned()
    }

    fn swap_file(version: &str, process: i32, host: &str, unsaved: bool) -> Vec<u8> {
        let mut block = vec![0; 4096];
        block[..2].copy_from_slice(b"b0");
        block[2..2 + version.len()].copy_from_slice(version.as_bytes());
        block[24..28].copy_from_slice(&process.to_le_bytes());
        block[68..68 + host.len()].copy_from_slice(host.as_bytes());
        block[1007] = if unsaved { b'U' } else { 0 };
        block
    }

    /// What is said of `src/calc.py` and `src/.env` after these files were put into `src`.
    fn said(files: &[(&str, Vec<u8>)], links: &[(&str, String)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let src = folder.path().join("src");
        fs::create_dir(&src).unwrap();
        for (name, bytes) in files {
            fs::write(src.join(name), bytes).unwrap();
        }
        for (name, target) in links {
            symlink(target, src.join(name)).unwrap();
        }
        let paths = ["src/calc.py", "src/.env"].map(|path| ProjectPath::new(path).unwrap());
        open_editors(folder.path(), &paths).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_swap_file_counts_while_its_process_lives() {
        let vim = |process| swap_file("VIM 9.0", process, &here(), false);
        let warning =
            format!("src/calc.py is open in vim (process {}): reload it, or its next save replaces the fix", me());
        assert_eq!(said(&[(".calc.py.swp", vim(me()))], &[]), [warning.as_str()]);
        assert!(said(&[(".calc.py.swp", vim(ended()))], &[]).is_empty());
        // The first is left of a crash; a second editor has the file open.
        assert_eq!(said(&[(".calc.py.swp", vim(ended())), (".calc.py.swo", vim(me()))], &[]), [warning.as_str()]);
        assert!(said(&[(".other.py.swp", vim(me())), ("calc.py.swp", vim(me()))], &[]).is_empty());
        assert_eq!(said(&[(".env.swp", vim(me()))], &[]).len(), 1, "no second dot");
        assert!(said(&[(".calc.py.swp", b"b0VIM".to_vec())], &[]).is_empty(), "not a whole header");
        assert!(said(&[(".calc.py.swp", vec![b'x'; 4096])], &[]).is_empty(), "no swap file");
    }

    #[test]
    fn nobody_is_told_to_reload_what_is_not_saved() {
        let found = said(&[(".calc.py.swp", swap_file("nano 7.2", me(), &here(), true))], &[]);
        let warning =
            format!("src/calc.py has unsaved changes in nano (process {}): its next save replaces the fix", me());
        assert_eq!(found, [warning]);
    }

    #[test]
    fn an_editor_on_another_machine_counts() {
        let found = said(&[(".calc.py.swp", swap_file("VIM 9.0", ended(), "elsewhere", false))], &[]);
        assert!(found[0].contains(" on elsewhere)"), "{found:?}");
    }

    #[test]
    fn a_lock_of_emacs_counts_while_its_process_lives() {
        let lock = |process| (".#calc.py", format!("me@{}.{process}:1700000000", here()));
        let found = said(&[], &[lock(me())]);
        let warning =
            format!("src/calc.py has unsaved changes in emacs (process {}): its next save replaces the fix", me());
        assert_eq!(found, [warning]);
        assert!(said(&[("#calc.py#", Vec::new())], &[lock(ended())]).is_empty());
        let found = said(&[("#calc.py#", Vec::new())], &[]);
        assert_eq!(found, ["src/calc.py seems to have unsaved changes in emacs: its next save replaces the fix"]);
    }
}
