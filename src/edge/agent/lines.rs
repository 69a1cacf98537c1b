//! Cuts a byte stream into lines, whatever the borders of the chunks it comes in.

/// The longest line that is kept, in bytes. Claude writes whole files into one line; beyond this nothing is sane.
pub const MAX_LINE: usize = 64 * 1024 * 1024;

/// One line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// All of it, without `\n` or `\r\n`.
    Whole(Vec<u8>),
    /// It was longer than the cap and is gone; its length in bytes.
    TooLong(usize),
}

/// Collects bytes until a line is whole.
#[derive(Debug)]
pub(super) struct Lines {
    partial: Vec<u8>,
    /// Bytes of the current line that were thrown away because it is over the cap.
    dropped: usize,
    cap: usize,
}

impl Lines {
    /// Starts with nothing; lines over `cap` bytes are dropped.
    pub(super) fn new(cap: usize) -> Self {
        Self { partial: Vec::new(), dropped: 0, cap }
    }

    /// Takes the next bytes and returns the lines that they complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.keep(&rest[..end]);
            lines.push(self.take());
            rest = &rest[end + 1..];
        }
        self.keep(rest);
        lines
    }

    /// Returns what came after the last line end, if anything.
    pub(super) fn finish(&mut self) -> Option<Line> {
        (!self.partial.is_empty() || self.dropped > 0).then(|| self.take())
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.dropped > 0 || self.partial.len() + bytes.len() > self.cap {
            self.dropped += self.partial.len() + bytes.len();
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }

    fn take(&mut self) -> Line {
        if self.dropped > 0 {
            return Line::TooLong(std::mem::take(&mut self.dropped));
        }
        let mut line = std::mem::take(&mut self.partial);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Line::Whole(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_borders_do_not_matter() {
        let text = b"one\r\ntwo\n\nlast";
        let mut whole = Lines::new(100);
        let mut expected = whole.feed(text);
        expected.extend(whole.finish());
        for size in 1..text.len() {
            let mut lines = Lines::new(100);
            let mut got = Vec::new();
            for chunk in text.chunks(size) {
                got.extend(lines.feed(chunk));
            }
            got.extend(lines.finish());
            assert_eq!(got, expected, "chunks of {size}");
        }
        assert_eq!(expected.len(), 4);
        assert_eq!(expected[3], Line::Whole(b"last".to_vec()));
    }

    #[test]
    fn a_line_over_the_cap_is_dropped_and_the_next_is_read() {
        let mut lines = Lines::new(5);
        let mut got = lines.feed(b"123");
        got.extend(lines.feed(b"4567"));
        got.extend(lines.feed(b"89\nok\n"));
        assert_eq!(got, [Line::TooLong(9), Line::Whole(b"ok".to_vec())]);
        assert_eq!(lines.finish(), None);
    }
}
