//! Takes a shell command line apart into the simple commands that it may run, in the order of their text.
//!
//! Control flow makes no difference to what each command may do, so `if`, loops, groups and functions are only looked
//! through. Substitutions give the commands inside of them, before the one that they stand in.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use super::script::{Reads, Redirect, Script, Simple, Unclear};
use super::word::Word;

/// How deep substitutions and brackets may be nested.
const DEEPEST: u32 = 48;

/// Where a list of commands ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With the text.
    Text,
    /// With `)`.
    Bracket,
    /// With `;;` or `esac`.
    Case,
}

/// Takes a text apart; `variables` are those whose value is known.
///
/// # Errors
/// Why it cannot be understood.
pub(super) fn parse(text: &str, variables: &BTreeMap<String, String>) -> Result<Script, Unclear> {
    let known = variables.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
    parse_from(text, known, 0)
}

/// Takes a text apart that stands so deep in another one. Of `variables`, those without a value may have any.
///
/// # Errors
/// Why it cannot be understood.
pub(super) fn parse_from(
    text: &str,
    variables: BTreeMap<String, Option<String>>,
    depth: u32,
) -> Result<Script, Unclear> {
    let mut parser = Parser {
        letters: text.chars().peekable(),
        script: Script::default(),
        variables,
        documents: Vec::new(),
        pending: Vec::new(),
        depth,
    };
    parser.list(End::Text)?;
    parser.finish()
}

pub(super) struct Parser<'a> {
    pub(super) letters: Peekable<Chars<'a>>,
    pub(super) script: Script,
    /// Variables; `None` for one whose value depends on the way that was taken.
    pub(super) variables: BTreeMap<String, Option<String>>,
    /// The texts of here-documents.
    pub(super) documents: Vec<Word>,
    /// Here-documents that begin after this line: their end, whether it was quoted, whether tabs are dropped.
    pub(super) pending: Vec<(String, bool, bool)>,
    pub(super) depth: u32,
}

impl Parser<'_> {
    fn finish(mut self) -> Result<Script, Unclear> {
        if !self.pending.is_empty() {
            self.here_documents()?;
        }
        for command in &mut self.script.commands {
            if let Reads::Later(number) = command.reads {
                command.reads = Reads::Text(self.documents.get(number).cloned().unwrap_or_else(Word::unknown));
            }
        }
        self.script.variables = self.variables;
        Ok(self.script)
    }

    /// Goes one level deeper; whoever comes back takes it off again. An error ends all reading.
    pub(super) fn deeper(&mut self) -> Result<(), Unclear> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(Unclear::Deep) } else { Ok(()) }
    }

    /// Reads commands up to the end; says whether `esac` was the end.
    pub(super) fn list(&mut self, end: End) -> Result<bool, Unclear> {
        self.deeper()?;
        let mut current = Simple::default();
        // What the next command reads; whether one must follow.
        let (mut piped, mut expects) = (Reads::Nothing, false);
        loop {
            let Some(&letter) = self.letters.peek() else {
                self.end(&mut current, &mut piped);
                self.depth -= 1;
                return if end != End::Text {
                    Err(Unclear::Unfinished)
                } else if expects {
                    Err(Unclear::Missing)
                } else {
                    Ok(false)
                };
            };
            match letter {
                ' ' | '\t' => drop(self.letters.next()),
                '#' => while self.letters.next_if(|letter| *letter != '\n').is_some() {},
                '\n' => {
                    self.letters.next();
                    self.end(&mut current, &mut piped);
                    self.here_documents()?;
                }
                ';' => {
                    self.letters.next();
                    if self.letters.next_if(|letter| matches!(letter, ';' | '&')).is_some() {
                        self.letters.next_if_eq(&'&');
                        if end != End::Case {
                            return Err(Unclear::Missing);
                        }
                        self.end(&mut current, &mut piped);
                        self.depth -= 1;
                        return Ok(false);
                    }
                    self.end(&mut current, &mut piped);
                }
                '&' | '|' => {
                    self.letters.next();
                    if letter == '&' && self.letters.peek() == Some(&'>') {
                        self.letters.next();
                        self.letters.next_if_eq(&'>');
                        let file = self.target()?;
                        current.redirects.push(Redirect { file, writes: true });
                        continue;
                    }
                    let doubled = self.letters.next_if_eq(&letter).is_some();
                    let had = self.end(&mut current, &mut piped);
                    if letter == '|' && !doubled {
                        self.letters.next_if_eq(&'&');
                        piped = Reads::Pipe(had);
                    }
                    current.after_success = letter == '&' && doubled;
                    expects = doubled || letter == '|';
                }
                '(' => {
                    self.letters.next();
                    expects = false;
                    self.bracket(&mut current)?;
                }
                ')' if end == End::Bracket => {
                    self.letters.next();
                    self.end(&mut current, &mut piped);
                    self.depth -= 1;
                    return Ok(false);
                }
                ')' => return Err(Unclear::Odd(')')),
                '<' | '>' => {
                    if !self.redirect(&mut current)? {
                        self.word(&mut current)?;
                    }
                    expects = false;
                }
                _ => {
                    let (is_test, had) =
                        (current.words.first().is_some_and(|word| is_keyword(word, "[[")), current.words.len());
                    self.word(&mut current)?;
                    // `[[ … ]] { … }`: another shell runs what stands in the braces.
                    if is_test && current.words.len() > had {
                        return Err(Unclear::Odd(letter));
                    }
                    expects = false;
                    if end == End::Case && current.words.len() == 1 && is_keyword(&current.words[0], "esac") {
                        self.depth -= 1;
                        return Ok(true);
                    }
                    self.keyword(&mut current)?;
                }
            }
        }
    }

    /// Ends the current command; returns its place if it was a simple one.
    fn end(&mut self, current: &mut Simple, piped: &mut Reads) -> Option<usize> {
        let mut command = std::mem::take(current);
        let is_empty = command.words.is_empty() && command.assignments.is_empty() && command.redirects.is_empty();
        if is_empty {
            current.after_success = command.after_success;
            return None;
        }
        let piped = std::mem::take(piped);
        if command.reads == Reads::Nothing {
            command.reads = piped;
        }
        self.note_variables(&command);
        self.script.commands.push(command);
        Some(self.script.commands.len() - 1)
    }

    /// Remembers what variables are set to: one that is set twice may have either value.
    fn note_variables(&mut self, command: &Simple) {
        let mut set = |name: &str, value: Option<String>| {
            let is_new = self.variables.get(name).is_none_or(|known| *known == value);
            self.variables.insert(name.to_owned(), value.filter(|_| is_new));
        };
        if command.words.is_empty() {
            for (name, value) in &command.assignments {
                set(name, value.known().map(str::to_owned));
            }
        }
        let Some((program, args)) = command.words.split_first() else { return };
        match program.text.as_str() {
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                for (name, value) in args.iter().filter_map(|arg| arg.text.split_once('=')) {
                    set(name, args.iter().all(|arg| arg.known).then(|| value.to_owned()));
                }
            }
            // What is said now is done later, when all else may be different.
            "trap" | "eval" | "alias" => self.script.repeats = true,
            "cd" | "pushd" | "popd" => {
                self.variables.insert("PWD".to_owned(), None);
            }
            "read" | "unset" | "mapfile" | "readarray" | "getopts" | "printf" => {
                for arg in args {
                    self.variables.insert(arg.text.clone(), None);
                }
            }
            _ => {}
        }
    }

    /// What follows a `(`.
    fn bracket(&mut self, current: &mut Simple) -> Result<(), Unclear> {
        if current.words.is_empty() && current.assignments.is_empty() {
            if self.letters.next_if_eq(&'(').is_some() {
                return self.arithmetic();
            }
            return self.list(End::Bracket).map(drop);
        }
        while self.letters.next_if(|letter| matches!(letter, ' ' | '\t')).is_some() {}
        match (current.words.as_slice(), self.letters.next()) {
            ([name], Some(')')) => {
                self.script.functions.insert(name.text.clone());
                self.script.repeats = true;
                *current = Simple::default();
                Ok(())
            }
            (_, None) => Err(Unclear::Unfinished),
            _ => Err(Unclear::Odd('(')),
        }
    }

    /// `((…))`, up to its end; substitutions in it count.
    pub(super) fn arithmetic(&mut self) -> Result<(), Unclear> {
        let mut depth = 2;
        while depth > 0 {
            match self.letters.peek() {
                None => return Err(Unclear::Unfinished),
                Some('$' | '`') => drop(self.expansion(true)?),
                Some(letter) => {
                    depth += i32::from(*letter == '(') - i32::from(*letter == ')');
                    self.letters.next();
                }
            }
        }
        Ok(())
    }

    /// Looks at the first word of a command: a keyword of the shell makes room for the command after it.
    fn keyword(&mut self, current: &mut Simple) -> Result<(), Unclear> {
        let [first] = current.words.as_slice() else { return Ok(()) };
        if !first.plain || !current.assignments.is_empty() {
            return Ok(());
        }
        if ["while", "until", "for", "select", "function"].contains(&first.text.as_str()) {
            self.script.repeats = true;
        }
        match first.text.as_str() {
            "if" | "then" | "elif" | "else" | "fi" | "while" | "until" | "do" | "done" | "{" | "}" | "!" => {
                current.words.clear();
            }
            "coproc" => {
                current.words.clear();
                // `coproc NAME { …; }`
                if self.ahead(1).is_some_and(|second| is_compound(&second)) {
                    self.next_word()?;
                }
            }
            "time" if self.ahead(0).is_some_and(|next| is_compound(&next)) => current.words.clear(),
            "function" => {
                let name = self.next_word()?;
                self.script.functions.insert(name.text);
                while self.letters.next_if(|letter| matches!(letter, ' ' | '\t' | '(' | ')')).is_some() {}
                current.words.clear();
            }
            "for" | "select" => {
                while self.letters.next_if(|letter| matches!(letter, ' ' | '\t')).is_some() {}
                current.words.clear();
                if self.letters.next_if_eq(&'(').is_some() {
                    self.letters.next_if_eq(&'(').ok_or(Unclear::Odd('('))?;
                    return self.arithmetic();
                }
                let name = self.next_word()?;
                self.variables.insert(name.text, None);
                while self.letters.next_if(|letter| letter.is_whitespace()).is_some() {}
                let goes_through: String = self.letters.clone().take(3).collect();
                if !goes_through.starts_with("in") || !goes_through.ends_with(|letter: char| letter.is_whitespace()) {
                    // Through what the script was given; what follows is a command, as ever.
                    return Ok(());
                }
                // The words that it goes through: only substitutions among them matter.
                let mut through = Simple::default();
                while self.letters.peek().is_some_and(|letter| !matches!(letter, ';' | '\n')) {
                    if self.letters.next_if(|letter| matches!(letter, ' ' | '\t')).is_none() {
                        self.word(&mut through)?;
                    }
                }
            }
            "case" => {
                current.words.clear();
                self.case()?;
            }
            "[[" => self.test(current)?,
            _ => {}
        }
        Ok(())
    }

    /// `case WORD in PATTERN) …;; esac`
    fn case(&mut self) -> Result<(), Unclear> {
        self.next_word()?;
        let keyword = self.next_word()?;
        if keyword.text != "in" {
            return Err(Unclear::Missing);
        }
        loop {
            while self.letters.next_if(|letter| letter.is_whitespace() || *letter == '(').is_some() {}
            let mut pattern = Simple::default();
            loop {
                match self.letters.peek() {
                    None => return Err(Unclear::Unfinished),
                    Some(')') => {
                        self.letters.next();
                        break;
                    }
                    Some(' ' | '\t' | '|' | '\n' | ';') => drop(self.letters.next()),
                    Some(_) => self.word(&mut pattern)?,
                }
                if pattern.words.first().is_some_and(|word| is_keyword(word, "esac")) {
                    return Ok(());
                }
            }
            if self.list(End::Case)? {
                return Ok(());
            }
        }
    }

    /// `[[ … ]]`: operators inside are words.
    fn test(&mut self, current: &mut Simple) -> Result<(), Unclear> {
        loop {
            match self.letters.peek() {
                None => return Err(Unclear::Unfinished),
                Some(' ' | '\t' | '\n' | '&' | '|' | '(' | ')' | '<' | '>' | ';') => drop(self.letters.next()),
                Some(_) => {
                    self.word(current)?;
                    if current.words.last().is_some_and(|word| word.is("]]")) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Returns one of the next words of this line, as it is written.
    fn ahead(&self, number: usize) -> Option<String> {
        let line: String = self.letters.clone().take_while(|letter| *letter != '\n').take(200).collect();
        line.split_whitespace().filter(|word| *word != "-p").nth(number).map(str::to_owned)
    }

    /// Reads one word where one must stand.
    fn next_word(&mut self) -> Result<Word, Unclear> {
        while self.letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        let mut command = Simple { words: vec![Word::literal("")], ..Simple::default() };
        self.word(&mut command)?;
        command.words.into_iter().nth(1).ok_or(Unclear::Missing)
    }
}

/// Whether a word begins a command that is made of others.
fn is_compound(word: &str) -> bool {
    ["{", "[[", "!", "if", "while", "until", "for", "case", "select", "time"].contains(&word) || word.starts_with('(')
}

fn is_keyword(word: &Word, keyword: &str) -> bool {
    word.plain && word.text == keyword
}
