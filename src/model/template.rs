//! Texts with placeholders (`{file}`, `{dir}`, `{stem}`, `{tests}`), taken apart.

use std::ops::Range;

/// What a command line or a `tests` pattern may leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// The changed file, relative to the project.
    File,
    /// The folder it lies in; `.` for the project itself.
    Dir,
    /// Its name without folder and last extension.
    Stem,
    /// Its test file, by the check's `tests` pattern.
    Tests,
}

impl Placeholder {
    /// Every placeholder, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::File, Self::Dir, Self::Stem, Self::Tests];

    /// Returns the word between the braces.
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Dir => "dir",
            Self::Stem => "stem",
            Self::Tests => "tests",
        }
    }

    /// Returns the placeholder that `word` names.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}

/// One part of a text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// To be kept as it is.
    Text(&'a str),
    /// To be filled in.
    Fill(Placeholder),
    /// Looks like a placeholder and is none; the range of bytes includes the braces.
    Unknown(&'a str, Range<usize>),
}

/// Takes a text apart. Only lower-case words in braces count, so `${HOME}`, `{ print }` and `{a,b}` stay text;
/// `{{file}}` is the text `{file}`.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut kept, mut at) = (0, 0);
    let keep = |range: Range<usize>| (!range.is_empty()).then(|| Piece::Text(&text[range]));
    while let Some(open) = text[at..].find('{').map(|found| at + found) {
        let word = text[open + 1..].split(|letter: char| !letter.is_ascii_lowercase() && letter != '_').next();
        let word = word.unwrap_or_default();
        let close = open + 1 + word.len();
        let before = text[..open].chars().next_back();
        let doubled = before == Some('{') && text[close..].starts_with("}}");
        if word.is_empty() || !text[close..].starts_with('}') || before == Some('$') {
            at = open + 1;
            continue;
        }
        match Placeholder::named(word) {
            Some(_) if doubled => {
                pieces.extend(keep(kept..open - 1));
                pieces.extend(keep(open..close + 1));
                kept = close + 2;
            }
            // `{{json}}` is a template of another program.
            None if doubled => {}
            Some(known) => {
                pieces.extend(keep(kept..open));
                pieces.push(Piece::Fill(known));
                kept = close + 1;
            }
            None => {
                pieces.extend(keep(kept..open));
                pieces.push(Piece::Unknown(word, open..close + 1));
                kept = close + 1;
            }
        }
        at = kept.max(close + 1);
    }
    pieces.extend(keep(kept..text.len()));
    pieces
}

/// Returns the placeholders of a text, each as often as it occurs.
pub fn placeholders(text: &str) -> impl Iterator<Item = Placeholder> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Fill(placeholder) => Some(placeholder),
        Piece::Text(_) | Piece::Unknown(..) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_in_braces_are_filled() {
        assert_eq!(
            pieces("ruff {file} --x={dir}"),
            [Piece::Text("ruff "), Piece::Fill(Placeholder::File), Piece::Text(" --x="), Piece::Fill(Placeholder::Dir)]
        );
        assert_eq!(pieces("a {flie}"), [Piece::Text("a "), Piece::Unknown("flie", 2..8)]);
        for text in ["awk '{ print $1 }'", "${file}", "{a,b}", "docker -f '{{json}}'", "{", "{}", "x}", "{File}", ""] {
            assert_eq!(placeholders(text).count(), 0, "{text}");
            assert!(pieces(text).iter().all(|piece| matches!(piece, Piece::Text(_))), "{text}");
        }
    }

    #[test]
    fn doubled_braces_are_text() {
        assert_eq!(pieces("a {{file}} b"), [Piece::Text("a "), Piece::Text("{file}"), Piece::Text(" b")]);
    }
}
