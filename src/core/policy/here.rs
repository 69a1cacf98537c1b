//! Reads the redirects of a command line, and its here-documents.

use super::parse::Parser;
use super::script::{Reads, Redirect, Simple, Unclear};
use super::word::{Word, one};

impl Parser<'_> {
    /// Reads a redirect; returns false, and reads nothing, if it is `<(…)` or `>(…)`.
    pub(super) fn redirect(&mut self, current: &mut Simple) -> Result<bool, Unclear> {
        let mut ahead = self.letters.clone();
        ahead.next();
        if ahead.peek() == Some(&'(') {
            return Ok(false);
        }
        let mut sign = String::new();
        let most = if self.letters.peek() == Some(&'<') { 3 } else { 2 };
        while sign.len() < most
            && let Some(letter) = self.letters.next_if(|letter| {
                matches!(letter, '<' | '>')
                    || (sign.len() == 1 && matches!(letter, '&' | '|'))
                    || (sign == "<<" && *letter == '-')
            })
        {
            sign.push(letter);
        }
        match sign.as_str() {
            "<<" | "<<-" => {
                let end = self.here_end()?;
                self.pending.push((end.0, end.1, sign == "<<-"));
                current.reads = Reads::Later(self.documents.len() + self.pending.len() - 1);
            }
            "<<<" => current.reads = Reads::Text(self.target()?),
            ">&" | "<&" => {
                let file = self.target()?;
                let is_descriptor = file.text.trim_end_matches('-').chars().all(|letter| letter.is_ascii_digit());
                if !(is_descriptor && file.known) {
                    current.redirects.push(Redirect { file, writes: true });
                }
            }
            "<" => {
                let file = self.target()?;
                current.reads = Reads::File(file.clone());
                current.redirects.push(Redirect { file, writes: false });
            }
            ">" | ">>" | ">|" | "<>" => {
                let file = self.target()?;
                current.redirects.push(Redirect { file, writes: true });
            }
            _ => return Err(Unclear::Odd('<')),
        }
        Ok(true)
    }

    /// Reads the one word after a redirect.
    pub(super) fn target(&mut self) -> Result<Word, Unclear> {
        // `>>>>…`: each redirect may take the next one for its word.
        self.deeper()?;
        while self.letters.next_if(|letter| matches!(letter, ' ' | '\t')).is_some() {}
        let mut command = Simple { words: vec![Word::literal("")], ..Simple::default() };
        self.word(&mut command)?;
        self.depth -= 1;
        match command.words.as_slice() {
            [_, word] => Ok(word.clone()),
            _ => Ok(Word::unknown()),
        }
    }

    /// Reads what ends a here-document, and whether it was quoted.
    fn here_end(&mut self) -> Result<(String, bool), Unclear> {
        while self.letters.next_if(|letter| matches!(letter, ' ' | '\t')).is_some() {}
        let is_quoted = {
            let ahead = self.letters.clone();
            ahead
                .take_while(|letter| !letter.is_whitespace() && !";&|<>()".contains(*letter))
                .any(|letter| "'\"\\".contains(letter))
        };
        let word = self.target()?;
        if word.known { Ok((word.text, is_quoted)) } else { Err(Unclear::Odd('<')) }
    }

    /// Reads the here-documents that were announced in the line before.
    pub(super) fn here_documents(&mut self) -> Result<(), Unclear> {
        for (end, is_quoted, drops_tabs) in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            loop {
                let mut line: String = String::new();
                let mut ended = false;
                for letter in self.letters.by_ref() {
                    if letter == '\n' {
                        ended = true;
                        break;
                    }
                    line.push(letter);
                }
                let text = if drops_tabs { line.trim_start_matches('\t') } else { &line };
                if text == end {
                    break;
                }
                body.push_str(text);
                body.push('\n');
                if !ended {
                    // A shell takes the end of the text for the end of the document.
                    break;
                }
            }
            let word = if is_quoted { Word::literal(body) } else { self.document(&body)? };
            self.documents.push(word);
        }
        Ok(())
    }

    /// Expands a here-document as text in double quotes, where a quote stands for itself.
    fn document(&mut self, body: &str) -> Result<Word, Unclear> {
        if !body.contains(['$', '`', '\\']) {
            return Ok(Word::literal(body));
        }
        let quoted = format!("{}\"", body.replace('"', "\\\""));
        let known = self.variables.clone();
        let mut inner = Parser {
            letters: quoted.chars().peekable(),
            script: std::mem::take(&mut self.script),
            variables: known,
            documents: Vec::new(),
            pending: Vec::new(),
            depth: self.depth,
        };
        let from = inner.script.commands.len();
        let mut letters = Vec::new();
        let done = inner.double_quoted(&mut letters);
        self.script = inner.script;
        // What is announced inside of it also ends there.
        for command in &mut self.script.commands[from..] {
            if let Reads::Later(number) = command.reads {
                command.reads = Reads::Text(inner.documents.get(number).cloned().unwrap_or_else(Word::unknown));
            }
        }
        done.map(|()| one(&letters, None))
    }
}
