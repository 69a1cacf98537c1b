//! Reads Rust source as tokens, enough to know which paths it names and where its tests are.

/// A word, a number, `::` or another single sign; comments and the contents of literals are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: usize,
}

/// A path that the source names, from the crate's root if it starts there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// Whether it begins with `crate`, `self`, `super` or the crate's own name; `segments` starts below the root then.
    pub(crate) is_ours: bool,
    /// Whether it stands in a test.
    pub(crate) in_test: bool,
}

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Relative to the package, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), tokens: tokens(text) }
    }

    /// The module the file is, as names below the crate's root.
    pub(crate) fn module(&self) -> Vec<String> {
        let inner = self.path.strip_prefix("src/").unwrap_or_default().trim_end_matches(".rs");
        let mut names: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if names.last().is_some_and(|name| ["mod", "lib", "main"].contains(&name.as_str())) {
            names.pop();
        }
        names
    }

    /// Every path the source names, with groups taken apart, also in macros.
    pub(crate) fn named(&self) -> Vec<Named> {
        let mut named = Vec::new();
        let mut inline: Vec<(String, usize)> = Vec::new();
        let mut depth = 0_usize;
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            match token.text.as_str() {
                "mod" if self.is(at + 2, "{") => inline.push((self.word(at + 1).to_owned(), depth)),
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    inline.retain(|(_, outside)| *outside < depth);
                }
                word if is_word(word) && !self.continues(at) => {
                    let mut found = Vec::new();
                    let end = self.tree(at, &[], &mut found);
                    let module: Vec<String> =
                        self.module().into_iter().chain(inline.iter().map(|(name, _)| name.clone())).collect();
                    let in_test = self.path.starts_with("tests/") || module.iter().any(|name| name == "tests");
                    for (segments, line) in found {
                        let (is_ours, segments) = resolve(&module, segments);
                        named.push(Named { segments, line, is_ours, in_test });
                    }
                    at = end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        named
    }

    /// Whether the word at `at` continues a path or is a method or field.
    fn continues(&self, at: usize) -> bool {
        match at.checked_sub(1).map(|before| self.word(before)) {
            Some(".") => true,
            Some("::") => at >= 2 && (is_word(self.word(at - 2)) || self.is(at - 2, ">")),
            _ => false,
        }
    }

    /// Takes the path at `at` apart and returns where it ends.
    fn tree(&self, at: usize, prefix: &[String], found: &mut Vec<(Vec<String>, usize)>) -> usize {
        let mut segments = prefix.to_vec();
        segments.push(self.word(at).to_owned());
        let line = self.tokens[at].line;
        let mut at = at + 1;
        while self.is(at, "::") {
            at += 1;
            if is_word(self.word(at)) || self.is(at, "*") {
                segments.push(self.word(at).to_owned());
                at += 1;
            } else if self.is(at, "{") {
                at += 1;
                while at < self.tokens.len() && !self.is(at, "}") {
                    if is_word(self.word(at)) || self.is(at, "*") {
                        at = self.tree(at, &segments, found);
                        if self.is(at, "as") {
                            at += 2;
                        }
                    } else {
                        at += 1;
                    }
                }
                return at + 1;
            } else {
                break;
            }
        }
        found.push((segments, line));
        at
    }

    pub(crate) fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    pub(crate) fn is(&self, at: usize, text: &str) -> bool {
        self.word(at) == text
    }
}

/// Makes a path of the crate start at its root, and drops a `self` at the end of a group.
fn resolve(module: &[String], mut segments: Vec<String>) -> (bool, Vec<String>) {
    if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
        segments.pop();
    }
    let first = segments.first().cloned().unwrap_or_default();
    match first.as_str() {
        "crate" | "orchestrator_tui" => (true, segments.split_off(1)),
        "self" | "super" if segments.len() > 1 => {
            let up = segments.iter().take_while(|name| *name == "super").count();
            let rest = segments.split_off(up.max(1));
            let kept = module.len().saturating_sub(up);
            (true, module[..kept].iter().cloned().chain(rest).collect())
        }
        _ => (false, segments),
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

fn tokens(text: &str) -> Vec<Token> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < letters.len() {
        let start = at;
        let next = |ahead: usize| letters.get(at + ahead).copied().unwrap_or('\0');
        let kept = match next(0) {
            '/' if next(1) == '/' => {
                at += letters[at..].iter().take_while(|letter| **letter != '\n').count();
                false
            }
            '/' if next(1) == '*' => {
                at = end_of_comment(&letters, at);
                false
            }
            '"' => {
                at = end_of_string(&letters, at);
                false
            }
            '\'' if next(1) == '\\' || next(2) == '\'' => {
                // The sign after a backslash may be a quote itself.
                at += 2 + usize::from(next(1) == '\\');
                at += letters[at..].iter().take_while(|letter| **letter != '\'').count() + 1;
                false
            }
            letter if letter.is_alphanumeric() || letter == '_' => {
                at += letters[at..].iter().take_while(|letter| letter.is_alphanumeric() || **letter == '_').count();
                let hashes = letters[at..].iter().take_while(|letter| **letter == '#').count();
                let word: String = letters[start..at].iter().collect();
                let is_raw = ["r", "br", "cr"].contains(&word.as_str());
                if is_raw && letters.get(at + hashes) == Some(&'"') {
                    at = end_of_raw(&letters, at + hashes + 1, hashes);
                    false
                } else {
                    true
                }
            }
            ':' if next(1) == ':' => {
                at += 2;
                true
            }
            letter => {
                at += 1;
                !letter.is_whitespace()
            }
        };
        at = at.min(letters.len());
        if kept {
            tokens.push(Token { text: letters[start..at].iter().collect(), line });
        }
        line += letters[start..at].iter().filter(|letter| **letter == '\n').count();
    }
    tokens
}

fn end_of_comment(letters: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < letters.len() {
        match (letters[at], letters.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn end_of_string(letters: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < letters.len() && letters[at] != '"' {
        at += 1 + usize::from(letters[at] == '\\');
    }
    at + 1
}

fn end_of_raw(letters: &[char], start: usize, hashes: usize) -> usize {
    let closes = |at: usize| {
        letters[at] == '"' && letters[at + 1..].iter().take(hashes).filter(|letter| **letter == '#').count() == hashes
    };
    (start..letters.len()).find(|at| closes(*at)).map_or(letters.len(), |at| at + 1 + hashes)
}
