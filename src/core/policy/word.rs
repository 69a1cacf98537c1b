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
    /// The name of a file with what the command at this place prints: `<(…)`.
    Printed(usize),
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
    /// Where the command stands of which it names the output, if it does.
    pub printed: Option<usize>,
}

impl Word {
    /// Makes a word that stands for itself.
    pub(super) fn literal(text: impl Into<String>) -> Self {
        Self { text: text.into(), known: true, ..Self::default() }
    }

    /// Makes a word that nobody knows.
    pub(super) fn unknown() -> Self {
        Self { text: "…".to_owned(), ..Self::default() }
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
        let mut word = Self { known: true, plain: true, ..Self::default() };
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
                Letter::Unknown | Letter::Printed(_) => {
                    word.plain = false;
                    word.known = false;
                    word.text.push('…');
                }
            }
        }
        if let [Letter::Printed(at)] = letters {
            word.printed = Some(*at);
        }
        word
    }
}

/// Returns the words that letters between two spaces come to; none if they vanish.
pub(super) fn words(letters: &[Letter], quoted: bool, home: Option<&str>) -> Vec<Word> {
    let mut words = Vec::new();
    for letters in braces(letters, 0).unwrap_or_else(|| vec![vec![Letter::Unknown]]) {
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

/// Expands the first group of braces with a comma, then the rest; nothing if that makes too much of it.
fn braces(letters: &[Letter], depth: u32) -> Option<Vec<Vec<Letter>>> {
    let Some(group) = group(letters) else { return Some(vec![letters.to_vec()]) };
    if depth > 4 {
        return None;
    }
    let with = |middle: &[Letter]| [&letters[..group.open], middle, &letters[group.close + 1..]].concat();
    if group.commas.is_empty() {
        // `{1..3}`: what comes out is not worked out here.
        return Some(vec![with(&[Letter::Unknown])]);
    }
    let mut words = Vec::new();
    let mut from = group.open + 1;
    for end in group.commas.into_iter().chain([group.close]) {
        words.extend(braces(&with(&letters[from..end]), depth + 1)?);
        from = end + 1;
        if words.len() > MOST {
            return None;
        }
    }
    Some(words)
}

/// Braces that the shell expands; no commas for a sequence.
#[derive(Default)]
struct Group {
    open: usize,
    close: usize,
    commas: Vec<usize>,
    has_dots: bool,
}

/// Finds the first braces that the shell expands, in one pass: a text of a hundred thousand braces is read, too.
fn group(letters: &[Letter]) -> Option<Group> {
    let mut open: Vec<Group> = Vec::new();
    let mut first: Option<Group> = None;
    for (at, letter) in letters.iter().enumerate() {
        match letter {
            Letter::Plain('{') => open.push(Group { open: at, ..Group::default() }),
            Letter::Plain(',') => open.last_mut().into_iter().for_each(|group| group.commas.push(at)),
            Letter::Plain('.') if at > 0 && letters[at - 1] == Letter::Plain('.') => {
                open.last_mut().into_iter().for_each(|group| group.has_dots = true);
            }
            Letter::Plain('}') => {
                let Some(group) = open.pop() else { continue };
                if let Some(around) = open.last_mut() {
                    around.has_dots |= group.has_dots;
                }
                let is_expanded = !group.commas.is_empty() || group.has_dots;
                if is_expanded && first.as_ref().is_none_or(|first| group.open < first.open) {
                    first = Some(Group { close: at, ..group });
                }
            }
            Letter::Plain(_) | Letter::Quoted(_) | Letter::Break | Letter::Unknown | Letter::Printed(_) => {}
        }
    }
    first
}
