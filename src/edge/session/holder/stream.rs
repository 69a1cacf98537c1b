//! What the program says: kept in a file up to a cap, and its end in memory; read again from any offset.
//!
//! Secrets never reach the file: they are covered by as many bytes, so that every offset stays what it is. Who is
//! connected hears what was said, since an agent that asks must get its own words back.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::core::secrets::StreamRedactor;

/// How much of the end is always kept in memory, in bytes.
const TAIL: usize = 1024 * 1024;
/// How much more than [`TAIL`] may gather before the rest is dropped, so that this is done once for many pieces.
const SLACK: usize = 256 * 1024;
/// At most one line for so many milliseconds is written to the time index: finer than a frame of a recording.
const TIMES_STEP: u64 = 10;
/// How much of what is covered in the file is remembered, in bytes, for a client that reads behind [`TAIL`]. Who is still
/// farther behind gets it covered.
const REMEMBERED: usize = 1024 * 1024;

/// One stream of bytes of the program.
#[derive(Debug)]
pub(super) struct Stream {
    log: File,
    logged: u64,
    cap: u64,
    tail: Vec<u8>,
    end: u64,
    redactor: StreamRedactor,
    /// How many bytes the redactor has given out.
    decided: u64,
    /// What stands at an offset instead of what the file has there.
    covered: VecDeque<(u64, Vec<u8>)>,
    remembered: usize,
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
    pub(super) fn create(path: &Path, cap: u64, redactor: StreamRedactor) -> io::Result<Self> {
        let log = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        let covered = VecDeque::new();
        let (tail, trouble) = (Vec::new(), None);
        Ok(Self { log, logged: 0, cap, tail, end: 0, redactor, decided: 0, covered, remembered: 0, trouble })
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
        if self.decided < self.cap {
            let given = self.redactor.push(bytes);
            self.keep(&given);
        }
        if self.tail.len() > TAIL + SLACK {
            self.tail.drain(..self.tail.len() - TAIL);
        }
    }

    /// Keeps also what might have become a secret, now that nothing follows.
    pub(super) fn finish(&mut self) {
        if self.decided < self.cap {
            let given = self.redactor.finish();
            self.keep(&given);
        }
    }

    /// Writes what the redactor has given out, and remembers what it has covered.
    fn keep(&mut self, given: &[u8]) {
        let from = usize::try_from(self.decided + self.tail.len() as u64 - self.end).unwrap_or(usize::MAX);
        let said = self.tail.get(from..).unwrap_or_default();
        for (from, to) in differing(said, given) {
            self.covered.push_back((self.decided + from as u64, said.get(from..to).unwrap_or_default().to_vec()));
            self.remembered += to - from;
        }
        while self.remembered > REMEMBERED
            && let Some((_, bytes)) = self.covered.pop_front()
        {
            self.remembered -= bytes.len();
        }
        self.decided += given.len() as u64;
        self.write(given);
    }

    fn write(&mut self, bytes: &[u8]) {
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

    /// Puts what was said back into bytes that were read from the file at `offset`.
    fn uncover(&self, offset: u64, bytes: &mut [u8]) {
        let end = offset + bytes.len() as u64;
        for (at, said) in &self.covered {
            let (from, to) = ((*at).max(offset), (*at + said.len() as u64).min(end));
            let place = |number: u64, start: u64| usize::try_from(number.saturating_sub(start)).unwrap_or(usize::MAX);
            if from < to
                && let Some(into) = bytes.get_mut(place(from, offset)..place(to, offset))
                && let Some(said) = said.get(place(from, *at)..place(to, *at))
            {
                into.copy_from_slice(said);
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
                self.uncover(offset, &mut bytes);
                Piece::Bytes(bytes)
            }
            // Beyond the cap, or a file that somebody has cut.
            _ => Piece::Hole { to: kept },
        }
    }
}

/// Returns the parts in which two texts of the same length differ.
fn differing(one: &[u8], other: &[u8]) -> Vec<(usize, usize)> {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    if one.get(..other.len()) == Some(other) {
        return parts;
    }
    for (at, _) in one.iter().zip(other).enumerate().filter(|(_, (one, other))| one != other) {
        match parts.last_mut() {
            Some(last) if last.1 == at => last.1 = at + 1,
            _ => parts.push((at, at + 1)),
        }
    }
    parts
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
    use crate::core::secrets::{Form, Redactor};
    use crate::model::secret::Secret;

    #[test]
    fn a_secret_never_reaches_the_file_and_a_client_hears_what_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.out");
        let secret = Secret { name: "KEY".to_owned(), value: "very-secret-42".to_owned() };
        let redactor = Redactor::new(vec![secret]).stream(Form::SameLength);
        let mut stream = Stream::create(&path, u64::MAX, redactor).unwrap();
        let mut said = b"a line with a very-secret-42 in it, and more\n".repeat(60_000);
        for piece in said.chunks(9_999) {
            stream.push(piece);
        }
        stream.push(b"very-secre");
        said.extend_from_slice(b"very-secre");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), said.len() as u64 - 10, "it may become one");
        let mut heard = Vec::new();
        while let Piece::Bytes(bytes) = stream.read(heard.len() as u64, 10_007) {
            heard.extend(bytes);
        }
        assert!(heard == said);
        stream.finish();
        let kept = std::fs::read_to_string(&path).unwrap();
        assert_eq!(kept.lines().next(), Some("a line with a [secret KEY**] in it, and more"));
        assert!(kept.len() == said.len() && !kept.contains("very-secret-42") && kept.ends_with("very-secre"));
    }

    fn plain() -> StreamRedactor {
        Redactor::new(Vec::new()).stream(Form::SameLength)
    }

    fn stream(cap: u64) -> (Stream, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Stream::create(&folder.path().join("1.out"), cap, plain()).unwrap(), folder)
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
        let mut stream = Stream::create(Path::new("/dev/full"), 1000, plain()).unwrap();
        stream.push(b"hello");
        stream.push(b" world");
        stream.finish();
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
