//! Reads the words of a command line with their quotes and expansions, as a shell would.

use super::parse::{End, Parser, parse_from};
use super::script::{Reads, Simple, Unclear};
use super::word::{Letter, Word, one, words};

impl Parser<'_> {
    /// Reads a word into a command: an argument, an assignment, or the descriptor of a redirect.
    pub(super) fn word(&mut self, current: &mut Simple) -> Result<(), Unclear> {
        let mut letters: Vec<Letter> = Vec::new();
        let (mut quoted, mut begun) = (false, false);
        // Where an unquoted `=` follows a name, the word is an assignment as long as no command has begun.
        let mut equals = None;
        while let Some(&letter) = self.letters.peek() {
            match letter {
                '<' | '>' if letters.iter().all(|letter| matches!(letter, Letter::Plain('0'..='9'))) => {
                    if self.redirect(current)? {
                        return Ok(());
                    }
                    // `<(…)`: the commands inside of it count, and its name is known to nobody.
                    self.letters.next();
                    self.letters.next();
                    let from = self.script.commands.len();
                    self.list(End::Bracket)?;
                    let is_one = letter == '<' && self.script.commands.len() == from + 1;
                    letters.push(if is_one { Letter::Printed(from) } else { Letter::Unknown });
                }
                '(' if equals.is_some_and(|at| at + 1 == letters.len()) => {
                    self.letters.next();
                    self.array()?;
                    letters.push(Letter::Unknown);
                }
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
                '\'' => {
                    quoted = true;
                    self.letters.next();
                    self.single_quoted(&mut letters)?;
                }
                '"' => {
                    quoted = true;
                    self.letters.next();
                    self.double_quoted(&mut letters)?;
                }
                '\\' => {
                    self.letters.next();
                    match self.letters.next() {
                        Some('\n') => {}
                        Some(letter) => letters.push(Letter::Quoted(letter)),
                        None => return Err(Unclear::Unfinished),
                    }
                }
                '$' | '`' => letters.extend(self.expansion(false)?),
                // What stands for something unknown in a text that was put together here.
                '…' => {
                    self.letters.next();
                    letters.push(Letter::Unknown);
                }
                _ => {
                    self.letters.next();
                    if letter == '=' && equals.is_none() && is_name(&letters) {
                        equals = Some(letters.len());
                    }
                    letters.push(Letter::Plain(letter));
                }
            }
            begun = true;
        }
        if !begun {
            return Err(self.letters.peek().map_or(Unclear::Unfinished, |letter| Unclear::Odd(*letter)));
        }
        let home = self.home();
        match equals {
            Some(at) if current.words.is_empty() => {
                let text = |letters: &[Letter]| one(letters, None).text;
                let name = text(&letters[..at]);
                let appends = name.ends_with('+') || name.contains('[');
                let value = if appends { Word::unknown() } else { one(&letters[at + 1..], home.as_deref()) };
                let name = name.trim_end_matches('+').split('[').next().unwrap_or_default().to_owned();
                current.assignments.push((name, value));
            }
            _ => current.words.extend(words(&letters, quoted, home.as_deref())),
        }
        Ok(())
    }

    fn home(&self) -> Option<String> {
        self.variables.get("HOME").cloned().flatten()
    }

    /// `NAME=(…)`: only the substitutions in it count.
    fn array(&mut self) -> Result<(), Unclear> {
        self.deeper()?;
        let mut elements = Simple { words: vec![Word::literal("")], ..Simple::default() };
        loop {
            match self.letters.peek() {
                None => return Err(Unclear::Unfinished),
                Some(')') => {
                    self.letters.next();
                    self.depth -= 1;
                    return Ok(());
                }
                Some(letter) if letter.is_whitespace() => drop(self.letters.next()),
                Some(_) => self.word(&mut elements)?,
            }
        }
    }

    fn single_quoted(&mut self, letters: &mut Vec<Letter>) -> Result<(), Unclear> {
        for letter in self.letters.by_ref() {
            if letter == '\'' {
                return Ok(());
            }
            letters.push(quoted(letter));
        }
        Err(Unclear::Unfinished)
    }

    pub(super) fn double_quoted(&mut self, letters: &mut Vec<Letter>) -> Result<(), Unclear> {
        loop {
            match self.letters.peek() {
                None => return Err(Unclear::Unfinished),
                Some('"') => {
                    self.letters.next();
                    return Ok(());
                }
                Some('$' | '`') => letters.extend(self.expansion(true)?),
                Some('\\') => {
                    self.letters.next();
                    match self.letters.next() {
                        Some('\n') => {}
                        Some(letter @ ('"' | '\\' | '$' | '`')) => letters.push(Letter::Quoted(letter)),
                        Some(letter) => letters.extend([Letter::Quoted('\\'), Letter::Quoted(letter)]),
                        None => return Err(Unclear::Unfinished),
                    }
                }
                Some(&letter) => {
                    self.letters.next();
                    letters.push(quoted(letter));
                }
            }
        }
    }

    /// Reads what a `$` or a backtick begins.
    pub(super) fn expansion(&mut self, in_quotes: bool) -> Result<Vec<Letter>, Unclear> {
        self.deeper()?;
        let letters = self.expanded(in_quotes)?;
        self.depth -= 1;
        Ok(letters)
    }

    fn expanded(&mut self, in_quotes: bool) -> Result<Vec<Letter>, Unclear> {
        if self.letters.next() == Some('`') {
            return self.backticks();
        }
        match self.letters.peek().copied() {
            Some('(') => {
                self.letters.next();
                // `$((…))` only calculates, and `$( (…) )` does not: both are looked through.
                if self.letters.next_if_eq(&'(').is_some() {
                    let mut ahead = self.letters.clone();
                    let mut depth = 1;
                    while depth > 0 {
                        match ahead.next() {
                            None => break,
                            Some('(') => depth += 1,
                            Some(')') => depth -= 1,
                            Some(_) => {}
                        }
                    }
                    if ahead.peek() != Some(&')') {
                        self.list(End::Bracket)?;
                        self.list(End::Bracket)?;
                        return Ok(vec![Letter::Unknown]);
                    }
                    self.arithmetic()?;
                    return Ok(vec![Letter::Unknown]);
                }
                self.list(End::Bracket)?;
                Ok(vec![Letter::Unknown])
            }
            Some('{') => {
                self.letters.next();
                self.parameter(in_quotes)
            }
            Some('\'') if !in_quotes => {
                self.letters.next();
                self.ansi_quoted()
            }
            Some('"') if !in_quotes => {
                self.letters.next();
                let mut letters = Vec::new();
                self.double_quoted(&mut letters)?;
                Ok(letters)
            }
            Some(letter @ ('@' | '*')) => {
                self.letters.next();
                Ok(self.all_given(letter == '@' || !in_quotes, in_quotes))
            }
            Some(letter) if letter.is_ascii_digit() || "#?-$!".contains(letter) => {
                self.letters.next();
                Ok(self.value(&letter.to_string(), in_quotes))
            }
            Some(letter) if letter.is_ascii_alphabetic() || letter == '_' => {
                let mut name = String::new();
                while let Some(letter) = self.letters.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                {
                    name.push(letter);
                }
                Ok(self.value(&name, in_quotes))
            }
            _ => Ok(vec![Letter::Quoted('$')]),
        }
    }

    fn value(&self, name: &str, in_quotes: bool) -> Vec<Letter> {
        let Some(Some(value)) = self.variables.get(name) else { return vec![Letter::Unknown] };
        let letter = |letter: char| match letter {
            _ if in_quotes => quoted(letter),
            _ if letter.is_whitespace() => Letter::Break,
            // A value may hold a pattern, but no braces.
            '*' | '?' | '[' => Letter::Plain(letter),
            _ => quoted(letter),
        };
        value.chars().map(letter).collect()
    }

    /// `$@` and `$*`: what the script was given, if all of it is known.
    fn all_given(&self, apart: bool, in_quotes: bool) -> Vec<Letter> {
        if self.variables.get("@").is_none_or(Option::is_none) {
            return vec![Letter::Unknown];
        }
        let mut letters = Vec::new();
        for name in (1..).map(|number: u32| number.to_string()).take_while(|name| self.variables.contains_key(name)) {
            if !letters.is_empty() {
                letters.push(if apart { Letter::Break } else { Letter::Quoted(' ') });
            }
            letters.extend(self.value(&name, in_quotes));
        }
        letters
    }

    /// `${NAME}`; whatever else stands in the braces is worked out by nobody here, but its substitutions count.
    fn parameter(&mut self, in_quotes: bool) -> Result<Vec<Letter>, Unclear> {
        // `${(e)NAME}`: another shell takes the value for a script.
        if self.letters.peek() == Some(&'(') {
            return Err(Unclear::Odd('('));
        }
        let mut name = String::new();
        while let Some(letter) = self.letters.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_') {
            name.push(letter);
        }
        if self.letters.next_if_eq(&'}').is_some() {
            return Ok(self.value(&name, in_quotes));
        }
        let mut depth = 1;
        while depth > 0 {
            match self.letters.peek().copied() {
                None => return Err(Unclear::Unfinished),
                Some('$' | '`') => drop(self.expansion(true)?),
                // `${x@P}` runs what stands in the value.
                Some('@') => {
                    self.letters.next();
                    if self.letters.next_if_eq(&'P').is_some() {
                        return Err(Unclear::Odd('@'));
                    }
                }
                Some('\'') if !in_quotes => {
                    self.letters.next();
                    self.single_quoted(&mut Vec::new())?;
                }
                Some('"') => {
                    self.letters.next();
                    self.double_quoted(&mut Vec::new())?;
                }
                Some('\\') => {
                    self.letters.next();
                    self.letters.next();
                }
                Some(letter) => {
                    depth += i32::from(letter == '{') - i32::from(letter == '}');
                    self.letters.next();
                }
            }
        }
        Ok(vec![Letter::Unknown])
    }

    /// Old-fashioned substitution: its text is unescaped once and taken apart as a script of its own.
    fn backticks(&mut self) -> Result<Vec<Letter>, Unclear> {
        let mut text = String::new();
        loop {
            match self.letters.next() {
                None => return Err(Unclear::Unfinished),
                Some('`') => break,
                Some('\\') => match self.letters.next() {
                    Some(letter @ ('`' | '\\' | '$')) => text.push(letter),
                    Some(letter) => text.extend(['\\', letter]),
                    None => return Err(Unclear::Unfinished),
                },
                Some(letter) => text.push(letter),
            }
        }
        let inner = parse_from(&text, self.variables.clone(), self.depth)?;
        let before = self.script.commands.len();
        self.script.commands.extend(inner.commands.into_iter().map(|mut command| {
            if let Reads::Pipe(Some(at)) = &mut command.reads {
                *at += before;
            }
            for word in &mut command.words {
                word.printed = word.printed.map(|at| at + before);
            }
            command
        }));
        self.script.functions.extend(inner.functions);
        Ok(vec![Letter::Unknown])
    }

    /// `$'…'`, with its escapes.
    fn ansi_quoted(&mut self) -> Result<Vec<Letter>, Unclear> {
        let mut letters = Vec::new();
        loop {
            let letter = match self.letters.next() {
                None => return Err(Unclear::Unfinished),
                Some('\'') => return Ok(letters),
                Some('\\') => match self.letters.next() {
                    None => return Err(Unclear::Unfinished),
                    Some('n') => Some('\n'),
                    Some('t') => Some('\t'),
                    Some('r') => Some('\r'),
                    Some('e' | 'E') => Some('\u{1b}'),
                    Some('a') => Some('\u{7}'),
                    Some('b') => Some('\u{8}'),
                    Some('f') => Some('\u{c}'),
                    Some('v') => Some('\u{b}'),
                    Some('x') => self.number(16, 2, None),
                    Some('u') => self.number(16, 4, None),
                    Some('U') => self.number(16, 8, None),
                    Some(digit @ '0'..='7') => self.number(8, 2, Some(digit)),
                    Some('c') => {
                        self.letters.next();
                        None
                    }
                    Some(letter) => Some(letter),
                },
                Some(letter) => Some(letter),
            };
            letters.push(letter.map_or(Letter::Unknown, Letter::Quoted));
        }
    }

    fn number(&mut self, base: u32, digits: usize, first: Option<char>) -> Option<char> {
        let mut text: String = first.into_iter().collect();
        let most = digits + text.len();
        while text.len() < most
            && let Some(digit) = self.letters.next_if(|letter| letter.is_digit(base))
        {
            text.push(digit);
        }
        u32::from_str_radix(&text, base).ok().and_then(char::from_u32)
    }
}

fn quoted(letter: char) -> Letter {
    if letter == '…' { Letter::Unknown } else { Letter::Quoted(letter) }
}

/// Whether letters are a name, perhaps with an index or a `+`, so that a `=` after them is an assignment.
fn is_name(letters: &[Letter]) -> bool {
    let mut text = String::new();
    for letter in letters {
        match letter {
            Letter::Plain(letter) => text.push(*letter),
            Letter::Quoted(_) | Letter::Break | Letter::Unknown | Letter::Printed(_) => return false,
        }
    }
    let name = text.trim_end_matches('+').split('[').next().unwrap_or_default();
    name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
