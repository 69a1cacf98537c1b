//! What of a source file is code, what is text in quotes and what is a comment.

use std::ops::Range;

/// How a file is written, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Rust.
    Rust,
    /// Python.
    Python,
    /// JavaScript and TypeScript.
    Script,
    /// Go.
    Go,
    /// Ruby.
    Ruby,
    /// Other languages with braces and `//`: C, C++, Java, Kotlin, Swift, C#, PHP.
    Braces,
    /// Something whose comments and quotes are not known.
    Other,
}

impl Language {
    /// Tells the language by the file's extension.
    pub(super) fn of(path: &str) -> Self {
        match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "rs" => Self::Rust,
            "py" | "pyi" => Self::Python,
            "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts" | "vue" | "svelte" => Self::Script,
            "go" => Self::Go,
            "rb" => Self::Ruby,
            "c" | "h" | "cc" | "cpp" | "hpp" | "java" | "kt" | "kts" | "swift" | "cs" | "php" | "scala" | "dart" => {
                Self::Braces
            }
            _ => Self::Other,
        }
    }

    fn hash_comments(self) -> bool {
        matches!(self, Self::Python | Self::Ruby)
    }
}

/// What a part of a file is, if not code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text in quotes, quotes included.
    Text,
    /// A comment.
    Comment,
}

/// Returns a text of the same length in which some parts are blanked; line ends stay.
pub(super) fn without(text: &str, language: Language, parts: &[Part]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (range, part) in scan(text, language) {
        if parts.contains(&part) {
            for byte in &mut bytes[range] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
    }
    // Blanked parts start and end at quotes and comment marks, so no character is cut.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns what is code only.
pub(super) fn code(text: &str, language: Language) -> String {
    without(text, language, &[Part::Text, Part::Comment])
}

/// Finds the quoted texts and the comments.
pub(super) fn scan(text: &str, language: Language) -> Vec<(Range<usize>, Part)> {
    let mut parts = Vec::new();
    if language == Language::Other {
        return parts;
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let line = rest.find('\n').unwrap_or(rest.len());
        let found = match bytes[at] {
            b'#' if language.hash_comments() => Some((line, Part::Comment)),
            b'/' if !language.hash_comments() && rest.starts_with("//") => Some((line, Part::Comment)),
            b'/' if !language.hash_comments() && rest.starts_with("/*") => {
                Some((rest.find("*/").map_or(rest.len(), |end| end + 2), Part::Comment))
            }
            b'/' if language == Language::Script && regex_may_start(&text[..at]) => {
                regex(&rest[..line]).map(|end| (end, Part::Text))
            }
            b'"' | b'\'' if language == Language::Python && (rest.starts_with("\"\"\"") || rest.starts_with("'''")) => {
                Some((rest[3..].find(&rest[..3]).map_or(rest.len(), |end| end + 6), Part::Text))
            }
            b'r' | b'b' if language == Language::Rust && !joined(bytes, at) => {
                raw_string(rest).map(|end| (end, Part::Text))
            }
            b'\'' if language == Language::Rust => char_literal(rest).map(|end| (end, Part::Text)),
            b'`' if matches!(language, Language::Script | Language::Go) => Some((quoted(rest, b'`', true), Part::Text)),
            // Strings of Rust and Ruby go over lines; elsewhere an open quote ends with its line.
            b'"' => Some((quoted(rest, b'"', matches!(language, Language::Rust | Language::Ruby)), Part::Text)),
            b'\'' => Some((quoted(rest, b'\'', language == Language::Ruby), Part::Text)),
            _ => None,
        };
        match found {
            Some((length, part)) => {
                parts.push((at..at + length, part));
                at += length.max(1);
            }
            None => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    parts
}

fn joined(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

/// Returns the length of a quoted text, quotes included.
fn quoted(text: &str, quote: u8, over_lines: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'\n' if !over_lines => return at,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    let inner = rest[hashes..].strip_prefix('"')?;
    let start = text.len() - inner.len();
    let close = format!("\"{}", "#".repeat(hashes));
    Some(inner.find(&close).map_or(text.len(), |end| start + end + close.len()))
}

/// Tells a character from a lifetime.
fn char_literal(text: &str) -> Option<usize> {
    let mut letters = text.char_indices().skip(1);
    let (_, first) = letters.next()?;
    if first == '\\' {
        return text[2..]
            .find('\'')
            .filter(|end| *end < 12)
            .map(|end| end + 3)
            .map(|end| if text[2..].starts_with('\'') { 4 } else { end });
    }
    let (at, close) = letters.next()?;
    (close == '\'').then_some(at + 1)
}

fn regex_may_start(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '\t']);
    before.is_empty()
        || before.ends_with(['(', ',', '=', ':', '[', '!', '&', '|', '?', '{', '}', ';', '\n', '>'])
        || before.ends_with("return")
}

fn regex(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut class = false;
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Returns the end of a bracketed part: `open` is the byte index of its `(`, `[` or `{` in blanked code.
pub(super) fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_comments_are_told_from_code() {
        let rust = "let c = '\"'; let s = \"// no\"; // yes 'a\nlet r = r#\"a\"b\"#; fn f<'a>(x: &'a str) {}";
        let code = code(rust, Language::Rust);
        assert_eq!(code.len(), rust.len());
        assert!(
            code.contains("fn f<'a>(x: &'a str) {}")
                && !code.contains("no")
                && !code.contains("yes")
                && !code.contains("b\"")
        );
        let python = "x = '''a # b\nc''' # d\ny = \"e\" + f";
        assert_eq!(
            super::code(python, Language::Python).split_whitespace().collect::<Vec<_>>(),
            ["x", "=", "y", "=", "+", "f"]
        );
        let script = "const r = /\"[/]'/g; const t = `a\n${b}`; // c\nd / e / f";
        assert!(super::code(script, Language::Script).ends_with("d / e / f"));
    }
}
