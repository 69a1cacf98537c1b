//! Takes a shell command line apart, or says why it is not plain enough to be judged.
//!
//! Understood: words with quotes and escapes, `&&`, `||`, `;`, newlines, pipes, comments, leading assignments, and
//! redirects that only move or drop output (`2>&1`, `>/dev/null`). Everything that would make the meaning depend on
//! something that is not written there is refused: variables, substitutions, subshells, other redirects, `&`.

use std::iter::Peekable;
use std::str::Chars;

/// A command with its arguments, quotes removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// Leading `NAME=value` words.
    pub(super) assignments: Vec<(String, String)>,
    /// The program and its arguments; empty if there are only assignments.
    pub(super) words: Vec<String>,
}

/// Why a command line cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unclear {
    #[error("it uses the variable ${0}")]
    Variable(String),
    #[error("it uses a command substitution")]
    Substitution,
    #[error("it redirects with `{0}`")]
    Redirect(String),
    #[error("it uses a subshell or a group")]
    Group,
    #[error("it uses braces that the shell expands")]
    Braces,
    #[error("it starts something in the background")]
    Background,
    #[error("a quote is not closed")]
    Unfinished,
    #[error("a command is missing")]
    Missing,
}

/// Returns the commands of a line in order; how they are joined makes no difference to what each may do.
pub(super) fn parse(text: &str) -> Result<Vec<Simple>, Unclear> {
    let mut parser = Parser { letters: text.chars().peekable(), commands: Vec::new(), current: Simple::default() };
    parser.run()?;
    Ok(parser.commands)
}

struct Parser<'a> {
    letters: Peekable<Chars<'a>>,
    commands: Vec<Simple>,
    current: Simple,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), Unclear> {
        let mut expects_more = false;
        while let Some(&letter) = self.letters.peek() {
            match letter {
                ' ' | '\t' => {
                    self.letters.next();
                }
                '#' => while self.letters.next_if(|letter| *letter != '\n').is_some() {},
                '\n' | ';' => {
                    self.letters.next();
                    if letter == ';' && !self.has_command() {
                        return Err(Unclear::Missing);
                    }
                    if self.has_command() {
                        self.end_command();
                        expects_more = false;
                    }
                }
                '&' | '|' => {
                    self.operator(letter)?;
                    expects_more = true;
                }
                '(' | ')' => return Err(Unclear::Group),
                '<' | '>' => self.redirect("")?,
                _ => {
                    self.word()?;
                    expects_more = false;
                }
            }
        }
        if self.has_command() {
            self.end_command();
        } else if expects_more {
            return Err(Unclear::Missing);
        }
        if self.commands.is_empty() { Err(Unclear::Missing) } else { Ok(()) }
    }

    fn has_command(&self) -> bool {
        !self.current.words.is_empty() || !self.current.assignments.is_empty()
    }

    fn end_command(&mut self) {
        self.commands.push(std::mem::take(&mut self.current));
    }

    /// `&&`, `||`, `|`; a single `&` and `&>` and `|&` are refused.
    fn operator(&mut self, letter: char) -> Result<(), Unclear> {
        self.letters.next();
        let doubled = self.letters.next_if_eq(&letter).is_some();
        match (letter, doubled, self.letters.peek()) {
            ('&', false, Some('>')) => return Err(Unclear::Redirect("&>".to_owned())),
            ('&', false, _) => return Err(Unclear::Background),
            ('|', false, Some('&')) => return Err(Unclear::Redirect("|&".to_owned())),
            _ => {}
        }
        if !self.has_command() {
            return Err(Unclear::Missing);
        }
        self.end_command();
        Ok(())
    }

    /// `>&1` and `> /dev/null`, with the descriptor that stood before it.
    fn redirect(&mut self, descriptor: &str) -> Result<(), Unclear> {
        let mut sign = descriptor.to_owned();
        while let Some(letter) = self.letters.next_if(|letter| matches!(letter, '<' | '>' | '&' | '|')) {
            sign.push(letter);
        }
        while self.letters.next_if(|letter| matches!(letter, ' ' | '\t')).is_some() {}
        let mut target = String::new();
        while let Some(letter) = self.letters.next_if(|letter| !is_meta(*letter)) {
            target.push(letter);
        }
        let bare = sign.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let harmless = match bare {
            ">&" => target == "1" || target == "2",
            ">" | ">>" | "<" => target == "/dev/null",
            _ => false,
        };
        if harmless { Ok(()) } else { Err(Unclear::Redirect(sign)) }
    }

    fn word(&mut self) -> Result<(), Unclear> {
        let mut word = String::new();
        // Where an unquoted `=` follows a name, the word is an assignment as long as no command has begun.
        let mut equals = None;
        let mut quoted = false;
        while let Some(&letter) = self.letters.peek() {
            match letter {
                '<' | '>' if !quoted && !word.is_empty() && word.chars().all(|letter| letter.is_ascii_digit()) => {
                    return self.redirect(&word);
                }
                letter if is_meta(letter) => break,
                '\'' => {
                    quoted = true;
                    self.letters.next();
                    self.until_single_quote(&mut word)?;
                }
                '"' => {
                    quoted = true;
                    self.letters.next();
                    self.until_double_quote(&mut word)?;
                }
                '\\' => {
                    self.letters.next();
                    match self.letters.next() {
                        Some('\n') => {}
                        Some(letter) => word.push(letter),
                        None => return Err(Unclear::Unfinished),
                    }
                }
                '$' => {
                    self.letters.next();
                    word.push_str(&self.dollar(false)?);
                }
                '`' => return Err(Unclear::Substitution),
                '{' | '}' => {
                    self.letters.next();
                    // `{}` alone is an argument of find; anything else is a group or is expanded.
                    if letter == '{' && word.is_empty() && self.letters.next_if_eq(&'}').is_some() {
                        word.push_str("{}");
                    } else {
                        return Err(Unclear::Braces);
                    }
                }
                _ => {
                    self.letters.next();
                    if letter == '=' && equals.is_none() && !quoted && is_name(&word) {
                        equals = Some(word.len());
                    }
                    word.push(letter);
                }
            }
        }
        if word.is_empty() && !quoted {
            // Only the end of a line that goes on.
            return Ok(());
        }
        match equals {
            Some(at) if self.current.words.is_empty() => {
                let value = word.split_off(at + 1);
                word.truncate(at);
                self.current.assignments.push((word, value));
            }
            _ => self.current.words.push(word),
        }
        Ok(())
    }

    fn until_single_quote(&mut self, word: &mut String) -> Result<(), Unclear> {
        for letter in self.letters.by_ref() {
            if letter == '\'' {
                return Ok(());
            }
            word.push(letter);
        }
        Err(Unclear::Unfinished)
    }

    fn until_double_quote(&mut self, word: &mut String) -> Result<(), Unclear> {
        while let Some(letter) = self.letters.next() {
            match letter {
                '"' => return Ok(()),
                '`' => return Err(Unclear::Substitution),
                '$' => word.push_str(&self.dollar(true)?),
                '\\' => match self.letters.next() {
                    Some('\n') => {}
                    Some(letter @ ('"' | '\\' | '$' | '`')) => word.push(letter),
                    Some(letter) => word.extend(['\\', letter]),
                    None => return Err(Unclear::Unfinished),
                },
                _ => word.push(letter),
            }
        }
        Err(Unclear::Unfinished)
    }

    /// What follows a `$`: `$?` is only a number; names and substitutions are refused; else it is a dollar sign.
    fn dollar(&mut self, in_quotes: bool) -> Result<String, Unclear> {
        match self.letters.peek() {
            Some('?') => {
                self.letters.next();
                Ok("$?".to_owned())
            }
            Some('(') => Err(Unclear::Substitution),
            Some('{') => Err(Unclear::Variable("{…}".to_owned())),
            Some('\'' | '"') if !in_quotes => Err(Unclear::Substitution),
            Some(&letter) if letter.is_ascii_alphanumeric() || "_@*#!-$".contains(letter) => {
                let mut name = String::from(letter);
                self.letters.next();
                while let Some(letter) = self.letters.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                {
                    name.push(letter);
                }
                Err(Unclear::Variable(name))
            }
            _ => Ok("$".to_owned()),
        }
    }
}

/// Whether a letter ends an unquoted word.
fn is_meta(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
}

fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        parse(text).unwrap().into_iter().map(|simple| simple.words).collect()
    }

    #[test]
    fn words_come_out_as_the_shell_would_pass_them() {
        assert_eq!(words(r#"grep -rn "a b" 'c $d' e\ f "g\"h\n""#), [["grep", "-rn", "a b", "c $d", "e f", "g\"h\\n"]]);
        assert_eq!(words("a && b || c | d ; e\nf # g && h"), [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]);
        assert_eq!(words("a &&\n b;\n\n"), [["a"], ["b"]]);
        assert_eq!(words("a''b \"\" x=y"), [["ab", "", "x=y"]]);
        assert_eq!(
            words("cargo test 2>&1 | tail -5 >/dev/null 2> /dev/null"),
            [vec!["cargo", "test"], vec!["tail", "-5"]]
        );
        assert_eq!(words("echo $? \"$?\" 'a'$ \"5$\" {}"), [["echo", "$?", "$?", "a$", "5$", "{}"]]);
        assert_eq!(words("a \\\n b"), [["a", "b"]]);
        assert_eq!(words("ls a#b"), [["ls", "a#b"]]);
    }

    #[test]
    fn assignments_stand_apart() {
        let line = parse("A=1 _b='x y' env C=2").unwrap();
        assert_eq!(line[0].assignments, [("A".to_owned(), "1".to_owned()), ("_b".to_owned(), "x y".to_owned())]);
        assert_eq!(line[0].words, ["env", "C=2"]);
        assert_eq!(parse("'A'=1").unwrap()[0].words, ["A=1"]);
    }

    #[test]
    fn what_hides_its_meaning_is_refused() {
        for (text, why) in [
            ("cat $HOME/x", Unclear::Variable("HOME".to_owned())),
            ("cat \"${X}\"", Unclear::Variable("{…}".to_owned())),
            ("echo $(rm x)", Unclear::Substitution),
            ("echo \"`rm x`\"", Unclear::Substitution),
            ("echo `rm x`", Unclear::Substitution),
            ("cat <(ls)", Unclear::Redirect("<".to_owned())),
            ("echo $'\\x41'", Unclear::Substitution),
            ("cat a > b", Unclear::Redirect(">".to_owned())),
            ("cat a >> b", Unclear::Redirect(">>".to_owned())),
            ("cat a 2>b", Unclear::Redirect("2>".to_owned())),
            ("cat a >| /dev/null", Unclear::Redirect(">|".to_owned())),
            ("cat a &> b", Unclear::Redirect("&>".to_owned())),
            ("cat << E", Unclear::Redirect("<<".to_owned())),
            ("cat < /etc/passwd", Unclear::Redirect("<".to_owned())),
            ("(ls)", Unclear::Group),
            ("ls & rm x", Unclear::Background),
            ("ls {a,/etc/passwd}", Unclear::Braces),
            ("{ ls; }", Unclear::Braces),
            ("echo 'x", Unclear::Unfinished),
            ("echo x\\", Unclear::Unfinished),
            ("&& ls", Unclear::Missing),
            ("ls &&", Unclear::Missing),
            ("ls ;; ls", Unclear::Missing),
            ("", Unclear::Missing),
            ("# only a comment", Unclear::Missing),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
    }
}
