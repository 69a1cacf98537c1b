//! Covers secrets in bytes that come in pieces: what may be the beginning of one is kept back until it is known.

use super::redactor::{Form, Redactor};
use super::scan::Scanned;

/// So much of what was given out is read again, in bytes: whether a word began before says what a token is.
const BEFORE: usize = 64;

/// The most that is kept back, in bytes. A secret that is longer, or stretched by so many colours, is given up.
const HELD: usize = 64 * 1024;

/// From so many bytes on, what is kept back is no accident, in bytes.
const LIKELY: usize = 6;

/// Covers secrets in a stream.
#[derive(Debug)]
pub struct StreamRedactor {
    redactor: Redactor,
    form: Form,
    /// What was given out last, then what is kept back.
    bytes: Vec<u8>,
    /// So much of it was given out.
    given: usize,
    /// From here on a secret may begin; less than what was given out after a [`settle`](Self::settle).
    since: usize,
}

impl StreamRedactor {
    pub(super) fn new(redactor: Redactor, form: Form) -> Self {
        Self { redactor, form, bytes: Vec::new(), given: 0, since: 0 }
    }

    /// Takes the next bytes; returns what is known to be none of a secret's, with secrets covered.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.bytes.extend_from_slice(bytes);
        let mut out = Vec::with_capacity(bytes.len());
        self.give(false, &mut out);
        if self.held() > HELD {
            self.give(true, &mut out);
        }
        out
    }

    /// Gives out what is kept back, since nothing follows.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.give(true, &mut out);
        self.bytes.clear();
        (self.given, self.since) = (0, 0);
        out
    }

    /// Gives out what is kept back although something may follow: for a screen, where a person waits for what was
    /// typed. What is a secret already is covered. What follows is still compared with it, so that no secret is ever
    /// given out whole.
    pub fn settle(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let Scanned { found, .. } = self.redactor.scan(&self.bytes, true);
        for found in found.iter().filter(|found| found.from >= self.since) {
            if found.to > self.given {
                let from = found.from.max(self.given);
                out.extend_from_slice(&self.bytes[self.given..from]);
                self.redactor.write(found, &self.bytes[from..found.to], self.form, &mut out);
                self.given = found.to;
            }
        }
        out.extend_from_slice(self.bytes.get(self.given..).unwrap_or_default());
        self.given = self.bytes.len();
        out
    }

    /// Whether what is kept back looks so much like a secret that a screen should wait for more of it: the beginning of
    /// a token with something behind it, or the greater part of a known value.
    pub fn is_likely(&self) -> bool {
        self.held() >= LIKELY && !self.bytes[self.given..].starts_with(b":")
    }

    /// Returns how many bytes are kept back.
    pub fn held(&self) -> usize {
        self.bytes.len() - self.given
    }

    fn give(&mut self, ends: bool, out: &mut Vec<u8>) {
        let Scanned { found, open } = self.redactor.scan(&self.bytes, ends);
        for found in &found {
            if found.from < self.since || found.to <= self.given || found.to > open {
                continue;
            }
            let from = found.from.max(self.given);
            out.extend_from_slice(&self.bytes[self.given..from]);
            self.redactor.write(found, &self.bytes[from..found.to], self.form, out);
            self.given = found.to;
        }
        if open > self.given {
            out.extend_from_slice(&self.bytes[self.given..open]);
            self.given = open;
        }
        self.since = open.max(self.since).min(self.given);
        let surplus = self.since.saturating_sub(BEFORE);
        if surplus > 0 {
            self.bytes.drain(..surplus);
            self.given -= surplus;
            self.since -= surplus;
        }
    }
}
