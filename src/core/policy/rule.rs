//! The patterns that a person writes in `[policy]`: `Bash(npm run build *)`, `Write(docs/**)`, `WebFetch`.

use globset::{GlobBuilder, GlobMatcher};

use super::glob::fits;
use super::word::Word;

/// A pattern, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    text: String,
    tool: String,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// Any use of the tool.
    Any,
    /// Commands that begin with these words; `more`: further words may follow.
    Command { words: Vec<String>, more: bool },
    /// Files, relative to the workspace.
    Files(Box<GlobMatcher>),
}

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadRule(pub String);

impl Rule {
    /// Takes a pattern apart.
    ///
    /// # Errors
    /// If it is not `Tool` or `Tool(…)`, or its glob is bad.
    pub(super) fn parse(text: &str) -> Result<Self, BadRule> {
        let (tool, inside) = match text.trim().split_once('(') {
            None => (text.trim(), None),
            Some((tool, rest)) => match rest.strip_suffix(')') {
                Some(inside) => (tool, Some(inside.trim())),
                None => return Err(BadRule("the bracket is not closed".to_owned())),
            },
        };
        let named = |letter: char| letter.is_ascii_alphanumeric() || "_-*".contains(letter);
        if tool.is_empty() || !tool.chars().all(named) {
            return Err(BadRule(format!("{tool:?} is no name of a tool")));
        }
        let what = match inside {
            None | Some("" | "*") => What::Any,
            Some(inside) if tool == "Bash" => Self::command(inside)?,
            Some(glob) => {
                let plain = glob.strip_prefix("./").unwrap_or(glob);
                let built = GlobBuilder::new(plain).literal_separator(true).build();
                What::Files(Box::new(
                    built.map_err(|why| BadRule(format!("bad glob: {}", why.kind())))?.compile_matcher(),
                ))
            }
        };
        Ok(Self { text: text.trim().to_owned(), tool: tool.to_owned(), what })
    }

    /// Takes a pattern of commands apart, without a tool around it.
    ///
    /// # Errors
    /// If it is empty.
    pub(super) fn of_command(text: &str) -> Result<Self, BadRule> {
        Ok(Self { text: text.trim().to_owned(), tool: "Bash".to_owned(), what: Self::command(text)? })
    }

    fn command(text: &str) -> Result<What, BadRule> {
        // Claude's own way to say "and whatever follows".
        let text = text.strip_suffix(":*").map_or_else(|| text.to_owned(), |head| format!("{head} *"));
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let more = words.last().is_some_and(|word| word == "*");
        if more {
            words.pop();
        }
        if words.is_empty() {
            return Err(BadRule("a command pattern names at least a program".to_owned()));
        }
        Ok(What::Command { words, more })
    }

    /// Returns the pattern as written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is about a command with these words; `named`: also by the program's name without its folder.
    pub(super) fn fits_command(&self, program: &str, args: &[Word], named: bool) -> bool {
        match &self.what {
            What::Any => fits("Bash", &self.tool),
            What::Files(_) => false,
            What::Command { words, more } => {
                let (first, rest) = (words.first().map_or("", String::as_str), words.get(1..).unwrap_or_default());
                let name = program.rsplit('/').next().unwrap_or(program);
                (fits(program, first) || (named && fits(name, first)))
                    && (*more || rest.len() == args.len())
                    && rest.len() <= args.len()
                    && rest.iter().zip(args).all(|(pattern, word)| word.known && fits(&word.text, pattern))
            }
        }
    }

    /// Whether it is about this tool, used on this file.
    pub(super) fn fits_tool(&self, tool: &str, file: Option<&str>) -> bool {
        fits(tool, &self.tool)
            && match (&self.what, file) {
                (What::Any, _) => true,
                (What::Files(glob), Some(file)) => glob.is_match(file),
                (What::Files(_), None) | (What::Command { .. }, _) => false,
            }
    }
}
