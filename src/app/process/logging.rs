//! The supervisor's own log: a file that cannot outgrow its cap, and never the screen.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::app::words::secrecy::Secrecy;

/// The largest size of one log file, in bytes; with the previous one beside it the log takes at most twice that.
pub const CAP: u64 = 8 * 1024 * 1024;

/// A log that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the log {} cannot be opened: {source}; its folder must be writable", path.display())]
pub struct LogError {
    /// The log.
    path: PathBuf,
    /// What the system said.
    source: io::Error,
}

/// A file that is moved to `NAME.1` when the next line would take it over its cap. Lines are never cut.
#[derive(Debug)]
pub struct CappedLog {
    path: PathBuf,
    cap: u64,
    secrecy: Option<Secrecy>,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    file: File,
    size: u64,
}

impl CappedLog {
    /// Opens the log at `path` to append to it; `cap` is in bytes. What is secret is covered in it.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be opened.
    pub fn open(path: &Path, cap: u64, secrecy: Option<Secrecy>) -> Result<Self, LogError> {
        let wrap = |source: io::Error| LogError { path: path.to_owned(), source };
        let file = append_to(path).map_err(wrap)?;
        let size = file.metadata().map_err(wrap)?.len();
        Ok(Self { path: path.to_owned(), cap, secrecy, current: Mutex::new(Current { file, size }) })
    }

    /// Returns where the log before this one lies.
    pub fn previous(path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(".1");
        PathBuf::from(name)
    }
}

impl Write for &CappedLog {
    /// Writes one line, all of it; tracing hands over whole lines.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let written = line.len();
        let redactor = self.secrecy.as_ref().map(Secrecy::now);
        let line = redactor.as_ref().map_or(Cow::Borrowed(line), |redactor| redactor.bytes(line));
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if current.size > 0 && current.size.saturating_add(length) > self.cap {
            fs::rename(&self.path, CappedLog::previous(&self.path))?;
            *current = Current { file: append_to(&self.path)?, size: 0 };
        }
        current.file.write_all(&line)?;
        current.size = current.size.saturating_add(length);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// Sends everything that is traced in this process to the log at `path`.
///
/// `filter` says what is kept (`info`, `debug`, `orchestrator_tui::edge=trace`); what cannot be read of it is left
/// out, and an empty one means `info`. Call it once; a later call changes nothing.
///
/// # Errors
/// [`LogError`] when the log cannot be opened.
pub fn install(path: &Path, filter: &str, secrecy: Secrecy) -> Result<(), LogError> {
    let log = Arc::new(CappedLog::open(path, CAP, Some(secrecy))?);
    // A second subscriber is refused, which only happens when a process supervises twice, in tests.
    let _ = tracing::subscriber::set_global_default(subscriber(log, filter));
    Ok(())
}

fn subscriber(log: Arc<CappedLog>, filter: &str) -> impl tracing::Subscriber + Send + Sync {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse_lossy(filter);
    tracing_subscriber::fmt()
        .with_writer(log)
        .with_ansi(false)
        .with_env_filter(filter)
        // A full disk would otherwise be said on standard error, across the screen.
        .log_internal_errors(false)
        .finish()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_newest_lines_and_its_cap() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("log");
        let log = CappedLog::open(&path, 105, None).unwrap();
        for number in 0..50 {
            (&log).write_all(format!("line {number:04}\n").as_bytes()).unwrap();
        }
        let (now, before) =
            (fs::read_to_string(&path).unwrap(), fs::read_to_string(CappedLog::previous(&path)).unwrap());
        assert!(now.len() <= 105 && before.len() <= 105, "{} {}", now.len(), before.len());
        assert!(now.ends_with("line 0049\n"), "{now}");
        assert!(before.lines().chain(now.lines()).all(|line| line.len() == 9), "no line is cut");
    }

    #[test]
    fn a_log_is_continued_and_its_size_counts() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("log");
        for line in ["first", "second"] {
            writeln!(&CappedLog::open(&path, 100, None).unwrap(), "{line}").unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
        let long = "x".repeat(95);
        writeln!(&CappedLog::open(&path, 100, None).unwrap(), "{long}").unwrap();
        assert_eq!(fs::read_to_string(CappedLog::previous(&path)).unwrap(), "first\nsecond\n");
    }

    #[test]
    fn what_is_traced_is_in_the_log_and_what_is_filtered_is_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("log");
        let log = Arc::new(CappedLog::open(&path, CAP, None).unwrap());
        tracing::subscriber::with_default(subscriber(log, "not!a=filter,warn"), || {
            tracing::info!("hidden");
            tracing::warn!(task = 14, "the disk is slow");
        });
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("the disk is slow") && text.contains("task=14"), "{text}");
        assert!(!text.contains("hidden") && !text.contains('\u{1b}'), "{text}");
        assert!(CappedLog::open(home.path(), CAP, None).is_err(), "a folder is no log");
    }
}
