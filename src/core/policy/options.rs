//! Reads the options of a command as `getopt_long` does: clusters, glued values, shortened long names.

use super::word::Word;

/// What a command was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// What is no option.
    pub(super) operands: Vec<Word>,
    /// Options with their values, by the name that they have in the table.
    values: Vec<(&'static str, Word)>,
    /// Options without a value: `-n`, `--force`.
    pub(super) flags: Vec<String>,
    /// Whether `--` ended them.
    is_over: bool,
}

impl Given {
    /// Returns the values of an option, under any of its names.
    pub(super) fn values(&self, names: &[&str]) -> Vec<Word> {
        self.values.iter().filter(|(name, _)| names.contains(name)).map(|(_, value)| value.clone()).collect()
    }

    /// Whether one of these options without a value is there; a long one may be shortened.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|flag| names.iter().any(|name| name == flag || is_short_for(flag, name)))
    }

    /// Notes an option with its value.
    pub(super) fn push(&mut self, name: &'static str, value: Word) {
        self.values.push((name, value));
    }
}

/// Whether `--targ` is short for `--target-directory`.
pub(super) fn is_short_for(given: &str, name: &str) -> bool {
    given.len() > 2 && given.starts_with("--") && name.starts_with(given)
}

/// What an option of a command line is.
enum Part<'a> {
    /// It has this value; `None`: the next word.
    Valued(&'static str, Option<&'a str>),
    /// It has none.
    Flag(String),
}

/// Takes one word of options apart. `valued` are those that have a value; one of them that ends with `?` has it only
/// when it is glued to it.
fn option<'a>(text: &'a str, valued: &[&'static str]) -> Vec<Part<'a>> {
    if let Some(long) = text.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (&text[..name.len() + 2], Some(value)),
            None => (text, None),
        };
        let exact = valued.iter().find(|option| option.trim_end_matches('?') == name);
        let found = exact.or_else(|| valued.iter().find(|option| is_short_for(name, option)));
        return match found {
            Some(option) if option.ends_with('?') && value.is_none() => vec![Part::Flag(text.to_owned())],
            Some(option) => vec![Part::Valued(option, value)],
            None => vec![Part::Flag(name.to_owned())],
        };
    }
    let mut options = Vec::new();
    for (at, letter) in text.char_indices().skip(1) {
        let named = valued.iter().find(|option| {
            let option = option.trim_end_matches('?');
            option.len() == 1 + letter.len_utf8() && option.starts_with('-') && option.ends_with(letter)
        });
        let glued = &text[at + letter.len_utf8()..];
        match named {
            Some(option) if option.ends_with('?') && glued.is_empty() => {
                options.push(Part::Flag(format!("-{letter}")));
            }
            Some(option) => {
                options.push(Part::Valued(option, (!glued.is_empty()).then_some(glued)));
                return options;
            }
            None => options.push(Part::Flag(format!("-{letter}"))),
        }
    }
    options
}

/// Whether the value of an option is the next word.
pub(super) fn takes_next(text: &str, valued: &[&'static str]) -> bool {
    matches!(option(text, valued).last(), Some(Part::Valued(_, None)))
}

/// Reads all options of a command, wherever they stand.
pub(super) fn read(args: &[Word], valued: &[&'static str]) -> Given {
    let (mut given, mut rest) = read_until_operand(args, valued);
    while let [word, after @ ..] = rest {
        given.operands.push(word.clone());
        // Behind `--` all is operands.
        if given.is_over {
            given.operands.extend_from_slice(after);
            break;
        }
        let (more, left) = read_until_operand(after, valued);
        given.values.extend(more.values);
        given.flags.extend(more.flags);
        given.is_over = more.is_over;
        rest = left;
    }
    given
}

/// Reads the options in front of the first operand; returns what follows them. For a command that runs another, whose
/// options are not its own.
pub(super) fn read_until_operand<'a>(args: &'a [Word], valued: &[&'static str]) -> (Given, &'a [Word]) {
    let mut given = Given::default();
    let mut rest = args;
    while let [word, after @ ..] = rest {
        if word.is("--") {
            given.is_over = true;
            return (given, after);
        }
        if word.text.starts_with('-') && word.text.len() > 1 {
            rest = after;
            for option in option(&word.text, valued) {
                match option {
                    Part::Flag(name) => given.flags.push(name),
                    Part::Valued(name, Some(value)) => {
                        given.push(name, Word { text: value.to_owned(), ..word.clone() });
                    }
                    Part::Valued(name, None) => {
                        given.push(name, rest.first().cloned().unwrap_or_else(Word::unknown));
                        rest = rest.get(1..).unwrap_or_default();
                    }
                }
            }
        } else {
            break;
        }
    }
    (given, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str, valued: &[&'static str]) -> String {
        let words: Vec<Word> = line.split(' ').map(Word::literal).collect();
        let given = read(&words, valued);
        let found: Vec<String> = given.values.iter().map(|(name, value)| format!("{name}={}", value.text)).collect();
        let operands: Vec<&str> = given.operands.iter().map(|word| word.text.as_str()).collect();
        format!("{} | {} | {}", found.join(" "), given.flags.join(" "), operands.join(" "))
    }

    #[test]
    fn a_value_is_found_wherever_getopt_finds_it() {
        let valued = ["-t", "-S", "--target-directory", "--suffix", "--backup?", "-i?"];
        for (line, expected) in [
            ("-t /o a", "-t=/o |  | a"),
            ("-t/o a", "-t=/o |  | a"),
            ("-fvt/o a", "-t=/o | -f -v | a"),
            ("-ft /o a", "-t=/o | -f | a"),
            ("--target-directory=/o a", "--target-directory=/o |  | a"),
            ("--target-directory /o a", "--target-directory=/o |  | a"),
            ("--targ=/o a", "--target-directory=/o |  | a"),
            ("--t /o a", "--target-directory=/o |  | a"),
            ("--backup a", " | --backup | a"),
            ("--backup=x a", "--backup?=x |  | a"),
            ("-ni a", " | -n -i | a"),
            ("-ni.bak a", "-i?=.bak | -n | a"),
            ("-f -- -t a", " | -f | -t a"),
            ("-", " |  | -"),
            ("-t", "-t=… |  | "),
        ] {
            assert_eq!(said(line, &valued), expected, "{line}");
        }
        assert!(takes_next("-Eu", &["-u"]) && !takes_next("-uE", &["-u"]) && takes_next("--us", &["--user"]));
    }
}
