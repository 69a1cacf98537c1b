//! A word of a command line: what is known of its text, and how braces make several of it.

/// One letter, and how the shell would look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letter {
    /// Outside of quotes: may be part of a pattern or of braces.
    Plain(char),
    /// Quoted or escaped: stands for itself.
    Quoted(char),
    /// Where the value of a variable outside of quotes is cut into words.
    Break,
    /// Something that only the running shell knows.
    Unknown,
}

/// A word as a program would get it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// Its text; `…` stands for what is not known.
    pub text: String,
    /// Whether all of it is known.
    pub known: bool,
    /// Whether the shell puts the names of files in its place.
    pub glob: bool,
    /// Whether nothing in it was quoted, so that it can be a keyword.
    pub plain: bool,
}

impl Word {
    /// Makes a word that stands for itself.
    pub(super) fn literal(text: impl Into<String>) -> Self {
        Self { text: text.into(), known: true, glob: false, plain: false }
    }

    /// Makes a word that nobody knows.
    pub(super) fn unknown() -> Self {
        Self { text: "…".to_owned(), known: false, glob: false, plain: false }
    }

    /// Whether it is exactly this text.
    pub(super) fn is(&self, text: &str) -> bool {
        self.known && self.text == text
    }

    /// Returns the text if all of it is known.
    pub(super) fn known(&self) -> Option<&str> {
        self.known.then_some(self.text.as_str())
    }

    fn of(letters: &[Letter], home: Option<&str>) -> Self {
        let mut word = Self { text: String::new(), known: true, glob: false, plain: true };
        for (at, letter) in letters.iter().enumerate() {
            match *letter {
                // `~` and `~/…` are the home; `~name` is somebody's, and never inside.
                Letter::Plain('~') if at == 0 => {
                    let is_own = matches!(letters.get(1), None | Some(Letter::Plain('/')));
                    word.text.push_str(if is_own { home.unwrap_or("/~") } else { "/~" });
                }
                Letter::Plain(letter) => {
                    word.glob |= matches!(letter, '*' | '?' | '[');
                    word.text.push(letter);
                }
                Letter::Quoted(letter) => {
                    word.plain = false;
                    word.text.push(letter);
                }
                Letter::Break => {}
                Letter::Unknown => {
                    word.plain = false;
                    word.known = false;
                    word.text.push('…');
                }
            }
        }
        word
    }
}

/// Returns the words that letters between two spaces come to; none if they vanish.
pub(super) fn words(letters: &[Letter], quoted: bool, home: Option<&str>) -> Vec<Word> {
    let mut words = Vec::new();
    for letters in braces(letters, 0) {
        let pieces: Vec<&[Letter]> = letters.split(|letter| *letter == Letter::Break).collect();
        let alone = pieces.len() == 1;
        for piece in pieces {
            if !piece.is_empty() || (alone && quoted) {
                let mut word = Word::of(piece, home);
                word.plain &= !quoted;
                words.push(word);
            }
        }
    }
    words
}

/// Returns the letters as one word, whatever they contain.
pub(super) fn one(letters: &[Letter], home: Option<&str>) -> Word {
    let kept: Vec<Letter> =
        letters.iter().map(|letter| if *letter == Letter::Break { Letter::Quoted(' ') } else { *letter }).collect();
    Word::of(&kept, home)
}

/// The most words that braces may make of one, before their meaning counts as unknown.
const MOST: usize = 256;

/// Expands the first group of braces with a comma, then the rest.
fn braces(letters: &[Letter], depth: u32) -> Vec<Vec<Letter>> {
    let Some((open, close, commas)) = group(letters) else { return vec![letters.to_vec()] };
    if depth > 4 {
        return vec![vec![Letter::Unknown]];
    }
    let mut words = Vec::new();
    if commas.is_empty() {
        // `{1..3}`: what comes out is not worked out here.
        let mut word = letters[..open].to_vec();
        word.push(Letter::Unknown);
        word.extend_from_slice(&letters[close + 1..]);
        return vec![word];
    }
    let mut from = open + 1;
    for end in commas.into_iter().chain([close]) {
        let mut word = letters[..open].to_vec();
        word.extend_from_slice(&letters[from..end]);
        word.extend_from_slice(&letters[close + 1..]);
        words.extend(braces(&word, depth + 1));
        from = end + 1;
        if words.len() > MOST {
            return vec![vec![Letter::Unknown]];
        }
    }
    words
}

/// Finds braces that the shell expands: where they open and close, and their commas; no commas for a sequence.
fn group(letters: &[Letter]) -> Option<(usize, usize, Vec<usize>)> {
    for open in 0..letters.len() {
        if letters[open] != Letter::Plain('{') {
            continue;
        }
        let mut depth = 0_u32;
        let mut commas = Vec::new();
        for at in open..letters.len() {
            match letters[at] {
                Letter::Plain('{') => depth += 1,
                Letter::Plain(',') if depth == 1 => commas.push(at),
                Letter::Plain('}') => {
                    depth -= 1;
                    if depth == 0 {
                        let dots = letters[open..at].windows(2).any(|pair| pair == [Letter::Plain('.'); 2]);
                        if commas.is_empty() && !dots {
                            break;
                        }
                        return Some((open, at, commas));
                    }
                }
                Letter::Plain(_) | Letter::Quoted(_) | Letter::Break | Letter::Unknown => {}
            }
        }
    }
    None
}
