//! What the program says: kept in a file up to a cap, and its end in memory; read again from any offset.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// How much of the end is always kept in memory, in bytes.
const TAIL: usize = 1024 * 1024;
/// How much more than [`TAIL`] may gather before the rest is dropped, so that this is done once for many pieces.
const SLACK: usize = 256 * 1024;
/// At most one line for so many milliseconds is written to the time index: finer than a frame of a recording.
const TIMES_STEP: u64 = 10;

/// One stream of bytes of the program.
#[derive(Debug)]
pub(super) struct Stream {
    log: File,
    logged: u64,
    cap: u64,
    tail: Vec<u8>,
    end: u64,
    trouble: Option<String>,
}

/// What there is to read at an offset.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing that is kept before this offset.
    Hole {
        /// The offset of the next byte that is kept.
        to: u64,
    },
    /// Nothing more as yet.
    Nothing,
}

impl Stream {
    /// Starts an empty stream whose first `cap` bytes are kept in the file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(super) fn create(path: &Path, cap: u64) -> io::Result<Self> {
        let log = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Self { log, logged: 0, cap, tail: Vec::new(), end: 0, trouble: None })
    }

    /// Returns how many bytes there were.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Returns how many of them, the last ones, are not in the file.
    pub(super) fn dropped(&self) -> u64 {
        self.end - self.logged
    }

    /// Returns why the file ends before its cap, if it does.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Appends bytes. A file that cannot be written (a full disk) ends where it is: it never has a gap.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.end += bytes.len() as u64;
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > TAIL + SLACK {
            self.tail.drain(..self.tail.len() - TAIL);
        }
        let room = usize::try_from(self.cap - self.logged).unwrap_or(usize::MAX);
        let mut rest = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        while !rest.is_empty() {
            match self.log.write(rest) {
                Ok(count) if count > 0 => {
                    self.logged += count as u64;
                    rest = rest.get(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                failed => {
                    self.cap = self.logged;
                    self.trouble = Some(failed.map_or_else(|error| error.to_string(), |_| "nothing written".into()));
                    return;
                }
            }
        }
    }

    /// Reads at most `most` bytes at `offset`.
    pub(super) fn read(&self, offset: u64, most: usize) -> Piece {
        let kept = self.end - self.tail.len() as u64;
        if offset >= self.end {
            return Piece::Nothing;
        }
        if let Some(start) = offset.checked_sub(kept) {
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            let bytes = self.tail.get(start..).unwrap_or_default();
            return Piece::Bytes(bytes.get(..most.min(bytes.len())).unwrap_or_default().to_vec());
        }
        let logged = usize::try_from(self.logged.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; most.min(logged)];
        match self.log.read_at(&mut bytes, offset) {
            Ok(count) if count > 0 => {
                bytes.truncate(count);
                Piece::Bytes(bytes)
            }
            // Beyond the cap, or a file that somebody has cut.
            _ => Piece::Hole { to: kept },
        }
    }
}

/// The time index: which byte came when.
#[derive(Debug)]
pub(super) struct Times {
    /// `None` once it could not be written; it is a convenience, and never worth a session.
    file: Option<File>,
    next: u64,
}

impl Times {
    /// Starts an empty index.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Some(File::create(path)?), next: 0 })
    }

    /// Notes that the bytes from `offset` on came so many milliseconds after the start.
    pub(super) fn note(&mut self, offset: u64, ms: u64) {
        if ms < self.next {
            return;
        }
        self.next = ms + TIMES_STEP;
        if let Some(file) = &mut self.file
            && file.write_all(format!("{offset} {ms}\n").as_bytes()).is_err()
        {
            self.file = None;
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]
mod tests {
    use super::*;

    fn stream(cap: u64) -> (Stream, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Stream::create(&folder.path().join("1.out"), cap).unwrap(), folder)
    }

    fn content(from: usize, length: usize) -> Vec<u8> {
        (from..from + length).map(|n| u8::try_from(n % 251).unwrap()).collect()
    }

    #[test]
    fn every_byte_is_read_again_from_any_offset() {
        let (mut stream, folder) = stream(u64::MAX);
        for n in 0..40 {
            stream.push(&content(n * 100_000, 100_000));
        }
        for offset in [0, 1, 1_500_000, 2_900_000, 3_999_999] {
            let mut at = offset;
            let mut seen = Vec::new();
            while let Piece::Bytes(bytes) = stream.read(at as u64, 70_000) {
                at += bytes.len();
                seen.extend(bytes);
            }
            assert!(seen == content(offset, 4_000_000 - offset), "from {offset}");
        }
        assert_eq!(stream.read(4_000_000, 1), Piece::Nothing);
        assert_eq!(stream.read(5_000_000, 1), Piece::Nothing);
        assert!(std::fs::read(folder.path().join("1.out")).unwrap() == content(0, 4_000_000));
        assert_eq!((stream.end(), stream.dropped()), (4_000_000, 0));
    }

    #[test]
    fn beyond_the_cap_there_is_a_hole_up_to_the_tail() {
        let (mut stream, folder) = stream(250_000);
        for n in 0..40 {
            stream.push(&content(n * 100_000, 100_000));
        }
        assert_eq!(std::fs::metadata(folder.path().join("1.out")).unwrap().len(), 250_000);
        assert_eq!((stream.end(), stream.dropped()), (4_000_000, 3_750_000));
        assert_eq!(stream.read(249_990, 100), Piece::Bytes(content(249_990, 10)));
        let Piece::Hole { to } = stream.read(250_000, 100) else { unreachable!("beyond the cap") };
        assert!(4_000_000 - to >= TAIL as u64);
        assert_eq!(stream.read(to, 3), Piece::Bytes(content(usize::try_from(to).unwrap(), 3)));
    }

    #[test]
    fn a_disk_that_is_full_costs_the_file_only() {
        let mut stream = Stream::create(Path::new("/dev/full"), 1000).unwrap();
        stream.push(b"hello");
        stream.push(b" world");
        assert_eq!(stream.read(0, 100), Piece::Bytes(b"hello world".to_vec()));
        assert_eq!(stream.dropped(), 11);
        assert!(stream.trouble().unwrap().contains("No space"));
    }

    #[test]
    fn the_time_index_has_one_line_for_each_step() {
        let folder = tempfile::tempdir().unwrap();
        let mut times = Times::create(&folder.path().join("t")).unwrap();
        for (offset, ms) in [(0, 0), (5, 3), (9, 10), (12, 11), (40, 500)] {
            times.note(offset, ms);
        }
        assert_eq!(std::fs::read_to_string(folder.path().join("t")).unwrap(), "0 0\n9 10\n40 500\n");
    }
}
