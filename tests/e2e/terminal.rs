//! A terminal with the binary in it: what it shows, which keys it gets, how it leaves the terminal behind.

use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};

use crate::site::{PATIENCE, PROGRAM, Site};

/// What the program has written so far, and the screen that comes of it.
struct Seen {
    parser: vt100::Parser,
    /// The last screen that was drawn whole, as terminals show it that know synchronized updates (DEC mode 2026).
    whole: String,
    /// Everything that was written, for what a screen does not show.
    bytes: Vec<u8>,
    /// Every screen that was shown.
    frames: Vec<String>,
    ended: bool,
}

impl Seen {
    /// Takes note of the screen as it is.
    fn look(&mut self) {
        self.whole = self.parser.screen().contents();
        if self.frames.last() != Some(&self.whole) {
            self.frames.push(self.whole.clone());
        }
    }
}

/// Whether what was written ends within a picture.
fn is_half_drawn(bytes: &[u8]) -> bool {
    const UPDATE: &[u8] = b"\x1b[?2026";
    let last = bytes.windows(UPDATE.len()).rposition(|part| part == UPDATE);
    last.is_some_and(|at| bytes.get(at + UPDATE.len()) != Some(&b'l'))
}

/// The binary in a terminal of its own.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that the terminal's settings can be read after the program has ended.
    slave: Option<Box<dyn SlavePty + Send>>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    /// The terminal's settings before the program started.
    pub(crate) before: Termios,
}

impl Terminal {
    /// Starts the binary with these arguments in a terminal of so many columns and rows.
    pub(crate) fn start(site: &Site, args: &[&str], (cols, rows): (u16, u16)) -> Self {
        Self::start_with(site, args, (cols, rows), &[])
    }

    /// As [`Terminal::start`], with variables on top of the site's own.
    pub(crate) fn start_with(site: &Site, args: &[&str], size: (u16, u16), more: &[(&str, &str)]) -> Self {
        Self::spawn(site, &[&[PROGRAM], args].concat(), size, more)
    }

    /// Starts a shell with job control, and types the command line that starts the binary with these arguments.
    pub(crate) fn shell(site: &Site, args: &str, size: (u16, u16), more: &[(&str, &str)]) -> Self {
        let mut shell = Self::spawn(site, &["bash", "--norc", "--noprofile", "--noediting", "-i"], size, more);
        shell.keys(&format!("{PROGRAM} {args}\n"));
        shell
    }

    fn spawn(site: &Site, words: &[&str], (cols, rows): (u16, u16), more: &[(&str, &str)]) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let plain = site.command(&[]);
        let mut command = CommandBuilder::new(words[0]);
        command.env_clear();
        command.args(&words[1..]);
        for (name, value) in plain.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.env("TERM", "xterm-256color");
        for (name, value) in more {
            command.env(name, value);
        }
        command.cwd(&site.project);
        let master = pair.master;
        let fd = master.as_raw_fd().expect("a file descriptor");
        let before = settings(fd);
        let mut reader = master.try_clone_reader().expect("readable");
        let writer = master.take_writer().expect("writable");
        let child = pair.slave.spawn_command(command).expect("our program");
        let seen = Seen {
            parser: vt100::Parser::new(some(rows), some(cols), 0),
            whole: String::new(),
            bytes: Vec::new(),
            frames: Vec::new(),
            ended: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let count = reader.read(&mut buffer).unwrap_or(0);
                let mut seen = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
                seen.ended |= count == 0;
                seen.parser.process(&buffer[..count]);
                seen.bytes.extend_from_slice(&buffer[..count]);
                if !is_half_drawn(&seen.bytes) {
                    seen.look();
                }
                shared.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Self { master, slave: Some(pair.slave), writer, child, seen, before }
    }

    /// Waits until the screen fits, and returns it as text.
    pub(crate) fn wait(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let (lock, changed) = &*self.seen;
        let began = Instant::now();
        let mut seen = lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if fits(&seen.whole) {
                return seen.whole.clone();
            }
            let left = PATIENCE.saturating_sub(began.elapsed());
            assert!(!left.is_zero(), "{what} did not show:\n{}", seen.whole);
            seen = changed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until a text shows.
    pub(crate) fn wait_text(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Returns the screen as text.
    pub(crate) fn screen(&self) -> String {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner).whole.clone()
    }

    /// Returns every screen that was shown.
    pub(crate) fn frames(&self) -> Vec<String> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner).frames.clone()
    }

    /// Returns how many bytes were written so far.
    pub(crate) fn written(&self) -> usize {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner).bytes.len()
    }

    /// Returns how often the program has written a text, for what a screen does not show.
    pub(crate) fn count(&self, text: &str) -> usize {
        let seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.bytes.windows(text.len()).filter(|part| *part == text.as_bytes()).count()
    }

    /// Returns the number of the process that the shell has started.
    pub(crate) fn job(&self) -> Pid {
        let shell = self.pid().to_string();
        let is_its = |pid: &i32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)) == Some(&shell)
        };
        let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
        let found = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(is_its);
        Pid::from_raw(found.expect("a job"))
    }

    /// Whether the program is on the other screen.
    pub(crate) fn is_on_other_screen(&self) -> bool {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner).parser.screen().alternate_screen()
    }

    /// Types.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("typed");
        self.writer.flush().expect("typed");
    }

    /// Gives the window another size.
    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        let mut seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.parser.screen_mut().set_size(some(rows), some(cols));
        drop(seen);
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).expect("resized");
    }

    /// Returns the number of the program's process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().expect("a process") as i32)
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("it lives");
    }

    /// Returns the terminal's settings as they are.
    pub(crate) fn settings(&self) -> Termios {
        settings(self.master.as_raw_fd().expect("a file descriptor"))
    }

    /// Waits for the end of the program; checks that the terminal is as it was, and returns the exit code and what is left
    /// on the screen.
    pub(crate) fn end(mut self) -> (u32, String) {
        let code = self.child.wait().expect("it was started").exit_code();
        assert_eq!(self.settings(), self.before, "the terminal's settings differ");
        // With the last end of it closed, the reader comes to the end of what was written.
        self.slave = None;
        let (lock, changed) = &*self.seen;
        let mut seen = lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !seen.ended {
            let waited = changed.wait_timeout(seen, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            assert!(!waited.1.timed_out(), "the terminal is held open by somebody");
            seen = waited.0;
        }
        let screen = seen.parser.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "it left the other screen, or no cursor");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(!screen.bracketed_paste());
        (code, screen.contents())
    }
}

fn some(size: u16) -> NonZero<u16> {
    NonZero::new(size).expect("a size")
}

fn settings(fd: RawFd) -> Termios {
    // The master outlives this call.
    #[allow(unsafe_code, reason = "the file descriptor is open: its owner is borrowed")]
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    tcgetattr(fd).expect("settings")
}
