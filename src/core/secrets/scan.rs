//! Where secrets stand in a text, and from where on it cannot be said yet.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::model::secret::Secret;

use super::shape::{SHAPES, Verdict};
use super::squeeze::Squeezed;

/// A secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its first byte.
    pub(super) from: usize,
    /// Behind its last.
    pub(super) to: usize,
    /// Which it is.
    pub(super) which: Which,
}

/// Which secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    /// The value with this number.
    Known(usize),
    /// Something of the shape with this number.
    Shaped(usize),
}

/// What was found.
#[derive(Debug)]
pub(super) struct Scanned {
    /// The secrets, in order; none overlaps another.
    pub(super) found: Vec<Found>,
    /// From here on something may be a secret, or the beginning of one, that only the following shows.
    pub(super) open: usize,
}

/// Finds secrets.
pub(super) struct Scanner {
    automaton: Option<AhoCorasick>,
    /// What the automaton looks for, and of which secret it is.
    patterns: Vec<(Vec<u8>, Which)>,
}

impl Scanner {
    /// Prepares to find these values and all shapes.
    pub(super) fn new(secrets: &[Secret]) -> Self {
        let mut patterns = Vec::new();
        for (number, secret) in secrets.iter().enumerate() {
            for written in ways(&secret.value) {
                let pattern = Squeezed::new(&written).bytes;
                if !pattern.is_empty() {
                    patterns.push((pattern, Which::Known(number)));
                }
            }
        }
        for (number, shape) in SHAPES.iter().enumerate() {
            patterns.extend(shape.begins.iter().map(|begin| (begin.as_bytes().to_vec(), Which::Shaped(number))));
        }
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(patterns.iter().map(|(pattern, _)| pattern));
        // It fails only beyond two billion states, which values of bounded length do not reach.
        Self { automaton: automaton.ok(), patterns }
    }

    /// Finds the secrets of `text`; `ends` says that nothing follows.
    pub(super) fn scan(&self, text: &[u8], ends: bool) -> Scanned {
        let squeezed = Squeezed::new(text);
        let mut found = Vec::new();
        let mut open = if ends { text.len() } else { squeezed.unfinished.unwrap_or(text.len()) };
        if !ends {
            open = open.min(squeezed.raw(self.partial(&squeezed.bytes)).min(text.len()));
        }
        let hits = self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(&squeezed.bytes));
        for hit in hits {
            let Some(&(_, which)) = self.patterns.get(hit.pattern().as_usize()) else { continue };
            let verdict = match which {
                Which::Known(_) => Verdict::Secret(hit.start(), hit.end()),
                Which::Shaped(number) => SHAPES[number].judge(&squeezed, hit.start(), hit.end(), ends),
            };
            match verdict {
                Verdict::Other => {}
                Verdict::Open => open = open.min(squeezed.raw(hit.start())),
                Verdict::Secret(from, to) => {
                    found.push(Found { from: squeezed.raw(from), to: squeezed.raw_end(to), which });
                }
            }
        }
        let found = apart(found);
        // What reaches into the open part may be part of something longer.
        for found in found.iter().rev() {
            if found.to > open {
                open = open.min(found.from);
            }
        }
        Scanned { found, open }
    }

    /// Returns from where on the end of a text may be the beginning of something looked for.
    fn partial(&self, text: &[u8]) -> usize {
        let Some(last) = text.last() else { return 0 };
        let mut longest = 0;
        for (pattern, _) in &self.patterns {
            let most = text.len().min(pattern.len() - 1);
            for length in (longest + 1..=most).rev() {
                if pattern[length - 1] == *last && text.ends_with(&pattern[..length]) {
                    longest = length;
                    break;
                }
            }
        }
        text.len() - longest
    }
}

/// The ways in which a value is written: as it is, in a JSON text, in a URL.
fn ways(value: &str) -> Vec<Vec<u8>> {
    let mut ways = vec![value.as_bytes().to_vec()];
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default().as_bytes().to_vec();
    let url = |upper: bool| -> Vec<u8> {
        value.bytes().fold(Vec::new(), |mut url, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                url.push(byte);
            } else {
                let code = if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
                url.extend_from_slice(code.as_bytes());
            }
            url
        })
    };
    for way in [json, url(true), url(false)] {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}

/// Joins what overlaps; a known value gives its name to the whole.
fn apart(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| (found.from, std::cmp::Reverse(found.to)));
    let mut apart: Vec<Found> = Vec::new();
    for found in found {
        match apart.last_mut() {
            Some(last) if found.from < last.to => {
                last.to = last.to.max(found.to);
                if matches!(last.which, Which::Shaped(_)) {
                    last.which = found.which.min(last.which);
                }
            }
            _ => apart.push(found),
        }
    }
    apart
}
