//! What was typed, compared with a small editor that does the worst that keys can do.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn after(typed: &[&str]) -> (bool, bool) {
    let mut line = TypedLine::default();
    let entered: Vec<bool> = typed.iter().map(|keys| line.feed(keys.as_bytes(), true)).collect();
    (line.is_empty(), entered.contains(&true))
}

#[test]
fn a_line_is_half_written_until_it_is_entered_or_taken_back() {
    for typed in [
        &["h", "i"][..],
        &["grün", "\x7f", "\x7f", "\x7f"],
        &["\x1b[A"],
        &["\x1bb"],
        &["\x1b[200~text\x1b[201~"],
        // A picture may come of it.
        &["\x1b[200~", "\x1b[201~"],
        &["\x1b[200~te"],
        &["a", "\x1b[D", "\x7f"],
        &["a", "\n"],
        &["\x12"],
        // With alt: never the beginning of something that swallows what follows.
        &["\x1b]", "word"],
        &["\x1bP", "word"],
        &["\x1bX", "word"],
        &["\x1b^", "\x1b_", "word\x07"],
        // New lines, none of which hands anything over.
        &["a\\\r"],
        &["a\\", "\r"],
        &["a", "\x1b\r"],
        &["a", "\x1b", "\r"],
        &["a", "\x1b[13;2u"],
        &["\x1b[27;2;13~"],
        // What is suggested in an empty line.
        &["\t"],
        &["\x1b[C"],
        // Old mice and answers are no keys; a person who types their bytes types.
        &["\x1b[M", "abc"],
        &["\x1b[<35;10;5M"],
        // An editor with modes may go back instead of deleting.
        &["ab", "\x1b", "\x7f\x7f"],
        &["\x1b", "p", "\x7f"],
        &["\x1b", "\x1b"],
        &["\x1b", "\x03", "\x15"],
    ] {
        assert!(!after(typed).0, "{typed:?}");
    }
    for typed in
        [&[""][..], &["gr", "ü", "\x7f\x7f\x7f"], &["text", "\x03"], &["\x1b[A", "\x03"], &["text\x15"], &["\x1b"]]
    {
        assert_eq!(after(typed), (true, false), "{typed:?}");
    }
    assert_eq!(after(&["hi\r"]), (true, true));
    assert_eq!(after(&["\x1b[200~two\rlines\x1b[201~", "\r"]), (true, true));
    assert_eq!(after(&["\r"]), (true, false), "an empty line hands over nothing");
}

#[test]
fn a_line_with_more_to_it_has_gone_when_a_prompt_was_taken() {
    for typed in [&["look at @src\r"][..], &["\x1b[A", "\r"], &["/mo\r"], &["@a", "\t", "\r"], &["\x1b", "hi", "\r"]] {
        let mut line = TypedLine::default();
        let entered = typed.iter().map(|keys| line.feed(keys.as_bytes(), true)).last();
        assert_eq!((line.is_empty(), line.is_half_written(), entered), (false, false, Some(true)), "{typed:?}");
        line.taken();
        assert!(line.is_empty(), "{typed:?}");
    }
    // A prompt that had waited for its turn says nothing of the line that is being written.
    let mut line = TypedLine::default();
    line.feed(b"first\r", false);
    line.feed(b"look at @src\r", false);
    line.taken();
    assert!(line.is_half_written());
    // Ctrl-C while a turn runs stops that.
    let mut line = TypedLine::default();
    line.feed(b"\x03", false);
    assert!(line.is_half_written());
}

/// What a person does, and what happens meanwhile.
#[derive(Clone, Debug)]
enum Act {
    Type(char),
    Alt(char),
    Paste(&'static str),
    /// Bytes of a key that does what it says.
    Key(&'static str, Key),
    /// The next hook comes to its end.
    Hook,
    /// The turn ends.
    Ends,
}

#[derive(Clone, Copy, Debug)]
enum Key {
    Enter,
    NewLine,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Home,
    Kill,
    Yank,
    Undo,
    Stop,
    Escape,
    Suggest,
}

fn acts() -> impl Strategy<Value = Act> {
    let letters = prop::sample::select(vec!['a', 'p', ' ', '@', '\\', '/', 'ü', '!']);
    let keys = prop::sample::select(vec![
        ("\r", Key::Enter),
        ("\r", Key::Enter),
        ("\n", Key::NewLine),
        ("\x1b\r", Key::NewLine),
        ("\x1b[13;2u", Key::NewLine),
        ("\x1b[27;2;13~", Key::NewLine),
        ("\x7f", Key::Backspace),
        ("\x1b[3~", Key::Delete),
        ("\x1b[D", Key::Left),
        ("\x1b[C", Key::Right),
        ("\x1bOA", Key::Up),
        ("\x1b[A", Key::Up),
        ("\x1b[H", Key::Home),
        ("\x15", Key::Kill),
        ("\x19", Key::Yank),
        ("\x1f", Key::Undo),
        ("\x03", Key::Stop),
        ("\x1b", Key::Escape),
        ("\t", Key::Suggest),
    ]);
    prop_oneof![
        5 => letters.prop_map(Act::Type),
        1 => prop::sample::select(vec![']', 'P', 'X', '^', '_', 'b']).prop_map(Act::Alt),
        1 => prop::sample::select(vec!["", "a", "@a", "/a", "a\\", "a\rb"]).prop_map(Act::Paste),
        6 => keys.prop_map(|(bytes, key)| Act::Key(bytes, key)),
        2 => Just(Act::Hook),
        1 => Just(Act::Ends),
    ]
}

impl Act {
    fn bytes(&self) -> String {
        match self {
            Self::Type(letter) => letter.to_string(),
            Self::Alt(letter) => format!("\x1b{letter}"),
            Self::Paste(text) => format!("\x1b[200~{text}\x1b[201~"),
            Self::Key(bytes, _) => (*bytes).to_owned(),
            Self::Hook | Self::Ends => String::new(),
        }
    }
}

/// What hooks tell, some time later, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Prompted,
    Over,
}

/// A line editor with all that makes it hard to follow: names that Enter fills in, commands that want an argument, a
/// history, undo, suggestions, a queue, prompts that come back when they are stopped; and with modes, if it has them.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "an editor with all its states")]
struct Editor {
    text: Vec<char>,
    at: usize,
    before: Vec<char>,
    killed: Vec<char>,
    history: Vec<Vec<char>>,
    queue: Vec<Vec<char>>,
    has_modes: bool,
    commands: bool,
    runs: bool,
    escaped: bool,
    told: VecDeque<Told>,
}

impl Editor {
    fn insert(&mut self, letter: char) {
        self.before = self.text.clone();
        self.text.insert(self.at, letter);
        self.at += 1;
    }

    fn set(&mut self, text: Vec<char>) {
        self.before = std::mem::replace(&mut self.text, text);
        self.at = self.text.len();
    }

    fn act(&mut self, act: &Act) {
        let escaped = std::mem::take(&mut self.escaped);
        match act {
            Act::Type('p') if self.commands => "yanked".chars().for_each(|letter| self.insert(letter)),
            Act::Type('a') if self.commands => self.commands = false,
            Act::Type(letter) | Act::Alt(letter) => self.insert(*letter),
            Act::Paste("") => self.insert('▣'),
            Act::Paste(text) => text.chars().for_each(|letter| self.insert(letter)),
            Act::Key(_, Key::Enter) if escaped => self.insert('\n'),
            Act::Key(_, Key::Escape) => self.escape(escaped),
            Act::Key(_, key) => self.key(*key),
            Act::Hook | Act::Ends => {
                self.escaped = escaped;
                if matches!(act, Act::Ends) && self.runs {
                    self.over();
                }
            }
        }
    }

    fn key(&mut self, key: Key) {
        match key {
            Key::Enter => self.enter(),
            Key::NewLine => self.insert('\n'),
            Key::Backspace if self.commands => self.at = self.at.saturating_sub(1),
            Key::Backspace if self.at > 0 => {
                self.at -= 1;
                self.before = self.text.clone();
                self.text.remove(self.at);
            }
            Key::Delete if self.at < self.text.len() => {
                self.text.remove(self.at);
            }
            Key::Backspace | Key::Delete | Key::Escape => {}
            Key::Left => self.at = self.at.saturating_sub(1),
            Key::Right if self.at < self.text.len() => self.at += 1,
            Key::Home => self.at = 0,
            Key::Up => {
                if let Some(line) = self.history.last().cloned() {
                    self.set(line);
                }
            }
            Key::Kill if self.commands => self.text = std::mem::take(&mut self.before),
            Key::Kill => {
                let begins = self.text[..self.at].iter().rposition(|letter| *letter == '\n').map_or(0, |at| at + 1);
                self.before = self.text.clone();
                self.killed = self.text.drain(begins..self.at).collect();
                self.at = begins;
            }
            Key::Yank => self.killed.clone().into_iter().for_each(|letter| self.insert(letter)),
            Key::Undo => self.set(self.before.clone()),
            Key::Stop if self.runs => self.interrupt(),
            Key::Stop => self.set(Vec::new()),
            Key::Right | Key::Suggest => "run the tests".chars().for_each(|letter| self.insert(letter)),
        }
        self.at = self.at.min(self.text.len());
    }

    fn enter(&mut self) {
        let word: String = self.text[..self.at].iter().rev().take_while(|letter| !letter.is_whitespace()).collect();
        if word.starts_with('\\') {
            self.text[self.at - 1] = '\n';
        } else if word.ends_with('@') || word.chars().count() > 1 && word.ends_with('/') {
            // Filled in, with a space after it.
            "x ".chars().for_each(|letter| self.insert(letter));
        } else if matches!(self.text.first(), Some('/' | '!')) {
            self.set(Vec::new());
        } else if !self.text.is_empty() {
            let line = std::mem::take(&mut self.text);
            self.set(Vec::new());
            self.history.push(line.clone());
            if self.runs { self.queue.push(line) } else { self.begin() }
        }
    }

    fn begin(&mut self) {
        self.runs = true;
        self.told.push_back(Told::Prompted);
    }

    fn over(&mut self) {
        self.runs = false;
        self.told.push_back(Told::Over);
        if !std::mem::take(&mut self.queue).is_empty() {
            self.begin();
        }
    }

    fn interrupt(&mut self) {
        if let Some(line) = self.history.last().cloned().filter(|_| self.text.is_empty()) {
            self.set(line);
        }
        self.over();
    }

    fn escape(&mut self, again: bool) {
        self.commands = self.has_modes;
        self.escaped = true;
        if self.runs {
            self.interrupt();
        } else if again && let Some(line) = self.history.last().cloned() {
            self.set(line);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_with_something_in_it_is_never_empty(has_modes: bool, acts in prop::collection::vec(acts(), 1..30)) {
        let mut editor = Editor { has_modes, ..Editor::default() };
        let (mut line, mut calm) = (TypedLine::default(), true);
        for (n, act) in acts.iter().enumerate() {
            let told = editor.told.len();
            editor.act(act);
            if matches!(act, Act::Hook) {
                match editor.told.pop_front() {
                    Some(Told::Prompted) => {
                        line.taken();
                        calm = false;
                    }
                    Some(Told::Over) => calm = true,
                    None => {}
                }
            } else {
                // Hooks are soon there: while one is on its way, that is known.
                line.feed(act.bytes().as_bytes(), calm && told == 0);
            }
            let text: String = editor.text.iter().collect();
            prop_assert!(text.is_empty() || !line.is_empty(), "{:?} leaves {text:?}", &acts[..=n]);
        }
    }
}
