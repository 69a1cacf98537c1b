//! What a supervisor in the foreground says on standard output, from a thread of its own: a reader that has stopped
//! reading never stops the work.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;

use crate::model::id::Seq;
use crate::model::plain;

/// How much may wait to be written, in bytes; what comes then is counted and said to be missing.
const WAITING: usize = 4 * 1024 * 1024;

/// How much is written at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// How long the end waits for a reader that reads nothing at all.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the loop shows of itself while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// One line for each fact.
    Lines,
    /// One JSON object for each fact.
    Json,
    /// Nothing.
    Silent,
}

/// Says lines in order. What cannot be said is never left out without a word.
#[derive(Debug)]
pub struct Speaker {
    voice: Voice,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<String>,
    /// The size of the lines, and of those that are being written.
    bytes: usize,
    /// How many lines were left out since the last one that waits.
    left_out: u64,
    /// The last fact that was said.
    last: Seq,
    /// How many pieces were written: whether anything moves.
    written: u64,
    is_closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, line: String) {
        self.bytes += line.len();
        self.lines.push_back(line);
    }

    /// Says how much was left out, if anything was.
    fn mark(&mut self, voice: Voice) {
        if self.left_out == 0 {
            return;
        }
        let count = std::mem::take(&mut self.left_out);
        let text = match voice {
            Voice::Json => json!({ "resync": true, "after": self.last, "left_out": count }).to_string(),
            Voice::Lines | Voice::Silent => {
                format!("… {count} lines left out: nobody read them; `orchestrator-tui logs` has them all")
            }
        };
        self.put(text + "\n");
    }
}

impl Speaker {
    /// Begins to speak on standard output.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub fn start(voice: Voice) -> std::io::Result<Self> {
        Self::onto(voice, std::io::stdout())
    }

    fn onto(voice: Voice, out: impl std::io::Write + Send + 'static) -> std::io::Result<Self> {
        let queue = Arc::<Queue>::default();
        let thread = match voice {
            Voice::Silent => None,
            Voice::Lines | Voice::Json => {
                let queue = Arc::clone(&queue);
                Some(std::thread::Builder::new().name("voice".to_owned()).spawn(move || write(&queue, out))?)
            }
        };
        Ok(Self { voice, queue, thread })
    }

    /// Returns how it speaks.
    pub fn voice(&self) -> Voice {
        self.voice
    }

    /// Says a text that is no fact.
    pub fn say(&self, text: &str) {
        self.put(None, text);
    }

    /// Says a fact.
    pub fn fact(&self, seq: Seq, text: &str) {
        self.put(Some(seq), text);
    }

    fn put(&self, seq: Option<Seq>, text: &str) {
        if self.thread.is_none() {
            return;
        }
        let mut state = self.queue.lock();
        if state.bytes + text.len() > WAITING {
            state.left_out += 1;
            return;
        }
        state.mark(self.voice);
        state.last = seq.unwrap_or(state.last);
        let text = if self.voice == Voice::Json { plain::json(text) } else { plain::text(text) };
        state.put(format!("{text}\n"));
        self.queue.changed.notify_all();
    }

    /// Says the rest, as long as somebody reads it; returns how many lines nobody did.
    pub fn finish(mut self) -> usize {
        let Some(thread) = self.thread.take() else { return 0 };
        let mut state = self.queue.lock();
        state.mark(self.voice);
        state.is_closed = true;
        self.queue.changed.notify_all();
        while state.bytes > 0 {
            let before = state.written;
            let waited = self.queue.changed.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
            if waited.1.timed_out() && state.written == before {
                // The thread waits for a reader, and ends with the process.
                return state.lines.len().max(1);
            }
        }
        drop(state);
        // Fails only if it panicked, which the panic has said.
        let _ = thread.join();
        0
    }
}

/// Writes what is said until there is no more to come.
fn write(queue: &Queue, mut out: impl std::io::Write) {
    loop {
        let mut state = queue.lock();
        while state.lines.is_empty() && !state.is_closed {
            state = queue.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut piece = String::new();
        while let Some(line) = state.lines.front().filter(|line| piece.is_empty() || piece.len() + line.len() <= PIECE)
        {
            piece.push_str(line);
            state.lines.pop_front();
        }
        if piece.is_empty() {
            return;
        }
        drop(state);
        // A reader that has gone (`| head`) does not stop the work, and wants no more.
        let _ = out.write_all(piece.as_bytes()).and_then(|()| out.flush());
        let mut state = queue.lock();
        state.bytes -= piece.len();
        state.written += 1;
        queue.changed.notify_all();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use std::io::{BufRead as _, BufReader};

    use super::*;

    #[test]
    fn a_reader_that_stops_loses_nothing_silently() {
        let (reader, writer) = std::io::pipe().unwrap();
        let speaker = Speaker::onto(Voice::Json, writer).unwrap();
        let long = "x".repeat(1024 * 1024);
        for seq in 1..=9 {
            // Returns at once, though nobody reads.
            speaker.fact(Seq(seq), &long);
        }
        let mut lines = BufReader::new(reader).lines().map(Result::unwrap);
        let whole = (0..3).map(|_| lines.next().unwrap()).all(|line| line == long);
        assert!(whole);
        // There is room again.
        speaker.fact(Seq(10), "ten");
        let rest = std::thread::spawn(move || lines.filter(|line| line.len() < 1024).collect::<Vec<_>>());
        assert_eq!(speaker.finish(), 0);
        let rest = rest.join().unwrap();
        assert_eq!(rest.len(), 2, "{rest:?}");
        assert!(rest[0].starts_with(r#"{"after":"#) && rest[0].contains(r#""resync":true"#), "{rest:?}");
        assert_eq!(rest[1], "ten");
    }

    #[test]
    fn the_end_does_not_wait_for_a_reader_that_reads_nothing() {
        let (_reader, writer) = std::io::pipe().unwrap();
        let speaker = Speaker::onto(Voice::Lines, writer).unwrap();
        for _ in 0..4 {
            speaker.say(&"x".repeat(256 * 1024));
        }
        assert!(speaker.finish() >= 3);
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let speaker = Speaker::onto(Voice::Lines, writer).unwrap();
        speaker.say("into the void");
        assert_eq!(speaker.finish(), 0);
    }
}
