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

/// A function: its name, where it starts, and its body.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// Its name.
    pub(super) name: String,
    /// From its first attribute or decorator to its end, in bytes.
    pub(super) whole: Range<usize>,
    /// What it does: between its braces, or below its colon, in bytes.
    pub(super) body: Range<usize>,
}

/// Finds the named functions of a file.
pub(super) fn functions(text: &str, language: Language) -> Vec<Function> {
    let code = code(text, language);
    let mut found = Vec::new();
    let mut start = 0;
    let mut attributes: Option<usize> = None;
    while start < code.len() {
        let end = code[start..].find('\n').map_or(code.len(), |end| start + end + 1);
        let line = &code[start..end];
        let trimmed = line.trim_start();
        let at = start + line.len() - trimmed.len();
        let is_attribute = match language {
            Language::Rust => trimmed.starts_with("#["),
            Language::Python | Language::Braces => trimmed.starts_with('@'),
            _ => false,
        };
        if is_attribute {
            let first = *attributes.get_or_insert(start);
            // An attribute may go over several lines: skip to where its bracket closes.
            let open = trimmed.find(['[', '(']).map(|open| at + open).filter(|open| *open < end);
            let close = open.and_then(|open| closing(&code, open)).unwrap_or(end);
            let inline = code[close.min(end)..end].trim_start();
            if close >= end || inline.is_empty() || language != Language::Rust {
                start = code[close.max(end) - 1..].find('\n').map_or(code.len(), |rest| close.max(end) - 1 + rest + 1);
                attributes = Some(first);
                continue;
            }
        }
        if let Some((name, body)) = signature(&code, text, start..end, language) {
            let whole = attributes.unwrap_or(start)..body.end;
            found.push(Function { name, whole, body });
        }
        // Comments between the attributes and the function are blank here.
        if !trimmed.trim().is_empty() {
            attributes = None;
        }
        start = end;
    }
    found
}

fn signature(code: &str, text: &str, line: Range<usize>, language: Language) -> Option<(String, Range<usize>)> {
    let trimmed = code[line.clone()].trim_start();
    let indent = line.len() - trimmed.len();
    let name_after = |keyword: &str| {
        let padded = format!(" {trimmed}");
        let at = padded.find(&format!(" {keyword} "))?;
        // Only modifiers may stand before the keyword.
        if padded[..at].contains(['=', '(', '{', ';'])
            && !padded[..at].contains("pub(")
            && !padded[..at].contains("extern")
        {
            return None;
        }
        let rest = padded[at + keyword.len() + 2..].trim_start();
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        (!name.is_empty()).then_some(name)
    };
    match language {
        Language::Python => {
            let name =
                name_after("def").filter(|_| trimmed.starts_with("def ") || trimmed.starts_with("async def "))?;
            let colon = colon_after_parameters(code, line.start + indent)?;
            Some((name, colon..indented_end(text, colon, indent)))
        }
        Language::Ruby => {
            let name = name_after("def").filter(|_| trimmed.starts_with("def "))?;
            Some((name, line.end..indented_end(text, line.end - 1, indent)))
        }
        Language::Rust => braces(code, line.start, name_after("fn")?),
        Language::Go => {
            let rest = trimmed.strip_prefix("func ")?;
            let rest = if rest.starts_with('(') { rest.split_once(") ")?.1 } else { rest };
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            braces(code, line.start, (!name.is_empty()).then_some(name)?)
        }
        Language::Script => {
            let name = name_after("function").or_else(|| assigned(trimmed)).or_else(|| method(trimmed))?;
            braces(code, line.start, name)
        }
        Language::Braces => {
            braces(code, line.start, name_after("function").or_else(|| name_after("fun")).or_else(|| method(trimmed))?)
        }
        Language::Other => None,
    }
}

/// `const total = (prices) => {`.
fn assigned(line: &str) -> Option<String> {
    let rest = line.trim_start_matches("export ").trim_start_matches("default ");
    let rest = ["const ", "let ", "var "].iter().find_map(|word| rest.strip_prefix(word))?;
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$')).collect();
    (!name.is_empty() && rest.contains("=>") && rest.trim_end().ends_with('{')).then_some(name)
}

/// `static total(prices) {`, but not `if (…) {`.
fn method(line: &str) -> Option<String> {
    let (head, _) = line.split_once('(')?;
    let name = head.split_whitespace().last()?;
    let word = head.split_whitespace().next()?;
    let control = [
        "if", "for", "while", "switch", "catch", "return", "else", "do", "try", "new", "throw", "await", "}",
        "function",
    ];
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '#'));
    let opens = line.trim_end().ends_with('{') || line.trim_end().ends_with('}');
    (plain && opens && !control.contains(&word) && !control.contains(&name) && !head.contains(['=', '.', ';']))
        .then(|| name.to_owned())
}

/// Finds the body in braces; none for a declaration without one.
fn braces(code: &str, start: usize, name: String) -> Option<(String, Range<usize>)> {
    let mut depth = 0i32;
    let open = code[start..].bytes().position(|byte| {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            _ => {}
        }
        depth == 0 && matches!(byte, b'{' | b';')
    })?;
    let open = start + open;
    if code.as_bytes()[open] == b';' {
        return None;
    }
    let end = closing(code, open)?;
    Some((name, open + 1..end - 1))
}

/// Returns the position after the colon that ends a Python signature.
fn colon_after_parameters(code: &str, start: usize) -> Option<usize> {
    let open = start + code[start..].find('(')?;
    let close = closing(code, open)?;
    Some(close + code[close..].find(':')? + 1)
}

/// Returns the end of the lines that are indented deeper than `indent`.
fn indented_end(text: &str, from: usize, indent: usize) -> usize {
    let mut end = text[from..].find('\n').map_or(text.len(), |end| from + end + 1);
    let mut last = end;
    while end < text.len() {
        let next = text[end..].find('\n').map_or(text.len(), |length| end + length + 1);
        let line = text[end..next].trim_end();
        if !line.is_empty() {
            if line.len() - line.trim_start().len() <= indent {
                break;
            }
            last = next;
        }
        end = next;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, language: Language) -> Vec<String> {
        functions(text, language).into_iter().map(|function| function.name).collect()
    }

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

    #[test]
    fn functions_are_found_with_their_attributes_and_bodies() {
        let rust = "#[test]\n#[should_panic(\n    expected = \"}\"\n)]\nfn a() { \"}\"; }\n\npub(crate) async fn b<T>(x: [u8; 3]) -> T\nwhere\n    T: X,\n{\n    1\n}\ntrait T { fn c(); }";
        let found = functions(rust, Language::Rust);
        assert_eq!(names(rust, Language::Rust), ["a", "b"]);
        assert!(rust[found[0].whole.clone()].starts_with("#[test]"));
        assert_eq!(rust[found[1].body.clone()].trim(), "1");
        let python = "@a(\n  1)\ndef f(x: int = g(1)) -> dict[str, int]:\n    return 1\n\n    # end\n\nclass C:\n    async def g(self): pass\n\n    def h(self):\n        if x:\n            y\n";
        let found = functions(python, Language::Python);
        assert_eq!(names(python, Language::Python), ["f", "g", "h"]);
        assert!(python[found[0].whole.clone()].starts_with("@a("));
        assert_eq!(python[found[2].body.clone()].split_whitespace().collect::<Vec<_>>(), ["if", "x:", "y"]);
        let script = "export async function f(a = {}) {\n}\nconst g = (a) => {\n};\nclass C {\n  static h(a) {\n    if (a) {\n    }\n  }\n}\n";
        assert_eq!(names(script, Language::Script), ["f", "g", "h"]);
        assert_eq!(names("func (c *Cart) Add(n int) error {\n}\nfunc New() {}", Language::Go), ["Add", "New"]);
    }
}
